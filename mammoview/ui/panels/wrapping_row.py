"""A row of buttons that goes on in the next line where a language's words are too long for one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class WrappingRow(QLayout):
    """Widgets side by side, in as many lines as they need; each line is filled to its end.

    Parameters
    ----------
    widgets : sequence of QWidget
        From left to right.
    gap_px : int, optional
        Between them, both ways.
    """

    def __init__(self, widgets: Sequence[QWidget], *, gap_px: int = 6) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(gap_px)
        for widget in widgets:
            self.addWidget(widget)

    def addItem(self, item: QLayoutItem) -> None:
        """Take one more."""
        self._items.append(item)

    def count(self) -> int:
        """Return how many there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """Return one of them; None where there is none."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Give one back; None where there is none."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Return that it takes no more than it is given."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Return that less width takes more lines."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of all lines."""
        heights = [_height(line) for line in self._lines(width)]
        return sum(heights) + self.spacing() * max(0, len(heights) - 1)

    def sizeHint(self) -> QSize:
        """Return the size in one line."""
        wide = sum(item.sizeHint().width() for item in self._items)
        gaps = self.spacing() * max(0, len(self._items) - 1)
        return QSize(wide + gaps, _height(self._items))

    def minimumSize(self) -> QSize:
        """Return the size of the widest."""
        return QSize(
            max((item.sizeHint().width() for item in self._items), default=0),
            _height(self._items),
        )

    def setGeometry(self, rect: QRect) -> None:
        """Place all."""
        super().setGeometry(rect)
        top = rect.top()
        for line in self._lines(rect.width()):
            left, high = rect.left(), _height(line)
            taken = sum(item.sizeHint().width() for item in line) + self.spacing() * (len(line) - 1)
            slack = max(0, rect.width() - taken)
            for number, item in enumerate(line):
                more = slack // len(line) + (number < slack % len(line))
                size = QSize(item.sizeHint().width() + more, high)
                item.setGeometry(QRect(QPoint(left, top), size))
                left += size.width() + self.spacing()
            top += high + self.spacing()

    def _lines(self, width: int) -> list[list[QLayoutItem]]:
        lines: list[list[QLayoutItem]] = []
        left = 0
        for item in self._items:
            wide = item.sizeHint().width()
            if lines and left + wide <= width:
                lines[-1].append(item)
            else:
                lines.append([item])
                left = 0
            left += wide + self.spacing()
        return lines


def _height(items: Sequence[QLayoutItem]) -> int:
    return max((item.sizeHint().height() for item in items), default=0)
