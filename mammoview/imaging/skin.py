"""The breast with its skin: the faint rim and the nipple that its coarse mask leaves out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mammoview.imaging.box_morphology import dilated, largest_part, opened
from mammoview.imaging.resample import nearest

# About so many cells on the long side: well under a millimetre each.
_LONG_SIDE = 300
# Skin lies within this share of the breast's size of its mask; air is told from what is as far
# again from it.
_REACH_SHARE = 0.09
# Skin is brighter than air by so many of the air's own deviations, and by this share of the way
# to the breast's median.
_DEVIATIONS = 4.0
_BRIGHTER_SHARE = 0.025
# Hair and scratches are thinner than this share of the breast's size.
_THICKEST_HAIR_SHARE = 0.028
_MAD_TO_SIGMA = 1.4826


def skin_of(values: NDArray[np.float32], breast: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the breast's mask, finer, with the faint skin and the nipple beside it.

    Parameters
    ----------
    values : ndarray of float32, (rows, cols)
        Grey values 0..1, tissue bright, of the whole image at any size.
    breast : ndarray of bool, (h, w)
        Where the breast is in it, each cell an equal share.

    Returns
    -------
    ndarray of bool, read-only
        Each cell covers an equal share of the image; the mask itself where it tells no breast.
    """
    if breast.all() or not breast.any():
        return breast
    grey = _shrunk(values)
    mask = nearest(breast, grey.shape)
    size = float(np.sqrt(mask.sum()))
    reach = max(2, round(_REACH_SHARE * size))
    near, around = (dilated(mask, rows=r, cols=r) for r in (reach, 2 * reach))
    limit = _brightness_of_skin(grey, mask, around & ~near)
    hair = max(1, round(_THICKEST_HAIR_SHARE * size / 2))
    skin = largest_part(mask | opened(mask | (near & (grey > limit)), rows=hair, cols=hair))
    skin.setflags(write=False)
    return skin


def _shrunk(values: NDArray[np.float32]) -> NDArray[np.float32]:
    step = max(1, round(max(values.shape) / _LONG_SIDE))
    rows, cols = (size // step * step for size in values.shape)
    cells = [values[r:rows:step, c:cols:step] for r in range(step) for c in range(step)]
    return np.asarray(sum(cells[1:], start=cells[0]) / len(cells), np.float32)


def _brightness_of_skin(
    grey: NDArray[np.float32], mask: NDArray[np.bool_], air: NDArray[np.bool_]
) -> float:
    tissue = float(np.median(grey[mask]))
    if not air.any():
        return tissue
    dark = float(np.median(grey[air]))
    deviation = _MAD_TO_SIGMA * float(np.median(np.abs(grey[air] - dark)))
    return dark + max(_DEVIATIONS * deviation, _BRIGHTER_SHARE * (tissue - dark))
