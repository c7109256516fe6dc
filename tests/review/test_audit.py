"""Whatever is done to the file behind the program's back is found."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from mammoview.errors import ReviewError
from mammoview.review import audit
from mammoview.review.audit import Anchor
from mammoview.review.events import FIRST_HASH, event_hash
from mammoview.review.states import ReadState
from mammoview.review.store import ReadLog
from tests.builders.reads import read_in

Edit = Callable[[sqlite3.Connection], object]
LAST = "(SELECT max(number) FROM events)"


@pytest.fixture
def path(log: ReadLog, tmp_path: Path) -> Path:
    """Return a log of three reads, closed."""
    for state in (ReadState.SIGNED, ReadState.AI_REVEALED, ReadState.UNAIDED):
        read_in(log, state)
    log.close()
    return tmp_path / "reads.sqlite"


def test_a_log_as_it_was_written_is_intact(path: Path) -> None:
    report = audit.verify(path)
    assert report.intact
    assert report.events == report.anchor.number > 20
    assert audit.verify(path, [report.anchor, Anchor(number=0, sha256=FIRST_HASH)]).intact


def _edited(path: Path, edit: Edit) -> None:
    db = sqlite3.connect(path)
    db.executescript("DROP TRIGGER no_change; DROP TRIGGER no_removal")
    edit(db)
    db.commit()
    db.close()


def _swap(db: sqlite3.Connection) -> None:
    for old, new in ((7, -1), (8, 7), (-1, 8)):
        db.execute("UPDATE events SET number = ? WHERE number = ?", (new, old))


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda db: db.execute("UPDATE events SET content = replace(content, '4B', '1')"), "as it"),
        (lambda db: db.execute("UPDATE events SET reader = 'me' WHERE number = 3"), "event 3 is"),
        (lambda db: db.execute("UPDATE events SET at = '2000' WHERE number = 1"), "event 1 is"),
        (lambda db: db.execute("DELETE FROM events WHERE number = 5"), "events 5 to 5 are missing"),
        (lambda db: db.execute("DELETE FROM events WHERE number = 1"), "events 1 to 1 are missing"),
        (lambda db: db.execute(f"DELETE FROM events WHERE number = {LAST}"), "should end"),
        (lambda db: db.execute("DELETE FROM events WHERE number > 9"), "should end"),
        (lambda db: db.execute("DELETE FROM events"), "should end"),
        (_swap, "as it was written"),
    ],
)
def test_what_was_edited_is_found(path: Path, edit: Edit, said: str) -> None:
    anchor = audit.verify(path).anchor
    _edited(path, edit)
    report = audit.verify(path)
    assert not report.intact
    assert any(said in problem for problem in report.problems), report.problems
    assert not audit.verify(path, [anchor]).intact


def test_a_log_rewritten_whole_is_found_by_an_anchor_alone(path: Path) -> None:
    """Who computes the chain anew leaves no trace in the file; the anchor kept elsewhere tells."""
    anchor = audit.verify(path).anchor

    def rewrite(db: sqlite3.Connection) -> None:
        db.execute("UPDATE events SET reader = 'reader-z' WHERE reader = 'reader-a'")
        previous = FIRST_HASH
        columns = "number, read_id, at, reader, action, content"
        for row in db.execute(f"SELECT {columns} FROM events ORDER BY number").fetchall():
            names = ("number", "read_id", "at", "reader", "action", "content")
            sha256 = event_hash(**dict(zip(names, row, strict=True)), previous=previous)
            db.execute(
                "UPDATE events SET previous = ?, sha256 = ? WHERE number = ?",
                (previous, sha256, row[0]),
            )
            previous = sha256
        db.execute("UPDATE head SET sha256 = ?", (previous,))

    _edited(path, rewrite)
    assert audit.verify(path).intact
    report = audit.verify(path, [anchor])
    assert report.problems == (f"event {anchor.number} is not the one that was anchored",)


def test_a_well_chained_log_of_what_was_never_allowed_is_found(path: Path) -> None:
    def forge(db: sqlite3.Connection) -> None:
        number, sha256 = db.execute("SELECT number, sha256 FROM head").fetchone()
        (read_id,) = db.execute("SELECT read_id FROM events ORDER BY number DESC").fetchone()
        row = {
            "number": number + 1,
            "read_id": read_id,
            "at": "2026-01-01T00:00:00+00:00",
            "reader": "reader-a",
            "action": "finalize",
            "content": "{}",
            "previous": sha256,
        }
        forged = event_hash(**row)
        db.execute("INSERT INTO events VALUES (?,?,?,?,?,?,?,?)", (*row.values(), forged))
        db.execute("UPDATE head SET number = ?, sha256 = ?", (number + 1, forged))

    _edited(path, forge)
    problems = audit.verify(path).problems
    assert len(problems) == 1
    assert "was not allowed" in problems[0]


def test_a_head_row_taken_out_is_found_in_any_log(log: ReadLog, tmp_path: Path) -> None:
    path = tmp_path / "reads.sqlite"
    for empty in (True, False):
        if not empty:
            read_in(log, ReadState.UNAIDED)
        db = sqlite3.connect(path)
        kept = db.execute("SELECT number, sha256 FROM head").fetchone()
        db.execute("DELETE FROM head")
        db.commit()
        report = audit.verify(path)
        assert report.problems == ("the head row, which says where the log ends, is missing",)
        assert report.anchor == Anchor(number=kept[0], sha256=kept[1])
        db.execute("INSERT INTO head VALUES (1, ?, ?)", kept)
        db.commit()
        db.close()
        assert audit.verify(path).intact


def test_verifying_writes_nothing(path: Path) -> None:
    before = path.read_bytes()
    audit.verify(path)
    assert path.read_bytes() == before


def test_no_log_is_said(tmp_path: Path) -> None:
    with pytest.raises(ReviewError, match="no read log"):
        audit.verify(tmp_path / "none.sqlite")
