"""The report of a whole second read of some images, for what writes results."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mammoview.domain.annotation import Annotation, MarkKind
from mammoview.domain.assessment import Category, Consequence, Opinion, Scheme, Statement
from mammoview.domain.finding import Depth, Finding, FindingKind, FindingView, Quadrant
from mammoview.domain.geometry import Affine2D, ImageBox, ImagePoint
from mammoview.domain.prediction import AnalysisStatus, Heatmap, ModelIdentity
from mammoview.domain.reading import (
    AnalysisOutcome,
    CadMark,
    CadResult,
    CadView,
    Disposition,
    MarkAnswer,
    ReadingMode,
    ReadReport,
    Role,
)
from mammoview.domain.study import Mammogram
from mammoview.domain.views import Laterality

_CELL_PX = 16.0

SCHEME = Scheme(
    id="two",
    title="Two answers",
    categories=(
        Category(code="1", name="negative", consequence=Consequence.NORMAL),
        Category(code="4B", name="moderate suspicion", consequence=Consequence.RECALL),
    ),
    densities=(("b", "scattered fibroglandular densities"),),
)


def report(images: Sequence[Mammogram]) -> ReadReport:
    """Return the report of a signed read of these images.

    Each image has a mass and a calcification mark; the mass of the first is agreed with and is the
    reader's own finding, linked to the other view of that breast, all others are dismissed.
    """
    marks = tuple(
        mark
        for at, image in enumerate(images)
        for mark in (_mark(image, f"m{at}", "mass", 0.4), _mark(image, f"c{at}", "calcification"))
    )
    own = _finding(images)
    answers = [_dismissed(mark) for mark in marks]
    answers[0] = MarkAnswer(
        mark_id=marks[0].id, disposition=Disposition.DUPLICATE, reason="", finding_id=own.id
    )
    return ReadReport(
        read_id="5f" * 16,
        reader="Dr. Reader",
        role=Role.FIRST,
        mode=ReadingMode.SECOND_READ,
        scheme=SCHEME,
        software="0.0",
        opened_at="2026-01-02T08:00:00.000000+00:00",
        locked_at="2026-01-02T08:03:00.000000+00:00",
        signed_at="2026-01-02T08:05:00.000000+00:00",
        signed_by="Dr. Reader",
        images=tuple(images),
        missing=(),
        missing_reason="",
        unaided=_statement((), "1"),
        final=_statement((own,), "4B"),
        cad=_result(images, marks),
        shown=marks,
        answers=tuple(answers),
        heatmaps=tuple((image.sop_instance_uid, _heatmaps(image)) for image in images),
        annotations=(_length(images[0]),),
    )


def _mark(image: Mammogram, name: str, kind: str, share: float = 0.6) -> CadMark:
    col, row, reach = image.cols * share, image.rows * share, image.cols * 0.05
    corners = ((-reach, -reach), (reach, -reach), (reach, reach), (0.0, 1.5 * reach))
    return CadMark(
        id=name,
        sop_instance_uid=image.sop_instance_uid,
        kind=kind,
        score=0.625,
        peak=ImagePoint(col=col, row=row),
        box=ImageBox(col0=col - reach, row0=row - reach, col1=col + reach, row1=row + 1.5 * reach),
        outline=tuple(ImagePoint(col=col + x, row=row + y) for x, y in corners),
        size_mm=(9.5, 6.0) if image.spacing else (),
    )


def _dismissed(mark: CadMark) -> MarkAnswer:
    return MarkAnswer(
        mark_id=mark.id, disposition=Disposition.DISMISS, reason="vessel", finding_id=""
    )


def _finding(images: Sequence[Mammogram]) -> Finding:
    side = images[0].laterality.value or Laterality.RIGHT
    same = [image for image in images if image.laterality.value is side][:2]
    return Finding(
        id="f1",
        laterality=side,
        kind=FindingKind.MASS,
        views=tuple(
            FindingView(
                sop_instance_uid=image.sop_instance_uid, outline=_mark(image, "", "", 0.4).outline
            )
            for image in same
        ),
        descriptors=(("shape", "irregular"), ("margin", "spiculated")),
        size_mm=11.5,
        quadrant=Quadrant.UPPER_OUTER,
        clock=10,
        depth=Depth.MIDDLE,
        comment="new since the prior",
    )


def _statement(findings: tuple[Finding, ...], category: str) -> Statement:
    return Statement(
        findings=findings,
        opinions=(
            Opinion(laterality=Laterality.RIGHT, category=category, reason="the mark showed it"),
            Opinion(laterality=Laterality.LEFT, category="1"),
        ),
        density="b",
    )


def _result(images: Sequence[Mammogram], marks: tuple[CadMark, ...]) -> CadResult:
    return CadResult(
        outcome=AnalysisOutcome.DONE,
        reason="",
        model=ModelIdentity(name="quick", version="1", sha256="ab" * 32),
        operating_point="specific",
        device="CPU",
        views=tuple(
            CadView(sop_instance_uid=image.sop_instance_uid, status=AnalysisStatus.ANALYZED)
            for image in images
        ),
        marks=marks,
        caveats=("trained on simulated calcifications",),
    )


def _heatmaps(image: Mammogram) -> tuple[Heatmap, ...]:
    rows, cols = int(image.rows // _CELL_PX), int(image.cols // _CELL_PX)
    values = np.linspace(0.0, 1.0, rows * cols, dtype=np.float32).reshape(rows, cols)
    values.flags.writeable = False
    to_image = Affine2D.scale_translate(col_scale=_CELL_PX, row_scale=_CELL_PX, col0=0.0, row0=0.0)
    return tuple(
        Heatmap(kind=kind, values=values, to_image=to_image) for kind in ("mass", "calcification")
    )


def _length(image: Mammogram) -> Annotation:
    return Annotation(
        id="0d" * 16,
        sop_instance_uid=image.sop_instance_uid,
        frame=None,
        kind=MarkKind.LENGTH,
        points=(
            ImagePoint(col=image.cols * 0.3, row=image.rows * 0.3),
            ImagePoint(col=image.cols * 0.5, row=image.rows * 0.4),
        ),
    )
