"""What the notes beside the images say."""

from __future__ import annotations

from mammoview.app import commands
from mammoview.app.workspace import Workspace
from mammoview.domain.views import Slot
from mammoview.ui.panels.reading_panel import notes_of
from tests.builders.desk import exam, index, mammogram


def hung(*slots: Slot) -> Workspace:
    views = [mammogram(slot) for slot in slots]
    ws = commands.with_index(commands.empty(), index(exam(views=views)))
    return commands.select_exam(ws, "exam-1")


def test_a_standard_view_that_is_not_there_is_the_first_note_in_every_step() -> None:
    assert notes_of(hung(Slot.RCC, Slot.LCC, Slot.RMLO))[0] == "Not found: L MLO"
    assert not [note for note in notes_of(hung(*Slot)) if note.startswith("Not found")]
    assert notes_of(commands.empty()) == ()
