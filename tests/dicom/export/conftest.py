from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mammoview.dicom.index import index_paths
from mammoview.domain.geometry import ImageBox, ImagePoint
from mammoview.domain.prediction import AnalysisStatus
from mammoview.domain.reading import CadMark, CadView, Disposition, MarkAnswer, ReadReport
from mammoview.domain.study import Mammogram
from tests.builders.dicom import VIEWS, build_mg
from tests.builders.reports import report


def exam_images(folder: Path, views: tuple[tuple[str, str], ...] = VIEWS) -> tuple[Mammogram, ...]:
    """Write the views of an examination and return what the program reads of them."""
    folder.mkdir()
    for side, view in views:
        build_mg(folder / f"{side}{view}.dcm", laterality=side, view=view)
    (examination,) = index_paths([folder]).examinations
    return examination.mammograms


def mark(image: Mammogram, name: str, kind: str = "mass", *, col: float, row: float) -> CadMark:
    """Return a mark whose outline is a triangle around its peak, at uneven places."""
    corners = ((-5.25, -3.5), (6.125, -2.75), (0.5, 7.0625))
    return CadMark(
        id=name,
        sop_instance_uid=image.sop_instance_uid,
        kind=kind,
        score=0.625,
        peak=ImagePoint(col=col, row=row),
        box=ImageBox(col0=col - 5.25, row0=row - 3.5, col1=col + 6.125, row1=row + 7.0625),
        outline=tuple(ImagePoint(col=col + x, row=row + y) for x, y in corners),
    )


def answer(mark_name: str, finding: str) -> MarkAnswer:
    """Return the answer that a mark is one of the reader's findings."""
    return MarkAnswer(
        mark_id=mark_name, disposition=Disposition.DUPLICATE, reason="", finding_id=finding
    )


@pytest.fixture
def right_breast(tmp_path: Path) -> tuple[Mammogram, ...]:
    """R CC and R MLO."""
    return exam_images(tmp_path / "right", (("R", "CC"), ("R", "MLO")))


def with_views(report: ReadReport, *statuses: AnalysisStatus) -> ReadReport:
    """Return a report whose images, in their order, were read, failed, or not run."""
    assert report.cad is not None
    views = tuple(
        CadView(sop_instance_uid=image.sop_instance_uid, status=status, reason="out of memory")
        for image, status in zip(report.images, statuses, strict=True)
    )
    return replace(report, cad=replace(report.cad, views=views))


def said(
    images: tuple[Mammogram, ...],
    flagged: tuple[CadMark, ...] = (),
    seen: tuple[CadMark, ...] = (),
    answers: tuple[MarkAnswer, ...] = (),
) -> ReadReport:
    """Return the report of some marks, flagged or only seen at another operating point."""
    whole = report(images)
    assert whole.cad is not None
    return replace(
        whole,
        cad=replace(whole.cad, marks=flagged, kinds=("mass", "calcification")),
        shown=(*flagged, *seen),
        answers=answers,
        heatmaps=(),
    )
