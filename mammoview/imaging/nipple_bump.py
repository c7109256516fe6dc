"""A nipple in profile: what stands out from an outline that is smooth without it."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

# It stands out by this share of the breast's depth from an outline that is smooth over so much of
# it, and so much farther than anything else.
_LEAST = 0.03
_WIDTH_SHARE = 0.22
_FARTHER = 2.0
# It is looked for where the breast has so much of its depth, and not near the picture's upper and
# lower edge, on rays from the wall behind the deep part of the breast.
_DEEP_SHARE, _DEEP_ENOUGH_SHARE = 0.7, 0.72
_EDGE_SHARE = 0.1
_DEGREES, _RAY_STEP_DEGREES, _ALONG_STEP = 75.0, 0.5, 0.5
_LONGEST_RAY_SHARE = 1.6
_SMOOTHED_RAYS = 5


def find_bump(breast: NDArray[np.bool_]) -> tuple[float, float] | None:
    """Return where the outline stands out, so far from the wall and so far down, cells; or None.

    The outline is seen as its distance from a place on the wall, ray by ray; what an opening takes
    off that curve stands out.

    Parameters
    ----------
    breast : ndarray of bool, (h, w)
        The breast with its skin, its wall along the first column, cells square.
    """
    depth = np.where(breast.any(axis=1), breast.shape[1] - breast[:, ::-1].argmax(axis=1), 0)
    deepest = float(depth.max())
    middle = float(np.median(np.flatnonzero(depth >= _DEEP_SHARE * deepest))) + 0.5
    angles = np.radians(np.arange(-_DEGREES, _DEGREES + _RAY_STEP_DEGREES / 2, _RAY_STEP_DEGREES))
    far = _along_rays(breast, middle, angles, _LONGEST_RAY_SHARE * deepest)
    width = np.degrees(_WIDTH_SHARE * deepest / max(float(np.median(far)), 1.0))
    window = int(width / _RAY_STEP_DEGREES) // 2 * 2 + 1
    out = (far - _opened(far, window)) / deepest
    deep, row = far * np.cos(angles), middle + far * np.sin(angles)
    edge = _EDGE_SHARE * (len(breast) + deepest)
    allowed = (deep >= _DEEP_ENOUGH_SHARE * deepest) & (row > edge)
    out[~allowed | (row > len(breast) - _EDGE_SHARE * deepest)] = 0.0
    at = int(out.argmax())
    elsewhere = np.abs(np.arange(len(out)) - at) > window
    if out[at] < max(_LEAST, _FARTHER * float(out[elsewhere].max(initial=0.0))):
        return None
    at = _middle_of_run(out >= out[at] / 2, at)
    return float(deep[at]), float(row[at])


def _along_rays(
    breast: NDArray[np.bool_], middle: float, angles: NDArray[np.float64], longest: float
) -> NDArray[np.float64]:
    """Return how far the breast reaches on each ray from the wall, cells, roughness taken off."""
    along = np.arange(0.0, longest, _ALONG_STEP)
    col = np.outer(np.cos(angles), along).astype(np.intp)
    row = np.floor(middle + np.outer(np.sin(angles), along)).astype(np.intp)
    inside = (col < breast.shape[1]) & (row >= 0) & (row < len(breast))
    met = np.zeros(col.shape, np.bool_)
    met[inside] = breast[row[inside], col[inside]]
    last = len(along) - 1 - met[:, ::-1].argmax(axis=1)
    far = np.where(met.any(axis=1), along[last], 0.0)
    return np.asarray(np.median(_windows(far, _SMOOTHED_RAYS), axis=1))


def _opened(curve: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    lowest = _windows(curve, window).min(axis=1)
    return np.asarray(_windows(lowest, window).max(axis=1))


def _windows(curve: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Return an odd window round each value; the ends go on."""
    return sliding_window_view(np.pad(curve, window // 2, mode="edge"), window)


def _middle_of_run(chosen: NDArray[np.bool_], at: int) -> int:
    """Return the middle of the run of True round a place."""
    before = np.flatnonzero(~chosen[:at])
    after = np.flatnonzero(~chosen[at:])
    first = before[-1] + 1 if before.size else 0
    last = at + after[0] - 1 if after.size else len(chosen) - 1
    return int(first + last) // 2
