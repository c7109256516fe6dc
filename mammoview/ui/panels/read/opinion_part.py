"""The opinion of each breast and the density, and what the rules say of them."""

from __future__ import annotations

from PySide6.QtWidgets import QFormLayout, QVBoxLayout, QWidget

from mammoview.app.assessment.consistency import Severity
from mammoview.app.assessment.schemes import density_name
from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import checks
from mammoview.app.second_read import commands as reads
from mammoview.app.workspace import Workspace
from mammoview.domain.views import Laterality
from mammoview.review.states import Action, ReadState, next_state
from mammoview.ui.panels.parts import Panel, heading, paragraph, row_label
from mammoview.ui.panels.read.breast_opinion import BreastOpinion
from mammoview.ui.panels.read.choice import CodeChoice
from mammoview.ui.panels.read.words_line import WordsLine
from mammoview.words import translate


class OpinionPart(Panel):
    """A list for each breast, right first, one for the density, and the hints below."""

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__("readOpinions", translate("Read", "Opinion"), parent)
        self._desk = desk
        self.breasts = {side: BreastOpinion(side, desk, self) for side in Laterality}
        self.density = CodeChoice("density", translate("Read", "Density of the breasts"), self)
        said = translate("Read", "Why the density is changed")
        self._density_reason = WordsLine("densityReason", said, self, once=True)
        self._hints = paragraph("readHints", translate("Read", "Hints"), self, role="faint")
        self._waiting = ""  # a density that waits for its reason
        self._lay_out()
        self._connect()
        self.render(None, desk.workspace)

    def _lay_out(self) -> None:
        self._density_row = QWidget(self)
        row = QFormLayout(self._density_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        row.addRow(row_label(translate("Read", "Density"), self.density), self.density)
        row.addRow(self._density_reason)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(heading(translate("Read", "Opinion"), self))
        for widget in (*self.breasts.values(), self._density_row, self._hints):
            layout.addWidget(widget)

    def _connect(self) -> None:
        self.density.chosen.connect(self._density_chosen)
        self._density_reason.said.connect(self._density_worded)

    def _density_chosen(self, code: str) -> None:
        self._waiting = ""
        read = self._desk.workspace.read.read
        if read is not None and read.unaided is not None and read.unaided.density != code:
            self._waiting = code
            self.render(None, self._desk.workspace)
            self._density_reason.setFocus()
            return
        self._desk.do(reads.set_density, code)

    def _density_worded(self, words: str) -> None:
        code, self._waiting = self._waiting, ""
        if code and words:
            self._desk.do(reads.set_density, code, words)
        self.render(None, self._desk.workspace)

    def commit(self) -> None:
        """Say what was typed and is not said yet."""
        for part in self.breasts.values():
            part.commit()
        self._density_reason.commit()

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state."""
        if old is not None and old.exam_key != new.exam_key:
            self._waiting = ""
            self._density_reason.forget()
        read = new.read.read
        begun = read is not None and read.state not in (ReadState.OPENED, ReadState.VIEWS_CHECKED)
        self.setVisible(begun)
        for part in self.breasts.values():
            part.render(old, new)
        if read is None:
            return
        if next_state(read.state, Action.SET_DENSITY) is None:
            self._waiting = ""
        self._show_density(new)
        hints = checks.hints(new)
        self._hints.setText("\n".join(f"• {hint}" for hint in hints))
        self._hints.setToolTip(checks.in_full(new, Severity.HINT))
        self._hints.setVisible(bool(hints))

    def _show_density(self, new: Workspace) -> None:
        read = new.read.read
        assert read is not None
        scheme = checks.scheme_of(new).scheme
        self._density_row.setVisible(bool(scheme.densities))
        self.density.offer([(code, density_name(scheme, code)) for code, _ in scheme.densities])
        self.density.show_code(self._waiting or read.now.density)
        self.density.setEnabled(next_state(read.state, Action.SET_DENSITY) is not None)
        self._density_reason.setVisible(bool(self._waiting))
        if not self._waiting:
            self._density_reason.show_words("")
