"""Marks as paths on the screen: from the screen positions of a mark's points to lines."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath, QPainterPathStroker, QPolygonF, QTransform

from mammoview.domain.annotation import ELLIPSES, OUTLINES, MarkKind

TICK_PX = 5.0
ARROW_PX = 13.0
_ARROW_SPREAD = math.radians(22)
_NIPPLE_PX = 9.0
_NIPPLE_GAP_PX = 3.0
_ARC_PX = 18.0


def mark_path(kind: MarkKind, at: Sequence[QPointF]) -> QPainterPath:
    """Return what is drawn of a mark whose points lie there on the screen.

    Ticks, arrow head and the nipple's cross keep their size whatever the zoom.
    """
    if kind is MarkKind.LENGTH:
        return _measured_line(*at)
    if kind is MarkKind.DIAMETERS:
        path = _measured_line(*at[:2])
        path.addPath(_measured_line(*at[2:]))
        return path
    if kind is MarkKind.ANGLE:
        return _angle(*at)
    if kind is MarkKind.ARROW:
        return _arrow(*at)
    if kind is MarkKind.PECTORAL:
        return open_line(at)
    if kind in (MarkKind.NIPPLE, MarkKind.SPOT):
        return _cross(at[0])
    if kind in ELLIPSES:
        return _ellipse(*at)
    assert kind in OUTLINES
    path = open_line(at)
    path.closeSubpath()
    return path


def open_line(at: Sequence[QPointF]) -> QPainterPath:
    """Return a line through points."""
    path = QPainterPath()
    path.addPolygon(QPolygonF(list(at)))
    return path


def cross_hair(at: QPointF, pane: QRectF) -> QPainterPath:
    """Return the keyboard's cursor: a cross over the pane with a gap, so that the place is seen."""
    gap = 8.0
    path = QPainterPath()
    for first, last in (
        (QPointF(pane.left(), at.y()), QPointF(at.x() - gap, at.y())),
        (QPointF(at.x() + gap, at.y()), QPointF(pane.right(), at.y())),
        (QPointF(at.x(), pane.top()), QPointF(at.x(), at.y() - gap)),
        (QPointF(at.x(), at.y() + gap), QPointF(at.x(), pane.bottom())),
    ):
        path.moveTo(first)
        path.lineTo(last)
    path.addRect(QRectF(at.x() - 0.5, at.y() - 0.5, 1.0, 1.0))
    return path


def near_line(path: QPainterPath, at: QPointF, reach_px: float) -> bool:
    """Tell whether a position is on the lines of a path, give or take some pixels."""
    stroker = QPainterPathStroker()
    stroker.setWidth(2 * reach_px)
    return stroker.createStroke(path).contains(at)


def _measured_line(a: QPointF, b: QPointF) -> QPainterPath:
    """Return a line with ticks across its ends: the ends themselves stay in sight."""
    path = QPainterPath(a)
    path.lineTo(b)
    way = math.hypot(b.x() - a.x(), b.y() - a.y())
    if way > 0:
        tick = QPointF(-(b.y() - a.y()), b.x() - a.x()) * (TICK_PX / way)
        for end in (a, b):
            path.moveTo(end - tick)
            path.lineTo(end + tick)
    return path


def _angle(end: QPointF, vertex: QPointF, other: QPointF) -> QPainterPath:
    path = QPainterPath(end)
    path.lineTo(vertex)
    path.lineTo(other)
    start, stop = (
        math.degrees(math.atan2(-(p.y() - vertex.y()), p.x() - vertex.x())) for p in (end, other)
    )
    sweep = (stop - start + 180) % 360 - 180
    box = QRectF(vertex.x() - _ARC_PX, vertex.y() - _ARC_PX, 2 * _ARC_PX, 2 * _ARC_PX)
    path.arcMoveTo(box, start)
    path.arcTo(box, start, sweep)
    return path


def _arrow(tip: QPointF, tail: QPointF) -> QPainterPath:
    path = QPainterPath(tail)
    path.lineTo(tip)
    towards = math.atan2(tail.y() - tip.y(), tail.x() - tip.x())
    for turn in (-_ARROW_SPREAD, _ARROW_SPREAD):
        path.moveTo(tip)
        way = QPointF(math.cos(towards + turn), math.sin(towards + turn)) * ARROW_PX
        path.lineTo(tip + way)
    return path


def _cross(at: QPointF) -> QPainterPath:
    path = QPainterPath()
    for way in (QPointF(1, 0), QPointF(-1, 0), QPointF(0, 1), QPointF(0, -1)):
        path.moveTo(at + way * _NIPPLE_GAP_PX)
        path.lineTo(at + way * _NIPPLE_PX)
    return path


def _ellipse(a: QPointF, b: QPointF, c: QPointF, d: QPointF) -> QPainterPath:
    """Return the ellipse of two conjugate diameters: the unit circle under the map of its radii."""
    u, v, middle = (b - a) / 2, (d - c) / 2, (a + b) / 2
    circle = QPainterPath()
    circle.addEllipse(QRectF(-1.0, -1.0, 2.0, 2.0))
    return QTransform(u.x(), u.y(), v.x(), v.y(), middle.x(), middle.y()).map(circle)
