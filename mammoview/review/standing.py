"""Where the reads of an examination stand, and what that is to one reader.

Who has read an examination must not learn more of another's read than they may: before one's own
read is final it is "read by another" and nothing else, whether that read has just begun or is
signed (`mammoview.review.blinding`).

Source: double reading with arbitration in population screening (European guidelines for quality
assurance in breast cancer screening and diagnosis, 4th edition, chapter 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from mammoview.domain.reading import Role
from mammoview.errors import NotAllowedError, ReviewError
from mammoview.review.blinding import may_see_other_reads
from mammoview.review.states import TRANSITIONS, Action, ReadState, next_state

CHANGING = tuple(
    action
    for action in Action
    if action is Action.OPEN
    or any(a is action and after is not before for (before, a), after in TRANSITIONS.items())
)
"""What leads a read from one state to another."""
_ACTIONS = {action.value: action for action in CHANGING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One read from outside: whose it is and where it stands, and nothing that it says.

    ``discordant`` tells of a read that waits, or waited, for an arbitrator whether it differs from
    the other; ``arbitrated`` whether an arbitrator was asked at all.
    """

    read_id: str
    exam_key: str
    reader: str
    role: Role
    state: ReadState = ReadState.OPENED
    arbitrated: bool = False
    discordant: bool = False

    @property
    def done(self) -> bool:
        """Whether the reader has said all."""
        return may_see_other_reads(self.state, arbitrates=False)


class Reading(StrEnum):
    """How far the reading of an examination is, to one reader."""

    UNREAD = "unread"
    IN_PROGRESS = "in progress"
    WAITS_FOR_SECOND = "waits for second read"
    TO_SIGN = "to sign"
    FIRST_DONE = "own read done"
    WAITS_FOR_ARBITRATION = "waits for arbitration"
    DISCORDANT = "discordant"
    WITH_ARBITRATOR = "with the arbitrator"
    READ_BY_OTHERS = "read by others"
    SIGNED = "signed"


ROLES: Mapping[Reading, Role] = MappingProxyType(
    {
        Reading.UNREAD: Role.FIRST,
        Reading.WAITS_FOR_SECOND: Role.SECOND,
        Reading.WAITS_FOR_ARBITRATION: Role.ARBITRATOR,
    }
)
"""As whom a reader may take up what they have not read yet; other states leave nothing to read."""


def reading_for(standings: Sequence[Standing], reader: str, *, double: bool) -> Reading:
    """Tell how far the reading of one examination is, as far as a reader may know.

    Parameters
    ----------
    standings : sequence of Standing
        All reads of the examination, as they were opened.
    reader : str
        Who asks.
    double : bool
        Whether two readers read each examination.
    """
    own = next((s for s in reversed(standings) if s.reader == reader), None)
    if own is None:
        return _of_others(standings, double=double)
    if not own.done:
        return Reading.IN_PROGRESS
    waiting = next((s for s in standings if s.state is ReadState.ARBITRATION), None)
    if waiting is not None:
        return Reading.DISCORDANT if waiting.discordant else Reading.WITH_ARBITRATOR
    if own.state is ReadState.FINAL:
        return Reading.TO_SIGN
    others = [s for s in standings if s.reader != reader]
    complete = _complete(others) and (others or not double)
    return Reading.SIGNED if complete or _decided(standings) else Reading.FIRST_DONE


def _of_others(standings: Sequence[Standing], *, double: bool) -> Reading:
    if not standings:
        return Reading.UNREAD
    if double and len({s.reader for s in standings}) < 2:
        return Reading.WAITS_FOR_SECOND  # all that its reader-to-be may know
    if any(s.state is ReadState.ARBITRATION for s in standings):
        return Reading.WAITS_FOR_ARBITRATION
    done = _complete(standings) or _decided(standings)
    return Reading.SIGNED if done else Reading.READ_BY_OTHERS


def _complete(standings: Sequence[Standing]) -> bool:
    return all(s.state is ReadState.SIGNED for s in standings)


def _decided(standings: Sequence[Standing]) -> bool:
    """Tell whether an arbitrator has signed, whatever else is left to be signed."""
    return any(s.arbitrated and s.state is ReadState.SIGNED for s in standings)


def check_role(role: Role, reader: str, standings: Sequence[Standing]) -> None:
    """Refuse a read in a role that is not the reader's.

    Raises
    ------
    NotAllowedError
        If a second read has no first one of another reader, or the reader has read before.
    """
    if role is Role.FIRST:
        return
    if any(s.reader == reader for s in standings):
        raise NotAllowedError(
            f"a reader of this examination as its {role} reader too",
            expected="another reader",
            todo="sign in as the other reader",
        )
    if not standings:
        raise NotAllowedError(
            f"a {role} read of what nobody has read",
            expected="a first read by another reader",
            todo="open it as the first reader",
        )


def fold(rows: Iterable[tuple[object, ...]]) -> tuple[Standing, ...]:
    """Return the standings that lines of a log tell, in the order in which reads were opened.

    Parameters
    ----------
    rows : iterable of tuple
        Read, reader and action, and of their contents the examination, the role and whether the
        compared reads differ: no more of a log of ten thousand reads has to be understood.

    Raises
    ------
    ReviewError
        If a read was opened in no known role.  What is wrong besides, `mammoview.review.audit`
        says.
    """
    opened: dict[object, tuple[object, ...]] = {}
    states: dict[object, ReadState] = {}
    asked: dict[object, bool] = {}
    for read_id, reader, name, exam_key, role, discordant in rows:
        action = _ACTIONS[str(name)]
        if action is Action.OPEN:
            opened[read_id] = (exam_key, reader, role)
            states[read_id] = ReadState.OPENED
        elif read_id in states:
            states[read_id] = next_state(states[read_id], action) or states[read_id]
            if action is Action.REQUEST_ARBITRATION:
                asked[read_id] = bool(discordant)
    return tuple(
        Standing(
            read_id=str(read_id),
            exam_key=str(exam_key),
            reader=str(reader),
            role=_role(role),
            state=states[read_id],
            arbitrated=read_id in asked,
            discordant=asked.get(read_id, False),
        )
        for read_id, (exam_key, reader, role) in opened.items()
    )


def _role(text: object) -> Role:
    try:
        return Role(str(text))
    except ValueError as error:
        raise ReviewError(
            "a read in an unknown role",
            expected="what this version of the program writes",
            todo="verify the log with: mammoview audit verify",
        ) from error
