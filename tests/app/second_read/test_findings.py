"""The reader's findings in the state of the window: made, linked, changed, removed, undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from mammoview.app import commands
from mammoview.app.marks import drawing, marking
from mammoview.app.message import message
from mammoview.app.second_read import commands as reads
from mammoview.app.second_read import findings
from mammoview.app.state.read import Page
from mammoview.app.workspace import Workspace
from mammoview.domain.annotation import Annotation, MarkKind
from mammoview.domain.finding import FindingKind, Quadrant
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.reading import CadMark, Disposition
from mammoview.domain.views import Laterality, Slot
from mammoview.imaging.measure import scale_of
from tests.builders import reads as read_builder
from tests.builders.hung import COLS, MM, aided, hung, on_disk, reading, said

WS = reading(hung())


def drawn(
    slot: Slot = Slot.RCC, *, up: float = 200, kind: MarkKind = MarkKind.ELLIPSE, name: str = "m1"
) -> Annotation:
    """Return a mark in the middle third, so many pixels above the nipple's level."""
    col = COLS - 400 if slot.laterality is Laterality.RIGHT else 400
    corners = ((col - 30, 460 - up), (col + 30, 540 - up), (col + 10, 545 - up))
    given = tuple(ImagePoint(col=float(c), row=float(r)) for c, r in corners)
    points = drawing.mark_points(kind, given, scale_of(MM))
    assert points is not None
    return Annotation(
        id=name, sop_instance_uid=f"1.2.3.{slot}", frame=None, kind=kind, points=points
    )


def made(ws: Workspace = WS, slot: Slot = Slot.RCC, name: str = "m1", up: float = 200) -> Workspace:
    return findings.outlined(findings.draw(ws, MarkKind.ELLIPSE), drawn(slot, name=name, up=up))


def test_a_finding_is_outlined_and_described_by_its_outline() -> None:
    ws = findings.draw(WS, MarkKind.ELLIPSE)
    assert (ws.marks.tool, ws.marks.outlines) == (MarkKind.ELLIPSE, "")
    assert message(ws).startswith("New finding  ·  Ellipse")
    ws = findings.outlined(ws, drawn())
    assert ws.marks.tool is None
    assert ws.marks.outlines is None
    assert ws.marks.items == (), "it is no mark"
    (finding,) = findings.of_reader(ws)
    assert findings.selected(ws) == finding
    assert (finding.laterality, finding.kind) == (Laterality.RIGHT, FindingKind.MASS)
    assert finding.size_mm == pytest.approx(8.0)
    assert finding.clock == 0, "one view tells no hour"
    assert len(finding.views[0].outline) == 48


def test_the_same_tool_again_ends_it_and_a_plain_tool_draws_a_mark() -> None:
    ws = findings.draw(WS, MarkKind.ELLIPSE)
    assert findings.draw(ws, MarkKind.ELLIPSE).marks.tool is None
    plain = marking.choose_tool(ws, MarkKind.ELLIPSE)
    assert (plain.marks.tool, plain.marks.outlines) == (MarkKind.ELLIPSE, None)
    assert marking.end_tool(ws).marks.outlines is None


def test_linking_in_the_other_view_tells_the_quadrant() -> None:
    ws = findings.link(made())
    assert ws.marks.outlines == "m1"
    assert "Finding 1 in another view" in message(ws)
    ws = findings.outlined(ws, drawn(Slot.RMLO, up=350, name="m2"))
    (finding,) = findings.of_reader(ws)
    assert [v.sop_instance_uid for v in finding.views] == ["1.2.3.RCC", "1.2.3.RMLO"]
    assert (finding.quadrant, finding.clock) == (Quadrant.UPPER_OUTER, 11)
    again = findings.outlined(findings.link(ws), drawn(Slot.RMLO, up=-350, name="m3"))
    (finding,) = findings.of_reader(again)
    assert len(finding.views) == 2, "an image shows a finding once"
    assert (finding.quadrant, finding.clock) == (Quadrant.LOWER_OUTER, 7)


def test_the_other_breast_is_not_linked() -> None:
    ws = findings.outlined(findings.link(made()), drawn(Slot.LMLO, name="m2"))
    assert len(findings.of_reader(ws)[0].views) == 1
    assert "other breast" in ws.status


