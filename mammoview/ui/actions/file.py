"""Open, walk through the examinations, leave."""

from __future__ import annotations

from mammoview.app.reading import ReadingDesk
from mammoview.app.workspace import Workspace
from mammoview.ui.actions.spec import (
    ActionSpec,
    Dialogs,
    Frame,
    Menu,
    at_desk,
    in_dialog,
    in_window,
)
from mammoview.words import QT_TRANSLATE_NOOP


def _several_exams(ws: Workspace) -> bool:
    if ws.queue is not None:
        return ws.queue.total > 1
    return len(ws.index.examinations) > 1


def _has_refused(ws: Workspace) -> bool:
    return bool(ws.index.refused)


ROWS: tuple[ActionSpec, ...] = (
    ActionSpec(
        id="open-files",
        text=QT_TRANSLATE_NOOP("Actions", "Open files…"),
        keys=("Ctrl+O",),
        menu=Menu.FILE,
        run=in_window(Frame.open_files),
        toolbar=QT_TRANSLATE_NOOP("Toolbar", "Open"),
    ),
    ActionSpec(
        id="open-folder",
        text=QT_TRANSLATE_NOOP("Actions", "Open folder…"),
        keys=("Ctrl+Shift+O",),
        menu=Menu.FILE,
        run=in_window(Frame.open_folder),
    ),
    ActionSpec(
        id="next-exam",
        text=QT_TRANSLATE_NOOP("Actions", "Next examination"),
        keys=("PgDown",),
        menu=Menu.FILE,
        run=at_desk(ReadingDesk.step_exam, 1),
        enabled=_several_exams,
        group=1,
    ),
    ActionSpec(
        id="previous-exam",
        text=QT_TRANSLATE_NOOP("Actions", "Previous examination"),
        keys=("PgUp",),
        menu=Menu.FILE,
        run=at_desk(ReadingDesk.step_exam, -1),
        enabled=_several_exams,
        group=1,
    ),
    ActionSpec(
        id="refused-files",
        text=QT_TRANSLATE_NOOP("Actions", "Refused files…"),
        keys=("Ctrl+R",),
        menu=Menu.FILE,
        run=in_dialog(Dialogs.show_refused),
        enabled=_has_refused,
        group=1,
    ),
    ActionSpec(
        id="quit",
        text=QT_TRANSLATE_NOOP("Actions", "Quit"),
        keys=("Ctrl+Q",),
        menu=Menu.FILE,
        run=in_window(Frame.quit),
        group=2,
    ),
)
