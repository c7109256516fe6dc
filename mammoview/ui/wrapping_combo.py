"""A list whose chosen line is broken where the list is too narrow for it, and never cut.

An opinion is read back before it is locked: "BI-RADS 4A: low susp…" is none.
"""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

from mammoview.ui.steady import SteadyCombo

_INSET_PX = 4  # that styles keep free within the field
_HIGH = 10_000
_LINES = Qt.AlignmentFlag.AlignVCenter.value | Qt.TextFlag.TextWordWrap.value


class WrappingCombo(SteadyCombo):
    """A list as high as its chosen line needs at its width."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.currentTextChanged.connect(self._fit)

    def sizeHint(self) -> QSize:
        """Return the usual width, and the height that the words need in the width it has."""
        return self._high_enough(super().sizeHint())

    def minimumSizeHint(self) -> QSize:
        """Return the least width, and the height that the words need in the width it has."""
        return self._high_enough(super().minimumSizeHint())

    def setPlaceholderText(self, text: str) -> None:
        """Say something else where nothing is chosen."""
        super().setPlaceholderText(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Ask for another height at another width."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the chosen line, or what stands where none is, on as many lines as it needs."""
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        role = QPalette.ColorRole.ButtonText
        if self.currentIndex() < 0:
            role = QPalette.ColorRole.PlaceholderText
        painter.setPen(option.palette.color(role))
        painter.drawText(self._field(), _LINES, self._words())

    def _fit(self) -> None:
        self.updateGeometry()
        self.update()

    def _words(self) -> str:
        return self.currentText() if self.currentIndex() >= 0 else self.placeholderText()

    def _field(self) -> QRect:
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        control, field = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(control, option, field, self)
        return room.adjusted(_INSET_PX // 2, 0, -_INSET_PX // 2, 0)

    def _high_enough(self, hint: QSize) -> QSize:
        lines = QRect(0, 0, max(1, self._field().width()), _HIGH)
        needed = self.fontMetrics().boundingRect(lines, _LINES, self._words() or " ").height()
        more = max(0, needed - self.fontMetrics().boundingRect(lines, _LINES, " ").height())
        return QSize(hint.width(), hint.height() + more)
