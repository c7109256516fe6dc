"""The same view twice: what the device wrote, and what another program made of it later."""

from __future__ import annotations

from pathlib import Path

import pytest

from mammoview.app.hanging import best_in
from mammoview.dicom.index import index_paths
from mammoview.domain.views import Place, Slot
from tests.builders.dicom import SECONDARY_CAPTURE, build_cbis, build_mg

CAPTURE = {
    "SOPClassUID": SECONDARY_CAPTURE,
    "ImageType": ["DERIVED", "SECONDARY"],
    "PresentationIntentType": None,
}


@pytest.mark.parametrize(
    ("elements", "said"),
    [
        (CAPTURE, "secondary capture"),
        ({**CAPTURE, "SOPClassUID": f"{SECONDARY_CAPTURE}.2"}, "secondary capture"),
        ({"LossyImageCompression": "01"}, "lossy compression"),
    ],
)
def test_a_later_copy_does_not_hide_the_original(
    tmp_path: Path, elements: dict[str, object], said: str
) -> None:
    original = build_mg(tmp_path / "original")
    later = {"ContentTime": "235959", "SOPInstanceUID": "9.9.9", **elements}
    copy = build_mg(tmp_path / "copy", bits=8, elements=later)
    (exam,) = index_paths([copy, original]).examinations
    shown = best_in(Place(slot=Slot.RCC), exam)
    assert shown is not None
    assert shown.file == original
    (other,) = (view for view in exam.mammograms if view.file == copy)
    assert other.slot is Slot.RCC  # a key turns to it
    assert any(warning.startswith(said) for warning in other.warnings)


def test_a_digitised_film_of_cbis_ddsm_is_no_copy(tmp_path: Path) -> None:
    (exam,) = index_paths([build_cbis(tmp_path / "a")]).examinations
    (view,) = exam.mammograms
    assert not view.is_copy
    assert not any("secondary capture" in warning for warning in view.warnings)


def test_text_in_the_pixels_is_said(tmp_path: Path) -> None:
    build_mg(tmp_path / "a", elements={"BurnedInAnnotation": "YES"})
    build_mg(tmp_path / "b", laterality="L", elements={"BurnedInAnnotation": "NO"})
    (exam,) = index_paths([tmp_path]).examinations
    told = {
        v.file.name: any("burned-in" in warning for warning in v.warnings) for v in exam.mammograms
    }
    assert told == {"a": True, "b": False}
