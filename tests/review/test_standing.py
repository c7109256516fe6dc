"""What an examination's reads are to one reader: enough to work, never enough to be led."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mammoview.domain.reading import Role
from mammoview.domain.views import Laterality
from mammoview.errors import ReviewError
from mammoview.review.events import ArbitrationRequested, Nothing
from mammoview.review.standing import (
    CHANGING,
    ROLES,
    Reading,
    Standing,
    check_role,
    reading_for,
)
from mammoview.review.states import Action, ReadState
from mammoview.review.store import ReadLog
from tests.builders.reads import (
    OTHER,
    READER,
    open_read,
    opened,
    opinion,
    read_in,
)

A, B, C = READER, OTHER, "reader-c"
DONE = {ReadState.FINAL, ReadState.ARBITRATION, ReadState.SIGNED}


def stands(reader: str, state: ReadState, role: Role = Role.FIRST, **more: bool) -> Standing:
    return Standing(
        read_id=f"read-{reader}", exam_key="exam-1", reader=reader, role=role, state=state, **more
    )


FIRST_SIGNED = stands(A, ReadState.SIGNED)
DISCORDANT = stands(B, ReadState.ARBITRATION, Role.SECOND, arbitrated=True, discordant=True)


@pytest.mark.parametrize(
    ("reads", "to_a", "to_b", "to_c"),
    [
        ((), Reading.UNREAD, Reading.UNREAD, Reading.UNREAD),
        ((stands(A, ReadState.UNAIDED),),
         Reading.IN_PROGRESS, Reading.WAITS_FOR_SECOND, Reading.WAITS_FOR_SECOND),
        ((stands(A, ReadState.FINAL),),
         Reading.TO_SIGN, Reading.WAITS_FOR_SECOND, Reading.WAITS_FOR_SECOND),
        ((FIRST_SIGNED,),
         Reading.FIRST_DONE, Reading.WAITS_FOR_SECOND, Reading.WAITS_FOR_SECOND),
        ((FIRST_SIGNED, stands(B, ReadState.AI_REVEALED, Role.SECOND)),
         Reading.FIRST_DONE, Reading.IN_PROGRESS, Reading.READ_BY_OTHERS),
        ((FIRST_SIGNED, DISCORDANT),
         Reading.DISCORDANT, Reading.DISCORDANT, Reading.WAITS_FOR_ARBITRATION),
        ((FIRST_SIGNED, replace(DISCORDANT, discordant=False)),
         Reading.WITH_ARBITRATOR, Reading.WITH_ARBITRATOR, Reading.WAITS_FOR_ARBITRATION),
        ((FIRST_SIGNED, replace(DISCORDANT, state=ReadState.SIGNED)),
         Reading.SIGNED, Reading.SIGNED, Reading.SIGNED),
    ],
)  # fmt: skip
def test_double_reading_to_each_of_three_readers(
    reads: tuple[Standing, ...], to_a: Reading, to_b: Reading, to_c: Reading
) -> None:
    assert [reading_for(reads, who, double=True) for who in (A, B, C)] == [to_a, to_b, to_c]


def test_single_reading_leaves_nothing_for_another() -> None:
    assert reading_for((stands(A, ReadState.UNAIDED),), B, double=False) is Reading.READ_BY_OTHERS
    assert reading_for((FIRST_SIGNED,), B, double=False) is Reading.SIGNED
    assert reading_for((FIRST_SIGNED,), A, double=False) is Reading.SIGNED
    asked = stands(A, ReadState.ARBITRATION, arbitrated=True)
    assert reading_for((asked,), B, double=False) is Reading.WAITS_FOR_ARBITRATION


@given(st.sampled_from(list(ReadState)), st.sampled_from(list(ReadState)), st.booleans())
def test_a_reader_to_be_learns_nothing_of_the_others_read(
    one: ReadState, another: ReadState, discordant: bool
) -> None:
    """Whatever the first read says and however far it is, the second reader sees the same."""
    seen = {
        reading_for((stands(A, state, discordant=discordant),), B, double=True)
        for state in (one, another)
    }
    assert seen == {Reading.WAITS_FOR_SECOND}
    while_reading = {
        reading_for((stands(A, state), stands(B, one, Role.SECOND)), B, double=True)
        for state in (ReadState.OPENED, another)
    }
    assert one in DONE or while_reading == {Reading.IN_PROGRESS}


def test_as_whom_each_reads() -> None:
    def role(standings: Sequence[Standing], reader: str, *, double: bool = True) -> Role | None:
        return ROLES.get(reading_for(standings, reader, double=double))

    assert role((), A) is Role.FIRST
    assert role((FIRST_SIGNED,), B) is Role.SECOND
    assert role((FIRST_SIGNED, DISCORDANT), C) is Role.ARBITRATOR
    assert role((FIRST_SIGNED, stands(B, ReadState.UNAIDED)), C) is None
    assert role((FIRST_SIGNED,), B, double=False) is None


def test_nobody_reads_one_examination_as_two_readers(log: ReadLog) -> None:
    with pytest.raises(ReviewError, match="nobody has read"):
        open_read(log, B, opened(role=Role.SECOND))
    open_read(log, A, opened())
    with pytest.raises(ReviewError, match="too"):
        open_read(log, A, opened(role=Role.SECOND))
    assert open_read(log, B, opened(role=Role.SECOND)).opened.role is Role.SECOND
    check_role(Role.FIRST, A, log.standings("exam-1"))


@pytest.mark.parametrize("state", list(ReadState))
def test_the_log_tells_where_each_read_stands(log: ReadLog, state: ReadState) -> None:
    read = read_in(log, state)
    (standing,) = log.standings()
    assert (standing.read_id, standing.state, standing.reader) == (read.read_id, state, A)
    assert standing.done is (state in DONE)
    assert log.standings("exam-1") == (standing,)
    assert log.standings("exam-2") == ()


def test_a_standing_says_nothing_of_what_a_read_says(log: ReadLog) -> None:
    read = read_in(log, ReadState.UNAIDED)
    before = log.standings()
    log.append(read.read_id, A, Action.SET_OPINION, opinion(Laterality.LEFT, "5"))
    assert log.standings() == before
    assert {Action.OPEN, Action.LOCK, Action.SIGN} <= set(CHANGING)
    assert Action.SET_OPINION not in CHANGING


def test_an_event_is_decided_on_what_the_log_holds_at_that_moment(log: ReadLog) -> None:
    read = read_in(log, ReadState.FINAL)
    asked = ArbitrationRequested(policy="all", reason="recall", discordant=True)
    after = log.append_decided(
        read.read_id, A, lambda now: (Action.REQUEST_ARBITRATION, asked) if now == read else None
    )
    assert after.state is ReadState.ARBITRATION
    assert log.append_decided(read.read_id, A, lambda now: None) == after
    (standing,) = log.standings()
    assert standing.arbitrated
    assert standing.discordant
    with pytest.raises(ReviewError):
        log.append_decided(read.read_id, A, lambda now: (Action.FINALIZE, Nothing()))
    assert log.read(read.read_id) == after
