"""``mammoview audit`` and the doctor's line of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mammoview.app.models import catalogue
from mammoview.cli import doctor
from mammoview.review.anchors import parse_anchors, witness_path
from mammoview.review.leases import LeaseBook, leases_path
from mammoview.review.readers import LOCAL_READER
from mammoview.review.states import Action, ReadState
from mammoview.review.store import ReadLog, reads_path
from tests.builders.reads import READER, mark, read_in, revealed
from tests.cli.conftest import Run


@pytest.fixture
def log(user_folders: Path) -> Path:
    """Return this user's log with two reads, one of them signed."""
    log = ReadLog(reads_path())
    for state in (ReadState.SIGNED, ReadState.UNAIDED):
        read_in(log, state)
    log.close()
    return reads_path()


def _edit(path: Path) -> None:
    db = sqlite3.connect(path)
    db.executescript(
        "DROP TRIGGER no_change; UPDATE events SET reader = 'other' WHERE number = 2;"
        " CREATE TRIGGER no_change BEFORE UPDATE ON events\n"
        "    BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;"
    )
    db.close()


def test_a_sound_log_is_intact(command: Run, log: Path) -> None:
    said = command("audit", "verify")
    assert said.code == 0
    assert "intact; it ends with event" in said.out
    document = command("audit", "verify", "--json").document
    assert document["intact"] is True
    assert (document["reads"], document["problems"]) == (2, [])
    assert document["anchor"]["number"] == document["events"]
    (note,) = document["notes"]
    assert note == "the model quick 1 is not on this machine (any more)"


def test_a_shipped_model_is_known(command: Run, user_folders: Path, shipped_bundle: Path) -> None:
    log = ReadLog(reads_path())
    read = read_in(log, ReadState.UNAIDED_LOCKED)
    said = replace(revealed(mark()), model=catalogue.check(shipped_bundle))
    log.append(read.read_id, READER, Action.REVEAL, said)
    log.close()
    assert command("audit", "verify", "--json").document["notes"] == []


def test_who_took_an_examination_over_is_told(command: Run, log: Path) -> None:
    one, other = LeaseBook(leases_path()), LeaseBook(leases_path())
    one.take("exam-1", LOCAL_READER.id)
    other.take("exam-1", "reader-b", reason="left the desk")
    one.close()
    other.close()
    said = command("audit", "verify").out
    assert f"reader-b took exam-1 over from {LOCAL_READER.name}: left the desk" in said
    elsewhere = command("audit", "verify", "--log", str(log), "--json").document["notes"]
    assert not [note for note in elsewhere if "took" in note], "leases are of this user's own log"


def test_a_changed_log_is_told_with_exit_1(command: Run, log: Path) -> None:
    _edit(log)
    said = command("audit", "verify")
    assert said.code == 1
    assert "problem: event 2 is not as it was written" in said.out
    document = command("audit", "verify", "--json")
    assert document.code == 1
    assert document.document["intact"] is False
    line = _doctor(command)
    assert (line["health"], line["todo"].split(";")[0]) == ("degraded", "mammoview audit verify")


def test_no_read_is_no_fault(command: Run) -> None:
    said = command("audit", "verify")
    assert (said.code, said.out) == (0, "no read was ever opened by this user on this machine\n")
    assert command("audit", "verify", "--json").document["events"] == 0
    assert not reads_path().exists()
    assert doctor._read_log().seen == "no read was opened yet"


def test_a_log_that_is_gone_is_told(command: Run, log: Path, tmp_path: Path) -> None:
    command("audit", "export", "--to", tmp_path / "log.jsonl", "--anchors", tmp_path / "anchors")
    log.unlink()
    assert command("audit", "verify").code == 1
    assert doctor._read_log().health == "degraded"
    witness_path(log).unlink()
    assert command("audit", "verify").code == 0
    assert command("audit", "verify", "--anchors", tmp_path / "anchors").code == 1
    assert command("audit", "export", "--to", tmp_path / "b.jsonl").code == 3


def test_a_copy_and_its_anchors(command: Run, log: Path, tmp_path: Path) -> None:
    copy, anchors = tmp_path / "log.jsonl", tmp_path / "anchors.txt"
    said = command("audit", "export", "--to", copy, "--anchors", anchors)
    assert (said.code, said.out) == (0, "")
    first, *events = [json.loads(line) for line in copy.read_text("utf-8").splitlines()]
    assert first["format"] == "mammoview-read-log/1"
    assert first["events"] == len(events) == first["head"]["number"]
    assert events[0]["content"]["mode"] == "second-read"
    text = anchors.read_text("utf-8")
    assert "# made 20" in text
    assert "signed by nobody" in text
    (anchor,) = parse_anchors(text)
    assert anchor.number == len(events)
    for words in (["--log", copy], ["--anchors", anchors], ["--log", copy, "--anchors", anchors]):
        assert command("audit", "verify", *words).code == 0
    copy.write_text(copy.read_text("utf-8").replace('"4B"', '"1"'), "utf-8")
    assert command("audit", "verify", "--log", copy).code == 1


def test_a_log_rewritten_whole_is_told_by_kept_anchors(
    command: Run, log: Path, tmp_path: Path
) -> None:
    command("audit", "export", "--to", tmp_path / "log.jsonl", "--anchors", tmp_path / "kept")
    for file in (log, witness_path(log)):
        file.unlink()
    other = ReadLog(log)
    for _ in range(3):
        read_in(other, ReadState.SIGNED)
    other.close()
    assert command("audit", "verify").code == 0
    said = command("audit", "verify", "--anchors", tmp_path / "kept")
    assert said.code == 1
    assert "is not the one that was anchored" in said.out


def test_a_damaged_log_is_copied_all_the_same_and_said(
    command: Run, log: Path, tmp_path: Path
) -> None:
    _edit(log)
    said = command("audit", "export", "--to", tmp_path / "log.jsonl")
    assert said.code == 1
    assert "event 2 is not as it was written" in said.err
    assert command("audit", "verify", "--log", tmp_path / "log.jsonl").code == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (lambda log, folder: ["verify", "--log", folder / "none"], 3),
        (lambda log, folder: ["verify", "--anchors", folder / "none"], 3),
        (lambda log, folder: ["verify", "--anchors", log], 3),
        (lambda log, folder: ["verify", "--log", folder], 3),
        (lambda log, folder: ["export", "--to", log], 2),
        (lambda log, folder: ["export", "--to", folder / "a", "--anchors", folder / "a"], 2),
        (lambda log, folder: ["export"], 2),
        (lambda log, folder: [], 2),
    ],
)
def test_wrong_words(
    command: Run, log: Path, tmp_path: Path, words: Callable[[Path, Path], list[object]], code: int
) -> None:
    before = log.read_bytes()
    assert command("audit", *words(log, tmp_path)).code == code
    assert log.read_bytes() == before


def _doctor(command: Run) -> dict[str, str]:
    checks = command("doctor", "--json").document["checks"]
    (line,) = [check for check in checks if check["part"] == "read log"]
    found: dict[str, str] = line
    return found
