"""A dialog with a table of two columns: the cheat sheet and the refused files."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mammoview.ui.dialogs.titled import TitledDialog
from mammoview.ui.panels.parts import read_table

Row = tuple[str, str]

HEADING = ""  # in the second column: the first one's words are a title over the rows that follow
_ROW_PX = 23
_PADDING_PX = 12  # of a row, above and below its words
_WIDE_PX = 620
_WORDS_PX = 480  # of it, for the words of the second column, about
_HIGHEST_PX = 880


class TextTable(TitledDialog):
    """Read-only rows; closes with Esc or the button, and is deleted then."""

    def __init__(
        self,
        *,
        name: str,
        title: str,
        intro: str,
        columns: Row,
        rows: Sequence[Row],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(name, title, parent)
        self.table = _table(f"{name}-table", title, columns, rows, self)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        layout = QVBoxLayout(self)
        if intro:
            text = QLabel(intro, self)
            text.setWordWrap(True)
            layout.addWidget(text)
        layout.addWidget(self.table)
        layout.addWidget(self._buttons)
        self.resize(_WIDE_PX, min(_HIGHEST_PX, self._high_enough(rows)))
        self._connect()

    def _high_enough(self, rows: Sequence[Row]) -> int:
        """Return how high it is with every row in sight, pixels.

        The table itself knows the width of its columns, and so its rows' heights, once it is shown.
        """
        layout, table = self.layout(), self.table
        assert layout is not None
        around = max(layout.totalSizeHint().height(), layout.totalHeightForWidth(_WIDE_PX))
        wrap, room = Qt.TextFlag.TextWordWrap.value, QRect(0, 0, _WORDS_PX, _HIGHEST_PX)
        metrics = table.fontMetrics()
        lines = (
            max(metrics.boundingRect(room, wrap, text).height() for text in row) for row in rows
        )
        high = table.horizontalHeader().sizeHint().height() + 2 * table.frameWidth()
        return around - table.sizeHint().height() + high + sum(line + _PADDING_PX for line in lines)

    def _connect(self) -> None:
        self._buttons.rejected.connect(self.reject)


def _table(
    name: str, accessible: str, columns: Row, rows: Sequence[Row], parent: QWidget
) -> QTableWidget:
    table = read_table(name, accessible, columns, parent)
    table.setRowCount(len(rows))
    table.setShowGrid(False)
    table.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    header = table.horizontalHeader()
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
    for row, texts in enumerate(rows):
        items = [QTableWidgetItem(text) for text in texts]
        for column, item in enumerate(items):
            table.setItem(row, column, item)
        if texts[1] == HEADING:
            table.setSpan(row, 0, 1, 2)
            _make_heading(items[0])
    rows_header = table.verticalHeader()
    rows_header.setMinimumSectionSize(_ROW_PX)
    rows_header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    return table


def _make_heading(title: QTableWidgetItem) -> None:
    font = title.font()
    font.setBold(True)
    title.setFont(font)
    title.setFlags(Qt.ItemFlag.ItemIsEnabled)
