"""One read as its events tell it: what has been said so far, and what may be done next.

A read is never stored: it is replayed.  `apply` is the only way from one read to the next, for the
action of a reader and for a line of the log alike, so that no log can hold what was not allowed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeVar, cast

from mammoview.domain.assessment import NOTHING_SAID, Opinion, Statement
from mammoview.domain.reading import (
    AnalysisOutcome,
    CadMark,
    CadResult,
    Decision,
    Disposition,
    MarkAnswer,
    ReadingMode,
)
from mammoview.domain.views import Laterality
from mammoview.errors import NotAllowedError, ReviewError
from mammoview.modelkit.codec import encode
from mammoview.review.events import (
    CONTENTS,
    ArbitrationRequested,
    Content,
    DensitySet,
    Event,
    FindingRemoved,
    FindingSet,
    Locked,
    Opened,
    OperatingPointSet,
    OpinionSet,
    SpotAsked,
    ViewsChecked,
    canonical_json,
)
from mammoview.review.states import Action, ReadState, next_state

C = TypeVar("C", bound=Content)
# What is noted of an arbitrator, too, who opens the read and looks at it.
_LOOKING = (Action.REOPEN, Action.RECORD_STEP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Where one reader's read of one examination stands.

    Attributes
    ----------
    read_id, reader : str
        Its own id, and the id of the reader's profile.
    opened : Opened
        How it began.
    state : ReadState
        Where it stands.
    now : Statement
        What the reader says at present.
    unaided : Statement or None
        What was said when the unaided read was locked; never changes again.
    locked_at : str
        When that was, UTC.
    revealed : CadResult or None
        What the computer said, once it may be known.
    shown : tuple of CadMark
        Every mark that was shown at any operating point.
    disposed : tuple of MarkAnswer
        What the reader said of the marks, one a mark.
    spots : tuple of SpotAsked
        Spots asked about before the lock.
    views : ViewsChecked or None
        What was said of missing views.
    arbitration : ArbitrationRequested or None
        Why another reader must decide.
    decisions : tuple of (str, Decision)
        The arbitrator and the decision, one a breast.
    signed_by, signed_at : str
        Who signed, and when, UTC; empty before.
    """

    read_id: str
    reader: str
    opened: Opened
    state: ReadState = ReadState.OPENED
    now: Statement = NOTHING_SAID
    unaided: Statement | None = None
    locked_at: str = ""
    revealed: CadResult | None = None
    shown: tuple[CadMark, ...] = ()
    disposed: tuple[MarkAnswer, ...] = ()
    spots: tuple[SpotAsked, ...] = ()
    views: ViewsChecked | None = None
    arbitration: ArbitrationRequested | None = None
    decisions: tuple[tuple[str, Decision], ...] = ()
    signed_by: str = ""
    signed_at: str = ""

    @property
    def undisposed(self) -> tuple[CadMark, ...]:
        """Marks that the reader has not answered yet."""
        answered = {mark.mark_id for mark in self.disposed}
        return tuple(mark for mark in self.shown if mark.id not in answered)

    @property
    def changed(self) -> tuple[Laterality, ...]:
        """Breasts whose opinion is another one than when the unaided read was locked."""
        if self.unaided is None:
            return ()
        return tuple(
            side for side in self.opened.sides if self.unaided.answer(side) != self.now.answer(side)
        )


def digest(statement: Statement) -> str:
    """Return the SHA-256 of all that a reader says."""
    return hashlib.sha256(canonical_json(encode(statement)).encode()).hexdigest()


def replay(events: Iterable[Event]) -> Read:
    """Return the read that its events tell.

    Raises
    ------
    ReviewError
        If there are none, or one was not allowed where it stands.
    """
    read: Read | None = None
    for event in events:
        read = apply(read, event)
    if read is None:
        raise ReviewError("a read without events", expected="at least one", todo="open it anew")
    return read


def apply(read: Read | None, event: Event) -> Read:
    """Return the read after one more event.

    Parameters
    ----------
    read : Read or None
        The read before; None for the event that opens it.
    event : Event
        What was done.

    Raises
    ------
    NotAllowedError
        If the table of states forbids it, or something that it needs is missing.
    """
    if not isinstance(event.content, CONTENTS[event.action]):
        raise _forbidden(f"a {event.action} with {type(event.content).__name__}", "its own content")
    if read is None:
        return _open(event)
    if event.action is Action.OPEN:
        raise _forbidden("a read that is opened twice", "reopen")
    if event.read_id != read.read_id:
        raise _forbidden("an event of another read", f"one of {read.read_id}")
    state = next_state(read.state, event.action)
    if state is None:
        raise _forbidden(f"{event.action} in a read that is {read.state}", _needed(event.action))
    _check_reader(read, event)
    change = _CHANGES.get(event.action)
    return replace(change(read, event) if change else read, state=state)


