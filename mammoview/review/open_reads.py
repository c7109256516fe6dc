"""Which reads of some images are still blinded: asked by every door that could show a result.

A door knows nothing of readers and states; it names its images and is told yes, or why not.  What
cannot be told is closed: a log that is damaged, held by another program or gone.  The question
writes nothing, and asks the file each time: another program may have opened a read meanwhile.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from mammoview.errors import ReviewError
from mammoview.review import blinding
from mammoview.review.anchors import witnessed
from mammoview.review.audit import hash_of
from mammoview.review.events import Opened
from mammoview.review.raw_log import Row, connect_to_read, raw_rows, row_of
from mammoview.review.read import Read, replay
from mammoview.review.sql import is_there
from mammoview.review.states import Action
from mammoview.review.store import event_of

_OPENED = f"WHERE action = '{Action.OPEN}'"
_OF_READ = "WHERE read_id = ?"


def blinded_reads(log: Path, images: Collection[str]) -> tuple[Read, ...]:
    """Return the reads of any of these images before whose reveal nothing may be shown.

    Parameters
    ----------
    log : Path
        The read log of this machine; none there: no read was ever opened.
    images : collection of str
        SOPInstanceUIDs.  An examination that was copied or imported again is known by its images.

    Raises
    ------
    ReviewError
        If the log cannot tell: then nothing may be shown either.
    """
    seen = witnessed(log)
    if not is_there(log):
        if seen:
            raise _closed("a read log that is gone")
        return ()
    try:
        with closing(connect_to_read(log)) as db:
            db.execute("BEGIN")
            last = _sound_end(db)
            if seen and max(a.number for a in seen) > last:
                raise _closed("a read log that has lost events")
            reads = [_read(db, read_id) for read_id in _opened_on(db, images)]
    except sqlite3.Error as error:
        raise _closed(f"a read log that cannot be asked ({type(error).__name__})") from error
    return tuple(
        read for read in reads if not blinding.may_see_results(read.opened.mode, read.state)
    )


def require_none_blinded(log: Path, images: Collection[str]) -> None:
    """Refuse to show the computer's result of these images while a read of them is blinded.

    Raises
    ------
    ReviewError
        If one is, or the log cannot tell.  It names no reader.
    """
    if blinded_reads(log, images):
        raise ReviewError(
            "the blinded read of this examination is open on this machine",
            expected="a read that is locked and whose marks are revealed",
            todo="finish the read first",
        )


def _sound_end(db: sqlite3.Connection) -> int:
    """Return the number of the last event, where all before it are there."""
    count, last, reads = db.execute(
        "SELECT count(*), coalesce(max(number), 0), count(DISTINCT read_id) FROM events"
    ).fetchone()
    (opened,) = db.execute(f"SELECT count(*) FROM events {_OPENED}").fetchone()
    head = db.execute("SELECT number, sha256 FROM head").fetchall()
    end = raw_rows(db, "WHERE number = ?", (last,))
    whole = count == last and reads == opened and len(head) == 1 and head[0][0] == last
    if not whole or (end and end[0][7] != head[0][1]):
        raise _closed("a read log that is not as it was written")
    return int(last)


def _opened_on(db: sqlite3.Connection, images: Collection[str]) -> list[str]:
    wanted = set(images)
    found = []
    for row in _sound(raw_rows(db, _OPENED)):
        content = event_of(row).content
        if isinstance(content, Opened) and wanted.intersection(content.images):
            found.append(row.read_id)
    return found


def _read(db: sqlite3.Connection, read_id: str) -> Read:
    return replay(event_of(row) for row in _sound(raw_rows(db, _OF_READ, (read_id,))))


def _sound(rows: list[tuple[object, ...]]) -> list[Row]:
    """Return rows that are as they were written."""
    sound = []
    for values in rows:
        row = row_of(values)
        if row is None or hash_of(row) != row.sha256:
            raise _closed("a read log that is not as it was written")
        sound.append(row)
    return sound


def _closed(met: str) -> ReviewError:
    return ReviewError(
        met,
        expected="a sound log: only it can tell that no blinded read of these images is open",
        todo="verify it with: mammoview audit verify",
    )
