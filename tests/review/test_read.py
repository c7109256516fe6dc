"""What a read demands besides its state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from mammoview.domain.prediction import ModelIdentity
from mammoview.domain.reading import (
    AnalysisOutcome,
    CadResult,
    Decision,
    Disposition,
    MarkAnswer,
    ReadingMode,
    Role,
)
from mammoview.domain.views import Laterality
from mammoview.errors import ReviewError
from mammoview.review.events import (
    ArbitrationRequested,
    Content,
    DensitySet,
    FindingRemoved,
    FindingSet,
    Locked,
    Nothing,
    Opened,
    OperatingPointSet,
    OpinionSet,
    SpotAsked,
    ViewsChecked,
)
from mammoview.review.read import Read, digest, replay
from mammoview.review.states import Action, ReadState
from mammoview.review.store import ReadLog
from tests.builders.reads import (
    IMAGE,
    OTHER,
    READER,
    content_for,
    dismissed,
    finding,
    mark,
    open_read,
    opened,
    opinion,
    read_in,
    revealed,
    to_lock,
)

R, L = Laterality.RIGHT, Laterality.LEFT
Do = Callable[..., Read]


@pytest.fixture
def do(log: ReadLog) -> Do:
    """Do something in a read, as its reader unless told."""

    def do(read: Read, action: Action, content: Content, who: str = READER) -> Read:
        return log.append(read.read_id, who, action, content)

    return do


@pytest.mark.parametrize(
    ("state", "action", "content", "who", "said"),
    [
        (ReadState.OPENED, Action.CHECK_VIEWS, ViewsChecked(missing=("LCC",), reason=" "), READER,
         "no reason"),
        (ReadState.UNAIDED, Action.SET_FINDING, FindingSet(finding=finding()), OTHER, "another"),
        (ReadState.UNAIDED, Action.LOCK, Locked(sha256="0" * 64), READER, "no opinion"),
        (ReadState.UNAIDED, Action.SET_OPINION, opinion(R, ""), READER, "no breast"),
        (ReadState.UNAIDED, Action.REVEAL, revealed(), READER, "unaided"),
        (ReadState.AI_REVEALED, Action.SET_OPINION, opinion(R, "2"), READER, "no reason"),
        (ReadState.AI_REVEALED, Action.SET_DENSITY, DensitySet(density="d", reason=""), READER,
         "no reason"),
        (ReadState.AI_REVEALED, Action.REMOVE_FINDING,
         FindingRemoved(finding_id="f1", reason=""), READER, "no reason"),
        (ReadState.AI_REVEALED, Action.FINALIZE, Nothing(), READER, "1 marks without"),
        (ReadState.AI_REVEALED, Action.DISPOSE_MARK,
         MarkAnswer(mark_id="m1", disposition=Disposition.DISMISS, reason="", finding_id=""),
         READER, "no reason"),
        (ReadState.AI_REVEALED, Action.DISPOSE_MARK,
         MarkAnswer(mark_id="m1", disposition=Disposition.DUPLICATE, reason="", finding_id="x"),
         READER, "duplicate"),
        (ReadState.AI_REVEALED, Action.DISPOSE_MARK, dismissed("m9"), READER, "not shown"),
        (ReadState.ARBITRATION, Action.ARBITRATE,
         Decision(laterality=R, category="1", reason="x"), READER, "of their own"),
        (ReadState.ARBITRATION, Action.ARBITRATE,
         Decision(laterality=R, category="1", reason=""), OTHER, "no reason"),
        (ReadState.ARBITRATION, Action.SIGN, Nothing(), READER, "of their own"),
        (ReadState.FINAL, Action.SIGN, Nothing(), OTHER, "another reader"),
    ],
)  # fmt: skip
def test_refused_with_its_reason_and_nothing_changed(
    log: ReadLog, state: ReadState, action: Action, content: Content, who: str, said: str
) -> None:
    read = read_in(log, state)
    with pytest.raises(ReviewError, match=said):
        log.append(read.read_id, who, action, content)
    assert log.read(read.read_id) == read


def test_the_locked_statement_never_changes(log: ReadLog, do: Do) -> None:
    read = read_in(log, ReadState.AI_REVEALED)
    locked = read.unaided
    assert locked is not None
    read = do(read, Action.SET_OPINION, opinion(L, "0", "seen after the reveal"))
    read = do(read, Action.SET_FINDING, FindingSet(finding=finding("f9")))
    read = do(read, Action.REMOVE_FINDING, FindingRemoved(finding_id="f1", reason="a vessel"))
    read = do(read, Action.SET_DENSITY, DensitySet(density="d", reason="looked again"))
    assert read.unaided == locked
    assert digest(read.unaided) == digest(locked)
    assert read.changed == (L,)
    assert [f.id for f in read.now.findings] == ["f9"]


def test_a_finding_that_changes_keeps_its_place(log: ReadLog, do: Do) -> None:
    read = read_in(log, ReadState.UNAIDED)
    read = do(read, Action.SET_FINDING, FindingSet(finding=finding("f2")))
    larger = replace(finding("f1"), size_mm=20.0)
    read = do(read, Action.SET_FINDING, FindingSet(finding=larger))
    assert read.now.findings == (larger, finding("f2"))


def test_a_lock_of_another_digest_is_refused(log: ReadLog, do: Do) -> None:
    read = read_in(log, ReadState.UNAIDED)
    for side in (R, L):
        read = do(read, Action.SET_OPINION, opinion(side))
    early = to_lock(read)
    read = do(read, Action.SET_DENSITY, DensitySet(density="c", reason=""))
    with pytest.raises(ReviewError, match="something else"):
        do(read, Action.LOCK, early)
    assert do(read, Action.LOCK, to_lock(read)).unaided == read.now


def test_more_marks_at_another_operating_point_need_answers_too(log: ReadLog, do: Do) -> None:
    read = do(read_in(log, ReadState.AI_REVEALED), Action.DISPOSE_MARK, dismissed())
    more = OperatingPointSet(operating_point="sensitive", marks=(mark("m1"), mark("m2")))
    read = do(read, Action.SET_OPERATING_POINT, more)
    assert [m.id for m in read.undisposed] == ["m2"]
    with pytest.raises(ReviewError, match="without an answer"):
        do(read, Action.FINALIZE, Nothing())
    read = do(read, Action.SET_OPERATING_POINT, OperatingPointSet(
        operating_point="specific", marks=()))  # fmt: skip
    assert [m.id for m in read.undisposed] == ["m2"], "a mark once shown stays to be answered"
    read = do(read, Action.DISPOSE_MARK, dismissed("m2"))
    assert do(read, Action.FINALIZE, Nothing()).state is ReadState.FINAL


def test_a_finding_with_a_duplicate_mark_cannot_vanish(log: ReadLog, do: Do) -> None:
    same = MarkAnswer(mark_id="m1", disposition=Disposition.DUPLICATE, reason="", finding_id="f1")
    read = do(read_in(log, ReadState.AI_REVEALED), Action.DISPOSE_MARK, same)
    with pytest.raises(ReviewError, match="duplicate"):
        do(read, Action.REMOVE_FINDING, FindingRemoved(finding_id="f1", reason="gone"))


def test_a_failed_analysis_is_revealed_with_its_reason(log: ReadLog, do: Do) -> None:
    read = read_in(log, ReadState.UNAIDED_LOCKED)
    failed = CadResult(
        outcome=AnalysisOutcome.FAILED,
        reason="",
        model=ModelIdentity(name="", version="", sha256=""),
        operating_point="",
        device="",
        views=(),
        marks=(),
    )
    with pytest.raises(ReviewError, match="no reason"):
        do(read, Action.REVEAL, failed)


def test_an_arbitrator_decides_each_breast_and_signs(log: ReadLog, do: Do) -> None:
    read = read_in(log, ReadState.ARBITRATION)
    with pytest.raises(ReviewError, match="each breast"):
        do(read, Action.SIGN, Nothing(), OTHER)
    for side in (R, L):
        decision = Decision(laterality=side, category="1", reason="benign")
        read = do(read, Action.ARBITRATE, decision, OTHER)
    with pytest.raises(ReviewError, match="somebody else"):
        do(read, Action.SIGN, Nothing(), "reader-c")
    read = do(read, Action.SIGN, Nothing(), OTHER)
    assert (read.state, read.signed_by) == (ReadState.SIGNED, OTHER)


def test_who_read_one_of_two_compared_reads_arbitrates_neither(log: ReadLog, do: Do) -> None:
    read = read_in(log, ReadState.FINAL)
    asked = ArbitrationRequested(
        policy="discordant", reason="they differ", other_read="r1", other_reader=OTHER
    )
    with pytest.raises(ReviewError, match="two reads of one reader"):
        do(read, Action.REQUEST_ARBITRATION, replace(asked, other_reader=READER))
    read = do(read, Action.REQUEST_ARBITRATION, asked)
    decision = Decision(laterality=R, category="1", reason="benign")
    with pytest.raises(ReviewError, match="of their own"):
        do(read, Action.ARBITRATE, decision, OTHER)
    assert do(read, Action.ARBITRATE, decision, "reader-c").decisions == (("reader-c", decision),)


def test_other_views_to_take_anew_are_another_answer(log: ReadLog, do: Do) -> None:
    read = read_in(log, ReadState.UNAIDED)
    blurred = OpinionSet(laterality=R, category="TR", reason="", views=("RCC",))
    read = do(read, Action.SET_OPINION, blurred)
    read = do(read, Action.SET_OPINION, opinion(L))
    read = do(read, Action.LOCK, to_lock(read))
    read = do(read, Action.REVEAL, revealed())
    with pytest.raises(ReviewError, match="no reason"):
        do(read, Action.SET_OPINION, replace(blurred, views=("RCC", "RMLO")))
    both = replace(blurred, views=("RCC", "RMLO"), reason="the MLO is blurred too")
    read = do(read, Action.SET_OPINION, both)
    assert read.changed == (R,)
    assert do(read, Action.SET_OPINION, blurred).changed == ()


def test_spots_are_asked_in_their_mode_alone(log: ReadLog, do: Do) -> None:
    spot = content_for(Action.ASK_SPOT, read_in(log, ReadState.OPENED))
    assert isinstance(spot, SpotAsked)
    read = do(read_in(log, ReadState.UNAIDED, ReadingMode.ASK_SPOT), Action.ASK_SPOT, spot)
    assert read.spots == (spot,)
    with pytest.raises(ReviewError, match="ask-spot"):
        do(read_in(log, ReadState.UNAIDED), Action.ASK_SPOT, spot)


@pytest.mark.parametrize("sides", [(), (R, R)])
def test_a_read_is_of_breasts(log: ReadLog, sides: tuple[Laterality, ...]) -> None:
    whole = opened()
    bad = Opened(
        exam_key=whole.exam_key,
        images=(IMAGE,),
        sides=sides,
        role=Role.FIRST,
        mode=whole.mode,
        scheme=whole.scheme,
        software=whole.software,
    )
    with pytest.raises(ReviewError, match="breast"):
        open_read(log, READER, bad)
    assert log.reads() == ()


def test_no_events_are_no_read() -> None:
    with pytest.raises(ReviewError, match="without events"):
        replay(())
