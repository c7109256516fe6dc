"""The window itself, and help."""

from __future__ import annotations

from mammoview.ui.actions.spec import ActionSpec, Frame, Menu, Reach, in_window


def _escape(reach: Reach) -> None:
    if not reach.frame.leave_full_screen():
        reach.desk.cancel_opening()
        reach.desk.cancel_analysis()


ROWS: tuple[ActionSpec, ...] = (
    ActionSpec(
        id="side-panel",
        text="Side panel",
        keys=("S",),
        menu=Menu.VIEW,
        run=in_window(Frame.toggle_panel),
        toolbar="Panel",
        group=6,
    ),
    ActionSpec(
        id="full-screen",
        text="Full screen",
        keys=("F11",),
        menu=Menu.VIEW,
        run=in_window(Frame.toggle_full_screen),
        group=6,
    ),
    ActionSpec(
        id="escape",
        text="Leave full screen, else cancel the analysis",
        keys=("Esc",),
        menu=Menu.VIEW,
        run=_escape,
        group=6,
    ),
    ActionSpec(
        id="cheat-sheet",
        text="Keys",
        keys=("?",),
        menu=Menu.HELP,
        run=in_window(Frame.show_cheat_sheet),
        toolbar="Keys",
        group=7,
    ),
    ActionSpec(
        id="about",
        text="About mammoview",
        keys=("F1",),
        menu=Menu.HELP,
        run=in_window(Frame.show_about),
        group=7,
    ),
)
