"""Walk through tomosynthesis volumes."""

from __future__ import annotations

from mammoview.app import frames
from mammoview.app.workspace import Workspace
from mammoview.ui.actions.spec import ActionSpec, Menu, command, has_exam
from mammoview.words import QT_TRANSLATE_NOOP


def _runs(ws: Workspace) -> bool:
    return ws.cine


ROWS: tuple[ActionSpec, ...] = (
    ActionSpec(
        id="next-slice",
        text=QT_TRANSLATE_NOOP("Actions", "Tomosynthesis: next slice (or the wheel)"),
        keys=("J",),
        menu=Menu.IMAGE,
        run=command(frames.next_frame),
        repeats=True,
        enabled=has_exam,
        group=11,
    ),
    ActionSpec(
        id="previous-slice",
        text=QT_TRANSLATE_NOOP("Actions", "Tomosynthesis: previous slice"),
        keys=("U",),
        menu=Menu.IMAGE,
        run=command(frames.previous_frame),
        repeats=True,
        enabled=has_exam,
        group=11,
    ),
    ActionSpec(
        id="cine",
        text=QT_TRANSLATE_NOOP("Actions", "Tomosynthesis: run through the slices, or stop"),
        keys=("Shift+J",),
        menu=Menu.IMAGE,
        run=command(frames.toggle_cine),
        checked=_runs,
        enabled=has_exam,
        group=11,
    ),
)
