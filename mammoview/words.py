"""What the program says to people, in the language they chose: one door for every box.

Texts are written in English where they are used, as ``translate("Context", "text")``, which Qt's
``pyside6-lupdate`` finds in the source; values are put in afterwards, with ``.format``.  Without a
catalogue, as in every command line, the English itself is said; only the files that ``mammoview
export`` makes for people are in the language of the window.  Errors' technical parts, logs and
documents for scripts stay English: they are for whoever helps, and for programs.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

Lookup = Callable[[str, str, str, int], str]
"""Context, English text, comment and number (-1: none) to a translation; empty: there is none."""


def _no_catalogue(context: str, text: str, comment: str, n: int) -> str:
    return ""


_lookup: Lookup = _no_catalogue


class Form(Enum):
    """How a text is said."""

    COUNTED = "counted"


COUNTED = Form.COUNTED


def translate(
    context: str, text: str, comment: str = "", form: Form | None = None, n: int = -1
) -> str:
    """Return a text in the language in use.

    Parameters
    ----------
    context : str
        Where the text is said; one English text may have two translations.
    text : str
        English, a literal: the tool that collects texts reads the source.  With a number,
        ``%n`` stands for it and ``(s)`` for the plural's ending: ``"%n file(s) refused"``.
    comment : str
        For the translator.
    form : Form or None
        ``COUNTED`` with a number, else left away.  Only a call with something in this place (Qt's
        old encoding) is known to the tool as one that has plurals.
    n : int
        The number that the text counts, a plain name: on an expression the tool hangs.
    """
    found = _lookup(context, text, comment, n)
    return found.replace("%n", str(n)) if found and n >= 0 else found or english(text, n)


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:  # noqa: N802  (the name that Qt's tool knows)
    """Mark a text of a table for translation; ``translate`` it where it is shown."""
    return text


def use(lookup: Lookup | None) -> None:
    """Speak by a catalogue from now on; None: English.  For the start of the window alone."""
    global _lookup
    _lookup = lookup or _no_catalogue


def english(text: str, n: int = -1) -> str:
    """Return a text as it stands in the source, with its number and the ending of its plural."""
    if n < 0:
        return text
    return text.replace("%n", str(n)).replace("(s)", "" if n == 1 else "s")
