"""The window itself, and help."""

from __future__ import annotations

from mammoview.app import second_screen
from mammoview.app.workspace import Workspace
from mammoview.ui.actions.spec import (
    ActionSpec,
    Dialogs,
    Frame,
    Menu,
    Reach,
    command,
    in_dialog,
    in_window,
)
from mammoview.words import QT_TRANSLATE_NOOP


def _has_second_screen(ws: Workspace) -> bool:
    return ws.second_screen


def _escape(reach: Reach) -> None:
    frame = reach.frame
    ways = (frame.put_away, frame.end_drawing, frame.leave_full_screen, frame.cancel_import)
    if not any(way() for way in ways):
        reach.desk.cancel_waiting()
        reach.desk.cancel_analysis()


def _coverage_shown(ws: Workspace) -> bool:
    return ws.coverage_shown


def _has_display(ws: Workspace) -> bool:
    return ws.display is not None


ROWS: tuple[ActionSpec, ...] = (
    ActionSpec(
        id="side-panel",
        text=QT_TRANSLATE_NOOP("Actions", "Side panel"),
        keys=("S",),
        menu=Menu.VIEW,
        run=in_window(Frame.toggle_panel),
        toolbar=QT_TRANSLATE_NOOP("Toolbar", "Panel"),
        group=6,
        of_images=True,
    ),
    ActionSpec(
        id="coverage",
        text=QT_TRANSLATE_NOOP("Actions", "Map of what was seen at full resolution"),
        keys=("Ctrl+M",),
        menu=Menu.VIEW,
        run=in_window(Frame.toggle_coverage),
        checked=_coverage_shown,
        group=6,
        of_images=True,
    ),
    ActionSpec(
        id="full-screen",
        text=QT_TRANSLATE_NOOP("Actions", "Full screen"),
        keys=("F11",),
        menu=Menu.VIEW,
        run=in_window(Frame.toggle_full_screen),
        group=6,
    ),
    ActionSpec(
        id="second-screen",
        text=QT_TRANSLATE_NOOP("Actions", "Second screen: prior, or the other projection"),
        keys=("F8",),
        menu=Menu.VIEW,
        run=command(second_screen.toggle),
        checked=_has_second_screen,
        group=6,
    ),
    ActionSpec(
        id="escape",
        text=QT_TRANSLATE_NOOP("Actions", "End drawing, else leave full screen, else cancel"),
        keys=("Esc",),
        menu=Menu.VIEW,
        run=_escape,
        fixed_key=True,
        group=6,
    ),
    ActionSpec(
        id="daily-check",
        text=QT_TRANSLATE_NOOP("Actions", "Daily check of the display…"),
        keys=("Ctrl+D",),
        menu=Menu.VIEW,
        run=in_window(Frame.show_daily_check),
        enabled=_has_display,
        group=6,
    ),
    ActionSpec(
        id="cheat-sheet",
        text=QT_TRANSLATE_NOOP("Actions", "Keys"),
        keys=("?", "Shift+F1"),
        menu=Menu.HELP,
        run=in_dialog(Dialogs.show_cheat_sheet),
        toolbar=QT_TRANSLATE_NOOP("Toolbar", "Keys"),
        group=7,
    ),
    ActionSpec(
        id="choose-keys",
        text=QT_TRANSLATE_NOOP("Actions", "Choose keys…"),
        keys=("Ctrl+K",),
        menu=Menu.HELP,
        run=in_dialog(Dialogs.show_keys),
        group=7,
    ),
    ActionSpec(
        id="about",
        text=QT_TRANSLATE_NOOP("Actions", "About mammoview"),
        keys=("F1",),
        menu=Menu.HELP,
        run=in_dialog(Dialogs.show_about),
        group=7,
    ),
)
