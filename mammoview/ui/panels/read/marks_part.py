"""The computer's marks, one after another, each with the reader's answer."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import commands as reads
from mammoview.app.second_read import texts
from mammoview.app.workspace import Workspace
from mammoview.review.states import Action, next_state
from mammoview.ui.panels.parts import heading, paragraph
from mammoview.words import translate


class MarksPart(QWidget):
    """Which mark it is, and the three answers; hidden before the reveal and without marks."""

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("readMarks")
        self.setAccessibleName(translate("Read", "Answers to the computer's marks"))
        self._desk = desk
        self._text = paragraph("cadMark", translate("Read", "Mark of the computer"), self)
        self._back = _button("previousMark", translate("Read", "Previous"), self)
        self._on = _button("nextMark", translate("Read", "Next"), self)
        self._agree = _button("agreeMark", translate("Read", "Agree"), self)
        self._same = _button("sameMark", translate("Read", "Same as mine"), self)
        self._dismiss = _button("dismissMark", translate("Read", "Dismiss"), self)
        self.reason = QLineEdit(self)
        self.reason.setObjectName("dismissReason")
        said = translate("Read", "Why it is dismissed")
        self.reason.setAccessibleName(said)
        self.reason.setPlaceholderText(said)
        self._lay_out()
        self._connect()
        self.render(None, desk.workspace)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self._back, 0, 0)
        grid.addWidget(self._on, 0, 1)
        grid.addWidget(self._agree, 1, 0)
        grid.addWidget(self._same, 1, 1)
        grid.addWidget(self.reason, 2, 0, 1, 2)
        grid.addWidget(self._dismiss, 3, 0, 1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(heading(translate("Read", "Marks of the computer"), self))
        layout.addWidget(self._text)
        layout.addLayout(grid)

    def _connect(self) -> None:
        self._back.clicked.connect(self._go_back)
        self._on.clicked.connect(self._go_on)
        self._agree.clicked.connect(self._agreed)
        self._same.clicked.connect(self._named_same)
        self._dismiss.clicked.connect(self.dismiss)
        self.reason.returnPressed.connect(self.dismiss)

    def _go_back(self) -> None:
        self._desk.do(reads.next_mark, -1)

    def _go_on(self) -> None:
        self._desk.do(reads.next_mark, 1)

    def _agreed(self) -> None:
        self._desk.do(reads.agree)

    def _named_same(self) -> None:
        self._desk.do(reads.same_as_nearest)

    def dismiss(self) -> None:
        """Dismiss the mark for the reason that was typed."""
        self._desk.do(reads.dismiss, self.reason.text())

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state."""
        marks, mark = reads.marks_in_order(new), reads.current_mark(new)
        self.setVisible(bool(marks))
        if old is None or old.read.mark != new.read.mark:
            self.reason.clear()
        read = new.read.read
        self._text.setText(texts.mark_text(new, mark) if mark else "")
        open_now = read is not None and next_state(read.state, Action.DISPOSE_MARK) is not None
        for widget in (self._agree, self._same, self._dismiss, self.reason):
            widget.setEnabled(open_now and mark is not None)


def _button(name: str, text: str, parent: QWidget) -> QPushButton:
    button = QPushButton(text, parent)
    button.setObjectName(name)
    button.setAccessibleName(text)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
