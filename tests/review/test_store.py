"""The log keeps what it has acknowledged, and says clearly what it cannot do."""

from __future__ import annotations

import os
import resource
import sqlite3
import stat
import sys
import threading
from pathlib import Path

import pytest

from mammoview.domain.views import Laterality
from mammoview.errors import ReviewError
from mammoview.review import audit, sql
from mammoview.review.events import FIRST_HASH, FindingSet, StepRecorded, ViewsChecked
from mammoview.review.states import Action, ReadState
from mammoview.review.store import ReadLog
from tests.builders.reads import (
    READER,
    finding,
    log_at,
    open_read,
    opened,
    opinion,
    read_in,
)

FILE = sql.SqlFile(name="read log", damaged="verify it")
LOG = "reads.sqlite"


def test_what_was_said_comes_back_after_closing(log: ReadLog, tmp_path: Path) -> None:
    said = {state: read_in(log, state) for state in ReadState}
    log.close()
    again = log_at(tmp_path)
    assert {state: again.read(read.read_id) for state, read in said.items()} == said
    assert list(again.reads()) == list(said.values())
    again.close()


def test_events_are_chained_without_gaps_over_all_reads(log: ReadLog) -> None:
    for _ in range(3):
        read_in(log, ReadState.UNAIDED)
    events = log.events()
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert [e.previous for e in events] == [FIRST_HASH, *(e.sha256 for e in events[:-1])]


def test_only_this_user_may_read_it(tmp_path: Path) -> None:
    log = ReadLog(tmp_path / "deep" / "er" / LOG)
    log.close()
    assert stat.S_IMODE((tmp_path / "deep" / "er" / LOG).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "deep" / "er").stat().st_mode) == 0o700


@pytest.mark.parametrize("change", ["UPDATE events SET reader = 'x'", "DELETE FROM events"])
def test_the_file_itself_refuses_changes(log: ReadLog, tmp_path: Path, change: str) -> None:
    read_in(log, ReadState.UNAIDED)
    other = sqlite3.connect(tmp_path / LOG)
    with pytest.raises(sqlite3.IntegrityError, match="never"):
        other.execute(change)
    other.close()


def test_two_programs_never_go_on_from_the_same_state(log: ReadLog, tmp_path: Path) -> None:
    """Both lock the read at once: one succeeds, the other is told; the chain stays whole."""
    read = read_in(log, ReadState.UNAIDED)
    for side in Laterality:
        read = log.append(read.read_id, READER, Action.SET_OPINION, opinion(side))
    logs = [log_at(tmp_path) for _ in range(4)]
    told: list[str] = []
    ready = threading.Barrier(len(logs))

    def lock(one: ReadLog) -> None:
        ready.wait()
        try:
            from tests.builders.reads import to_lock

            one.append(read.read_id, READER, Action.LOCK, to_lock(read))
            told.append("locked")
        except ReviewError as error:
            told.append(error.met)

    threads = [threading.Thread(target=lock, args=(one,)) for one in logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in logs:
        one.close()
    assert sorted(told) == ["lock in a read that is unaided-locked"] * 3 + ["locked"]
    assert audit.verify(tmp_path / LOG).intact


def test_a_log_held_by_another_program_is_said(
    log: ReadLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = read_in(log, ReadState.UNAIDED)
    monkeypatch.setattr(sql, "_PATIENCE_S", 0.05)
    mine = log_at(tmp_path)
    other = sqlite3.connect(tmp_path / LOG, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ReviewError, match="another program"):
        mine.append(read.read_id, READER, Action.SET_FINDING, FindingSet(finding=finding("f3")))
    other.execute("ROLLBACK")
    after = mine.append(read.read_id, READER, Action.SET_FINDING, FindingSet(finding=finding("f3")))
    assert after.now.finding("f3") is not None
    other.close()
    mine.close()


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
def test_a_full_disk_is_said_and_loses_nothing(log: ReadLog, tmp_path: Path) -> None:
    read = read_in(log, ReadState.UNAIDED)
    before = log.events()
    big = FindingSet(finding=finding("f4" + "x" * 3_000_000))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    quiet = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(ReviewError) as caught:
            log.append(read.read_id, READER, Action.SET_FINDING, big)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, quiet)
    assert "read log" in caught.value.expected
    assert log.events() == before
    after = log.append(read.read_id, READER, Action.SET_FINDING, big)
    assert len(after.now.findings) == 2
    assert audit.verify(tmp_path / LOG).intact


@pytest.mark.parametrize(
    ("said", "met"),
    [
        ("database or disk is full", "a full disk"),
        ("attempt to write a readonly database", "may not be written"),
        ("database is locked", "another program"),
        ("database disk image is malformed", "damaged"),
        ("disk I/O error", "cannot be used"),
    ],
)
def test_what_sqlite_says_becomes_what_a_reader_can_do(said: str, met: str) -> None:
    with pytest.raises(ReviewError, match=met) as caught, sql.told(FILE):
        raise sqlite3.OperationalError(said)
    assert caught.value.todo


def test_a_file_that_is_no_log_is_refused(tmp_path: Path) -> None:
    (tmp_path / LOG).write_bytes(b"not a database, but long enough to be taken for one" * 40)
    with pytest.raises(ReviewError, match=r"a damaged read log.*audit verify"):
        log_at(tmp_path)


def test_a_log_of_a_later_schema_is_refused_and_kept(log: ReadLog, tmp_path: Path) -> None:
    log.close()
    db = sqlite3.connect(tmp_path / LOG)
    db.execute("PRAGMA user_version = 9")
    db.close()
    with pytest.raises(ReviewError, match="schema 9"):
        log_at(tmp_path)


def test_a_number_that_is_none_is_never_written(log: ReadLog) -> None:
    read = read_in(log, ReadState.UNAIDED)
    bad = StepRecorded(step="cc", seconds=float("nan"), seen=())
    with pytest.raises(ReviewError, match="finite"):
        log.append(read.read_id, READER, Action.RECORD_STEP, bad)


def test_a_log_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """Root writes anywhere: a folder in the file's place stands for a forbidden one."""
    (tmp_path / LOG).mkdir()
    with pytest.raises(ReviewError) as caught:
        log_at(tmp_path)
    assert caught.value.todo


def test_a_content_of_another_action_is_refused(log: ReadLog) -> None:
    with pytest.raises(ReviewError, match="ViewsChecked"):
        log.append("r", READER, Action.OPEN, ViewsChecked(missing=(), reason=""))
    assert open_read(log, READER, opened()).state is ReadState.OPENED
    assert os.getpid()
