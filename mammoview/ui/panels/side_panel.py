"""The right-hand panel: examinations, overlay, marks, reading.  It can be folded away."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from mammoview.app.reading import ReadingDesk
from mammoview.app.workspace import Workspace
from mammoview.ui.panels.coverage_panel import CoveragePanel
from mammoview.ui.panels.exam_list import ExamList
from mammoview.ui.panels.marks_panel import MarksPanel
from mammoview.ui.panels.overlay_panel import OverlayPanel
from mammoview.ui.panels.patient_panel import PatientPanel
from mammoview.ui.panels.reading_panel import ReadingPanel
from mammoview.words import translate

WIDTH_PX = 264
# A language with longer words gets a wider panel, up to here.
_WIDEST_PX = 460


class SidePanel(QScrollArea):
    """Stacks the panels; scrolls when the window is low."""

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sideScroll")
        self.setAccessibleName(translate("Window", "Side panel"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = self._inner = QWidget(self)
        inner.setObjectName("sidePanel")
        self._exams = ExamList(desk, inner)
        self._patient = PatientPanel(desk, inner)
        self._overlay = OverlayPanel(desk, inner)
        self._marks = MarksPanel(desk, inner)
        self._coverage = CoveragePanel(desk, inner)
        self._reading = ReadingPanel(desk, inner)
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(12, 6, 12, 8)
        layout.setSpacing(8)
        for panel in self._panels():
            layout.addWidget(panel)
        layout.addStretch(1)
        self.setWidget(inner)

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state."""
        for panel in self._panels():
            panel.render(old, new)

    def showEvent(self, event: QShowEvent) -> None:
        """Take the width that the words need, now that the look is known."""
        super().showEvent(event)
        needed = self._inner.minimumSizeHint().width()
        needed += self.verticalScrollBar().sizeHint().width()
        self.setFixedWidth(min(max(WIDTH_PX, needed), _WIDEST_PX))

    def _panels(
        self,
    ) -> tuple[ExamList, PatientPanel, OverlayPanel, MarksPanel, CoveragePanel, ReadingPanel]:
        first = (self._exams, self._patient, self._overlay, self._marks)
        return (*first, self._coverage, self._reading)
