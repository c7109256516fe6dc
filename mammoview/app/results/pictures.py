"""The images of a read as pictures with the reader's findings, measurements and CAD marks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mammoview.app.marks.mark_text import mark_text
from mammoview.app.results.fonts import picture_font
from mammoview.app.results.words import cad_label, finding_label, notice_text
from mammoview.app.state.hung_views import LoadedImage
from mammoview.domain.annotation import ELLIPSES, OUTLINES, Annotation, MarkKind
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.reading import ReadReport
from mammoview.domain.study import Mammogram
from mammoview.imaging import marked_picture
from mammoview.imaging.grayscale import Voi
from mammoview.imaging.marked_picture import Glyph, PictureMark, Words
from mammoview.imaging.measure import ellipse_outline
from mammoview.words import COUNTED, translate

_GLYPHS = {
    "mass": (Glyph.CIRCLE, marked_picture.CAD_MASS),
    "calcification": (Glyph.TRIANGLE, marked_picture.CAD_CALCIFICATION),
}
_OTHER = (Glyph.SQUARE, marked_picture.CAD_OTHER)


def picture_of(
    report: ReadReport,
    mammogram: Mammogram,
    image: LoadedImage,
    *,
    voi: Voi,
    long_side_px: int,
    in_words: bool,
) -> NDArray[np.uint8]:
    """Return a view as it hangs, with its marks.

    Parameters
    ----------
    report : ReadReport
        The read.
    mammogram : Mammogram
        One of its images.
    image : LoadedImage
        Its pixels and how it hangs.
    voi : VoiWindow, VoiLut or None
        Its window.
    long_side_px : int
        Longer side of the picture.
    in_words : bool
        True: marks say what they are, and the picture that it is for research, since nothing
        stands beside it.  False: they have the numbers of the report's tables.

    Returns
    -------
    ndarray of uint8, (rows, cols, 3)
    """
    marks = (
        *_cad(report, mammogram, image, in_words),
        *_findings(report, mammogram, image, in_words),
        *_measures(report, mammogram, image),
    )
    title = _title(report, mammogram, image)
    # Beside a picture that is not in words the report says the rest.
    notice = notice_text(report) if in_words else translate("Report", "research use only")
    font, legible = picture_font((title, notice, *(mark.label for mark in marks)))
    return marked_picture.marked_picture(
        image.stored,
        mammogram.pixel_format,
        voi=voi,
        pose=image.pose,
        marks=[replace(mark, label=legible(mark.label)) for mark in marks],
        words=Words(
            font=font,
            title=legible(title),
            notice=legible(notice),
            letter_share=0.019 if in_words else 0.026,
        ),
        long_side_px=long_side_px,
    )


def _title(report: ReadReport, view: Mammogram, image: LoadedImage) -> str:
    """Return side and view; of a volume the slice, and how much lies on others."""
    if view.frames is None or image.frame is None:
        return view.label
    uid = view.sop_instance_uid
    frames = [p.frame for f in report.final.findings for p in f.views if p.sop_instance_uid == uid]
    frames += [mark.frame or 0 for mark in report.annotations if mark.sop_instance_uid == uid]
    frames += [mark.frame for mark in report.shown if mark.sop_instance_uid == uid]
    elsewhere = sum(not _on_slice(frame, image) for frame in frames)
    said = translate("Report", "{view} slice {frame} of {count}")
    title = said.format(view=view.label, frame=image.frame, count=view.frames.count)
    others = translate("Report", "%n mark(s) on other slices", "", COUNTED, elsewhere)
    return f"{title}, {others}" if elsewhere else title


def _on_slice(frame: int | None, image: LoadedImage) -> bool:
    """Tell whether something is drawn on the slice that is shown; of no slice: on all."""
    return image.frame is None or not frame or frame == image.frame


def _findings(
    report: ReadReport, view: Mammogram, image: LoadedImage, in_words: bool
) -> Iterator[PictureMark]:
    for number, finding in enumerate(report.final.findings, start=1):
        label = finding_label(number, finding) if in_words else str(number)
        for part in finding.views:
            if part.sop_instance_uid == view.sop_instance_uid and _on_slice(part.frame, image):
                spot = len(part.outline) == 1
                yield PictureMark(
                    points=part.outline,
                    closed=True,
                    colour=marked_picture.FINDING,
                    label=label,
                    glyph=Glyph.CROSS if spot else Glyph.NONE,
                    at=part.outline[0] if spot else None,
                )


def _cad(
    report: ReadReport, view: Mammogram, image: LoadedImage, in_words: bool
) -> Iterator[PictureMark]:
    # A finding that was taken over from a mark has its outline: one line is enough.
    taken_over = {part.outline for finding in report.final.findings for part in finding.views}
    for number, mark in enumerate(report.shown, start=1):
        if mark.sop_instance_uid == view.sop_instance_uid and _on_slice(mark.frame, image):
            glyph, colour = _GLYPHS.get(mark.kind, _OTHER)
            yield PictureMark(
                points=() if mark.outline in taken_over else mark.outline,
                closed=True,
                colour=colour,
                label=cad_label(report, number, mark) if in_words else f"C{number}",
                glyph=glyph,
                at=mark.peak,
            )


def _measures(report: ReadReport, view: Mammogram, image: LoadedImage) -> Iterator[PictureMark]:
    for mark in report.annotations:
        if mark.sop_instance_uid == view.sop_instance_uid and _on_slice(mark.frame, image):
            label = mark_text(mark, view, image).replace("\n", ", ")
            for place, (points, closed) in enumerate(_lines(mark)):
                spot = len(points) == 1
                yield PictureMark(
                    points=points,
                    closed=closed,
                    colour=marked_picture.MEASURE,
                    label=label if place == 0 else "",
                    glyph=Glyph.CROSS if spot else Glyph.NONE,
                    at=points[0] if spot else None,
                )


def _lines(mark: Annotation) -> tuple[tuple[tuple[ImagePoint, ...], bool], ...]:
    """Return the lines of a mark, each with whether it is closed."""
    if mark.kind is MarkKind.DIAMETERS:
        return (mark.points[:2], False), (mark.points[2:], False)
    if mark.kind in ELLIPSES:
        return ((ellipse_outline(mark.points), True),)
    return ((mark.points, mark.kind in OUTLINES),)
