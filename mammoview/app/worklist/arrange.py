"""What the list shows, and in which order: pure functions, for ten thousand studies in a blink.

This stands in place of a proxy model of Qt, which would ask Python for each comparison of two
rows: sorting ten thousand lines took it seconds.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from mammoview.app.priors import display_date
from mammoview.app.worklist.values import Study
from mammoview.review.standing import Reading


class Column(StrEnum):
    """The columns, in their order; the value is the name that settings keep."""

    VIEWS = "pictures"
    STATE = "state"
    PATIENT = "patient"
    ID = "id"
    BIRTH = "birth"
    DATE = "date"
    MISSING = "views"
    IMAGES = "images"
    ACCESSION = "accession"
    SOURCE = "source"


@dataclass(frozen=True, slots=True, kw_only=True)
class SortKey:
    """One column to sort by."""

    column: Column
    descending: bool = False


Sort = tuple[SortKey, ...]

NEWEST_FIRST: Sort = (
    SortKey(column=Column.DATE, descending=True),
    SortKey(column=Column.PATIENT),
)
_MOST_KEYS = 3
_RANGE = re.compile(r"(\d{4}(?:-\d{2}(?:-\d{2})?)?)?\.\.(\d{4}(?:-\d{2}(?:-\d{2})?)?)?")
_ORDER = list(Reading)
_READ = frozenset(
    {
        Reading.FIRST_DONE,
        Reading.DISCORDANT,
        Reading.WITH_ARBITRATOR,
        Reading.READ_BY_OTHERS,
        Reading.SIGNED,
    }
)


def _reading(*states: Reading) -> Callable[[Study], bool]:
    return lambda study: study.reading in states and not study.aside


_STATES: dict[str, Callable[[Study], bool]] = {
    "unread": lambda study: study.to_read,
    "started": _reading(Reading.IN_PROGRESS),
    "in-progress": _reading(Reading.IN_PROGRESS),
    "second": _reading(Reading.WAITS_FOR_SECOND),
    "to-sign": _reading(Reading.TO_SIGN),
    "discordant": _reading(Reading.DISCORDANT),
    "arbitration": _reading(Reading.WAITS_FOR_ARBITRATION),
    "signed": _reading(Reading.SIGNED),
    "read": lambda study: study.aside or study.reading in _READ,
    "aside": lambda study: study.aside,
}
_Test = Callable[[Study, str], bool]


def haystack(study: Study) -> str:
    """Return what words are looked for in: without case and accents."""
    texts = (
        study.who,
        study.patient_id,
        display_date(study.birth_date),
        display_date(study.date),
        study.accession,
        *study.extra,
        study.source,
    )
    return folded("\n".join(texts))


def arrange(
    studies: Sequence[Study], haystacks: Sequence[str], *, text: str, sort: Sort
) -> tuple[Study, ...]:
    """Return the studies that match a filter, sorted; equal ones stay in the order given.

    Parameters
    ----------
    studies, haystacks : sequence
        The studies, and `haystack` of each.
    text : str
        Words that must all be met anywhere; ``unread`` (for this reader to read), ``second``,
        ``started``, ``to-sign``, ``discordant``, ``arbitration``, ``signed``, ``read``, ``aside``,
        ``missing``, ``unreachable``; a range of dates ``2024-01..2024-06``, open at either end.
        In quotation marks anything is a word.
    sort : tuple of SortKey
        The first decides, the others where it is equal.  Empty values come last both ways.
    """
    tests = [_test(word, quoted) for word, quoted in _words(text)]
    found = [
        study
        for study, hay in zip(studies, haystacks, strict=True)
        if all(test(study, hay) for test in tests)
    ]
    for key in reversed(sort):
        valued = [(_VALUES[key.column](study), study) for study in found]
        filled = [pair for pair in valued if pair[0] != ""]
        filled.sort(key=lambda pair: pair[0], reverse=key.descending)
        found = [study for _, study in filled]
        found += [study for value, study in valued if value == ""]
    return tuple(found)


def clicked(sort: Sort, column: Column) -> Sort:
    """Return the order after a click on a column: it comes first, the others stay behind it.

    A click on the first one turns it round.
    """
    if sort and sort[0].column is column:
        first = SortKey(column=column, descending=not sort[0].descending)
    else:
        newest = column in (Column.DATE, Column.IMAGES)
        first = SortKey(column=column, descending=newest)
    rest = tuple(key for key in sort if key.column is not column)
    return (first, *rest)[:_MOST_KEYS]


def sort_text(sort: Sort) -> str:
    """Return an order as settings keep it: ``-date patient``."""
    return " ".join(("-" if key.descending else "") + key.column for key in sort)


def sort_of(text: str) -> Sort:
    """Return the order of a text; the usual one where it cannot be understood."""
    keys = []
    for word in text.split()[:_MOST_KEYS]:
        try:
            column = Column(word.removeprefix("-"))
        except ValueError:
            return NEWEST_FIRST
        keys.append(SortKey(column=column, descending=word.startswith("-")))
    return tuple(keys) or NEWEST_FIRST


@lru_cache(maxsize=1 << 16)
def folded(text: str) -> str:
    """Return a text without case and accents."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()


def _words(text: str) -> list[tuple[str, bool]]:
    """Return the words of a filter and whether each stood in quotation marks."""
    lexer = shlex.shlex(text, posix=False, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters, lexer.quotes = True, "", '"'
    try:
        found = list(lexer)
    except ValueError:  # the second quotation mark is still to be typed
        found = text.replace('"', " ").split()
    return [(word.strip('"'), word.startswith('"')) for word in found if word.strip('"')]


def _test(word: str, quoted: bool) -> _Test:
    wanted = folded(word)
    between = _RANGE.fullmatch(word)
    if quoted:
        return lambda study, hay: wanted in hay
    if wanted in _STATES:
        is_so = _STATES[wanted]
        return lambda study, hay: is_so(study)
    if wanted == "missing":
        return lambda study, hay: bool(study.missing)
    if wanted == "unreachable":
        return lambda study, hay: not study.reachable
    if between is not None and word != "..":
        first = (between[1] or "").replace("-", "").ljust(8, "0")
        last = (between[2] or "9999").replace("-", "").ljust(8, "9")
        return lambda study, hay: bool(study.date) and first <= study.date <= last
    return lambda study, hay: wanted in hay


def _missing_views(study: Study) -> str:
    return f"{len(study.missing)} {','.join(study.missing)}"


_VALUES: dict[Column, Callable[[Study], Any]] = {
    Column.VIEWS: _missing_views,
    Column.STATE: lambda study: (study.aside, _ORDER.index(study.reading)),
    Column.PATIENT: lambda study: folded(study.who),
    Column.ID: lambda study: study.patient_id,
    Column.BIRTH: lambda study: study.birth_date,
    Column.DATE: lambda study: study.date,
    Column.MISSING: _missing_views,
    Column.IMAGES: lambda study: study.images,
    Column.ACCESSION: lambda study: study.accession,
    Column.SOURCE: lambda study: folded(study.source),
}