# -- what each action needs and does ----------------------------------------------------------


def _open(event: Event) -> Read:
    if event.action is not Action.OPEN:
        raise _forbidden(f"{event.action} in a read that was never opened", "open it first")
    opened = _content(event, Opened)
    if not opened.sides or len(set(opened.sides)) < len(opened.sides):
        raise _forbidden("a read of no breast, or of one twice", "the sides of the examination")
    return Read(read_id=event.read_id, reader=event.reader, opened=opened)


def _check_reader(read: Read, event: Event) -> None:
    """Only the reader writes in a read; arbitration is somebody else's, and never one's own."""
    own = event.reader == read.reader
    arbitrating = event.action is Action.ARBITRATE or (
        event.action is Action.SIGN and read.state is ReadState.ARBITRATION
    )
    looking = read.state is ReadState.ARBITRATION and event.action in _LOOKING
    compared = read.arbitration.other_reader if read.arbitration else ""
    if arbitrating and (own or event.reader == compared):
        raise _forbidden("a reader who arbitrates a read of their own", "another reader")
    if not (arbitrating or looking or own or event.action is Action.RECORD_EXPORT):
        raise _forbidden("an entry in another reader's read", "a read of one's own")


def _check_views(read: Read, event: Event) -> Read:
    views = _content(event, ViewsChecked)
    if views.missing:
        _need_reason(views.reason, f"to go on without {', '.join(views.missing)}")
    return replace(read, views=views)


def _set_finding(read: Read, event: Event) -> Read:
    finding = _content(event, FindingSet).finding
    if finding.laterality not in read.opened.sides:
        raise _forbidden(f"a finding in the {finding.laterality} breast", "a breast of this read")
    unknown = {view.sop_instance_uid for view in finding.views} - set(read.opened.images)
    if unknown or not finding.views:
        raise _forbidden("a finding in no image of this read", "a region in an image of it")
    findings = read.now.findings
    if read.now.finding(finding.id) is None:
        return replace(read, now=replace(read.now, findings=(*findings, finding)))
    # It keeps its place, and with it the number that stands beside it on the images.
    changed = tuple(finding if f.id == finding.id else f for f in findings)
    return replace(read, now=replace(read.now, findings=changed))


def _remove_finding(read: Read, event: Event) -> Read:
    removed = _content(event, FindingRemoved)
    if read.now.finding(removed.finding_id) is None:
        raise _forbidden("a finding that is not there", "one of this read")
    if read.unaided is not None and read.unaided.finding(removed.finding_id) is not None:
        _need_reason(removed.reason, "to take back a finding of the unaided read")
    if any(mark.finding_id == removed.finding_id for mark in read.disposed):
        raise _forbidden(
            "a finding that a mark is the duplicate of", "the mark answered anew first"
        )
    findings = tuple(f for f in read.now.findings if f.id != removed.finding_id)
    return replace(read, now=replace(read.now, findings=findings))


def _set_opinion(read: Read, event: Event) -> Read:
    said = _content(event, OpinionSet)
    if said.laterality not in read.opened.sides or not said.category:
        raise _forbidden(
            "an opinion of no breast of this read", "a category for one of its breasts"
        )
    opinion = Opinion(
        laterality=said.laterality, category=said.category, reason=said.reason, views=said.views
    )
    if read.unaided is not None and read.unaided.answer(said.laterality) != opinion.answer:
        _need_reason(said.reason, "to change the opinion after the reveal")
    others = tuple(o for o in read.now.opinions if o.laterality is not said.laterality)
    return replace(read, now=replace(read.now, opinions=(*others, opinion)))


def _set_density(read: Read, event: Event) -> Read:
    said = _content(event, DensitySet)
    if read.unaided is not None and read.unaided.density != said.density:
        _need_reason(said.reason, "to change the density after the reveal")
    return replace(read, now=replace(read.now, density=said.density))


def _ask_spot(read: Read, event: Event) -> Read:
    if read.opened.mode is not ReadingMode.ASK_SPOT:
        raise _forbidden(f"a question in a {read.opened.mode} read", "the mode ask-spot")
    return replace(read, spots=(*read.spots, _content(event, SpotAsked)))


def _lock(read: Read, event: Event) -> Read:
    _need_opinions(read)
    if _content(event, Locked).sha256 != digest(read.now):
        raise _forbidden("a lock of something else", "the digest of what the read says now")
    return replace(read, unaided=read.now, locked_at=event.at)


