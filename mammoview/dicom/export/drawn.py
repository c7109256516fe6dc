"""What was drawn on an image, layer by layer, as shapes that DICOM knows.

Source: PS3.3 C.10.5 (Graphic Annotation): CIRCLE, ELLIPSE, POINT, POLYLINE; points column, row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mammoview.dicom.export.identity import mark_uid
from mammoview.domain.annotation import ELLIPSES, OUTLINES, Annotation, MarkKind
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.reading import CadMark, ReadReport
from mammoview.domain.study import Mammogram
from mammoview.imaging.measure import ellipse_axis_ends, ellipse_outline

# Colours as on the screen, which stay apart for colour-blind readers.
FINDINGS_COLOUR = (168, 245, 168)
MEASURES_COLOUR = (170, 200, 255)
CAD_COLOUR = (240, 228, 66)
_GLYPH_SHARE = 0.015
_TRIANGLE = ((0.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (0.0, -1.0))
_SQUARE = ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0))
_ROUND = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One graphic object, with the words beside it; ``frame`` of a multi-frame image, from 1."""

    graphic_type: str
    points: tuple[tuple[float, float], ...]
    text: str = ""
    tracking_id: str = ""
    tracking_uid: str = ""
    frame: int | None = None

    def data(self) -> NDArray[np.float64]:
        """Return the points, ``(n, 2)``, column and row."""
        return np.array(self.points, np.float64)

    def anchor(self) -> tuple[float, float]:
        """Return where the words stand: right of the shape, at its top."""
        return max(col for col, _ in self.points), min(row for _, row in self.points)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One layer: its name (at most 16 letters), what it holds, its colour and its shapes."""

    layer: str
    description: str
    colour: tuple[int, int, int]
    shapes: tuple[Shape, ...]

    def by_frame(self) -> Iterator[tuple[int | None, tuple[Shape, ...]]]:
        """Return the shapes of each frame; a plain image has none."""
        for frame in dict.fromkeys(shape.frame for shape in self.shapes):
            yield frame, tuple(shape for shape in self.shapes if shape.frame == frame)


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What is written on an image, in the language of who looks at it.

    Attributes
    ----------
    findings : tuple of str
        The words of each finding of the final statement, in its order.
    marks : tuple of str
        The words of each mark of the computer that was shown, in their order.
    measures : tuple of (str, str)
        For the id of an annotation its words and measured values.
    notice : str
        What must stand on it.
    """

    findings: tuple[str, ...]
    marks: tuple[str, ...]
    measures: tuple[tuple[str, str], ...]
    notice: str


def drawn_layers(report: ReadReport, image: Mammogram, texts: Texts) -> tuple[Drawn, ...]:
    """Return the layers of an image that hold anything: findings, measurements, marks.

    Parameters
    ----------
    report : ReadReport
        The read.
    image : Mammogram
        The image.
    texts : Texts
        The words beside the shapes.  Names of layers and of what is tracked are for programs.
    """
    parts = (
        Drawn(
            layer="READER FINDINGS",
            description="Findings of the reader",
            colour=FINDINGS_COLOUR,
            shapes=tuple(_findings(report, image, texts.findings)),
        ),
        Drawn(
            layer="READER MEASURES",
            description="Measurements of the reader",
            colour=MEASURES_COLOUR,
            shapes=tuple(_measurements(report, image, dict(texts.measures))),
        ),
        Drawn(
            layer="CAD MARKS",
            description="Marks of the computer, research use only",
            colour=CAD_COLOUR,
            shapes=tuple(_marks(report, image, texts.marks)),
        ),
    )
    return tuple(part for part in parts if part.shapes)


def _findings(report: ReadReport, image: Mammogram, texts: Sequence[str]) -> Iterator[Shape]:
    said = zip(report.final.findings, texts, strict=True)
    for number, (finding, text) in enumerate(said, start=1):
        for view in finding.views:
            if view.sop_instance_uid == image.sop_instance_uid:
                yield _outline(
                    view.outline,
                    image,
                    text=text,
                    tracking_id=f"Finding {number} of the reader",
                    tracking_uid=mark_uid(report, f"finding {finding.id}"),
                    frame=view.frame or None,
                )


