"""Where the nipple is, as far as the outline of the breast can tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import ImagePoint, PixelSpacing, Pose
from mammoview.domain.views import Laterality
from mammoview.imaging.box_morphology import dilated, largest_part, opened
from mammoview.imaging.nipple_bump import find_bump
from mammoview.imaging.orientation import pose_affine, posed_shape, with_wall_left

# What is flatter than this share of the picture, top to bottom, is a film's frame.
_FLATTEST_SHARE = 0.03
# The nipple is never within so much of the picture from its top: there a view may show an arm.
_TOP_SHARE = 0.3
# An arm or a fold above the breast parts from it where both are deeper than the row between.
_NECK_SHARE = 0.95
# At the height of the outermost millimetres; without spacing, of so much of the breast's depth.
_TIP_MM = 1.5
_TIP_SHARE = 0.02
# A breast that hangs straight is as deep far above its nipple: there the outline has a corner.  It
# is looked for where the breast has so much of its depth, with arms as long as so much of it.
_CORNER_DEPTH_SHARE = 0.85
_ARM_SHARE = 1 / 3
# It turns so much more than the outermost place; and with arms half as long it is as sharp, or
# nearly, where a curve is half as sharp.
_SHARPER_DEGREES = 4.0
_CORNER_DEGREES = 35.0
_CORNER_KEPT = 0.75
_SMOOTHED, _SHORTEST_ARM = 5, 6  # rows of the mask
# The outline turns by so much less at the place than elsewhere, or by no more than this: it might
# as well be elsewhere.
_LESS_DEGREES = 6.0
_FLAT_DEGREES = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NippleEstimate:
    """Where the nipple may be, stored pixels, and whether the outline leaves much doubt."""

    place: ImagePoint
    doubtful: bool


def estimate_nipple(
    breast: NDArray[np.bool_],
    *,
    skin: NDArray[np.bool_] | None = None,
    shape: tuple[int, int],
    pose: Pose,
    laterality: Laterality | None,
    spacing: PixelSpacing | None,
) -> NippleEstimate | None:
    """Return where the outline of the breast has a nipple, or may have one.

    A nipple in profile stands out from the outline.  Where nothing does, it is taken to be where
    the outline turns most, near where it is farthest from the wall: the outermost place of a breast
    that stands out, while the outline of one that hangs straight runs down beside the chest wall
    for a long way and turns at the nipple.  An estimate, and no more: a nipple that is not in
    profile, or a breast that hangs over a fold, lies elsewhere, and the reader's own position goes
    before it.

    Parameters
    ----------
    breast : ndarray of bool, (h, w)
        The breast at low resolution; each cell covers an equal share of the stored image.
    skin : ndarray of bool, (h, w), or None
        The same with what is faint, of any resolution (`skin.skin_of`): many nipples are.
    shape : (int, int)
        Rows and columns of the stored image.
    pose : Pose
        How the image is turned for display, where the chest wall of a right breast is on the right.
    laterality : Laterality or None
        Side of the breast.
    spacing : PixelSpacing or None
        Of the stored pixels.

    Returns
    -------
    NippleEstimate or None
        None where the side is not known or no breast was told from the background.
    """
    if laterality is None or breast.all() or not breast.any():
        return None
    rows, cols = posed_shape(pose, *shape)
    outlines = [_alone(mask, pose, laterality) for mask in (skin, breast) if mask is not None]
    bumps = (_bump(outline, rows, cols) for outline in outlines)
    found = next(filter(None, bumps), None)
    if found is None:
        tip_px = _tip_px(pose, spacing)
        turns = [_turn(outline, rows, cols, tip_px) for outline in reversed(outlines)]
        found = min(turns, key=lambda turn: turn[2])  # the first that is not doubtful
    deep, row, doubtful = found
    from_wall = cols - deep if laterality is Laterality.RIGHT else deep
    stored = pose_affine(pose, *shape).inverse().apply(ImagePoint(col=from_wall, row=row))
    return NippleEstimate(place=stored, doubtful=doubtful)


def _alone(mask: NDArray[np.bool_], pose: Pose, laterality: Laterality) -> NDArray[np.bool_]:
    """Return the breast alone, as displayed with its wall on the left."""
    return _below_neck(_without_strips(with_wall_left(mask, pose, laterality)))


def _without_strips(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the breast without the film's frame above and below it, and what hangs on that."""
    flattest = max(1, round(_FLATTEST_SHARE * cells.shape[0] / 2))
    kept = largest_part(opened(cells, rows=flattest, cols=0))
    return cells & dilated(kept, rows=flattest, cols=flattest) if kept.any() else cells


