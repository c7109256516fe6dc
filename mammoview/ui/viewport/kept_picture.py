"""The part of a scaled picture that is on the screen, kept: what is painted again costs a copy.

Scaling is the dearest part of a frame.  Where the same picture lies at the same place as before,
for only something over it has changed, its scaled pixels are copied, which gives the same to the
bit.  While a hand moves it by whole pixels of the screen they are moved along, and only what came
into sight is scaled; at rest it is scaled anew, so that nothing on the screen tells how it came
there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap, QRegion, QTransform

_SAME_SCALE = 1e-9
_WHOLE_PX = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """Which picture was shown and how it lay in a pane, device pixels of the pane.

    ``at`` is the pane's corner in the canvas; ``covered`` the pixels of the pane under the picture.
    """

    picture: int
    lie: QTransform
    at: QPoint
    size: QSize
    covered: QRect

    def steps_to(self, other: _Shown) -> QPoint | None:
        """Return by how many whole pixels the same picture lies elsewhere; None if it differs."""
        if (self.picture, self.at, self.size) != (other.picture, other.at, other.size):
            return None
        for one, two in ((self.lie.m11(), other.lie.m11()), (self.lie.m22(), other.lie.m22())):
            if not math.isclose(one, two, rel_tol=_SAME_SCALE):
                return None
        right, down = other.lie.dx() - self.lie.dx(), other.lie.dy() - self.lie.dy()
        steps = QPoint(round(right), round(down))
        near = max(abs(right - steps.x()), abs(down - steps.y())) < _WHOLE_PX
        return steps if near else None


class KeptPicture:
    """Draws a picture in a pane, and keeps what it drew."""

    def __init__(self) -> None:
        self._shown: _Shown | None = None
        self._pixels: QPixmap | None = None
        self._moved = False

    def forget(self) -> None:
        """Let the pixels go."""
        self._shown = self._pixels = None
        self._moved = False

    @property
    def moved(self) -> bool:
        """Whether pixels were moved along since the picture was last scaled as a whole."""
        return self._moved

    def draw(self, painter: QPainter, image: QImage, room: QRectF, *, moving: bool) -> None:
        """Draw a picture whose first corner is the painter's origin.

        Parameters
        ----------
        painter : QPainter
            Its world maps the picture to logical pixels of the canvas.
        image : QImage
            Opaque.
        room : QRectF
            The pane that it is clipped to, logical pixels of the canvas.
        moving : bool
            Whether a hand is moving it.
        """
        ratio = painter.deviceTransform().m11() / painter.worldTransform().m11()
        before, now = self._shown, _shown_now(painter, image, room, ratio)
        self._shown = now
        steps = before.steps_to(now) if before is not None and now is not None else None
        if now is None or before is None or steps is None or not (moving or before == now):
            self._pixels, self._moved = None, False
            _draw_inside(painter, image, room)
            return
        if self._pixels is None:
            self._pixels = QPixmap(now.size)
            _scale(self._pixels, image, now, QRegion(now.covered))
        elif not steps.isNull():
            self._move(self._pixels, image, before, now, steps)
        painter.save()
        painter.setWorldTransform(QTransform.fromScale(1.0 / ratio, 1.0 / ratio))
        painter.drawPixmap(now.at + now.covered.topLeft(), self._pixels, now.covered)
        painter.restore()

    def _move(
        self, pixels: QPixmap, image: QImage, before: _Shown, now: _Shown, steps: QPoint
    ) -> None:
        """Move the pixels along, and scale what came into sight."""
        pixels.scroll(steps.x(), steps.y(), before.covered.united(now.covered))
        came = QRegion(now.covered) - QRegion(before.covered.translated(steps))
        _scale(pixels, image, now, came)
        self._moved = True


def _scale(pixels: QPixmap, image: QImage, now: _Shown, parts: QRegion) -> None:
    """Scale parts of a picture into the pixels of its pane."""
    painter = QPainter(pixels)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setClipRegion(parts)
    painter.fillRect(now.covered, Qt.GlobalColor.black)
    painter.setTransform(now.lie)
    painter.drawImage(QPointF(0.0, 0.0), image)
    painter.end()


def _draw_inside(painter: QPainter, image: QImage, room: QRectF) -> None:
    """Scale a picture onto the canvas; a view box lets it out by a pixel."""
    painter.save()
    lie = painter.worldTransform()
    painter.resetTransform()
    painter.setClipRect(room, Qt.ClipOperation.IntersectClip)
    painter.setWorldTransform(lie)
    painter.drawImage(QPointF(0.0, 0.0), image)
    painter.restore()


def _shown_now(painter: QPainter, image: QImage, room: QRectF, ratio: float) -> _Shown | None:
    """Return how a picture is to be shown; None where its pixels cannot be copied one to one."""
    device = QRectF(room.topLeft() * ratio, room.size() * ratio)
    at, size = device.topLeft().toPoint(), device.size().toSize()
    fits = ratio == round(ratio) and QRectF(at, size) == device and not size.isEmpty()
    if not fits or painter.worldTransform().isRotating():
        return None
    lie = painter.worldTransform() * QTransform.fromScale(ratio, ratio)
    lie *= QTransform.fromTranslate(-at.x(), -at.y())
    covered = lie.mapRect(QRectF(image.rect())).toAlignedRect() & QRect(QPoint(0, 0), size)
    return _Shown(picture=image.cacheKey(), lie=lie, at=at, size=size, covered=covered)
