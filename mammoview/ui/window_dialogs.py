"""The dialogs that the menus open over the window, each once at a time."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog, QWidget

from mammoview.app import commands
from mammoview.app.reading import ReadingDesk
from mammoview.app.workspace import Workspace
from mammoview.ui.actions.keyboard import key_map
from mammoview.ui.dialogs.about import About
from mammoview.ui.dialogs.calibration import CalibrationDialog
from mammoview.ui.dialogs.cheat_sheet import cheat_sheet
from mammoview.ui.dialogs.export_results import EXPORTED_FILES
from mammoview.ui.dialogs.keys_dialog import KeysDialog
from mammoview.ui.dialogs.refused import refused_files
from mammoview.ui.dialogs.statements import Statements
from mammoview.ui.dialogs.window_entry import WindowEntry, entry_pane
from mammoview.words import translate

# What these ask or tell is of the examination over which they were opened, and of its reader.
_OF_EXAM = ("statements", "exportResults", EXPORTED_FILES, "windowEntry")
_FRAME = QSize(16, 48)  # what a window manager draws round a dialog, about


class WindowDialogs:
    """Opens dialogs over a window.

    Parameters
    ----------
    window : QWidget
        Their parent.
    desk : ReadingDesk
        What they show and change.
    """

    def __init__(self, window: QWidget, desk: ReadingDesk) -> None:
        self._window, self._desk = window, desk

    def open(self, dialog: QDialog) -> None:
        """Open a dialog, no larger than the screen, and close another one of the same name."""
        for other in self._window.findChildren(QDialog, dialog.objectName()):
            if other is not dialog:
                other.close()
        fitting = dialog.size().boundedTo(self._window.screen().availableSize() - _FRAME)
        if fitting != dialog.size():  # a size that nobody set is found when it is shown
            dialog.resize(fitting)
        dialog.open()

    def render(self, old: Workspace, new: Workspace) -> None:
        """Take away what was asked of another examination: an answer would be of this one."""
        if (old.exam_key, old.read.reader.id) != (new.exam_key, new.read.reader.id):
            for name in _OF_EXAM:
                for dialog in self._window.findChildren(QDialog, name):
                    dialog.reject()

    def show_refused(self) -> None:
        """Show which files were refused, and why."""
        self.open(refused_files(self._desk.workspace.index, self._window))

    def show_cheat_sheet(self) -> None:
        """Show all keys."""
        self.open(cheat_sheet(key_map(self._desk.workspace.keys), self._window))

    def show_keys(self) -> None:
        """Let the reader choose other keys."""
        self.open(KeysDialog(self._desk, self._window))

    def show_about(self) -> None:
        """Show version, intended use and model."""
        self.open(About(self._desk.workspace, self._window))

    def measure_screen(self) -> None:
        """Let the reader measure how long a millimetre is on this screen."""
        self.open(CalibrationDialog(self._desk, self._window))

    def enter_window(self) -> None:
        """Let the reader type centre and width of the window of grey values."""
        pane = entry_pane(self._desk.workspace)
        if pane is None:
            said = translate("WindowValues", "No image is there yet whose window could be set")
            self._desk.do(commands.say, said)
        else:
            self.open(WindowEntry(self._desk, pane, self._window))

    def compare_statements(self) -> None:
        """Show what was said unaided beside what is said now."""
        self.open(Statements(self._desk, self._window))
