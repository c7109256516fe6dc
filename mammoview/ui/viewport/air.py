"""Black over the air of an inverted image that is not padded there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Width of the margin kept round the breast, as a share of the mask: the skin line stays visible.
_SKIN_MARGIN = 0.02
# Skin, labels and noise outside the mask are no padding in the best of images.
_MOSTLY = 0.5


def air_alpha(breast: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return how much of the air is covered, 0 to 255, like the mask.

    It fades in over the margin, so that no stairs of mask cells show.  Where no breast was found
    nothing is covered.

    Parameters
    ----------
    breast : ndarray of bool, (h, w)
        The breast at low resolution.
    """
    if not breast.any():
        return np.zeros(breast.shape, np.uint8)
    reach = max(1, round(_SKIN_MARGIN * max(breast.shape)))
    near = _box_mean(breast.astype(np.float64), reach) > 0.0
    # Twice a box is nearly a bell; 1 on the breast and its skin line, 0 well outside.
    soft = _box_mean(_box_mean(near.astype(np.float64), reach // 2), reach // 2)
    return np.rint(255.0 * (1.0 - np.where(breast, 1.0, soft))).astype(np.uint8)


def is_padded(
    stored: NDArray[np.generic], breast: NDArray[np.bool_], padding: tuple[int, int] | None
) -> bool:
    """Tell whether the padding of an image stands for its air, so that nothing has to cover it.

    A header may name a padding value that its pixels do not hold: then the air is as bright when
    inverted as that of a film.

    Parameters
    ----------
    stored : ndarray of integer, (rows, cols)
        Stored values.
    breast : ndarray of bool, (h, w)
        The breast at low resolution, in the same pose.
    padding : (int, int) or None
        Inclusive range of padding values.
    """
    if padding is None:
        return False
    (rows, cols), (high, wide) = stored.shape, breast.shape
    at_row = (np.arange(high) * 2 + 1) * rows // (2 * high)
    at_col = (np.arange(wide) * 2 + 1) * cols // (2 * wide)
    values = stored[np.ix_(at_row, at_col)][~breast].astype(np.int64)
    if not values.size:
        return True
    return bool(np.mean((values >= padding[0]) & (values <= padding[1])) >= _MOSTLY)


def covered(
    grey: NDArray[np.uint8],
    alpha: NDArray[np.uint8],
    *,
    shape: tuple[int, int],
    row0: int,
    col0: int,
) -> NDArray[np.uint8]:
    """Return a part of an image with its air darkened, as smoothly as on the screen.

    Parameters
    ----------
    grey : ndarray of uint8, (rows, cols)
        The part, as displayed.
    alpha : ndarray of uint8, (h, w)
        Of `air_alpha`, in the same pose.
    shape : (int, int)
        Rows and columns of the whole image.
    row0, col0 : int
        Where the part begins in it.
    """
    rows = _between(row0, grey.shape[0], shape[0], alpha.shape[0])
    cols = _between(col0, grey.shape[1], shape[1], alpha.shape[1])
    (top, bottom, down), (left, right, across) = rows, cols
    cells = alpha.astype(np.float32)
    upper = cells[top][:, left] * (1 - across) + cells[top][:, right] * across
    lower = cells[bottom][:, left] * (1 - across) + cells[bottom][:, right] * across
    cover = upper * (1 - down[:, None]) + lower * down[:, None]
    return np.rint(grey * (1.0 - cover / 255.0)).astype(np.uint8)


def _between(
    first: int, count: int, pixels: int, cells: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Return the cells on both sides of each pixel's centre, and its share of the second."""
    at = (np.arange(first, first + count) + 0.5) * cells / pixels - 0.5
    at = np.clip(at, 0.0, cells - 1.0)
    low = np.floor(at).astype(np.intp)
    return low, np.minimum(low + 1, cells - 1), (at - low).astype(np.float32)


def _box_mean(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Return the mean over ``2 reach + 1`` cells both ways; the border goes on outside."""
    out = values
    for axis in (0, 1):
        widths = [(0, 0), (0, 0)]
        widths[axis] = (reach, reach)
        padded = np.pad(out, widths, mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=axis)
        out = np.asarray(windows.mean(axis=-1), np.float64)
    return out
