"""The key to the heat's colours: one fixed scale, what it means, and how coarse it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPaintEvent, QRegion
from PySide6.QtWidgets import QWidget

from mammoview.app.workspace import OverlayMode, Workspace
from mammoview.imaging.colormap import heat_table
from mammoview.words import QT_TRANSLATE_NOOP, translate

TITLE = QT_TRANSLATE_NOOP("Legend", "finding score, not a probability of cancer")
_SIZE = QSize(286, 74)
_BAR = QRectF(12.0, 26.0, 262.0, 12.0)
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
_TISSUE_GREY = 70
_LINE_PX = 16
_LINES = Qt.AlignmentFlag.AlignHCenter.value | Qt.TextFlag.TextWordWrap.value


def native_grid(workspace: Workspace) -> str:
    """Return the size of the network's own grid, the largest of the shown views."""
    if workspace.prediction is None:
        return ""
    shapes = [m.values.shape for v in workspace.prediction.views for m in v.heatmaps]
    if not shapes:
        return ""
    rows, cols = max(shapes)
    said = translate("Legend", "network grid {cols} x {rows} cells, interpolated")
    return said.format(cols=cols, rows=rows)


def _font() -> QFont:
    font = QFont("Sans Serif")
    font.setPixelSize(11)
    return font


def _height(text: str) -> int:
    """Return what words need that are as wide as the legend, pixels; a line at least."""
    room = QRect(0, 0, _SIZE.width(), 10 * _LINE_PX)
    return max(_LINE_PX, QFontMetrics(_font()).boundingRect(room, _LINES, text).height())


class HeatLegend(QWidget):
    """A colour bar of the heat over tissue grey; shown only while heat is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("heatLegend")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._floor = 0.0
        self._opacity = 1.0
        self._grid = ""
        self.hide()

    @property
    def grid_text(self) -> str:
        """What is said about the network's own grid."""
        return self._grid

    def sizeHint(self) -> QSize:
        """Return a fixed width, and the height that its lines need in the language in use."""
        more = sum(_height(text) - _LINE_PX for text in (translate("Legend", TITLE), self._grid))
        return QSize(_SIZE.width(), _SIZE.height() + more)

    def leave_free(self, places: Sequence[QRegion]) -> None:
        """Have holes where marks and findings are, regions of the parent: none is missed."""
        left = QRegion(self.rect())
        for at in places:
            left -= at.translated(-self.pos())
        if left == QRegion(self.rect()):
            self.clearMask()
        else:
            self.setMask(left)

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the scale of a state, or nothing while no heat is on the screen."""
        if old is not None and (old.overlay, old.prediction) == (new.overlay, new.prediction):
            return
        overlay = new.overlay
        grid = native_grid(new)
        drawn = overlay.mode in (OverlayMode.HEATMAP, OverlayMode.BOTH) and not overlay.peeking
        self.setVisible(drawn and bool(grid))
        self._floor, self._opacity, self._grid = overlay.heat_floor, overlay.opacity, grid
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw title, bar, ticks and the grid's size."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(0, 0, 0, 170))
        painter.setFont(_font())
        painter.setPen(QColor("#e8e8e8"))
        title = translate("Legend", TITLE)
        painter.drawText(QRectF(0, 6, _SIZE.width(), _height(title)), _LINES, title)
        bar = _BAR.translated(0.0, _height(title) - _LINE_PX)
        painter.fillRect(bar, QColor(_TISSUE_GREY, _TISSUE_GREY, _TISSUE_GREY))
        painter.setOpacity(self._opacity)
        painter.drawImage(bar, self._colours())
        painter.setOpacity(1.0)
        painter.setPen(QColor("#c9c9c9"))
        for tick in _TICKS:
            x = bar.left() + tick * bar.width()
            painter.drawText(
                QRectF(x - 20, bar.bottom() + 2, 40, 14),
                Qt.AlignmentFlag.AlignHCenter,
                f"{tick:g}",
            )
        painter.setPen(QColor("#9a9a9a"))
        below = QRectF(0, bar.bottom() + 17, _SIZE.width(), _height(self._grid))
        painter.drawText(below, _LINES, self._grid)

    def _colours(self) -> QImage:
        row = np.ascontiguousarray(heat_table(self._floor)[None])
        image = QImage(row.data, row.shape[1], 1, QImage.Format.Format_RGBA8888)
        return image.copy()
