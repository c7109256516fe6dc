"""The five rules of spacing, each with its order of axes and its source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from mammoview.dicom.index import index_paths
from mammoview.domain.geometry import PixelSpacing
from mammoview.domain.study import Mammogram
from tests.builders.dicom import build_cbis, build_mg

IMAGER: dict[str, Any] = {"ImagerPixelSpacing": [0.2, 0.1]}
PLAIN: dict[str, Any] = {"PixelSpacing": [0.4, 0.3]}
SCANNED: dict[str, Any] = {"NominalScannedPixelSpacing": [0.6, 0.5]}
FACTOR: dict[str, Any] = {"EstimatedRadiographicMagnificationFactor": 2.0}
DISTANCES: dict[str, Any] = {"DistanceSourceToDetector": 660, "DistanceSourceToPatient": 600}
CALIBRATED: dict[str, Any] = {"PixelSpacingCalibrationType": "FIDUCIAL"}


def built(tmp_path: Path, elements: dict[str, Any]) -> Mammogram:
    index = index_paths([build_mg(tmp_path / "x", spacing=None, elements=elements)])
    assert index.refused == ()
    return index.examinations[0].mammograms[0]


def measures() -> dict[str, Any]:
    group, macro = Dataset(), Dataset()
    macro.PixelSpacing = [0.8, 0.7]
    group.PixelMeasuresSequence = Sequence([macro])
    return {"SharedFunctionalGroupsSequence": Sequence([group])}


@pytest.mark.parametrize(
    ("elements", "row_mm", "col_mm", "source"),
    [
        (measures() | IMAGER | PLAIN | CALIBRATED, 0.8, 0.7, "PixelMeasuresSequence"),
        (IMAGER | PLAIN | SCANNED, 0.2, 0.1, "ImagerPixelSpacing, at detector"),
        (
            IMAGER | FACTOR | DISTANCES | PLAIN,
            0.1,
            0.05,
            "ImagerPixelSpacing, corrected 2.00x (EstimatedRadiographicMagnificationFactor)",
        ),
        (
            IMAGER | DISTANCES,
            0.2 / 1.1,
            0.1 / 1.1,
            "ImagerPixelSpacing, corrected 1.10x"
            " (DistanceSourceToDetector / DistanceSourceToPatient)",
        ),
        (
            IMAGER | DISTANCES | {"EstimatedRadiographicMagnificationFactor": 0},
            0.2 / 1.1,
            0.1 / 1.1,
            "ImagerPixelSpacing, corrected 1.10x"
            " (DistanceSourceToDetector / DistanceSourceToPatient)",
        ),
        (IMAGER | PLAIN | CALIBRATED | FACTOR, 0.4, 0.3, "PixelSpacing, calibrated"),
        (PLAIN | SCANNED, 0.4, 0.3, "PixelSpacing"),
        ({"ImagerPixelSpacing": [0, 0]} | PLAIN, 0.4, 0.3, "PixelSpacing"),
        (SCANNED, 0.6, 0.5, "NominalScannedPixelSpacing"),
    ],
)
def test_the_rules_in_their_order(
    tmp_path: Path, elements: dict[str, Any], row_mm: float, col_mm: float, source: str
) -> None:
    found = built(tmp_path, elements).spacing
    assert found is not None
    assert (found.row_mm, found.col_mm) == pytest.approx((row_mm, col_mm))
    assert found.source == source


@pytest.mark.parametrize("factor", [0.05, 5, 40, 0.01])
def test_an_impossible_factor_is_not_used(tmp_path: Path, factor: float) -> None:
    elements = IMAGER | {"EstimatedRadiographicMagnificationFactor": factor}
    mammogram = built(tmp_path, elements)
    assert mammogram.spacing is not None
    assert (mammogram.spacing.row_mm, mammogram.spacing.col_mm) == (0.2, 0.1)
    assert "impossible" in mammogram.warnings[0]
    with_distances = built(tmp_path, elements | DISTANCES).spacing
    assert with_distances is not None
    assert with_distances.row_mm == pytest.approx(0.2 / 1.1)


@pytest.mark.parametrize("factor", [0.10256, 0.94, 2.3, 4.9])
def test_an_unusual_factor_is_used_and_warned_of(tmp_path: Path, factor: float) -> None:
    elements = IMAGER | {"EstimatedRadiographicMagnificationFactor": factor}
    mammogram = built(tmp_path, elements)
    assert mammogram.spacing is not None
    assert mammogram.spacing.row_mm == pytest.approx(0.2 / factor)
    assert "unusual" in mammogram.warnings[0]


@pytest.mark.parametrize("factor", [0.95, 1.0, 2.2])
def test_a_usual_factor_is_not_warned_of(tmp_path: Path, factor: float) -> None:
    elements = IMAGER | {"EstimatedRadiographicMagnificationFactor": factor}
    assert built(tmp_path, elements).warnings == ()


@pytest.mark.parametrize("value", [[0.1], [0.1, 0.1, 0.1], [-0.1, 0.1], [0.1, "nan"], ["x", "y"]])
def test_what_is_not_two_lengths_is_not_used(tmp_path: Path, value: list[object]) -> None:
    path = build_mg(tmp_path / "x", spacing=(0.1, 0.1))
    good, bad = b"0.1\\0.1 ", "\\".join(map(str, value)).encode()
    raw = path.read_bytes()
    assert raw.count(good) == 1
    at = raw.index(good)
    bad += b" " * (len(bad) % 2)
    head = raw[: at - 2] + len(bad).to_bytes(2, "little")
    path.write_bytes(head + bad + raw[at + len(good) :])
    index = index_paths([path])
    mammogram = index.examinations[0].mammograms[0]
    assert mammogram.spacing is None
    assert any("ImagerPixelSpacing" in warning for warning in mammogram.warnings)


def test_no_spacing_is_none_and_said(tmp_path: Path) -> None:
    for mammogram in (
        built(tmp_path, {}),
        index_paths([build_cbis(tmp_path / "c")]).examinations[0].mammograms[0],
    ):
        assert mammogram.spacing is None
        assert "no pixel spacing in the header: sizes in pixels only" in mammogram.warnings


@pytest.mark.parametrize(
    ("elements", "said"),
    [
        (measures(), "in the reconstructed plane"),
        (IMAGER, "at detector"),
        (IMAGER | {"EstimatedRadiographicMagnificationFactor": 1.8}, "corrected 1.80x"),
        (IMAGER | DISTANCES, "corrected 1.10x"),
        (IMAGER | {"EstimatedRadiographicMagnificationFactor": 1.0}, "corrected 1.00x"),
        (IMAGER | {"EstimatedRadiographicMagnificationFactor": 40}, "at detector"),
        (PLAIN | CALIBRATED, "calibrated"),
        (PLAIN, "as the header states"),
        (SCANNED, "on the film"),
    ],
)
def test_every_spacing_says_what_its_millimetres_are(
    tmp_path: Path, elements: dict[str, Any], said: str
) -> None:
    found = built(tmp_path, elements).spacing
    assert found is not None
    assert found.basis_text == said


def test_a_spacing_that_does_not_say_is_assumed() -> None:
    assert PixelSpacing(row_mm=1.0, col_mm=1.0, source="made").basis_text == "assumed"


@pytest.mark.parametrize("length", [0.0001, 0.002, 50.0, 100.0])
def test_a_length_in_another_unit_is_not_used(tmp_path: Path, length: float) -> None:
    mammogram = built(tmp_path, {"ImagerPixelSpacing": [length, length]})
    assert mammogram.spacing is None
    assert f"ImagerPixelSpacing of {length:.3g} mm is impossible and not used" in mammogram.warnings


@pytest.mark.parametrize(
    ("elements", "warned"),
    [
        ({"PixelSpacing": [0.1, 0.05]}, True),  # made smaller, and one of them corrected
        ({"PixelSpacing": [0.2, 0.2]}, True),
        ({"PixelSpacing": [0.2, 0.1]}, False),
        (DISTANCES | {"PixelSpacing": [0.1818, 0.0909]}, False),
        (DISTANCES | {"PixelSpacing": [0.2, 0.1]}, False),
    ],
)
def test_two_spacings_that_cannot_both_be_right_are_warned_of(
    tmp_path: Path, elements: dict[str, object], warned: bool
) -> None:
    mammogram = built(tmp_path, IMAGER | elements)
    assert mammogram.spacing is not None
    assert mammogram.spacing.source.startswith("ImagerPixelSpacing")
    assert any("spacing conflict" in warning for warning in mammogram.warnings) == warned


@pytest.mark.parametrize(("distance", "warned"), [(600.0, False), (330.0, True)])
def test_two_magnifications_that_cannot_both_be_right_are_warned_of(
    tmp_path: Path, distance: float, warned: bool
) -> None:
    elements = {
        "EstimatedRadiographicMagnificationFactor": 1.0,
        "DistanceSourceToDetector": 660.0,
        "DistanceSourceToPatient": distance,
    }
    warnings = built(tmp_path, IMAGER | elements).warnings
    assert any("magnification conflict" in warning for warning in warnings) == warned


def test_pixels_that_are_not_square_and_have_no_length_are_said(tmp_path: Path) -> None:
    uneven = built(tmp_path, {"PixelAspectRatio": ["2", "1"]}).warnings
    assert any("not square" in warning for warning in uneven)
    even = built(tmp_path, {"PixelAspectRatio": ["1", "1"]}).warnings
    assert not any("not square" in warning for warning in even)
