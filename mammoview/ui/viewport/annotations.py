"""Text on a pane: the side and view mark, notes, the CAD line, and the words of an empty slot."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from mammoview.app.workspace import Pane
from mammoview.ui.viewport import layers
from mammoview.ui.viewport.cad_line import CadLine, Tone
from mammoview.ui.viewport.scale_line import SizeBadge

_EDGE_PX = 14.0
_UNBOUNDED_PX = 1e5
_LABEL_PX = 28
_PRIOR_PX = 22
_NOTE_PX = 13
_SLICE_PX = 17
# Invisible on air; on bright tissue it keeps small letters readable and the tissue visible.
_PLATE = QColor(0, 0, 0, 120)
_LABEL_COLOUR = "#f2f2f2"
_NOTE_COLOUR = "#c9c9c9"
_PRIOR_COLOUR = "#56b4e9"
_MESSAGE_COLOUR = "#9a9a9a"
_TONES = {
    Tone.QUIET: "#9a9a9a",
    Tone.PLAIN: "#e8e8e8",
    Tone.MARKED: "#f0e442",
    Tone.WARNING: "#ff9d6e",
}


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    size_px: int
    colour: str
    bold: bool = False

    def font(self) -> QFont:
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
        self._lines: tuple[_Line, ...] = ()
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

    def set_lines(self, lines: tuple[_Line, ...]) -> None:
        """Show other lines; empty ones are left out."""
        lines = tuple(line for line in lines if line.text)
        if lines == self._lines:
            return
        self._lines = lines
        self._lay_out()

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
        """Draw the plate, and every line over its shadow."""
        if self._lines:
            painter.fillRect(self.boundingRect(), _PLATE)
        for line, row in zip(self._lines, self._rows, strict=True):
            painter.setFont(line.font())
            painter.setPen(QColor(0, 0, 0))
            painter.drawText(row.translated(1, 1), self._flags(), line.text)
            painter.setPen(QColor(line.colour))
            painter.drawText(row, self._flags(), line.text)


class Annotations:
    """The texts of one pane, on the side away from the chest wall.

    Parameters
    ----------
    parent : QGraphicsItem
        The pane.
    wall_right : bool
        True where the chest wall is on the right border.
    """

    def __init__(self, parent: QGraphicsItem, *, wall_right: bool) -> None:
        away = Qt.AlignmentFlag.AlignLeft if wall_right else Qt.AlignmentFlag.AlignRight
        self._wall_right = wall_right
        self._size = QRectF()
        self.head = TextBlock(parent, away)
        self.scale = TextBlock(parent, away)
        self.foot = TextBlock(parent, away)
        self.message = TextBlock(parent, Qt.AlignmentFlag.AlignHCenter)

    def place(self, size: QRectF) -> None:
        """Put the texts into the corners of a pane of that size."""
        x = _EDGE_PX if self._wall_right else size.width() - _EDGE_PX
        self.head.setPos(QPointF(x, _EDGE_PX - 4))
        self._size = size
        for block in (self.head, self.scale, self.foot, self.message):
            block.set_widest(max(1.0, size.width() - 2 * _EDGE_PX))
        self._place_scale()
        self._place_low_texts()

    def set_pane(self, pane: Pane) -> None:
        """Write what the header says: in an empty slot only why it is empty."""
        shown = pane.mammogram is not None and pane.image is not None
        lines: tuple[_Line, ...] = ()
        if pane.mammogram is not None:
            said = pane.badge.split(" · ")
            # Which slice is on the screen comes first, and is read while it changes.
            slices, notes = (said[:1], said[1:]) if pane.frame is not None else ([], said)
            lines = (
                _Line(pane.mammogram.label, _LABEL_PX, _LABEL_COLOUR, bold=True),
                *(_Line(words, _PRIOR_PX, _PRIOR_COLOUR, bold=True) for words in pane.prior),
                *(_Line(note, _SLICE_PX, _LABEL_COLOUR) for note in slices),
                *(_Line(note, _NOTE_PX, _NOTE_COLOUR) for note in dict.fromkeys(notes)),
                *(_Line(reason, _NOTE_PX, _NOTE_COLOUR) for reason in pane.why),
            )
        self.head.set_lines(lines)
        self._place_scale()
        words = "" if shown else pane.message
        self.message.set_lines((_Line(words, 17, _MESSAGE_COLOUR),))
        self._place_low_texts()

    def set_cad(self, line: CadLine, badge: str = "") -> None:
        """Write the state of the computer's reading, under a badge if the reader must know more."""
        lasting = _Line(badge, _NOTE_PX, _TONES[Tone.WARNING], bold=True)
        self.foot.set_lines((lasting, _Line(line.text, _NOTE_PX, _TONES[line.tone])))
        self._place_low_texts()

    def set_scale(self, text: str, badge: SizeBadge) -> None:
        """Write the scale under the head, and what is the matter with the size."""
        colour = _TONES[Tone.WARNING] if badge.loud else _NOTE_COLOUR
        said = _Line(badge.text, _NOTE_PX, colour, bold=badge.loud)
        self.scale.set_lines((_Line(text, _NOTE_PX, _NOTE_COLOUR), said))

    def _place_scale(self) -> None:
        below = self.head.boundingRect().bottom() + self.head.pos().y()
        self.scale.setPos(QPointF(self.head.pos().x(), below + 2))

    def _place_low_texts(self) -> None:
        size = self._size
        x = _EDGE_PX if self._wall_right else size.width() - _EDGE_PX
        self.foot.setPos(QPointF(x, size.height() - self.foot.boundingRect().height() - 8))
        height = self.message.boundingRect().height()
        self.message.setPos(QPointF(size.width() / 2, (size.height() - height) / 2))
