"""The reader's findings over all panes: an outline and a number on a plate, of constant size.

The computer's marks are glyphs in yellow, blue or orange, measurements thin pale green lines with
their values: a finding is neither, also for colour-blind readers, by its colour (reddish purple of
Okabe and Ito, 2008), its numbered plate, and its dashes where another finding is selected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from mammoview.domain.geometry import ImagePoint
from mammoview.ui.viewport import layers
from mammoview.ui.viewport.measure_labels import label_place
from mammoview.ui.viewport.measure_layer import label_font, words_size
from mammoview.ui.viewport.pane_view import PaneView

COLOUR = "#cc79a7"
_HALO = QColor(0, 0, 0, 190)
_PLATE_TEXT = QColor(0, 0, 0)
_LINE, _SELECTED_LINE = 1.6, 2.6
_SPOT_PX = 9.0
_DASHES = (7.0, 3.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnFinding:
    """One outline of a finding as it is to be drawn, with the words on its plate."""

    view: PaneView
    finding_id: str
    outline: tuple[ImagePoint, ...]
    text: str
    selected: bool

    def path(self) -> QPainterPath:
        """Return its line on the screen; a ring of constant size for a single place."""
        at = [self.view.to_screen(point) for point in self.outline]
        path = QPainterPath(at[0])
        if len(at) == 1:
            path.addEllipse(at[0], _SPOT_PX, _SPOT_PX)
            return path
        for point in at[1:]:
            path.lineTo(point)
        path.closeSubpath()
        return path


class FindingLayer(QGraphicsItem):
    """Draws findings in screen pixels over the panes, under the marks."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(layers.FINDING)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._bounds = QRectF()
        self._drawn: tuple[DrawnFinding, ...] = ()
        self._plates: list[QRectF] = []

    @property
    def drawn(self) -> tuple[DrawnFinding, ...]:
        """What is drawn, the selected one last."""
        return self._drawn

    @property
    def plates(self) -> tuple[QRectF, ...]:
        """Where the plates were drawn last, in the order of what is drawn."""
        return tuple(self._plates)

    def draw(self, drawn: Sequence[DrawnFinding], bounds: QRectF) -> None:
        """Take other findings; ``bounds`` is the canvas."""
        self.prepareGeometryChange()
        self._bounds = bounds
        self._drawn = tuple(sorted(drawn, key=lambda item: item.selected))
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
        """Draw all outlines, then all plates: none lies under a line."""
        self._plates = []
        if not self._drawn:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paths = [item.path() for item in self._drawn]
        for item, path in zip(self._drawn, paths, strict=True):
            painter.setClipRect(item.view.box.geometry())
            _paint_outline(painter, path, selected=item.selected)
        for item, path in zip(self._drawn, paths, strict=True):
            others = [other for other in paths if other is not path]
            self._plates.append(self._paint_plate(painter, item, path, others))

    def _paint_plate(
        self,
        painter: QPainter,
        item: DrawnFinding,
        path: QPainterPath,
        others: list[QPainterPath],
    ) -> QRectF:
        pane = item.view.box.geometry()
        if not path.boundingRect().adjusted(-1, -1, 1, 1).intersects(pane):
            return QRectF()  # zoomed out of sight: its plate would point at nothing
        size = words_size(item.text)
        place, _ = label_place(size, path, pane, others=others, taken=self._plates)
        painter.setClipRect(pane)
        painter.fillRect(place, QColor(COLOUR))
        if item.selected:
            painter.setPen(QPen(QColor(Qt.GlobalColor.white), 1.5))
            painter.drawRect(place)
        painter.setFont(label_font())
        painter.setPen(_PLATE_TEXT)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter.value, item.text)
        return place


def _paint_outline(painter: QPainter, path: QPainterPath, *, selected: bool) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    width = _SELECTED_LINE if selected else _LINE
    for colour, wide in ((_HALO, width + 2.5), (QColor(COLOUR), width)):
        pen = QPen(colour, wide)
        if not selected:
            pen.setDashPattern([dash / wide for dash in _DASHES])
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPath(path)
