"""What stands in the strip: the tool in hand as long as it is, an answer while it holds."""

from __future__ import annotations

import pytest

from mammoview.app import commands, linking, steps
from mammoview.app.marks import marking
from mammoview.app.message import message
from mammoview.app.reading import ReadingDesk
from mammoview.domain.annotation import MarkKind
from mammoview.domain.views import Slot
from tests.builders.desk import exam, index, mammogram
from tests.builders.hung import hung
from tests.builders.marks import point_mark


def test_a_tool_says_what_it_waits_for_as_long_as_it_is_in_hand() -> None:
    ws = marking.add(hung(), point_mark(MarkKind.ARROW, 100, 100, uid="1.2.3.RCC"))
    ws = marking.choose_tool(ws, MarkKind.PECTORAL)
    for command in (marking.undo, marking.redo, marking.undo, marking.undo):
        ws = command(ws)
        assert message(ws).startswith("Pectoral muscle: two places of its edge")
    assert message(ws).endswith("Nothing to undo")
    assert "Pectoral" not in message(marking.end_tool(ws))


@pytest.fixture
def hanging(desk: ReadingDesk) -> ReadingDesk:
    views = [mammogram(slot, study="now", uid=f"now.{slot}") for slot in Slot]
    desk.do(commands.with_index, index(exam("now", views)))
    desk.do(commands.select_exam, "now")
    return desk


def test_an_answer_goes_with_the_step_that_it_was_given_in(hanging: ReadingDesk) -> None:
    hanging.do(steps.older_prior)
    assert "no earlier examination" in hanging.workspace.status
    hanging.do(linking.toggle_linked)  # of the same picture: another answer takes its place
    alone = hanging.workspace.status
    assert alone
    hanging.do(commands.set_opacity, 0.5)
    assert hanging.workspace.status == alone
    hanging.do(steps.next_step)
    assert hanging.workspace.status == ""
    hanging.do(steps.previous_step)
    hanging.do(steps.previous_step)
    assert hanging.workspace.status == "First step"
