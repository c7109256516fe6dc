"""Nothing that was said in a read is lost: a busy, full or locked log, and two programs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mammoview.app.pixels import resolve
from mammoview.app.second_read import commands as reads
from mammoview.app.second_read import keeper, texts
from mammoview.app.second_read.next_step import Go
from mammoview.app.storage import write_behind
from mammoview.domain.assessment import Opinion
from mammoview.domain.views import Laterality
from mammoview.review import sql
from mammoview.review.events import Locked, OpinionSet
from mammoview.review.read import digest
from mammoview.review.states import Action, ReadState
from mammoview.review.store import ReadLog
from tests.builders.desk import exam, image, index
from tests.builders.read_room import READER, Room


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decode nothing, and wait little."""
    monkeypatch.setattr(resolve, "load_image", lambda view: (view, image()))
    monkeypatch.setattr(write_behind, "_RETRY_S", 0.02)
    monkeypatch.setattr(sql, "_PATIENCE_S", 0.02)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    room.open_listed()
    yield room
    room.desk.shutdown()


def right(category: str) -> Opinion:
    return Opinion(laterality=Laterality.RIGHT, category=category)


def opinions(path: Path) -> list[str]:
    """Return the opinions in the log, in their order."""
    log = ReadLog(path)
    found = [e.content for e in log.events()]
    log.close()
    return [content.category for content in found if isinstance(content, OpinionSet)]


def test_everything_is_written_in_its_order_without_being_asked(room: Room) -> None:
    for category in ("1", "2", "2", "4A"):
        room.desk.do(reads.set_opinion, right(category))
    room.box.run_until(lambda: opinions(room.path) == ["1", "2", "4A"])


