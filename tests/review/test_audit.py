"""Whatever is done to the file behind the program's back is found."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mammoview.errors import ReviewError
from mammoview.review import audit
from mammoview.review.anchors import Anchor, anchors_text, parse_anchors, witness_path
from mammoview.review.events import FIRST_HASH, event_hash
from mammoview.review.heatmaps import heatmaps_path
from mammoview.review.raw_log import export_lines, read_raw
from mammoview.review.states import Action, ReadState
from mammoview.review.store import ReadLog
from tests.builders.reads import (
    READER,
    log_at,
    mark,
    open_read,
    opened,
    read_in,
    revealed,
)

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
    """Edit as somebody who knows the file: the triggers are put back as they were."""
    db = sqlite3.connect(path)
    made = [sql for (sql,) in db.execute("SELECT sql FROM sqlite_schema WHERE type = 'trigger'")]
    db.executescript("DROP TRIGGER no_change; DROP TRIGGER no_removal")
    edit(db)
    for sql in made:
        db.execute(sql)
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
    assert not audit.verify(path).intact
    witness_path(path).unlink()  # the file tells by itself
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
    assert [said for said in audit.verify(path).problems if "has seen" in said]
    witness_path(path).unlink()
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


def _files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_verifying_writes_nothing(path: Path, tmp_path: Path) -> None:
    before = _files(tmp_path)
    assert audit.verify(path).intact
    assert _files(tmp_path) == before


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("DROP TRIGGER no_change", "the trigger no_change is missing"),
        ("DROP INDEX events_of_a_read", "the index events_of_a_read is missing"),
        (
            "DROP TRIGGER no_removal; CREATE TRIGGER no_removal BEFORE DELETE ON events"
            " BEGIN SELECT 1; END",
            "the trigger no_removal is not as the program makes it",
        ),
        (
            "CREATE TRIGGER t AFTER INSERT ON events BEGIN SELECT 1; END",
            "the program does not make the trigger 't'",
        ),
        ("ALTER TABLE events ADD COLUMN more TEXT", "the table events is not as"),
        ("ALTER TABLE head ADD COLUMN more TEXT", "the table head is not as"),
        ("DROP TABLE head", "the table head is missing"),
        ("DROP TABLE events", "the table events is missing"),
        ("PRAGMA user_version = 0", "does not say that it is a read log"),
        ("UPDATE head SET number = number - 1", "the log should end with event"),
        ("UPDATE head SET sha256 = 'x'", "the log should end with another event"),
    ],
)
def test_what_was_done_to_the_file_itself_is_found(path: Path, script: str, said: str) -> None:
    db = sqlite3.connect(path)
    db.executescript(script)
    db.close()
    report = audit.verify(path)
    assert any(said in problem for problem in report.problems), report.problems


def test_a_removed_wal_file_is_found_by_the_witness(log: ReadLog, tmp_path: Path) -> None:
    """Without it the file is an older log, whole in itself."""
    path = tmp_path / "reads.sqlite"
    read_in(log, ReadState.UNAIDED)
    whole = _files(tmp_path)
    assert whole["reads.sqlite-wal"]
    log.close()
    for copied in ("with", "without"):
        folder = tmp_path / copied
        folder.mkdir()
        for name in ("reads.sqlite", "reads.sqlite-wal", "reads.sqlite.anchors"):
            (folder / name).write_bytes(whole[name])
    (tmp_path / "without" / "reads.sqlite-wal").unlink()
    assert audit.verify(tmp_path / "with" / "reads.sqlite").intact
    problems = audit.verify(tmp_path / "without" / "reads.sqlite").problems
    assert problems
    assert path.exists()


@pytest.mark.parametrize("how", ["older", "other", "begun anew", "gone", "empty", "text"])
def test_another_file_in_its_place_is_found(path: Path, tmp_path: Path, how: str) -> None:
    other = log_at(tmp_path / "other")
    read_in(other, ReadState.SIGNED)
    other.close()
    if how == "older":
        _older(path)
    elif how == "other":
        path.write_bytes((tmp_path / "other" / "reads.sqlite").read_bytes())
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "text":
        path.write_text("not a database")
    else:
        path.unlink()
        if how == "begun anew":
            log_at(tmp_path).close()
    assert not audit.verify(path).intact


def _older(path: Path) -> None:
    """Put back a state of before: the last event is taken out of every place that knows it."""

    def back(db: sqlite3.Connection) -> None:
        db.execute(f"DELETE FROM events WHERE number = {LAST}")
        db.execute(
            "UPDATE head SET (number, sha256) ="
            f" (SELECT number, sha256 FROM events WHERE number = {LAST})"
        )

    _edited(path, back)


def test_a_page_that_was_overwritten_is_found(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    for at in range(4096, len(raw), 4096):
        broken = raw.copy()
        broken[at : at + 64] = b"\xff" * 64
        path.write_bytes(broken)
        assert not audit.verify(path).intact, at


def test_heatmaps_beside_the_log_are_checked(log: ReadLog, tmp_path: Path) -> None:
    read = read_in(log, ReadState.UNAIDED_LOCKED)
    maps = heatmaps_path(tmp_path / "reads.sqlite", read.read_id)
    maps.write_bytes(b"maps")
    sha256 = hashlib.sha256(b"maps").hexdigest()
    said = replace(revealed(mark()), heatmaps_sha256=sha256)
    log.append(read.read_id, READER, Action.REVEAL, said)
    log.close()
    path = tmp_path / "reads.sqlite"
    assert audit.verify(path).intact
    maps.write_bytes(b"other")
    assert audit.verify(path).problems == (
        f"the heatmaps {maps.name} are not as they were revealed",
    )
    maps.unlink()
    assert audit.verify(path).problems == (f"the heatmaps {maps.name} are missing",)


def test_a_clock_that_was_set_back_is_noted_and_no_fault(tmp_path: Path) -> None:
    times = iter(datetime(2026, 1, day, tzinfo=UTC) for day in (2, 1, 3))
    log = ReadLog(tmp_path / "reads.sqlite", now=lambda: next(times))
    for _ in range(3):
        open_read(log, READER, opened())
    log.close()
    report = audit.verify(tmp_path / "reads.sqlite")
    assert report.intact
    assert report.notes == ("event 2 is dated before event 1: the clock was set back",)


# -- what is exported ---------------------------------------------------------------------------


@pytest.fixture
def exported(path: Path, tmp_path: Path) -> Path:
    """Return the same log as it leaves the machine."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    lines = export_lines(read_raw(path), made="2026-01-01T00:00:00+00:00", software="0.0")
    (folder / "log.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return folder / "log.jsonl"


def test_an_exported_log_is_checked_in_the_same_way(path: Path, exported: Path) -> None:
    mine, other = audit.verify(path), audit.verify(exported)
    assert other.intact
    assert (other.anchor, other.events, other.reads) == (mine.anchor, mine.events, mine.reads)
    assert read_raw(exported).rows == read_raw(path).rows


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda lines: [*lines[:5], *lines[6:]], "events 5 to 5 are missing"),
        (lambda lines: lines[:-1], "the log should end"),
        (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], "stands after"),
        (lambda lines: [*lines[:3], lines[3], *lines[3:]], "event 3 stands after event 3"),
        (lambda lines: [line.replace('"4B"', '"1"') for line in lines], "as it was written"),
        (lambda lines: [*lines[:4], "{}", *lines[5:]], "line 5 is no event"),
        (lambda lines: [*lines[:4], lines[4][:-9], *lines[5:]], "line 5 is no event"),
        (lambda lines: lines[1:], "the file is no read log"),
    ],
)
def test_what_was_edited_in_an_exported_log_is_found(
    exported: Path, edit: Callable[[list[str]], list[str]], said: str
) -> None:
    lines = exported.read_text("utf-8").split("\n")[:-1]
    exported.write_text("".join(f"{line}\n" for line in edit(lines)), "utf-8")
    problems = audit.verify(exported).problems
    assert any(said in problem for problem in problems), problems


def test_anchors_are_read_as_they_were_printed() -> None:
    anchor = Anchor(number=28, sha256="0123456789abcdef" * 4)
    text = anchors_text(anchor, made="2026-01-01", software="0.0")
    retyped = text.upper().replace("#", "\n#").replace("  ", " ")
    assert parse_anchors(text + retyped) == (anchor, anchor)
    for wrong in ("", "# none\n", text.replace("28 ", "28 f"), text + "28\n", "x" + text[1:]):
        with pytest.raises(ReviewError, match="anchor"):
            parse_anchors(wrong)


def test_no_log_is_said(tmp_path: Path) -> None:
    with pytest.raises(ReviewError, match="no read log"):
        audit.verify(tmp_path / "none.sqlite")
