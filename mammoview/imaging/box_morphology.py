"""Morphology of masks with boxes: running sums, so that a large box costs no more than a small one.

SimpleITK's own grow slower with the box, and take a hundred milliseconds for what takes one here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def dilated(mask: NDArray[np.bool_], *, rows: int, cols: int) -> NDArray[np.bool_]:
    """Return what lies within so many rows and columns of a mask (a box of twice that, plus 1)."""
    return np.asarray(_counted(_counted(mask, rows, 0) > 0, cols, 1) > 0)


def opened(mask: NDArray[np.bool_], *, rows: int, cols: int) -> NDArray[np.bool_]:
    """Return the parts of a mask that such a box fits into; beyond the border is none of it."""
    inner = np.pad(mask, [(rows, rows), (cols, cols)])
    inner = ~dilated(~inner, rows=rows, cols=cols)
    return dilated(inner, rows=rows, cols=cols)[
        rows : rows + mask.shape[0], cols : cols + mask.shape[1]
    ]


def largest_part(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the largest connected part of a mask."""
    from mammoview.imaging.itk import sitk  # heavy: the window is there before it is needed

    parts = sitk.ConnectedComponent(sitk.GetImageFromArray(mask.astype(np.uint8)))
    largest = sitk.RelabelComponent(parts, sortByObjectSize=True) == 1
    return np.asarray(sitk.GetArrayFromImage(largest), np.bool_)


def _counted(mask: NDArray[np.bool_], reach: int, axis: int) -> NDArray[np.int32]:
    """Return how many cells of a mask lie within a reach of each cell along an axis."""
    size = mask.shape[axis]
    sums = np.insert(np.cumsum(mask, axis=axis, dtype=np.int32), 0, 0, axis=axis)
    at = np.arange(size)
    last = np.minimum(at + reach + 1, size)
    return np.asarray(np.take(sums, last, axis) - np.take(sums, np.maximum(at - reach, 0), axis))
