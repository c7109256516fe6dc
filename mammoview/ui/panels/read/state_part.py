"""Where the read stands, what is missing for the next step, and the button that takes it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from mammoview.app.assessment.consistency import Severity
from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import checks, next_step, texts
from mammoview.app.workspace import Workspace
from mammoview.ui.panels.parts import Panel, heading, paragraph
from mammoview.words import translate


class StatePart(Panel):
    """The steps of a read, the one that it is at, and what leads on.

    Signals
    -------
    asked(Go)
        The reader wishes the next step, which is this one.
    """

    asked = Signal(object)

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__("readState", translate("Read", "Where the read stands"), parent)
        self._desk = desk
        self._way = paragraph("readWay", translate("Read", "Steps of the read"), self)
        self._result = paragraph("readResult", translate("Read", "Computer"), self)
        self._needed = paragraph(
            "readNeeded", translate("Read", "What is missing"), self, role="caution"
        )
        self._problem = paragraph(
            "readUnsaved", translate("Read", "What is not kept"), self, role="caution"
        )
        self._next = QPushButton(self)
        self._next.setObjectName("readNext")
        self._next.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(heading(translate("Read", "Read"), self))
        for widget in (self._way, self._result, self._needed, self._problem, self._next):
            layout.addWidget(widget)
        self._connect()
        self.render(None, desk.workspace)

    def _connect(self) -> None:
        self._next.clicked.connect(self._go_on)

    def _go_on(self) -> None:
        step = next_step.of(self._desk.workspace)
        if step is not None:
            self.asked.emit(step.go)

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state."""
        for label, said in (
            (self._way, "\n".join(texts.way(new))),
            (self._result, texts.result_line(new)),
            (self._needed, _listed(texts.needed(new))),
            (self._problem, texts.problem_text(new.read)),
        ):
            label.setText(said)
            label.setVisible(bool(said))
        self._needed.setToolTip(checks.in_full(new, Severity.ERROR))
        step = next_step.of(new)
        self._next.setVisible(step is not None)
        if step is not None:
            self._next.setText(step.said)
            self._next.setAccessibleName(step.said)
            self._next.setEnabled(not step.missing)
            self._next.setToolTip("\n".join(step.missing))


def _listed(lines: tuple[str, ...]) -> str:
    """Return lines one under another, with a point before each where there are several."""
    return "\n".join(f"• {line}" for line in lines) if len(lines) > 1 else "".join(lines)
