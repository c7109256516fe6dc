"""The computer's reading: what of it is shown, and whether it runs."""

from __future__ import annotations

from mammoview.app import commands
from mammoview.app.cad.reports import fixed_reason
from mammoview.app.commands import overlay_parts
from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read.texts import closed_reason
from mammoview.app.workspace import OverlayMode, Workspace
from mammoview.ui.actions.spec import ActionSpec, Menu, at_desk, command, has_exam
from mammoview.words import QT_TRANSLATE_NOOP

_STEP = 0.1


def _heat_on(ws: Workspace) -> bool:
    return overlay_parts(ws.overlay.mode)[0]


def _marks_on(ws: Workspace) -> bool:
    return overlay_parts(ws.overlay.mode)[1]


def _overlay_off(ws: Workspace) -> bool:
    return ws.overlay.mode is OverlayMode.OFF


def _analysing(ws: Workspace) -> bool:
    return ws.analysis.running


def _next_source(desk: ReadingDesk) -> None:
    desk.cad_reports.choose_next()


ROWS: tuple[ActionSpec, ...] = (
    ActionSpec(
        id="heatmap",
        text=QT_TRANSLATE_NOOP("Actions", "Heatmap on or off"),
        keys=("H",),
        menu=Menu.CAD,
        run=command(commands.toggle_heatmap),
        toolbar=QT_TRANSLATE_NOOP("Toolbar", "Heat"),
        checked=_heat_on,
        why_not=closed_reason,
        group=3,
    ),
    ActionSpec(
        id="marks",
        text=QT_TRANSLATE_NOOP("Actions", "Marks on or off"),
        keys=("M",),
        menu=Menu.CAD,
        run=command(commands.toggle_marks),
        toolbar=QT_TRANSLATE_NOOP("Toolbar", "Marks"),
        checked=_marks_on,
        why_not=closed_reason,
        group=3,
    ),
    ActionSpec(
        id="overlay-both",
        text=QT_TRANSLATE_NOOP("Actions", "Heatmap and marks"),
        keys=("B",),
        menu=Menu.CAD,
        run=command(commands.set_overlay, OverlayMode.BOTH),
        why_not=closed_reason,
        group=3,
    ),
    ActionSpec(
        id="overlay-off",
        text=QT_TRANSLATE_NOOP("Actions", "Overlay off"),
        keys=("O",),
        menu=Menu.CAD,
        run=command(commands.set_overlay, OverlayMode.OFF),
        checked=_overlay_off,
        why_not=closed_reason,
        group=3,
    ),
    ActionSpec(
        id="overlay-next",
        text=QT_TRANSLATE_NOOP("Actions", "Next overlay: off, heatmap, marks, both"),
        keys=("C",),
        menu=Menu.CAD,
        run=command(commands.cycle_overlay),
        why_not=closed_reason,
        group=3,
    ),
    ActionSpec(
        id="peek",
        text=QT_TRANSLATE_NOOP("Actions", "Hold: look under the overlay"),
        keys=("P", "Space"),
        menu=Menu.CAD,
        run=command(commands.peek, True),
        release=command(commands.peek, False),
        group=3,
    ),
    ActionSpec(
        id="opacity-less",
        text=QT_TRANSLATE_NOOP("Actions", "Fainter heatmap"),
        keys=("[", "Ctrl+Shift+Down"),
        menu=Menu.CAD,
        run=command(commands.change_opacity, -_STEP),
        why_not=closed_reason,
        group=4,
        repeats=True,
    ),
    ActionSpec(
        id="opacity-more",
        text=QT_TRANSLATE_NOOP("Actions", "Stronger heatmap"),
        keys=("]", "Ctrl+Shift+Up"),
        menu=Menu.CAD,
        run=command(commands.change_opacity, _STEP),
        why_not=closed_reason,
        group=4,
        repeats=True,
    ),
    ActionSpec(
        id="cad-source",
        text=QT_TRANSLATE_NOOP("Actions", "Marks of the next source: the model here, CAD reports"),
        keys=("Ctrl+Shift+M",),
        menu=Menu.CAD,
        run=at_desk(_next_source),
        why_not=fixed_reason,
        group=5,
    ),
    ActionSpec(
        id="analyse",
        text=QT_TRANSLATE_NOOP("Actions", "Analyse again"),
        keys=("Ctrl+A",),
        menu=Menu.CAD,
        run=at_desk(ReadingDesk.analyse),
        enabled=has_exam,
        group=5,
    ),
    ActionSpec(
        id="cancel-analysis",
        text=QT_TRANSLATE_NOOP("Actions", "Cancel the analysis"),
        keys=("Ctrl+.",),
        menu=Menu.CAD,
        run=at_desk(ReadingDesk.cancel_analysis),
        enabled=_analysing,
        group=5,
    ),
)
