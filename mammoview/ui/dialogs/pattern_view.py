"""A test pattern on the screen, one cell to a device pixel, never scaled and never smoothed."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from mammoview.imaging.patterns import Letters, Pattern, PatternName, draw
from mammoview.words import translate


class PatternView(QWidget):
    """Fills itself with a pattern, drawn anew for each size."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("patternView")
        self.setAccessibleName(translate("DisplayCheck", "Test pattern"))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._name = PatternName.OVERALL
        self._image = QImage()
        self._pattern: Pattern | None = None
        self._drawn: tuple[PatternName, int, int] | None = None

    @property
    def name(self) -> PatternName:
        """Which pattern is shown."""
        return self._name

    def set_pattern(self, name: PatternName) -> None:
        """Show another pattern."""
        self._name = name
        self.update()

    def is_free(self, place: QRect) -> bool:
        """Tell whether a place in this widget covers nothing that is looked at."""
        ratio = self.devicePixelRatioF()
        return self._now().is_free(
            row=math.floor(place.y() * ratio),
            col=math.floor(place.x() * ratio),
            height=math.ceil(place.height() * ratio),
            width=math.ceil(place.width() * ratio),
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Copy the finished picture: device pixel to device pixel."""
        pattern = self._now()
        if self._image.isNull():
            self._image = pattern_image(pattern)
        self._image.setDevicePixelRatio(self.devicePixelRatioF())
        painter = QPainter(self)
        painter.drawImage(QPointF(0, 0), self._image)

    def _now(self) -> Pattern:
        """Return the pattern in the size of this widget, drawn once."""
        ratio = self.devicePixelRatioF()
        wanted = (self._name, round(self.height() * ratio), round(self.width() * ratio))
        if self._pattern is None or wanted != self._drawn:
            self._pattern, self._drawn, self._image = draw(*wanted), wanted, QImage()
        return self._pattern


def pattern_image(pattern: Pattern) -> QImage:
    """Return a pattern as a picture of exact greys, its letters included."""
    rows, cols = pattern.grey.shape
    grey = pattern.grey
    flat = QImage(grey.tobytes(), cols, rows, cols, QImage.Format.Format_Grayscale8)
    image = flat.convertToFormat(QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing, False)
    for word in pattern.letters:
        _write(painter, word)
    painter.end()
    return image


def _write(painter: QPainter, word: Letters) -> None:
    """Write a word whose letters fade; without smoothing, which would mix other greys."""
    cell = word.width / len(word.text)
    font = QFont("Sans Serif")
    font.setPixelSize(max(5, int(cell)))
    font.setBold(True)
    font.setStyleStrategy(QFont.StyleStrategy.NoAntialias)
    painter.setFont(font)
    for number, (letter, grey) in enumerate(zip(word.text, word.greys(), strict=True)):
        painter.setPen(QColor(grey, grey, grey))
        box = QRectF(word.col + number * cell, word.row, cell, word.height)
        painter.setClipRect(box)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, letter)
    painter.setClipping(False)
