"""A ruler at the edge of a pane: so long is a centimetre of what is shown, and of what."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from mammoview.ui.viewport import layers
from mammoview.ui.viewport.text_block import Line, TextBlock
from mammoview.words import translate

_LENGTHS_MM = (100.0, 50.0, 20.0, 10.0, 5.0, 2.0, 1.0)
_LONGEST_SHARE = 0.4  # of a pane's height
_SHORTEST_PX = 24.0
_CM_TICK_PX, _HALF_TICK_PX, _TICK_PX = 9.0, 6.0, 4.0
_TICK_APART_PX = 4.0
_FROM_EDGE_PX = 2.0
_GAP_PX = 6.0
_TEXT_PX = 12
_COLOUR = "#c9c9c9"
_HALO = QColor(0, 0, 0, 200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A whole number of millimetres, and logical pixels that one of them takes on the screen."""

    mm: float
    px_per_mm: float

    @property
    def px(self) -> float:
        """Its length on the screen, logical pixels."""
        return self.mm * self.px_per_mm

    @property
    def words(self) -> str:
        """Its length in words: ``5 cm``, ``2 mm``."""
        if self.mm >= 10.0:
            return translate("Ruler", "{length:.0f} cm").format(length=self.mm / 10.0)
        return translate("Ruler", "{length:.0f} mm").format(length=self.mm)

    def ticks(self) -> tuple[tuple[float, float], ...]:
        """Return place and length of each tick, pixels: whole and half centimetres, millimetres."""
        step = 1.0 if self.px_per_mm >= _TICK_APART_PX else 5.0
        step = step if self.px_per_mm * step >= _TICK_APART_PX else 10.0
        count = math.floor(self.mm / step + 1e-9)
        return tuple((at * step * self.px_per_mm, _tick(at * step)) for at in range(count + 1))


def span_within(px_per_mm: float, room_px: float) -> Span | None:
    """Return the longest round length that fits; None where nothing can be read off."""
    for mm in _LENGTHS_MM:
        if _SHORTEST_PX <= mm * px_per_mm <= room_px:
            return Span(mm=mm, px_per_mm=px_per_mm)
    return None


def _tick(at_mm: float) -> float:
    if at_mm % 10.0 == 0:
        return _CM_TICK_PX
    return _HALF_TICK_PX if at_mm % 5.0 == 0 else _TICK_PX


class Ruler(QGraphicsItem):
    """The ruler of one pane, upright at the border away from the chest wall.

    Parameters
    ----------
    parent : QGraphicsItem
        The pane; positions are its local pixels.
    wall_right : bool
        True where the chest wall is on the right border.
    """

    def __init__(self, parent: QGraphicsItem, *, wall_right: bool) -> None:
        super().__init__(parent)
        self.setZValue(layers.ANNOTATION)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._inward = 1.0 if wall_right else -1.0
        self._px_per_mm = 0.0
        self._basis = ""
        self._room = (0.0, 0.0, 0.0, 0.0)
        self.span: Span | None = None
        side = Qt.AlignmentFlag.AlignLeft if wall_right else Qt.AlignmentFlag.AlignRight
        self.label = TextBlock(self, side)

    @property
    def text(self) -> str:
        """Length and basis; empty where there is no ruler."""
        return self.label.text

    def set_scale(self, px_per_mm: float, basis: str) -> None:
        """Take logical pixels in a millimetre (0: not known), and what the millimetres are of."""
        if (px_per_mm, basis) != (self._px_per_mm, self._basis):
            self._px_per_mm, self._basis = px_per_mm, basis
            self._lay_out()

    def set_room(self, edge: float, top: float, bottom: float, pane_height: float) -> None:
        """Stand at an x between two heights, pixels of the pane."""
        if (edge, top, bottom, pane_height) != self._room:
            self._room = (edge, top, bottom, pane_height)
            self._lay_out()

    def _lay_out(self) -> None:
        edge, top, bottom, pane_height = self._room
        room = min(bottom - top, pane_height * _LONGEST_SHARE)
        self.prepareGeometryChange()
        self.span = span_within(self._px_per_mm, room) if self._px_per_mm else None
        lines = (self.span.words, self._basis) if self.span is not None else ()
        self.label.set_lines(tuple(Line(words, _TEXT_PX, _COLOUR) for words in lines))
        high = self.label.boundingRect().height()
        if high > bottom - top:
            self.label.set_lines(())
        if self.span is not None:
            middle = min(max((pane_height - self.span.px) / 2, top), bottom - self.span.px)
            middle = float(round(middle))  # sharp
            self.setPos(QPointF(edge + self._inward * _FROM_EDGE_PX, middle))
            level = min(max((self.span.px - high) / 2, top - middle), bottom - middle - high)
            inward = _CM_TICK_PX + _GAP_PX
            self.label.setPos(QPointF(self._inward * inward, level))
        self.update()

    def boundingRect(self) -> QRectF:
        """Return the box round the line and its ticks."""
        if self.span is None:
            return QRectF()
        box = QRectF(0.0, 0.0, self._inward * _CM_TICK_PX, self.span.px)
        return box.normalized().adjusted(-2.0, -2.0, 2.0, 2.0)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Draw it light over a dark halo, so that it is seen on air and on tissue."""
        if self.span is None:
            return
        lines = [QLineF(0.0, 0.0, 0.0, self.span.px)]
        lines += [QLineF(0.0, at, self._inward * long, at) for at, long in self.span.ticks()]
        for colour, width in ((_HALO, 3.0), (QColor(_COLOUR), 1.0)):
            painter.setPen(QPen(colour, width))
            painter.drawLines(lines)
