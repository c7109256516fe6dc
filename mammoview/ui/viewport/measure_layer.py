"""The reader's marks over all panes: thin pale green lines, handles and words of constant size.

The computer's marks are thick, round, triangular or square glyphs in yellow, blue or orange.  The
reader's colour stays apart from those for all kinds of colour blindness, and every line lies on a
dark halo, so that it is seen on bright tissue and on air.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from mammoview.domain.annotation import MarkKind
from mammoview.domain.geometry import ImagePoint
from mammoview.ui.viewport import layers
from mammoview.ui.viewport.measure_labels import broken, label_place
from mammoview.ui.viewport.measure_shapes import cross_hair, mark_path, open_line
from mammoview.ui.viewport.pane_view import PaneView

COLOUR = "#a8f5a8"
HANDLE_PX = 8.0
_FONT_PX = 13
_PLATE = QColor(0, 0, 0, 170)
_HALO = QColor(0, 0, 0, 190)
_LINE = 1.5
_SELECTED_LINE = 2.2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """One mark as it is to be drawn.

    ``kind`` None is a line under way that is no mark yet.  ``handle`` is the handle that the keys
    move, or None.  ``guessed`` is what the program estimates and nobody set: it is dotted.
    """

    view: PaneView
    kind: MarkKind | None
    points: tuple[ImagePoint, ...]
    text: str
    selected: bool = False
    handle: int | None = None
    guessed: bool = False

    def screen_points(self) -> list[QPointF]:
        """Return where its points are on the screen."""
        return [self.view.to_screen(point) for point in self.points]

    def path(self) -> QPainterPath:
        """Return its lines on the screen."""
        at = self.screen_points()
        return open_line(at) if self.kind is None else mark_path(self.kind, at)


class MeasureLayer(QGraphicsItem):
    """Draws marks in screen pixels over the panes."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(layers.MEASURE)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._bounds = QRectF()
        self._drawn: tuple[Drawn, ...] = ()
        self._cross: tuple[QPointF, QRectF] | None = None
        self._labels: list[QRectF] = []

    @property
    def drawn(self) -> tuple[Drawn, ...]:
        """What is drawn, the mark under way last."""
        return self._drawn

    @property
    def labels(self) -> tuple[QRectF, ...]:
        """Where the words were drawn last, in the order of the marks that have any."""
        return tuple(self._labels)

    def set_bounds(self, bounds: QRectF) -> None:
        """Cover the whole canvas."""
        self.prepareGeometryChange()
        self._bounds = bounds

    def draw(self, drawn: Sequence[Drawn], cross: tuple[QPointF, QRectF] | None) -> None:
        """Take other marks, and the keyboard's cursor with the pane that it is in."""
        self._drawn = tuple(drawn)
        self._cross = cross
        self.update()

    def boundingRect(self) -> QRectF:
        """Return the canvas."""
        return self._bounds

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Draw all lines, then all words: none lies under a line."""
        self._labels = []
        if not self._drawn and self._cross is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paths = [item.path() for item in self._drawn]
        for item, path in zip(self._drawn, paths, strict=True):
            painter.setClipRect(item.view.box.geometry())
            width = _SELECTED_LINE if item.selected else _LINE
            _paint_line(painter, path, width, dotted=item.guessed)
            if item.selected:
                _paint_handles(painter, item)
        for item, path in zip(self._drawn, paths, strict=True):
            if item.text:
                painter.setClipRect(item.view.box.geometry())
                self._paint_words(painter, item, path, [p for p in paths if p is not path])
        if self._cross is not None:
            at, pane = self._cross
            painter.setClipRect(pane)
            _paint_line(painter, cross_hair(at, pane), 1.0)

    def _paint_words(
        self, painter: QPainter, item: Drawn, path: QPainterPath, others: list[QPainterPath]
    ) -> None:
        pane = item.view.box.geometry()
        if not path.boundingRect().adjusted(-1, -1, 1, 1).intersects(pane):
            return  # zoomed out of sight: its words would point at nothing
        text = item.text
        taken = [*self._labels, item.view.texts.ruler.label.sceneBoundingRect()]
        place, cost = label_place(words_size(text), path, pane, others=others, taken=taken)
        if cost:
            narrow = broken(text)
            other, less = label_place(words_size(narrow), path, pane, others=others, taken=taken)
            if less < cost:
                text, place = narrow, other
        self._labels.append(place)
        painter.fillRect(place, _PLATE)
        painter.setFont(label_font())
        painter.setPen(QColor(COLOUR))
        inner = place.adjusted(4, 2, -4, -2)
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft.value, text)


def words_size(text: str) -> QSizeF:
    """Return the size of words with their plate."""
    metrics = QFontMetricsF(label_font())
    lines = text.split("\n")
    width = max(metrics.horizontalAdvance(line) for line in lines)
    return QSizeF(width + 10, metrics.lineSpacing() * len(lines) + 4)


def label_font() -> QFont:
    """Return the font of words on the images."""
    font = QFont("Sans Serif")
    font.setPixelSize(_FONT_PX)
    return font


def _paint_line(
    painter: QPainter, path: QPainterPath, width: float, *, dotted: bool = False
) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, wide in ((_HALO, width + 2.5), (QColor(COLOUR), width)):
        pen = QPen(colour)
        pen.setWidthF(wide)
        if dotted:
            pen.setStyle(Qt.PenStyle.DotLine)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPath(path)


def _paint_handles(painter: QPainter, item: Drawn) -> None:
    """Draw hollow squares: the place under a handle stays in sight; the keys' one is filled."""
    for number, at in enumerate(item.screen_points()):
        square = QRectF(at.x() - HANDLE_PX / 2, at.y() - HANDLE_PX / 2, HANDLE_PX, HANDLE_PX)
        path = QPainterPath()
        path.addRect(square)
        _paint_line(painter, path, 1.2)
        if number == item.handle:
            painter.fillRect(square.adjusted(1, 1, -1, -1), QColor(COLOUR))
