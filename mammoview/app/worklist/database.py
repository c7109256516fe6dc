"""The file of the worklist: opened, brought to this version's tables, and mended when damaged.

It is the one place where patients' names, ids and birth dates are kept, so only its owner may read
it (folder 0700, file 0600).  What was put aside stands in a plain file of lines beside it as well:
study keys, no names.  How far a reading is stands in the read log, and in no other place.  A
database that is damaged is renamed, never deleted; a new one takes over its folders, where they can
still be read, and what was put aside.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import platformdirs

from mammoview.errors import WorklistError
from mammoview.review.sql import SqlFile, Trouble, failure, told, trouble_of

_BUSY_S = 5.0
_ASIDE = "read"
_FILE = SqlFile(
    name="worklist",
    damaged="start mammoview again: it is kept and made anew; the read log is another file",
    then="then try again",
    error=WorklistError,
)
_log = logging.getLogger(__name__)

# Each entry brings the tables from one version to the next.
_MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE roots (
        id INTEGER PRIMARY KEY,
        path BLOB NOT NULL UNIQUE,
        scanned TEXT NOT NULL DEFAULT '',
        reachable INTEGER NOT NULL DEFAULT 1
    );
    CREATE TABLE files (
        id INTEGER PRIMARY KEY,
        root INTEGER NOT NULL REFERENCES roots(id) ON DELETE CASCADE,
        path BLOB NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        UNIQUE (root, path)
    );
    CREATE TABLE images (
        id INTEGER PRIMARY KEY,
        file INTEGER NOT NULL REFERENCES files(id) ON DELETE CASCADE,
        member TEXT NOT NULL,
        sop_uid TEXT NOT NULL,
        study TEXT NOT NULL,
        name TEXT NOT NULL,
        patient_id TEXT NOT NULL,
        birth_date TEXT NOT NULL,
        date TEXT NOT NULL,
        accession TEXT NOT NULL,
        slot TEXT NOT NULL,
        label TEXT NOT NULL,
        cbis INTEGER NOT NULL
    );
    CREATE INDEX images_of_file ON images(file);
    CREATE INDEX images_of_study ON images(study);
    CREATE INDEX images_of_patient ON images(patient_id);
    CREATE TABLE refused (
        file INTEGER NOT NULL REFERENCES files(id) ON DELETE CASCADE,
        member TEXT NOT NULL,
        reason TEXT NOT NULL
    );
    CREATE INDEX refused_of_file ON refused(file);
    CREATE TABLE states (
        study TEXT PRIMARY KEY,
        state TEXT NOT NULL,
        changed TEXT NOT NULL
    );
    """,
    # What the reader last filtered by may be a patient's name: it is kept here and nowhere else.
    "CREATE TABLE kept (name TEXT PRIMARY KEY, value TEXT NOT NULL);",
    # CAD reports, a row for each image that one is of: where it lies, and nothing that it found.
    # Those that were refused so far are read again.
    """
    CREATE TABLE cad_reports (
        file INTEGER NOT NULL REFERENCES files(id) ON DELETE CASCADE,
        member TEXT NOT NULL,
        study TEXT NOT NULL,
        image TEXT NOT NULL
    );
    CREATE INDEX cad_reports_of_file ON cad_reports(file);
    CREATE INDEX cad_reports_of_study ON cad_reports(study);
    CREATE INDEX cad_reports_of_image ON cad_reports(image);
    DELETE FROM files WHERE id IN
        (SELECT file FROM refused WHERE member = '' AND reason LIKE 'modality SR%');
    """,
    # Extra views are named with what kind of image they are: they are read again.
    "UPDATE files SET mtime_ns = -1 WHERE id IN (SELECT file FROM images WHERE slot = '');",
)
SCHEMA = len(_MIGRATIONS)


