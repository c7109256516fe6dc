"""Resampling of a part of an image onto another grid, with the affine that says where it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D, ImageBox

_Scalar = TypeVar("_Scalar", bound=np.generic)

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
    to_image = Affine2D.scale_translate(
        col_scale=(box.col1 - box.col0) / out_shape[1],
        row_scale=(box.row1 - box.row0) / out_shape[0],
        col0=box.col0,
        row0=box.row0,
    )
    cols = _blocks(values.shape[1], box.col0, box.col1, out_shape[1])
    rows = _blocks(values.shape[0], box.row0, box.row1, out_shape[0])
    reach = slice(cols[0].pixels.start, cols[-1].pixels.stop)
    part = np.ascontiguousarray(values[:, reach], dtype=np.float32)
    shrunk = _weighted(cols, _weighted(rows, part).T, reach.start).T
    return np.ascontiguousarray(shrunk), to_image


def nearest(picture: NDArray[_Scalar], shape: tuple[int, ...]) -> NDArray[_Scalar]:
    """Return a picture at another size: each cell takes the value that lies in its middle.

    Parameters
    ----------
    picture : ndarray, (rows, cols)
        Of anything: a mask, stored values.
    shape : (int, int)
        Rows and columns of the result, which covers the same.
    """
    row, col = (
        ((np.arange(cells) + 0.5) * have / cells).astype(np.intp)
        for cells, have in zip(shape, picture.shape, strict=True)
    )
    return picture[np.ix_(row, col)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Block:
    """Samples next to each other: the pixels that they look at, and their weights for these."""

    pixels: slice
    weights: NDArray[np.float32]


def _weighted(
    blocks: Sequence[_Block], part: NDArray[np.float32], start: int = 0
) -> NDArray[np.float32]:
    """Return the samples along the rows of a part of the image that begins at pixel ``start``."""
    return np.concatenate(
        [b.weights @ part[b.pixels.start - start : b.pixels.stop - start] for b in blocks]
    )


def _blocks(size: int, start: float, stop: float, count: int) -> list[_Block]:
    """Return the triangle's weights of ``count`` samples of an axis, by blocks of samples."""
    step = (stop - start) / count
    reach = max(step, 1.0)
    centres = start + step * (np.arange(count, dtype=np.float64) + 0.5)
    return [
        _block(size, centres[first : first + _BLOCK], reach) for first in range(0, count, _BLOCK)
    ]


def _block(size: int, centres: NDArray[np.float64], reach: float) -> _Block:
    first = int(np.clip(np.floor(centres[0] - reach), 0, size - 1))
    last = int(np.clip(np.ceil(centres[-1] + reach), first + 1, size))
    pixels = np.arange(first, last) + 0.5
    weights = np.maximum(0.0, 1.0 - np.abs(pixels[None] - centres[:, None]) / reach)
    nearest = np.clip(np.round(centres - 0.5).astype(int) - first, 0, last - first - 1)
    empty = weights.sum(axis=1) == 0  # samples outside the image take its border
    weights[empty, nearest[empty]] = 1.0
    weights /= weights.sum(axis=1, keepdims=True)
    return _Block(pixels=slice(first, last), weights=weights.astype(np.float32))
