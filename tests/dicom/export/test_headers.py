from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from pydicom.config import disable_value_validation

from mammoview.dicom.export.headers import (
    ResultKind,
    evidence,
    new_result,
    read_sources,
    reference,
    to_bytes,
)
from mammoview.dicom.export.identity import derived_uid, moment, result_uid, series_uid
from mammoview.dicom.index import index_paths
from mammoview.domain.study import Mammogram
from mammoview.errors import DicomError
from tests.builders.dicom import build_cbis_exam, build_exam, build_mg
from tests.builders.reports import report

_KIND = ResultKind(
    name="thing",
    sop_class="1.2.840.10008.5.1.4.1.1.88.50",
    modality="SR",
    series_number=9001,
    description="a thing",
)


def _images(*paths: Path) -> tuple[Mammogram, ...]:
    (examination,) = index_paths(paths).examinations
    return examination.mammograms


def test_the_same_read_gives_the_same_bytes_under_a_uid_of_its_own(tmp_path: Path) -> None:
    build_exam(tmp_path)
    images = _images(tmp_path)
    said = report(images)
    first, second = (to_bytes(new_result(said, read_sources(images), _KIND)) for _ in range(2))
    assert first == second
    made = pydicom.dcmread(io.BytesIO(first))
    assert made.SOPInstanceUID.startswith("2.25.")
    assert made.SOPInstanceUID.is_valid
    assert made.StudyInstanceUID == pydicom.dcmread(images[0].file).StudyInstanceUID
    assert made.PatientName == "Phantom^One"
    assert made.ContentDate == moment(said).strftime("%Y%m%d")


def test_what_is_said_later_is_another_instance_of_the_same_series(tmp_path: Path) -> None:
    build_exam(tmp_path)
    said = report(_images(tmp_path))
    later = replace(said, signed_by="Dr. Other")
    assert result_uid(said, "seg") != result_uid(later, "seg")
    assert result_uid(said, "seg") != result_uid(said, "sc")
    assert series_uid(said, "seg") == series_uid(later, "seg")
    assert derived_uid("a", "bc") != derived_uid("ab", "c")


def test_times_are_in_the_zone_of_the_images(tmp_path: Path) -> None:
    file = build_mg(tmp_path / "a.dcm", elements={"TimezoneOffsetFromUTC": "-0330"})
    images = _images(file)
    made = new_result(report(images), read_sources(images), _KIND)
    assert (made.ContentDate, made.ContentTime) == ("20260102", "043500")  # signed 08:05 UTC
    assert made.TimezoneOffsetFromUTC == "-0330"


def test_names_in_other_alphabets_come_through(tmp_path: Path) -> None:
    elements = {"SpecificCharacterSet": "ISO_IR 100", "PatientName": "Müller^Zoë"}
    images = _images(build_mg(tmp_path / "a.dcm", elements=elements))
    written = to_bytes(new_result(report(images), read_sources(images), _KIND))
    assert str(pydicom.dcmread(io.BytesIO(written)).PatientName) == "Müller^Zoë"
    assert "Müller".encode() in written


def test_values_that_dicom_does_not_allow_stay_empty(tmp_path: Path) -> None:
    wrong = {"StudyDate": "2016.10.04", "PatientSex": "woman", "PatientAge": "old"}
    images = _images(build_mg(tmp_path / "a.dcm", elements=wrong))
    made = new_result(report(images), read_sources(images), _KIND)
    assert (made.StudyDate, made.PatientSex) == ("", "")
    assert "PatientAge" not in made


def test_no_object_with_a_value_that_dicom_does_not_allow_is_written(tmp_path: Path) -> None:
    images = _images(build_mg(tmp_path / "a.dcm"))
    made = new_result(report(images), read_sources(images), _KIND)
    del made.SeriesDescription  # an old element keeps validating
    with disable_value_validation():
        made.SeriesDescription = "x" * 65
    with pytest.raises(DicomError, match="SeriesDescription"):
        to_bytes(made)


def test_two_patients_are_refused(tmp_path: Path) -> None:
    study = {"StudyInstanceUID": "1.2.3"}
    build_mg(tmp_path / "a.dcm", elements=study)
    build_mg(tmp_path / "b.dcm", view="MLO", elements={**study, "PatientID": "another"})
    with pytest.raises(DicomError, match="more than one PatientID"):
        read_sources(_images(tmp_path))


def test_a_number_with_a_backslash_is_written_whole_and_tells_two_women_apart(
    tmp_path: Path,
) -> None:
    study = {"StudyInstanceUID": "1.2.3"}
    first = build_mg(tmp_path / "a.dcm", elements={**study, "PatientID": "12\\34"})
    images = _images(first)
    made = to_bytes(new_result(report(images), read_sources(images), _KIND))
    assert list(pydicom.dcmread(io.BytesIO(made)).PatientID) == ["12", "34"]
    build_mg(tmp_path / "b.dcm", view="MLO", elements={**study, "PatientID": "12\\35"})
    with pytest.raises(DicomError, match="more than one PatientID"):
        read_sources(_images(tmp_path))


def test_views_of_cbis_ddsm_are_one_person(tmp_path: Path) -> None:
    build_cbis_exam(tmp_path)
    sources = read_sources(_images(tmp_path))
    studies = evidence(sources)
    assert len(studies) == 4
    assert all(len(study.ReferencedSeriesSequence) == 1 for study in studies)


def test_a_file_that_holds_another_image_by_now_is_refused(tmp_path: Path) -> None:
    file = build_mg(tmp_path / "a.dcm")
    images = _images(file)
    build_mg(file, elements={"SOPInstanceUID": "1.2.3.4"})
    with pytest.raises(DicomError, match="another image"):
        read_sources(images)


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID"])
def test_an_image_that_belongs_nowhere_is_refused(tmp_path: Path, keyword: str) -> None:
    images = _images(build_mg(tmp_path / "a.dcm", elements={keyword: None}))
    with pytest.raises(DicomError, match=keyword):
        read_sources(images)


def test_evidence_names_every_image_once_by_series(tmp_path: Path) -> None:
    build_exam(tmp_path)
    sources = read_sources(_images(tmp_path))
    (study,) = evidence(sources)
    (series,) = study.ReferencedSeriesSequence
    named = [item.ReferencedSOPInstanceUID for item in series.ReferencedSOPSequence]
    assert named == [source.image.sop_instance_uid for source in sources]
    assert reference(sources[0], frame=7).ReferencedFrameNumber == 7
    assert "ReferencedFrameNumber" not in reference(sources[0])
