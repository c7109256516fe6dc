"""When two reads of an examination are final: who goes to an arbitrator, and which reads they see.

The reader who is done last carries the request, in their own read; the log is asked and written in
one transaction, so that of two readers who end at the same moment just one does.
"""

from __future__ import annotations

from collections.abc import Mapping

from mammoview.domain.assessment import Scheme
from mammoview.errors import ReviewError
from mammoview.review.blinding import may_see_other_reads
from mammoview.review.discordance import Judgement, Policy, judge
from mammoview.review.events import ArbitrationRequested, Content
from mammoview.review.read import Read
from mammoview.review.states import Action, ReadState
from mammoview.review.store import ReadLog


def settle(
    log: ReadLog,
    read_id: str,
    reader: str,
    *,
    policy: Policy,
    schemes: Mapping[str, Scheme],
    double: bool,
) -> Read:
    """Compare a read that is final with the other one, and ask an arbitrator where the policy does.

    Nothing happens while the other read is not final yet: its own reader settles then.  To be
    called before a read is signed, and as often as one likes.

    Raises
    ------
    ReviewError
        If the reads cannot be compared, or the log cannot be written; nothing is changed then.
    """

    def decide(read: Read) -> tuple[Action, Content] | None:
        if read.state is not ReadState.FINAL:
            return None
        others = [s for s in log.standings(read.opened.exam_key) if s.reader != reader]
        if any(s.arbitrated for s in others):
            return None
        done = [s for s in others if s.done]
        if double and not done:
            return None
        other = log.read(done[0].read_id) if double else None
        reads = [other, read] if other is not None else [read]
        judged = judge(policy, reads, schemes)
        if not judged.arbitrate:
            return None
        return Action.REQUEST_ARBITRATION, _asked(policy, judged, other)

    return log.append_decided(read_id, reader, decide)


def compared_reads(log: ReadLog, exam_key: str, reader: str) -> tuple[Read, ...]:
    """Return the reads that an arbitrator sees side by side: the one to decide comes last.

    Raises
    ------
    ReviewError
        If none waits for an arbitrator, or this reader has read one of them.
    """
    standings = log.standings(exam_key)
    waiting = [s for s in standings if s.state is ReadState.ARBITRATION]
    if not waiting:
        raise ReviewError(
            "an examination that waits for no arbitrator",
            expected="reads that were sent to one",
            todo="take another one",
        )
    if any(s.reader == reader for s in standings):
        raise ReviewError(
            "a reader who would arbitrate a read of their own",
            expected="somebody who has not read this examination",
            todo="sign in as another reader",
        )
    last = log.read(waiting[-1].read_id)
    other = last.arbitration.other_read if last.arbitration else ""
    return (log.read(other), last) if other else (last,)


def other_reads(log: ReadLog, exam_key: str, reader: str) -> tuple[Read, ...]:
    """Return the reads of others that a reader may see: none before all of one's own are final."""
    standings = log.standings(exam_key)
    own = [s for s in standings if s.reader == reader]
    if not own or not all(may_see_other_reads(s.state, arbitrates=False) for s in own):
        return ()
    return tuple(log.read(s.read_id) for s in standings if s.done and s.reader != reader)


def _asked(policy: Policy, judged: Judgement, other: Read | None) -> ArbitrationRequested:
    return ArbitrationRequested(
        policy=policy.id,
        reason="; ".join(judged.reasons),
        other_read=other.read_id if other else "",
        other_reader=other.reader if other else "",
        discordant=judged.discordant,
    )
