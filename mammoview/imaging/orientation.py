"""The eight poses of a stored mammogram, and the one that hangs it right.

Display is canonical: the chest wall of a right breast on the right edge, of a left breast on the
left edge; in CC views lateral is up, in MLO views the axilla is up.  A pose flips left-right first
and rotates clockwise after it.  Every function that moves pixels also returns the affine map.
Source: PS3.3 C.7.6.1.1.1 (Patient Orientation), reference "Orientation".
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D, Pose
from mammoview.domain.views import Laterality, Projection
from mammoview.imaging.breast import Breast, Edge, grey_on_mask

_Scalar = TypeVar("_Scalar", bound=np.generic)

_AXIAL = frozenset({Projection.CC, Projection.FB, Projection.XCCL, Projection.XCCM, Projection.XCC})
_OBLIQUE = frozenset({Projection.MLO, Projection.LMO})
_EDGES = (Edge.LEFT, Edge.TOP, Edge.RIGHT, Edge.BOTTOM)


def pose_from_patient_orientation(
    rows_dir: str,
    cols_dir: str,
    laterality: Laterality | None,
    projection: Projection | None,
) -> Pose | None:
    """Return the pose that hangs an image whose axes point in the given patient directions.

    Parameters
    ----------
    rows_dir, cols_dir : str
        Values 1 and 2 of PatientOrientation (0020,0020): where a row points from left to right,
        and a column from top to bottom, in letters A P R L H F, the main one first.
    laterality : Laterality or None
        Side of the breast: tells where the chest wall hangs and which of R and L is medial.
    projection : Projection or None
        Tells what the vertical axis of the picture may be; see `_downward`.

    Returns
    -------
    Pose or None
        None when the letters do not tell both axes: then the pixels must.
    """
    if laterality is None or projection is None:
        return None
    stored = (
        (_toward_chest(rows_dir), _downward(rows_dir, laterality, projection)),
        (_toward_chest(cols_dir), _downward(cols_dir, laterality, projection)),
    )
    if stored[0][0] and stored[1][1] and not stored[1][0]:
        right, down = (stored[0][0], 0), (0, stored[1][1])
    elif stored[1][0] and stored[0][1] and not stored[0][0]:
        right, down = (0, stored[0][1]), (stored[1][0], 0)
    else:
        return None
    wanted = ((1 if laterality is Laterality.RIGHT else -1, 0), (0, 1))
    for flip in (False, True):
        for degrees in (0, 90, 180, 270):
            if _turned(right, down, flip, degrees) == wanted:
                return Pose(
                    flip_horizontal=flip, rotate_degrees=degrees, source="PatientOrientation"
                )
    return None


def pose_from_edge(edge: Edge | None, laterality: Laterality | None) -> Pose | None:
    """Return the pose that brings the chest wall to its side; up and down stay as stored.

    A chest wall on the opposite side is brought over by a flip, since a rotation would put the
    axilla down.  A chest wall at the top or bottom is brought over by a quarter turn; whether the
    axilla is up then cannot be told from the edge.

    Parameters
    ----------
    edge : Edge or None
        Edge of the stored image that the chest wall lies against.
    laterality : Laterality or None
        Side of the breast.

    Returns
    -------
    Pose or None
        None when the edge or the side is not known.
    """
    if edge is None or laterality is None:
        return None
    quarter_turns = (_EDGES.index(_shown_wall(laterality)) - _EDGES.index(edge)) % 4
    flip = quarter_turns == 2
    return Pose(
        flip_horizontal=flip,
        rotate_degrees=0 if flip else 90 * quarter_turns,
        source="chest wall found in the image",
    )


def wall_edge(pose: Pose, laterality: Laterality) -> Edge:
    """Return the edge of the stored image that a pose brings to the chest wall's side.

    Parameters
    ----------
    pose : Pose
        Flip and rotation.
    laterality : Laterality
        Side of the breast.
    """
    before_turn = _EDGES[(_EDGES.index(_shown_wall(laterality)) - pose.rotate_degrees // 90) % 4]
    if not pose.flip_horizontal:
        return before_turn
    return {Edge.LEFT: Edge.RIGHT, Edge.RIGHT: Edge.LEFT}.get(before_turn, before_turn)


def _shown_wall(laterality: Laterality) -> Edge:
    """Return the edge at which the chest wall of a side is displayed."""
    return Edge.RIGHT if laterality is Laterality.RIGHT else Edge.LEFT


def upright_pose(
    values: NDArray[np.float32], breast: Breast, *, row_mm: float, col_mm: float
) -> Pose:
    """Return the pose that lays a breast one way, decided by its own shape and grey alone.

    Its longer side comes upright, its brighter halves to the left and to the top, so that a picture
    is laid the same way in whichever of the eight poses it is stored.  Brighter is where the
    centroid of the grey lies from that of the mask: neither follows the picture's border, and what
    moves the picture by a pixel moves both.  No pose for display: up may be any direction.

    Parameters
    ----------
    values : ndarray of float32, (rows, cols)
        Grey values 0..1 of the stored image.
    breast : Breast
        The breast in it, found with ``Blocks.CENTRED``.
    row_mm, col_mm : float
        Spacing of the stored image.
    """
    grey = grey_on_mask(values, breast)
    down, high = _lean_and_spread(grey.sum(axis=1), breast.mask.sum(axis=1))
    right, wide = _lean_and_spread(grey.sum(axis=0), breast.mask.sum(axis=0))
    across = Edge.LEFT if right <= 0 else Edge.RIGHT
    along = Edge.TOP if down <= 0 else Edge.BOTTOM
    lies = wide * breast.to_image.xx * col_mm > high * breast.to_image.yy * row_mm
    to_left, to_top = (along, across) if lies else (across, along)
    at = _EDGES.index(to_left)
    flip = (_EDGES.index(to_top) - at) % 4 != 1  # the top comes clockwise after the left
    landed = (2 - at) % 4 if flip else at
    return Pose(
        flip_horizontal=flip, rotate_degrees=90 * (-landed % 4), source="shape of the breast"
    )


def posed_shape(pose: Pose, rows: int, cols: int) -> tuple[int, int]:
    """Return ``(rows, cols)`` of the displayed image."""
    return (cols, rows) if pose.rotate_degrees in (90, 270) else (rows, cols)


def pose_affine(pose: Pose, rows: int, cols: int) -> Affine2D:
    """Return the map of continuous stored points to displayed points, pixels.

    Parameters
    ----------
    pose : Pose
        Flip and rotation.
    rows, cols : int
        Size of the stored image.
    """
    w, h = float(cols), float(rows)
    turn = {
        0: Affine2D.identity(),
        90: Affine2D(xx=0.0, xy=-1.0, x0=h, yx=1.0, yy=0.0, y0=0.0),
        180: Affine2D(xx=-1.0, xy=0.0, x0=w, yx=0.0, yy=-1.0, y0=h),
        270: Affine2D(xx=0.0, xy=1.0, x0=0.0, yx=-1.0, yy=0.0, y0=w),
    }[pose.rotate_degrees]
    if not pose.flip_horizontal:
        return turn
    return Affine2D(xx=-1.0, xy=0.0, x0=w, yx=0.0, yy=1.0, y0=0.0).then(turn)


def apply_pose(array: NDArray[_Scalar], pose: Pose) -> tuple[NDArray[_Scalar], Affine2D]:
    """Return the displayed image, and the map of displayed points back to stored ones.

    Parameters
    ----------
    array : ndarray, (rows, cols, ...)
        Stored pixels; not copied.
    pose : Pose
        Flip and rotation.

    Returns
    -------
    ndarray
        A view of ``array``.
    Affine2D
        Displayed to stored, continuous ``(col, row)`` pixels.
    """
    rows, cols = array.shape[:2]
    flipped = array[:, ::-1] if pose.flip_horizontal else array
    turned = np.rot90(flipped, k=-(pose.rotate_degrees // 90), axes=(0, 1))
    return turned, pose_affine(pose, rows, cols).inverse()


def with_wall_left(array: NDArray[_Scalar], pose: Pose, laterality: Laterality) -> NDArray[_Scalar]:
    """Return the displayed image, of a right breast its mirror image: the wall is on the left."""
    shown, _ = apply_pose(array, pose)
    return shown if _shown_wall(laterality) is Edge.LEFT else shown[:, ::-1]


def _lean_and_spread(grey: NDArray[np.floating], cells: NDArray[np.integer]) -> tuple[float, float]:
    """Return how far the grey's centroid lies from the mask's, and the mask's spread, in cells.

    Both along one axis, given the sums of the grey and the count of the cells across it.
    """
    at = np.arange(cells.size) - np.average(np.arange(cells.size), weights=cells)
    lean = float(np.average(at, weights=grey)) if grey.any() else 0.0
    return lean, float(np.sqrt(np.average(at**2, weights=cells)))


def _toward_chest(direction: str) -> int:
    """Return 1 when the main direction is posterior, -1 when it is anterior, else 0."""
    return {"P": 1, "A": -1}.get(direction[:1], 0)


def _downward(direction: str, laterality: Laterality, projection: Projection) -> int:
    r"""Return 1 when the direction points down in the canonical picture, -1 when up, else 0.

    In axial views down is medial.  In oblique views down is the foot, and medial where no letter
    tells head or foot: real Hologic RMLO images say ``P\L``.  In all other views only head and
    foot count, because there the picture's vertical axis has no fixed medial direction.
    """
    vertical = {"F": 1, "H": -1}
    medial = {"L": 1, "R": -1} if laterality is Laterality.RIGHT else {"R": 1, "L": -1}
    order: tuple[dict[str, int], ...]
    if projection in _AXIAL:
        order = (medial,)
    elif projection in _OBLIQUE:
        order = (vertical, medial)
    else:
        order = (vertical,)
    for letters in order:
        for letter in direction:
            if letter in letters:
                return letters[letter]
    return 0


def _turned(
    right: tuple[int, int], down: tuple[int, int], flip: bool, degrees: int
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return what the axes of the picture point to after the pose."""
    if flip:
        right = (-right[0], -right[1])
    for _ in range(degrees // 90):
        right, down = (-down[0], -down[1]), right
    return right, down
