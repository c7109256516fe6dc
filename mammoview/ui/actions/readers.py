"""Who sits before the window, and what the second look does to their reading."""

from __future__ import annotations

from mammoview.ui.actions.spec import ActionSpec, Frame, Menu, in_window, keeps_reads
from mammoview.words import QT_TRANSLATE_NOOP

ROWS: tuple[ActionSpec, ...] = (
    ActionSpec(
        id="lock-screen",
        text=QT_TRANSLATE_NOOP("Actions", "Lock the screen"),
        keys=("Ctrl+L",),
        menu=Menu.FILE,
        run=in_window(Frame.lock_screen),
        group=8,
    ),
    ActionSpec(
        id="sign-out",
        text=QT_TRANSLATE_NOOP("Actions", "Sign out, or let another reader sign in"),
        keys=("Ctrl+Shift+Q",),
        menu=Menu.FILE,
        run=in_window(Frame.sign_out),
        group=8,
    ),
    ActionSpec(
        id="readers",
        text=QT_TRANSLATE_NOOP("Actions", "Readers, and how this site reads…"),
        keys=("Ctrl+Shift+R",),
        menu=Menu.FILE,
        run=in_window(Frame.show_readers),
        enabled=keeps_reads,
        group=8,
    ),
    ActionSpec(
        id="second-look",
        text=QT_TRANSLATE_NOOP("Actions", "Second look in numbers…"),
        keys=("Ctrl+Shift+N",),
        menu=Menu.READ,
        run=in_window(Frame.show_second_look),
        enabled=keeps_reads,
        group=4,
        of_images=False,
    ),
)
