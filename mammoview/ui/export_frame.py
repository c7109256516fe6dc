"""The export of results in the window: the question, the bar, and the answer."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from mammoview.app import commands
from mammoview.app.reading import ReadingDesk
from mammoview.app.results.desk import ExportDesk, ExportState, export_why_not
from mammoview.app.results.formats import Format
from mammoview.review.states import ReadState
from mammoview.ui.dialogs.export_results import (
    EXPORTED_FILES,
    ExportResults,
    exported_files,
    summary,
)
from mammoview.ui.dialogs.text_table import TextTable
from mammoview.ui.task_bar import TaskBar
from mammoview.ui.viewport.windowing import voi_in_use
from mammoview.words import translate


class ExportFrame(QObject):
    """Asks what to export, and says what came of it.

    Parameters
    ----------
    window : QWidget
        Whose dialogs these are.
    desk : ReadingDesk
        What is read.
    results : ExportDesk
        What exports it.
    """

    def __init__(self, window: QWidget, desk: ReadingDesk, results: ExportDesk) -> None:
        super().__init__(window)
        self.setObjectName("exportFrame")
        self._window, self._desk, self._results = window, desk, results
        self._folder = ""  # of this session: a path is never kept in the settings
        self.task_bar = TaskBar(
            name="exportTask",
            accessible=translate("Export", "Progress of the export"),
            cancel=results.cancel,
            parent=window,
        )
        self._connect()

    def _connect(self) -> None:
        self._results.subscribe(self.render)

    def ask(self) -> ExportResults | None:
        """Ask for formats and folder; None where there is nothing to export, and that is said."""
        ws = self._desk.workspace
        reason = export_why_not(ws)
        if reason:
            self._desk.do(commands.say, reason)
            return None
        dialog = ExportResults(
            chosen=self._results.state.chosen,
            folder=self._folder,
            preliminary=ws.read.state is not ReadState.SIGNED,
            browse=self._browse,
            parent=self._window,
        )
        dialog.wanted.connect(self._start)
        dialog.open()
        return dialog

    def render(self, old: ExportState, new: ExportState) -> None:
        """Show how far the export is, and once what came of it."""
        self.task_bar.show_task(new.task)
        if new.problem and new.problem != old.problem:
            self._desk.do(commands.say, new.problem)
        if new.exported is not None and new.exported is not old.exported:
            self._desk.do(commands.say, summary(new.exported))
            exported_files(new.exported, self._window).show()

    def put_away(self) -> bool:
        """Close what says what was written; tell whether it was there."""
        told = self._window.findChildren(TextTable, EXPORTED_FILES)
        for table in told:
            table.close()
        return bool(told)

    def end(self) -> None:
        """Stop what runs and wait for it."""
        self.task_bar.show_task(None)
        self._results.shutdown()

    def _browse(self) -> Path | None:
        title = translate("Export", "Choose a folder")
        name = QFileDialog.getExistingDirectory(self._window, title, self._folder)
        return Path(name) if name else None

    def _start(self, formats: tuple[Format, ...], folder: Path) -> None:
        self._folder = str(folder)
        ws = self._desk.workspace
        self._results.start(ws, formats, folder, partial(voi_in_use, gray=ws.gray))
