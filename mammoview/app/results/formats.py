"""The formats of results, and what makes the files of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mammoview.app.marks.mark_text import mark_text
from mammoview.app.pixels.resolve import load_image
from mammoview.app.reports import Gathered
from mammoview.app.results.document import results_document
from mammoview.app.results.files import NamedBytes
from mammoview.app.results.words import cad_label, file_label, finding_label, notice_text
from mammoview.app.state.hung_views import LoadedImage
from mammoview.domain.geometry import Affine2D
from mammoview.domain.prediction import Heatmap
from mammoview.domain.reading import ReadReport
from mammoview.domain.study import Mammogram, PixelFormat
from mammoview.errors import MammoviewError
from mammoview.imaging.grayscale import Voi, default_voi
from mammoview.imaging.heat_grid import scores_on_grid
from mammoview.words import QT_TRANSLATE_NOOP

if TYPE_CHECKING:
    from mammoview.dicom.export.drawn import Texts
    from mammoview.dicom.export.headers import SourceImage

Shown: TypeAlias = Callable[[PixelFormat], Voi]
_CAPTURE_PX, _PRINT_PX = 2000, 1400


class Format(StrEnum):
    """What a read can be exported as, in the words of the command line."""

    CAD_SR = "cad-sr"
    TID_1500 = "tid1500"
    SEG = "seg"
    GSPS = "gsps"
    KO = "ko"
    SC = "sc"
    PDF = "pdf"
    PDF_DICOM = "pdf-dicom"
    JSON = "json"


TITLES: Mapping[Format, str] = MappingProxyType(
    {
        Format.PDF: QT_TRANSLATE_NOOP("Export", "Report (PDF)"),
        Format.PDF_DICOM: QT_TRANSLATE_NOOP("Export", "Report as a DICOM object (PDF inside)"),
        Format.JSON: QT_TRANSLATE_NOOP("Export", "All that was said, for programs (JSON)"),
        Format.TID_1500: QT_TRANSLATE_NOOP("Export", "Findings and marks (DICOM SR, TID 1500)"),
        Format.CAD_SR: QT_TRANSLATE_NOOP("Export", "Marks of the computer (Mammography CAD SR)"),
        Format.SEG: QT_TRANSLATE_NOOP("Export", "Heatmaps (DICOM Segmentation)"),
        Format.GSPS: QT_TRANSLATE_NOOP("Export", "Display with marks (presentation states)"),
        Format.KO: QT_TRANSLATE_NOOP("Export", "Key images (Key Object Selection)"),
        Format.SC: QT_TRANSLATE_NOOP("Export", "Pictures with marks (Secondary Capture)"),
    }
)


class NothingToTellError(MammoviewError):
    """A read that has nothing that a format could hold."""


class Work:
    """What the formats are made from; what several need is read once.

    Parameters
    ----------
    gathered : Gathered
        The read.
    cancelled : callable
        Asked before each image.
    shown : callable
        The window that an image of a pixel format is shown with.
    """

    def __init__(
        self, gathered: Gathered, cancelled: Callable[[], bool], shown: Shown = default_voi
    ) -> None:
        self.gathered = gathered
        self.shown = shown
        self._cancelled = cancelled
        self._sources: tuple[SourceImage, ...] = ()
        self._loaded: dict[str, tuple[Mammogram, LoadedImage]] = {}
        self._pdf = b""

    @property
    def report(self) -> ReadReport:
        """The read."""
        return self.gathered.report

    def sources(self) -> tuple[SourceImage, ...]:
        """Return the headers of the images.

        Raises
        ------
        DicomError
            If they are not the images that were read, or of several patients.
        """
        from mammoview.dicom.export.headers import read_sources

        self._sources = self._sources or read_sources(self.report.images)
        return self._sources

    def images(self) -> Iterator[tuple[int, Mammogram, LoadedImage]]:
        """Decode the images one after another: their number from 1, header and pixels.

        Raises
        ------
        CancelledError
            Once nobody wants the results any more.
        DicomError
            If one cannot be decoded.
        """
        for place, mammogram in enumerate(self.report.images, start=1):
            if self._cancelled():
                raise CancelledError("a cancelled export", expected="the rest", todo="export again")
            uid = mammogram.sop_instance_uid
            if uid not in self._loaded:
                self._loaded[uid] = load_image(mammogram, slice_to_show(self.report, mammogram))
            yield place, *self._loaded[uid]

    def pdf(self) -> bytes:
        """Return the report; laid out once, for the file and for the DICOM object."""
        from mammoview.app.results.pictures import picture_of
        from mammoview.app.results.report_pdf import report_pdf

        if not self._pdf:
            pictures = [
                (
                    mammogram.slot or "",
                    picture_of(
                        self.report,
                        mammogram,
                        image,
                        voi=self.shown(mammogram.pixel_format),
                        long_side_px=_PRINT_PX,
                        in_words=False,
                    ),
                )
                for _, mammogram, image in self.images()
            ]
            self._pdf = report_pdf(self.report, pictures)
        return self._pdf


def slice_to_show(report: ReadReport, mammogram: Mammogram) -> int | None:
    """Return the slice of a volume that a picture of it shows; None for an image of one frame.

    It is that of the first finding, else of the first mark of the computer, else of the first
    measurement, else the middle one.
    """
    if mammogram.frames is None:
        return None
    uid = mammogram.sop_instance_uid
    found = [v.frame for f in report.final.findings for v in f.views if v.sop_instance_uid == uid]
    drawn = [a.frame or 0 for a in report.annotations if a.sop_instance_uid == uid]
    marked = [mark.frame for mark in report.shown if mark.sop_instance_uid == uid]
    return next(filter(None, (*found, *marked, *drawn)), mammogram.frames.middle)


class CancelledError(MammoviewError):
    """The user has had enough."""


class Maker(Protocol):
    """Makes the files of one format."""

    def __call__(self, work: Work) -> tuple[NamedBytes, ...]:
        """Return the files; raise `MammoviewError` where there are none."""
        ...


def _cad_sr(work: Work) -> tuple[NamedBytes, ...]:
    from mammoview.dicom.export.cad_sr import build_cad_sr
    from mammoview.dicom.export.headers import to_bytes

    made = build_cad_sr(work.report, work.sources())
    return (NamedBytes(name="cad-sr.dcm", content=to_bytes(made)),)


def _tid1500(work: Work) -> tuple[NamedBytes, ...]:
    from mammoview.dicom.export.tid1500 import measurement_report

    content = measurement_report(work.report, work.sources())
    return (NamedBytes(name="tid1500.dcm", content=content),)


def _seg(work: Work) -> tuple[NamedBytes, ...]:
    from mammoview.dicom.export.heatmap_seg import heatmap_segmentation

    heatmaps = dict(work.report.heatmaps)
    if not heatmaps:
        raise NothingToTellError(
            work.gathered.no_heatmaps or "a read without heatmaps",
            expected="heatmaps that were kept at the reveal",
            todo="leave this format out",
        )
    files = []
    for place, mammogram, image in work.images():
        maps = heatmaps.get(mammogram.sop_instance_uid)
        if maps:
            content = heatmap_segmentation(
                work.report,
                work.sources()[place - 1],
                [(heatmap.kind, _on_image(heatmap, image)) for heatmap in maps],
                place,
            )
            files.append(_numbered("seg", place, mammogram, content))
    return tuple(files)


def _gsps(work: Work) -> tuple[NamedBytes, ...]:
    from mammoview.dicom.export.gsps import Look, presentation_state

    files = []
    for place, mammogram, image in work.images():
        look = Look(
            pose=image.pose,
            voi=work.shown(mammogram.pixel_format),
            texts=_texts(work.report, mammogram, image),
        )
        content = presentation_state(work.report, work.sources()[place - 1], look, place)
        files.append(_numbered("gsps", place, mammogram, content))
    return tuple(files)


def _texts(report: ReadReport, mammogram: Mammogram, image: LoadedImage) -> Texts:
    """Return what is written on an image, as on a picture of it."""
    from mammoview.dicom.export.drawn import Texts

    uid = mammogram.sop_instance_uid
    own = [mark for mark in report.annotations if mark.sop_instance_uid == uid]
    findings = enumerate(report.final.findings, start=1)
    marks = enumerate(report.shown, start=1)
    return Texts(
        findings=tuple(finding_label(number, finding) for number, finding in findings),
        marks=tuple(cad_label(report, number, mark) for number, mark in marks),
        measures=tuple((mark.id, mark_text(mark, mammogram, image)) for mark in own),
        notice=notice_text(report),
    )


def _ko(work: Work) -> tuple[NamedBytes, ...]:
    from mammoview.dicom.export.key_objects import key_object_documents

    documents = key_object_documents(work.report, work.sources())
    if not documents:
        raise NothingToTellError(
            "a read without key images",
            expected="a finding, or a mark that was agreed with",
            todo="leave this format out",
        )
    if len(documents) == 1:
        return (NamedBytes(name="ko.dcm", content=documents[0]),)
    return tuple(
        NamedBytes(name=f"ko-{place}.dcm", content=content)
        for place, content in enumerate(documents, start=1)
    )


def _sc(work: Work) -> tuple[NamedBytes, ...]:
    from mammoview.app.results.pictures import picture_of
    from mammoview.dicom.export.secondary_capture import secondary_capture

    files = []
    for place, mammogram, image in work.images():
        picture = picture_of(
            work.report,
            mammogram,
            image,
            voi=work.shown(mammogram.pixel_format),
            long_side_px=_CAPTURE_PX,
            in_words=True,
        )
        content = secondary_capture(work.report, work.sources()[place - 1], picture, place)
        files.append(_numbered("sc", place, mammogram, content))
    return tuple(files)


def _pdf(work: Work) -> tuple[NamedBytes, ...]:
    return (NamedBytes(name="report.pdf", content=work.pdf()),)


def _pdf_dicom(work: Work) -> tuple[NamedBytes, ...]:
    from mammoview.dicom.export.encapsulated_pdf import encapsulated_pdf

    content = encapsulated_pdf(work.report, work.sources(), work.pdf())
    return (NamedBytes(name="report-pdf.dcm", content=content),)


def _json(work: Work) -> tuple[NamedBytes, ...]:
    import json

    text = json.dumps(results_document(work.report), indent=2, ensure_ascii=False, allow_nan=False)
    return (NamedBytes(name="results.json", content=f"{text}\n".encode()),)


def _on_image(heatmap: Heatmap, image: LoadedImage) -> NDArray[np.float32]:
    """Return the scores of the image's pixels, 0 outside the breast, as on the screen."""
    rows, cols = image.stored.shape
    scores = scores_on_grid(heatmap, Affine2D.identity(), (rows, cols))
    mask = image.breast
    at_row = (np.arange(rows) * mask.shape[0]) // rows
    at_col = (np.arange(cols) * mask.shape[1]) // cols
    scores[~mask[at_row[:, None], at_col[None, :]]] = 0.0
    return np.clip(scores, 0.0, 1.0)


def _numbered(what: str, place: int, mammogram: Mammogram, content: bytes) -> NamedBytes:
    return NamedBytes(name=f"{what}-{place}-{file_label(mammogram)}.dcm", content=content)


MAKERS: Mapping[Format, Maker] = MappingProxyType(
    {
        Format.CAD_SR: _cad_sr,
        Format.TID_1500: _tid1500,
        Format.SEG: _seg,
        Format.GSPS: _gsps,
        Format.KO: _ko,
        Format.SC: _sc,
        Format.PDF: _pdf,
        Format.PDF_DICOM: _pdf_dicom,
        Format.JSON: _json,
    }
)
