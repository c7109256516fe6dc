"""Scale and grey values."""

from __future__ import annotations

from collections.abc import Callable

from mammoview.app import commands
from mammoview.app.workspace import FitMode, Workspace
from mammoview.ui.actions.spec import ActionSpec, Menu, command, has_exam
from mammoview.words import QT_TRANSLATE_NOOP


def _inverted(ws: Workspace) -> bool:
    return ws.gray.invert


def _fits(mode: FitMode) -> Callable[[Workspace], bool]:
    def fits(ws: Workspace) -> bool:
        return ws.fit is mode

    return fits


ROWS: tuple[ActionSpec, ...] = (
    ActionSpec(
        id="fit-breast",
        text=QT_TRANSLATE_NOOP("Actions", "Fit breast"),
        keys=("F",),
        menu=Menu.IMAGE,
        run=command(commands.fit, FitMode.BREAST),
        toolbar=QT_TRANSLATE_NOOP("Toolbar", "Fit"),
        checked=_fits(FitMode.BREAST),
        enabled=has_exam,
        group=1,
    ),
    ActionSpec(
        id="fit-image",
        text=QT_TRANSLATE_NOOP("Actions", "Fit whole image"),
        keys=("I",),
        menu=Menu.IMAGE,
        run=command(commands.fit, FitMode.IMAGE),
        toolbar=QT_TRANSLATE_NOOP("Toolbar", "Whole"),
        checked=_fits(FitMode.IMAGE),
        enabled=has_exam,
        group=1,
    ),
    ActionSpec(
        id="one-to-one",
        text=QT_TRANSLATE_NOOP("Actions", "One image pixel to one screen pixel"),
        keys=("1",),
        menu=Menu.IMAGE,
        run=command(commands.fit, FitMode.ONE_TO_ONE),
        toolbar=QT_TRANSLATE_NOOP("Toolbar", "1 : 1"),
        checked=_fits(FitMode.ONE_TO_ONE),
        enabled=has_exam,
        group=1,
    ),
    ActionSpec(
        id="next-voi",
        text=QT_TRANSLATE_NOOP("Actions", "Next VOI by name"),
        keys=("V",),
        menu=Menu.IMAGE,
        run=command(commands.cycle_voi),
        toolbar=QT_TRANSLATE_NOOP("Toolbar", "VOI"),
        enabled=has_exam,
        group=2,
    ),
    ActionSpec(
        id="previous-voi",
        text=QT_TRANSLATE_NOOP("Actions", "Previous VOI by name"),
        keys=("Shift+V",),
        menu=Menu.IMAGE,
        run=command(commands.cycle_voi, -1),
        enabled=has_exam,
        group=2,
    ),
    ActionSpec(
        id="invert",
        text=QT_TRANSLATE_NOOP("Actions", "Invert grey values"),
        keys=("N", "Ctrl+I"),
        menu=Menu.IMAGE,
        run=command(commands.invert),
        toolbar=QT_TRANSLATE_NOOP("Toolbar", "Invert"),
        checked=_inverted,
        enabled=has_exam,
        group=2,
    ),
    ActionSpec(
        id="reset",
        text=QT_TRANSLATE_NOOP("Actions", "Reset grey values and scale"),
        keys=("R",),
        menu=Menu.IMAGE,
        run=command(commands.reset),
        toolbar=QT_TRANSLATE_NOOP("Toolbar", "Reset"),
        enabled=has_exam,
        group=2,
    ),
)
