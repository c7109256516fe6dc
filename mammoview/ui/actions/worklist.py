"""The worklist, and reading in its order."""

from __future__ import annotations

from mammoview.ui.actions.spec import ActionSpec, Frame, Menu, in_window
from mammoview.words import QT_TRANSLATE_NOOP

ROWS: tuple[ActionSpec, ...] = (
    ActionSpec(
        id="worklist",
        text=QT_TRANSLATE_NOOP("Actions", "Worklist, or back to the images"),
        keys=("F2",),
        menu=Menu.FILE,
        run=in_window(Frame.toggle_worklist),
        toolbar=QT_TRANSLATE_NOOP("Toolbar", "List"),
    ),
    ActionSpec(
        id="filter-worklist",
        text=QT_TRANSLATE_NOOP("Actions", "Find in the worklist"),
        keys=("Ctrl+F",),
        menu=Menu.FILE,
        run=in_window(Frame.filter_worklist),
    ),
    ActionSpec(
        id="import-folder",
        text=QT_TRANSLATE_NOOP("Actions", "Import folder into the worklist…"),
        keys=("Ctrl+Shift+I",),
        menu=Menu.FILE,
        run=in_window(Frame.import_folder),
    ),
    ActionSpec(
        id="next-unread",
        text=QT_TRANSLATE_NOOP("Actions", "Next study of the worklist that you are to read"),
        keys=("Ctrl+N",),
        menu=Menu.FILE,
        run=in_window(Frame.next_unread),
    ),
    ActionSpec(
        id="put-aside",
        text=QT_TRANSLATE_NOOP("Actions", "Put aside as not to be read here, or take up again"),
        keys=("Ctrl+Return",),
        menu=Menu.FILE,
        run=in_window(Frame.toggle_aside),
    ),
)