def test_without_a_chosen_finding_there_is_nothing_to_link() -> None:
    assert "Select" in findings.link(WS).status
    assert findings.link(WS).marks.tool is None


@pytest.mark.parametrize(
    ("kind", "corners"),
    [
        (MarkKind.FREEHAND, 3),
        (MarkKind.AREA, 3),
        (MarkKind.DIAMETERS, 4),
        (MarkKind.STATISTICS, 48),
        (MarkKind.ARROW, 1),
    ],
)
def test_a_mark_becomes_a_finding(kind: MarkKind, corners: int) -> None:
    ws = findings.from_mark(marking.add(WS, drawn(kind=kind)))
    (finding,) = findings.of_reader(ws)
    assert len(finding.views[0].outline) == corners
    assert ws.marks.items == ()
    back = findings.undo(findings.undo(ws))
    assert [mark.id for mark in back.marks.items] == ["m1"]
    assert findings.of_reader(back) == ()


def test_a_mark_that_undo_brought_back_does_not_start_its_finding_anew() -> None:
    """Its outline is taken once more; what was said of it stays."""
    ws = findings.from_mark(marking.add(WS, drawn()))
    (finding,) = findings.of_reader(ws)
    ws = findings.change(ws, replace(finding, comment="spiculated"))
    ws = replace(ws, marks=marking.undo(ws).marks)
    again = findings.from_mark(marking.select(ws, "m1"))
    assert [f.comment for f in findings.of_reader(again)] == ["spiculated"]
    assert again.marks.items == ()


def test_a_length_bounds_nothing() -> None:
    ws = findings.from_mark(marking.add(WS, drawn(kind=MarkKind.LENGTH)))
    assert findings.of_reader(ws) == ()
    assert len(ws.marks.items) == 1
    assert "Select an outline" in ws.status


def test_a_spot_is_a_finding_without_a_size() -> None:
    ws = findings.draw(WS, MarkKind.SPOT)
    (finding,) = findings.of_reader(findings.outlined(ws, drawn(kind=MarkKind.SPOT)))
    assert len(finding.views[0].outline) == 1
    assert finding.size_mm == 0


def test_an_image_that_does_not_hang_is_refused() -> None:
    stranger = replace(drawn(), sop_instance_uid="9.9")
    ws = findings.outlined(findings.draw(WS, MarkKind.ELLIPSE), stranger)
    assert findings.of_reader(ws) == ()
    assert "side of this image" in ws.status


def test_steps_are_undone_in_their_order_with_those_of_marks() -> None:
    ws = made()
    (plain,) = findings.of_reader(ws)
    ws = findings.change(ws, replace(plain, comment="new"))
    ws = marking.add(ws, drawn(kind=MarkKind.LENGTH, name="length"))
    ws = findings.undo(ws)
    assert ws.marks.items == ()
    assert findings.of_reader(ws)[0].comment == "new"
    ws = findings.undo(ws)
    assert findings.of_reader(ws) == (plain,)
    assert findings.can_undo(ws)
    ws = findings.undo(ws)
    assert findings.of_reader(ws) == ()
    assert not findings.can_undo(ws)
    assert findings.undo(ws).status == "Nothing to undo"


def test_a_removed_finding_comes_back() -> None:
    ws = findings.remove_selected(made())
    assert findings.of_reader(ws) == ()
    assert "undo brings it back" in ws.status
    assert [f.id for f in findings.of_reader(findings.undo(ws))] == ["m1"]


def test_the_last_outline_of_a_finding_stays() -> None:
    ws = findings.outlined(findings.link(made()), drawn(Slot.RMLO, up=350, name="m2"))
    assert findings.unlink(ws).read.read is ws.read.read, "no image is active"
    ws = findings.unlink(commands.activate(ws, "RMLO"))
    (finding,) = findings.of_reader(ws)
    assert [v.sop_instance_uid for v in finding.views] == ["1.2.3.RCC"]
    assert finding.clock == 0
    last = findings.unlink(commands.activate(ws, "RCC"))
    assert findings.of_reader(last) == (finding,)
    assert "one stays" in last.status


