"""The reader's findings: a numbered list, what can be done with them, and the selected one."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QListWidgetItem, QVBoxLayout, QWidget

from mammoview.app.assessment.lexicon import descriptors_text, shipped_lexicon
from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import findings
from mammoview.app.second_read.unaided_and_now import place_text
from mammoview.app.workspace import Workspace
from mammoview.domain.annotation import MarkKind
from mammoview.domain.finding import Finding
from mammoview.review.states import ReadState
from mammoview.ui.panels.parts import Panel, heading, paragraph, push_button
from mammoview.ui.panels.read.finding_editor import FindingEditor
from mammoview.ui.panels.read.words_line import WordsLine
from mammoview.ui.panels.wrapping_list import WrappingList
from mammoview.ui.panels.wrapping_row import WrappingRow
from mammoview.words import translate

_MOST_ROWS = 4


class FindingsPart(Panel):
    """Up and down select, Return shows the finding; below it stands what is said of it."""

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__("readFindings", translate("Findings", "Findings"), parent)
        self._desk = desk
        self._none = paragraph("noFindings", translate("Findings", "Findings"), self, role="faint")
        self._none.setText(translate("Findings", "None yet: outline one on an image"))
        said = translate("Findings", "Findings of the reader")
        self.list = WrappingList("findingsList", said, self, most_rows=_MOST_ROWS)
        self._outline = push_button("outlineFinding", translate("Findings", "Outline"), self)
        self._link = push_button("linkFinding", translate("Findings", "Other view"), self)
        self._remove = push_button("removeFinding", translate("Findings", "Remove"), self)
        said = translate("Findings", "Why it is removed")
        self.reason = WordsLine("removeReason", said, self, once=True)
        self.editor = FindingEditor(desk, self)
        self._lay_out()
        self._connect()
        self.render(None, desk.workspace)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(heading(translate("Findings", "Findings"), self))
        layout.addWidget(self._none)
        layout.addWidget(self.list)
        buttons = (self._outline, self._link, self._remove)
        layout.addLayout(WrappingRow(buttons, gap_px=3))
        layout.addWidget(self.reason)
        layout.addWidget(self.editor)

    def _connect(self) -> None:
        self.list.currentItemChanged.connect(self._pointed)
        self.list.itemActivated.connect(self._activated)
        self.list.itemClicked.connect(self._activated)
        self._outline.clicked.connect(self._outline_one)
        self._link.clicked.connect(self._link_one)
        self._remove.clicked.connect(self.remove)
        self.reason.said.connect(self._reasoned)

    # -- reader's side ------------------------------------------------------------------------

    def _pointed(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self._desk.do(findings.select, str(item.data(Qt.ItemDataRole.UserRole)))

    def _activated(self, item: QListWidgetItem) -> None:
        self._desk.do(findings.go_to, str(item.data(Qt.ItemDataRole.UserRole)))

    def _outline_one(self) -> None:
        self._desk.do(findings.draw, MarkKind.ELLIPSE)

    def _link_one(self) -> None:
        self._desk.do(findings.link)

    def remove(self) -> None:
        """Remove the selected finding; one of the locked read asks for its reason first."""
        finding = findings.selected(self._desk.workspace)
        if finding is not None and findings.needs_reason(self._desk.workspace, finding):
            self.reason.show()
            self.reason.setFocus()
            return
        self._desk.do(findings.remove_selected)

    def _reasoned(self, words: str) -> None:
        if words:
            self._desk.do(findings.remove_selected, words)
        self.reason.show_words("")
        self.reason.hide()

    def commit(self) -> None:
        """Say what was typed and is not said yet."""
        self.editor.commit()

    # -- state's side -------------------------------------------------------------------------

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state; never emits a change by itself."""
        read = new.read.read
        begun = read is not None and read.state not in (ReadState.OPENED, ReadState.VIEWS_CHECKED)
        self.setVisible(begun)
        there = findings.of_reader(new)
        if old is None or findings.of_reader(old) != there:
            self._fill(there)
        self._show_selected(new)
        self._none.setVisible(not there)
        self.list.setVisible(bool(there))
        closed = findings.why_closed(new)
        for button in (self._outline, self._link, self._remove):
            needs_one = button is not self._outline
            button.setEnabled(not closed and (not needs_one or findings.selected(new) is not None))
            button.setToolTip(closed)
        if old is None or old.read.finding != new.read.finding:
            self.reason.forget()
            self.reason.hide()
        self.editor.render(old, new)

    def _show_selected(self, new: Workspace) -> None:
        with QSignalBlocker(self.list):
            self.list.setCurrentRow(findings.number_of(new, new.read.finding) - 1)

    def _fill(self, there: tuple[Finding, ...]) -> None:
        with QSignalBlocker(self.list):
            numbered = enumerate(there, start=1)
            self.list.show_rows((f.id, row_text(number, f)) for number, f in numbered)


def row_text(number: int, finding: Finding) -> str:
    """Return a finding in three lines: number, kind and words; its place; size and views."""
    views = len(finding.views)
    seen = (
        translate("Findings", "in both views") if views > 1 else translate("Findings", "one view")
    )
    size = f"{finding.size_mm:.1f} mm" if finding.size_mm else ""
    last = " · ".join(filter(None, (size, seen, finding.comment)))
    return "\n".join(
        (f"{number}  {descriptors_text(shipped_lexicon(), finding)}", place_text(finding), last)
    )
