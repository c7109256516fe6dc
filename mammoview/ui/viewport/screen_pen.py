"""Pens for items that lie in an image's own coordinates: of one width on every screen and zoom."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPen


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
