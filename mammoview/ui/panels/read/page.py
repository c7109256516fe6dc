"""The page of the read: where it stands, what is said in it, what comes next."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import commands as reads
from mammoview.app.second_read import two_reads
from mammoview.app.state.read import Field, Page
from mammoview.app.workspace import Workspace
from mammoview.domain.reading import Role
from mammoview.domain.views import Laterality
from mammoview.ui.panels.parts import Panel
from mammoview.ui.panels.patient_panel import PatientPanel
from mammoview.ui.panels.read.arbitration_part import ArbitrationPart
from mammoview.ui.panels.read.findings_part import FindingsPart
from mammoview.ui.panels.read.hold_part import HoldPart
from mammoview.ui.panels.read.marks_part import MarksPart
from mammoview.ui.panels.read.opinion_part import OpinionPart
from mammoview.ui.panels.read.state_part import StatePart
from mammoview.ui.panels.read.views_part import ViewsPart
from mammoview.words import translate


class ReadPage(Panel):
    """Stacks the parts."""

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__("readPage", translate("Window", "Read"), parent)
        self._desk = desk
        self.patient = PatientPanel(desk, self)
        self.patient.setObjectName("readPatient")
        self.state = StatePart(desk, self)
        self.hold = HoldPart(desk, self)
        self.arbitration = ArbitrationPart(desk, self)
        self.views = ViewsPart(desk, self)
        self.marks = MarksPart(desk, self)
        self.findings = FindingsPart(desk, self)
        self.opinions = OpinionPart(desk, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self._parts: tuple[Panel, ...] = (
            self.patient,
            self.state,
            self.hold,
            self.arbitration,
            self.views,
            self.marks,
            self.findings,
            self.opinions,
        )
        for part in self._parts:
            layout.addWidget(part)

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state."""
        for part in self._parts:
            part.render(old, new)
        if new.read.role is Role.ARBITRATOR:
            self.opinions.hide()  # both reads' stand side by side

    def commit(self) -> None:
        """Say what was typed and is not said yet: a key of the window takes no focus away."""
        self.findings.commit()
        self.opinions.commit()

    def _opinion_of(self, side: Laterality) -> QWidget:
        """Return what a breast is said to be in: by an arbitrator, the decision on it."""
        if two_reads.decides(self._desk.workspace):
            return self.arbitration.lists[side]
        return self.opinions.breasts[side].choice

    def focus(self, field: Field) -> None:
        """Give the keyboard to a field, and show it."""
        self._desk.do(reads.show_page, Page.READ)
        if field is Field.REMOVE:
            self.findings.remove()
            return
        widget: QWidget = {
            Field.RIGHT: self._opinion_of(Laterality.RIGHT),
            Field.LEFT: self._opinion_of(Laterality.LEFT),
            Field.DENSITY: self.opinions.density,
            Field.FINDING: self.findings.editor.kind,
            Field.DISMISS: self.marks.reason,
            Field.SAME: self.marks.same,
        }[field]
        widget.setFocus(Qt.FocusReason.ShortcutFocusReason)
        area = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is not None:
            area.ensureWidgetVisible(widget)
