"""The log of all reads on this machine: append-only, chained, and on the disk before it is said.

One SQLite file with a write-ahead log and full synchronisation: an event that `ReadLog.append` has
returned survives a kill and a power cut.  Every event is checked against the read that its
predecessors tell, in the same transaction that writes it, so that two programs on one file cannot
both go on from the same state.  Triggers refuse changes and deletions by accident; what somebody
does on purpose with another program, `mammoview.review.audit` finds.

Source: SQLite documentation, "Write-Ahead Logging" and "PRAGMA synchronous".
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import platformdirs

from mammoview.errors import ReviewError
from mammoview.review.anchors import Anchor, bear_witness
from mammoview.review.events import (
    CONTENTS,
    FIRST_HASH,
    Content,
    Event,
    content_text,
    event_hash,
    parse_content,
)
from mammoview.review.raw_log import COLUMNS, SCHEMA, TABLES
from mammoview.review.read import Read, apply, replay
from mammoview.review.sql import statements, writing
from mammoview.review.states import Action

_PATIENCE_S = 5.0


class ReadLog:
    """The log of reads in one file, made on first use.

    Belongs to one thread at a time.

    Parameters
    ----------
    path : Path
        The SQLite file; its folder is made readable to this user alone.
    now : callable
        The clock, UTC.

    Raises
    ------
    ReviewError
        If the file cannot be opened or written, or is no log of this program.
    """

    def __init__(
        self, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._path = path
        self._now = now
        with _told():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            self._db = sqlite3.connect(
                path, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False
            )
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Let the file go."""
        self._db.close()

    def append(self, read_id: str, reader: str, action: Action, content: Content) -> Read:
        """Write one event and return the read after it; once returned, it is on the disk.

        Raises
        ------
        ReviewError
            If the read does not allow it, or the file cannot be written; nothing is changed then.
        """
        text = content_text(content)
        with _told(), self._writing():
            before = self.events(read_id)
            number, previous = self._head()
            at = self._now().isoformat(timespec="microseconds")
            sha256 = event_hash(
                number=number + 1,
                read_id=read_id,
                at=at,
                reader=reader,
                action=action,
                content=text,
                previous=previous,
            )
            event = Event(
                number=number + 1,
                read_id=read_id,
                at=at,
                reader=reader,
                action=action,
                content=content,
                previous=previous,
                sha256=sha256,
            )
            read = apply(replay(before) if before else None, event)
            self._db.execute(
                f"INSERT INTO events ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (number + 1, read_id, at, reader, action.value, text, previous, sha256),
            )
            self._db.execute("UPDATE head SET number = ?, sha256 = ?", (number + 1, sha256))
        bear_witness(self._path, Anchor(number=number + 1, sha256=sha256))
        return read

    def open_read(self, reader: str, content: Content) -> Read:
        """Begin a read under an id of its own, and return it."""
        return self.append(uuid4().hex, reader, Action.OPEN, content)

    def read(self, read_id: str) -> Read:
        """Return a read as its events tell it.

        Raises
        ------
        ReviewError
            If there is none of that id, or the log is damaged.
        """
        return replay(self.events(read_id))

    def reads(self) -> tuple[Read, ...]:
        """Return all reads, in the order in which they were opened."""
        with _told():
            ids = self._db.execute(
                "SELECT read_id FROM events WHERE action = ? ORDER BY number", (Action.OPEN.value,)
            ).fetchall()
        return tuple(self.read(read_id) for (read_id,) in ids)

    def events(self, read_id: str | None = None) -> tuple[Event, ...]:
        """Return the events of a read, or of all, in order.

        Raises
        ------
        ReviewError
            If one cannot be understood.
        """
        where, given = ("", ()) if read_id is None else ("WHERE read_id = ?", (read_id,))
        with _told():
            rows = self._db.execute(
                f"SELECT {COLUMNS} FROM events {where} ORDER BY number", given
            ).fetchall()
        return tuple(event_of(row) for row in rows)

    def _head(self) -> tuple[int, str]:
        number, sha256 = self._db.execute("SELECT number, sha256 FROM head").fetchone()
        return int(number), str(sha256)

    def _prepare(self) -> None:
        with _told():
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version not in (0, SCHEMA):
                raise ReviewError(
                    f"a read log of schema {version}",
                    expected=f"schema {SCHEMA}",
                    todo="open it with the version of the program that wrote it",
                )
            if version == 0:
                self._make()

    def _make(self) -> None:
        with self._writing():
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version == SCHEMA:  # another program was quicker
                return
            for statement in statements(TABLES):
                self._db.execute(statement)
            self._db.execute("INSERT INTO head VALUES (1, 0, ?)", (FIRST_HASH,))
            self._db.execute(f"PRAGMA user_version = {SCHEMA}")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the file for one change."""
        with writing(self._db):
            yield


def reads_path() -> Path:
    """Return the file of this user's read log."""
    return platformdirs.user_data_path("mammoview", appauthor=False) / "reads.sqlite"


def event_of(row: tuple[object, ...]) -> Event:
    """Return the event of a row of the table.

    Raises
    ------
    ReviewError
        If it is no event of this version of the program.
    """
    number, read_id, at, reader, name, content, previous, sha256 = row
    if name not in {action.value for action in CONTENTS}:
        raise ReviewError(
            f"entry {number} of the read log with an unknown action",
            expected="what this version of the program writes",
            todo="verify the log with: mammoview audit verify",
        )
    action = Action(str(name))
    return Event(
        number=int(str(number)),
        read_id=str(read_id),
        at=str(at),
        reader=str(reader),
        action=action,
        content=parse_content(action, str(content)),
        previous=str(previous),
        sha256=str(sha256),
    )


@contextmanager
def _told() -> Iterator[None]:
    """Turn what SQLite and the disk say into what a reader can act on."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        met, todo = _meaning(error)
        raise ReviewError(
            met, expected="a read log that can be written", todo=f"{todo}; nothing was lost"
        ) from error


def _meaning(error: sqlite3.Error | OSError) -> tuple[str, str]:
    said = str(error).lower()
    for word, met, todo in (
        ("full", "a full disk", "free some space and do it again"),
        ("no space", "a full disk", "free some space and do it again"),
        ("readonly", "a read log that may not be written", "give this user write access"),
        ("permission", "a read log that may not be written", "give this user write access"),
        ("read-only", "a read log on a read-only disk", "give this user write access"),
        ("locked", "a read log that another program holds", "close it and do it again"),
        ("never", "an event that would be changed", "leave the log as it is"),
    ):
        if word in said:
            return met, todo
    return (
        f"a read log that cannot be used ({type(error).__name__})",
        "verify it with: mammoview audit verify",
    )
