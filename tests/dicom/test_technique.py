"""How an image was made, from real and from nonsensical headers."""

from __future__ import annotations

from pathlib import Path

import pytest

from mammoview.dicom.index import index_paths
from mammoview.domain.study import Mammogram
from mammoview.domain.technique import Technique
from tests.builders.dicom import build_cbis, build_mg


def read(path: Path) -> Mammogram:
    return index_paths([path]).examinations[0].mammograms[0]


def test_a_full_header_is_read(tmp_path: Path) -> None:
    elements = {
        "AccessionNumber": "A-17 ",
        "InstitutionName": "Breast Centre",
        "Manufacturer": "GE MEDICAL SYSTEMS",
        "ManufacturerModelName": "Senographe Essential",
        "KVP": "29",
        "Exposure": "56",
        "ExposureInuAs": "56300",
        "AnodeTargetMaterial": "RHODIUM",
        "FilterMaterial": ["RHODIUM", "ALUMINUM"],
        "CompressionForce": "110",
        "BodyPartThickness": "47",
        "PositionerPrimaryAngle": "-45",
        "OrganDose": "0.01234",
        "EstimatedRadiographicMagnificationFactor": "1.8",
        "BreastImplantPresent": "NO",
        "PartialView": "YES",
        "PartialViewDescription": "axilla",
        "PatientAge": "625M",
    }
    view = read(build_mg(tmp_path / "x.dcm", elements=elements))
    assert view.identity.age == "625M"
    assert view.technique == Technique(
        accession="A-17",
        institution="Breast Centre",
        maker="GE MEDICAL SYSTEMS",
        model="Senographe Essential",
        kvp=29.0,
        exposure_mas=56.3,
        target="Rh",
        filters="Rh+Al",
        force_n=110.0,
        thickness_mm=47.0,
        angle_degrees=-45.0,
        dose_mgy=1.234,
        magnification=1.8,
        implant=False,
        partial_description="axilla",
    )


def test_a_bare_header_has_no_technique(tmp_path: Path) -> None:
    assert read(build_cbis(tmp_path / "x.dcm")).technique == Technique()


@pytest.mark.parametrize(
    "elements",
    [
        {"KVP": "0"},
        {"KVP": "29000"},
        {"Exposure": "-5"},
        {"ExposureInuAs": "", "Exposure": ""},
        {"OrganDose": "1.2"},  # written in mGy where dGy belong: 120 mGy
        {"OrganDose": "NaN"},
        {"CompressionForce": "1e9"},
        {"BodyPartThickness": "0"},
        {"BodyPartThickness": []},
        {"PositionerPrimaryAngle": "720"},
        {"EstimatedRadiographicMagnificationFactor": "1"},
        {"EstimatedRadiographicMagnificationFactor": "0"},
        {"BreastImplantPresent": "MAYBE"},
        {"FilterMaterial": []},
        {"AccessionNumber": ""},
    ],
    ids=str,
)
def test_nonsense_is_left_out_and_the_image_opens(
    tmp_path: Path, elements: dict[str, object]
) -> None:
    assert read(build_mg(tmp_path / "x.dcm", elements=elements)).technique == Technique()


def test_an_angle_of_zero_is_a_cc_and_no_gap(tmp_path: Path) -> None:
    view = read(build_mg(tmp_path / "x.dcm", elements={"PositionerPrimaryAngle": "0"}))
    assert view.technique.angle_degrees == 0.0


def test_texts_stay_on_one_short_line(tmp_path: Path) -> None:
    elements = {"InstitutionName": "A\nB\tC" + 200 * "x", "AnodeTargetMaterial": "UNOBTAINIUM"}
    made = read(build_mg(tmp_path / "x.dcm", elements=elements)).technique
    assert made.institution.startswith("A B Cxxx")
    assert len(made.institution) <= 64
    assert made.target == "Unobtainium"


def test_without_the_finer_exposure_the_plain_one_counts(tmp_path: Path) -> None:
    view = read(build_mg(tmp_path / "x.dcm", elements={"Exposure": "56", "ExposureInuAs": "0"}))
    assert view.technique.exposure_mas == 56.0
