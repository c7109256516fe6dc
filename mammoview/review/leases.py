"""Who reads which examination at this moment: a lease that is renewed while it is read.

Two programs on one file cannot both have an examination.  A lease is good for `LEASE_S` seconds
and renewed every `BEAT_S`: when a program is killed or its machine sleeps, its examinations are
free again within the first; a program that wakes up too late learns at its next beat that it has
lost them.  (A process number is no proof of life: it is given anew, another machine cannot ask
for it, and Windows has no way to ask that harms nobody.)

A lease keeps two people from one examination.  It is no part of a read: what a read allows is
said by its log alone.  Taking one over needs a reason, which is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import platformdirs

from mammoview.errors import ReviewError
from mammoview.review import sql
from mammoview.review.sql import SqlFile, told, writing

SCHEMA = 1
LEASE_S = 45.0
BEAT_S = 15.0
_FILE = SqlFile(
    name="list of examinations being read",
    damaged="close mammoview, take the file away and start again: it is made anew",
)
_TABLES = """
CREATE TABLE leases (
    exam_key TEXT PRIMARY KEY,
    reader TEXT NOT NULL,
    holder TEXT NOT NULL,
    until TEXT NOT NULL
) STRICT;
CREATE TABLE takeovers (
    number INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    exam_key TEXT NOT NULL,
    from_reader TEXT NOT NULL,
    by_reader TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE TRIGGER no_change BEFORE UPDATE ON takeovers
    BEGIN SELECT RAISE(ABORT, 'takeovers are never changed'); END;
CREATE TRIGGER no_removal BEFORE DELETE ON takeovers
    BEGIN SELECT RAISE(ABORT, 'takeovers are never removed'); END;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Somebody reads an examination; ``holder`` is the program in which they do."""

    exam_key: str
    reader: str
    holder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeover:
    """Somebody took an examination from another reader, and why."""

    at: str
    exam_key: str
    from_reader: str
    by_reader: str
    reason: str


class BeingReadError(ReviewError):
    """An examination that somebody reads now; ``by`` is who, by the id of the profile."""

    def __init__(self, by: str) -> None:
        super().__init__(
            "an examination that is being read by another",
            expected="one that nobody reads now",
            todo="take another one, or take it over with a reason",
        )
        self.by = by

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.by,)


class LeaseBook:
    """The leases in one file, as one program holds them.

    Belongs to one thread at a time.

    Parameters
    ----------
    path : Path
        The SQLite file, readable to this user alone.
    now : callable
        The clock, UTC.

    Raises
    ------
    ReviewError
        If the file cannot be opened or written, or is of another version.
    """

    def __init__(
        self, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._now = now
        self._holder = uuid4().hex
        self._db = sql.opened(path, file=_FILE, schema=SCHEMA, tables=_TABLES)

    def close(self) -> None:
        """Give back what this program holds, and let the file go."""
        try:
            with told(_FILE):
                self._db.execute("DELETE FROM leases WHERE holder = ?", (self._holder,))
        finally:
            self._db.close()

    def take(self, exam_key: str, reader: str, *, reason: str = "") -> Lease:
        """Take an examination for a reader, and keep it while it is renewed.

        Parameters
        ----------
        exam_key, reader : str
            What, and for whom.
        reason : str
            Why it is taken from another; empty: it is not.

        Raises
        ------
        BeingReadError
            If somebody else reads it, or the same reader in another window.
        """
        mine = Lease(exam_key=exam_key, reader=reader, holder=self._holder)
        with told(_FILE), writing(self._db):
            other = self._live(exam_key)
            if other is not None and other.holder != self._holder:
                if not reason.strip():
                    raise BeingReadError(other.reader)
                self._note(other, reader, reason)
            self._db.execute(
                "INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?)",
                (exam_key, reader, self._holder, self._until()),
            )
        return mine

    def renew(self, exam_key: str) -> bool:
        """Keep an examination for longer; False where another has it by now."""
        with told(_FILE), writing(self._db):
            row = self._db.execute(
                "UPDATE leases SET until = ? WHERE exam_key = ? AND holder = ? RETURNING 1",
                (self._until(), exam_key, self._holder),
            ).fetchone()
        return row is not None

    def takeovers(self) -> tuple[Takeover, ...]:
        """Return who took what from whom, in order."""
        with told(_FILE):
            rows = self._db.execute(
                "SELECT at, exam_key, from_reader, by_reader, reason FROM takeovers ORDER BY number"
            ).fetchall()
        return tuple(
            Takeover(at=at, exam_key=key, from_reader=old, by_reader=new, reason=reason)
            for at, key, old, new, reason in rows
        )

    def _live(self, exam_key: str) -> Lease | None:
        """Return a lease that still holds; not one of a future that the clock was put back from."""
        row = self._db.execute(
            "SELECT reader, holder, until FROM leases WHERE exam_key = ?", (exam_key,)
        ).fetchone()
        if row is None:
            return None
        reader, holder, until = row
        left_s = (datetime.fromisoformat(until) - self._now()).total_seconds()
        if not 0 < left_s <= 2 * LEASE_S:
            return None
        return Lease(exam_key=exam_key, reader=reader, holder=holder)

    def _until(self) -> str:
        return (self._now() + timedelta(seconds=LEASE_S)).isoformat()

    def _note(self, other: Lease, reader: str, reason: str) -> None:
        self._db.execute(
            "INSERT INTO takeovers (at, exam_key, from_reader, by_reader, reason)"
            " VALUES (?, ?, ?, ?, ?)",
            (self._now().isoformat(), other.exam_key, other.reader, reader, reason.strip()),
        )


def leases_path() -> Path:
    """Return the file of what is being read on this machine."""
    return platformdirs.user_data_path("mammoview", appauthor=False) / "leases.sqlite"
