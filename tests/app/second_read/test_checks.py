"""What blocks the lock and the final opinion in the window, and what an answer is offered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mammoview.app import commands
from mammoview.app.assessment.consistency import Rule, Severity
from mammoview.app.second_read import answering, checks, habits, texts
from mammoview.app.second_read import commands as reads
from mammoview.app.settings import Settings
from mammoview.app.workspace import Workspace
from mammoview.domain.assessment import Opinion
from mammoview.domain.finding import FindingView
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.reading import Disposition
from mammoview.domain.views import Laterality, Slot
from mammoview.review.states import ReadState
from tests.builders import reads as read_builder
from tests.builders.hung import aided, hung, on_disk, reading, said

R, L = Laterality.RIGHT, Laterality.LEFT
WS = reading(hung())
MARK = replace(read_builder.mark(), sop_instance_uid="1.2.3.RCC")


def state(ws: Workspace) -> ReadState:
    assert ws.read.read is not None
    return ws.read.read.state


def answering_first(ws: Workspace) -> Workspace:
    return replace(ws, read=replace(ws.read, mark="m1"))


def test_an_error_blocks_the_lock_and_says_what_to_do() -> None:
    ws = reads.lock(said(WS, density=""))
    assert state(ws) is ReadState.UNAIDED
    assert ws.status == "no density of the breasts: choose one"
    assert texts.needed(ws) == ("no density of the breasts: choose one",)
    assert "expected one of a, b, c, d" in checks.in_full(ws, Severity.ERROR)
    assert state(reads.lock(said(WS))) is ReadState.UNAIDED_LOCKED


def test_a_hint_blocks_nothing() -> None:
    ws = said(WS, right="2")
    assert checks.errors(ws) == ()
    assert [issue.rule for issue in checks.issues(ws)] == [Rule.FINDING_EXPECTED]
    assert len(checks.hints(ws)) == 1
    assert state(reads.lock(ws)) is ReadState.UNAIDED_LOCKED


def test_what_is_locked_is_not_checked_any_more() -> None:
    assert checks.issues(on_disk(reads.lock(said(WS)))) == ()
    assert checks.issues(hung()) == ()


def test_marks_without_an_answer_block_the_final_opinion() -> None:
    ws = answering_first(aided(said(WS), MARK))
    assert texts.needed(ws) == ("1 mark without an answer: step through the marks",)
    assert state(reads.finalize(ws)) is ReadState.AI_REVEALED
    assert state(reads.finalize(reads.dismiss(ws, "vessel"))) is ReadState.FINAL


@pytest.mark.parametrize("reason", ["", "  ", "priors needed"])
def test_a_changed_opinion_waits_for_a_reason_of_its_own(reason: str) -> None:
    first = Opinion(laterality=R, category="0", reason="priors needed")
    ws = aided(reads.set_opinion(said(WS), first))
    changed = Opinion(laterality=R, category="1", reason=reason)
    refused = reads.set_opinion(ws, changed)
    assert refused.read.read is ws.read.read
    assert "why the opinion is changed" in refused.status
    told = reads.set_opinion(ws, replace(changed, reason="it is a vessel")).read.read
    assert told is not None
    assert told.changed == (R,)


def test_going_back_to_the_locked_opinion_needs_no_reason() -> None:
    ws = aided(said(WS))
    ws = reads.set_opinion(ws, Opinion(laterality=R, category="0", reason="seen now"))
    back = reads.set_opinion(ws, Opinion(laterality=R, category="1"))
    assert back.read.read is not None
    assert back.read.read.changed == ()


def test_a_scheme_that_is_gone_blocks_and_says_so() -> None:
    ws = reading(hung(), scheme="older")
    assert "no scheme of opinions" in checks.errors(ws)[0]
    assert checks.hints(ws) == ()
    assert reads.lock(ws).read.read is ws.read.read


def test_the_site_chooses_the_answers_of_the_next_read() -> None:
    ws = habits.site_scheme(commands.empty(), "european")
    assert ws.read.site_scheme == "european"
    assert "technical recall" in ws.status
    kept = commands.empty(Settings(opinion_scheme="r1-r5"))
    assert (kept.read.site_scheme, kept.warnings) == ("r1-r5", ())


def test_a_scheme_of_the_settings_that_is_none_is_said() -> None:
    ws = commands.empty(Settings(opinion_scheme="other"))
    assert ws.read.site_scheme == "birads"
    assert "BI-RADS is used" in ws.warnings[0]


# -- answers ----------------------------------------------------------------------------------


def with_spot(ws: Workspace, name: str, slot: Slot, col: float) -> Workspace:
    point = (ImagePoint(col=col, row=20.0),)
    view = FindingView(sop_instance_uid=f"1.2.3.{slot}", outline=point)
    found = replace(read_builder.finding(name), laterality=slot.laterality, views=(view,))
    return reads.set_finding(ws, found)


def test_the_nearest_finding_of_that_breast_is_offered_first() -> None:
    ws = with_spot(WS, "elsewhere", Slot.RMLO, 10.0)
    ws = with_spot(with_spot(ws, "far", Slot.RCC, 300.0), "near", Slot.RCC, 12.0)
    ws = with_spot(ws, "other", Slot.LCC, 10.0)
    ws = answering_first(aided(said(ws, right="0", left="0"), MARK))
    offered = answering.nearest_first(ws, MARK)
    assert [finding.id for finding in offered] == ["near", "far", "elsewhere"]
    assert answering.choice_text(ws, offered[0]).startswith("3  Mass")
    ws = on_disk(reads.same_as_nearest(ws))
    answer = answering.answer_to(ws, MARK)
    assert answer is not None
    assert (answer.disposition, answer.finding_id) == (Disposition.DUPLICATE, "near")
    key = (MARK.kind, MARK.peak)
    assert answering.answers_on(ws, "1.2.3.RCC") == {key: Disposition.DUPLICATE}
    assert answering.answers_on(ws, "1.2.3.LCC") == {}


def test_an_answer_stands_on_its_own_slice_alone() -> None:
    below = replace(MARK, frame=17)
    ws = on_disk(reads.agree(answering_first(aided(said(WS), below))))
    uid = below.sop_instance_uid
    assert list(answering.answers_on(ws, uid, 17).values()) == [Disposition.AGREE]
    assert answering.answers_on(ws, uid, 18) == {}


def test_without_a_finding_nothing_is_the_same() -> None:
    ws = answering_first(aided(said(WS), MARK))
    after = reads.same_as_nearest(ws)
    assert after.read.read is ws.read.read
    assert after.status == "No finding of yours in this breast"
    assert answering.nearest_first(hung(), MARK) == ()
    assert answering.answers_on(hung(), "1.2.3.RCC") == {}
