"""Which results of the read are written, and where."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialogButtonBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from mammoview.app.results.export import Exported
from mammoview.app.results.formats import TITLES, Format
from mammoview.ui.dialogs.text_table import TextTable
from mammoview.ui.dialogs.titled import TitledDialog
from mammoview.ui.panels.parts import heading, paragraph
from mammoview.words import COUNTED, translate

EXPORTED_FILES = "exportedFiles"
_NARROWEST_PX = 460


class ExportResults(TitledDialog):
    """Asks for formats and a folder; the export itself runs behind the window.

    Parameters
    ----------
    chosen : tuple of Format
        What is ticked.
    folder : str
        What stands in the line of the folder.
    preliminary : bool
        Whether nobody has signed the read.
    browse : callable
        Lets the user choose a folder; returns None where they do not.
    """

    wanted = Signal(tuple, Path)  # formats, folder

    def __init__(
        self,
        *,
        chosen: tuple[Format, ...],
        folder: str,
        preliminary: bool,
        browse: Callable[[], Path | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("exportResults", translate("Export", "Export results"), parent)
        self.setMinimumWidth(_NARROWEST_PX)
        self._browse = browse
        self._boxes = {one: self._box(one, one in chosen) for one in TITLES}
        self.folder = QLineEdit(folder, self)
        self.folder.setObjectName("exportFolder")
        self.folder.setAccessibleName(translate("Export", "Folder"))
        self._choose = QPushButton(translate("Export", "Choose…"), self)
        self._choose.setObjectName("exportChoose")
        self._choose.setAccessibleName(translate("Export", "Choose a folder"))
        self._why_not = paragraph(
            "exportProblem", translate("Export", "What is missing"), self, role="caution"
        )
        ok, cancel = QDialogButtonBox.StandardButton.Ok, QDialogButtonBox.StandardButton.Cancel
        self._buttons = QDialogButtonBox(ok | cancel, self)
        self._lay_out(preliminary=preliminary)
        self._connect()
        self._judge()

    def _box(self, one: Format, ticked: bool) -> QCheckBox:
        box = QCheckBox(translate("Export", TITLES[one]), self)
        box.setObjectName(f"export-{one}")
        box.setAccessibleName(box.text())
        box.setChecked(ticked)
        return box

    def _lay_out(self, *, preliminary: bool) -> None:
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setText(
            translate("Export", "&Export")
        )
        layout = QVBoxLayout(self)
        if preliminary:
            said = translate("Export", "This read is not signed: every file will say PRELIMINARY.")
            note = paragraph("exportNote", translate("Export", "Note"), self, role="caution")
            note.setText(said)
            layout.addWidget(note)
        layout.addWidget(heading(translate("Export", "Formats"), self))
        for box in self._boxes.values():
            layout.addWidget(box)
        layout.addWidget(heading(translate("Export", "Into a new folder within"), self))
        line = QHBoxLayout()
        line.addWidget(self.folder, 1)
        line.addWidget(self._choose)
        layout.addLayout(line)
        layout.addWidget(self._why_not)
        layout.addWidget(self._buttons)

    def _connect(self) -> None:
        self._buttons.accepted.connect(self._take)
        self._buttons.rejected.connect(self.reject)
        self._choose.clicked.connect(self._choose_folder)
        self.folder.textChanged.connect(self._judge)
        for box in self._boxes.values():
            box.toggled.connect(self._judge)

    def _formats(self) -> tuple[Format, ...]:
        return tuple(one for one, box in self._boxes.items() if box.isChecked())

    def _judge(self) -> None:
        """Say what is missing, and let the export begin where nothing is."""
        folder = self.folder.text().strip()
        why_not = ""
        if not self._formats():
            why_not = translate("Export", "Choose at least one format")
        elif not folder or not Path(folder).is_dir():
            why_not = translate("Export", "Choose a folder that is there")
        self._why_not.setText(why_not)
        button = self._buttons.button(QDialogButtonBox.StandardButton.Ok)
        button.setEnabled(not why_not)
        button.setAccessibleDescription(why_not)

    def _choose_folder(self) -> None:
        folder = self._browse()
        if folder is not None:
            self.folder.setText(str(folder))

    def _take(self) -> None:
        self.wanted.emit(self._formats(), Path(self.folder.text().strip()))
        self.accept()


def summary(exported: Exported) -> str:
    """Return in a line what was written; it names no folder, for it stays on the screen."""
    files, formats = len(exported.written), len(exported.refused)
    said = [translate("Export", "%n file(s) exported", "", COUNTED, files)]
    if formats:
        said.append(translate("Export", "%n format(s) refused", "", COUNTED, formats))
    return ", ".join(said)


def exported_files(exported: Exported, parent: QWidget) -> TextTable:
    """Return what was written and what was refused, as a table that takes no keyboard.

    Who reads on meanwhile types on; Esc in the window puts it away (`ExportFrame.put_away`).
    """
    folders = dict.fromkeys(str(written.file.parent) for written in exported.written)
    table = TextTable(
        name=EXPORTED_FILES,
        title=translate("Export", "Exported results"),
        intro="\n".join((summary(exported), *folders)),
        columns=(translate("Export", "Format"), translate("Export", "File, or why there is none")),
        rows=[
            *((refused.format.value, refused.reason) for refused in exported.refused),
            *((written.format.value, written.file.name) for written in exported.written),
        ],
        parent=parent,
    )
    table.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    return table
