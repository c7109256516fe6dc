"""Lines with words beside them, over all panes in screen pixels: all lines, then all words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPainterPath,
    QPainterPathStroker,
    QPen,
    QRegion,
)
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from mammoview.ui.viewport.pane_view import PaneView

_HALO = QColor(0, 0, 0, 190)
_HALO_PX = 2.5
_FONT_PX = 13
_FREE_PX = 12.0
_SMALL_PX = 60.0


class Labelled(Protocol):
    """What such a layer draws: a line in one pane."""

    @property
    def view(self) -> PaneView:
        """The pane that it is in, and clipped to."""

    def path(self) -> QPainterPath:
        """Return its line on the screen."""


D = TypeVar("D", bound=Labelled)


class LabelledLayer(QGraphicsItem, Generic[D]):
    """Draws lines and their words; a subclass says how each looks.

    Parameters
    ----------
    z : float
        What it lies over (`layers`).
    """

    def __init__(self, z: float) -> None:
        super().__init__()
        self.setZValue(z)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._bounds = QRectF()
        self._drawn: tuple[D, ...] = ()
        self._places: list[QRectF] = []  # of the words, in the order of what is drawn
        self._veil = QRectF()

    @property
    def drawn(self) -> tuple[D, ...]:
        """What is drawn, the uppermost last."""
        return self._drawn

    def draw(self, drawn: Sequence[D], bounds: QRectF) -> None:
        """Draw something else; ``bounds`` is the canvas."""
        self.prepareGeometryChange()
        self._bounds = bounds
        self._drawn = tuple(drawn)
        self.update()

    def keep_off(self, veil: QRectF) -> None:
        """Keep words off what lies over the canvas there; empty: nothing does."""
        self._veil = veil

    def regions(self) -> list[QRegion]:
        """Return where the lines are on the screen; of a small one also what it encloses."""
        pen = QPainterPathStroker()
        pen.setWidth(_FREE_PX)
        # A pane may have let its image go, and what hangs now is not drawn yet.
        there = (item for item in self._drawn if item.view.placement is not None)
        return [
            _region(pen.createStroke(path)) + (_region(path) if _is_small(path) else QRegion())
            for item in there
            if (path := item.path()).boundingRect().intersects(item.view.box.geometry())
        ]

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
        self._places = []
        if not self._drawn:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paths = [item.path() for item in self._drawn]
        for item, path in zip(self._drawn, paths, strict=True):
            painter.setClipRect(item.view.box.geometry())
            self.paint_line(painter, item, path)
        for item, path in zip(self._drawn, paths, strict=True):
            pane = item.view.box.geometry()
            place = QRectF()
            # Zoomed out of sight, its words would point at nothing.
            if path.boundingRect().adjusted(-1, -1, 1, 1).intersects(pane):
                painter.setClipRect(pane)
                others = [other for other in paths if other is not path]
                place = self.paint_words(painter, item, path, others)
            self._places.append(place)

    def paint_line(self, painter: QPainter, item: D, path: QPainterPath) -> None:
        """Draw the line of one item, clipped to its pane; a subclass has its own look."""

    def paint_words(
        self, painter: QPainter, item: D, path: QPainterPath, others: list[QPainterPath]
    ) -> QRectF:
        """Draw the words of one item beside its line; return where, empty for none.

        Parameters
        ----------
        painter : QPainter
            Clipped to the item's pane.
        item : D
            Whose words.
        path : QPainterPath
            Its line on the screen.
        others : list of QPainterPath
            The lines of the others, to keep off.
        """
        return QRectF()

    def taken(self, item: D) -> list[QRectF]:
        """Return where words stand already: those of this layer, and what the pane holds."""
        return [*self._places, *item.view.taken(), self._veil]


def _is_small(path: QPainterPath) -> bool:
    """Tell whether what a line encloses is seen as one thing with it."""
    size = path.boundingRect().size()
    return max(size.width(), size.height()) <= _SMALL_PX


def _region(path: QPainterPath) -> QRegion:
    return QRegion(path.toFillPolygon().toPolygon(), Qt.FillRule.WindingFill)


def words_size(text: str) -> QSizeF:
    """Return the size of words with their plate, pixels."""
    # Not so many times the line's spacing: letters of another font than the first make it higher.
    size = QFontMetricsF(label_font()).size(0, text)
    return QSizeF(math.ceil(size.width()) + 10, math.ceil(size.height()) + 4)


def label_font() -> QFont:
    """Return the font of words on the images."""
    font = QFont("Sans Serif")
    font.setPixelSize(_FONT_PX)
    return font


def stroke(
    painter: QPainter,
    path: QPainterPath,
    colour: str,
    width_px: float,
    *,
    dotted: bool = False,
    dashes_px: tuple[float, ...] = (),
) -> None:
    """Draw a line on a dark halo, so that it is seen on bright tissue and on air."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for paint, wide in ((_HALO, width_px + _HALO_PX), (QColor(colour), width_px)):
        pen = QPen(paint, wide)
        if dotted:
            pen.setStyle(Qt.PenStyle.DotLine)
        elif dashes_px:
            pen.setDashPattern([dash / wide for dash in dashes_px])
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPath(path)
