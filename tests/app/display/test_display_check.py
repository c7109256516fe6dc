"""What is kept of the daily check, and how long it holds."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mammoview.app.display import display_check
from mammoview.app.display.display_check import (
    QUESTIONS,
    DisplayChecks,
    DisplayStatus,
    badge_text,
    read_records,
)
from mammoview.errors import SettingsError
from mammoview.imaging.patterns import PatternName

_GOOD = {question.id: True for question in QUESTIONS}
_NOON = datetime(2026, 3, 1, 12, 0)


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.time = _NOON

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "checks.jsonl"


def test_every_pattern_is_asked_about_and_ids_are_unique() -> None:
    assert {question.pattern for question in QUESTIONS} == set(PatternName)
    assert len({question.id for question in QUESTIONS}) == len(QUESTIONS)


def test_a_check_holds_until_midnight_and_for_its_own_screen(path: Path, clock: Clock) -> None:
    checks = DisplayChecks(path, now=clock)
    assert checks.status("A") is DisplayStatus.NOT_CHECKED
    checks.save("A", _GOOD)
    assert checks.status("A") is DisplayStatus.CHECKED
    assert checks.status("B") is DisplayStatus.NOT_CHECKED
    clock.time = _NOON.replace(hour=23, minute=59)
    assert checks.status("A") is DisplayStatus.CHECKED
    clock.time = _NOON + timedelta(hours=12, minutes=1)
    assert checks.status("A") is DisplayStatus.NOT_CHECKED


def test_the_interval_is_a_choice(path: Path, clock: Clock) -> None:
    weekly = DisplayChecks(path, days=7, now=clock)
    weekly.save("A", _GOOD)
    clock.time = _NOON + timedelta(days=6)
    assert weekly.status("A") is DisplayStatus.CHECKED
    clock.time = _NOON + timedelta(days=7)
    assert weekly.status("A") is DisplayStatus.NOT_CHECKED


def test_one_no_is_a_failed_check_until_the_next_good_one(path: Path, clock: Clock) -> None:
    checks = DisplayChecks(path, now=clock)
    checks.save("A", _GOOD | {"ramp": False})
    clock.time = _NOON + timedelta(days=30)
    assert checks.status("A") is DisplayStatus.FAILED
    checks.save("A", _GOOD)
    assert checks.status("A") is DisplayStatus.CHECKED
    assert [record.failed for record in read_records(path)] == [("ramp",), ()]


def test_a_check_of_the_future_does_not_count(path: Path, clock: Clock) -> None:
    checks = DisplayChecks(path, now=clock)
    checks.save("A", _GOOD)
    clock.time = _NOON - timedelta(days=2)
    assert checks.status("A") is DisplayStatus.NOT_CHECKED


def test_lines_are_only_added_and_strange_ones_stay(path: Path, clock: Clock) -> None:
    checks = DisplayChecks(path, now=clock)
    checks.save("A", _GOOD)
    strange = ["half a li", "[]", '{"format": "other/9"}', "null", ""]
    with path.open("a", encoding="utf-8") as stream:
        stream.write("\n".join(strange))
    checks.save("B", _GOOD)
    lines = path.read_text("utf-8").splitlines()
    assert lines[1:5] == strange[:4]
    assert [record.screen for record in read_records(path)] == ["A", "B"]
    assert set(json.loads(lines[-1])) == {"format", "screen", "made", "failed"}


def test_a_full_disk_says_so_and_leaves_what_was_there(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = DisplayChecks(path, now=clock)
    checks.save("A", _GOOD)
    before = path.read_bytes()

    def full(lines: object, path: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(display_check, "write_lines", full)
        with pytest.raises(SettingsError, match=r"No space left on device.*still here"):
            checks.save("A", _GOOD)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_file_that_cannot_be_read_is_never_written_over(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = DisplayChecks(path, now=clock)
    checks.save("A", _GOOD)
    before = path.read_bytes()

    def locked(self: Path, *args: object, **kwargs: object) -> str:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_text", locked)
        assert checks.status("A") is DisplayStatus.NOT_CHECKED
        with pytest.raises(SettingsError, match="Permission denied"):
            checks.save("A", _GOOD)
    assert path.read_bytes() == before


def test_badges() -> None:
    assert badge_text(None) == badge_text(DisplayStatus.CHECKED) == ""
    assert badge_text(DisplayStatus.NOT_CHECKED) == "display not checked"
    assert badge_text(DisplayStatus.FAILED) == "display check failed"
