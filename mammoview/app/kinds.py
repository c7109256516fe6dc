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


# What shipped models say of their classes; words of another model stay as they are.
CAVEATS = (QT_TRANSLATE_NOOP("Caveats", "trained on simulated calcifications"),)


def kind_text(kind: str) -> str:
    """Return the class of a finding in the language in use."""
    return translate("FindingKinds", kind)


def kind_name(kind: str) -> str:
    """Return the class of a finding as it stands alone: ``Mass``."""
    return translate("FindingKinds", _NAMES[kind]) if kind in _NAMES else kind.capitalize()


def caveat_text(caveat: str) -> str:
    """Return a model's caveat in the language in use; one that nobody knows stays as it is."""
    return translate("Caveats", caveat)


def named_caveat(kind: str, caveat: str) -> str:
    """Return a caveat with the class that it is of: ``Mass: seen in no film``."""
    return f"{kind_name(kind)}: {caveat_text(caveat)}"


def logged_caveat(said: str) -> str:
    """Return a caveat as a read's log keeps it (``Mass: seen in no film``), in that language."""
    kind, _, caveat = said.partition(": ")
    if kind.casefold() not in _NAMES:
        return caveat_text(said)
    return named_caveat(kind.casefold(), caveat)
