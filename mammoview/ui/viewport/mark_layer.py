"""Marks of flagged regions: one glyph for each class, at the peak, and the region's outline."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

import pyqtgraph as pg
from pyqtgraph.graphicsItems.ScatterPlotItem import Symbols
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen, QPolygonF, QTransform
from PySide6.QtWidgets import (
    QGraphicsItem,
    QGraphicsPathItem,
    QGraphicsSimpleTextItem,
    QStyleOptionGraphicsItem,
    QWidget,
)

from mammoview.app.kinds import kind_text
from mammoview.app.workspace import Overlay, OverlayMode
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.prediction import Region
from mammoview.domain.reading import Disposition
from mammoview.ui.viewport import layers
from mammoview.ui.viewport.frame import Frame, to_qtransform
from mammoview.ui.viewport.screen_pen import draw_line
from mammoview.words import translate

GLYPH_PX = 22
RING_PX = 46
_ASKED = "#ffffff"
# Shape tells the class (circle: mass, triangle: calcification), colour only helps; both colours
# stay apart for colour-blind readers and from grey (Okabe and Ito, 2008).
_GLYPHS = {"mass": ("o", "#f0e442"), "calcification": ("t1", "#56b4e9")}
_OTHER_GLYPH = ("s", "#e69f00")
_HALO = QColor(0, 0, 0, 200)
_GLYPH_HALO_PX = 5.0
_ANSWER_PX = 20
_BESIDE_GLYPH_PX = (11.0, -28.0)
_ANSWERS = {Disposition.AGREE: "✓", Disposition.DISMISS: "✗", Disposition.DUPLICATE: "="}
_NO_ANSWERS: Mapping[tuple[str, ImagePoint], Disposition] = MappingProxyType({})


def glyph_of(kind: str) -> tuple[str, str]:
    """Return pyqtgraph symbol and colour of a class of finding."""
    return _GLYPHS.get(kind, _OTHER_GLYPH)


def mark_text(region: Region) -> str:
    """Return what a mark says under the mouse: class, score, and size where mm are known."""
    if not region.scored:
        return translate("Marks", "{kind}, without a score").format(kind=kind_text(region.kind))
    said = translate("Marks", "{kind}, score {score:.2f}")
    said = said.format(kind=kind_text(region.kind), score=region.score)
    if region.size_mm is None:
        return said
    length, width = region.size_mm
    return f"{said}, {length:.0f} x {width:.0f} mm"


Item: TypeAlias = QGraphicsPathItem | QGraphicsSimpleTextItem


class MarkLayer:
    """Glyphs and outlines of the regions that pass the operating point, over the pane's texts.

    Parameters
    ----------
    box : ViewBox
        The pane that the items are put into.
    """

    def __init__(self, box: pg.ViewBox) -> None:
        self._box = box
        self._over = pg.ItemGroup(box)  # lies as the box's own group does, but over its texts
        self._over.setZValue(layers.MARKS)
        self._items: list[tuple[str, Item]] = []
        self._undrawn: tuple[Region, ...] = ()
        self._frame: Frame | None = None
        self._answers = _NO_ANSWERS
        self._ring: QGraphicsPathItem | None = None
        self._shown = False
        box.sigTransformChanged.connect(self._follow)

    def _follow(self) -> None:
        self._over.setTransform(self._box.childTransform())

    @property
    def items(self) -> tuple[Item, ...]:
        """All graphics items of the marks; they are made when the marks are first seen."""
        return tuple(item for _, item in self._items)

    def places(self) -> tuple[QRectF, ...]:
        """Return where in the scene the glyphs are on the screen: words keep off."""
        half = GLYPH_PX / 2 + _GLYPH_HALO_PX
        glyphs = [item for item in self.items if item.zValue() == layers.GLYPH]
        middles = [item.scenePos() for item in glyphs if item.isVisible()]
        return tuple(QRectF(at.x() - half, at.y() - half, 2 * half, 2 * half) for at in middles)

    def set_regions(
        self,
        regions: tuple[Region, ...],
        frame: Frame | None,
        answers: Mapping[tuple[str, ImagePoint], Disposition] = _NO_ANSWERS,
    ) -> None:
        """Take the regions of another prediction; only flagged ones are drawn, once they are seen.

        An examination whose result is there already opens without waiting for hidden ones.
        ``answers`` are those of a reader, by kind and peak: an answered mark is dotted, and its
        answer stands beside it.
        """
        for _, item in self._items:
            self._box.removeItem(item)
        self._items = []
        self._undrawn = tuple(region for region in regions if region.flagged)
        self._frame, self._answers = frame, answers

    def _draw(self) -> None:
        if self._frame is None:
            return
        for region in self._undrawn:
            answer = self._answers.get((region.kind, region.peak))
            self._add_region(region, self._frame, answer)
        self._undrawn = ()

    def _add_region(self, region: Region, frame: Frame, answer: Disposition | None) -> None:
        self._add(region, _outline(region, frame, dotted=answer is not None), layers.OUTLINE)
        self._add(region, _glyph(region, frame), layers.GLYPH)
        if answer is not None:
            self._add(region, _answer(region, frame, answer), layers.GLYPH)

    def set_overlay(self, overlay: Overlay) -> None:
        """Show or hide the marks of each class."""
        self._shown = overlay.mode in (OverlayMode.MARKS, OverlayMode.BOTH) and not overlay.peeking
        if self._shown:
            self._draw()
        for kind, item in self._items:
            item.setVisible(self._shown and kind in overlay.kinds)
        if self._ring is not None:
            self._ring.setVisible(self._shown)

    @property
    def ringed(self) -> bool:
        """Whether the mark that is to be answered is here."""
        return self._ring is not None

    def set_asked(self, peak: ImagePoint | None, frame: Frame | None) -> None:
        """Draw a ring round the mark that the reader is to answer, or none."""
        if self._ring is not None:
            self._box.removeItem(self._ring)
            self._ring = None
        if peak is None or frame is None:
            return
        self._ring = _glyph_at(peak, frame, ("o", _ASKED), RING_PX)
        self._ring.setZValue(layers.GLYPH)
        self._ring.setVisible(self._shown)
        self._ring.setParentItem(self._over)

    def _add(self, region: Region, item: Item, z: int) -> None:
        item.setZValue(z)
        item.setToolTip(mark_text(region))
        item.hide()
        item.setParentItem(self._over)
        self._items.append((region.kind, item))


class _MarkItem(QGraphicsPathItem):
    """A smooth line, light over a dark halo, whatever the images under it are drawn with."""

    def __init__(
        self, path: QPainterPath, colour: str, *, width_px: float, halo_px: float, dotted: bool
    ) -> None:
        super().__init__(path)
        # How much of the scene is painted anew follows from this pen; none is drawn with it.
        self.setPen(QPen(_HALO, halo_px))
        self._colour, self._width_px, self._halo_px = QColor(colour), width_px, halo_px
        self._style = Qt.PenStyle.DotLine if dotted else Qt.PenStyle.SolidLine

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_line(
            painter,
            self.path(),
            self._colour,
            self._width_px,
            halo=_HALO,
            halo_px=self._halo_px,
            style=self._style,
        )


def _outline(region: Region, frame: Frame, *, dotted: bool) -> _MarkItem:
    """Return the outline of a region, in the coordinates of its image."""
    path = QPainterPath()
    path.addPolygon(QPolygonF([QPointF(p.col, p.row) for p in region.outline]))
    path.closeSubpath()
    colour = glyph_of(region.kind)[1]
    item = _MarkItem(path, colour, width_px=1.6, halo_px=4.0, dotted=dotted)
    item.setTransform(to_qtransform(frame.to_units))
    return item


def _glyph(region: Region, frame: Frame) -> _MarkItem:
    """Return the glyph of a region's class at its peak."""
    return _glyph_at(region.peak, frame, glyph_of(region.kind), GLYPH_PX)


