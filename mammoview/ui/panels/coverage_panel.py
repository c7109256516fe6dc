"""Which part of each breast was on the screen at full resolution, as small maps."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from mammoview.app import coverage
from mammoview.app.reading import ReadingDesk
from mammoview.app.state.hung_views import KnownImage
from mammoview.app.workspace import ViewCoverage, Workspace
from mammoview.imaging.orientation import apply_pose
from mammoview.ui.panels.parts import heading, paragraph
from mammoview.words import translate

_MAP_PX = QSize(108, 120)
_COLUMNS = 2
_AIR, _UNSEEN, _SEEN = (12, 13, 15), (86, 60, 30), (95, 147, 163)


class CoverageMap(QWidget):
    """One breast as it hangs: seen parts light, the rest of it dark."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(_MAP_PX)
        self._picture: QImage | None = None

    def set_view(self, image: KnownImage, found: ViewCoverage) -> None:
        """Show what was seen of an image."""
        cells = np.empty((*found.seen.shape, 3), np.uint8)
        cells[:] = _AIR
        cells[image.breast] = _UNSEEN
        cells[found.seen] = _SEEN
        posed = np.ascontiguousarray(apply_pose(cells, image.pose)[0])
        rows, cols = posed.shape[:2]
        picture = QImage(posed.data, cols, rows, 3 * cols, QImage.Format.Format_RGB888)
        self._picture = picture.copy()  # the array goes away
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the map in its aspect."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(*_AIR))
        if self._picture is not None:
            size = self._picture.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRect(0, 0, size.width(), size.height())
            place.moveCenter(self.rect().center())
            painter.drawImage(place, self._picture)


class CoveragePanel(QWidget):
    """Maps of all views of the examination, two in a row, each with its share."""

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("coveragePanel")
        self.setAccessibleName(translate("Coverage", "Seen at full resolution"))
        self._rule = paragraph("coverageRule", translate("Coverage", "What counts"), self)
        self._rule.setProperty("role", "faint")
        self._rule.setText(
            translate("Coverage", "at 1:1 or larger, still for 0.25 s, under no panel or heat")
        )
        self._cells: list[tuple[CoverageMap, QLabel]] = []
        self._grid = QGridLayout()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(heading(translate("Coverage", "Seen at full resolution"), self))
        layout.addLayout(self._grid)
        layout.addWidget(self._rule)
        self.render(None, desk.workspace)

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state."""
        self.setVisible(new.coverage_shown)
        if not new.coverage_shown or (
            old is not None
            and old.coverage_shown
            and old.coverage is new.coverage
            and old.views is new.views
        ):
            return
        found = [(v, coverage.of_view(new, v)) for v in new.views if not v.prior]
        shown = [(view, part) for view, part in found if part is not None]
        self._make_room(len(shown))
        for (chart, label), (view, part) in zip(self._cells, shown, strict=False):
            assert view.known is not None
            chart.set_view(view.known, part)
            said = f"{view.mammogram.label}\n{coverage.share_text(part.share)}"
            label.setText(said)
            chart.setAccessibleName(said)
            chart.setToolTip(said)

    def _make_room(self, count: int) -> None:
        while len(self._cells) < count:
            number = len(self._cells)
            row, column = divmod(number, _COLUMNS)
            chart, label = CoverageMap(self), QLabel(self)
            chart.setObjectName(f"coverageMap-{number}")
            label.setObjectName(f"coverageShare-{number}")
            self._grid.addWidget(chart, 2 * row, column)
            self._grid.addWidget(label, 2 * row + 1, column)
            self._cells.append((chart, label))
        for number, (chart, label) in enumerate(self._cells):
            chart.setVisible(number < count)
            label.setVisible(number < count)
