"""From two final reads to an arbitrator's: by the log, whoever is done first."""

from __future__ import annotations

from pathlib import Path

import pytest

from mammoview.domain.reading import Decision, Role
from mammoview.domain.views import Laterality
from mammoview.errors import ReviewError
from mammoview.review.arbitration import compared_reads, other_reads, settle
from mammoview.review.discordance import load_policy
from mammoview.review.events import Nothing
from mammoview.review.read import Read
from mammoview.review.standing import Reading, reading_for
from mammoview.review.states import Action, ReadState
from mammoview.review.store import ReadLog
from tests.builders.pairs import SCHEMES, read_to_final
from tests.builders.programs import started
from tests.builders.reads import (
    OTHER,
    READER,
    open_read,
    opened,
)

POLICY = load_policy(
    Path(__file__).parents[2] / "resources" / "arbitration" / "discordant-only.toml"
)
ALL_RECALLS = load_policy(
    Path(__file__).parents[2] / "resources" / "arbitration" / "all-recalls.toml"
)
A, B, C = READER, OTHER, "reader-c"


def settled(log: ReadLog, read: Read, *, double: bool = True) -> Read:
    return settle(log, read.read_id, read.reader, policy=POLICY, schemes=SCHEMES, double=double)


def test_the_last_reader_asks_and_a_third_decides(log: ReadLog) -> None:
    first = settled(log, read_to_final(log, "1", "1"))
    assert first.state is ReadState.FINAL, "the other read is not there yet"
    first = log.append(first.read_id, A, Action.SIGN, Nothing())
    second = settled(log, read_to_final(log, "4B", "1", reader=B, role=Role.SECOND))
    assert second.state is ReadState.ARBITRATION
    assert second.arbitration is not None
    assert second.arbitration.reason == "normal against recall"
    assert (second.arbitration.other_read, second.arbitration.other_reader) == (first.read_id, A)
    for own in (A, B):
        with pytest.raises(ReviewError, match="of their own"):
            compared_reads(log, "exam-1", own)
        decision = Decision(laterality=Laterality.RIGHT, category="1", reason="benign")
        with pytest.raises(ReviewError, match="of their own"):
            log.append(second.read_id, own, Action.ARBITRATE, decision)
    assert compared_reads(log, "exam-1", C) == (first, second)
    for side in Laterality:
        decision = Decision(laterality=side, category="1", reason="as two years ago")
        log.append(second.read_id, C, Action.ARBITRATE, decision)
    signed = log.append(second.read_id, C, Action.SIGN, Nothing())
    assert signed.signed_by == C
    standings = log.standings("exam-1")
    assert {reading_for(standings, who, double=True) for who in (A, B, C)} == {Reading.SIGNED}
    with pytest.raises(ReviewError, match="no arbitrator"):
        compared_reads(log, "exam-1", C)


def test_the_first_reader_asks_where_the_second_was_done_before(log: ReadLog) -> None:
    slow = open_read(log, A, opened())
    quick = settled(log, read_to_final(log, "4B", "1", reader=B, role=Role.SECOND))
    assert quick.state is ReadState.FINAL
    assert log.read(slow.read_id).state is ReadState.OPENED


def test_just_one_of_two_who_end_together_asks(log: ReadLog) -> None:
    first = read_to_final(log, "1", "1")
    second = read_to_final(log, "4B", "1", reader=B, role=Role.SECOND)
    assert settled(log, first).state is ReadState.ARBITRATION
    assert settled(log, second).state is ReadState.FINAL
    assert settled(log, first).state is ReadState.ARBITRATION, "twice asks once"


def test_of_two_programs_that_end_together_just_one_asks(log: ReadLog, tmp_path: Path) -> None:
    for round_ in range(3):
        key = f"exam-{round_}"
        reads = (
            read_to_final(log, "1", "1", exam_key=key),
            read_to_final(log, "4B", "1", reader=B, role=Role.SECOND, exam_key=key),
        )
        programs = [
            started("tests.review.ending", tmp_path / "reads.sqlite", read.read_id, read.reader)
            for read in reads
        ]
        for program in programs:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
        for program in programs:
            assert program.stdin is not None
            program.stdin.write("\n")
            program.stdin.flush()
        said = sorted(program.communicate(timeout=30)[0].strip() for program in programs)
        assert said == ["arbitration", "final"]
        assert [s.arbitrated for s in log.standings(key)].count(True) == 1


def test_concordant_reads_are_signed_without_anybody_else(log: ReadLog) -> None:
    first = read_to_final(log, "1", "1")
    second = settled(log, read_to_final(log, "2", "1", reader=B, role=Role.SECOND))
    assert second.state is ReadState.FINAL
    for read in (first, second):
        log.append(read.read_id, read.reader, Action.SIGN, Nothing())
    assert reading_for(log.standings(), A, double=True) is Reading.SIGNED


def test_a_policy_can_send_a_single_read_to_another_reader(log: ReadLog) -> None:
    read = read_to_final(log, "4B", "1")
    assert settled(log, read, double=False).state is ReadState.FINAL
    asked = settle(log, read.read_id, A, policy=ALL_RECALLS, schemes=SCHEMES, double=False)
    assert asked.state is ReadState.ARBITRATION
    assert asked.arbitration is not None
    assert not asked.arbitration.discordant
    assert compared_reads(log, "exam-1", B) == (asked,)


def test_others_reads_open_with_the_end_of_all_ones_own(log: ReadLog) -> None:
    first = read_to_final(log, "1", "1")
    assert other_reads(log, "exam-1", B) == ()
    begun = open_read(log, B, opened(role=Role.SECOND))
    assert other_reads(log, "exam-1", B) == ()
    assert other_reads(log, "exam-1", A) == (), "nor does one who is done see half a read"
    assert log.read(begun.read_id).state is ReadState.OPENED
    second = read_to_final(log, "1", "2", reader=C)
    assert other_reads(log, "exam-1", C) == (first,)
    assert other_reads(log, "exam-1", A) == (second,)
