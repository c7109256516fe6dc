"""The desk keeps every change in order, tells what it cannot keep, and tries until it can."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from mammoview.app.marks import marking
from mammoview.app.pixels import resolve
from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import log_answers
from mammoview.app.storage import write_behind
from mammoview.domain.reading import ReaderIdentity
from mammoview.review.marks import MarkEvent, MarkStore
from tests.builders.desk import Mailbox, exam, image, index
from tests.builders.marks import length_mark


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decode nothing, and wait little before trying again."""
    monkeypatch.setattr(resolve, "load_image", lambda view: (view, image()))
    monkeypatch.setattr(write_behind, "_RETRY_S", 0.02)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "marks.sqlite"


@pytest.fixture
def box() -> Mailbox:
    return Mailbox()


@pytest.fixture
def desk(path: Path, box: Mailbox) -> Iterator[ReadingDesk]:
    """Return a desk with an examination hung."""
    desk = opened(path, box)
    yield desk
    desk.shutdown()


def opened(path: Path, box: Mailbox) -> ReadingDesk:
    desk = ReadingDesk(deliver=box.post, analyst=None, mark_store=MarkStore(path, wait_s=0.02))
    desk.open_index(index(exam(), exam("exam-2", views=())))
    box.run_until(lambda: all(view.image is not None for view in desk.workspace.views))
    return desk


