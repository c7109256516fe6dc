"""How a patient is called where it may be seen who she is.

CBIS-DDSM has no patients in this sense: it gives each file a name and an id of its own, and the
study's key is the person.
"""

from __future__ import annotations

import unicodedata

from mammoview.domain.study import Mammogram


def patient_name(view: Mammogram) -> str:
    """Return the name as people write it; empty where there is none."""
    return "" if view.is_cbis_ddsm else person_name(view.identity.name)


def person_name(value: str) -> str:
    """Return a PersonName as people write it: ``Yamada Tarou (山田 太郎, やまだ たろう)``.

    It has up to three component groups: alphabetic, ideographic and phonetic (PS3.5 6.2.1).
    """
    first, *others = dict.fromkeys(filter(None, name_groups(value))) or [""]
    return f"{first} ({', '.join(others)})" if others else first


def name_groups(value: str) -> tuple[str, ...]:
    """Return the component groups of a PersonName, each without empty components."""
    return tuple(" ".join(group.replace("^", " ").split()) for group in value.split("="))


def same_name(one: str, other: str) -> bool:
    """Tell whether two PersonNames are one: they agree in each component group that both give.

    One machine gives the ideographic name too, another does not; and two names in other characters
    may sound alike.
    """
    pairs = zip(name_groups(one.casefold()), name_groups(other.casefold()), strict=False)
    common = [(a, b) for a, b in pairs if a and b]
    return bool(common) and all(a == b for a, b in common)


def in_a_line(name: str) -> str:
    """Return a name as it may stand in one line with other words.

    After Arabic letters the parts of a date would run from right to left: the fifth of March would
    read as the third of May.  Source: Unicode Standard Annex 9, rule W2 and isolates.
    """
    from_right = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in name)
    return f"\u2068{name}\u2069" if from_right else name


def patient_number(view: Mammogram) -> str:
    """Return the patient's id; empty where there is none."""
    return view.study_key if view.is_cbis_ddsm else view.identity.patient_id
