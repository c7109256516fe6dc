"""Lines of items that lie in an image's own coordinates: of one width on every screen and zoom."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen


def screen_pen(
    painter: QPainter,
    colour: QColor,
    width_px: float,
    style: Qt.PenStyle = Qt.PenStyle.SolidLine,
) -> QPen:
    """Return a pen whose width does not follow the painter's scale.

    Qt counts the width of a cosmetic pen in device pixels (`QPen.setCosmetic`): without the
    screen's ratio a line on a screen of two device pixels to one is half as wide as it should be.

    Parameters
    ----------
    painter : QPainter
        What the pen is for; its device tells how many device pixels a logical one has.
    colour : QColor
        Its colour.
    width_px : float
        Its width, logical pixels of the screen.
    style : Qt.PenStyle, optional
        Solid, dashed or dotted.
    """
    pen = QPen(colour, width_px * painter.device().devicePixelRatioF(), style)
    pen.setCosmetic(True)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen


def draw_line(
    painter: QPainter,
    path: QPainterPath,
    colour: QColor,
    width_px: float,
    *,
    halo: QColor,
    halo_px: float,
    style: Qt.PenStyle = Qt.PenStyle.SolidLine,
) -> None:
    """Draw a line over a wider dark one, so that it is seen on air and on tissue.

    Parameters
    ----------
    painter : QPainter
        Draws it.
    path : QPainterPath
        The line, in the item's coordinates.
    colour, width_px : QColor, float
        Its colour, and its width in logical pixels of the screen.
    halo, halo_px : QColor, float
        Colour and width of what is under it.
    style : Qt.PenStyle, optional
        Solid, dashed or dotted.
    """
    for paint, wide in ((halo, halo_px), (colour, width_px)):
        painter.setPen(screen_pen(painter, paint, wide, style))
        painter.drawPath(path)
