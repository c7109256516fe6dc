from __future__ import annotations

from copy import deepcopy

import pytest
from pydicom.dataset import Dataset

from mammoview.dicom.export import cad_sr
from mammoview.dicom.export.cad_sr import build_cad_sr
from mammoview.dicom.export.headers import read_sources
from mammoview.dicom.export.template_check import check_template, template_faults
from mammoview.domain.study import Mammogram
from mammoview.errors import DicomError
from tests.builders.sr_faults import FAULTS
from tests.dicom.export.conftest import answer, exam_images, mark, said


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """A report with a pair, a mark alone and one of another operating point."""
    folder = tmp_path_factory.mktemp("check") / "right"
    cc, mlo = images = exam_images(folder, (("R", "CC"), ("R", "MLO")))
    flagged = (
        mark(cc, "a", "calcification", col=30.0, row=50.0),
        mark(cc, "b", col=40.0, row=60.0),
        mark(mlo, "c", col=40.0, row=60.0),
    )
    seen = (mark(mlo, "d", col=50.0, row=30.0),)
    answers = (answer("b", "f1"), answer("c", "f1"))
    report = said(images, flagged, seen, answers)
    return build_cad_sr(report, read_sources(images))


def test_a_good_report_has_no_fault(good: Dataset) -> None:
    assert template_faults(good) == ()


@pytest.mark.parametrize("name", FAULTS)
def test_every_planted_fault_is_found_and_named(good: Dataset, name: str) -> None:
    plant, named = FAULTS[name]
    faulty = deepcopy(good)
    plant(faulty)
    found = template_faults(faulty)
    assert any(named in fault for fault in found), found
    with pytest.raises(DicomError, match="breaks its template"):
        check_template(faulty)


def test_a_fault_of_the_writer_keeps_the_report_from_being_written(
    right_breast: tuple[Mammogram, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cad_sr._Writer, "_intent", lambda self, marks: self._detections())
    report = said(right_breast, (mark(right_breast[0], "a", col=30.0, row=50.0),))
    with pytest.raises(DicomError, match="Rendering Intent"):
        build_cad_sr(report, read_sources(right_breast))
