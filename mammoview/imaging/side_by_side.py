"""How far one breast lies below the other, as far as their outlines can tell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# No two breasts of one view lie farther apart than this share of the higher image.
_FARTHEST = 0.25
_EQUALLY_WELL = 0.01


def drop_of_second(
    first: NDArray[np.bool_], first_row: float, second: NDArray[np.bool_], second_row: float
) -> float:
    """Return how far below the first breast the second one lies, where their outlines agree best.

    The outlines are compared as depths from the chest wall, row by row over the rows that both
    images have.  Unlike the outermost point of each, this does not jump where a breast hangs
    straight and its outermost point may be anywhere.

    Parameters
    ----------
    first, second : ndarray of bool, (h, w)
        Masks of both breasts, of one projection, turned for display with the chest walls on the
        same side.
    first_row, second_row : float
        Height of a row of each mask, in one unit of length; the cells are as wide as high.

    Returns
    -------
    float
        In that unit; positive where the second breast lies lower.
    """
    step = min(first_row, second_row)
    depth_first = _depths(first, first_row, step)
    depth_second = _depths(second, second_row, step)
    reach = int(_FARTHEST * max(depth_first.size, depth_second.size))
    shifts = np.arange(-reach, reach + 1)
    misfit = np.array([_misfit(depth_first, depth_second, int(shift)) for shift in shifts])
    # Anywhere within the outline of a larger breast a smaller one fits equally well.
    return float(np.median(shifts[misfit <= misfit.min() * (1.0 + _EQUALLY_WELL)])) * step


def _depths(mask: NDArray[np.bool_], row: float, step: float) -> NDArray[np.float64]:
    """Return the breast's depth at equal steps down the image, in the unit of ``row``."""
    depths = mask.sum(axis=1) * row
    at = np.arange(step / 2, mask.shape[0] * row, step)
    return np.asarray(np.interp(at, (np.arange(mask.shape[0]) + 0.5) * row, depths), np.float64)


def _misfit(first: NDArray[np.float64], second: NDArray[np.float64], shift: int) -> float:
    """Return the mean difference of depth over the rows with breast that both images have."""
    start = max(0, -shift)
    end = max(start, min(first.size, second.size - shift))  # a far smaller image may be passed by
    here, there = first[start:end], second[start + shift : end + shift]
    breast = np.maximum(here, there) > 0.0
    return float(np.abs(here - there)[breast].mean()) if breast.any() else np.inf
