"""A drawn cluster as the picture shows it: film, scanner, shrinking, and JPEG again."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mammoview.domain.geometry import ImageBox, PixelSpacing
from mammoview.errors import DataError
from trainer.simulated.clusters import PITCH_MM, drawn_extent

FULL_SCALE_DENSITY = 3.0
"""Optical density from black to white of a picture whose grey is not stretched: an assumption."""

LARGEST_GAIN = 1.17
"""The pictures' grey is stretched to each one's own maximum, by up to this."""

BLUR_MM = 0.06
"""Standard deviation of focal spot, screen, film and scanner aperture together: an assumption.

Its transfer falls to one half at 3.1 line pairs per mm.
"""

REACH_CELLS = 4
"""The blur is cut at four cells of 0.05 mm, a little more than three standard deviations."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Jpeg:
    """A grey JPEG: pixels (rows, cols) and the quantisation table it was written with."""

    pixels: NDArray[np.uint8]
    table: tuple[int, ...]


def read_jpeg(file: Path) -> Jpeg:
    """Read a grey 8-bit JPEG with its quantisation table.

    Raises
    ------
    DataError
        If it is none.
    """
    try:
        with Image.open(file) as image:
            kind, mode = image.format, image.mode
            tables = getattr(image, "quantization", {})
            pixels = np.asarray(image)
    except (OSError, ValueError, SyntaxError) as error:
        raise _no_jpeg(file, type(error).__name__) from error
    if kind != "JPEG" or mode != "L" or 0 not in tables:
        raise _no_jpeg(file, f"{kind} {mode}")
    return Jpeg(pixels=pixels, table=tuple(tables[0]))


def encode_jpeg(jpeg: Jpeg) -> bytes:
    """Return the file's bytes; the same pixels and table give the same bytes."""
    target = io.BytesIO()
    Image.fromarray(jpeg.pixels).save(target, "JPEG", qtables=[list(jpeg.table)])
    return target.getvalue()


def grey_of(
    density: NDArray[np.float32],
    *,
    at: tuple[float, float],
    shape: tuple[int, int],
    spacing: PixelSpacing,
    gain: float,
) -> tuple[NDArray[np.float32], ImageBox]:
    """Return what a density map adds to a picture, and the box around all of it.

    The map is blurred (see ``BLUR_MM``), then averaged over the area of each pixel, wherever the
    borders of the pixels cut the map's cells.

    Parameters
    ----------
    density : ndarray of float32, (rows, cols)
        Optical density, 0.05 mm a cell.
    at : tuple of float
        Row and column of the map's upper left corner, continuous pixels of the picture.
    shape : tuple of int
        Of the picture.
    gain : float
        By how much the picture's grey is stretched.

    Returns
    -------
    ndarray of float32, ``shape``
        Grey, 1 being full scale.
    ImageBox
        Tight box, pixels of the picture; nothing is added outside it save in the pixels that it
        cuts.
    """
    blurred = _blur(density)
    row_cell, col_cell = PITCH_MM / spacing.row_mm, PITCH_MM / spacing.col_mm
    row0, col0 = at[0] - REACH_CELLS * row_cell, at[1] - REACH_CELLS * col_cell
    down = _overlaps(row0, row_cell, blurred.shape[0], shape[0])
    over = _overlaps(col0, col_cell, blurred.shape[1], shape[1])
    grey = down @ blurred.astype(np.float64) @ over.T * (gain / FULL_SCALE_DENSITY)
    first_row, end_row, first_col, end_col = drawn_extent(blurred)
    box = ImageBox(
        col0=col0 + first_col * col_cell,
        row0=row0 + first_row * row_cell,
        col1=col0 + end_col * col_cell,
        row1=row0 + end_row * row_cell,
    )
    return grey.astype(np.float32), box


def expose(pixels: NDArray[np.uint8], grey: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the picture with some grey added; what passes full scale saturates."""
    bright = np.rint(pixels.astype(np.float32) + 255.0 * grey)
    return np.clip(bright, 0, 255).astype(np.uint8)


def _blur(density: NDArray[np.float32]) -> NDArray[np.float32]:
    """Blur into a margin of ``REACH_CELLS`` on every side."""
    at = np.arange(-REACH_CELLS, REACH_CELLS + 1) * PITCH_MM
    kernel = np.exp(-0.5 * (at / BLUR_MM) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(density, 2 * REACH_CELLS).astype(np.float64)
    for axis in (0, 1):
        windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.size, axis=axis)
        padded = windows @ kernel
    return padded.astype(np.float32)


def _overlaps(start: float, cell: float, cells: int, pixels: int) -> NDArray[np.float64]:
    """Return the share of each pixel (rows) that each cell of a map (columns) covers."""
    low = start + cell * np.arange(cells)
    pixel = np.arange(pixels)[:, None]
    shared = np.minimum(low + cell, pixel + 1.0) - np.maximum(low, pixel)
    return np.asarray(np.maximum(0.0, shared))


def _no_jpeg(file: Path, what: str) -> DataError:
    return DataError(
        f"picture {file.name} cannot take a simulated cluster ({what})",
        expected="a grey 8-bit JPEG: both classes must go through the same compression",
        todo="point to the folder with the pictures as they were published",
    )
