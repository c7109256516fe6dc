"""What makes it doubtful whose image it is, or of which side or view, stands on the image."""

from __future__ import annotations

from mammoview.app import commands
from mammoview.domain.views import Slot
from tests.builders.desk import exam, index, mammogram


def test_an_image_of_doubtful_side_says_so_itself() -> None:
    """Nobody reads the notes of a panel that is folded away, and the wrong breast is cut."""
    doubt = "side conflict: ImageLaterality says L, Laterality says R"
    views = [mammogram(slot, doubts=(doubt,) if slot is Slot.LCC else ()) for slot in Slot]
    ws = commands.with_index(commands.empty(), index(exam(views=views)))
    ws = commands.select_exam(ws, "exam-1")
    assert [pane.notes for pane in ws.panes] == [(), (doubt,), (), ()]
