"""Whether a log of reads is as it was written: every event, its order, and nothing missing.

The chain finds any event that was changed, taken out, put in or moved; the head row finds events
cut off at the end; the witness beside the log finds an older or another log in its place.  Who
rewrites all of them together is found by an anchor that was exported before and kept elsewhere.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from mammoview.domain.prediction import ModelIdentity
from mammoview.errors import ReviewError
from mammoview.review.anchors import NO_EVENT, Anchor, lost, witness_path, witnessed
from mammoview.review.events import FIRST_HASH, event_hash
from mammoview.review.heatmaps import heatmaps_path
from mammoview.review.raw_log import RawLog, Row, read_raw
from mammoview.review.read import Read, apply
from mammoview.review.sql import is_there
from mammoview.review.store import event_of

_NAME = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What was found.

    Attributes
    ----------
    events, reads : int
        How many events the log holds, of how many reads.
    anchor : Anchor
        Its end, to be kept elsewhere.
    problems : tuple of str
        What is wrong, a sentence each; none for a log as it was written.
    notes : tuple of str
        What is worth to be known and is no fault of the log.
    models : tuple of ModelIdentity
        Whose results were revealed.
    """

    events: int
    anchor: Anchor
    problems: tuple[str, ...]
    reads: int = 0
    notes: tuple[str, ...] = ()
    models: tuple[ModelIdentity, ...] = ()

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify(path: Path, anchors: Sequence[Anchor] = ()) -> AuditReport:
    """Check a log, or one that was exported, without writing to it.

    Parameters
    ----------
    path : Path
        The log.
    anchors : sequence of Anchor
        Hashes exported before; each must still stand at its number.

    Raises
    ------
    ReviewError
        If there is no such file and there never was, it cannot be read, or another version of the
        program wrote it.
    """
    seen = witnessed(path)
    if seen and not is_there(path):
        said = f"the log is gone: it held {max(a.number for a in seen)} events"
        return AuditReport(events=0, anchor=NO_EVENT, problems=(said,))
    return judge(read_raw(path), path=path, anchors=anchors, seen=seen)


def judge(
    raw: RawLog, *, path: Path, anchors: Sequence[Anchor] = (), seen: Sequence[Anchor] = ()
) -> AuditReport:
    """Check what was read of a log; ``seen`` is what its witness has seen, read before it."""
    known = {row.number: row.sha256 for row in raw.rows}
    reads, impossible = _replayed(raw.rows)
    problems = [
        *raw.complaints,
        *_broken_links(raw.rows),
        *_cut_off(raw),
        *(f"event {n} is not the one that was anchored" for n in lost(known, anchors)),
        *_unlike_witness(known, seen, path),
        *impossible,
        *_wrong_heatmaps(path, reads, raw),
    ]
    return AuditReport(
        events=len(raw.rows),
        anchor=Anchor(number=raw.head[0], sha256=raw.head[1]) if raw.head else _end(raw),
        problems=tuple(problems),
        reads=len(reads),
        notes=(*_clock_set_back(raw.rows), *_heatmaps_elsewhere(path, reads, raw)),
        models=tuple(dict.fromkeys(r.revealed.model for r in reads.values() if r.revealed)),
    )


def _end(raw: RawLog) -> Anchor:
    return Anchor(number=raw.rows[-1].number, sha256=raw.rows[-1].sha256) if raw.rows else NO_EVENT


# -- what is wrong ------------------------------------------------------------------------------


def _broken_links(rows: Sequence[Row]) -> Iterator[str]:
    last_number, last_hash = 0, FIRST_HASH
    for row in rows:
        number = row.number
        if number > last_number + 1:
            yield f"events {last_number + 1} to {number - 1} are missing"
        elif number <= last_number:
            yield f"event {number} stands after event {last_number}"
        elif row.previous != last_hash:
            yield f"event {number} does not follow event {last_number}"
        if hash_of(row) != row.sha256:
            yield f"event {number} is not as it was written"
        last_number, last_hash = number, row.sha256


def hash_of(row: Row) -> str:
    """Return the hash that a row should carry."""
    return event_hash(
        number=row.number,
        read_id=row.read_id,
        at=row.at,
        reader=row.reader,
        action=row.action,
        content=row.content,
        previous=row.previous,
    )


def _cut_off(raw: RawLog) -> Iterator[str]:
    end = _end(raw)
    if raw.head is None:
        yield "the head row, which says where the log ends, is missing"
    elif raw.head[0] != end.number:
        yield f"the log should end with event {raw.head[0]} and ends with event {end.number}"
    elif raw.head[1] != end.sha256:
        yield f"the log should end with another event {end.number}"


def _unlike_witness(known: Mapping[int, str], seen: Sequence[Anchor], path: Path) -> Iterator[str]:
    """Say once what the witness misses: where a log was put back, it misses all that came after."""
    missing = lost(dict(known), seen)
    if missing:
        yield (
            f"event {missing[0]} and {len(missing) - 1} later ones that {witness_path(path).name} "
            "has seen are missing or others: the log is an older or another one, or lost its "
            "-wal file"
        )


def _replayed(rows: Sequence[Row]) -> tuple[dict[str, Read], list[str]]:
    """Replay every read: a log may be chained well and still tell what was never allowed."""
    reads: dict[str, Read] = {}
    broken: set[str] = set()
    problems: list[str] = []
    for row in rows:
        read_id = row.read_id
        if read_id in broken:
            continue
        try:
            reads[read_id] = apply(reads.get(read_id), event_of(row))
        except ReviewError as error:
            broken.add(read_id)
            problems.append(f"event {row.number} was not allowed: {error.met}")
    return reads, problems


def _wrong_heatmaps(path: Path, reads: Mapping[str, Read], raw: RawLog) -> Iterator[str]:
    for read_id, sha256 in _heatmaps(reads):
        file = heatmaps_path(path, read_id)
        if file.is_file():
            if hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
                yield f"the heatmaps {file.name} are not as they were revealed"
        elif not raw.exported:
            yield f"the heatmaps {file.name} are missing"


def _heatmaps(reads: Mapping[str, Read]) -> Iterator[tuple[str, str]]:
    for read_id, read in reads.items():
        named = _NAME.fullmatch(read_id)  # never a path that leads elsewhere
        if named and read.revealed is not None and read.revealed.heatmaps_sha256:
            yield read_id, read.revealed.heatmaps_sha256


# -- what is worth to be known ------------------------------------------------------------------


def _clock_set_back(rows: Sequence[Row]) -> Iterator[str]:
    for before, row in pairwise(rows):
        if row.at < before.at:
            late = f"event {row.number} is dated before event {before.number}"
            yield f"{late}: the clock was set back"


def _heatmaps_elsewhere(path: Path, reads: Mapping[str, Read], raw: RawLog) -> Iterator[str]:
    absent = [r for r, _ in _heatmaps(reads) if not heatmaps_path(path, r).is_file()]
    if absent and raw.exported:
        yield f"the heatmaps of {len(absent)} reads do not lie beside this file"
