"""The page of the second look: which reads, their numbers, plots, and a file of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import (
    QComboBox,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mammoview.app.second_look.counts import Axis, grouped, summary, values
from mammoview.app.second_look.desk import SecondLookDesk, SecondLookState
from mammoview.ui.dialogs.titled import TitledDialog
from mammoview.ui.panels.parts import paragraph, read_table
from mammoview.ui.second_look import words
from mammoview.ui.second_look.plots import Plots
from mammoview.words import QT_TRANSLATE_NOOP, translate

_AXES = {
    Axis.READER: QT_TRANSLATE_NOOP("SecondLook", "Reader"),
    Axis.MODEL: QT_TRANSLATE_NOOP("SecondLook", "Model"),
    Axis.OPERATING_POINT: QT_TRANSLATE_NOOP("SecondLook", "Operating point"),
    Axis.MONTH: QT_TRANSLATE_NOOP("SecondLook", "Month"),
}
_SIZE = (1080, 760)


class SecondLookPage(TitledDialog):
    """Shows a desk's numbers, and ends it when it is closed.

    Parameters
    ----------
    desk : SecondLookDesk
        Counts; belongs to this page from now on.
    names : mapping of str to str
        The readers' names by their ids.
    """

    def __init__(
        self, desk: SecondLookDesk, names: Mapping[str, str], parent: QWidget | None = None
    ) -> None:
        super().__init__("secondLook", translate("SecondLook", "Second look in numbers"), parent)
        self.resize(*_SIZE)
        self._desk, self._names = desk, names
        self._axes = {axis: self._chooser(axis) for axis in Axis}
        self._by = QComboBox(self)
        self._note = paragraph("lookNote", translate("SecondLook", "What these are"), self)
        heads = (
            translate("SecondLook", "What"),
            translate("SecondLook", "Number"),
            translate("SecondLook", "95 % interval"),
        )
        self.table = read_table("lookTable", translate("SecondLook", "Numbers"), heads, self)
        self.plots = Plots(self)
        self._said = paragraph("lookSaid", translate("SecondLook", "Answer"), self, role="caution")
        self._export = QPushButton(translate("SecondLook", "Save as CSV…"), self)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self._lay_out()
        self._connect()
        self.render(None, desk.state)
        desk.count()

    def _chooser(self, axis: Axis) -> QComboBox:
        box = QComboBox(self)
        box.setObjectName(f"look-{axis.name.lower()}")
        box.setAccessibleName(translate("SecondLook", _AXES[axis]))
        return box

    def _lay_out(self) -> None:
        self._by.setObjectName("look-by")
        self._by.setAccessibleName(translate("SecondLook", "Compare by"))
        for axis in Axis:
            self._by.addItem(translate("SecondLook", _AXES[axis]), axis)
        self._export.setObjectName("lookExport")
        self._export.setAccessibleName(self._export.text())
        self._export.setAutoDefault(False)
        self._set_table()
        form = QFormLayout()
        for axis, box in self._axes.items():
            form.addRow(translate("SecondLook", _AXES[axis]), box)
        form.addRow(translate("SecondLook", "Compare by"), self._by)
        left = QVBoxLayout()
        left.addLayout(form)
        left.addWidget(self.table, 1)
        both = QHBoxLayout()
        both.addLayout(left, 3)
        both.addWidget(self.plots, 2)
        end = QHBoxLayout()
        for widget, stretch in ((self._said, 1), (self._export, 0), (self._buttons, 0)):
            end.addWidget(widget, stretch)
        layout = QVBoxLayout(self)
        layout.addWidget(self._note)
        layout.addLayout(both, 1)
        layout.addLayout(end)

    def _set_table(self) -> None:
        self.table.setShowGrid(False)
        self.table.setAlternatingRowColors(True)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)

    def _connect(self) -> None:
        self._desk.subscribe(self.render)
        for box in self._axes.values():
            box.currentIndexChanged.connect(self._chosen)
        self._by.currentIndexChanged.connect(self._compare)
        self._export.clicked.connect(self._ask_file)
        self._buttons.rejected.connect(self.reject)
        self.finished.connect(self._ended)

    # -- state's side -------------------------------------------------------------------------

    def render(self, old: SecondLookState | None, new: SecondLookState) -> None:  # type: ignore[override]
        """Show the state; doing it twice changes nothing."""
        if old is None or old.looks is not new.looks:
            for axis, box in self._axes.items():
                self._fill(axis, box, new)
        if old is None or (old.looks, old.wanted) != (new.looks, new.wanted):
            self._show_numbers(new)
        self._note.setText(words.note_text(summary(new.shown), busy=new.busy))
        self._said.setText(new.message)
        self._export.setEnabled(bool(new.shown))

    def _fill(self, axis: Axis, box: QComboBox, new: SecondLookState) -> None:
        with QSignalBlocker(box):
            box.clear()
            box.addItem(translate("SecondLook", "all"), "")
            for value in values(new.looks, axis):
                box.addItem(self._named(axis, value), value)
            box.setCurrentIndex(max(0, box.findData(dict(new.wanted).get(axis, ""))))

    def _show_numbers(self, new: SecondLookState) -> None:
        whole = summary(new.shown)
        rows = words.rows(whole)
        self.table.setRowCount(len(rows))
        for row, texts in enumerate(rows):
            for column, text in enumerate(texts):
                self.table.setItem(row, column, QTableWidgetItem(text))
        axis = self._axis()
        groups = grouped(new.shown, axis)
        self.plots.show_groups([(self._named(axis, v), s) for v, s in groups], whole)

    def _named(self, axis: Axis, value: str) -> str:
        return self._names.get(value, value) if axis is Axis.READER else value

    def _axis(self) -> Axis:
        return Axis(self._by.currentData())

    # -- reader's side ------------------------------------------------------------------------

    def _chosen(self) -> None:
        for axis, box in self._axes.items():
            value = str(box.currentData() or "")
            if dict(self._desk.state.wanted).get(axis, "") != value:
                self._desk.want(axis, value)

    def _compare(self) -> None:
        self._show_numbers(self._desk.state)

    def _ask_file(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, translate("SecondLook", "Save as CSV"), "second-look.csv", "CSV (*.csv)"
        )
        if name:
            self._desk.export(Path(name), translate("SecondLook", "Saved"))

    def _ended(self) -> None:
        self._desk.shutdown()
        self.plots.end()
