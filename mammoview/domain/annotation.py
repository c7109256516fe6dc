"""What a reader draws on an image: values by id, in coordinates of the stored image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from mammoview.domain.geometry import ImagePoint
from mammoview.words import QT_TRANSLATE_NOOP


class MarkKind(StrEnum):
    """What a mark is, which tells what its points mean.

    ============ ===========================================================================
    length       both ends
    diameters    both ends of the first diameter, both ends of the second across it
    area         corners of an outline, three or more
    freehand     an outline drawn by hand, three points or more
    angle        end, vertex, end
    ellipse      both ends of one diameter, both ends of its conjugate
    statistics   an ellipse whose pixels are counted
    arrow        tip, tail
    nipple       the place
    pectoral     two places of the edge of the pectoral muscle
    spot         the place, for a finding that has no outline
    ============ ===========================================================================
    """

    LENGTH = QT_TRANSLATE_NOOP("Marks", "length")
    DIAMETERS = QT_TRANSLATE_NOOP("Marks", "diameters")
    AREA = QT_TRANSLATE_NOOP("Marks", "area")
    ANGLE = QT_TRANSLATE_NOOP("Marks", "angle")
    STATISTICS = QT_TRANSLATE_NOOP("Marks", "statistics")
    ARROW = QT_TRANSLATE_NOOP("Marks", "arrow")
    ELLIPSE = QT_TRANSLATE_NOOP("Marks", "ellipse")
    FREEHAND = QT_TRANSLATE_NOOP("Marks", "freehand")
    NIPPLE = QT_TRANSLATE_NOOP("Marks", "nipple")
    PECTORAL = QT_TRANSLATE_NOOP("Marks", "pectoral")
    SPOT = QT_TRANSLATE_NOOP("Marks", "spot")


OUTLINES = frozenset({MarkKind.AREA, MarkKind.FREEHAND})
ELLIPSES = frozenset({MarkKind.ELLIPSE, MarkKind.STATISTICS})
# They are landmarks of the whole image, of a volume too, and there is one of each.
ONE_AN_IMAGE = frozenset({MarkKind.NIPPLE, MarkKind.PECTORAL})
_FEWEST_OF_OUTLINE = 3
_POINTS = {
    MarkKind.LENGTH: 2,
    MarkKind.DIAMETERS: 4,
    MarkKind.ANGLE: 3,
    MarkKind.STATISTICS: 4,
    MarkKind.ARROW: 2,
    MarkKind.ELLIPSE: 4,
    MarkKind.NIPPLE: 1,
    MarkKind.PECTORAL: 2,
    MarkKind.SPOT: 1,
}


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class Annotation:
    """One mark of a reader.

    Attributes
    ----------
    id : str
        Given once and for ever, a UUID.
    sop_instance_uid : str
        The image that it is drawn on.
    frame : int or None
        Frame number of a multi-frame image, from 1; None for a plain image.
    kind : MarkKind
        What it is.
    points : tuple of ImagePoint
        Stored pixels, whichever way the image was shown; see `MarkKind` for their meaning.
    label : str
        The reader's words.

    Raises
    ------
    ValueError
        If the points are not as many as the kind has, or one is no place.
    """

    id: str
    sop_instance_uid: str
    frame: int | None
    kind: MarkKind
    points: tuple[ImagePoint, ...]
    label: str = ""

    def __post_init__(self) -> None:
        count = len(self.points)
        wanted = _POINTS.get(self.kind)
        enough = count >= _FEWEST_OF_OUTLINE if wanted is None else count == wanted
        if not enough:
            raise ValueError(f"{count} points for a mark of kind {self.kind}")
        if not all(math.isfinite(p.col) and math.isfinite(p.row) for p in self.points):
            raise ValueError("a point that is no place")

    def centre(self) -> ImagePoint:
        """Return the place that stands for the mark: tip, vertex, or the middle of what it spans.

        The middle of an outline is that of its area.
        """
        if self.kind in (MarkKind.ARROW, MarkKind.NIPPLE, MarkKind.SPOT):
            return self.points[0]
        if self.kind is MarkKind.ANGLE:
            return self.points[1]
        if self.kind in OUTLINES:
            return centroid(self.points)
        first, last = self.points[:2]
        return ImagePoint(col=(first.col + last.col) / 2, row=(first.row + last.row) / 2)


def centroid(points: tuple[ImagePoint, ...]) -> ImagePoint:
    """Return the centroid of a polygon's area; of its corners where it has none, as a point."""
    twice = col = row = 0.0
    origin = points[0]
    for a, b in zip(points, (*points[1:], points[0]), strict=True):
        ax, ay, bx, by = (
            a.col - origin.col,
            a.row - origin.row,
            b.col - origin.col,
            b.row - origin.row,
        )
        cross = ax * by - bx * ay
        twice += cross
        col += (ax + bx) * cross
        row += (ay + by) * cross
    if abs(twice) < 1e-9:
        count = len(points)
        return ImagePoint(
            col=sum(p.col for p in points) / count, row=sum(p.row for p in points) / count
        )
    return ImagePoint(col=origin.col + col / (3 * twice), row=origin.row + row / (3 * twice))
