"""Where the edge of the pectoral muscle runs in an oblique view, as far as the greys can tell.

The muscle is the bright wedge between the wall and the axilla; its edge is close to a straight line
(Karssemeijer, Phys Med Biol 1998;43:365-378, looks for it likewise).  Every line that leads from
the upper edge down to the wall is tried: what counts is how much brighter the side of the wall is,
how evenly, and for how long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mammoview.domain.geometry import ImagePoint, Pose
from mammoview.domain.views import Laterality
from mammoview.imaging.orientation import pose_affine, posed_shape, with_wall_left
from mammoview.imaging.resample import nearest

# Of the picture's height: a cell; how far beside the line the greys are compared; a line's length.
_ROWS = 160
_BESIDE_SHARE = 0.012
_SHORTEST_SHARE, _LOWEST_SHARE = 0.22, 0.8
# Angles to the wall, and columns at the upper edge as shares of the width: first these, then all
# that lie between the best one and its neighbours.
_DEGREES = np.arange(6.0, 56.0, 2.0)
_AT_TOP = np.arange(0.12, 1.3, 0.02)
_FINER = 4
# It has tissue on both sides so near to the upper edge (of the picture's height), and ends so near
# to the wall (of the breast's depth).
_TOP_SHARE = 0.1
_END_SHARE, _DEEPEST_SHARE = 0.3, 0.95
_IN_BREAST_SHARE = 0.7
# Grey, 0 air to 1 muscle: less is no step, and more counts no more (a clip, a label) until the
# line is found and is to lie where the step is steepest.
_STEP, _LARGEST_STEP = 0.01, 0.25
# So good is the line of a muscle at least; another one so much worse, at another angle.
_GOOD, _OTHER_SHARE, _OTHER_DEGREES = 0.02, 0.9, 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PectoralEstimate:
    """Two places of the muscle's edge, stored pixels, the upper one first; and whether in doubt."""

    upper: ImagePoint
    lower: ImagePoint
    doubtful: bool


def estimate_pectoral(
    grey: NDArray[np.float32],
    breast: NDArray[np.bool_],
    *,
    shape: tuple[int, int],
    pose: Pose,
    laterality: Laterality | None,
) -> PectoralEstimate | None:
    """Return the line that is most like the edge of a pectoral muscle.

    Parameters
    ----------
    grey : ndarray of float32, (h, w)
        Grey values 0..1, tissue bright, of the whole image at any size.
    breast : ndarray of bool, (h', w')
        The breast at low resolution.
    shape : (int, int)
        Rows and columns of the stored image.
    pose : Pose
        How the image hangs: the axilla up.
    laterality : Laterality or None
        Side of the breast.

    Returns
    -------
    PectoralEstimate or None
        None where the side is not known, no breast was found, or no line leads from above to the
        wall.
    """
    if laterality is None or breast.all() or not breast.any():
        return None
    rows, cols = posed_shape(pose, *shape)
    size = (_ROWS, max(1, round(_ROWS * cols / rows)))
    shown, inside = (_laid(part, pose, laterality, size) for part in (grey, breast))
    line = _best_line(_evened(shown, inside), inside)
    if line is None:
        return None
    degrees, at_top, doubtful = line
    scale = rows / _ROWS
    tangent = float(np.tan(np.radians(degrees)))
    down = min(at_top / tangent, _LOWEST_SHARE * _ROWS)
    back = pose_affine(pose, *shape).inverse()
    ends = []
    for row in (0.0, down):
        from_wall = (at_top - row * tangent) * scale
        col = cols - from_wall if laterality is Laterality.RIGHT else from_wall
        ends.append(back.apply(ImagePoint(col=col, row=row * scale)))
    return PectoralEstimate(upper=ends[0], lower=ends[1], doubtful=doubtful)


def _laid(
    part: NDArray[np.generic], pose: Pose, laterality: Laterality, size: tuple[int, int]
) -> NDArray[np.float32]:
    """Return a picture as displayed with its wall on the left, at a size."""
    return np.asarray(nearest(with_wall_left(part, pose, laterality), size), np.float32)


