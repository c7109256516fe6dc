"""The computer's marks, one after another, each with the reader's answer."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from mammoview.app.assessment.dismissals import shipped_dismissals
from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import answering, findings, mark_steps, texts
from mammoview.app.second_read import commands as reads
from mammoview.app.workspace import Workspace
from mammoview.review.states import Action, next_state
from mammoview.ui.panels.parts import Panel, heading, paragraph, push_button, row_label
from mammoview.ui.panels.read.choice import CodeChoice
from mammoview.ui.panels.read.words_line import WordsLine
from mammoview.ui.panels.wrapping_row import WrappingRow
from mammoview.words import translate


class MarksPart(Panel):
    """Which mark it is, and the three answers; hidden before the reveal and without marks."""

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__("readMarks", translate("Read", "Answers to the computer's marks"), parent)
        self._desk = desk
        self._text = paragraph("cadMark", translate("Read", "Mark of the computer"), self)
        self._back = push_button("previousMark", translate("Read", "Previous"), self)
        self._on = push_button("nextMark", translate("Read", "Next"), self)
        self._agree = push_button("agreeMark", translate("Read", "Agree"), self)
        self._own = push_button("agreeAsFinding", translate("Read", "Agree, as my finding"), self)
        said = translate("Read", "The same as my finding")
        self.same = CodeChoice("sameMark", said, self)
        said = translate("Read", "Dismiss, because")
        self.reason = CodeChoice("dismissReason", said, self)
        said = translate("Read", "Another reason, in words")
        self.words = WordsLine("dismissWords", said, self, once=True)
        self._lay_out()
        self._connect()
        self.render(None, desk.workspace)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(4)
        for row, (name, field) in enumerate(
            (
                (translate("Read", "Same as"), self.same),
                (translate("Read", "Dismiss"), self.reason),
            )
        ):
            grid.addWidget(row_label(name, field), row, 0)
            grid.addWidget(field, row, 1)
        grid.addWidget(self.words, 2, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(heading(translate("Read", "Marks of the computer"), self))
        layout.addWidget(self._text)
        layout.addLayout(WrappingRow((self._back, self._on)))
        layout.addLayout(WrappingRow((self._agree, self._own)))
        layout.addLayout(grid)

    def _connect(self) -> None:
        self._back.clicked.connect(self._go_back)
        self._on.clicked.connect(self._go_on)
        self._agree.clicked.connect(self._agreed)
        self._own.clicked.connect(self._agreed_as_own)
        self.same.chosen.connect(self._named_same)
        self.reason.chosen.connect(self._dismissed)
        self.words.said.connect(self._dismissed)

    # -- reader's side ------------------------------------------------------------------------

    def _go_back(self) -> None:
        self._desk.do(mark_steps.next_mark, -1)

    def _go_on(self) -> None:
        self._desk.do(mark_steps.next_mark, 1)

    def _agreed(self) -> None:
        self._desk.do(reads.agree)

    def _agreed_as_own(self) -> None:
        self._desk.do(findings.agree_as_finding)

    def _named_same(self, finding_id: str) -> None:
        self._desk.do(reads.same_as_mine, finding_id)

    def _dismissed(self, reason: str) -> None:
        if reason:
            self._desk.do(reads.dismiss, reason)

    # -- state's side -------------------------------------------------------------------------

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state; never emits a change by itself."""
        marks, mark = mark_steps.marks_in_order(new), mark_steps.current_mark(new)
        self.setVisible(bool(marks))
        self._text.setText(texts.mark_text(new, mark) if mark else "")
        read = new.read.read
        open_now = read is not None and next_state(read.state, Action.DISPOSE_MARK) is not None
        if old is not None and old.read.mark != new.read.mark:
            self.words.forget()
        answer = answering.answer_to(new, mark)
        nearest = answering.nearest_first(new, mark)
        self.same.offer([(f.id, answering.choice_text(new, f)) for f in nearest])
        self.same.show_code(answer.finding_id if answer else "")
        reasons = shipped_dismissals().reasons
        self.reason.offer([(code, translate("Assessment", words)) for code, words in reasons])
        given = answer.reason if answer else ""
        self.reason.show_code(given if given in dict(reasons) else "")
        self.words.show_words("" if given in dict(reasons) else given)
        for widget in (self._agree, self._own, self.reason, self.words):
            widget.setEnabled(open_now and mark is not None)
        self.same.setEnabled(open_now and bool(nearest))