def _reveal(read: Read, event: Event) -> Read:
    revealed = _content(event, CadResult)
    if revealed.outcome is not AnalysisOutcome.DONE:
        _need_reason(revealed.reason, "why there is no result of the computer")
        if revealed.marks:
            raise _forbidden("marks of an analysis that did not end", "none")
    return replace(read, revealed=revealed, shown=_unlike(revealed.marks))


def _set_operating_point(read: Read, event: Event) -> Read:
    said = _content(event, OperatingPointSet)
    known = {mark.id for mark in read.shown}
    fresh = tuple(mark for mark in said.marks if mark.id not in known)
    return replace(read, shown=_unlike((*read.shown, *fresh)))


def _unlike(marks: tuple[CadMark, ...]) -> tuple[CadMark, ...]:
    if len({mark.id for mark in marks}) < len(marks):
        raise _forbidden("two marks of one id", "an id of its own for each mark")
    return marks


def _dispose(read: Read, event: Event) -> Read:
    said = _content(event, MarkAnswer)
    if said.mark_id not in {mark.id for mark in read.shown}:
        raise _forbidden("an answer to a mark that was not shown", "one of the marks")
    if said.disposition is Disposition.DISMISS:
        _need_reason(said.reason, "to dismiss a mark")
    if said.disposition is Disposition.DUPLICATE and read.now.finding(said.finding_id) is None:
        raise _forbidden("a duplicate of no finding", "a finding of this read")
    others = tuple(mark for mark in read.disposed if mark.mark_id != said.mark_id)
    return replace(read, disposed=(*others, said))


def _finalize(read: Read, event: Event) -> Read:
    _need_opinions(read)
    if read.undisposed:
        raise _forbidden(
            f"{len(read.undisposed)} marks without an answer", "an answer to each mark"
        )
    return read


def _request_arbitration(read: Read, event: Event) -> Read:
    asked = _content(event, ArbitrationRequested)
    if read.reader == asked.other_reader:
        raise _forbidden("two reads of one reader", "another reader's read beside this one")
    return replace(read, arbitration=asked)


def _arbitrate(read: Read, event: Event) -> Read:
    decision = _content(event, Decision)
    if decision.laterality not in read.opened.sides or not decision.category:
        raise _forbidden("a decision for no breast of this read", "a category for a breast of it")
    _need_reason(decision.reason, "to decide between two reads")
    others = tuple(d for d in read.decisions if d[1].laterality is not decision.laterality)
    return replace(read, decisions=(*others, (event.reader, decision)))


def _sign(read: Read, event: Event) -> Read:
    if read.state is ReadState.ARBITRATION:
        decided = {decision.laterality for _, decision in read.decisions}
        if decided != set(read.opened.sides):
            raise _forbidden("an arbitration without a decision for each breast", "all decisions")
        if {reader for reader, _ in read.decisions} != {event.reader}:
            raise _forbidden("a decision signed by somebody else", "the arbitrator's signature")
    return replace(read, signed_by=event.reader, signed_at=event.at)


_CHANGES: Mapping[Action, Callable[[Read, Event], Read]] = MappingProxyType(
    {
        Action.CHECK_VIEWS: _check_views,
        Action.SET_FINDING: _set_finding,
        Action.REMOVE_FINDING: _remove_finding,
        Action.SET_OPINION: _set_opinion,
        Action.SET_DENSITY: _set_density,
        Action.ASK_SPOT: _ask_spot,
        Action.LOCK: _lock,
        Action.REVEAL: _reveal,
        Action.SET_OPERATING_POINT: _set_operating_point,
        Action.DISPOSE_MARK: _dispose,
        Action.FINALIZE: _finalize,
        Action.REQUEST_ARBITRATION: _request_arbitration,
        Action.ARBITRATE: _arbitrate,
        Action.SIGN: _sign,
    }
)


# -- helpers ----------------------------------------------------------------------------------


def _content(event: Event, kind: type[C]) -> C:
    return cast("C", event.content)  # `apply` has checked it


def _need_opinions(read: Read) -> None:
    lacking = [side for side in read.opened.sides if read.now.opinion(side) is None]
    if lacking:
        raise _forbidden(f"no opinion of {' and '.join(lacking)}", "an opinion of each breast")


def _need_reason(reason: str, what: str) -> None:
    if not reason.strip():
        raise _forbidden("no reason", f"a reason {what}")


def _needed(action: Action) -> str:
    states = [state for state in ReadState if next_state(state, action) is not None]
    return f"a read that is {' or '.join(states)}"


def _forbidden(met: str, expected: str) -> NotAllowedError:
    return NotAllowedError(
        met, expected=expected, todo="do what is missing first; nothing was changed"
    )
