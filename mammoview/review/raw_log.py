"""The rows of a read log as they stand in a file, without writing to it and without belief.

Two kinds of file: the SQLite file of the program, and what ``mammoview audit export`` writes.  What
is wrong with the file itself is a complaint beside the rows that could be read, not an error: the
rest is still to be looked at.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from mammoview.errors import ReviewError
from mammoview.review.events import FIRST_HASH, canonical_json
from mammoview.review.sql import Trouble, statements, trouble_of


class Row(NamedTuple):
    """One line of the table of events, as it stands there."""

    number: int
    read_id: str
    at: str
    reader: str
    action: str
    content: str
    previous: str
    sha256: str


SCHEMA = 1
TABLES = f"""
CREATE TABLE events (
    number INTEGER PRIMARY KEY,
    read_id TEXT NOT NULL,
    at TEXT NOT NULL,
    reader TEXT NOT NULL,
    action TEXT NOT NULL,
    content TEXT NOT NULL,
    previous TEXT NOT NULL,
    sha256 TEXT NOT NULL
) STRICT;
CREATE INDEX events_of_a_read ON events (read_id, number);
CREATE INDEX openings ON events (number) WHERE action = 'open';
CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL, sha256 TEXT NOT NULL
) STRICT;
INSERT INTO head VALUES (1, 0, '{FIRST_HASH}');
CREATE TRIGGER no_change BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER no_removal BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events are never removed'); END;
"""
COLUMNS = ", ".join(Row._fields)
FORMAT = "mammoview-read-log/1"
_TYPES = (int, *(str,) * 7)
_PATIENCE_S = 2.0
_MAGIC = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawLog:
    """What a file holds: rows in the order of their numbers, and the end that it claims.

    ``head`` is None where it is missing; ``complaints`` are what is wrong with the file itself;
    ``exported`` tells whether it is what ``audit export`` writes.
    """

    rows: tuple[Row, ...] = ()
    head: tuple[int, str] | None = None
    complaints: tuple[str, ...] = ()
    exported: bool = False


def read_raw(path: Path) -> RawLog:
    """Return what a log holds, whatever has been done to it.

    Raises
    ------
    ReviewError
        If the file is missing, cannot be read, or is a log of another version of the program.
    """
    try:
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
    except OSError as error:
        raise ReviewError(
            f"no read log that can be read ({type(error).__name__})",
            expected="a log of reads",
            todo="name another file, or give this user read access",
        ) from error
    return _of_database(path) if start == _MAGIC else _of_export(path)


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Open a log so that nothing is written, be it on a read-only disk.

    Without a ``-wal`` file nobody has it open and all is in the one file.
    """
    quiet = not path.with_name(f"{path.name}-wal").exists()
    way = "immutable=1" if quiet else "mode=ro"
    uri = f"{path.resolve().as_uri()}?{way}"
    return sqlite3.connect(uri, uri=True, timeout=_PATIENCE_S, isolation_level=None)


def raw_rows(db: sqlite3.Connection, where: str = "", given: tuple[str, ...] = ()) -> list[Any]:
    """Return rows of the table of events in the order of their numbers."""
    return db.execute(f"SELECT {COLUMNS} FROM events {where} ORDER BY number", given).fetchall()


def row_of(values: tuple[Any, ...]) -> Row | None:
    """Return a row whose values have the right types; else None."""
    fits = len(values) == len(_TYPES) and all(
        type(value) is kind for value, kind in zip(values, _TYPES, strict=True)
    )
    return Row(*values) if fits else None


# -- the program's own file ---------------------------------------------------------------------


def _of_database(path: Path) -> RawLog:
    try:
        with closing(connect_to_read(path)) as db:
            db.execute("BEGIN")  # rows and head of one moment, whoever writes meanwhile
            complaints = [*_schema_complaints(db)]
            if "the table events is missing" in complaints:
                return RawLog(complaints=tuple(complaints))
            complaints += _integrity_complaints(db)
            found = raw_rows(db)
            head = _head(db)
    except sqlite3.OperationalError as error:
        raise _unreadable(error) from error
    except sqlite3.DatabaseError as error:
        said = f"the file is damaged so that SQLite cannot read it ({type(error).__name__})"
        return RawLog(complaints=(said,))
    rows = [row_of(values) for values in found]
    if None in rows:
        complaints.append(f"{rows.count(None)} rows are no events")
    sound = tuple(row for row in rows if row is not None)
    return RawLog(rows=sound, head=head, complaints=tuple(complaints))