def database_path() -> Path:
    """Return where the worklist of this user is."""
    return platformdirs.user_data_path("mammoview", appauthor=False) / "worklist.sqlite"


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the worklist for one piece of work, on the caller's thread.

    Several programs may have it open: each change is one short transaction, and who meets another
    one waits up to five seconds.

    Raises
    ------
    WorklistError
        If another program holds it for longer, it is damaged, or it cannot be read or written.
    """
    try:
        with closing(_connect(path)) as connection:
            yield connection
    except sqlite3.Error as error:  # not the system's: the work may read other files
        raise failure(_FILE, error) from None


def prepare(path: Path) -> str:
    """Make the worklist usable; return what was done about a damaged one, else nothing.

    Raises
    ------
    WorklistError
        If it cannot be used at all, or a newer program has made it.
    """
    with told(_FILE):
        _make_private(path)
        try:
            _migrate(path)
        except sqlite3.DatabaseError as error:
            if trouble_of(error) is not Trouble.DAMAGED:
                raise
            return _rebuild(path)
    return ""


def state_of(aside: bool) -> str:
    """Return how the tables say whether a study is put aside.

    They were made when readers marked by hand how far a study was: what was marked as read then is
    aside now.
    """
    return _ASIDE if aside else "unread"


def note_aside(path: Path, study: str, aside: bool, changed: str) -> None:
    """Write into the file of lines beside the database whether a study is put aside."""
    line = json.dumps([study, state_of(aside), changed]) + "\n"
    handle = os.open(_states_path(path), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, line.encode("ascii"))  # one write: lines of two programs never mix
    finally:
        os.close(handle)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _make_private(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.parent.chmod(0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)  # SQLite gives its other two files the same rights


def _migrate(path: Path) -> None:
    with closing(_connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")  # of two programs that start, one migrates
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA:
            raise WorklistError(
                f"a worklist of version {version}, made by a newer mammoview",
                expected=f"version {SCHEMA} or older",
                todo="use the newer program",
            )
        for number in range(version, SCHEMA):
            for statement in _MIGRATIONS[number].split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
        connection.execute("COMMIT")
        (sound,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if sound != "ok":
            raise sqlite3.DatabaseError("database disk image is malformed")


def _rebuild(path: Path) -> str:
    """Set a damaged database aside and make a new one of what can be saved."""
    number = 1
    while (aside := path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")).exists():
        number += 1
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        companion = path.with_name(path.name + suffix)
        if companion.exists():
            companion.rename(aside.with_name(aside.name + suffix))
    roots = _saved_roots(aside)
    states = _saved_states(aside) | _noted_states(path)
    _make_private(path)
    _migrate(path)
    with closing(_connect(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO roots (path) VALUES (?)", [(root,) for root in roots])
        rows = [(study, state, changed) for study, (state, changed) in states.items()]
        connection.executemany("INSERT INTO states VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")
    _log.warning("worklist rebuilt: %d folders, %d marks", len(roots), len(states))
    found = "Its folders are read again now" if roots else "Import your folders again"
    return (
        f"The worklist was damaged; it is kept as {aside.name}. "
        f"{len(states)} marks of studies were saved. {found}."
    )


def _saved_roots(aside: Path) -> list[bytes]:
    try:
        with closing(_connect(aside)) as connection:
            rows = connection.execute("SELECT path FROM roots ORDER BY id").fetchall()
    except sqlite3.Error:
        return []
    return [row[0] for row in rows if isinstance(row[0], bytes)]


def _saved_states(aside: Path) -> dict[str, tuple[str, str]]:
    states: dict[str, tuple[str, str]] = {}
    try:
        with closing(_connect(aside)) as connection:
            for study, state, changed in connection.execute("SELECT * FROM states"):
                states[study] = (state, changed)
    except sqlite3.Error:
        pass  # up to the damage; the file of lines has the rest
    return states


def _noted_states(path: Path) -> dict[str, tuple[str, str]]:
    states: dict[str, tuple[str, str]] = {}
    try:
        lines = _states_path(path).read_text("ascii", "replace").splitlines()
    except OSError:
        return {}
    for line in lines:
        try:
            study, state, changed = json.loads(line)
            states[str(study)] = (state_of(state == _ASIDE), str(changed))
        except (ValueError, TypeError):
            continue  # a line cut short by a power failure
    return states


def _states_path(path: Path) -> Path:
    return path.with_name("worklist-states.jsonl")
