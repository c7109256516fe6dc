"""Earlier examinations of the same patient: who counts as the same, and how long ago it was."""

from __future__ import annotations

from datetime import date
from itertools import combinations

from mammoview.app.patient_words import same_name
from mammoview.domain.study import Examination, ExamIndex, PatientIdentity
from mammoview.words import COUNTED, translate

_MONTHS_UP_TO = 24


def priors_of(exam: Examination, index: ExamIndex) -> tuple[Examination, ...]:
    """Return the earlier examinations of the same patient, the latest first.

    A study of the same day is no prior: which of the two came first is not known.
    """
    taken = exam_date(exam)
    if not taken:
        return ()
    earlier = [
        other
        for other in index.examinations
        if other.key != exam.key and "" < exam_date(other) < taken and same_patient(exam, other)
    ]
    return tuple(sorted(earlier, key=lambda other: (exam_date(other), other.key), reverse=True))


def exam_date(exam: Examination) -> str:
    """Return StudyDate (0008,0020), the earliest of its images; empty where none has one."""
    return min((view.study_date for view in exam.mammograms if view.study_date), default="")


def same_patient(one: Examination, other: Examination) -> bool:
    """Tell whether every image of two examinations names one patient.

    PatientID must be there and agree, and a second identifier must confirm it, for two hospitals
    may give the same number to two women: the birth date where both sides give it, else the name.
    A name may change, so beside a birth date it decides nothing (see `other_name`).  CBIS-DDSM
    has no patients in this sense.
    """
    views = (*one.mammograms, *other.mammograms)
    if any(view.is_cbis_ddsm for view in views):
        return False
    first = views[0].identity
    return all(_agree(first, view.identity) for view in views[1:])


def interval(earlier: str, later: str) -> str:
    """Return how long before ``later`` a date was (both ``YYYYMMDD``); empty if unknown."""
    try:
        then, now = date.fromisoformat(earlier), date.fromisoformat(later)
    except ValueError:
        return ""
    months = 12 * (now.year - then.year) + now.month - then.month - (now.day < then.day)
    if months < 1:
        days = (now - then).days
        return translate("Prior", "%n day(s) before", "", COUNTED, days)
    if months < _MONTHS_UP_TO:
        return translate("Prior", "%n month(s) before", "", COUNTED, months)
    years, rest = divmod(months, 12)
    if not rest:
        return translate("Prior", "%n year(s) before", "", COUNTED, years)
    said = translate("Prior", "{years} {months} before")
    return said.format(
        years=translate("Prior", "%n year(s)", "", COUNTED, years),
        months=translate("Prior", "%n month(s)", "", COUNTED, rest),
    )


def other_name(one: Examination, other: Examination) -> bool:
    """Tell whether two examinations of one patient give different names."""
    names = {view.identity.name for view in (*one.mammograms, *other.mammograms)}
    return any(not same_name(*pair) for pair in combinations(names, 2))


def display_date(value: str) -> str:
    """Return a DICOM date ``YYYYMMDD`` as ``YYYY-MM-DD``; anything else as it is."""
    if len(value) == 8 and value.isdigit():
        return f"{value[:4]}-{value[4:6]}-{value[6:]}"
    return value


def _agree(one: PatientIdentity, other: PatientIdentity) -> bool:
    if not one.patient_id or one.patient_id != other.patient_id:
        return False
    if one.birth_date and other.birth_date:
        return one.birth_date == other.birth_date
    return same_name(one.name, other.name)
