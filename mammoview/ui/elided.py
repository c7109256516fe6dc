"""Lists and buttons that end in three dots where their words have no room.

The words stand whole in the tooltip, which a screen reader says too; Qt's own would cut them in the
middle of a letter.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QComboBox,
    QPushButton,
    QStyle,
    QStyleOptionButton,
    QStyleOptionComboBox,
    QStylePainter,
)

from mammoview.ui.steady import SteadyCombo

_INSET_PX = 4  # that styles keep free within the field of a list


class ElidedCombo(SteadyCombo):
    """A list whose chosen line may be longer than it is wide."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the chosen line, or what stands where none is, as far as there is room."""
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        if self.currentIndex() < 0 and self.placeholderText():
            faint = self.palette().color(QPalette.ColorRole.PlaceholderText)
            option.palette.setColor(QPalette.ColorRole.ButtonText, faint)
            option.currentText = self.placeholderText()
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        room = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox,
            option,
            QStyle.SubControl.SC_ComboBoxEditField,
            self,
        )
        option.currentText = _elided(self, option.currentText, room.width() - _INSET_PX)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)


class ElidedButton(QPushButton):
    """A button whose words may be longer than it is wide."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the words as far as there is room."""
        painter = QStylePainter(self)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        style = self.style()
        room = style.subElementRect(QStyle.SubElement.SE_PushButtonContents, option, self).width()
        if self.menu() is not None:
            room -= style.pixelMetric(QStyle.PixelMetric.PM_MenuButtonIndicator, option, self)
        option.text = _elided(self, option.text, room)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)


def _elided(widget: QComboBox | QPushButton, text: str, width: int) -> str:
    return widget.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width)