def _evened(grey: NDArray[np.float32], inside: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the greys smoothed, and from 0 to 1 over the breast."""
    smooth = grey
    for axis in (0, 1, 0, 1):
        ends = [(int(axis == 0),) * 2, (int(axis == 1),) * 2]
        smooth = sliding_window_view(np.pad(smooth, ends, mode="edge"), 3, axis=axis).mean(axis=-1)
    low, high = np.percentile(smooth[inside > 0], [2, 98])
    return np.asarray(np.clip((smooth - low) / max(high - low, 1e-6), 0.0, 1.0), np.float32)


def _best_line(
    grey: NDArray[np.float32], inside: NDArray[np.float32]
) -> tuple[float, float, bool] | None:
    """Return angle to the wall, column at the upper edge (cells), and whether it is in doubt."""
    at_top = _AT_TOP * grey.shape[1]
    depth = float(np.percentile(inside.sum(axis=1)[inside.any(axis=1)], 95))
    found = np.array(
        [_how_good(grey, inside, degrees, at_top, depth, _LARGEST_STEP) for degrees in _DEGREES]
    )
    if found.max() <= 0.0:
        return None
    angle, column = np.unravel_index(int(found.argmax()), found.shape)
    elsewhere = np.abs(_DEGREES - _DEGREES[angle]) > _OTHER_DEGREES
    other = float(found[elsewhere].max(initial=0.0))
    doubtful = bool(found.max() < _GOOD or other > _OTHER_SHARE * found.max())
    angles, columns = _finer(_DEGREES, int(angle)), _finer(at_top, int(column))
    found = np.array([_how_good(grey, inside, degrees, columns, depth, 1.0) for degrees in angles])
    angle, column = np.unravel_index(int(found.argmax()), found.shape)
    return float(angles[angle]), float(columns[column]), doubtful


def _finer(values: NDArray[np.float64], at: int) -> NDArray[np.float64]:
    """Return values between the neighbours of one, itself among them."""
    step = values[1] - values[0]
    return np.asarray(values[at] + step * np.arange(1 - _FINER, _FINER) / _FINER)


def _how_good(
    grey: NDArray[np.float32],
    inside: NDArray[np.float32],
    degrees: float,
    at_top: NDArray[np.float64],
    depth: float,
    largest_step: float,
) -> NDArray[np.float64]:
    """Return for each line of an angle how like a muscle's edge it is, 0: not at all."""
    rows, cols = grey.shape
    tangent = np.tan(np.radians(degrees))
    down = np.arange(2, round(_LOWEST_SHARE * rows))[:, None]
    at = at_top - down * tangent
    across = max(2.0, _BESIDE_SHARE * rows)
    right = across * np.cos(np.radians(degrees))
    below = across * np.sin(np.radians(degrees))
    on = (at > 1) & (at < min(_DEEPEST_SHARE * depth, cols - 1))

    def beside(picture: NDArray[np.float32], way: int) -> NDArray[np.float32]:
        row = np.clip(down + way * below, 0, rows - 1).astype(np.intp)
        col = np.clip(at + way * right, 0, cols - 1).astype(np.intp)
        return np.asarray(picture[np.broadcast_to(row, col.shape), col])

    tissue = on & (beside(inside, 1) > 0) & (beside(inside, -1) > 0)
    step = np.where(tissue, beside(grey, -1) - beside(grey, 1), 0.0)
    length, count = on.sum(axis=0), np.maximum(tissue.sum(axis=0), 1)
    even = (step > _STEP).sum(axis=0) / count
    good = np.minimum(step, largest_step).sum(axis=0) / count * even**2
    good *= np.sqrt(length / np.cos(np.radians(degrees)) / rows)
    ends_at = np.where(on, at, np.inf).min(axis=0)
    allowed = (length >= _SHORTEST_SHARE * rows) & (count >= _IN_BREAST_SHARE * length)
    starts = tissue[: round(_TOP_SHARE * rows)].any(axis=0)
    return np.where(allowed & starts & (ends_at <= _END_SHARE * depth), good, 0.0)