def _unreadable(error: sqlite3.OperationalError) -> ReviewError:
    held = trouble_of(error) is Trouble.HELD
    return ReviewError(
        "a read log that another program holds" if held else "a read log that cannot be read",
        expected="a log of reads with read access",
        todo="close the other program, or give this user read access",
    )


def _schema_complaints(db: sqlite3.Connection) -> Iterator[str]:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA:
        raise ReviewError(
            f"a read log of schema {version}",
            expected=f"schema {SCHEMA}",
            todo="verify it with the version of the program that wrote it",
        )
    with closing(sqlite3.connect(":memory:")) as model:
        for statement in statements(TABLES):
            model.execute(statement)
        wanted = _schema(model)
    there = _schema(db)
    if version != SCHEMA:
        yield "the file does not say that it is a read log of this program"
    for (kind, name), made in wanted.items():
        if (kind, name) not in there:
            yield f"the {kind} {name} is missing"
        elif there[kind, name] != made:
            yield f"the {kind} {name} is not as the program makes it"
    for kind, name in sorted(there.keys() - wanted.keys()):
        yield f"the program does not make the {kind} {name!r}"


def _schema(db: sqlite3.Connection) -> dict[tuple[str, str], str]:
    found = db.execute("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    return {(str(kind), str(name)): str(made) for kind, name, made in found}


def _integrity_complaints(db: sqlite3.Connection) -> list[str]:
    said = [str(line) for (line,) in db.execute("PRAGMA integrity_check(1)")]
    return [] if said == ["ok"] else ["the file is damaged: its pages or its index do not agree"]


def _head(db: sqlite3.Connection) -> tuple[int, str] | None:
    try:
        found = db.execute("SELECT number, sha256 FROM head").fetchall()
    except sqlite3.OperationalError:  # no such table, said already
        return None
    fits = len(found) == 1 and type(found[0][0]) is int and type(found[0][1]) is str
    return (found[0][0], found[0][1]) if fits else None


# -- what `audit export` writes -----------------------------------------------------------------


def export_lines(log: RawLog, *, made: str, software: str) -> Iterator[str]:
    """Yield a log as JSON Lines: first what it is and where it ends, then each event."""
    number, sha256 = log.head or (0, "")
    yield canonical_json(
        {
            "format": FORMAT,
            "software": software,
            "made": made,
            "events": len(log.rows),
            "head": {"number": number, "sha256": sha256},
        }
    )
    for row in log.rows:
        event = row._asdict() | {"content": _content(row.content)}
        yield json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def _content(text: str) -> object:
    """Return a content as an object, where its text comes back from it letter by letter."""
    try:
        node = json.loads(text)
        return node if isinstance(node, dict) and canonical_json(node) == text else text
    except ValueError:
        return text


def _of_export(path: Path) -> RawLog:
    try:
        first, *lines = path.read_bytes().decode().removesuffix("\n").split("\n")
        title = json.loads(first)
        head = (int(title["head"]["number"]), str(title["head"]["sha256"]))
        known, count = title["format"] == FORMAT, title["events"]
    except (ValueError, TypeError, KeyError):
        return RawLog(complaints=("the file is no read log",))
    if not known:
        raise ReviewError(
            "an exported read log of another format",
            expected=FORMAT,
            todo="verify it with the version of the program that wrote it",
        )
    rows, complaints = _exported_rows(lines)
    if count != len(lines):
        complaints.append(f"the file should hold {count} events and holds {len(lines)}")
    return RawLog(rows=rows, head=head, complaints=tuple(complaints), exported=True)


def _exported_rows(lines: list[str]) -> tuple[tuple[Row, ...], list[str]]:
    rows, complaints = [], []
    for at, line in enumerate(lines, start=2):
        try:
            event = json.loads(line)
            if isinstance(event["content"], dict):
                event["content"] = canonical_json(event["content"])
            values = tuple(event[name] for name in Row._fields)
            row = row_of(values) if len(event) == len(values) else None
        except (ValueError, TypeError, KeyError):
            row = None
        if row is None:
            complaints.append(f"line {at} is no event")
        else:
            rows.append(row)
    return tuple(rows), complaints
