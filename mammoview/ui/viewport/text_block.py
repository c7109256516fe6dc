"""Lines of text over an image, readable on air and on bright tissue."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from mammoview.ui.viewport import layers

_UNBOUNDED_PX = 1e5
# Invisible on air; on bright tissue it keeps small letters readable and the tissue visible.
_PLATE = QColor(0, 0, 0, 120)
# At its four corners a letter has a dark edge all round, on white too; a drag draws it anew with
# every frame, so there are no more of them.
_OUTLINE = ((-1, -1), (1, -1), (-1, 1), (1, 1))


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, its height in pixels, its colour."""

    text: str
    size_px: int
    colour: str
    bold: bool = False

    def font(self) -> QFont:
        """Return the font that it is written in."""
        font = QFont("Sans Serif")
        font.setPixelSize(self.size_px)
        font.setBold(self.bold)
        return font


class TextBlock(QGraphicsItem):
    """Some lines of text on a half-dark plate, readable on air and on tissue.

    A line that is wider than the pane is wrapped: it never runs into the neighbour's text.

    Parameters
    ----------
    parent : QGraphicsItem
        The pane; positions are its local pixels.
    align : Qt.AlignmentFlag
        Left, right or horizontal centre: on which side of its position the text lies.
    """

    def __init__(self, parent: QGraphicsItem, align: Qt.AlignmentFlag) -> None:
        super().__init__(parent)
        self._align = align
        self._lines: tuple[Line, ...] = ()
        self._widest = _UNBOUNDED_PX
        self._rows: tuple[QRectF, ...] = ()
        self._bounds = QRectF()
        self.setZValue(layers.ANNOTATION)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        # Drawn once: a frame of a drag only copies the finished text.
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)

    @property
    def text(self) -> str:
        """All lines, for tests and for accessibility."""
        return "\n".join(line.text for line in self._lines)

    @property
    def heading_colour(self) -> str:
        """Colour of the first line; empty without one."""
        return self._lines[0].colour if self._lines else ""

    def set_lines(self, lines: tuple[Line, ...]) -> bool:
        """Show other lines, empty ones left out; return True if they are other ones."""
        lines = tuple(line for line in lines if line.text)
        if lines == self._lines:
            return False
        self._lines = lines
        self._lay_out()
        return True

    def set_widest(self, width: float) -> None:
        """Wrap lines that are wider than this, in local pixels."""
        if width != self._widest:
            self._widest = width
            self._lay_out()

    def _lay_out(self) -> None:
        """Give every line its rows and the block its bounds."""
        self.prepareGeometryChange()
        room = QRectF(0.0, 0.0, self._widest, _UNBOUNDED_PX)
        sizes = [
            QFontMetricsF(line.font()).boundingRect(room, self._flags(), line.text)
            for line in self._lines
        ]
        width = max((math.ceil(size.width()) for size in sizes), default=0)
        left = {
            Qt.AlignmentFlag.AlignLeft: 0.0,
            Qt.AlignmentFlag.AlignRight: -width,
            Qt.AlignmentFlag.AlignHCenter: -width / 2,
        }[self._align]
        tops = [0.0, *itertools.accumulate(size.height() for size in sizes)]
        self._rows = tuple(
            QRectF(left, top, width, size.height()) for top, size in zip(tops, sizes, strict=False)
        )
        self._bounds = QRectF(left, 0.0, width, tops[-1])
        self.update()

    def _flags(self) -> int:
        return self._align.value | Qt.TextFlag.TextWordWrap.value

    def boundingRect(self) -> QRectF:
        """Return the box round the text, its plate included."""
        return self._bounds.adjusted(-5, -2, 5, 2) if self._lines else QRectF()

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Draw the plate, and every line over its own dark outline."""
        if self._lines:
            painter.fillRect(self.boundingRect(), _PLATE)
        for line, row in zip(self._lines, self._rows, strict=True):
            painter.setFont(line.font())
            painter.setPen(QColor(0, 0, 0))
            for right, down in _OUTLINE:
                painter.drawText(row.translated(right, down), self._flags(), line.text)
            painter.setPen(QColor(line.colour))
            painter.drawText(row, self._flags(), line.text)
