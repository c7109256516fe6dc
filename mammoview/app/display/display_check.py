"""The daily look at the screen: what is asked, what was answered, and whether it still holds.

Answers are kept in one small file of lines, to which lines are only ever added.  It names screens
and no patient.  Source: AAPM On-Line Report 03 (TG18), section 6 (quality control of a display by
its user, daily and visually), and AAPM Report 270.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

import platformdirs

from mammoview.errors import SettingsError
from mammoview.imaging.patterns import PatternName
from mammoview.whole_file import write_lines
from mammoview.words import QT_TRANSLATE_NOOP, translate

_FORMAT = "mammoview-display-check/1"


class DisplayStatus(StrEnum):
    """What is known of the screen that the window is on."""

    CHECKED = "checked"
    NOT_CHECKED = "not checked"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing to look for on one pattern; yes is the good answer."""

    id: str
    pattern: PatternName
    text: str

    @property
    def said(self) -> str:
        """The text in the language in use."""
        return translate("DisplayCheck", self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplayRecord:
    """The answers for one screen.  ``failed`` are the ids of the questions answered with no."""

    screen: str
    made: datetime
    failed: tuple[str, ...]


QUESTIONS: tuple[Question, ...] = (
    Question(
        id="patches",
        pattern=PatternName.OVERALL,
        text=QT_TRANSLATE_NOOP(
            "DisplayCheck",
            "Do all 16 grey patches of the ring differ, and are the small squares in their corners "
            "seen?",
        ),
    ),
    Question(
        id="extremes",
        pattern=PatternName.OVERALL,
        text=QT_TRANSLATE_NOOP(
            "DisplayCheck", "Is the dark square seen in the black one, and the bright in the white?"
        ),
    ),
    Question(
        id="line-pairs",
        pattern=PatternName.OVERALL,
        text=QT_TRANSLATE_NOOP(
            "DisplayCheck",
            "Are the finest lines apart, in the middle and in all four corners, without colour?",
        ),
    ),
    Question(
        id="letters",
        pattern=PatternName.OVERALL,
        text=QT_TRANSLATE_NOOP(
            "DisplayCheck",
            "Can QUALITY CONT be read on black, on grey and on white (the rest may fade)?",
        ),
    ),
    Question(
        id="modulation",
        pattern=PatternName.LOW_CONTRAST,
        text=QT_TRANSLATE_NOOP(
            "DisplayCheck", "Are the faint bars seen in all 18 squares, black and white included?"
        ),
    ),
    Question(
        id="ramp",
        pattern=PatternName.RAMP,
        text=QT_TRANSLATE_NOOP(
            "DisplayCheck", "Does grey run evenly from end to end, without bands, steps or colour?"
        ),
    ),
    Question(
        id="dark-field",
        pattern=PatternName.UNIFORM_DARK,
        text=QT_TRANSLATE_NOOP(
            "DisplayCheck", "Is the dark field even: no clouds, no bright spots, no reflections?"
        ),
    ),
    Question(
        id="bright-field",
        pattern=PatternName.UNIFORM_BRIGHT,
        text=QT_TRANSLATE_NOOP(
            "DisplayCheck", "Is the bright field even: no clouds, no dark spots, no dirt?"
        ),
    ),
    Question(
        id="geometry",
        pattern=PatternName.GEOMETRY,
        text=QT_TRANSLATE_NOOP(
            "DisplayCheck",
            "Are the meshes square, all lines equally sharp, and the border seen on all sides?",
        ),
    ),
)


class DisplayChecks:
    """The file of answers, and what it says of a screen today.

    Parameters
    ----------
    path : Path
        The file; it need not be there.
    days : int
        For how many days a check holds; 1: until midnight.
    now : callable
        Returns the local time.
    """

    def __init__(
        self, path: Path, *, days: int = 1, now: Callable[[], datetime] = datetime.now
    ) -> None:
        self._path, self._days, self._now = path, days, now

    def status(self, screen: str) -> DisplayStatus:
        """Return what the last check of a screen says today."""
        today = self._now().date()
        return status_of(read_records(self._path), screen, today=today, days=self._days)

    def save(self, screen: str, answers: Mapping[str, bool]) -> DisplayRecord:
        """Add the answers for a screen, keyed by the ids of the questions.

        Raises
        ------
        SettingsError
            If the file cannot be written; what it held before stays.
        """
        failed = tuple(question.id for question in QUESTIONS if not answers[question.id])
        record = DisplayRecord(
            screen=screen, made=self._now().replace(microsecond=0), failed=failed
        )
        _add(record, self._path)
        return record


def records_path() -> Path:
    """Return where the answers of this user are."""
    return platformdirs.user_data_path("mammoview", appauthor=False) / "display-checks.jsonl"


def status_of(
    records: Sequence[DisplayRecord], screen: str, *, today: date, days: int
) -> DisplayStatus:
    """Return what the last check of a screen says.

    A failed check stands until the next one, however old it is.  One of the future, from a clock
    that was wrong, does not count as done.
    """
    own = [record for record in records if record.screen == screen]
    if not own:
        return DisplayStatus.NOT_CHECKED
    if own[-1].failed:
        return DisplayStatus.FAILED
    age = (today - own[-1].made.date()).days
    return DisplayStatus.CHECKED if 0 <= age < days else DisplayStatus.NOT_CHECKED


def read_records(path: Path) -> tuple[DisplayRecord, ...]:
    """Return all answers, oldest first; lines that cannot be understood are passed over.

    A file that cannot be read says nothing, and the screen counts as not checked.
    """
    try:
        return tuple(filter(None, map(_record, _lines(path))))
    except OSError:
        return ()


def badge_text(status: DisplayStatus | None) -> str:
    """Return the lasting words in the window; none for a checked screen, or where none is asked."""
    return {
        DisplayStatus.NOT_CHECKED: translate("DisplayCheck", "display not checked"),
        DisplayStatus.FAILED: translate("DisplayCheck", "display check failed"),
    }.get(status, "")  # type: ignore[arg-type]  # None has no words either


def _add(record: DisplayRecord, path: Path) -> None:
    line = json.dumps(
        {
            "format": _FORMAT,
            "screen": record.screen,
            "made": record.made.isoformat(),
            "failed": list(record.failed),
        }
    )
    try:
        write_lines([*_lines(path), line], path)
    except OSError as error:
        raise SettingsError(
            f"the answers cannot be kept ({error.strerror or type(error).__name__})",
            expected="a data folder with room and write access",
            todo="make room, or run mammoview doctor, and save again: the answers are still here",
        ) from error


def _lines(path: Path) -> list[str]:
    """Return the lines of a file; none where there is no file."""
    return path.read_text("utf-8", errors="replace").splitlines() if path.exists() else []


def _record(line: str) -> DisplayRecord | None:
    try:
        node = json.loads(line)
        known = node["format"] == _FORMAT and isinstance(node["screen"], str)
        failed = tuple(str(name) for name in node["failed"])
        made = datetime.fromisoformat(node["made"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return DisplayRecord(screen=node["screen"], made=made, failed=failed) if known else None
