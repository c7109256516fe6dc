"""The surface that the four panes are drawn on: turns the mouse into a reader's gestures.

Left (or middle) drag pans, right drag changes window and level, the wheel zooms at the cursor.  A
left drag belongs to the tool, where there is one that takes it.
"""

from __future__ import annotations

from typing import Protocol

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGraphicsView, QWidget

from mammoview.ui.theme import ACCENT

_NOTCH = 120.0
_PAN_BUTTONS = (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton)


class Taker(Protocol):
    """Who may take the left button, and is told where the cursor is."""

    def pressed(self, at: QPointF) -> bool:
        """Take a press, or leave it to the hand that moves the image."""
        ...

    def dragged(self, at: QPointF) -> None:
        """Go on with a press that was taken."""
        ...

    def released(self, at: QPointF) -> None:
        """End it."""
        ...

    def hovered(self, at: QPointF) -> None:
        """Know where the cursor is while no button is down."""
        ...


class Canvas(pg.GraphicsView):
    """A pyqtgraph view whose scene coordinates are its own pixels.

    Mouse events are not passed on to the scene: a drag costs no search for items.
    """

    pressed = Signal(QPointF)
    panned = Signal(QPointF, QPointF)  # position of the press; whole pixels since the last event
    windowed = Signal(QPointF)  # whole way since the press
    windowing = Signal(QPointF)  # position of the press
    released = Signal()
    zoomed = Signal(QPointF, float)  # position; notches away from the reader
    turned = Signal(QPointF, float)  # the same with Ctrl held
    hovered = Signal(QPointF)
    left = Signal()
    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        pg.GraphicsView.__init__(self, parent, useOpenGL=False, background="k")
        self.setObjectName("canvas")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        # All four images change together: finding out which part changed only costs time.
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        # One fill of black before the images is enough: else the surface under the scene, this
        # widget's own, and a kept picture of the black are painted one over the other.
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)
        self.viewport().setAutoFillBackground(False)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.taker: Taker | None = None
        self._taken: Taker | None = None
        self.with_ctrl = False  # whether the key was down at the last press or move
        self._framed = False
        self._button: Qt.MouseButton | None = None
        self._press = QPointF()
        self._last = QPointF()

    def set_framed(self, framed: bool) -> None:
        """Show, or no longer, that the keyboard came here by Tab."""
        if framed != self._framed:
            self._framed = framed
            self.viewport().update()

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Draw the frame of the keyboard over the images, which keep their place."""
        if self._framed:
            painter.setPen(QPen(QColor(ACCENT), 1.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.viewport().rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def mousePressEvent(self, ev: QMouseEvent) -> None:
        """Begin a drag; a second button during a drag is ignored."""
        ev.accept()
        if self._button is not None:
            return
        self._button = ev.button()
        self._note_ctrl(ev)
        self._press = self._last = ev.position()
        self.pressed.emit(self._press)
        if self._button is Qt.MouseButton.RightButton:
            self.windowing.emit(self._press)
        elif self._button is Qt.MouseButton.LeftButton and self.taker is not None:
            self._taken = self.taker if self.taker.pressed(self._press) else None

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        """Go on with a drag, or tell where the cursor is."""
        ev.accept()
        self._note_ctrl(ev)
        position = ev.position()
        if self._taken is not None:
            self._taken.dragged(position)
            self.hovered.emit(position)  # the loupe follows the hand that draws
        elif self._button in _PAN_BUTTONS:
            step = self._whole(position - self._last)
            self._last = self._last + step
            if not step.isNull():
                self.panned.emit(self._press, step)
            return
        elif self._button is Qt.MouseButton.RightButton:
            self.windowed.emit(position - self._press)
        else:
            self.hovered.emit(position)
            if self.taker is not None:
                self.taker.hovered(position)
        self._last = position

    def _whole(self, way: QPointF) -> QPointF:
        """Return a way in whole device pixels; an image moved so looks the same all along."""
        ratio = self.devicePixelRatioF()
        return QPointF(round(way.x() * ratio) / ratio, round(way.y() * ratio) / ratio)

    def _note_ctrl(self, ev: QMouseEvent) -> None:
        self.with_ctrl = bool(ev.modifiers() & Qt.KeyboardModifier.ControlModifier)

    def mouseReleaseEvent(self, ev: QMouseEvent) -> None:
        """End a drag."""
        ev.accept()
        if ev.button() is self._button:
            taken, self._taken, self._button = self._taken, None, None
            if taken is not None:
                taken.released(ev.position())
            self.released.emit()

    def mouseDoubleClickEvent(self, ev: QMouseEvent) -> None:
        """Take the second press of a double click as a press."""
        self.mousePressEvent(ev)

    def wheelEvent(self, ev: QWheelEvent) -> None:
        """Zoom at the cursor; with Ctrl, tell of the turn."""
        ev.accept()
        notches = ev.angleDelta().y() / _NOTCH
        if not notches or self._button is not None:
            return
        if ev.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.turned.emit(ev.position(), notches)
        else:
            self.zoomed.emit(ev.position(), notches)

    def enterEvent(self, ev: QEnterEvent) -> None:
        """Do nothing: the scene has no hover effects."""

    def leaveEvent(self, ev: QEvent) -> None:
        """Tell that the cursor is gone."""
        self.left.emit()

    def event(self, ev: QEvent) -> bool:
        """Tell too when the same surface has other device pixels, on another screen."""
        if ev.type() is QEvent.Type.DevicePixelRatioChange:
            self.resized.emit()
        return bool(pg.GraphicsView.event(self, ev))

    def resizeEvent(self, ev: QResizeEvent | None) -> None:
        """Keep scene and widget pixels the same, and tell."""
        pg.GraphicsView.resizeEvent(self, ev)
        if ev is not None:
            self.resized.emit()