def test_findings_are_gone_through_round_the_end() -> None:
    ws = made(made(), Slot.LMLO, "m2")
    ws = findings.step(findings.select(ws, ""), 1)
    assert ws.read.finding == "m1"
    assert ws.read.page is Page.READ
    assert ws.read.aim is not None
    assert ws.read.aim.sop_instance_uid == "1.2.3.RCC"
    assert findings.step(ws, 1).read.finding == "m2"
    assert findings.step(findings.step(ws, 1), 1).read.finding == "m1"
    assert findings.step(findings.select(ws, ""), -1).read.finding == "m2"
    assert findings.step(WS, 1).status == "No finding yet"


def test_what_an_image_shows_of_findings() -> None:
    ws = made(made(), Slot.LMLO, "m2")
    numbers = {pane.key: [n for n, _, _ in findings.in_pane(ws, pane)] for pane in ws.panes}
    assert numbers == {"RCC": [1], "LCC": [], "RMLO": [], "LMLO": [2]}


CLOSED: list[Callable[[Workspace], Workspace]] = [
    lambda ws: findings.draw(ws, MarkKind.ELLIPSE),
    findings.remove_selected,
    findings.agree_as_finding,
]


@pytest.mark.parametrize("command", CLOSED)
def test_after_the_lock_nothing_is_changed_before_the_reveal(
    command: Callable[[Workspace], Workspace],
) -> None:
    ws = on_disk(reads.lock(said(made(), right="0")))
    after = command(ws)
    assert after.read.read is ws.read.read
    assert after.marks.tool is None
    assert after.status
    assert findings.undo(ws).read.read is ws.read.read
    assert not findings.can_undo(ws)


def test_without_a_read_there_are_no_findings() -> None:
    assert findings.draw(hung(), MarkKind.ELLIPSE).marks.tool is None
    assert findings.of_reader(hung()) == ()


# -- after the reveal -------------------------------------------------------------------------


def cad(slot: Slot = Slot.LCC, kind: str = "calcification") -> CadMark:
    return replace(read_builder.mark(), sop_instance_uid=f"1.2.3.{slot}", kind=kind)


def answering_first(ws: Workspace) -> Workspace:
    return replace(ws, read=replace(ws.read, mark="m1"))


def test_agreeing_makes_a_finding_of_ones_own() -> None:
    ws = findings.agree_as_finding(answering_first(aided(said(made(), right="0"), cad())))
    mine = findings.of_reader(ws)[-1]
    assert (mine.kind, mine.laterality) == (FindingKind.CALCIFICATION, Laterality.LEFT)
    assert mine.views[0].outline == cad().outline
    assert ws.read.read is not None
    (answer,) = ws.read.read.disposed
    assert (answer.disposition, answer.finding_id) == (Disposition.AGREE, mine.id)
    assert findings.of_reader(findings.undo(ws)) == findings.of_reader(ws), "no more undoing"


def test_agreeing_again_leaves_the_finding_as_it_was_changed() -> None:
    ws = findings.agree_as_finding(answering_first(aided(said(made(), right="0"), cad())))
    changed = replace(findings.of_reader(ws)[-1], comment="beside the scar")
    ws = findings.change(ws, changed)
    again = findings.agree_as_finding(answering_first(ws))
    assert findings.of_reader(again)[-1] == changed
    assert findings.of_reader(again) == findings.of_reader(ws)


def test_a_finding_of_ones_own_lies_on_the_slice_of_the_mark() -> None:
    ws = aided(said(made(), right="0"), replace(cad(), frame=17))
    mine = findings.of_reader(findings.agree_as_finding(answering_first(ws)))[-1]
    assert mine.views[0].frame == 17


def test_a_kind_that_the_lexicon_lacks_becomes_a_mass() -> None:
    ws = findings.agree_as_finding(answering_first(aided(said(WS), cad(kind="something new"))))
    assert findings.of_reader(ws)[-1].kind is FindingKind.MASS


def test_a_finding_of_the_locked_read_is_taken_back_with_a_reason_alone() -> None:
    ws = findings.select(aided(said(made(), right="0")), "m1")
    (finding,) = findings.of_reader(ws)
    assert findings.needs_reason(ws, finding)
    refused = findings.remove_selected(ws, "  ")
    assert findings.of_reader(refused) == (finding,)
    assert "reason" in refused.status
    assert findings.of_reader(findings.remove_selected(ws, "it is a vessel")) == ()
