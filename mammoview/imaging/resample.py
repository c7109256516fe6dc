"""Resampling of a part of an image onto another grid, with the affine that says where it went."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D, ImageBox

# Samples that are weighted at once: a sample looks at few pixels, and a product with all is slow.
_BLOCK = 64


def resample(
    values: NDArray[np.float32], *, box: ImageBox, out_shape: tuple[int, int]
) -> tuple[NDArray[np.float32], Affine2D]:
    """Resample the part of an image inside a box, with an antialiased triangle filter.

    The filter is as wide as one output pixel where the image shrinks and as one input pixel where
    it grows (then it is plain linear interpolation).  It never looks outside the image: weights
    are normalised over the pixels that exist.

    Parameters
    ----------
    values : ndarray of float32, (rows, cols)
        The image.
    box : ImageBox
        The part to take, continuous image coordinates; it may cut pixels.
    out_shape : tuple of int
        Rows and columns of the result.

    Returns
    -------
    ndarray of float32, ``out_shape``
    Affine2D
        Map of continuous output coordinates to image coordinates.
    """
    rows = _triangle_weights(values.shape[0], box.row0, box.row1, out_shape[0])
    cols = _triangle_weights(values.shape[1], box.col0, box.col1, out_shape[1])
    (row_part, row_weights), (col_part, col_weights) = rows, cols
    part = np.ascontiguousarray(values[row_part, col_part], dtype=np.float32)
    to_image = Affine2D.scale_translate(
        col_scale=(box.col1 - box.col0) / out_shape[1],
        row_scale=(box.row1 - box.row0) / out_shape[0],
        col0=box.col0,
        row0=box.row0,
    )
    shrunk = _weighted(col_weights, _weighted(row_weights, part).T).T
    return np.ascontiguousarray(shrunk), to_image


def _weighted(weights: NDArray[np.float32], part: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``weights @ part``, by blocks of samples, each with the pixels that it looks at."""
    result = np.empty((len(weights), part.shape[1]), np.float32)
    for first in range(0, len(weights), _BLOCK):
        block = weights[first : first + _BLOCK]
        used = np.flatnonzero(block.any(axis=0))
        near = slice(int(used[0]), int(used[-1]) + 1)
        result[first : first + _BLOCK] = block[:, near] @ part[near]
    return result


def _triangle_weights(
    size: int, start: float, stop: float, count: int
) -> tuple[slice, NDArray[np.float32]]:
    """Return the input range needed and the (count, range) weights of each output sample."""
    step = (stop - start) / count
    reach = max(step, 1.0)
    centres = start + step * (np.arange(count) + 0.5)
    first = int(np.clip(np.floor(centres[0] - reach), 0, size - 1))
    last = int(np.clip(np.ceil(centres[-1] + reach), first + 1, size))
    pixels = np.arange(first, last) + 0.5
    weights = np.maximum(0.0, 1.0 - np.abs(pixels[None] - centres[:, None]) / reach)
    nearest = np.clip(np.round(centres - 0.5).astype(int) - first, 0, last - first - 1)
    empty = weights.sum(axis=1) == 0  # samples outside the image take its border
    weights[empty, nearest[empty]] = 1.0
    weights /= weights.sum(axis=1, keepdims=True)
    return slice(first, last), weights.astype(np.float32)
