"""A list whose rows are as high as their words need at its width."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QWidget

from mammoview.ui.plain_tip import plain_tip

_MOST_LINES = 6  # of one row; what is longer ends in dots and stands in its tooltip
_ROW_GAP_PX = 5
_HIGH = 100_000


class WrappingList(QListWidget):
    """Rows to choose from; Tab comes to it, and it is as high as its first rows.

    Parameters
    ----------
    name, accessible : str
        Its object name, and what a screen reader calls it.
    most_rows : int
        How many rows are to be seen; the rest are scrolled to.
    """

    def __init__(self, name: str, accessible: str, parent: QWidget, *, most_rows: int) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(accessible)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setWordWrap(True)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        # A bar would lie over the last line.
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._most_rows = most_rows

    def show_rows(self, rows: Iterable[tuple[str, str]]) -> None:
        """Show other rows, each a key and its words; the key is the item's user data."""
        self.clear()
        for key, text in rows:
            item = QListWidgetItem(text, self)
            item.setData(Qt.ItemDataRole.UserRole, key)
            item.setToolTip(plain_tip(text))
        self._fit_rows()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Break the words anew at another width."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit_rows()

    def _fit_rows(self) -> None:
        margin = self.style().pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin) + 1
        metrics, flags = self.fontMetrics(), Qt.TextFlag.TextWordWrap.value
        room = QRect(0, 0, max(1, self.viewport().width() - 2 * margin), _HIGH)
        most = _MOST_LINES * metrics.lineSpacing()
        heights = []
        for row in range(self.count()):
            item = self.item(row)
            needed = metrics.boundingRect(room, flags, item.text()).height()
            heights.append(min(needed, most) + _ROW_GAP_PX)
            item.setSizeHint(QSize(0, heights[-1]))
        self.setFixedHeight(sum(heights[: self._most_rows]) + 2 * self.frameWidth())
