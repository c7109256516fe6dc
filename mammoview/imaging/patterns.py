"""Test patterns for the eye, drawn for a screen's own pixels in exact 8-bit greys.

TG18-like and TG270-like: made after the descriptions of the patterns, with no claim to conform to
them; no photometer is read, and nothing here replaces a physicist's measurements.
Source: AAPM On-Line Report 03, Assessment of Display Performance for Medical Imaging Systems
(TG18, 2005), section 3.2 (test patterns: TG18-QC, TG18-UN, TG18-CT, TG18-LPV/LPH); AAPM Report 270,
Display Quality Assurance (2019), on the TG270-sQC, TG270-ULN and TG270-TR patterns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]

MIDDLE = 128
# TG18-QC: 16 patches from 8 to 248; each holds two small squares, 4 brighter and 4 darker.
PATCHES = tuple(range(8, 256, 16))
PATCH_CONTRAST = 4
# 5 % of full range in black, 95 % in white.
FIVE_PERCENT, NINETY_FIVE_PERCENT = 13, 242
# TG270-sQC: 18 squares from 0 to 255 in steps of 15, with bars 5 levels away (3 at both ends).
SQUARES = tuple(range(0, 256, 15))
BAR_CONTRAST, END_CONTRAST, BAR_PX = 5, 3, 6
# Of 8 bit: what 10 % and 80 % of the range come to (TG18-UN10, TG18-UN80).
UNIFORM_10, UNIFORM_80 = 26, 204
# Lines of the grid across the shorter side.
_GRID_LINES = 8


class PatternName(StrEnum):
    """The patterns, in the order of the daily check."""

    OVERALL = "overall"
    LOW_CONTRAST = "low-contrast"
    RAMP = "ramp"
    UNIFORM_DARK = "uniform-10"
    UNIFORM_BRIGHT = "uniform-80"
    GEOMETRY = "geometry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """A word whose letters fade into their ground: one grey level less with each.

    ``row``, ``col``, ``height`` and ``width`` are the box on the ground, pixels, which the letters
    share evenly; the first letter differs from ``ground`` by the number of letters less one, and
    the last not at all.
    """

    row: int
    col: int
    height: int
    width: int
    ground: int
    text: str = "QUALITY CONTROL"

    def greys(self) -> tuple[int, ...]:
        """Return the grey of each letter."""
        sign = 1 if self.ground <= MIDDLE else -1
        count = len(self.text)
        return tuple(self.ground + sign * (count - 1 - at) for at in range(count))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pattern:
    """A drawn pattern: greys ``(rows, cols)``, and letters that go over it.

    ``patches`` tells whether it is made of patches on a middle grey; else it is one whole field.
    """

    grey: Grey
    letters: tuple[Letters, ...] = ()
    patches: bool = False

    def is_free(self, *, row: int, col: int, height: int, width: int) -> bool:
        """Tell whether a box, pixels, covers none of the patches and letters."""
        rows, cols = np.s_[row : row + height], np.s_[col : col + width]
        on_ground = bool((self.grey[rows, cols] == MIDDLE).all())
        clear = all(
            row >= word.row + word.height
            or word.row >= row + height
            or col >= word.col + word.width
            or word.col >= col + width
            for word in self.letters
        )
        return not self.patches or (on_ground and clear)


def draw(name: PatternName, rows: int, cols: int) -> Pattern:
    """Draw a pattern for a screen.

    Parameters
    ----------
    name : PatternName
        Which one.
    rows, cols : int
        Device pixels of the screen; one cell of the pattern is one pixel.
    """
    pattern = _DRAW[name](rows, cols)
    pattern.grey.setflags(write=False)
    return pattern


def uniform(rows: int, cols: int, level: int) -> Pattern:
    """Return one grey all over: bright and dark spots, stuck pixels, uneven light."""
    return Pattern(grey=np.full((rows, cols), level, np.uint8))


def ramp(rows: int, cols: int) -> Pattern:
    """Return all 256 greys from left to right, and from right to left below: no steps, no bands."""
    line = (np.arange(cols) * 256 // cols).astype(np.uint8)
    grey = np.empty((rows, cols), np.uint8)
    grey[: rows // 2], grey[rows // 2 :] = line, line[::-1]
    return Pattern(grey=grey)


def low_contrast(rows: int, cols: int) -> Pattern:
    """Return 18 squares from black to white, each with bars a few levels off (TG270-sQC-like)."""
    grey = np.full((rows, cols), MIDDLE, np.uint8)
    side = min(rows // 4, cols // 7)
    gap_rows, gap_cols = (rows - 3 * side) // 4, (cols - 6 * side) // 7
    for number, level in enumerate(SQUARES):
        row, col = divmod(number, 6)
        top, left = gap_rows + row * (side + gap_rows), gap_cols + col * (side + gap_cols)
        square = grey[top : top + side, left : left + side]
        square[:] = level
        contrast = END_CONTRAST if level in (0, 255) else BAR_CONTRAST
        part = side // 3
        if level > 0:
            _bars(square[part // 3 : part // 3 + part, part // 3 : part // 3 + part], -contrast)
        if level < 255:
            far = side - part - part // 3
            _bars(square[far : far + part, far : far + part], contrast)
    return Pattern(grey=grey, patches=True)


def geometry(rows: int, cols: int) -> Pattern:
    """Return a grid of square meshes with lines one pixel wide, the outermost on the border."""
    grey = np.full((rows, cols), 64, np.uint8)
    mesh = max(2, min(rows, cols) // _GRID_LINES)
    for at in range(rows // 2 % mesh, rows, mesh):
        grey[at] = 191
    for at in range(cols // 2 % mesh, cols, mesh):
        grey[:, at] = 191
    grey[[0, -1]] = 255
    grey[:, [0, -1]] = 255
    return Pattern(grey=grey)


def overall(rows: int, cols: int) -> Pattern:
    """Return the many-purpose pattern (TG18-QC-like).

    Sixteen patches with squares 4 levels off, 5 % in black and 95 % in white, a ramp, line pairs of
    one and two pixels in the middle and the corners, and words that fade.
    """
    grey = np.full((rows, cols), MIDDLE, np.uint8)
    grey[[0, -1]] = 255
    grey[:, [0, -1]] = 255
    unit = max(8, min(rows, cols) // 12)
    top, left = rows // 2 - 6 * unit, cols // 2 - 6 * unit
    for (row, col), level in zip(_ring(unit), PATCHES, strict=True):
        _patch(grey[top + row :, left + col :][:unit, :unit], level)
    for level, inner, across in ((0, FIVE_PERCENT, 3), (255, NINETY_FIVE_PERCENT, 7)):
        row, col = top + 5 * unit // 2, left + across * unit
        grey[row : row + 2 * unit, col : col + 2 * unit] = level
        grey[row + unit // 2 : row + 3 * unit // 2, col + unit // 2 : col + 3 * unit // 2] = inner
    row, width = top + 15 * unit // 2, 8 * unit
    line = (np.arange(width) * 256 // width).astype(np.uint8)
    grey[row : row + unit // 2, left + 2 * unit : left + 2 * unit + width] = line
    for row, col in _line_pair_places(rows, cols, unit):
        _line_pairs(grey[row : row + unit, col : col + unit])
    words = _words(grey, top + 17 * unit // 2, left + 2 * unit, unit)
    return Pattern(grey=grey, letters=words, patches=True)


def _ring(unit: int) -> tuple[tuple[int, int], ...]:
    """Return where the 16 patches lie: the border of five by five, clockwise."""
    top = [(0, at) for at in range(5)]
    right = [(at, 4) for at in range(1, 5)]
    bottom = [(4, at) for at in range(3, -1, -1)]
    left = [(at, 0) for at in range(3, 0, -1)]
    cells = (*top, *right, *bottom, *left)
    return tuple(
        (unit // 2 + 5 * row * unit // 2, unit // 2 + 5 * col * unit // 2) for row, col in cells
    )


def _line_pair_places(rows: int, cols: int, unit: int) -> tuple[tuple[int, int], ...]:
    """Return where the line pairs lie: in the middle, and in the four corners."""
    edge = max(2, unit // 8)
    corners = [
        (row, col) for row in (edge, rows - unit - edge) for col in (edge, cols - unit - edge)
    ]
    return ((rows - unit) // 2, (cols - unit) // 2), *corners


def _patch(square: Grey, level: int) -> None:
    """Fill a patch, with a small square 4 brighter and one 4 darker in two corners."""
    square[:] = level
    small = max(1, square.shape[0] // 6)
    square[:small, :small] = level + PATCH_CONTRAST
    square[-small:, -small:] = level - PATCH_CONTRAST


def _bars(area: Grey, contrast: int) -> None:
    """Add upright bars, every other one so many levels off."""
    off = (np.arange(area.shape[1]) // BAR_PX) % 2 == 0
    area[:, off] = np.clip(area[:, off].astype(np.int16) + contrast, 0, 255).astype(np.uint8)


def _line_pairs(area: Grey) -> None:
    """Draw upright and lying lines of one and of two pixels, black and white, in four quarters."""
    rows, cols = area.shape
    middle_row, middle_col = rows // 2, cols // 2
    row, col = np.mgrid[0:rows, 0:cols]
    upright = np.where(row < middle_row, col % 2, col // 2 % 2)
    lying = np.where(row < middle_row, row % 2, row // 2 % 2)
    area[:] = np.where(col < middle_col, upright, lying).astype(np.uint8) * 255


def _words(grey: Grey, row: int, left: int, unit: int) -> tuple[Letters, ...]:
    """Lay a strip of black, middle and white grey, and say what is written on them."""
    height, width = max(8, 3 * unit // 4), 8 * unit // 3
    letters = []
    for number, ground in enumerate((0, MIDDLE, 255)):
        col = left + number * width
        grey[row : row + height, col : col + width] = ground
        letters.append(Letters(row=row, col=col, height=height, width=width, ground=ground))
    return tuple(letters)


_DRAW: dict[PatternName, Callable[[int, int], Pattern]] = {
    PatternName.OVERALL: overall,
    PatternName.LOW_CONTRAST: low_contrast,
    PatternName.RAMP: ramp,
    PatternName.UNIFORM_DARK: lambda rows, cols: uniform(rows, cols, UNIFORM_10),
    PatternName.UNIFORM_BRIGHT: lambda rows, cols: uniform(rows, cols, UNIFORM_80),
    PatternName.GEOMETRY: geometry,
}
