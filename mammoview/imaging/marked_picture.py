"""A mammogram as a picture with marks drawn on it, for reports and for what reads pictures alone.

The grey values go through `imaging.grayscale` and the pose through `imaging.orientation`, as on the
screen.  Marks are drawn at twice the size and made smaller, so that their lines are smooth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D, ImagePoint, Pose
from mammoview.domain.study import PixelFormat
from mammoview.imaging.grayscale import Voi, display_table, to_display
from mammoview.imaging.orientation import apply_pose, pose_affine, posed_shape

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

Colour = tuple[int, int, int]

# Who drew it; the first two of the marks' colours as on the screen, apart for colour-blind readers.
FINDING: Colour = (168, 245, 168)
MEASURE: Colour = (170, 200, 255)
CAD_MASS: Colour = (240, 228, 66)
CAD_CALCIFICATION: Colour = (86, 180, 233)
CAD_OTHER: Colour = (230, 159, 0)
_TEXT: Colour = (235, 235, 235)
_CAUTION: Colour = (255, 190, 90)
_HALO: Colour = (0, 0, 0)
_FINE = 2  # marks are drawn so many times larger
_GLYPH_SHARE = 0.011
_LINE_SHARE = 0.09  # of a letter's height, so that both are seen at one size of print
_CORNERS = 48
_LABEL_SHARE = 0.4  # of the picture's width: longer labels are broken into lines
_TRIES = 30


class Glyph(StrEnum):
    """A sign at a point: what kind of mark stands there."""

    NONE = ""
    CIRCLE = "circle"
    TRIANGLE = "triangle"
    SQUARE = "square"
    CROSS = "cross"


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureMark:
    """One thing to draw.

    Attributes
    ----------
    points : tuple of ImagePoint
        A line in stored pixels; one point or none for a glyph alone.
    closed : bool
        Whether the line runs back to its first point.
    colour : (int, int, int)
        Red, green, blue.
    label : str
        What stands beside it.
    glyph : Glyph
        A sign at ``at``.
    at : ImagePoint or None
        Where the glyph stands, stored pixels.
    """

    points: tuple[ImagePoint, ...]
    colour: Colour
    closed: bool = False
    label: str = ""
    glyph: Glyph = Glyph.NONE
    at: ImagePoint | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is written on a picture, and the file of the font that it is written in.

    ``title`` stands at the top, ``notice`` at the bottom; ``letter_share`` is the height of a
    letter as a share of the picture's longer side.
    """

    font: Path
    title: str = ""
    notice: str = ""
    letter_share: float = 0.019


def marked_picture(
    stored: NDArray[np.generic],
    fmt: PixelFormat,
    *,
    voi: Voi,
    pose: Pose,
    marks: Sequence[PictureMark],
    words: Words,
    long_side_px: int,
) -> NDArray[np.uint8]:
    """Return an image as it hangs, with marks and words on it.

    Parameters
    ----------
    stored : ndarray of integer, (rows, cols)
        Stored values.
    fmt : PixelFormat
        How they are to be understood.
    voi : VoiWindow, VoiLut or None
        The window; None for the full range.
    pose : Pose
        As the image hangs.
    marks : sequence of PictureMark
        What to draw, in stored pixels, whatever the pose.
    words : Words
        What to write.
    long_side_px : int
        Longer side of the picture; a smaller image keeps its size.

    Returns
    -------
    ndarray of uint8, (rows, cols, 3)
        Red, green, blue.
    """
    from PIL import Image, ImageDraw, ImageFont  # heavy, and only where pictures are made

    rows, cols = stored.shape
    grey = to_display(stored, display_table(fmt, voi, invert=False), fmt)
    grey, _ = apply_pose(grey, pose)
    shown_rows, shown_cols = posed_shape(pose, rows, cols)
    scale = min(1.0, long_side_px / max(rows, cols))
    size = (max(1, round(shown_cols * scale)), max(1, round(shown_rows * scale)))
    picture = Image.fromarray(np.ascontiguousarray(grey)).resize(size, Image.Resampling.BOX)
    fine = (size[0] * _FINE, size[1] * _FINE)
    overlay = Image.new("RGBA", fine, (0, 0, 0, 0))
    to_fine = pose_affine(pose, rows, cols).then(
        Affine2D.scale_translate(
            col_scale=fine[0] / shown_cols, row_scale=fine[1] / shown_rows, col0=0.0, row0=0.0
        )
    )
    letter_px = max(9.0, words.letter_share * max(size)) * _FINE
    font = ImageFont.truetype(str(words.font), letter_px)
    sheet = _Sheet(draw=ImageDraw.Draw(overlay), font=font, size=fine, to_sheet=to_fine)
    sheet.write(words)
    for mark in marks:
        sheet.add(mark)
    sheet.label(marks)
    coloured = picture.convert("RGBA")
    coloured.alpha_composite(overlay.resize(size, Image.Resampling.BOX))
    return np.asarray(coloured.convert("RGB"))


