"""The kinds of finding that a computer reader tells apart, as they are said to people."""

from __future__ import annotations

from mammoview.words import QT_TRANSLATE_NOOP, translate

# What shipped models and other makers' reports know; a class of another model is said as it is.
KNOWN = (
    QT_TRANSLATE_NOOP("FindingKinds", "mass"),
    QT_TRANSLATE_NOOP("FindingKinds", "calcification"),
)

_NAMES = {
    "mass": QT_TRANSLATE_NOOP("FindingKinds", "Mass"),
    "calcification": QT_TRANSLATE_NOOP("FindingKinds", "Calcification"),
}


def kind_text(kind: str) -> str:
    """Return the class of a finding in the language in use."""
    return translate("FindingKinds", kind)


def kind_name(kind: str) -> str:
    """Return the class of a finding as it stands alone: ``Mass``."""
    return translate("FindingKinds", _NAMES[kind]) if kind in _NAMES else kind.capitalize()
