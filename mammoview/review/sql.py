"""Small parts that every SQLite file of this program shares, and what goes wrong with them.

Source of the words that SQLite uses: its "Result and Error Codes" (sqlite.org/rescode.html).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from mammoview.errors import MammoviewError, ReviewError

_PATIENCE_S = 5.0


class Trouble(Enum):
    """Why a file could not be read or written."""

    FULL = auto()
    NOT_WRITABLE = auto()
    HELD = auto()
    FINAL = auto()
    DAMAGED = auto()
    OTHER = auto()


# What SQLite or the system says, in lower case.
_WORDS = (
    (Trouble.FULL, ("is full", "no space", "quota")),
    (Trouble.NOT_WRITABLE, ("readonly", "read-only", "permission")),
    (Trouble.HELD, ("locked", "busy")),
    (Trouble.FINAL, ("never",)),
    (Trouble.DAMAGED, ("malformed", "not a database", "corrupt", "disk image")),
)
_TODO = {
    Trouble.FULL: "free some space",
    Trouble.NOT_WRITABLE: "give this user write access",
    Trouble.HELD: "wait until it is done, or close it",
    Trouble.FINAL: "leave the file as it is",
    Trouble.OTHER: "see that there are room and access (mammoview doctor)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlFile:
    """What the user is told of a file.

    Attributes
    ----------
    name : str
        The file in words: "read log".
    damaged : str
        What to do where it is damaged.
    then : str
        What comes after what the user does: "do it again; nothing was lost".
    error : type
        The kind of error.
    """

    name: str
    damaged: str
    then: str = "then do it again; nothing was lost"
    error: type[MammoviewError] = ReviewError


def statements(script: str) -> Iterator[str]:
    """Yield a script's statements: ``executescript`` would end the transaction it runs in."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


@contextmanager
def writing(db: sqlite3.Connection) -> Iterator[None]:
    """Hold the file for one change; anything that goes wrong undoes it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        # SQLite has rolled back by itself after the gravest errors.
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def opened(path: Path, *, file: SqlFile, schema: int, tables: str) -> sqlite3.Connection:
    """Open a file of this user alone, and make its tables where it is new.

    It has a write-ahead log and full synchronisation: what was committed survives a kill and a
    power cut.  The connection belongs to one thread at a time and begins no transaction by itself.

    Parameters
    ----------
    path : Path
        The file; its folder is made readable to this user alone.
    file : SqlFile
        The file in words, for errors.
    schema : int
        Version of the tables that this program knows.
    tables : str
        The script that makes them.

    Raises
    ------
    MammoviewError
        Of the file's kind, if it cannot be opened or written, or is of another version.
    """
    with told(file):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        db = sqlite3.connect(
            path, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False
        )
    try:
        with told(file):
            _prepare(db, file, schema, tables)
    except BaseException:
        db.close()
        raise
    return db


def is_there(path: Path) -> bool:
    """Tell whether a file of the program's data is there.

    Raises
    ------
    ReviewError
        If nobody can tell: a folder that may not be entered is no folder without reads.
    """
    try:
        path.stat()  # `exists` of later Pythons says no to whatever goes wrong
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise ReviewError(
            f"a data folder that cannot be looked into ({_words(error)})",
            expected="a data folder that this user can read and write",
            todo="give this user access (mammoview doctor), then start again",
        ) from error
    return True


@contextmanager
def told(file: SqlFile) -> Iterator[None]:
    """Turn what SQLite and the disk say of a file into what its user can act on.

    Raises
    ------
    MammoviewError
        Of the file's kind; it names no folder.
    """
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise failure(file, error) from error


def trouble_of(error: sqlite3.Error | OSError) -> Trouble:
    """Return why a file could not be read or written."""
    said = _words(error).lower()
    return next((t for t, words in _WORDS if any(word in said for word in words)), Trouble.OTHER)


def failure(file: SqlFile, error: sqlite3.Error | OSError) -> MammoviewError:
    """Return what a file's user is told of an error; it names no folder."""
    trouble = trouble_of(error)
    met = {
        Trouble.FULL: f"a full disk under the {file.name}",
        Trouble.NOT_WRITABLE: f"a {file.name} that may not be written",
        Trouble.HELD: f"a {file.name} that another program holds",
        Trouble.FINAL: f"an entry of the {file.name} that would be changed",
        Trouble.DAMAGED: f"a damaged {file.name}",
        Trouble.OTHER: f"a {file.name} that cannot be used ({_words(error)})",
    }[trouble]
    if trouble is Trouble.DAMAGED:
        return file.error(met, expected="a sound file", todo=file.damaged)
    expected = f"a {file.name} that can be read and written"
    return file.error(met, expected=expected, todo=f"{_TODO[trouble]}, {file.then}")


def _words(error: sqlite3.Error | OSError) -> str:
    """Return what was said, without the path that the system's errors name."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error)


def _prepare(db: sqlite3.Connection, file: SqlFile, schema: int, tables: str) -> None:
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    if _version(db) == 0:
        with writing(db):
            if _version(db) == 0:  # else another program was quicker
                for statement in statements(tables):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {schema}")
    if (version := _version(db)) != schema:
        raise file.error(
            f"a {file.name} of schema {version}",
            expected=f"schema {schema}",
            todo="open it with the version of the program that wrote it",
        )


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
