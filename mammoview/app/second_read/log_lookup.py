"""What the read log says of an examination to one reader, and when it sends a read to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mammoview.app.assessment.schemes import shipped_schemes
from mammoview.app.second_read.site import Site
from mammoview.app.state.read import Entry
from mammoview.domain.reading import Role
from mammoview.review.arbitration import compared_reads, other_reads, settle
from mammoview.review.read import Read
from mammoview.review.standing import ROLES, reading_for
from mammoview.review.store import ReadLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whose read of which examination is looked for."""

    reader: str
    exam_key: str
    images: tuple[str, ...]
    double: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the log says of an examination to one reader.

    ``read`` is the reader's own, to an arbitrator the one to decide; ``role`` is None where nothing
    is left to read; ``others`` are other readers' reads that may be seen.
    """

    read: Read | None
    blinded_elsewhere: bool
    role: Role | None = Role.FIRST
    others: tuple[Read, ...] = ()


def look_up(log: ReadLog, exam_key: str, reader: str, mine: Sequence[str], double: bool) -> Found:
    """Return what a log says of an examination to one reader.

    ``mine`` are reads of its images under another key, which are its reads all the same.
    """
    standings = log.standings(exam_key)
    # Images that were imported again under another key are still those of that read.
    own = [s.read_id for s in standings if s.reader == reader] or list(mine)
    if own:
        read = log.read(own[-1])
        role: Role | None = read.opened.role
        return Found(
            read=read,
            blinded_elsewhere=False,
            role=role,
            others=other_reads(log, exam_key, reader),
        )
    role = ROLES.get(reading_for(standings, reader, double=double))
    if role is Role.ARBITRATOR:
        *others, read = compared_reads(log, exam_key, reader)
        return Found(read=read, blinded_elsewhere=False, role=role, others=tuple(others))
    return Found(read=None, blinded_elsewhere=False, role=role)


def settle_read(log: ReadLog, entry: Entry, site: Site) -> Read:
    """Send a final read to an arbitrator where the site's policy does."""
    return settle(
        log,
        entry.read_id,
        entry.reader,
        policy=site.policy,
        schemes=shipped_schemes(),
        double=site.double,
    )