def _glyph_at(place: ImagePoint, frame: Frame, look: tuple[str, str], size_px: int) -> _MarkItem:
    """Return a hollow glyph of constant screen size."""
    symbol, colour = look
    path = QTransform.fromScale(size_px, size_px).map(Symbols[symbol])
    item = _MarkItem(path, colour, width_px=2.2, halo_px=_GLYPH_HALO_PX, dotted=False)
    item.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations)
    at = frame.to_units.apply(place)
    item.setPos(at.col, at.row)
    return item


def _answer(region: Region, frame: Frame, answer: Disposition) -> QGraphicsSimpleTextItem:
    """Return the sign of an answer beside the glyph: a tick, a cross, or "the same"."""
    item = QGraphicsSimpleTextItem(_ANSWERS[answer])
    font = QFont("Sans Serif")
    font.setPixelSize(_ANSWER_PX)
    font.setBold(True)
    item.setFont(font)
    item.setBrush(QColor(glyph_of(region.kind)[1]))
    pen = QPen(_HALO, 0.8)
    item.setPen(pen)
    item.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations)
    at = frame.to_units.apply(region.peak)
    item.setPos(at.col, at.row)
    item.setTransform(QTransform.fromTranslate(*_BESIDE_GLYPH_PX))
    return item