def _below_neck(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the breast without an arm or a fold above it, where a narrower row parts them."""
    depth = cells.sum(axis=1)
    top = round(_TOP_SHARE * len(depth))
    deepest = top + int(depth[top:].argmax())
    neck = int(depth[: deepest + 1].argmin())
    if depth[neck] > _NECK_SHARE * min(depth[: neck + 1].max(), depth[deepest]):
        return cells
    below = cells.copy()
    below[:neck] = False
    return below


def _bump(cells: NDArray[np.bool_], rows: int, cols: int) -> tuple[float, float, bool] | None:
    """Return where the outline stands out, as `_turn` does; None: nowhere."""
    found = find_bump(cells)
    if found is None:
        return None
    return found[0] * cols / cells.shape[1], found[1] * rows / cells.shape[0], False


def _turn(
    cells: NDArray[np.bool_], rows: int, cols: int, tip_px: float | None
) -> tuple[float, float, bool]:
    """Return where the outline turns: from the wall and down, pixels, and whether doubtful."""
    high, wide = rows / cells.shape[0], cols / cells.shape[1]
    down = np.flatnonzero(cells.any(axis=1))
    depth = (cells.shape[1] - cells[down][:, ::-1].argmax(axis=1)) * wide
    at, doubtful = _sharper_corner(depth, high)
    if at is None:
        tip_px = _TIP_SHARE * float(depth.max()) if tip_px is None else tip_px
        tip = depth >= depth.max() - tip_px
        row, deep = float(np.median(down[tip])), float(depth.max())
    else:
        row, deep = float(down[at]), float(depth[at])
    return deep - wide / 2, (row + 0.5) * high, doubtful


def _sharper_corner(depth: NDArray[np.float64], high: float) -> tuple[int | None, bool]:
    """Return where the outline has a corner that its outermost place has not; None: nowhere.

    And whether the place, the corner or else the outermost, is doubtful.

    Parameters
    ----------
    depth : ndarray of float, (n,)
        From the chest wall to the outline, for each row of the mask from the top, pixels.
    high : float
        From row to row, pixels.
    """
    arm = round(_ARM_SHARE * depth.max() / high)
    if arm < _SHORTEST_ARM or len(depth) <= 2 * arm + 2:
        return None, True
    ends = np.pad(depth, _SMOOTHED // 2, mode="edge")
    smooth = np.convolve(ends, np.full(_SMOOTHED, 1 / _SMOOTHED), "valid")
    turn, close = (_turns(smooth, arm=length, high=high) for length in (arm, arm // 2))
    near = smooth >= _CORNER_DEPTH_SHARE * smooth.max()
    at = int(np.argmax(np.where(near, turn, -np.inf)))
    outermost = int(smooth.argmax())
    is_corner = close[at] >= max(_CORNER_DEGREES, _CORNER_KEPT * turn[at])
    sharper = turn[at] >= turn[outermost] + _SHARPER_DEGREES
    if is_corner and (sharper or abs(at - outermost) <= arm):
        return at, False
    elsewhere = turn[at] >= turn[outermost] + _LESS_DEGREES
    return None, bool(elsewhere or turn[outermost] < _FLAT_DEGREES)


def _turns(depth: NDArray[np.float64], *, arm: int, high: float) -> NDArray[np.float64]:
    """Return by how many degrees an outline turns at each row, seen over arms of so many rows.

    Rows that have no arm on either side do not turn.
    """
    turns = np.zeros_like(depth)
    inner = depth[arm:-arm]
    up, down = inner - depth[: -2 * arm], inner - depth[2 * arm :]
    turns[arm:-arm] = np.degrees(np.arctan2(up, arm * high) + np.arctan2(down, arm * high))
    return turns


def _tip_px(pose: Pose, spacing: PixelSpacing | None) -> float | None:
    if spacing is None:
        return None
    lying = pose.rotate_degrees in (90, 270)
    return _TIP_MM / (spacing.row_mm if lying else spacing.col_mm)
