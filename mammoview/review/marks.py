"""What readers drew, kept for ever: append-only events in SQLite.

A mark is what its events say, in their order: the last one counts, ``delete`` takes it away.  No
event is ever changed or taken out (the table refuses it), so a mark that was deleted can still be
found.  A commit returns when the disk has the data (``synchronous=FULL``), and what was appended
before a crash, a kill or a full disk is there afterwards (SQLite, "Atomic Commit").

An event that is written twice, because a failure came too late, changes nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import platformdirs

from mammoview.domain.annotation import Annotation, MarkKind
from mammoview.domain.geometry import ImagePoint
from mammoview.errors import ReviewError
from mammoview.review.readers import LOCAL_READER
from mammoview.review.sql import SqlFile, is_there, statements, told, writing

SCHEMA = 2
PAYLOAD = 1
_FILE = SqlFile(
    name="file of marks",
    damaged="bring it back from a backup; it is tried again until it works",
    then="it is tried again until it works",
)
_SCHEMA_SQL = """
CREATE TABLE IF NOT EXISTS mark_event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    utc TEXT NOT NULL,
    mark_id TEXT NOT NULL,
    sop_instance_uid TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('add', 'change', 'delete')),
    payload TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS mark_event_image ON mark_event (sop_instance_uid, seq);
CREATE TRIGGER IF NOT EXISTS mark_event_stays BEFORE DELETE ON mark_event
    BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
CREATE TRIGGER IF NOT EXISTS mark_event_is_final BEFORE UPDATE ON mark_event
    BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
"""
# Who drew a mark; those from before readers were told apart are the local reader's.
_READER_SQL = f"ALTER TABLE mark_event ADD COLUMN reader TEXT NOT NULL DEFAULT '{LOCAL_READER.id}'"
_INSERT = (
    "INSERT INTO mark_event (utc, mark_id, sop_instance_uid, action, payload, reader)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)


class MarkAction(StrEnum):
    """What an event does to a mark."""

    ADD = "add"
    CHANGE = "change"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkEvent:
    """One entry: when (UTC, ISO 8601), what, and the mark as it was left (or as it was deleted).

    ``reader`` is the id of who did it.
    """

    utc: str
    action: MarkAction
    mark: Annotation
    reader: str = LOCAL_READER.id


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMarks:
    """The marks of some images, oldest first, and how many events could not be understood."""

    items: tuple[Annotation, ...]
    not_understood: int


def marks_path() -> Path:
    """Return where the marks of this user are."""
    return platformdirs.user_data_path("mammoview", appauthor=False) / "marks.sqlite"


class MarkStore:
    """The file of marks; each call opens and closes it, so it may be used from any thread.

    Parameters
    ----------
    path : Path
        The SQLite file; made, with its folder, by the first mark.
    wait_s : float
        How long to wait for another program that holds the file.
    """

    def __init__(self, path: Path, *, wait_s: float = 2.0) -> None:
        self._path = path
        self._wait_s = wait_s

    def append(self, events: Sequence[MarkEvent]) -> None:
        """Write events down, all or none; they are on the disk when this returns.

        Raises
        ------
        ReviewError
            If they could not be written; nothing of them is kept then.
        """
        rows = [
            (e.utc, e.mark.id, e.mark.sop_instance_uid, e.action.value, _to_json(e.mark), e.reader)
            for e in events
        ]
        with told(_FILE):
            # Only the user's own: labels may hold anything.
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._open() as db, writing(db):
                db.executemany(_INSERT, rows)

    def read(self, uids: Sequence[str], reader: str = LOCAL_READER.id) -> StoredMarks:
        """Return a reader's marks of some images, in the order in which they were made.

        Readers are blind to each other: another's marks are not among them.  Those of the local
        reader, who is nobody in particular, are everybody's.

        Raises
        ------
        ReviewError
            If the file cannot be read.
        """
        if not is_there(self._path):
            return StoredMarks(items=(), not_understood=0)
        # Read row by row: a list of places in the statement is limited to some thousands.
        query = (
            "SELECT mark_id, sop_instance_uid, action, payload FROM mark_event"
            " WHERE sop_instance_uid IN (SELECT value FROM json_each(?)) AND reader IN (?, ?)"
            " ORDER BY seq"
        )
        with told(_FILE), self._open() as db:
            rows = db.execute(query, (json.dumps(list(uids)), reader, LOCAL_READER.id)).fetchall()
        return _folded(rows)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._path, timeout=self._wait_s, isolation_level=None)
        try:
            db.execute("PRAGMA synchronous=FULL")
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA:
                raise ReviewError(
                    f"the marks are kept in form {version}",
                    expected=f"form {SCHEMA} or older",
                    todo="use the version of mammoview that wrote them, or a newer one",
                )
            if version < SCHEMA:
                _prepare(db)
            yield db
        finally:
            db.close()


def _prepare(db: sqlite3.Connection) -> None:
    """Make the table; two windows may do so at the same time."""
    db.execute("PRAGMA journal_mode=WAL")
    with writing(db):
        for statement in statements(_SCHEMA_SQL):
            db.execute(statement)
        if "reader" not in {row[1] for row in db.execute("PRAGMA table_info(mark_event)")}:
            db.execute(_READER_SQL)
        db.execute(f"PRAGMA user_version={SCHEMA}")


# -- events and marks -------------------------------------------------------------------------


def _folded(rows: Sequence[tuple[str, str, str, str]]) -> StoredMarks:
    marks: dict[str, Annotation] = {}
    not_understood = 0
    for mark_id, uid, action, payload in rows:
        if action == MarkAction.DELETE:
            marks.pop(mark_id, None)
            continue
        try:
            marks[mark_id] = _from_json(mark_id, uid, payload)
        except (ValueError, KeyError, TypeError):
            not_understood += 1
    return StoredMarks(items=tuple(marks.values()), not_understood=not_understood)


def _to_json(mark: Annotation) -> str:
    return json.dumps(
        {
            "version": PAYLOAD,
            "kind": mark.kind.value,
            "frame": mark.frame,
            "points": [[p.col, p.row] for p in mark.points],
            "label": mark.label,
        }
    )


def _from_json(mark_id: str, uid: str, payload: str) -> Annotation:
    node = json.loads(payload)
    if node["version"] != PAYLOAD:
        raise ValueError("a payload of another version")
    return Annotation(
        id=mark_id,
        sop_instance_uid=uid,
        frame=None if node["frame"] is None else int(node["frame"]),
        kind=MarkKind(node["kind"]),
        points=tuple(ImagePoint(col=float(c), row=float(r)) for c, r in node["points"]),
        label=str(node["label"]),
    )
