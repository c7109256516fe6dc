"""A reader's name as somebody typed it, as DICOM takes it."""

from __future__ import annotations

from highdicom.sr import ObserverContext, PersonObserverIdentifyingAttributes
from pydicom.sr.codedict import codes

_LONGEST = 63


def person_name(name: str) -> str:
    """Return a name of one component; the caret says that this is meant (PS3.5 6.2.1.2).

    A local profile has one field for a name: which part of it is the family name is not guessed.
    """
    plain = name.translate({ord(c): " " for c in "^=\\"})
    return f"{' '.join(plain.split())[:_LONGEST].strip()}^"


def observer(name: str) -> ObserverContext:
    """Return a reader as the person who observed what a document says (PS3.16 TID 1002)."""
    return ObserverContext(
        observer_type=codes.DCM.Person,
        observer_identifying_attributes=PersonObserverIdentifyingAttributes(name=person_name(name)),
    )
