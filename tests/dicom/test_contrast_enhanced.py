"""Contrast-enhanced mammography: which image may stand where a mammogram is expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from mammoview.dicom.index import index_paths
from mammoview.domain.study import ImageKind, Mammogram
from mammoview.domain.views import Slot
from tests.builders.dicom import MG_PROCESSING, build_mg


def build(path: Path, *words: str, **others: object) -> Path:
    origin = "ORIGINAL" if set(words) & {"LOW_ENERGY", "HIGH_ENERGY"} else "DERIVED"
    return build_mg(path, elements={"ImageType": [origin, "PRIMARY", *words], **others})


def read(*paths: Path) -> dict[str, Mammogram]:
    (exam,) = index_paths(paths).examinations
    return {view.file.name: view for view in exam.mammograms}


def test_only_the_image_of_low_energy_stands_among_the_four_views(tmp_path: Path) -> None:
    views = read(
        build(tmp_path / "low", "", "LOW_ENERGY", AcquisitionDateTime="20240102101000"),
        build(tmp_path / "high", "", "HIGH_ENERGY", AcquisitionDateTime="20240102101001"),
        build(tmp_path / "both", "", "RECOMBINED", AcquisitionDateTime="20240102101002"),
    )
    assert {name: view.slot for name, view in views.items()} == {
        "low": Slot.RCC,
        "high": None,
        "both": None,
    }
    assert views["low"].unsupported is None
    assert "high-energy image" in (views["high"].unsupported or "")
    assert "recombined image" in (views["both"].unsupported or "")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("", "RECOMBINED"), ImageKind.RECOMBINED),
        (("SUBTRACTION",), ImageKind.RECOMBINED),
        (("", "SUBTRACTED"), ImageKind.RECOMBINED),
        (("POST_CONTRAST", "RECOMBINED"), ImageKind.RECOMBINED),
        (("", "IODINE_IMAGE"), ImageKind.RECOMBINED),
        (("POST_CONTRAST", "LOW_ENERGY"), ImageKind.LOW_ENERGY),
        (("", "HIGH_ENERGY"), ImageKind.HIGH_ENERGY),
        (("POST_PROCESSED",), ImageKind.PLAIN),
    ],
)
def test_makers_words(tmp_path: Path, words: tuple[str, ...], kind: ImageKind) -> None:
    (view,) = read(build(tmp_path / "a", *words)).values()
    assert view.kind is kind


def test_a_description_tells_only_of_an_image_that_is_made_from_others(tmp_path: Path) -> None:
    named = {"SeriesDescription": "R CC CEM recombined"}
    (view,) = read(build(tmp_path / "made", **named)).values()
    assert view.kind is ImageKind.RECOMBINED
    assert any("free text" in warning for warning in view.warnings)
    original = build_mg(tmp_path / "taken", elements={"ImageType": ["ORIGINAL"], **named})
    (view,) = read(original).values()
    assert view.kind is ImageKind.PLAIN


def test_a_synthetic_view_gives_way_to_the_image_of_low_energy(tmp_path: Path) -> None:
    views = read(
        build(tmp_path / "low", "", "LOW_ENERGY"), build(tmp_path / "made", "GENERATED_2D")
    )
    assert {name: view.slot for name, view in views.items()} == {"low": Slot.RCC, "made": None}


def test_a_raw_image_is_the_twin_of_the_same_energy_alone(tmp_path: Path) -> None:
    raw = {"SOPClassUID": MG_PROCESSING, "PresentationIntentType": "FOR PROCESSING"}
    views = read(
        build(tmp_path / "low", "", "LOW_ENERGY"),
        build(tmp_path / "raw low", "", "LOW_ENERGY", **raw),
        build(tmp_path / "raw high", "", "HIGH_ENERGY", **raw),
    )
    assert {name: bool(view.left_out) for name, view in views.items()} == {
        "low": False,
        "raw low": True,
        "raw high": False,
    }
