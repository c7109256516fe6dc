"""What one file of CBIS-DDSM is: planted headers and pixels, told rightly or refused by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mammoview.dicom.cbis import parse_cbis
from mammoview.dicom.cbis_files import CbisKind, bounding_box, read_cbis_file
from mammoview.domain.geometry import ImageBox
from mammoview.errors import DicomError
from tests.builders.cbis_tree import change_pixels
from tests.builders.dicom import RLE, build_cbis

_ID = "Mass-Test_P_00016_LEFT_CC"
_FULL, _MASK, _CROP = "full mammogram images", "ROI mask images", "cropped images"


def _file(
    path: Path, *, bits: int, description: str | None, patient: str | None, syntax: str = ""
) -> Path:
    elements = {"SeriesDescription": description, "PatientID": patient, "Laterality": None}
    more = {"transfer_syntax": syntax} if syntax else {}
    extract = "mask" if bits == 8 else None
    return build_cbis(path / "1-1.dcm", extract=extract, elements=elements, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bits", "description", "patient", "kind"),
    [
        (16, _FULL, _ID, CbisKind.FULL),
        (16, _FULL, None, CbisKind.FULL),
        (16, None, _ID, CbisKind.FULL),
        (16, _CROP, f"{_ID}_1", CbisKind.CROP),
        (16, _MASK, f"{_ID}_1", CbisKind.CROP),  # one series for both, named after the mask
        (16, None, f"{_ID}_1", CbisKind.CROP),
        (16, _CROP, None, CbisKind.CROP),
        (16, "mammogram of the year", f"{_ID}_1", CbisKind.CROP),
        (8, _MASK, f"{_ID}_1", CbisKind.MASK),
        (8, _CROP, f"{_ID}_1", CbisKind.MASK),  # one series for both, named after the crop
        (8, None, f"{_ID}_1", CbisKind.MASK),
        (8, None, None, CbisKind.MASK),
        (8, _FULL, _ID, CbisKind.UNKNOWN),
        (16, None, None, CbisKind.UNKNOWN),
        (16, None, "Smith^Anna", CbisKind.UNKNOWN),
    ],
)
def test_kind(
    tmp_path: Path, bits: int, description: str | None, patient: str | None, kind: CbisKind
) -> None:
    found = read_cbis_file(_file(tmp_path, bits=bits, description=description, patient=patient))
    assert found.kind is kind
    assert bool(found.reason) is (kind is CbisKind.UNKNOWN)
    assert (found.bits, found.rows, found.cols) == (bits, 120, 90)
    assert found.has_patient_id is (patient is not None)
    assert found.name == parse_cbis(patient or "")
    assert (found.box is not None) is (kind is CbisKind.MASK)


def test_identifiers(tmp_path: Path) -> None:
    file = build_cbis(
        tmp_path / "1-1.dcm", elements={"SeriesInstanceUID": "1.2.3", "SOPInstanceUID": "1.2.4"}
    )
    found = read_cbis_file(file)
    assert (found.series_uid, found.sop_uid) == ("1.2.3", "1.2.4")
    assert found.name is not None
    assert found.name.patient_id == "Mass-Training_P_00001_RIGHT_CC"
    assert found.described is CbisKind.FULL


@pytest.mark.parametrize(
    "patient_id", ["Calc-Test_P_00353_LEFT_MLO_2", "Mass-Training_P_00001_RIGHT_CC"]
)
def test_a_patient_id_is_parsed_and_spelled_again(patient_id: str) -> None:
    name = parse_cbis(patient_id)
    assert name is not None
    assert name.patient_id == patient_id
    assert parse_cbis(patient_id.lower()) == name


@pytest.mark.parametrize("syntax", ["", RLE])
def test_a_mask_tells_its_box_and_area(tmp_path: Path, syntax: str) -> None:
    mask = np.zeros((40, 30), np.uint8)
    mask[7:19, 4:11] = 255
    mask[7, 4] = 0
    file = change_pixels(
        _file(tmp_path, bits=8, description=_MASK, patient=f"{_ID}_1", syntax=""), mask
    )
    if syntax:
        file = build_cbis(tmp_path / "rle.dcm", extract="mask", transfer_syntax=syntax)
        expected = read_cbis_file(build_cbis(tmp_path / "native.dcm", extract="mask"))
        found = read_cbis_file(file)
        assert (found.box, found.area_px) == (expected.box, expected.area_px)
        assert found.area_px > 0
        return
    found = read_cbis_file(file)
    assert found.box == ImageBox(col0=4, row0=7, col1=11, row1=19)
    assert found.area_px == 12 * 7 - 1


def test_a_mask_up_to_the_edges_and_an_empty_one() -> None:
    mask = np.zeros((5, 6), np.uint8)
    assert bounding_box(mask) is None
    mask[0, 0] = mask[4, 5] = 1
    assert bounding_box(mask) == ImageBox(col0=0, row0=0, col1=6, row1=5)


def test_eight_bits_with_grey_values_are_no_mask(tmp_path: Path) -> None:
    file = _file(tmp_path, bits=8, description=_MASK, patient=f"{_ID}_1")
    found = read_cbis_file(change_pixels(file, np.arange(200, dtype=np.uint8).reshape(10, 20)))
    assert found.kind is CbisKind.UNKNOWN
    assert "other values than 0 and 255" in found.reason
    assert found.box is None


@pytest.mark.parametrize("bits", [8, 16])
def test_a_file_cut_short_is_refused(tmp_path: Path, bits: int) -> None:
    file = _file(tmp_path, bits=bits, description=None, patient=f"{_ID}_1")
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(DicomError, match="cut short"):
        read_cbis_file(file)


def test_what_is_not_dicom_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "LICENSE"
    file.write_text("Creative Commons")
    with pytest.raises(DicomError, match="not DICOM"):
        read_cbis_file(file)
