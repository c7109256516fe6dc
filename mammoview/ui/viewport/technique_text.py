"""Who, where and how: what the header says, as lines on the image.  Pure; sorted by importance."""

from __future__ import annotations

import re
from datetime import date

from mammoview.app.patient_words import patient_name, patient_number
from mammoview.app.priors import display_date
from mammoview.app.workspace import AnnotationLevel
from mammoview.domain.study import Mammogram, PatientIdentity
from mammoview.domain.technique import Technique
from mammoview.words import translate

_AGE = re.compile(r"(\d{1,3})([DWMY])$")
_DAY = re.compile(r"\d{8}$")


def identity_lines(mammogram: Mammogram, level: AnnotationLevel) -> tuple[str, ...]:
    """Return who the patient is and when the image was made.

    ``NONE`` hides all of it, for teaching.  ``MINIMAL`` is what tells one patient and one day from
    another; ``FULL`` adds the rest that the header knows.
    """
    if level is AnnotationLevel.NONE:
        return ()
    lines = [patient_name(mammogram), patient_number(mammogram)]
    if level is AnnotationLevel.FULL:
        lines.append(born(mammogram.identity, mammogram.study_date))
    lines.append(made_at(mammogram, with_time=level is AnnotationLevel.FULL))
    technique = mammogram.technique
    if level is AnnotationLevel.FULL:
        accession = translate("Technique", "Acc {number}").format(number=technique.accession)
        lines += [accession if technique.accession else "", technique.institution]
    return tuple(dict.fromkeys(line for line in lines if line))


def technique_lines(mammogram: Mammogram, level: AnnotationLevel) -> tuple[str, ...]:
    """Return how the image was made; nothing below ``FULL``.

    A partial view is not among them: that badge never goes away.
    """
    if level is not AnnotationLevel.FULL:
        return ()
    made = mammogram.technique
    lines = (
        _joined(_number(made.kvp, "kVp", 1), _number(made.exposure_mas, "mAs", 1), _beam(made)),
        _joined(
            _number(made.force_n, "N", 0),
            _number(made.thickness_mm, "mm", 0),
            _number(made.angle_degrees, "°", 1, space=""),
        ),
        _joined(
            translate("Technique", "dose {mgy} mGy").format(mgy=_short(made.dose_mgy, 2))
            if made.dose_mgy is not None
            else "",
            translate("Technique", "magnified {times}x").format(times=_short(made.magnification, 2))
            if made.magnification is not None
            else "",
        ),
        translate("Technique", "implant") if made.implant else "",
        made.partial_description,
        _joined(made.maker, made.model),
    )
    return tuple(line for line in lines if line)


def born(who: PatientIdentity, study_date: str) -> str:
    """Return birth date and age: ``born 1950-03-02 (66 y)``; as much of it as is known."""
    day = display_date(who.birth_date) if _DAY.match(who.birth_date) else ""
    age = age_text(who.age) or _age_on(who.birth_date, study_date)
    if day and age:
        return translate("Technique", "born {day} ({age})").format(day=day, age=age)
    return translate("Technique", "born {day}").format(day=day) if day else age


def age_text(age: str) -> str:
    """Return an age string of DICOM for people: ``625M`` is 52 years (PS3.5 6.2, VR AS).

    From two years on in whole years, from two months on in months; empty for no age.
    """
    found = _AGE.match(age.strip().upper())
    if found is None:
        return ""
    count, unit = int(found[1]), found[2]
    months = {"Y": 12.0 * count, "M": count, "W": count * 7 / 30.44, "D": count / 30.44}[unit]
    if months >= 24:
        return translate("Technique", "{years} y").format(years=int(months // 12))
    if months >= 2:
        return translate("Technique", "{months} months").format(months=int(months))
    days = count * (7 if unit == "W" else 30 if unit == "M" else 1)
    return translate("Technique", "{days} days").format(days=days) if unit != "Y" else ""


def made_at(mammogram: Mammogram, *, with_time: bool) -> str:
    """Return the day of the study, and the time where the image was made on it: ``... 10:15``.

    Images that were made anew, as of an archive of films, have a later day of their own: it is not
    that of the examination.
    """
    acquired, study = mammogram.acquired, mammogram.study_date
    own = acquired[:8] if _DAY.match(acquired[:8]) else ""
    day = study or own
    clock = acquired[8:12] if own == day else ""
    known = with_time and len(clock) == 4 and int(clock[:2]) < 24 and int(clock[2:]) < 60
    return f"{display_date(day)} {clock[:2]}:{clock[2:]}" if known else display_date(day)


def _age_on(birth_date: str, study_date: str) -> str:
    """Return the age on the day of the study, where the header states none."""
    try:
        birth, study = (
            date(int(d[:4]), int(d[4:6]), int(d[6:8])) for d in (birth_date, study_date)
        )
    except ValueError:
        return ""
    years = study.year - birth.year - ((study.month, study.day) < (birth.month, birth.day))
    return age_text(f"{years:03d}Y") if 2 <= years < 130 else ""


def _beam(made: Technique) -> str:
    return "/".join(filter(None, (made.target, made.filters)))


def _joined(*parts: str) -> str:
    return "  ".join(filter(None, parts))


def _number(value: float | None, unit: str, digits: int, *, space: str = " ") -> str:
    return "" if value is None else f"{_short(value, digits)}{space}{unit}"


def _short(value: float | None, digits: int) -> str:
    """Return a number with so many digits after the point at most."""
    if value is None:
        return ""
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
