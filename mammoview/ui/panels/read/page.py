"""The page of the read: where it stands, what is said in it, what comes next."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtWidgets import QVBoxLayout, QWidget

from mammoview.app.reading import ReadingDesk
from mammoview.app.workspace import Workspace
from mammoview.domain.reading import Role
from mammoview.ui.panels.patient_panel import PatientPanel
from mammoview.ui.panels.read.arbitration_part import ArbitrationPart
from mammoview.ui.panels.read.hold_part import HoldPart
from mammoview.ui.panels.read.marks_part import MarksPart
from mammoview.ui.panels.read.opinion_part import OpinionPart
from mammoview.ui.panels.read.state_part import StatePart
from mammoview.ui.panels.read.views_part import ViewsPart


class Part(Protocol):
    """What the page asks of its parts."""

    def render(self, old: Workspace | None, new: Workspace) -> None:
        """Show the state; a part that has nothing to say now hides itself."""
        ...


class ReadPage(QWidget):
    """Stacks the parts."""

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("readPage")
        self.patient = PatientPanel(desk, self)
        self.patient.setObjectName("readPatient")
        self.state = StatePart(desk, self)
        self.hold = HoldPart(desk, self)
        self.arbitration = ArbitrationPart(desk, self)
        self.views = ViewsPart(desk, self)
        self.opinions = OpinionPart(desk, self)
        self.marks = MarksPart(desk, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for part in self._parts():
            layout.addWidget(part)

    def _parts(self) -> tuple[QWidget, ...]:
        first = (self.patient, self.state, self.hold, self.arbitration)
        return (*first, self.views, self.opinions, self.marks)

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state."""
        parts: tuple[Part, ...] = (
            self.patient,
            self.state,
            self.hold,
            self.arbitration,
            self.views,
            self.opinions,
            self.marks,
        )
        for part in parts:
            part.render(old, new)
        if new.read.role is Role.ARBITRATOR:
            self.opinions.hide()  # both reads' stand side by side
