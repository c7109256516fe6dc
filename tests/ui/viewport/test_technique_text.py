"""What stands on an image, level by level."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mammoview.app.workspace import AnnotationLevel
from mammoview.domain.study import PatientIdentity
from mammoview.domain.technique import Technique
from mammoview.domain.views import Slot
from mammoview.ui.viewport.technique_text import age_text, born, identity_lines, technique_lines
from tests.builders.desk import mammogram

NONE, MINIMAL, FULL = AnnotationLevel
_MADE = Technique(
    accession="A-17",
    institution="Breast Centre",
    maker="GE",
    model="Senographe",
    kvp=29.0,
    exposure_mas=56.34,
    target="Rh",
    filters="Rh",
    force_n=110.0,
    thickness_mm=47.0,
    angle_degrees=-45.0,
    dose_mgy=1.234,
    magnification=1.8,
    implant=True,
    partial_description="axilla",
)
_WHO = PatientIdentity(name="Phantom^One^Ada", patient_id="ID-1", birth_date="19500302", age="625M")
_VIEW = mammogram(
    Slot.RCC, date="20020401", acquired="20020401091530", identity=_WHO, technique=_MADE
)


def test_none_hides_who_and_when_and_how() -> None:
    assert identity_lines(_VIEW, NONE) == ()
    assert technique_lines(_VIEW, NONE) == ()


def test_minimal_tells_patients_and_days_apart() -> None:
    assert identity_lines(_VIEW, MINIMAL) == ("Phantom One Ada", "ID-1", "2002-04-01")
    assert technique_lines(_VIEW, MINIMAL) == ()


def test_full_says_all_that_the_header_knows() -> None:
    assert identity_lines(_VIEW, FULL) == (
        "Phantom One Ada",
        "ID-1",
        "born 1950-03-02 (52 y)",
        "2002-04-01 09:15",
        "Acc A-17",
        "Breast Centre",
    )
    assert technique_lines(_VIEW, FULL) == (
        "29 kVp  56.3 mAs  Rh/Rh",
        "110 N  47 mm  -45°",
        "dose 1.23 mGy  magnified 1.8x",
        "implant",
        "axilla",
        "GE  Senographe",
    )


def test_a_header_without_anything_leaves_no_empty_lines() -> None:
    bare = mammogram(
        Slot.RCC,
        acquired="",
        date="",
        identity=PatientIdentity(name="", patient_id="", birth_date=""),
    )
    assert identity_lines(bare, FULL) == ()
    assert technique_lines(bare, FULL) == ()
    assert technique_lines(replace(bare, technique=Technique(dose_mgy=0.5)), FULL) == (
        "dose 0.5 mGy",
    )


def test_of_cbis_ddsm_only_the_person_is_named() -> None:
    cbis = replace(_VIEW, is_cbis_ddsm=True, study_key="P_00820")
    assert identity_lines(cbis, MINIMAL) == ("P_00820", "2002-04-01")


@pytest.mark.parametrize(
    ("age", "said"),
    [
        ("625M", "52 y"),
        ("052Y", "52 y"),
        ("023M", "23 months"),
        ("001Y", "12 months"),
        ("003W", "21 days"),
        ("010D", "10 days"),
        ("", ""),
        ("52", ""),
        ("abcY", ""),
        ("000Y", ""),
    ],
)
def test_ages_come_in_any_unit(age: str, said: str) -> None:
    assert age_text(age) == said


@pytest.mark.parametrize(
    ("birth", "age", "study", "said"),
    [
        ("19500302", "", "20160301", "born 1950-03-02 (65 y)"),
        ("19500302", "", "20160302", "born 1950-03-02 (66 y)"),
        ("", "066Y", "20160302", "66 y"),
        ("19501399", "", "20160302", "born 1950-13-99"),
        ("20200101", "", "20160302", "born 2020-01-01"),
        ("", "", "", ""),
    ],
)
def test_the_age_is_counted_where_the_header_has_none(
    birth: str, age: str, study: str, said: str
) -> None:
    who = PatientIdentity(name="", patient_id="", birth_date=birth, age=age)
    assert born(who, study) == said


@pytest.mark.parametrize("acquired", ["20020401", "200204012599", "2002040109", "20020401096000"])
def test_an_impossible_clock_is_left_out(acquired: str) -> None:
    assert "2002-04-01" in identity_lines(replace(_VIEW, acquired=acquired), FULL)


def test_the_day_is_that_of_the_study_and_not_of_a_later_copy() -> None:
    copied = replace(_VIEW, acquired="20160426120000")
    assert "2002-04-01" in identity_lines(copied, FULL)
    assert not any("2016" in line or "12:00" in line for line in identity_lines(copied, FULL))
    undated = replace(copied, study_date="")
    assert "2016-04-26 12:00" in identity_lines(undated, FULL)
