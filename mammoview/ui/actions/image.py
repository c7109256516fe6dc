"""Scale, place and grey values."""

from __future__ import annotations

from collections.abc import Callable

from mammoview.app import commands, linking, true_size
from mammoview.app.workspace import FitMode, Workspace
from mammoview.ui.actions.spec import (
    ActionSpec,
    Dialogs,
    Frame,
    Menu,
    command,
    has_exam,
    in_dialog,
    in_window,
)
from mammoview.words import QT_TRANSLATE_NOOP


def _inverted(ws: Workspace) -> bool:
    return ws.gray.invert


def _fits(mode: FitMode) -> Callable[[Workspace], bool]:
    def fits(ws: Workspace) -> bool:
        return ws.fit is mode and not (ws.walk is not None and ws.walk.on)

    return fits


def _linked(ws: Workspace) -> bool:
    return ws.linked


# Share of a pane that an arrow key moves on by.
_STEP = 0.1


def _moving(name: str, key: str, text: str, *, right: float = 0.0, down: float = 0.0) -> ActionSpec:
    """Return the row of an arrow key."""
    return ActionSpec(
        id=name,
        text=text,
        keys=(key,),
        menu=Menu.IMAGE,
        run=in_window(Frame.pan_by, right * _STEP, down * _STEP),
        enabled=has_exam,
        group=3,
        on_images=True,
        repeats=True,
    )


def _zooming(name: str, keys: tuple[str, ...], text: str, notches: float) -> ActionSpec:
    """Return the row of a zoom key."""
    return ActionSpec(
        id=name,
        text=text,
        keys=keys,
        menu=Menu.IMAGE,
        run=in_window(Frame.zoom_by, notches),
        enabled=has_exam,
        group=3,
        repeats=True,
    )


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
        id="true-size",
        text=QT_TRANSLATE_NOOP("Actions", "True size: a millimetre is a millimetre of the screen"),
        keys=("2",),
        menu=Menu.IMAGE,
        run=command(true_size.fit_true_size),
        checked=_fits(FitMode.TRUE_SIZE),
        enabled=has_exam,
        group=1,
    ),
    ActionSpec(
        id="measure-screen",
        text=QT_TRANSLATE_NOOP("Actions", "Measure this screen…"),
        keys=("Ctrl+T",),
        menu=Menu.IMAGE,
        run=in_dialog(Dialogs.measure_screen),
        group=1,
    ),
    _zooming("zoom-in", ("+",), QT_TRANSLATE_NOOP("Actions", "Zoom in"), 1.0),
    _zooming("zoom-out", ("-",), QT_TRANSLATE_NOOP("Actions", "Zoom out"), -1.0),
    _moving("pan-left", "Left", QT_TRANSLATE_NOOP("Actions", "Move on to the left"), right=-1.0),
    _moving("pan-right", "Right", QT_TRANSLATE_NOOP("Actions", "Move on to the right"), right=1.0),
    _moving("pan-up", "Up", QT_TRANSLATE_NOOP("Actions", "Move on up"), down=-1.0),
    _moving("pan-down", "Down", QT_TRANSLATE_NOOP("Actions", "Move on down"), down=1.0),
    ActionSpec(
        id="linked",
        text=QT_TRANSLATE_NOOP("Actions", "Move all panes together, mirrored, or each alone"),
        keys=("Y",),
        menu=Menu.IMAGE,
        run=command(linking.toggle_linked),
        checked=_linked,
        group=3,
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
        id="window-entry",
        text=QT_TRANSLATE_NOOP("Actions", "Window centre and width in numbers…"),
        keys=("Shift+C",),
        menu=Menu.IMAGE,
        run=in_dialog(Dialogs.enter_window),
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
