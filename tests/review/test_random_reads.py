"""Random actions by random readers, crashes in between: every invariant of a read is kept."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mammoview.domain.reading import Disposition, MarkAnswer, ReadingMode
from mammoview.domain.views import Laterality
from mammoview.errors import ReviewError
from mammoview.review import audit
from mammoview.review.blinding import Visibility, visibility
from mammoview.review.events import Content, FindingSet
from mammoview.review.read import Read, replay
from mammoview.review.states import TRANSITIONS, Action, ReadState
from mammoview.review.store import ReadLog
from tests.builders.reads import (
    OTHER,
    READER,
    content_for,
    dismissed,
    finding,
    log_at,
    mark,
    open_read,
    opened,
    opinion,
    revealed,
)


class CrashError(Exception):
    """The program ends here."""


class CrashingLog(ReadLog):
    """Ends after an event was put into the table and before it was committed."""

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with super()._writing():
                yield
                raise CrashError
        finally:
            self.close()


def _leading_on(read: Read) -> tuple[Action, ...]:
    """Return what the table allows, twice what changes the state: so that reads get far."""
    legal = tuple(action for action in Action if (read.state, action) in TRANSITIONS)
    return (*legal, *(a for a in legal if TRANSITIONS[read.state, a] is not read.state))


def _content(action: Action, read: Read, chance: random.Random) -> Content:
    if action is Action.SET_OPINION:
        side = chance.choice(list(Laterality))
        return opinion(side, chance.choice(["1", "4A"]), chance.choice(["", "seen later"]))
    if action is Action.SET_FINDING:
        return FindingSet(finding=finding(chance.choice(["f1", "f2", "f3"])))
    if action is Action.REVEAL:
        return revealed(*(mark(f"m{n}") for n in range(chance.randint(0, 3))))
    if action is Action.DISPOSE_MARK:
        answer = dismissed(f"m{chance.randint(0, 3)}")
        same = MarkAnswer(
            mark_id=answer.mark_id,
            disposition=Disposition.DUPLICATE,
            reason="",
            finding_id=chance.choice(["f1", "f2"]),
        )
        return chance.choice([answer, same])
    return content_for(action, read)


def _check(log: ReadLog, before: Read, after: Read) -> None:
    assert replay(log.events(after.read_id)) == after
    order = list(ReadState)
    assert order.index(after.state) >= order.index(before.state)
    if before.unaided is not None:
        assert after.unaided == before.unaided, "the locked statement has changed"
    if order.index(after.state) >= order.index(ReadState.UNAIDED_LOCKED):
        assert after.unaided is not None
    seen = visibility(ReadingMode.SECOND_READ, after.state)
    assert (seen is Visibility.ALL) is (after.revealed is not None)
    if order.index(after.state) >= order.index(ReadState.FINAL):
        assert {shown.id for shown in after.shown} == {said.mark_id for said in after.disposed}
        for side in after.changed:
            changed = after.now.opinion(side)
            assert changed is not None
            assert changed.reason, "an opinion changed without a reason"
    assert after.signed_by in ("", READER) or after.arbitration is not None


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32), steps=st.integers(30, 70))
def test_every_invariant_is_kept(
    tmp_path_factory: pytest.TempPathFactory, seed: int, steps: int
) -> None:
    folder = tmp_path_factory.mktemp("random")
    chance = random.Random(seed)
    log = log_at(folder)
    read = open_read(log, READER, opened())
    for _ in range(steps):
        action = chance.choice(_leading_on(read) if chance.random() < 0.8 else tuple(Action))
        who = READER if chance.random() < 0.9 else OTHER
        content = _content(action, read, chance)
        crash = chance.random() < 0.1
        before, count = read, len(log.events())
        try:
            if crash:
                log = _crash(log, folder, (read.read_id, who, action, content), chance)
                read = log.read(read.read_id)
                assert len(log.events()) in (count, count + 1)
            else:
                read = log.append(read.read_id, who, action, content)
                assert len(log.events()) == count + 1
        except ReviewError:
            assert len(log.events()) == count
            assert log.read(read.read_id) == before
        _check(log, before, read)
    log.close()
    report = audit.verify(folder / "reads.sqlite")
    assert report.intact, report.problems


def _crash(log: ReadLog, folder: Path, append: tuple[Any, ...], chance: random.Random) -> ReadLog:
    """End the program before or after an event is on the disk, and start it again."""
    if chance.random() < 0.5:
        with suppress(ReviewError):
            log.append(*append)
    else:
        with pytest.raises((CrashError, ReviewError)):
            CrashingLog(folder / "reads.sqlite").append(*append)
    log.close()
    return log_at(folder)
