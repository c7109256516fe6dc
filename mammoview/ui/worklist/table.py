"""The table of studies: keys move in it, and its columns keep their widths."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QByteArray, QEvent, QModelIndex, QSettings, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from mammoview.app.worklist.arrange import Column, Sort
from mammoview.app.worklist.thumbnails import CELL_COLS, CELL_ROWS
from mammoview.ui.worklist.columns import widths_within
from mammoview.ui.worklist.model import COLUMNS, StudyModel
from mammoview.words import translate

_PADDING_PX = 6
_GEOMETRY = "worklist/columns"
_STRIP_PX = 4 * CELL_COLS
_WIDTHS = {
    Column.VIEWS: _STRIP_PX + 2 * _PADDING_PX + 4,
    Column.STATE: 200,
    Column.PATIENT: 245,
    Column.ID: 140,
    Column.BIRTH: 125,
    Column.DATE: 95,
    Column.MISSING: 190,
    Column.IMAGES: 60,
    Column.ACCESSION: 130,
    Column.SOURCE: 160,
}
# These keys are the table's while it has the focus, though the window has a use for some of them.
_OWN_KEYS = frozenset(
    {Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Return}
)


class StudyTable(QTableView):
    """Whole rows are chosen; Return opens the current one.

    Signals
    -------
    opened(int)
        A row was chosen for reading.
    """

    opened = Signal(int)

    def __init__(self, model: StudyModel, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("studyTable")
        self.setAccessibleName(translate("Worklist", "Studies"))
        self.setModel(model)
        self._model = model
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setIconSize(QSize(_STRIP_PX, CELL_ROWS))
        rows = self.verticalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(CELL_ROWS + 2 * _PADDING_PX)
        rows.hide()
        self._wishes = dict(_WIDTHS)
        self._fitting = False
        self._set_columns()
        self._connect()

    def _set_columns(self) -> None:
        header = self.horizontalHeader()
        header.setObjectName("studyHeader")
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setStretchLastSection(True)
        self._show_columns(self._wishes)
        kept = _columns_store().value(_GEOMETRY)
        if isinstance(kept, QByteArray) and header.restoreState(kept):
            for at, column in enumerate(COLUMNS):
                if header.sectionSize(at) and not self._takes_the_rest(at):
                    self._wishes[column] = header.sectionSize(at)

    def _show_columns(self, widths: Mapping[Column, int]) -> None:
        """Show these columns and hide the others; that is no wish of the reader's."""
        self._fitting = True
        header = self.horizontalHeader()
        for at, column in enumerate(COLUMNS):
            header.setSectionHidden(at, column not in widths)
            if column in widths:
                header.resizeSection(at, widths[column])
        self._fitting = False

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show the columns that there is room for."""
        super().resizeEvent(event)
        self._show_columns(widths_within(self._wishes, self.viewport().width()))

    def _column_resized(self, at: int, before: int, width: int) -> None:
        """Note what the hand did; a column that is stretched or fitted was not asked for."""
        if not self._fitting and width and not self._takes_the_rest(at):
            self._wishes[COLUMNS[at]] = width

    def _takes_the_rest(self, at: int) -> bool:
        """Tell whether a column is the last one that is shown: Qt gives it what is left."""
        header = self.horizontalHeader()
        place = header.visualIndex(at)
        after = (header.logicalIndex(number) for number in range(place + 1, len(COLUMNS)))
        return all(header.isSectionHidden(other) for other in after)

    def _connect(self) -> None:
        self.horizontalHeader().sectionResized.connect(self._column_resized)
        self.doubleClicked.connect(self._double_clicked)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)

    def keep_columns(self) -> None:
        """Keep the widths of the columns for the next window, which may have room for all."""
        self._show_columns(self._wishes)
        _columns_store().setValue(_GEOMETRY, self.horizontalHeader().saveState())

    def show_sort(self, sort: Sort) -> None:
        """Show by which column the rows are sorted."""
        order = Qt.SortOrder.DescendingOrder if sort[0].descending else Qt.SortOrder.AscendingOrder
        self.horizontalHeader().setSortIndicator(COLUMNS.index(sort[0].column), order)

    def go_to(self, row: int) -> None:
        """Make a row the current one, on the screen."""
        self.setCurrentIndex(self._model.index(row, COLUMNS.index(Column.PATIENT)))

    def chosen_rows(self) -> list[int]:
        """Return the rows that are selected, from the top."""
        return sorted(index.row() for index in self.selectionModel().selectedRows())

    def event(self, event: QEvent) -> bool:
        """Claim the keys that move in the table before a shortcut of the window takes them."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() in (
                Qt.KeyboardModifier.NoModifier,
                Qt.KeyboardModifier.ShiftModifier,
            )
            if plain and event.key() in _OWN_KEYS:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the current row with Return."""
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() in keys and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            if self.currentIndex().isValid():
                self.opened.emit(self.currentIndex().row())
            return
        super().keyPressEvent(event)

    def _double_clicked(self, index: QModelIndex) -> None:
        self.opened.emit(index.row())

    def _scrolled(self) -> None:
        self._model.forget_wanted()


def _columns_store() -> QSettings:
    """Return Qt's own store, which keeps geometry and nothing else."""
    return QSettings("mammoview", "window")
