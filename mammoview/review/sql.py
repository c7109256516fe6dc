"""Small parts that every SQLite file of a reader shares."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


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
