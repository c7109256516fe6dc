"""The level line: what lies as deep behind the nipple as the spot that the reader points at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from mammoview.domain.geometry import ImagePoint
from mammoview.ui.viewport import layers
from mammoview.ui.viewport.screen_pen import draw_line

_COLOUR = QColor("#7fe0b8")
_HALO = QColor(0, 0, 0, 190)
_RING_PX = 7.0


class LevelLine(QGraphicsItem):
    """Line, dashed borders of its tolerance, nipple and muscle that it goes by, over one image.

    It lies in the view box of an image and is measured in that pane's units.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(layers.LEVEL)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._lines: tuple[NDArray[np.float64], ...] = ()
        self._nipple: ImagePoint | None = None
        self._muscle: tuple[ImagePoint, ImagePoint] | None = None
        self._bounds = QRectF()

    @property
    def lines(self) -> tuple[NDArray[np.float64], ...]:
        """Polylines ``(n, 2)`` in units: the middle one first."""
        return self._lines

    @property
    def nipple(self) -> ImagePoint | None:
        """Where the ring is, in units."""
        return self._nipple

    @property
    def muscle(self) -> tuple[ImagePoint, ImagePoint] | None:
        """The muscle's edge, in units."""
        return self._muscle

    def set_shape(
        self,
        lines: tuple[NDArray[np.float64], ...],
        nipple: ImagePoint | None,
        bounds: QRectF,
        *,
        muscle: tuple[ImagePoint, ImagePoint] | None = None,
    ) -> None:
        """Draw other lines, ring and muscle; ``bounds`` is the image in units."""
        self.prepareGeometryChange()
        self._lines, self._nipple, self._bounds = lines, nipple, bounds
        self._muscle = muscle
        self.update()

    def boundingRect(self) -> QRectF:
        """Return the whole image: nothing is drawn outside it."""
        return self._bounds

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Draw each line light over a dark halo, so that it is seen on air and on tissue."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(self._bounds)
        for number, line in enumerate(self._lines):
            path = QPainterPath(QPointF(*line[0]))
            for col, row in line[1:]:
                path.lineTo(col, row)
            dashes = Qt.PenStyle.SolidLine if number == 0 else Qt.PenStyle.DashLine
            self._stroke(painter, path, 1.6 if number == 0 else 1.0, dashes)
        if self._muscle is not None:
            upper, lower = (QPointF(place.col, place.row) for place in self._muscle)
            path = QPainterPath(upper)
            path.lineTo(lower)
            self._stroke(painter, path, 1.0, Qt.PenStyle.DotLine)
        if self._nipple is not None:
            self._ring(painter, QPointF(self._nipple.col, self._nipple.row))

    def _stroke(
        self, painter: QPainter, path: QPainterPath, width: float, style: Qt.PenStyle
    ) -> None:
        draw_line(painter, path, _COLOUR, width, halo=_HALO, halo_px=width + 2.0, style=style)

    def _ring(self, painter: QPainter, at: QPointF) -> None:
        """Draw a ring of constant size on the screen."""
        radius = _RING_PX / max(painter.worldTransform().m11(), 1e-9)
        path = QPainterPath()
        path.addEllipse(at, radius, radius)
        self._stroke(painter, path, 1.4, Qt.PenStyle.SolidLine)
