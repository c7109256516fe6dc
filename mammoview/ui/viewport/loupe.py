"""The loupe: stored pixels at full resolution in a glass over the images, its words beside it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from mammoview.words import translate

_FRAME_PX = 2
_TEXT_PX = 12
_WORDS_PX = 4
_NOTCH_PX = 7.0
_RIM = QColor("#f2f2f2")
_TWIN_RIM = QColor("#cc79a7")


def pixels_across(glass_px: int, magnification: int, device_pixel_ratio: float) -> int:
    """Return how many stored pixels fit across a glass: odd, so that one is in the middle."""
    fit = max(1, math.floor(glass_px * device_pixel_ratio) // magnification)
    return fit if fit % 2 else fit - 1


class Loupe(QWidget):
    """A square glass with a rim, and its words under or over it, never on the spot.

    Each stored pixel covers a whole number of device pixels, so that nothing is averaged.

    Parameters
    ----------
    name : str
        Object name.
    twin : bool
        Whether it shows the other breast: then its rim has another colour.
    """

    def __init__(self, name: str, parent: QWidget, *, twin: bool = False) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        other = translate("Loupe", "Loupe in the other breast")
        self.setAccessibleName(other if twin else translate("Loupe", "Loupe"))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        # Glass and words cover the whole widget: nothing under it need be drawn when it moves.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._rim = _TWIN_RIM if twin else _RIM
        self._pixels = np.zeros((1, 1), np.uint8)
        self._image = QImage()
        self._words = ""
        self._glass = QRect()
        self._text = QRect()
        self.hide()

    @property
    def words(self) -> str:
        """What is said beside the glass."""
        return self._words

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The greys of the stored pixels shown, ``(n, n)``."""
        return self._pixels

    def glass(self) -> QRect:
        """Return where the glass is, in the parent."""
        return self._glass.translated(self.pos())

    def look(
        self, pixels: NDArray[np.uint8], magnification: int, at: QPointF, words: str, room: QRect
    ) -> None:
        """Show pixels round a spot.

        Parameters
        ----------
        pixels : ndarray of uint8, (n, n)
            Greys; the middle one is the spot's.
        magnification : int
            Device pixels to a stored pixel, each way.
        at : QPointF
            Where the spot is, in the parent; the glass lies over it, kept within ``room``.
        words : str
            Said beside the glass.
        room : QRect
            The part of the parent to stay in.
        """
        self._pixels, self._words = pixels, words
        ratio = self.devicePixelRatioF()
        self._image = _enlarged(pixels, magnification)
        self._image.setDevicePixelRatio(ratio)
        side = math.ceil(pixels.shape[0] * magnification / ratio)
        glass = QRect(0, 0, side + 2 * _FRAME_PX, side + 2 * _FRAME_PX)
        glass.moveCenter(at.toPoint())
        glass = _kept(glass, room)
        text = self._text_size(glass.width())
        # Over the glass only where there is no room under it; where there is for neither, the
        # glass gives way, for the words never lie on it.
        over = glass.bottom() + text.height() > room.bottom() and (
            glass.top() - text.height() >= room.top()
        )
        top = glass.top() - text.height() if over else glass.bottom() + 1
        box = QRect(QPoint(glass.left(), top), text)
        shift = _kept(glass.united(box), room).topLeft() - glass.united(box).topLeft()
        self._show(glass.translated(shift), box.translated(shift))

    def _show(self, glass: QRect, text: QRect) -> None:
        whole = glass.united(text)
        self._glass = glass.translated(-whole.topLeft())
        self._text = text.translated(-whole.topLeft())
        self.setGeometry(whole)
        self.setVisible(True)
        self.update()

    def _text_size(self, width: int) -> QSize:
        room = QRect(0, 0, width - 2 * _WORDS_PX, 10_000)
        lines = QFontMetrics(_font()).boundingRect(room, Qt.TextFlag.TextWordWrap, self._words)
        return QSize(width, lines.height() + 2 * _WORDS_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw pixels without smoothing, the rim, and the words on their own plate."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(0, 0, 0))
        # At a point and not into a rectangle: nothing can stretch it.
        painter.drawImage(self._glass.topLeft() + QPoint(_FRAME_PX, _FRAME_PX), self._image)
        painter.setPen(QPen(self._rim, _FRAME_PX))
        painter.drawRect(QRectF(self._glass).adjusted(1, 1, -1, -1))
        self._notch(painter)
        painter.setFont(_font())
        painter.setPen(self._rim)
        inset = self._text.adjusted(_WORDS_PX, _WORDS_PX, -_WORDS_PX, -_WORDS_PX)
        painter.drawText(inset, Qt.TextFlag.TextWordWrap, self._words)

    def _notch(self, painter: QPainter) -> None:
        """Mark the middle on the rim, where it covers nothing: there the lines of the spot meet."""
        rim, middle = QRectF(self._glass), QRectF(self._glass).center()
        for x0, y0, dx, dy in (
            (middle.x(), rim.top(), 0.0, _NOTCH_PX),
            (middle.x(), rim.bottom(), 0.0, -_NOTCH_PX),
            (rim.left(), middle.y(), _NOTCH_PX, 0.0),
            (rim.right(), middle.y(), -_NOTCH_PX, 0.0),
        ):
            painter.drawLine(QPointF(x0, y0), QPointF(x0 + dx, y0 + dy))


def _enlarged(pixels: NDArray[np.uint8], times: int) -> QImage:
    """Return an image in which each pixel is a square of so many device pixels."""
    # 0xffRRGGBB: what the screen takes without a conversion.
    packed = pixels.astype(np.uint32) * 0x010101 | 0xFF000000
    large = np.ascontiguousarray(packed.repeat(times, axis=0).repeat(times, axis=1))
    rows, cols = large.shape
    return QImage(large.data, cols, rows, 4 * cols, QImage.Format.Format_RGB32).copy()


def _font() -> QFont:
    font = QFont("Sans Serif")
    font.setPixelSize(_TEXT_PX)
    return font


def _kept(rect: QRect, room: QRect) -> QRect:
    """Return a rectangle moved into a room, as far as it fits."""
    left = max(room.left(), min(rect.left(), room.right() - rect.width() + 1))
    top = max(room.top(), min(rect.top(), room.bottom() - rect.height() + 1))
    return QRect(QPoint(left, top), rect.size())
