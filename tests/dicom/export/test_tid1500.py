"""The measurement report, read back by pydicom alone, which knows nothing of how it was written."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from mammoview.dicom.export.headers import read_sources
from mammoview.dicom.export.tid1500 import measurement_report
from mammoview.domain.finding import Finding, FindingKind, FindingView
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.reading import CadMark, ReadReport
from mammoview.domain.study import Mammogram
from mammoview.domain.views import Laterality
from tests.builders import validators
from tests.builders.reports import report
from tests.dicom.export.conftest import mark


def _written(read: ReadReport) -> Dataset:
    return pydicom.dcmread(io.BytesIO(measurement_report(read, read_sources(read.images))))


def _children(item: Dataset, meaning: str) -> list[Dataset]:
    return [
        child
        for child in item.get("ContentSequence", [])
        if child.ConceptNameCodeSequence[0].CodeMeaning == meaning
    ]


def _groups(document: Dataset) -> list[Dataset]:
    (measurements,) = _children(document, "Imaging Measurements")
    return _children(measurements, "Measurement Group")


def _tracking(group: Dataset) -> str:
    return str(_children(group, "Tracking Unique Identifier")[0].UID)


def _region(group: Dataset) -> tuple[str, list[float], str]:
    """Return graphic type, flat column-row pairs, and the image that they were drawn on."""
    (region,) = _children(group, "Image Region")
    (image,) = region.ContentSequence
    reference = image.ReferencedSOPSequence[0]
    return region.GraphicType, list(region.GraphicData), reference.ReferencedSOPInstanceUID


def _read_of(images: tuple[Mammogram, ...], *marks: CadMark, finding: Finding) -> ReadReport:
    whole = report(images)
    return replace(
        whole, shown=marks, answers=(), final=replace(whole.final, findings=(finding,), opinions=())
    )


def _in_two_views(images: tuple[Mammogram, ...]) -> Finding:
    outlines = (
        (ImagePoint(col=10.25, row=30.5), ImagePoint(col=20.0, row=31.0)),
        (ImagePoint(col=55.5, row=7.75),),
    )
    corner = ImagePoint(col=12.5, row=44.0)
    return Finding(
        id="f9",
        laterality=Laterality.RIGHT,
        kind=FindingKind.MASS,
        views=(
            FindingView(
                sop_instance_uid=images[0].sop_instance_uid, outline=(*outlines[0], corner)
            ),
            FindingView(sop_instance_uid=images[1].sop_instance_uid, outline=outlines[1]),
        ),
        descriptors=(("margin", "spiculated"), ("type", "developing")),
        comment="новая находка",
    )


@pytest.fixture
def read(right_breast: tuple[Mammogram, ...]) -> ReadReport:
    one = mark(right_breast[1], "m7", col=33.5, row=71.25)
    return _read_of(right_breast, one, finding=_in_two_views(right_breast))


def test_coordinates_and_images_are_those_of_the_read(read: ReadReport) -> None:
    first, second, computer = _groups(_written(read))
    uids = [image.sop_instance_uid for image in read.images]
    closed = [10.25, 30.5, 20.0, 31.0, 12.5, 44.0, 10.25, 30.5]
    assert _region(first) == ("POLYLINE", closed, uids[0])
    assert _region(second) == ("POINT", [55.5, 7.75], uids[1])
    kind, points, uid = _region(computer)
    assert (kind, uid) == ("POLYLINE", uids[1])
    assert points == [28.25, 67.75, 39.625, 68.5, 34.0, 78.3125, 28.25, 67.75]


def test_one_tracking_uid_a_finding_and_another_a_mark(read: ReadReport) -> None:
    first, second, computer = map(_tracking, _groups(_written(read)))
    assert first == second != computer
    again = [_tracking(group) for group in _groups(_written(replace(read, signed_by="other")))]
    assert again == [first, second, computer]


def test_marks_name_their_algorithm_and_findings_do_not(read: ReadReport) -> None:
    first, _, computer = _groups(_written(read))
    assert _children(first, "Algorithm Name") == []
    assert _children(computer, "Algorithm Name")[0].TextValue == "quick"
    said = [item.TextValue for item in _children(computer, "Algorithm Parameters")]
    assert f"sha256 {'ab' * 32}" in said
    assert "trained on simulated calcifications" in said
    certainty = _children(computer, "Certainty of Finding")[0].MeasuredValueSequence[0]
    assert float(certainty.NumericValue) == 62.5


def test_a_mark_without_a_score_has_no_certainty(read: ReadReport) -> None:
    other = replace(read, shown=(replace(read.shown[0], scored=False),))
    computer = _groups(_written(other))[2]
    assert _children(computer, "Certainty of Finding") == []


def test_descriptors_have_the_code_of_the_standard_or_the_programs_own(read: ReadReport) -> None:
    first = _groups(_written(read))[0]
    (margin,) = _children(first, "Margins")
    assert margin.ConceptCodeSequence[0].CodeValue == "129742005"
    (developing,) = _children(first, "type")
    assert developing.ConceptCodeSequence[0].CodingSchemeDesignator == "99MAMMOVIEW"


def test_words_of_any_script_come_back(read: ReadReport) -> None:
    comments = _children(_groups(_written(read))[0], "Comment")
    assert comments[0].TextValue == "новая находка"


def test_an_outline_beyond_the_border_ends_at_it(right_breast: tuple[Mammogram, ...]) -> None:
    image = right_breast[0]
    over = mark(image, "m1", col=image.cols - 1.0, row=1.0)
    read = _read_of(right_breast, over, finding=_in_two_views(right_breast))
    _, points, _ = _region(_groups(_written(read))[2])
    assert max(points[::2]) == image.cols
    assert min(points[1::2]) == 0.0


@pytest.mark.parametrize("signed", [True, False])
def test_only_a_signed_read_is_complete_and_final(read: ReadReport, signed: bool) -> None:
    if not signed:
        read = replace(read, signed_at="", signed_by="")
    document = _written(read)
    said = (document.CompletionFlag, document.PreliminaryFlag, document.VerificationFlag)
    complete, preliminary = ("COMPLETE", "FINAL") if signed else ("PARTIAL", "PRELIMINARY")
    assert said == (complete, preliminary, "UNVERIFIED")


def test_the_same_read_gives_the_same_bytes(read: ReadReport) -> None:
    sources = read_sources(read.images)
    assert measurement_report(read, sources) == measurement_report(read, sources)


def test_validators_of_others_find_nothing(
    right_breast: tuple[Mammogram, ...], tmp_path: Path
) -> None:
    read = report(right_breast)
    file = tmp_path / "tid1500.dcm"
    file.write_bytes(measurement_report(read, read_sources(right_breast)))
    assert validators.iod_errors(file) == []
    assert validators.sr_dump_complaints(file) == []
    # Mammography is in no context group of the validator's edition; the group is a baseline one,
    # which may be extended (PS3.16 TID 1500, BCID 100).  Content beyond the template is allowed.
    found = [line for line in validators.template_errors(file) if line.startswith("Error")]
    assert [line for line in found if "context group 100" not in line] == []
