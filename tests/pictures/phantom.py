"""Upright pictures that differ in every pose, side and view, and how a screen would scale them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tests.builders.dicom import VIEWS

LINE_MM = 20.0
MM_PER_PX = 0.2
_LETTER_F = ("11111", "10000", "10000", "11110", "10000", "10000", "10000")


def picture_of(view: tuple[str, str], rows: int, cols: int) -> NDArray[np.float64]:
    """Return a breast 0..1 as it hangs: chest wall right for a right breast, axilla up.

    A letter F that reads right, grey steps, a line of `LINE_MM` along the chest wall, a nipple, and
    as many squares as the view's number, so that no two views nor a view and its mirror image are
    alike.  Marks keep their size in mm whatever the number of pixels.
    """
    scale = rows / 280
    row, col = np.mgrid[0:rows, 0:cols] + 0.5
    right = view[0] == "R"
    depth = (cols - col if right else col) / cols  # 0 at the chest wall
    height = row / rows
    picture = np.full((rows, cols), 0.02)
    inside = (depth / 0.85) ** 2 + ((height - 0.5) / 0.44) ** 2 < 1
    picture[inside] = (0.45 + 0.12 * np.cos(3 * depth) + 0.08 * np.sin(9 * height))[inside]
    if view[1] == "MLO":
        picture[inside & (depth / 0.35 + height / 0.55 < 1)] = 0.75
    picture[np.hypot((depth - 0.85) * cols, (height - 0.5) * rows) < 5 * scale] = 0.9
    _paint_letter(picture, round(90 * scale), _from_wall(cols, 60, 40, scale, right), scale)
    for step in range(10):
        _paint(picture, 150 + 6 * step, 6, _from_wall(cols, 70, 20, scale, right), 20, scale, step)
    for number in range(VIEWS.index(view) + 1):
        _paint(picture, 230, 8, _from_wall(cols, 20 + 16 * number, 8, scale, right), 8, scale, 9)
    line = round(LINE_MM / MM_PER_PX * scale)
    at = _from_wall(cols, 30, 3, scale, right)
    picture[round(90 * scale) :, at : at + round(3 * scale)][:line] = 1.0
    return picture


def _from_wall(cols: int, away: float, width: float, scale: float, right: bool) -> int:
    """Return the first column of a mark so far from the chest wall."""
    return cols - round((away + width) * scale) if right else round(away * scale)


def _paint(
    picture: NDArray[np.float64],
    row: float,
    height: float,
    col: int,
    width: float,
    scale: float,
    level: int,
) -> None:
    rows = slice(round(row * scale), round((row + height) * scale))
    picture[rows, col : col + round(width * scale)] = 0.1 + 0.1 * level


def _paint_letter(picture: NDArray[np.float64], row: int, col: int, scale: float) -> None:
    cell = round(7 * scale)
    for i, line in enumerate(_LETTER_F):
        for j, ink in enumerate(line):
            if ink == "1":
                top, left = row + i * cell, col + j * cell
                picture[top : top + cell, left : left + cell] = 0.97


def scaled(
    grey: NDArray[np.integer],
    factor: float,
    shape: tuple[int, int],
    *,
    right: bool,
    shift_px: tuple[float, float] = (0.0, 0.0),
) -> NDArray[np.float64]:
    """Return what a screen shows of a picture: the mean grey under each screen pixel.

    Parameters
    ----------
    grey : ndarray, (rows, cols)
        The upright picture.
    factor : float
        Screen pixels a picture pixel.
    shape : (int, int)
        Rows and columns of screen pixels; the picture's middle row lies at their middle.
    right : bool
        Whether the chest wall leans on the right border, else on the left.
    shift_px : (float, float)
        Move the picture down and right by so many screen pixels.
    """
    top = (shape[0] - grey.shape[0] * factor) / 2
    start = shape[1] - grey.shape[1] * factor if right else 0.0
    tall = _means(grey.astype(np.float64), factor, shape[0], top + shift_px[0])
    return _means(tall.T, factor, shape[1], start + shift_px[1]).T


def _means(
    rows: NDArray[np.float64], factor: float, screen: int, start: float
) -> NDArray[np.float64]:
    """Return the mean of the rows under each screen row, the first row beginning at ``start``."""
    until = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)])
    edges = np.clip((np.arange(screen + 1) - start) / factor, 0, rows.shape[0])
    first = np.minimum(edges.astype(np.int64), rows.shape[0] - 1)
    upto = until[first] + (edges - first)[:, None] * rows[first]
    return np.asarray(np.diff(upto, axis=0) * factor)