class _Sheet:
    """A transparent sheet over the picture."""

    def __init__(
        self,
        *,
        draw: ImageDraw,
        font: FreeTypeFont,
        size: tuple[int, int],
        to_sheet: Affine2D,
    ) -> None:
        self._draw = draw
        self._font = font
        self._size = size
        self._to_sheet = to_sheet
        self._line_px = float(sum(font.getmetrics()))
        self._width = max(2, round(_LINE_SHARE * self._line_px))
        self._taken: list[tuple[float, float, float, float]] = []

    def write(self, words: Words) -> None:
        """Write the title at the top and the notice at the bottom."""
        for text, colour, top in ((words.title, _TEXT, True), (words.notice, _CAUTION, False)):
            lines = self._wrapped(text, 0.92 * self._size[0])
            high = self._line_px * len(lines)
            row = 0.3 * self._line_px if top else self._size[1] - high - 0.5 * self._line_px
            for line in lines:
                col = (self._size[0] - self._font.getlength(line)) / 2
                self._write_lines((col, row), [line], colour)
                row += self._line_px

    def add(self, mark: PictureMark) -> None:
        """Draw the line and the glyph of a mark, light over a dark halo."""
        lines = [self._line(mark), self._glyph(mark)]
        for colour, width in ((_HALO, round(2.2 * self._width)), (mark.colour, self._width)):
            for line in lines:
                for part in line:
                    self._draw.line(part, fill=colour, width=width, joint="curve")

    def label(self, marks: Sequence[PictureMark]) -> None:
        """Write the labels, each beside its mark, on no mark and on no other label."""
        self._taken += [self._box(mark) for mark in marks]
        for mark in marks:
            if mark.label:
                self._beside(mark)

    def _line(self, mark: PictureMark) -> list[list[tuple[float, float]]]:
        if len(mark.points) < 2:
            return []
        points = mark.points + mark.points[:1] if mark.closed else mark.points
        return [[self._place(point) for point in points]]

    def _glyph(self, mark: PictureMark) -> list[list[tuple[float, float]]]:
        if mark.at is None:
            return []
        col, row = self._place(mark.at)
        reach = _GLYPH_SHARE * max(self._size)
        return [
            [(col + reach * x, row + reach * y) for x, y in part] for part in _GLYPHS[mark.glyph]
        ]

    def _place(self, point: ImagePoint) -> tuple[float, float]:
        placed = self._to_sheet.apply(point)
        return placed.col, placed.row

    def _beside(self, mark: PictureMark) -> None:
        """Write a label at the free place nearest to the upper right of its mark."""
        left, top, right, _ = self._box(mark)
        lines = self._wrapped(mark.label, _LABEL_SHARE * self._size[0])
        wide = max(self._font.getlength(line) for line in lines)
        high = self._line_px * len(lines)
        gap = 0.6 * self._line_px
        places = [
            (min(max(col, 0.0), self._size[0] - wide), min(max(row, 0.0), self._size[1] - high))
            for away in range(_TRIES)
            for row in (top + away * 0.5 * self._line_px, top - away * 0.5 * self._line_px)
            for col in (right + gap, left - gap - wide)
        ]
        # Where all is taken: better over another label than not at all.
        free = (at for at in places if not self._meets((*at, at[0] + wide, at[1] + high)))
        self._write_lines(next(free, places[0]), lines, mark.colour)

    def _box(self, mark: PictureMark) -> tuple[float, float, float, float]:
        """Return the box round all that is drawn of a mark: left, top, right, bottom."""
        points = [point for part in (*self._line(mark), *self._glyph(mark)) for point in part]
        points += [self._place(mark.at)] if mark.at is not None else []
        cols, rows = [col for col, _ in points], [row for _, row in points]
        return min(cols), min(rows), max(cols), max(rows)

    def _meets(self, box: tuple[float, float, float, float]) -> bool:
        return any(
            box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in self._taken
        )

    def _wrapped(self, text: str, width: float) -> list[str]:
        """Break a text between its words into lines of a width, a word that is longer within."""
        lines: list[str] = []
        for word in (part for whole in text.split() for part in self._parts(whole, width)):
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and self._font.getlength(longer) <= width:
                lines[-1] = longer
            else:
                lines.append(word)
        return lines

    def _parts(self, word: str, width: float) -> list[str]:
        """Return a word in parts of a width at most: some languages have no spaces."""
        parts = [""]
        for sign in word:
            fits = not parts[-1] or self._font.getlength(parts[-1] + sign) <= width
            parts = [*parts[:-1], parts[-1] + sign] if fits else [*parts, sign]
        return parts

    def _write_lines(self, at: tuple[float, float], lines: Sequence[str], colour: Colour) -> None:
        col, row = at
        wide = max(self._font.getlength(line) for line in lines)
        self._taken.append((col, row, col + wide, row + self._line_px * len(lines)))
        for line in lines:
            self._draw.text(
                (col, row),
                line,
                fill=colour,
                font=self._font,
                stroke_width=max(2, self._width // 2),
                stroke_fill=_HALO,
            )
            row += self._line_px


def _round() -> list[tuple[float, float]]:
    turns = np.linspace(0.0, 2 * np.pi, _CORNERS + 1)
    return list(zip(np.cos(turns).tolist(), np.sin(turns).tolist(), strict=True))


_GLYPHS: dict[Glyph, list[list[tuple[float, float]]]] = {
    Glyph.NONE: [],
    Glyph.CIRCLE: [_round()],
    Glyph.TRIANGLE: [[(0.0, -1.1), (1.0, 0.8), (-1.0, 0.8), (0.0, -1.1)]],
    Glyph.SQUARE: [[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9), (-0.9, -0.9)]],
    Glyph.CROSS: [[(-1.0, 0.0), (1.0, 0.0)], [(0.0, -1.0), (0.0, 1.0)]],
}
