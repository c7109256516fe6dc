"""A name as somebody typed it, as DICOM's PN takes it."""

from __future__ import annotations

_LONGEST = 63


def person_name(name: str) -> str:
    """Return a name of one component; the caret says that this is meant (PS3.5 6.2.1.2).

    A local profile has one field for a name: which part of it is the family name is not guessed.
    """
    plain = name.translate({ord(c): " " for c in "^=\\"})
    return f"{' '.join(plain.split())[:_LONGEST].strip()}^"
