"""What the notes beside the images say."""

from __future__ import annotations

from mammoview.app import commands
from mammoview.app.workspace import Workspace
from mammoview.domain.views import Projection, Slot, SourcedView
from mammoview.ui.panels.reading_panel import notes_of, notes_text
from tests.builders.desk import exam, index, mammogram


def hung(*slots: Slot) -> Workspace:
    views = [mammogram(slot) for slot in slots]
    ws = commands.with_index(commands.empty(), index(exam(views=views)))
    return commands.select_exam(ws, "exam-1")


def test_a_standard_view_that_is_not_there_is_the_first_note_in_every_step() -> None:
    assert notes_of(hung(Slot.RCC, Slot.LCC, Slot.RMLO))[0] == "Not found: L MLO"
    assert not [note for note in notes_of(hung(*Slot)) if note.startswith("Not found")]
    assert notes_of(commands.empty()) == ()


def test_what_holds_for_the_same_views_stands_under_their_names_once() -> None:
    alike = ("spacing assumed", "no window in the header")
    views = [
        mammogram(slot, warnings=(*alike, "side from the image") if slot is Slot.RCC else alike)
        for slot in Slot
    ]
    ws = commands.select_exam(
        commands.with_index(commands.empty(), index(exam(views=views))), "exam-1"
    )
    ws = commands.warn(commands.warn(ws, "settings not read"), "settings not read")
    assert notes_text(ws).splitlines() == [
        "• settings not read",
        "R CC, L CC, R MLO, L MLO:",
        "• spacing assumed",
        "• no window in the header",
        "• side from the image  [R CC]",
    ]
    assert len(notes_of(ws)) == 4


def test_many_views_are_counted_and_not_listed() -> None:
    extra = [
        mammogram(None, uid=f"1.2.9.{at}", warnings=("scale assumed",), view=view_of(at))
        for at in range(6)
    ]
    own = [mammogram(slot) for slot in Slot]
    ws = commands.with_index(commands.empty(), index(exam(views=[*own, *extra])))
    note = notes_text(commands.select_exam(ws, "exam-1"))
    assert note.endswith("and 2 more]")
    all_of_them = commands.with_index(commands.empty(), index(exam(views=extra)))
    note = notes_text(commands.select_exam(all_of_them, "exam-1"))
    assert note.endswith("scale assumed  [all views]")


def view_of(at: int) -> SourcedView:
    """Return one of six views that have no standard slot."""
    wanted = (Projection.ML, Projection.LM, Projection.LMO, Projection.SIO, Projection.FB)
    value = (*wanted, Projection.XCCL)[at]
    return SourcedView(value=value, modifiers=(), source="test")
