"""The table of states, every legal and every illegal pair, through the log itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import pytest

from mammoview.domain.reading import ReadingMode
from mammoview.errors import ReviewError
from mammoview.review.read import Read
from mammoview.review.states import TRANSITIONS, Action, ReadState, next_state
from mammoview.review.store import ReadLog
from tests.builders.reads import content_for, log_at, read_in, reader_of

PAIRS = [(state, action) for state in ReadState for action in Action]
# What these need besides their state is in test_read.
_NEED_MORE = {
    (ReadState.UNAIDED, Action.LOCK),
    (ReadState.AI_REVEALED, Action.FINALIZE),
    (ReadState.ARBITRATION, Action.SIGN),
}
LEGAL = [pair for pair in PAIRS if pair in TRANSITIONS and pair not in _NEED_MORE]
ILLEGAL = [pair for pair in PAIRS if pair not in LEGAL]


@pytest.fixture(scope="module")
def reads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ReadLog, dict[str, Read]]]:
    """Return a log with a read in each state; nothing that is refused changes them."""
    log = log_at(tmp_path_factory.mktemp("reads"))
    yield log, {state: read_in(log, state) for state in ReadState}
    log.close()


@pytest.mark.parametrize(("state", "action"), ILLEGAL, ids=[f"{s}-{a}" for s, a in ILLEGAL])
def test_what_the_table_forbids_is_refused_and_changes_nothing(
    reads: tuple[ReadLog, dict[str, Read]], state: ReadState, action: Action
) -> None:
    log, by_state = reads
    read = by_state[state]
    before = log.events()
    with pytest.raises(ReviewError) as caught:
        log.append(read.read_id, reader_of(action, state), action, content_for(action, read))
    assert caught.value.todo
    assert log.events() == before
    assert log.read(read.read_id) == read


@pytest.mark.parametrize(("state", "action"), LEGAL, ids=[f"{s}-{a}" for s, a in LEGAL])
def test_what_the_table_allows_leads_where_it_says(
    log: ReadLog, state: ReadState, action: Action
) -> None:
    mode = ReadingMode.ASK_SPOT if action is Action.ASK_SPOT else ReadingMode.SECOND_READ
    read = read_in(log, state, mode)
    who, content = reader_of(action, state), content_for(action, read)
    assert log.append(read.read_id, who, action, content).state is next_state(state, action)
    assert log.read(read.read_id).state is next_state(state, action)


def test_only_the_lock_leads_past_the_lock_and_nothing_leads_back() -> None:
    order = list(ReadState)
    locked = order.index(ReadState.UNAIDED_LOCKED)
    for (state, action), after in TRANSITIONS.items():
        assert order.index(after) >= order.index(state), (state, action)
        if order.index(state) < locked <= order.index(after):
            assert (state, action) == (ReadState.UNAIDED, Action.LOCK)
        if after is ReadState.AI_REVEALED and state is not after:
            assert (state, action) == (ReadState.UNAIDED_LOCKED, Action.REVEAL)


def test_every_state_can_be_reached_and_left_for_the_signature() -> None:
    for start in ReadState:
        seen, waiting = {start}, deque([start])
        while waiting:
            state = waiting.popleft()
            for action in Action:
                after = next_state(state, action)
                if after is not None and after not in seen:
                    seen.add(after)
                    waiting.append(after)
        assert ReadState.SIGNED in seen
        if start is ReadState.OPENED:
            assert seen == set(ReadState)


@pytest.mark.parametrize("action", [a for a in Action if a is not Action.OPEN])
def test_nothing_happens_in_a_read_that_was_never_opened(log: ReadLog, action: Action) -> None:
    read = read_in(log, ReadState.OPENED)
    with pytest.raises(ReviewError, match="never opened"):
        log.append("unknown", read.reader, action, content_for(action, read))
    assert {event.read_id for event in log.events()} == {read.read_id}