def test_a_locked_log_is_said_and_written_later(room: Room) -> None:
    with closing(sqlite3.connect(room.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        room.desk.do(reads.set_opinion, right("1"))
        room.box.run_until(lambda: bool(room.desk.workspace.read.problem))
        room.desk.do(reads.set_opinion, right("2"))
        said = texts.problem_text(room.desk.workspace.read)
        assert said.startswith("2 changes of the read NOT SAVED: ")
        assert "another program holds" in said
        assert room.desk.unsaved_entries() == 2
        read = room.desk.workspace.read.read
        assert read is not None
        assert read.now.opinions == (right("2"),), "it stays on the screen"
        other.execute("ROLLBACK")
    room.box.run_until(lambda: not room.desk.workspace.read.problem)
    assert opinions(room.path) == ["1", "2"]
    assert room.desk.workspace.read.unsaved == 0


class FullLog(ReadLog):
    """A log on a disk that has no room for another page, as SQLite itself says it."""

    full = False

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        pages = self._db.execute("PRAGMA page_count").fetchone()[0]
        self._db.execute(f"PRAGMA max_page_count = {pages if type(self).full else 1_000_000}")


def test_a_full_disk_is_said_and_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(tmp_path)
    room.open_listed()
    room.desk.shutdown()
    monkeypatch.setattr(keeper, "ReadLog", FullLog)
    monkeypatch.setattr(FullLog, "full", True)
    again = Room(tmp_path)
    again.open_listed()
    long = Opinion(laterality=Laterality.LEFT, category="1", reason="a long reason " * 9000)
    again.desk.do(reads.set_opinion, long)
    again.box.run_until(lambda: "full disk" in again.desk.workspace.read.problem)
    assert again.desk.unsaved_entries() == 1
    monkeypatch.setattr(FullLog, "full", False)
    again.box.run_until(lambda: not again.desk.workspace.read.problem)
    assert opinions(room.path) == ["1"]
    again.desk.shutdown()


def test_a_lock_that_is_not_on_the_disk_reveals_nothing(room: Room) -> None:
    room.analysed()
    room.say_all()
    room.box.run_until(lambda: room.desk.workspace.read.unsaved == 0)
    with closing(sqlite3.connect(room.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        room.desk.go_in_read(Go.LOCK)
        room.box.run_until(lambda: bool(room.desk.workspace.read.problem))
        room.desk.go_in_read(Go.REVEAL)
        assert room.desk.workspace.status == "The lock is not on the disk yet"
        assert room.desk.workspace.prediction is None
        other.execute("ROLLBACK")
    room.until(ReadState.UNAIDED_LOCKED)
    room.desk.go_in_read(Go.REVEAL)
    room.until(ReadState.AI_REVEALED)


def test_a_reveal_that_is_not_on_the_disk_shows_nothing(room: Room) -> None:
    room.analysed()
    room.say_all()
    room.desk.go_in_read(Go.LOCK)
    room.until(ReadState.UNAIDED_LOCKED)
    with closing(sqlite3.connect(room.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        room.desk.go_in_read(Go.REVEAL)
        room.box.run_until(lambda: "NOT SAVED" in texts.problem_text(room.desk.workspace.read))
        assert room.desk.workspace.prediction is None
        other.execute("ROLLBACK")
    room.box.run_until(lambda: room.desk.workspace.prediction is not None)


def test_what_waits_is_shown_when_its_examination_comes_back(room: Room) -> None:
    with closing(sqlite3.connect(room.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        room.desk.do(reads.set_opinion, right("3"))
        room.box.run_until(lambda: bool(room.desk.workspace.read.problem))
        room.desk.open_index(index(exam("exam-2", views=())))
        assert "holds" in room.desk.workspace.read.problem, "it is said on every examination"
        room.desk.open_index(index(exam()))
        room.box.run_until(lambda: room.desk.workspace.read.read is not None)
        read = room.desk.workspace.read.read
        assert read is not None
        assert read.now.opinions == (right("3"),)
        other.execute("ROLLBACK")
    room.box.run_until(lambda: not room.desk.workspace.read.problem)
    assert opinions(room.path) == ["3"]


def test_a_read_whose_opening_waits_is_found_again(tmp_path: Path) -> None:
    (tmp_path / "reads.sqlite").touch(mode=0o600)
    room = Room(tmp_path)
    with closing(sqlite3.connect(room.path, isolation_level=None)) as other:
        room.list_opens()
        room.box.run_until(lambda: not room.desk.workspace.read.looking)
        other.execute("BEGIN EXCLUSIVE")
        room.box.run_until(
            lambda: bool(room.desk.workspace.read.problem) or room.desk.unsaved_entries() == 0
        )
        other.execute("ROLLBACK")
    room.until(ReadState.UNAIDED)
    room.desk.shutdown()


def test_what_two_programs_did_to_one_read_is_told(room: Room) -> None:
    room.say_all()
    room.box.run_until(
        lambda: room.desk.workspace.read.unsaved == 0 and not room.desk.unsaved_entries()
    )
    room.box.run_posted()
    read = room.desk.workspace.read.kept
    assert read is not None
    other = ReadLog(room.path)
    now = other.read(read.read_id).now
    other.append(read.read_id, READER.id, Action.LOCK, Locked(sha256=digest(now)))
    other.close()
    room.desk.do(reads.set_opinion, right("5"))
    room.until(ReadState.UNAIDED_LOCKED)
    assert any(
        w.startswith("Not taken into the read log: set opinion (")
        for w in room.desk.workspace.warnings
    )
    shown = room.desk.workspace.read.read
    assert shown is not None
    assert shown.now.opinion(Laterality.RIGHT) == right("1"), "the screen shows what is in the log"


def test_what_cannot_be_kept_at_the_end_is_counted(room: Room) -> None:
    room.box.run_until(lambda: room.desk.unsaved_entries() == 0)
    with closing(sqlite3.connect(room.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        room.desk.do(reads.set_opinion, right("1"))
        assert room.desk.unsaved_entries() == 1
        room.desk.shutdown()
        other.execute("ROLLBACK")
    assert opinions(room.path) == []
