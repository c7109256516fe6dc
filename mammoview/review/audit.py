"""Whether a log of reads is as it was written: every event, its order, and nothing missing.

The chain finds any event that was changed, taken out, put in or moved; the head row finds events
cut off at the end.  Who rewrites the whole chain with its head is found by an anchor that was
exported before and kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mammoview.errors import ReviewError
from mammoview.review.events import FIRST_HASH, event_hash
from mammoview.review.read import Read, apply
from mammoview.review.store import event_of, read_log


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The hash of one event, written down outside the log."""

    number: int
    sha256: str


_NO_EVENT = Anchor(number=0, sha256=FIRST_HASH)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What was found.

    Attributes
    ----------
    events : int
        How many events the log holds.
    anchor : Anchor
        Its end, to be kept elsewhere.
    problems : tuple of str
        What is wrong, a sentence each; none for a log as it was written.
    """

    events: int
    anchor: Anchor
    problems: tuple[str, ...]

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify(path: Path, anchors: Sequence[Anchor] = ()) -> AuditReport:
    """Check a log, without writing to it.

    Parameters
    ----------
    path : Path
        The log.
    anchors : sequence of Anchor
        Hashes exported before; each must still stand at its number.

    Raises
    ------
    ReviewError
        If there is no such file, or it is no log at all.
    """
    rows, head = read_log(path)
    end = Anchor(number=int(str(rows[-1][0])), sha256=str(rows[-1][-1])) if rows else _NO_EVENT
    known = {int(str(row[0])): str(row[-1]) for row in rows}
    problems = [
        *_broken_links(rows),
        *_cut_off(end, head),
        *_lost_anchors(known, anchors),
        *_impossible(rows),
    ]
    anchor = Anchor(number=head[0], sha256=head[1]) if head else end
    return AuditReport(events=len(rows), anchor=anchor, problems=tuple(problems))


def _broken_links(rows: Sequence[tuple[object, ...]]) -> Iterator[str]:
    last_number, last_hash = 0, FIRST_HASH
    for row in rows:
        number = int(str(row[0]))
        if number != last_number + 1:
            yield f"events {last_number + 1} to {number - 1} are missing"
        elif row[6] != last_hash:
            yield f"event {number} does not follow event {last_number}"
        if _hash_of(row) != row[7]:
            yield f"event {number} is not as it was written"
        last_number, last_hash = number, str(row[7])


def _hash_of(row: tuple[object, ...]) -> str:
    number, read_id, at, reader, action, content, previous, _ = row
    return event_hash(
        number=int(str(number)),
        read_id=str(read_id),
        at=str(at),
        reader=str(reader),
        action=str(action),
        content=str(content),
        previous=str(previous),
    )


def _cut_off(end: Anchor, head: tuple[int, str] | None) -> Iterator[str]:
    if head is None:
        yield "the head row, which says where the log ends, is missing"
    elif head != (end.number, end.sha256):
        yield f"the log should end with event {head[0]} and ends with event {end.number}"


def _lost_anchors(known: dict[int, str], anchors: Sequence[Anchor]) -> Iterator[str]:
    for anchor in anchors:
        if anchor.number and known.get(anchor.number) != anchor.sha256:
            yield f"event {anchor.number} is not the one that was anchored"


def _impossible(rows: Sequence[tuple[object, ...]]) -> Iterator[str]:
    """Replay every read: a log may be chained well and still tell what was never allowed."""
    reads: dict[str, Read | None] = {}
    broken: set[str] = set()
    for row in rows:
        read_id = str(row[1])
        if read_id in broken:
            continue
        try:
            reads[read_id] = apply(reads.get(read_id), event_of(row))
        except ReviewError as error:
            broken.add(read_id)
            yield f"event {row[0]} was not allowed: {error.met}"
