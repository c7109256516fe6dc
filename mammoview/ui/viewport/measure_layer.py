"""The reader's marks over all panes: thin pale green lines, handles and words of constant size.

The computer's marks are thick, round, triangular or square glyphs in yellow, blue or orange.  The
reader's colour stays apart from those for all kinds of colour blindness, and every line lies on a
dark halo, so that it is seen on bright tissue and on air.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from mammoview.domain.annotation import MarkKind
from mammoview.domain.geometry import ImagePoint
from mammoview.ui.viewport import layers
from mammoview.ui.viewport.labelled_layer import LabelledLayer, label_font, stroke, words_size
from mammoview.ui.viewport.measure_labels import broken, label_place, leader
from mammoview.ui.viewport.measure_shapes import cross_hair, mark_path, open_line
from mammoview.ui.viewport.pane_view import PaneView

COLOUR = "#a8f5a8"
HANDLE_PX = 8.0
_PLATE = QColor(0, 0, 0, 170)
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


class MeasureLayer(LabelledLayer[Drawn]):
    """Draws marks in screen pixels over the panes."""

    def __init__(self) -> None:
        super().__init__(layers.MEASURE)
        self._cross: tuple[QPointF, QRectF] | None = None

    @property
    def labels(self) -> tuple[QRectF, ...]:
        """Where the words were drawn last, in the order of the marks that have any."""
        return tuple(place for place in self._places if not place.isNull())

    @property
    def is_bare(self) -> bool:
        """Whether nothing is drawn: neither marks nor the keyboard's cursor."""
        return not self._drawn and self._cross is None

    def set_cross(self, cross: tuple[QPointF, QRectF] | None) -> None:
        """Draw the keyboard's cursor in the pane that it is in, or none."""
        self._cross = cross
        self.update()

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Draw all lines, then all words: none lies under a line; the cursor lies over both."""
        super().paint(painter, option, widget)
        if self._cross is not None:
            at, pane = self._cross
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setClipRect(pane)
            stroke(painter, cross_hair(at, pane), COLOUR, 1.0)

    def paint_line(self, painter: QPainter, item: Drawn, path: QPainterPath) -> None:
        """Draw a mark, with its handles where it is selected."""
        width = _SELECTED_LINE if item.selected else _LINE
        stroke(painter, path, COLOUR, width, dotted=item.guessed)
        if item.selected:
            _paint_handles(painter, item)

    def paint_words(
        self, painter: QPainter, item: Drawn, path: QPainterPath, others: list[QPainterPath]
    ) -> QRectF:
        """Draw words and values on a dark plate, broken where one line finds no room."""
        text = item.text
        if not text:
            return QRectF()
        pane = item.view.box.geometry()
        taken = self.taken(item)
        place, cost = label_place(words_size(text), path, pane, others=others, taken=taken)
        if cost:
            narrow = broken(text)
            other, less = label_place(words_size(narrow), path, pane, others=others, taken=taken)
            if less < cost:
                text, place = narrow, other
        far = leader(place, path)
        if far is not None:
            line = QPainterPath(far.p1())
            line.lineTo(far.p2())
            stroke(painter, line, COLOUR, 1.0, dotted=True)
        painter.fillRect(place, _PLATE)
        painter.setFont(label_font())
        painter.setPen(QColor(COLOUR))
        inner = place.adjusted(4, 2, -4, -2)
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft.value, text)
        return place


def _paint_handles(painter: QPainter, item: Drawn) -> None:
    """Draw hollow squares: the place under a handle stays in sight; the keys' one is filled."""
    for number, at in enumerate(item.screen_points()):
        square = QRectF(at.x() - HANDLE_PX / 2, at.y() - HANDLE_PX / 2, HANDLE_PX, HANDLE_PX)
        path = QPainterPath()
        path.addRect(square)
        stroke(painter, path, COLOUR, 1.2)
        if number == item.handle:
            painter.fillRect(square.adjusted(1, 1, -1, -1), QColor(COLOUR))
