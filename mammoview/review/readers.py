"""The readers of this machine: a name, an id that stands in the log, and a PIN that is not kept.

A profile is never taken out, for reads refer to it: it is switched off.  A PIN is kept as its
scrypt hash with a salt of its own and the parameters of the day.  A try is counted before it is
compared, so that ending the program in between gives no try for nothing; after three wrong ones
each further try has to wait, twice as long each time, however often the program is started.

This tells colleagues at one machine apart; who owns the user account owns the file.

Source: RFC 7914 (scrypt); NIST SP 800-63B, sections 5.1.1.2 and 5.2.2 (verifiers, throttling).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import platformdirs

from mammoview.domain.reading import ReaderIdentity
from mammoview.errors import ReviewError
from mammoview.review import sql
from mammoview.review.sql import SqlFile, told, writing

SCHEMA = 1
FREE_TRIES = 3
SHORTEST_PIN = 4
LOCAL_READER = ReaderIdentity(id="local", name="Local reader")
"""Who reads where a site keeps no profiles; it has no PIN, and the screen says so."""

_FILE = SqlFile(
    name="list of readers",
    damaged="close mammoview and bring the file back from a backup: it holds the PINs",
)
_LONGEST_PIN = _LONGEST_NAME = 64
_FIRST_WAIT_S, _LONGEST_WAIT_S = 5, 900
_SALT_BYTES, _HASH_BYTES = 16, 32
_TABLES = """
CREATE TABLE readers (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    pin TEXT NOT NULL,
    active INTEGER NOT NULL DEFAULT 1,
    made TEXT NOT NULL,
    wrong INTEGER NOT NULL DEFAULT 0,
    free_at TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX one_of_a_name ON readers (name COLLATE NOCASE);
CREATE TRIGGER no_removal BEFORE DELETE ON readers
    BEGIN SELECT RAISE(ABORT, 'readers are never removed'); END;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Parameters of scrypt: 128 times ``n`` times ``r`` bytes of memory for one try."""

    n: int = 1 << 15
    r: int = 8
    p: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One reader, as the screen may show it; ``active`` readers can sign in."""

    id: str
    name: str
    active: bool

    @property
    def identity(self) -> ReaderIdentity:
        """Who this is to the log and to signed results."""
        return ReaderIdentity(id=self.id, name=self.name)


class ReaderBook:
    """The profiles in one file, made on first use.

    Belongs to one thread at a time; several programs may have it open.

    Parameters
    ----------
    path : Path
        The SQLite file, readable to this user alone.
    now : callable
        The clock, UTC.
    cost : Cost
        Of new hashes; older ones keep theirs until the PIN is changed.

    Raises
    ------
    ReviewError
        If the file cannot be opened or written, or is of another version.
    """

    def __init__(
        self,
        path: Path,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        cost: Cost | None = None,
    ) -> None:
        self._now = now
        self._cost = cost or Cost()
        self._db = sql.opened(path, file=_FILE, schema=SCHEMA, tables=_TABLES)

    def close(self) -> None:
        """Let the file go."""
        self._db.close()

    def profiles(self) -> tuple[Profile, ...]:
        """Return all readers, by name."""
        with told(_FILE):
            rows = self._db.execute(
                "SELECT id, name, active FROM readers ORDER BY name COLLATE NOCASE"
            ).fetchall()
        return tuple(Profile(id=id_, name=name, active=bool(on)) for id_, name, on in rows)

    def add(self, name: str, pin: str) -> Profile:
        """Add a reader.

        Raises
        ------
        ReviewError
            If the name is empty or taken, or the PIN too easy.
        """
        name = " ".join(name.split())
        if not 0 < len(name) <= _LONGEST_NAME:
            raise _refused("no name for a reader", f"1 to {_LONGEST_NAME} characters")
        _check_pin(pin)
        profile = Profile(id=uuid4().hex, name=name, active=True)
        row = (profile.id, name, _hashed(pin, self._cost), self._now().isoformat())
        with told(_FILE):
            try:
                with writing(self._db):
                    self._db.execute(
                        "INSERT INTO readers (id, name, pin, made) VALUES (?, ?, ?, ?)", row
                    )
            except sqlite3.IntegrityError as error:
                raise _refused("a name that another reader has", "a name of one's own") from error
        return profile

    def sign_in(self, reader_id: str, pin: str) -> Profile:
        """Return the reader whose PIN this is.

        Raises
        ------
        ReviewError
            If it is not, if a wait after wrong PINs is not over, or the profile is switched off.
        """
        profile, kept = self._begin_try(reader_id)
        if not _matches(pin, kept):
            wait_s = self.wait_s(reader_id)
            todo = f"wait {wait_s} s, then try again" if wait_s else "try again"
            raise ReviewError("a PIN that is not this reader's", expected="their own", todo=todo)
        with told(_FILE), writing(self._db):
            self._db.execute(
                "UPDATE readers SET wrong = 0, free_at = '' WHERE id = ?", (reader_id,)
            )
        return profile

    def change_pin(self, reader_id: str, old: str, new: str) -> None:
        """Give a reader another PIN; nobody can replace a forgotten one, for it signs reads.

        Raises
        ------
        ReviewError
            As `sign_in` for the old one, or if the new one is too easy or the same.
        """
        _check_pin(new)
        self.sign_in(reader_id, old)
        if old == new:
            raise _refused("the same PIN again", "another one")
        with told(_FILE), writing(self._db):
            self._db.execute(
                "UPDATE readers SET pin = ? WHERE id = ?", (_hashed(new, self._cost), reader_id)
            )

    def set_active(self, reader_id: str, active: bool) -> None:
        """Switch a profile off, or on again; somebody must stay who can sign in.

        Raises
        ------
        ReviewError
            If nobody could sign in any more.
        """
        with told(_FILE), writing(self._db):
            self._db.execute("UPDATE readers SET active = ? WHERE id = ?", (active, reader_id))
            (left,) = self._db.execute("SELECT count(*) FROM readers WHERE active").fetchone()
            if not left:
                raise _refused("the last reader who can sign in", "another active one beside")

    def wait_s(self, reader_id: str) -> int:
        """Return how many seconds the next try has to wait, rounded up; 0: none."""
        with told(_FILE):
            row = self._db.execute(
                "SELECT free_at FROM readers WHERE id = ?", (reader_id,)
            ).fetchone()
        return self._left_s(row[0]) if row else 0

    def _begin_try(self, reader_id: str) -> tuple[Profile, str]:
        """Count a try as a wrong one, until it is known to be right."""
        with told(_FILE), writing(self._db):
            row = self._db.execute(
                "SELECT name, pin, active, wrong, free_at FROM readers WHERE id = ?", (reader_id,)
            ).fetchone()
            if row is None or not row[2]:
                raise _refused("a reader who cannot sign in here", "an active profile")
            name, kept, _, wrong, free_at = row
            if left := self._left_s(free_at):
                raise ReviewError(
                    f"{wrong} wrong PINs",
                    expected="a pause after them",
                    todo=f"wait {left} s, then try again",
                )
            until = self._now() + timedelta(seconds=_wait_after_s(wrong + 1))
            self._db.execute(
                "UPDATE readers SET wrong = ?, free_at = ? WHERE id = ?",
                (wrong + 1, until.isoformat(), reader_id),
            )
        return Profile(id=reader_id, name=name, active=True), kept

    def _left_s(self, free_at: str) -> int:
        """Return what is left of a wait; no more than the longest, should the clock be put back."""
        if not free_at:
            return 0
        left = (datetime.fromisoformat(free_at) - self._now()).total_seconds()
        return min(_LONGEST_WAIT_S, max(0, -int(-left // 1)))


def readers_path() -> Path:
    """Return the file of this user's readers."""
    return platformdirs.user_data_path("mammoview", appauthor=False) / "readers.sqlite"


def _wait_after_s(wrong: int) -> int:
    if wrong < FREE_TRIES:
        return 0
    return int(min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** min(wrong - FREE_TRIES, 16)))


def _check_pin(pin: str) -> None:
    steps = {ord(b) - ord(a) for a, b in pairwise(pin)}
    row = len(steps) == 1 and steps <= {-1, 0, 1}
    if not SHORTEST_PIN <= len(pin) <= _LONGEST_PIN or row:
        raise _refused(
            "a PIN that is too easy", f"at least {SHORTEST_PIN} characters, not in a row (1234)"
        )


def _hashed(pin: str, cost: Cost) -> str:
    salt = os.urandom(_SALT_BYTES)
    return f"scrypt${cost.n}${cost.r}${cost.p}${salt.hex()}${_scrypt(pin, salt, cost).hex()}"


def _matches(pin: str, kept: str) -> bool:
    """Compare without telling by the time it takes how much of a PIN was right."""
    try:
        kind, n, r, p, salt, wanted = kept.split("$")
        cost = Cost(n=int(n), r=int(r), p=int(p))
        found = _scrypt(pin, bytes.fromhex(salt), cost)
        known = kind == "scrypt"
        return hmac.compare_digest(found, bytes.fromhex(wanted)) and known
    except (ValueError, MemoryError) as error:
        raise ReviewError(
            "a PIN's record that cannot be understood",
            expected="one that this program wrote",
            todo="add another profile, and switch this one off",
        ) from error


def _scrypt(pin: str, salt: bytes, cost: Cost) -> bytes:
    room = 2 * 128 * cost.n * cost.r
    return hashlib.scrypt(
        pin.encode(), salt=salt, n=cost.n, r=cost.r, p=cost.p, maxmem=room, dklen=_HASH_BYTES
    )


def _refused(met: str, expected: str) -> ReviewError:
    return ReviewError(met, expected=expected, todo="correct it; nothing was changed")
