"""What the validators of others say of what is written here; skipped where they are missing."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
from pydicom.dataset import FileDataset

from mammoview.dicom.export.cad_sr import build_cad_sr
from mammoview.dicom.export.headers import read_sources, to_bytes
from mammoview.domain.prediction import AnalysisStatus
from tests.builders import validators
from tests.builders.sr_faults import FAULTS
from tests.dicom.export.conftest import answer, exam_images, mark, said, with_views


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> FileDataset:
    """A report that has each part of the template once: the validators are slow."""
    folder = tmp_path_factory.mktemp("validated") / "right"
    views = (("R", "CC"), ("R", "MLO"), ("L", "CC"))
    images = exam_images(folder, views)
    by_label = {image.label: image for image in images}
    cc, mlo = by_label["R CC"], by_label["R MLO"]
    report = said(
        images,
        (mark(cc, "b", col=40.0, row=60.0), mark(mlo, "c", col=40.0, row=60.0)),
        (mark(mlo, "d", "calcification", col=50.0, row=30.0),),
        (answer("b", "f1"), answer("c", "f1")),
    )
    status = {"R CC": AnalysisStatus.ANALYZED, "R MLO": AnalysisStatus.ANALYZED}
    report = with_views(report, *(status.get(i.label, AnalysisStatus.FAILED) for i in images))
    return build_cad_sr(report, read_sources(images))


@pytest.fixture(scope="module")
def file(built: FileDataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("written") / "cad.dcm"
    path.write_bytes(to_bytes(built))
    return path


def test_modules_and_attributes(file: Path) -> None:
    assert validators.iod_errors(file) == []


def test_relationships_and_references(file: Path) -> None:
    assert validators.sr_dump_complaints(file) == []


def test_tree(file: Path) -> None:
    assert validators.sr_tree_complaints(file) == []


def test_page_for_readers(file: Path) -> None:
    page = validators.html_of(file)
    for shown in ("Single Image Finding", "Mammographic breast mass", "Research use only"):
        assert shown in page


def test_a_read_that_failed_or_was_not_run(tmp_path: Path) -> None:
    for status in (AnalysisStatus.FAILED, AnalysisStatus.NOT_SUPPORTED):
        images = exam_images(tmp_path / status, (("R", "CC"),))
        report = with_views(said(images), status)
        path = tmp_path / f"{status}.dcm"
        path.write_bytes(to_bytes(build_cad_sr(report, read_sources(images))))
        assert validators.iod_errors(path) == []
        assert validators.sr_dump_complaints(path) == []


def test_template(file: Path) -> None:
    assert validators.template_errors(file) == []


def test_template_validator_finds_what_ours_finds(tmp_path: Path) -> None:
    """All in one small document, since the validator takes its time."""
    planted = {
        "no intent": "111056",
        "no centre": "111010",
        "no summary of analyses": "111065",
        "code outside of its group": "6014",
        "wrong relationship of an intent": "HAS PROPERTIES",
    }
    images = exam_images(tmp_path / "one", (("R", "CC"),))
    report = said(images, (mark(images[0], "a", col=40.0, row=60.0),))
    faulty = build_cad_sr(report, read_sources(images))
    for name in planted:
        FAULTS[name][0](faulty)
    path = tmp_path / "faulty.dcm"
    path.write_bytes(to_bytes(faulty))
    found = "\n".join(validators.template_errors(path))
    for named in planted.values():
        assert named in found


def test_relationship_validator_finds_a_dangling_reference(
    built: FileDataset, tmp_path: Path
) -> None:
    faulty = deepcopy(built)
    FAULTS["dangling reference"][0](faulty)
    path = tmp_path / "faulty.dcm"
    path.write_bytes(to_bytes(faulty))
    assert validators.sr_dump_complaints(path)
