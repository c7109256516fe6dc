"""The reader's findings over all panes: an outline and a number on a plate, of constant size.

The computer's marks are glyphs in yellow, blue or orange, measurements thin pale green lines with
their values: a finding is neither, also for colour-blind readers, by its colour (reddish purple of
Okabe and Ito, 2008), its numbered plate, and its dashes where another finding is selected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from mammoview.domain.geometry import ImagePoint
from mammoview.ui.viewport import layers
from mammoview.ui.viewport.labelled_layer import LabelledLayer, label_font, stroke, words_size
from mammoview.ui.viewport.measure_labels import label_place
from mammoview.ui.viewport.pane_view import PaneView

COLOUR = "#cc79a7"
_PLATE_TEXT = QColor(0, 0, 0)
_LINE, _SELECTED_LINE = 1.6, 2.6
_SPOT_PX = 9.0
_DASHES = (7.0, 3.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnFinding:
    """One outline of a finding as it is to be drawn, with the words on its plate."""

    view: PaneView
    finding_id: str
    outline: tuple[ImagePoint, ...]
    text: str
    selected: bool

    def path(self) -> QPainterPath:
        """Return its line on the screen; a ring of constant size for a single place."""
        at = [self.view.to_screen(point) for point in self.outline]
        path = QPainterPath(at[0])
        if len(at) == 1:
            path.addEllipse(at[0], _SPOT_PX, _SPOT_PX)
            return path
        for point in at[1:]:
            path.lineTo(point)
        path.closeSubpath()
        return path


class FindingLayer(LabelledLayer[DrawnFinding]):
    """Draws findings in screen pixels over the panes, under the marks."""

    def __init__(self) -> None:
        super().__init__(layers.FINDING)

    @property
    def plates(self) -> tuple[QRectF, ...]:
        """Where the plates were drawn last, in the order of what is drawn; empty: out of sight."""
        return tuple(self._places)

    def draw(self, drawn: Sequence[DrawnFinding], bounds: QRectF) -> None:
        """Draw other findings, the selected one uppermost; ``bounds`` is the canvas."""
        super().draw(sorted(drawn, key=lambda item: item.selected), bounds)

    def paint_line(self, painter: QPainter, item: DrawnFinding, path: QPainterPath) -> None:
        """Draw an outline: a whole line where it is selected, else dashes."""
        if item.selected:
            stroke(painter, path, COLOUR, _SELECTED_LINE)
        else:
            stroke(painter, path, COLOUR, _LINE, dashes_px=_DASHES)

    def paint_words(
        self, painter: QPainter, item: DrawnFinding, path: QPainterPath, others: list[QPainterPath]
    ) -> QRectF:
        """Draw the plate."""
        pane = item.view.box.geometry()
        size = words_size(item.text)
        taken = self.taken(item)
        place, _ = label_place(size, path, pane, others=others, taken=taken)
        painter.fillRect(place, QColor(COLOUR))
        if item.selected:
            painter.setPen(QPen(QColor(Qt.GlobalColor.white), 1.5))
            painter.drawRect(place)
        painter.setFont(label_font())
        painter.setPen(_PLATE_TEXT)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter.value, item.text)
        return place