def _marks(report: ReadReport, image: Mammogram, texts: Sequence[str]) -> Iterator[Shape]:
    for number, (mark, text) in enumerate(zip(report.shown, texts, strict=True), start=1):
        if mark.sop_instance_uid != image.sop_instance_uid:
            continue
        name = f"CAD mark {number}"
        uid = mark_uid(report, mark.id)
        if mark.outline:
            frame = mark.frame or None
            yield _outline(mark.outline, image, tracking_id=name, tracking_uid=uid, frame=frame)
        yield _glyph(mark, image, text, name, uid)


def _glyph(mark: CadMark, image: Mammogram, text: str, name: str, uid: str) -> Shape:
    """Return the sign at the peak: a circle for a mass, a triangle for calcifications, else a box.

    A circle is its centre and a point on it, taken where the image goes on.
    """
    reach = _GLYPH_SHARE * max(image.rows, image.cols)
    inwards = -reach if mark.peak.col > image.cols / 2 else reach
    corners = {"mass": ((0.0, 0.0), (inwards / reach, 0.0)), "calcification": _TRIANGLE}
    points = [
        ImagePoint(col=mark.peak.col + x * reach, row=mark.peak.row + y * reach)
        for x, y in corners.get(mark.kind, _SQUARE)
    ]
    return Shape(
        graphic_type="CIRCLE" if mark.kind == "mass" else "POLYLINE",
        points=inside(points, image),
        text=text,
        tracking_id=name,
        tracking_uid=uid,
        frame=mark.frame or None,
    )


def _measurements(
    report: ReadReport, image: Mammogram, labels: Mapping[str, str]
) -> Iterator[Shape]:
    for mark in report.annotations:
        if mark.sop_instance_uid == image.sop_instance_uid:
            text = labels.get(mark.id, mark.label)
            for place, (kind, points) in enumerate(_lines(mark, image)):
                yield Shape(
                    graphic_type=kind,
                    points=inside(points, image),
                    text=text if place == 0 else "",
                    frame=mark.frame,
                )


def _lines(mark: Annotation, image: Mammogram) -> tuple[tuple[str, Sequence[ImagePoint]], ...]:
    points = mark.points
    if mark.kind is MarkKind.DIAMETERS:
        return ("POLYLINE", points[:2]), ("POLYLINE", points[2:])
    if len(points) == 1:
        return (("POINT", points),)
    if mark.kind in OUTLINES:
        return (("POLYLINE", (*points, points[0])),)
    if mark.kind in ELLIPSES:
        return (_ellipse(points, image),)
    return (("POLYLINE", points),)


def _ellipse(points: Sequence[ImagePoint], image: Mammogram) -> tuple[str, Sequence[ImagePoint]]:
    """Return the axes of an ellipse, which DICOM wants at right angles.

    One that reaches beyond the image, where DICOM knows no points, is drawn as a line round what
    is inside.
    """
    line = ellipse_outline(points, corners=_ROUND)
    if all(0 <= p.col <= image.cols and 0 <= p.row <= image.rows for p in line):
        return "ELLIPSE", ellipse_axis_ends(points)
    return "POLYLINE", (*line, line[0])


def _outline(
    outline: Sequence[ImagePoint],
    image: Mammogram,
    *,
    text: str = "",
    tracking_id: str,
    tracking_uid: str,
    frame: int | None = None,
) -> Shape:
    closed = outline if len(outline) == 1 or outline[0] == outline[-1] else (*outline, outline[0])
    return Shape(
        graphic_type="POINT" if len(outline) == 1 else "POLYLINE",
        points=inside(closed, image),
        text=text,
        tracking_id=tracking_id,
        tracking_uid=tracking_uid,
        frame=frame,
    )


def inside(points: Iterable[ImagePoint], image: Mammogram) -> tuple[tuple[float, float], ...]:
    """Return the points, those beyond the image's border brought back onto it."""
    return tuple(
        (min(max(p.col, 0.0), float(image.cols)), min(max(p.row, 0.0), float(image.rows)))
        for p in points
    )
