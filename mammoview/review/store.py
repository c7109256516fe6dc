"""The log of all reads on this machine: append-only, chained, and on the disk before it is said.

One SQLite file with a write-ahead log and full synchronisation: an event that `ReadLog.append` has
returned survives a kill and a power cut.  Every event is checked against the read that its
predecessors tell, in the same transaction that writes it, so that two programs on one file cannot
both go on from the same state.  Triggers refuse changes and deletions by accident; what somebody
does on purpose with another program, `mammoview.review.audit` finds.

Source: SQLite documentation, "Write-Ahead Logging" and "PRAGMA synchronous".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

from mammoview.errors import ReviewError
from mammoview.review import sql
from mammoview.review.anchors import Anchor, bear_witness
from mammoview.review.events import (
    CONTENTS,
    Content,
    Event,
    Opened,
    content_text,
    event_hash,
    parse_content,
)
from mammoview.review.raw_log import COLUMNS, SCHEMA, TABLES, raw_rows
from mammoview.review.read import Read, apply, replay
from mammoview.review.sql import SqlFile, told, writing
from mammoview.review.standing import CHANGING, Standing, check_role, fold
from mammoview.review.states import Action

_FILE = SqlFile(name="read log", damaged="verify it with: mammoview audit verify")
_STANDINGS = (
    "SELECT read_id, reader, action,"
    f" CASE action WHEN '{Action.OPEN}' THEN json_extract(content, '$.exam_key') END,"
    f" CASE action WHEN '{Action.OPEN}' THEN json_extract(content, '$.role') END,"
    f" CASE action WHEN '{Action.REQUEST_ARBITRATION}' THEN"
    " json_extract(content, '$.discordant') END"
    f" FROM events WHERE action IN ({', '.join(repr(str(a)) for a in CHANGING)})"
)


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
        self._db = sql.opened(path, file=_FILE, schema=SCHEMA, tables=TABLES)

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
        with told(_FILE), self._writing():
            read, anchor = self._append(read_id, reader, action, content)
        bear_witness(self._path, anchor)
        return read

    def append_decided(
        self, read_id: str, reader: str, decide: Callable[[Read], tuple[Action, Content] | None]
    ) -> Read:
        """Write the event that a look at this and other reads asks for, if any.

        ``decide`` gets the read as it stands, and may ask this log for others: no other program
        writes between its look and the event.

        Raises
        ------
        ReviewError
            As `append`, and what ``decide`` raises; nothing is changed then.
        """
        with told(_FILE), self._writing():
            before = self.read(read_id)
            decided = decide(before)
            if decided is None:
                return before
            read, anchor = self._append(read_id, reader, *decided)
        bear_witness(self._path, anchor)
        return read

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
        with told(_FILE):
            ids = self._db.execute(
                "SELECT read_id FROM events WHERE action = ? ORDER BY number", (Action.OPEN.value,)
            ).fetchall()
        return tuple(self.read(read_id) for (read_id,) in ids)

    def standings(self, exam_key: str | None = None) -> tuple[Standing, ...]:
        """Return where each read stands, of one examination or of all, as they were opened.

        No more is read of the log than what changes a state: ten thousand reads in a blink.
        """
        where, given = "", tuple[str, ...]()
        if exam_key is not None:
            where = (
                " AND read_id IN (SELECT read_id FROM events WHERE action = 'open'"
                " AND json_extract(content, '$.exam_key') = ?)"
            )
            given = (exam_key,)
        with told(_FILE):
            rows = self._db.execute(f"{_STANDINGS}{where} ORDER BY number", given).fetchall()
        return fold(rows)

    def events(self, read_id: str | None = None) -> tuple[Event, ...]:
        """Return the events of a read, or of all, in order.

        Raises
        ------
        ReviewError
            If one cannot be understood.
        """
        where, given = ("", ()) if read_id is None else ("WHERE read_id = ?", (read_id,))
        with told(_FILE):
            rows = raw_rows(self._db, where, given)
        return tuple(event_of(row) for row in rows)

    def _append(
        self, read_id: str, reader: str, action: Action, content: Content
    ) -> tuple[Read, Anchor]:
        """Write one event; the file is held for this change."""
        if isinstance(content, Opened):
            check_role(content.role, reader, self.standings(content.exam_key))
        before = self.events(read_id)
        number, previous = self._head()
        text = content_text(content)
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
        return read, Anchor(number=number + 1, sha256=sha256)

    def _head(self) -> tuple[int, str]:
        number, sha256 = self._db.execute("SELECT number, sha256 FROM head").fetchone()
        return int(number), str(sha256)

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
