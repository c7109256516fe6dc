"""Numbers of the second look: counted from real logs, no surer than they are, and blind."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mammoview.app.second_look import counts
from mammoview.app.second_look.counts import Axis, Look, share, summary
from mammoview.domain.reading import Disposition, MarkAnswer, ReadingMode, Role
from mammoview.domain.views import Laterality
from mammoview.review.events import (
    FindingSet,
    Locked,
    Nothing,
    StepRecorded,
    ViewsChecked,
)
from mammoview.review.read import digest
from mammoview.review.states import Action
from mammoview.review.store import ReadLog
from tests.builders.pairs import SCHEMES
from tests.builders.reads import (
    OTHER,
    READER,
    dismissed,
    finding,
    log_at,
    mark,
    open_read,
    opened,
    opinion,
    revealed,
)

A, B, C = READER, OTHER, "reader-c"
R, L = Laterality.RIGHT, Laterality.LEFT


@pytest.fixture
def log(tmp_path: Path) -> Iterator[ReadLog]:
    log = log_at(tmp_path)
    yield log
    log.close()


def read_through(
    log: ReadLog,
    exam_key: str,
    *,
    reader: str = A,
    role: Role = Role.FIRST,
    mode: ReadingMode = ReadingMode.SECOND_READ,
    signed: bool = True,
) -> None:
    """A normal opinion that becomes a recall by one of three marks."""
    begun = replace(opened(mode, role), exam_key=exam_key)
    read = open_read(log, reader, begun)
    for action, content in (
        (Action.CHECK_VIEWS, ViewsChecked(missing=(), reason="")),
        (Action.BEGIN, Nothing()),
        (Action.SET_FINDING, FindingSet(finding=finding("f1"))),
        (Action.RECORD_STEP, StepRecorded(step="cc-pair", seconds=20.0, seen=())),
        (Action.SET_OPINION, opinion(R, "2")),
        (Action.SET_OPINION, opinion(L, "1")),
    ):
        read = log.append(read.read_id, reader, action, content)
    same = MarkAnswer(mark_id="m2", disposition=Disposition.DUPLICATE, reason="", finding_id="f1")
    agree = MarkAnswer(mark_id="m3", disposition=Disposition.AGREE, reason="", finding_id="")
    for action, content in (
        (Action.LOCK, Locked(sha256=digest(read.now))),
        (Action.REVEAL, revealed(mark("m1"), mark("m2"), mark("m3"))),
        (Action.RECORD_STEP, StepRecorded(step="cc-pair", seconds=5.0, seen=())),
        (Action.RECORD_STEP, StepRecorded(step="mlo-pair", seconds=10.0, seen=())),
        (Action.DISPOSE_MARK, dismissed("m1")),
        (Action.DISPOSE_MARK, same),
        (Action.DISPOSE_MARK, agree),
        (Action.SET_FINDING, FindingSet(finding=finding("f2"))),
        (Action.SET_OPINION, opinion(R, "4B", "the mark is a mass")),
        (Action.FINALIZE, Nothing()),
        (Action.RECORD_STEP, StepRecorded(step="mlo-pair", seconds=99.0, seen=())),
        *(((Action.SIGN, Nothing()),) if signed else ()),
    ):
        read = log.append(read.read_id, reader, action, content)


def looks(log: ReadLog, reader: str, *, double: bool = False) -> tuple[Look, ...]:
    return counts.looks_of(log.events(), log.standings(), SCHEMES, reader=reader, double=double)


def test_one_read_in_numbers(log: ReadLog) -> None:
    read_through(log, "exam-1")
    (look,) = looks(log, A)
    assert look == Look(
        reader=A,
        model="quick 1",
        operating_point="specific",
        month=log.reads()[0].locked_at[:7],
        with_result=True,
        agreed=1,
        duplicates=1,
        dismissed=("vessel",),
        recalled_before=False,
        recalled_after=True,
        changed=1,
        findings_added=1,
        unaided_s=20.0,
        aided_s=15.0,
        steps=(("cc-pair", 25.0), ("mlo-pair", 10.0)),
    )
    both = summary((look, look))
    assert (both.shown, both.agreed.count, both.dismissed.count) == (6, 2, 2)
    assert (both.gained, both.lost, both.changed.count, both.few) == (2, 0, 2, True)
    assert both.reasons == (("vessel", 2),)
    assert both.total is not None
    assert (both.total.reads, both.total.median) == (2, 35.0)
    assert [step for step, _ in both.steps] == ["cc-pair", "mlo-pair"]


def test_what_has_no_before_is_not_counted(log: ReadLog) -> None:
    read_through(log, "exam-1", mode=ReadingMode.CONCURRENT)
    open_read(log, A, replace(opened(), exam_key="exam-2"))
    assert looks(log, A) == ()
    read_through(log, "exam-3")
    assert counts.looks_of(log.events(), log.standings(), {}, reader=A, double=False) == ()


def test_numbers_tell_nothing_of_a_read_that_is_still_to_be_read_by_another(log: ReadLog) -> None:
    read_through(log, "exam-1", reader=A)
    assert len(looks(log, A, double=True)) == 1
    assert looks(log, B, double=True) == (), "the second reader is to come"
    assert len(looks(log, B, double=False)) == 1, "nothing is left to read"
    begun = open_read(log, B, replace(opened(role=Role.SECOND), exam_key="exam-1"))
    assert looks(log, B, double=True) == ()
    assert looks(log, C, double=True) == ()
    read_through(log, "exam-2", reader=A, signed=False)
    read_through(log, "exam-2", reader=B, role=Role.SECOND, signed=False)
    assert {look.reader for look in looks(log, B, double=True)} == {A, B}
    assert looks(log, C, double=True) == (), "it may yet come to an arbitrator"
    assert begun.reader == B


def test_choosing_and_grouping(log: ReadLog) -> None:
    read_through(log, "exam-1", reader=A)
    read_through(log, "exam-2", reader=B)
    found = looks(log, A)
    assert counts.values(found, Axis.READER) == (A, B)
    assert [look.reader for look in counts.chosen(found, {Axis.READER: B})] == [B]
    assert counts.chosen(found, {Axis.READER: B, Axis.MODEL: "other"}) == ()
    by_model = counts.grouped(found, Axis.MODEL)
    assert [(name, group.reads) for name, group in by_model] == [("quick 1", 2)]


def test_the_file_holds_sums_and_nothing_that_leads_to_an_examination(log: ReadLog) -> None:
    for at in range(3):
        read_through(log, f"poison-study-{at}", reader=(A, A, B)[at])
    text = counts.csv_text(looks(log, A))
    assert "poison" not in text
    assert "1.2.3" not in text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["reader"], row["reads"], row["marks_shown"]) for row in rows] == [
        (A, "2", "6"),
        (B, "1", "3"),
    ]
    assert rows[0]["median_total_s"] == "35.0"
    assert rows[0]["recalled_after_low95"] == "0.3424", "Wilson, 2 of 2"


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (1, 10, 0.0179, 0.4042),
        (81, 263, 0.2553, 0.3662),  # Newcombe, Stat Med 17 (1998), table I
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilsons_interval_as_published(count: int, of: int, low: float, high: float) -> None:
    found = share(count, of)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(st.integers(0, 200), st.integers(0, 200))
def test_an_interval_holds_its_share(count: int, more: int) -> None:
    found = share(count, count + more)
    assert 0.0 <= found.low <= found.high <= 1.0
    if found.value is None:
        assert (found.low, found.high) == (0.0, 1.0)
    else:
        assert found.low <= found.value <= found.high


def test_no_reads_are_no_numbers() -> None:
    nothing = summary(())
    assert nothing.reads == 0
    assert nothing.recall_before.value is None
    assert nothing.total is None
    assert counts.csv_text(()).count("\n") == 1
