"""A four-view on the screen, pictures of it, and a mouse."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QImage, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mammoview.ui.viewport.four_view import FourView

SIZE = QSize(801, 620)


@pytest.fixture
def view(qtbot: QtBot) -> FourView:
    """A shown four-view."""
    widget = FourView()
    qtbot.addWidget(widget)
    widget.resize(SIZE)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


@pytest.fixture
def picture() -> Callable[[FourView], NDArray[np.int32]]:
    """Return red, green and blue of what a four-view shows, ``(rows, cols, 3)``."""

    def grab(widget: FourView) -> NDArray[np.int32]:
        grabbed = widget.grab().toImage()
        shot = grabbed.convertToFormat(QImage.Format.Format_RGBX8888)
        data = np.frombuffer(shot.constBits(), np.uint8).reshape(shot.height(), -1, 4)
        return data[:, : shot.width(), :3].astype(np.int32)

    return grab


class Mouse:
    """Sends real events to the surface of a four-view."""

    def __init__(self, widget: FourView) -> None:
        self._target = widget.canvas.viewport()
        self.modifiers = Qt.KeyboardModifier.NoModifier  # that are held down from now on

    def _send(self, kind: QEvent.Type, at: QPointF, button: Qt.MouseButton) -> None:
        move = kind is QEvent.Type.MouseMove
        held = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseButtonRelease else button
        event = QMouseEvent(
            kind,
            at,
            at,
            Qt.MouseButton.NoButton if move else button,
            held,
            self.modifiers,
        )
        QApplication.sendEvent(self._target, event)

    def move(self, at: QPointF) -> None:
        """Move without a button."""
        self._send(QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton)

    def press(self, at: QPointF, button: Qt.MouseButton) -> None:
        """Press a button."""
        self._send(QEvent.Type.MouseButtonPress, at, button)

    def drag_on(self, at: QPointF) -> None:
        """Move with the left button down."""
        self._send(QEvent.Type.MouseMove, at, Qt.MouseButton.LeftButton)

    def release(self, at: QPointF) -> None:
        """Let the left button go."""
        self._send(QEvent.Type.MouseButtonRelease, at, Qt.MouseButton.LeftButton)

    def drag(self, at: QPointF, way: QPointF, button: Qt.MouseButton, steps: int = 4) -> None:
        """Press, move in steps and release."""
        self.press(at, button)
        for step in range(1, steps + 1):
            self._send(QEvent.Type.MouseMove, at + way * (step / steps), button)
        self._send(QEvent.Type.MouseButtonRelease, at + way, button)

    def wheel(self, at: QPointF, notches: int) -> None:
        """Turn the wheel."""
        event = QWheelEvent(
            at,
            at,
            QPoint(),
            QPoint(0, 120 * notches),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(self._target, event)


@pytest.fixture
def mouse(view: FourView) -> Mouse:
    """A mouse over the shown four-view."""
    return Mouse(view)
