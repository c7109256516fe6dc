"""Small parts that every SQLite file of a reader shares."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mammoview.errors import ReviewError

_PATIENCE_S = 5.0


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


def opened(path: Path, *, what: str, schema: int, tables: str) -> sqlite3.Connection:
    """Open a file of this user alone, and make its tables where it is new.

    It has a write-ahead log and full synchronisation: what was committed survives a kill and a
    power cut.  The connection belongs to one thread at a time and begins no transaction by itself.

    Parameters
    ----------
    path : Path
        The file; its folder is made readable to this user alone.
    what : str
        The file in words, for errors ("read log").
    schema : int
        Version of the tables that this program knows.
    tables : str
        The script that makes them.

    Raises
    ------
    ReviewError
        If it cannot be opened or written, or is of another version.
    """
    with told(what):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        db = sqlite3.connect(
            path, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False
        )
    try:
        with told(what):
            _prepare(db, what, schema, tables)
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def told(what: str) -> Iterator[None]:
    """Turn what SQLite and the disk say of a file into what a reader can act on."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        met, todo = _meaning(error, what)
        raise ReviewError(
            met, expected=f"a {what} that can be written", todo=f"{todo}; nothing was lost"
        ) from error


def _prepare(db: sqlite3.Connection, what: str, schema: int, tables: str) -> None:
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    if _version(db) == 0:
        with writing(db):
            if _version(db) == 0:  # else another program was quicker
                for statement in statements(tables):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {schema}")
    if (version := _version(db)) != schema:
        raise ReviewError(
            f"a {what} of schema {version}",
            expected=f"schema {schema}",
            todo="open it with the version of the program that wrote it",
        )


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _meaning(error: sqlite3.Error | OSError, what: str) -> tuple[str, str]:
    said = str(error).lower()
    for word, met, todo in (
        ("full", "a full disk", "free some space and do it again"),
        ("no space", "a full disk", "free some space and do it again"),
        ("readonly", f"a {what} that may not be written", "give this user write access"),
        ("permission", f"a {what} that may not be written", "give this user write access"),
        ("read-only", f"a {what} on a read-only disk", "give this user write access"),
        ("locked", f"a {what} that another program holds", "close it and do it again"),
        ("never", "an entry that would be changed", "leave the file as it is"),
    ):
        if word in said:
            return met, todo
    return (
        f"a {what} that cannot be used ({type(error).__name__})",
        "verify the read log with: mammoview audit verify",
    )
