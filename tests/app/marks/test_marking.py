"""Marks as state: add, change, delete, undo, redo, select; every change stands in the journal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mammoview.app import commands, steps
from mammoview.app.marks import marking
from mammoview.app.message import message
from mammoview.app.state.marks import Change, applied
from mammoview.app.workspace import Workspace
from mammoview.domain.annotation import Annotation, MarkKind
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.views import Slot
from tests.builders.desk import exam, image, index, mammogram
from tests.builders.marks import length_mark, point_mark


@pytest.fixture
def ws() -> Workspace:
    """Return four loaded views at the first step."""
    hung = commands.select_exam(commands.with_index(commands.empty(), index(exam())), "exam-1")
    for slot in Slot:
        hung = commands.view_loaded(hung, mammogram(slot), image())
    return hung


def replayed(ws: Workspace) -> tuple[Annotation, ...]:
    """Return the marks as somebody makes them who reads the journal alone."""
    items: tuple[Annotation, ...] = ()
    for change in ws.marks.journal:
        items = applied(items, change)
    return items


def test_a_mark_that_is_drawn_is_selected_and_ends_the_tool(ws: Workspace) -> None:
    ws = marking.choose_tool(ws, MarkKind.LENGTH)
    assert ws.marks.tool is MarkKind.LENGTH
    assert "both ends" in message(ws)
    ws = marking.add(ws, length_mark())
    assert (ws.marks.tool, ws.marks.selected) == (None, "m1")
    assert ws.marks.items == (length_mark(),)


def test_the_same_tool_again_ends_it(ws: Workspace) -> None:
    ws = marking.choose_tool(marking.choose_tool(ws, MarkKind.AREA), MarkKind.AREA)
    assert ws.marks.tool is None
    assert marking.end_tool(ws) is ws


def test_a_mark_of_a_prior_that_does_not_hang_is_not_turned(ws: Workspace) -> None:
    points = tuple(ImagePoint(col=c, row=r) for c, r in ((0, 5), (10, 5), (5, 0), (5, 10)))
    mark = replace(
        length_mark(), sop_instance_uid="of-a-prior", kind=MarkKind.DIAMETERS, points=points
    )
    ws = marking.select(marking.marks_read(ws, (mark,)), mark.id)
    turned = marking.turn_second(ws, 5.0)
    assert turned.marks.items == (mark,)
    assert turned.status == "Its image does not hang"


def test_undo_and_redo_walk_all_the_way_and_lose_nothing(ws: Workspace) -> None:
    one, two = length_mark("m1"), length_mark("m2", col=3)
    states = [ws]
    states.append(marking.add(states[-1], one))
    states.append(marking.add(states[-1], two))
    states.append(marking.change(states[-1], length_mark("m1", col=15)))
    states.append(marking.relabel(states[-1], "m2", "spiculated"))
    states.append(marking.delete_selected(marking.select(states[-1], "m1")))
    walked = states[-1]
    for before in reversed(states[:-1]):
        walked = marking.undo(walked)
        assert _by_id(walked) == _by_id(before)
    assert marking.undo(walked).status == "Nothing to undo"
    for after in states[1:]:
        walked = marking.redo(walked)
        assert _by_id(walked) == _by_id(after)
    assert marking.redo(walked).status == "Nothing to redo"
    assert replayed(walked) == walked.marks.items
    assert len(walked.marks.journal) == 15, "undoing is written down too"


def _by_id(ws: Workspace) -> dict[str, Annotation]:
    return {mark.id: mark for mark in ws.marks.items}


def test_a_new_change_ends_what_could_be_redone(ws: Workspace) -> None:
    ws = marking.undo(marking.add(ws, length_mark("m1")))
    ws = marking.add(ws, length_mark("m2"))
    assert marking.redo(ws).marks.items == (length_mark("m2"),)


def test_a_run_of_nudges_is_undone_at_once_and_written_one_by_one(ws: Workspace) -> None:
    ws = marking.add(ws, length_mark())
    for col in (11, 12, 13):
        ws = marking.change(ws, length_mark(col=col), nudge=True)
    ws = marking.change(ws, length_mark(col=20))
    ws = marking.change(ws, length_mark(col=21), nudge=True)
    assert len(ws.marks.journal) == 6
    cols = []
    for _ in range(4):
        ws = marking.undo(ws)
        cols.append([mark.points[0].col for mark in ws.marks.items])
    assert cols == [[20], [13], [10], []]


def test_the_oldest_step_is_forgotten_and_its_mark_is_not(ws: Workspace) -> None:
    ws = marking.add(ws, length_mark("old"))
    ws = marking.add(ws, length_mark("m"))
    for col in range(1100):
        ws = marking.change(ws, length_mark("m", col=col + 0.5))
    assert len(ws.marks.done) == 1000
    assert ws.marks.by_id("old") is not None
    assert replayed(ws) == ws.marks.items


def test_what_is_not_there_or_not_different_changes_nothing(ws: Workspace) -> None:
    ws = marking.add(ws, length_mark())
    assert marking.change(ws, length_mark("unknown")) is ws
    assert marking.change(ws, length_mark()) is ws
    assert marking.relabel(ws, "unknown", "words") is ws
    assert marking.delete_selected(marking.select(ws, None)).marks.items == ws.marks.items
    assert marking.go_to(ws, "unknown") is ws


def test_an_image_has_one_muscle_beside_its_nipple(ws: Workspace) -> None:
    nipple = point_mark(MarkKind.NIPPLE, 3, 4, mark_id="n1", uid="1.2.3.RCC")
    first, second = (
        replace(length_mark(name, col=col), kind=MarkKind.PECTORAL)
        for name, col in (("p1", 5), ("p2", 9))
    )
    nipple = replace(nipple, sop_instance_uid=first.sop_instance_uid)
    for mark in (nipple, first, second):
        ws = marking.add(ws, mark)
    assert ws.marks.items == (nipple, replace(first, points=second.points))


def test_an_image_has_one_nipple(ws: Workspace) -> None:
    first = point_mark(MarkKind.NIPPLE, 3, 4, mark_id="n1", uid="1.2.3.RCC")
    ws = marking.add(ws, first)
    ws = marking.add(ws, point_mark(MarkKind.NIPPLE, 8, 9, mark_id="n2", uid="1.2.3.RCC"))
    (mark,) = ws.marks.items
    assert (mark.id, mark.points[0].col) == ("n1", 8)
    assert ws.marks.selected == "n1"
    assert marking.undo(ws).marks.items == (first,)
    other = marking.add(ws, point_mark(MarkKind.NIPPLE, 1, 1, mark_id="n3", uid="1.2.3.LCC"))
    assert len(other.marks.items) == 2


def test_neighbours_are_those_on_the_screen(ws: Workspace) -> None:
    for name, slot in (("m1", Slot.LMLO), ("m2", Slot.RCC), ("m3", Slot.LMLO)):
        ws = marking.add(ws, length_mark(name, uid=f"1.2.3.{slot}"))
    ws = marking.select(ws, None)
    walked = []
    while (following := marking.neighbour(ws, 1)) is not None:
        ws = marking.select(ws, following)
        walked.append(following)
    assert walked == ["m2", "m1", "m3"], "pane by pane"
    assert marking.neighbour(ws, -1) == "m1"
    assert marking.neighbour(marking.select(ws, None), -1) == "m3"
    cc = steps.go_to(marking.select(ws, None), "cc-pair")
    assert marking.neighbour(cc, -1) == "m2"


def test_a_mark_is_gone_to_where_its_image_stands_largest(ws: Workspace) -> None:
    ws = marking.add(ws, length_mark("m1", uid="1.2.3.LMLO"))
    assert marking.go_to(ws, "m1").hanging.at == ws.hanging.at, "it is on the screen already"
    ws = marking.go_to(steps.go_to(marking.select(ws, None), "cc-pair"), "m1")
    assert [pane.key for pane in ws.panes] == ["LMLO"] or len(ws.panes) == 1
    assert ws.panes[0].mammogram is not None
    assert ws.panes[0].mammogram.sop_instance_uid == "1.2.3.LMLO"
    assert ws.marks.selected == "m1"


def test_an_older_image_of_a_place_is_turned_to() -> None:
    views = [mammogram(s) for s in Slot] + [mammogram(Slot.RCC, uid="old", acquired="110000")]
    ws = commands.with_index(commands.empty(), index(exam(views=views)))
    ws = commands.select_exam(ws, "exam-1")
    ws = marking.add(ws, length_mark("m1", uid="old"))
    ws = marking.go_to(ws, "m1")
    shown = [p.mammogram.sop_instance_uid for p in ws.panes if p.mammogram]
    assert "old" in shown


def test_marks_and_their_history_survive_other_steps(ws: Workspace) -> None:
    ws = marking.add(ws, length_mark())
    ws = steps.previous_step(steps.next_step(steps.next_step(ws)))
    assert ws.marks.items == (length_mark(),)
    assert marking.undo(ws).marks.items == ()


def test_another_examination_has_its_own_marks_and_keeps_the_warning(ws: Workspace) -> None:
    ws = marking.keeping(marking.add(ws, length_mark()), 1, "disk full")
    ws = commands.select_exam(ws, "exam-1")
    assert ws.marks.items == ()
    assert ws.marks.done == ()
    assert marking.problem_text(ws.marks) == "1 mark change NOT SAVED: disk full"
    ws = commands.with_index(ws, index(exam("exam-2")))
    assert marking.problem_text(ws.marks) == "1 mark change NOT SAVED: disk full"


def test_marks_that_were_kept_come_in_beside_the_steps_of_today(ws: Workspace) -> None:
    ws = marking.add(ws, length_mark("new"))
    ws = marking.marks_read(ws, (length_mark("kept"), length_mark("new")))
    assert [mark.id for mark in ws.marks.items] == ["kept", "new"]
    assert [mark.id for mark in marking.undo(ws).marks.items] == ["kept"]


def test_a_problem_without_loss_says_less(ws: Workspace) -> None:
    assert marking.problem_text(ws.marks) == ""
    assert marking.keeping(ws, 0, "") is ws
    said = marking.problem_text(marking.keeping(ws, 0, "cannot be read").marks)
    assert said == "Marks: cannot be read"
    said = marking.problem_text(marking.keeping(ws, 3, "disk full").marks)
    assert said == "3 mark changes NOT SAVED: disk full"


def test_a_volume_shows_the_marks_of_its_slice(ws: Workspace) -> None:
    pane = replace(ws.panes[0], image=replace(image(), frame=3))
    for name, frame in (("third", 3), ("fourth", 4), ("all", None)):
        ws = marking.add(ws, replace(length_mark(name), frame=frame))
    assert [mark.id for mark in marking.marks_of(ws.marks, pane)] == ["third", "all"]
    plain = marking.marks_of(ws.marks, ws.panes[0])
    assert [mark.id for mark in plain] == ["all"]


def test_a_change_of_nothing_is_an_error() -> None:
    with pytest.raises(AssertionError):
        _ = Change(before=None, after=None).mark
    assert replace(length_mark(), label="x") != length_mark()
