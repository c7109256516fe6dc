"""Side, view and modifiers: which attribute wins, its source, and the warnings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from mammoview.dicom.index import index_paths
from mammoview.domain.study import Mammogram
from mammoview.domain.views import Slot
from tests.builders.dicom import SECONDARY_CAPTURE, build_cbis, build_mg, code

NO_SIDE: dict[str, Any] = {"ImageLaterality": None, "PatientOrientation": None}
NO_VIEW: dict[str, Any] = {"ViewCodeSequence": None, "ViewPosition": None}


def only(path: Path) -> Mammogram:
    index = index_paths([path])
    assert index.refused == ()
    return index.examinations[0].mammograms[0]


def built(tmp_path: Path, *, view: str = "CC", **elements: object) -> Mammogram:
    return only(build_mg(tmp_path / "x", view=view, elements=elements))


def item(**elements: object) -> Dataset:
    made = Dataset()
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def frame(keyword: str, **elements: object) -> Sequence:
    return Sequence([item(**{keyword: Sequence([item(**elements)])})])


def region(designator: str, value: str) -> Sequence:
    breast = code("SCT", "76752008")
    breast.AnatomicRegionModifierSequence = Sequence([code(designator, value)])
    return Sequence([breast])


# ------------------------------------------------------------------------------------------ side


@pytest.mark.parametrize("side", ["R", "L"])
def test_image_laterality(tmp_path: Path, side: str) -> None:
    found = only(build_mg(tmp_path / "x", laterality=side)).laterality
    assert (found.value, found.source) == (side, "ImageLaterality")


def test_laterality_of_the_series(tmp_path: Path) -> None:
    found = built(tmp_path, **NO_SIDE, Laterality="L").laterality
    assert (found.value, found.source) == ("L", "Laterality")


def test_laterality_of_the_frame(tmp_path: Path) -> None:
    shared = frame("FrameAnatomySequence", FrameLaterality="L")
    mammogram = built(tmp_path, **NO_SIDE, SharedFunctionalGroupsSequence=shared, Laterality="R")
    assert (mammogram.laterality.value, mammogram.laterality.source) == ("L", "FrameLaterality")
    assert mammogram.warnings == ("side conflict: FrameLaterality says L, Laterality says R",)


@pytest.mark.parametrize(
    ("designator", "value", "side"),
    [
        ("SCT", "80248007", "L"),
        ("SCT", "73056007", "R"),
        ("SRT", "T-04030", "L"),
        ("SNM3", "T-04020", "R"),
    ],
)
def test_anatomic_region(tmp_path: Path, designator: str, value: str, side: str) -> None:
    sequence = region(designator, value)
    found = built(tmp_path, **NO_SIDE, AnatomicRegionSequence=sequence).laterality
    assert found.value == side
    assert found.source == f"AnatomicRegionSequence ({designator} {value})"


@pytest.mark.parametrize(
    ("directions", "side"),
    [(["P", "FL"], "R"), (["A", "FR"], "L"), (["A", "HR"], "R"), (["HL", "P"], "L")],
)
def test_oblique_patient_orientation(tmp_path: Path, directions: list[str], side: str) -> None:
    found = built(
        tmp_path, view="MLO", ImageLaterality=None, PatientOrientation=directions
    ).laterality
    assert (found.value, found.source) == (side, "PatientOrientation")


@pytest.mark.parametrize(
    ("text", "side"),
    [("R MLO", "R"), ("LCC", "L"), ("Left breast", "L"), ("L-CC MAG", "L"), ("RIGHT CC", "R")],
)
def test_free_text_is_the_last_resort_and_said(tmp_path: Path, text: str, side: str) -> None:
    mammogram = built(tmp_path, **NO_SIDE, SeriesDescription=text)
    assert (mammogram.laterality.value, mammogram.laterality.source) == (side, "SeriesDescription")
    assert any("free text" in warning for warning in mammogram.warnings)


@pytest.mark.parametrize("text", ["", "R and L", "Routine", "L CC, R CC", "MLO"])
def test_no_side_is_none_and_no_slot(tmp_path: Path, text: str) -> None:
    mammogram = built(tmp_path, **NO_SIDE, SeriesDescription=text)
    assert mammogram.laterality.value is None
    assert mammogram.laterality.source == "not in the header"
    assert mammogram.slot is None
    assert mammogram.pose is None
    assert "side not found in the header" in mammogram.warnings


def test_both_breasts_is_no_side(tmp_path: Path) -> None:
    mammogram = built(tmp_path, ImageLaterality="B", PatientOrientation=None)
    assert mammogram.laterality.value is None
    assert "ImageLaterality says both breasts" in mammogram.warnings


def test_conflict_of_sides_is_warned_of(tmp_path: Path) -> None:
    mammogram = built(tmp_path, Laterality="L")
    assert mammogram.laterality.value == "R"
    assert mammogram.warnings == ("side conflict: ImageLaterality says R, Laterality says L",)
    assert mammogram.doubts == mammogram.warnings


def test_cbis_ddsm_tag_against_patient_id(tmp_path: Path) -> None:
    mammogram = only(build_cbis(tmp_path / "x", laterality="R", elements={"Laterality": "L"}))
    assert mammogram.laterality.value == "L"
    assert "side conflict: Laterality says L, PatientID says R" in mammogram.warnings


# ------------------------------------------------------------------------------------------ view

VIEW_CODES = [
    ("CC", "399162004", "R-10242"),
    ("MLO", "399368009", "R-10226"),
    ("ML", "399260004", "R-10224"),
    ("LM", "399352003", "R-10228"),
    ("LMO", "399099002", "R-10230"),
    ("FB", "399196006", "R-10244"),
    ("SIO", "399188001", "R-102D0"),
    ("ISO", "441555000", "R-40AAA"),
    ("XCCL", "399192008", "R-1024A"),
    ("XCCL", "399192008", "Y-X1770"),
    ("XCCM", "399101009", "R-1024B"),
    ("XCCM", "399101009", "Y-X1771"),
    ("XCC", None, "R-102CF"),
]


@pytest.mark.parametrize(("view", "sct", "srt"), VIEW_CODES)
def test_view_codes_of_every_scheme(tmp_path: Path, view: str, sct: str | None, srt: str) -> None:
    codes = [("SRT", srt), ("SNM3", srt), ("99SDM", srt)]
    codes += [("SCT", sct)] if sct else []
    for designator, value in codes:
        found = built(tmp_path, ViewPosition=None, ViewCodeSequence=[code(designator, value)]).view
        assert found.value == view
        assert found.source == f"ViewCodeSequence ({designator} {value})"


def test_a_code_of_another_scheme_is_not_taken(tmp_path: Path) -> None:
    mammogram = built(tmp_path, ViewPosition="MLO", ViewCodeSequence=[code("LN", "399162004")])
    assert (mammogram.view.value, mammogram.view.source) == ("MLO", "ViewPosition")
    assert "ViewCodeSequence holds a code that is not a known view" in mammogram.warnings


@pytest.mark.parametrize("view", ["CC", "MLO", "ML", "LM", "LMO", "FB", "SIO", "ISO", "XCCL"])
def test_view_position(tmp_path: Path, view: str) -> None:
    found = built(tmp_path, ViewPosition=view, ViewCodeSequence=None).view
    assert (found.value, found.source) == (view, "ViewPosition")


def test_conflict_of_views_prefers_the_code(tmp_path: Path) -> None:
    mammogram = built(tmp_path, ViewPosition="MLO")
    assert mammogram.view.value == "CC"
    assert mammogram.slot is Slot.RCC
    assert mammogram.warnings == (
        "view conflict: ViewCodeSequence (SCT 399162004) says CC, ViewPosition says MLO",
    )
    assert mammogram.doubts == mammogram.warnings


@pytest.mark.parametrize("view", ["CC", "MLO"])
def test_view_in_patient_orientation(tmp_path: Path, view: str) -> None:
    found = built(tmp_path, **NO_VIEW, PatientOrientation=view).view
    assert (found.value, found.source) == (view, "PatientOrientation")


@pytest.mark.parametrize(("text", "view"), [("R MLO", "MLO"), ("RCC", "CC"), ("L XCCL", "XCCL")])
def test_view_in_free_text(tmp_path: Path, text: str, view: str) -> None:
    mammogram = built(tmp_path, **NO_VIEW, SeriesDescription=text)
    assert (mammogram.view.value, mammogram.view.source) == (view, "SeriesDescription")


@pytest.mark.parametrize("text", ["", "RMLO and RCC", "accession"])
def test_no_view_is_none(tmp_path: Path, text: str) -> None:
    mammogram = built(tmp_path, **NO_VIEW, SeriesDescription=text)
    assert mammogram.view.value is None
    assert mammogram.slot is None
    assert mammogram.unsupported == "the view is not known"


# ------------------------------------------------------------------------------------- modifiers

MODIFIER_CODES = [
    ("CV", "399161006", "R-102D2"),
    ("AT", "399011000", "R-102D1"),
    ("RL", "399197002", "R-102D3"),
    ("RM", "399226006", "R-102D4"),
    ("RI", "414493004", "R-102CA"),
    ("RS", "415670009", "R-102C9"),
    ("ID", "399209000", "R-102D5"),
    ("M", "399163009", "R-102D6"),
    ("S", "399055006", "R-102D7"),
    ("TAN", "399110001", "R-102C2"),
    ("NP", "442581004", "R-40AB3"),
    ("AC", "441752004", "P2-00161"),
    ("IMF", "442593008", "R-40ABE"),
    ("AX", "442580003", "R-40AB2"),
]


@pytest.mark.parametrize(("mark", "sct", "srt"), MODIFIER_CODES)
def test_modifiers_nested_and_at_top_level(tmp_path: Path, mark: str, sct: str, srt: str) -> None:
    nested = only(build_mg(tmp_path / "a", modifiers=[("SCT", sct)]))
    top = built(tmp_path, ViewModifierCodeSequence=[code("SRT", srt)])
    assert nested.view.modifiers == top.view.modifiers == (mark,)
    in_slot = Slot.RCC if mark == "NP" else None
    assert nested.slot is in_slot
    assert top.slot is in_slot


def test_modifiers_are_joined_once_each(tmp_path: Path) -> None:
    path = build_mg(
        tmp_path / "x",
        modifiers=[("SCT", "399163009"), ("SCT", "399055006")],
        elements={"ViewModifierCodeSequence": [code("SRT", "R-102D6")]},
    )
    mammogram = only(path)
    assert mammogram.view.modifiers == ("M", "S")
    assert mammogram.label == "R CC M S"


def test_unknown_modifier_is_warned_of(tmp_path: Path) -> None:
    mammogram = only(build_mg(tmp_path / "x", modifiers=[("SCT", "1")]))
    assert mammogram.slot is Slot.RCC
    assert "not a known modifier" in mammogram.warnings[0]


# ----------------------------------------------------------------------------------- not analysed


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({"BreastImplantPresent": "YES"}, "implant"),
        ({"ViewModifierCodeSequence": [code("SCT", "399209000")]}, "implant-displaced"),
        ({"ViewModifierCodeSequence": [code("SCT", "399163009")]}, "magnification"),
        ({"ViewModifierCodeSequence": [code("SCT", "399055006")]}, "spot"),
        ({"EstimatedRadiographicMagnificationFactor": 1.8}, "magnification"),
        ({"ImageType": ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "GENERATED_2D"]}, "tomosynthesis"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.13.1.3"}, "tomosynthesis"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "SPECIMEN"]}, "specimen"),
        ({"BodyPartExamined": "BREAST SPECIMEN"}, "specimen"),
        ({"SpecimenDescriptionSequence": [item(SpecimenIdentifier="1")]}, "specimen"),
        ({"ViewCodeSequence": [code("SCT", "399260004")], "ViewPosition": "ML"}, "ML view"),
    ],
)
def test_what_the_cad_does_not_analyse_says_why(
    tmp_path: Path, elements: dict[str, Any], reason: str
) -> None:
    mammogram = built(tmp_path, **elements)
    assert mammogram.unsupported is not None
    assert reason in mammogram.unsupported


@pytest.mark.parametrize(
    "elements",
    [
        {},
        {"BreastImplantPresent": "NO"},
        {"EstimatedRadiographicMagnificationFactor": 1.07},
        {"SOPClassUID": SECONDARY_CAPTURE},
    ],
)
def test_a_plain_view_is_analysed(tmp_path: Path, elements: dict[str, Any]) -> None:
    mammogram = built(tmp_path, **elements)
    assert mammogram.unsupported is None
    assert mammogram.slot is Slot.RCC


def test_magnified_view_without_modifier_is_not_in_a_slot(tmp_path: Path) -> None:
    assert built(tmp_path, EstimatedRadiographicMagnificationFactor=1.8).slot is None


@pytest.mark.parametrize(
    ("said", "view", "side"),
    [
        ("RCC", "CC", "R"),
        ("L CC", "CC", "L"),
        ("rmlo", "MLO", "R"),
        ("L-MLO", "MLO", "L"),
        ("MLO R", "MLO", "R"),
        ("LLM", "LM", "L"),
        ("LM", "LM", None),
        ("LMO", "LMO", None),
        ("LLMO", "LMO", "L"),
        ("Cranio-Caudal", "CC", None),
        ("MEDIOLATERAL OBLIQUE", "MLO", None),
        ("RCCID", None, None),  # an implant-displaced view never passes for a whole one
        ("CC SPOT", None, None),
        ("XCCLR", None, None),
    ],
)
def test_view_position_as_devices_spell_it(
    tmp_path: Path, said: str, view: str | None, side: str | None
) -> None:
    mammogram = built(tmp_path, **NO_SIDE, ViewPosition=said, ViewCodeSequence=None)
    assert mammogram.view.value == view
    assert mammogram.laterality.value == side
    assert side is None or mammogram.laterality.source == "ViewPosition"


def test_a_side_in_view_position_that_contradicts_is_warned_of(tmp_path: Path) -> None:
    mammogram = built(tmp_path, ViewPosition="LCC", ViewCodeSequence=None)
    assert mammogram.slot is Slot.RCC
    assert "side conflict: ImageLaterality says R, ViewPosition says L" in mammogram.warnings


def test_two_views_in_view_position_are_none(tmp_path: Path) -> None:
    mammogram = built(tmp_path, ViewPosition=["CC", "MLO"], ViewCodeSequence=None)
    assert mammogram.slot is None


@pytest.mark.parametrize(
    ("said", "side", "warning"),
    [
        ("RIGHT", "R", ""),
        ("lt", "L", ""),
        (["R", "L"], None, "ImageLaterality says both breasts"),
        ("U", None, "ImageLaterality holds a value that is not a known side"),
    ],
)
def test_sides_in_other_words(tmp_path: Path, said: object, side: str | None, warning: str) -> None:
    mammogram = built(tmp_path, ImageLaterality=said)
    assert mammogram.laterality.value == side
    assert not warning or warning in mammogram.warnings


@pytest.mark.parametrize(
    ("text", "modifiers"),
    [
        ("R CC spot", ("S",)),
        ("R CC MAG SPOT", ("S", "M")),
        ("R CC magnification", ("M",)),
        ("R CC ID", ("ID",)),
        ("R CC implant displaced", ("ID",)),
        ("R CC RL", ("RL",)),
        ("R CC tangential", ("TAN",)),
        ("R CC", ()),
    ],
)
def test_a_view_named_by_a_description_has_the_modifiers_that_it_names(
    tmp_path: Path, text: str, modifiers: tuple[str, ...]
) -> None:
    mammogram = built(tmp_path, **NO_VIEW, SeriesDescription=text)
    assert (mammogram.view.value, mammogram.view.modifiers) == ("CC", modifiers)
    assert mammogram.slot is (None if modifiers else Slot.RCC)
