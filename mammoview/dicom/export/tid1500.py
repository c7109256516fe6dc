"""The findings of a read and the marks of the computer as a measurement report, TID 1500.

General viewers read this template.  Every finding and every mark has one tracking UID, made from
its id: in each view that shows it, and in every document of this read.  The reader's findings carry
the person, the computer's marks the algorithm.  A read that nobody has signed is PARTIAL,
PRELIMINARY and UNVERIFIED; a signed one is COMPLETE and FINAL, and stays UNVERIFIED, since a
signature in a research tool is no verification by somebody accountable (PS3.3 C.17.2).

Source: PS3.16 TID 1500, 1501, 1410, 4019; PS3.3 C.18.6 (SCOORD: column, row, the origin at the
outer corner of the first pixel, as in `domain.geometry`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    ComprehensiveSR,
    FindingSite,
    GraphicTypeValues,
    ImageRegion,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    RelationshipTypeValues,
    SourceImageForRegion,
    TextContentItem,
    TrackingIdentifier,
)
from pydicom.sr.codedict import codes

from mammoview.dicom.export import terms
from mammoview.dicom.export.adopted import adopt, head, image_dataset, strictly
from mammoview.dicom.export.drawn import inside
from mammoview.dicom.export.headers import ResultKind, SourceImage, to_bytes
from mammoview.dicom.export.identity import mark_uid
from mammoview.dicom.export.names import observer
from mammoview.domain.finding import Finding, FindingView
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.reading import CadMark, MarkAnswer, ReadReport
from mammoview.domain.views import Laterality

KIND = ResultKind(
    name="tid1500",
    sop_class="1.2.840.10008.5.1.4.1.1.88.33",
    modality="SR",
    series_number=9002,
    description="Findings and CAD marks, research use only",
)
_Group: TypeAlias = (
    PlanarROIMeasurementsAndQualitativeEvaluations | MeasurementsAndQualitativeEvaluations
)
_LONGEST_TEXT = 1024


@strictly()
def measurement_report(report: ReadReport, sources: Sequence[SourceImage]) -> bytes:
    """Return the document of all findings, marks and opinions of a read.

    Parameters
    ----------
    report : ReadReport
        The read.
    sources : sequence of SourceImage
        Its images (`headers.read_sources`).

    Raises
    ------
    DicomError
        If it cannot be written.
    """
    content = MeasurementReport(
        observation_context=ObservationContext(observer_person_context=observer(report.reader)),
        procedure_reported=terms.MAMMOGRAPHY,
        imaging_measurements=[
            *_findings(report, sources),
            *_marks(report, sources),
            *_opinions(report),
        ],
        title=codes.DCM.ImagingMeasurementReport,
    )
    built = ComprehensiveSR(
        evidence=[image_dataset(source) for source in sources],
        content=content,
        **head(report, KIND),
        is_complete=not report.preliminary,
        is_final=not report.preliminary,
        is_verified=False,
        coding_schemes=[terms.own_scheme()],
    )
    return to_bytes(adopt(report, sources, KIND, built))


def _findings(report: ReadReport, sources: Sequence[SourceImage]) -> Iterator[_Group]:
    for number, finding in enumerate(report.final.findings, start=1):
        for view in finding.views:
            group = PlanarROIMeasurementsAndQualitativeEvaluations(
                tracking_identifier=TrackingIdentifier(
                    uid=mark_uid(report, f"finding {finding.id}"),
                    identifier=f"Finding {number} of the reader",
                ),
                referenced_region=_region(
                    view.outline, _source(sources, view.sop_instance_uid), view.frame
                ),
                finding_type=terms.finding_code(finding.kind),
                finding_sites=[_site(finding)],
                measurements=_size(finding) or None,
                qualitative_evaluations=_descriptors(finding) or None,
            )
            yield _with_comments(group, finding.comment, _one_view_of(finding, view))


def _marks(report: ReadReport, sources: Sequence[SourceImage]) -> Iterator[_Group]:
    for number, mark in enumerate(report.shown, start=1):
        source = _source(sources, mark.sop_instance_uid)
        answer = report.answer_to(mark.id)
        group = PlanarROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=TrackingIdentifier(
                uid=mark_uid(report, mark.id), identifier=f"CAD mark {number}"
            ),
            referenced_region=_region(mark.outline or (mark.peak,), source, mark.frame),
            finding_type=terms.cad_code(mark.kind),
            algorithm_id=_algorithm(report),
            finding_sites=[_breast(source.image.laterality.value)],
            measurements=_mark_measurements(mark) or None,
            qualitative_evaluations=[_answer(answer)] if answer else None,
        )
        yield _with_comments(group, answer.reason if answer else "")


def _opinions(report: ReadReport) -> Iterator[_Group]:
    """Return what is said of each breast now; the unaided opinion stands in the report."""
    for opinion in report.final.opinions:
        category = terms.category_code(report.scheme, opinion.category)
        said = [QualitativeEvaluation(name=terms.ASSESSMENT, value=category)]
        if report.final.density:
            density = terms.density_code(report.scheme, report.final.density)
            said.append(QualitativeEvaluation(name=terms.COMPOSITION, value=density))
        side = opinion.laterality
        group = MeasurementsAndQualitativeEvaluations(
            tracking_identifier=TrackingIdentifier(
                uid=mark_uid(report, f"opinion {side}"), identifier=f"Opinion of breast {side}"
            ),
            finding_sites=[_breast(side)],
            qualitative_evaluations=said,
        )
        yield _with_comments(group, opinion.reason)


def _source(sources: Sequence[SourceImage], sop_instance_uid: str) -> SourceImage:
    return next(s for s in sources if s.image.sop_instance_uid == sop_instance_uid)


def _region(outline: Sequence[ImagePoint], source: SourceImage, frame: int) -> ImageRegion:
    """Return a point, or the closed outline; DICOM closes a polyline by its first point."""
    points = inside(outline, source.image)
    is_point = len(points) == 1
    if not is_point and points[0] != points[-1]:
        points = (*points, points[0])
    return ImageRegion(
        graphic_type=GraphicTypeValues.POINT if is_point else GraphicTypeValues.POLYLINE,
        graphic_data=np.array(points, np.float64),
        source_image=SourceImageForRegion(
            referenced_sop_class_uid=source.sop_class,
            referenced_sop_instance_uid=source.image.sop_instance_uid,
            referenced_frame_numbers=[frame] if frame else None,
        ),
    )


def _site(finding: Finding) -> FindingSite:
    return FindingSite(
        anatomic_location=terms.BREAST,
        laterality=terms.side_code(finding.laterality),
        topographical_modifier=terms.place_code(finding),
    )


def _breast(side: Laterality | None) -> FindingSite:
    return FindingSite(
        anatomic_location=terms.BREAST, laterality=terms.side_code(side) if side else None
    )


def _size(finding: Finding) -> list[Measurement]:
    if not finding.size_mm:
        return []
    return [_millimetres(terms.LONGEST, finding.size_mm)]


def _millimetres(name: CodedConcept, value: float) -> Measurement:
    return Measurement(name=name, value=value, unit=codes.UCUM.Millimeter)


def _descriptors(finding: Finding) -> list[QualitativeEvaluation]:
    pairs = [terms.descriptor_codes(axis, term) for axis, term in finding.descriptors]
    depth = terms.depth_code(finding.depth)
    if depth is not None:
        pairs.append((terms.DEPTH, depth))
    return [QualitativeEvaluation(name=name, value=value) for name, value in pairs]


def _mark_measurements(mark: CadMark) -> list[Measurement]:
    # How certain a finding of that kind is there; never how probable a cancer is.
    certainty = Measurement(
        name=terms.CERTAINTY, value=round(100 * mark.score, 2), unit=terms.PERCENT
    )
    sizes = [
        _millimetres(name, value)
        for name, value in zip((terms.LONGEST, terms.SHORTEST), mark.size_mm, strict=False)
    ]
    return [certainty, *sizes] if mark.scored else sizes


def _algorithm(report: ReadReport) -> AlgorithmIdentification:
    cad = report.cad
    assert cad is not None  # a mark was shown
    parameters = [
        f"operating point {cad.operating_point}",
        f"sha256 {cad.model.sha256}",
        f"device {cad.device}",
        *cad.caveats,
    ]
    return AlgorithmIdentification(
        name=cad.model.name or "unknown",
        version=cad.model.version or "unknown",
        parameters=[text[:_LONGEST_TEXT] for text in parameters],
    )


def _answer(answer: MarkAnswer) -> QualitativeEvaluation:
    value = terms.own(f"ANSWER-{answer.disposition}", str(answer.disposition))
    return QualitativeEvaluation(name=terms.ANSWER, value=value)


def _one_view_of(finding: Finding, view: FindingView) -> str:
    """Say of the second view and later ones that they show the same finding."""
    place = finding.views.index(view) + 1
    return f"view {place} of {len(finding.views)} of one finding" if len(finding.views) > 1 else ""


def _with_comments(group: _Group, *comments: str) -> _Group:
    for comment in comments:
        if comment.strip():
            group[0].ContentSequence.append(
                TextContentItem(
                    name=codes.DCM.Comment,
                    value=comment,
                    relationship_type=RelationshipTypeValues.CONTAINS,
                )
            )
    return group
