"""The right-hand panel: a page for the read, and one for images and overlay.  It can be folded."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import commands as reads
from mammoview.app.state.read import Page
from mammoview.app.workspace import Workspace
from mammoview.ui.panels.coverage_panel import CoveragePanel
from mammoview.ui.panels.exam_list import ExamList
from mammoview.ui.panels.marks_panel import MarksPanel
from mammoview.ui.panels.overlay_panel import OverlayPanel
from mammoview.ui.panels.parts import Panel
from mammoview.ui.panels.patient_panel import PatientPanel
from mammoview.ui.panels.read.page import ReadPage
from mammoview.ui.panels.reading_panel import ReadingPanel
from mammoview.words import translate

WIDTH_PX = 264
# A language with longer words gets a wider panel, up to here.
_WIDEST_PX = 460
_PAGES = (Page.READ, Page.IMAGES)


class SidePanel(Panel):
    """Two pages of stacked panels, each scrolling when the window is low.

    Without a log no read can begin, and there is the page of the images alone.  The page of the
    read is made with the first examination: its many fields would hold up the start of the window.
    """

    asked = Signal(object)
    """A step of the read (`app.second_read.next_step.Go`) is asked for on its page."""

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__("sidePages", translate("Window", "Side panel"), parent)
        self._desk = desk
        self._tabs = QTabBar(self)
        self._tabs.setObjectName("sideTabs")
        self._tabs.setAccessibleName(translate("Window", "Pages of the side panel"))
        self._tabs.setExpanding(True)
        self._tabs.setDrawBase(False)
        self._tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._stack = QStackedWidget(self)
        self._stack.setObjectName("sideStack")
        self._read: ReadPage | None = None
        self._exams = ExamList(desk, self)
        self._patient = PatientPanel(desk, self)
        self._overlay = OverlayPanel(desk, self)
        self._marks = MarksPanel(desk, self)
        self._coverage = CoveragePanel(desk, self)
        self._reading = ReadingPanel(desk, self)
        self._lay_out()
        self._connect()
        self.render(None, desk.workspace)

    def _lay_out(self) -> None:
        self._tabs.addTab(translate("Window", "Read"))
        self._tabs.addTab(translate("Window", "Images"))
        others = (self._exams, self._patient, self._overlay, self._marks, self._coverage)
        self._stack.addWidget(_scrolling("readScroll", "readPanel", ()))
        self._stack.addWidget(_scrolling("sideScroll", "sidePanel", (*others, self._reading)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._tabs)
        layout.addWidget(self._stack, 1)

    @property
    def read(self) -> ReadPage:
        """The page of the read."""
        if self._read is None:
            self._read = self._make_read()
        return self._read

    def _make_read(self) -> ReadPage:
        page = ReadPage(self._desk, self)
        page.state.asked.connect(self.asked)
        inner = self._area(_PAGES.index(Page.READ)).widget()
        layout = inner.layout() if inner is not None else None
        assert isinstance(layout, QVBoxLayout)  # as `_scrolling` made it
        layout.insertWidget(0, page)
        page.render(None, self._desk.workspace)
        return page

    def _connect(self) -> None:
        self._tabs.currentChanged.connect(self._turned)

    def _turned(self, number: int) -> None:
        self._desk.do(reads.show_page, _PAGES[number])

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state; never emits a change by itself."""
        page = new.read.page if new.read.keeps else Page.IMAGES
        at = _PAGES.index(page)
        with QSignalBlocker(self._tabs):
            self._tabs.setCurrentIndex(at)
        self._tabs.setVisible(new.read.keeps)
        self._stack.setCurrentIndex(at)
        if new.read.keeps and new.exam_key is not None:
            self.read.render(old, new)
        elif self._read is not None:
            self._read.render(old, new)
        self._exams.render(old, new)
        self._patient.render(old, new)
        self._overlay.render(old, new)
        self._marks.render(old, new)
        self._coverage.render(old, new)
        self._reading.render(old, new)
        if self.isVisible() and (old is None or old.read is not new.read):
            self._take_width()

    def showEvent(self, event: QShowEvent) -> None:
        """Take the width that the words need, now that the look is known."""
        super().showEvent(event)
        self._take_width()

    def _take_width(self) -> None:
        """Be as wide as the words need; what came and went once leaves no images jumping."""
        needed = self.minimumWidth()
        for number in range(self._stack.count()):
            area = self._area(number)
            bar = area.verticalScrollBar().sizeHint().width()
            inner = area.widget()
            assert inner is not None
            needed = max(needed, inner.minimumSizeHint().width() + bar)
        self.setFixedWidth(min(max(WIDTH_PX, needed), _WIDEST_PX))

    def _area(self, number: int) -> QScrollArea:
        area = self._stack.widget(number)
        assert isinstance(area, QScrollArea)
        return area


def _scrolling(area_name: str, inner_name: str, panels: tuple[QWidget, ...]) -> QScrollArea:
    """Return panels one under another, which scroll."""
    area = QScrollArea()
    area.setObjectName(area_name)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    inner = QWidget(area)
    inner.setObjectName(inner_name)
    layout = QVBoxLayout(inner)
    layout.setContentsMargins(12, 6, 12, 8)
    layout.setSpacing(8)
    for panel in panels:
        layout.addWidget(panel)
    layout.addStretch(1)
    area.setWidget(inner)
    return area