def kept(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'mark_event'").fetchall():
            return []
        rows = db.execute("SELECT mark_id, action FROM mark_event ORDER BY seq").fetchall()
    return [(str(mark), str(action)) for mark, action in rows]


def test_changes_are_written_in_their_order(desk: ReadingDesk, path: Path) -> None:
    desk.do(marking.add, length_mark("a"))
    desk.do(marking.add, length_mark("b"))
    desk.do(marking.relabel, "a", "x")
    desk.do(marking.delete_selected)
    desk.do(marking.undo)
    assert desk.unsaved_marks() == 0
    assert kept(path) == [
        ("a", "add"), ("b", "add"), ("a", "change"), ("b", "delete"), ("b", "add"),
    ]  # fmt: skip


def test_they_are_written_without_being_asked(desk: ReadingDesk, path: Path, box: Mailbox) -> None:
    desk.do(marking.add, length_mark("a"))
    box.run_until(lambda: path.exists() and kept(path) == [("a", "add")])


class SlowStore(MarkStore):
    """Stands still in the middle of its first write."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.writing, self.go_on = threading.Event(), threading.Event()

    def append(self, events: Sequence[MarkEvent]) -> None:
        self.writing.set()
        assert self.go_on.wait(20)
        super().append(events)


def test_what_is_drawn_while_the_disk_is_busy_is_written_after_it(path: Path, box: Mailbox) -> None:
    store = SlowStore(path)
    desk = ReadingDesk(deliver=box.post, analyst=None, mark_store=store)
    desk.open_index(index(exam()))
    desk.do(marking.add, length_mark("a"))
    assert store.writing.wait(20)
    desk.do(marking.add, length_mark("b"))
    store.go_on.set()
    desk.shutdown()
    assert kept(path) == [("a", "add"), ("b", "add")]


def test_opening_again_shows_them(desk: ReadingDesk, path: Path, box: Mailbox) -> None:
    desk.do(marking.add, length_mark("a"))
    desk.do(marking.add, length_mark("b", uid="an image of somebody else"))
    desk.shutdown()
    again = opened(path, box)
    box.run_until(lambda: bool(again.workspace.marks.items))
    assert again.workspace.marks.items == (length_mark("a"),)
    assert again.workspace.marks.done == ()
    again.shutdown()
    assert len(kept(path)) == 2, "what was read is not written again"


def test_choosing_another_examination_deletes_nothing(
    desk: ReadingDesk, path: Path, box: Mailbox
) -> None:
    desk.do(marking.add, length_mark("a"))
    desk.select_exam("exam-2")
    desk.select_exam("exam-1")
    box.run_until(lambda: bool(desk.workspace.marks.items))
    desk.do(marking.add, length_mark("b"))
    assert desk.unsaved_marks() == 0
    assert kept(path) == [("a", "add"), ("b", "add")]


def test_a_mark_drawn_before_the_kept_ones_are_read_stays(path: Path, box: Mailbox) -> None:
    desk = ReadingDesk(deliver=box.post, analyst=None, mark_store=MarkStore(path))
    desk.do(lambda ws: ws)
    desk.open_index(index(exam()))
    desk.do(marking.add, length_mark("early"))
    box.run_until(lambda: all(view.image is not None for view in desk.workspace.views))
    desk.unsaved_marks()
    box.run_posted()
    assert [mark.id for mark in desk.workspace.marks.items] == ["early"]
    desk.shutdown()


def test_a_locked_file_is_told_and_the_marks_are_written_later(
    desk: ReadingDesk, path: Path, box: Mailbox
) -> None:
    desk.do(marking.add, length_mark("a"))
    box.run_until(lambda: desk.unsaved_marks() == 0)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        desk.do(marking.add, length_mark("b"))
        box.run_until(lambda: bool(desk.workspace.marks.problem))
        desk.do(marking.add, length_mark("c"))
        said = marking.problem_text(desk.workspace.marks)
        assert said.startswith("2 mark changes NOT SAVED: ")
        assert "another program holds" in said
        assert [mark.id for mark in desk.workspace.marks.items] == ["a", "b", "c"]
        desk.select_exam("exam-2")
        assert "another program holds" in desk.workspace.marks.problem, (
            "it is said on every examination"
        )
        desk.select_exam("exam-1")
        other.execute("ROLLBACK")
    box.run_until(lambda: not desk.workspace.marks.problem)
    assert desk.unsaved_marks() == 0
    assert kept(path) == [("a", "add"), ("b", "add"), ("c", "add")]
    box.run_until(lambda: len(desk.workspace.marks.items) == 3)


def test_a_problem_is_over_when_a_last_try_before_closing_was_quicker(
    desk: ReadingDesk, path: Path, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.do(marking.add, length_mark("a"))
    box.run_until(lambda: desk.unsaved_marks() == 0)
    monkeypatch.setattr(write_behind, "_RETRY_S", 0.3)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        desk.do(marking.add, length_mark("b"))
        box.run_until(lambda: bool(desk.workspace.marks.problem))
        other.execute("ROLLBACK")
    assert desk.unsaved_marks() == 0
    box.run_until(lambda: not desk.workspace.marks.problem)


def test_marks_that_wait_for_the_disk_are_shown_when_their_examination_comes_back(
    desk: ReadingDesk, path: Path, box: Mailbox
) -> None:
    desk.do(marking.add, length_mark("a"))
    box.run_until(lambda: desk.unsaved_marks() == 0)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # reading works, writing does not
        desk.do(marking.add, length_mark("b"))
        desk.do(marking.change, length_mark("a", col=2))
        desk.select_exam("exam-2")
        desk.select_exam("exam-1")
        box.run_until(lambda: len(desk.workspace.marks.items) == 2)
        assert desk.workspace.marks.items == (length_mark("a", col=2), length_mark("b"))
        other.execute("ROLLBACK")


def test_a_file_that_cannot_be_read_is_told_and_read_later(path: Path, box: Mailbox) -> None:
    first = opened(path, box)
    first.do(marking.add, length_mark("a"))
    first.shutdown()
    content = path.read_bytes()
    path.write_bytes(b"no database" * 1000)
    desk = opened(path, box)
    box.run_until(lambda: "a damaged file of marks" in marking.problem_text(desk.workspace.marks))
    path.write_bytes(content)
    box.run_until(lambda: bool(desk.workspace.marks.items))
    assert desk.workspace.marks.problem == ""
    desk.shutdown()


def test_entries_that_are_not_understood_are_said(
    desk: ReadingDesk, path: Path, box: Mailbox
) -> None:
    desk.do(marking.add, length_mark("a"))
    desk.unsaved_marks()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "INSERT INTO mark_event (utc, mark_id, sop_instance_uid, action, payload)"
            " VALUES ('', 'b', '1.2.3.RCC', 'add', '{}')"
        )
    desk.select_exam("exam-1")
    box.run_until(lambda: bool(desk.workspace.warnings))
    assert "not understood: kept, but not shown" in desk.workspace.warnings[0]
    assert [mark.id for mark in desk.workspace.marks.items] == ["a"]


def test_what_cannot_be_kept_at_the_end_is_counted(tmp_path: Path, box: Mailbox) -> None:
    (tmp_path / "file").write_text("in the way")
    desk = opened(tmp_path / "file" / "marks.sqlite", box)
    desk.do(marking.add, length_mark("a"))
    assert desk.unsaved_marks() == 1
    desk.shutdown()


def test_without_a_store_nothing_is_kept_and_nothing_is_said(box: Mailbox) -> None:
    desk = ReadingDesk(deliver=box.post, analyst=None)
    desk.do(marking.add, length_mark("a"))
    assert desk.unsaved_marks() == 0
    assert desk.workspace.marks.problem == ""
    desk.shutdown()


def test_another_reader_sees_their_own_marks_alone(
    desk: ReadingDesk, path: Path, box: Mailbox
) -> None:
    anna, bert = (ReaderIdentity(id=name, name=name.title()) for name in ("anna", "bert"))
    desk.do(log_answers.seat, anna, keeps=False)
    desk.do(marking.add, length_mark("a"))
    box.run_until(lambda: kept(path) == [("a", "add")])
    desk.do(log_answers.seat, bert, keeps=False)
    desk.look_for_marks()
    box.run_until(lambda: desk.workspace.marks.items == ())
    desk.do(log_answers.seat, anna, keeps=False)
    desk.look_for_marks()
    box.run_until(lambda: [mark.id for mark in desk.workspace.marks.items] == ["a"])
