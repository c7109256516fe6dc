"""Lists, numbers and sliders that the mouse wheel leaves alone: it scrolls the panel they stand in.

Qt's own take it wherever the panel happens to be scrolled under the cursor, without having been
chosen: an opinion, an answer or a threshold was changed by who only meant to read on.
"""

from __future__ import annotations

from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QSlider


class SteadyCombo(QComboBox):
    """A list that is changed by keys and clicks alone."""

    def wheelEvent(self, e: QWheelEvent) -> None:
        """Leave the wheel to what scrolls."""
        e.ignore()


class SteadySlider(QSlider):
    """A slider that is changed by keys and dragging alone."""

    def wheelEvent(self, e: QWheelEvent) -> None:
        """Leave the wheel to what scrolls."""
        e.ignore()


class SteadySpinBox(QDoubleSpinBox):
    """A number that is changed by keys and clicks alone."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to what scrolls."""
        event.ignore()
