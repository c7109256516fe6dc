"""What was said unaided and what is said now, side by side, before it is made final."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import checks, texts
from mammoview.app.second_read.next_step import Go
from mammoview.app.second_read.unaided_and_now import Line, compared
from mammoview.app.workspace import Workspace
from mammoview.review.states import ReadState
from mammoview.ui.dialogs.titled import TitledDialog
from mammoview.ui.panels.parts import read_table
from mammoview.words import COUNTED, translate

_SIZE = (940, 460)
_LONGEST_COLUMN_PX = 300


class Statements(TitledDialog):
    """A table with a column for each statement and one that says in words what differs.

    Before the opinion is final, the button makes it so; afterwards it is to look at.
    """

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__("statements", translate("Compare", "Unaided and now"), parent)
        self._desk = desk
        ws = desk.workspace
        lines = lines_of(ws)
        self._intro = QLabel(intro_text(lines), self)
        self._intro.setObjectName("statementsIntro")
        self._intro.setWordWrap(True)
        self.table = _table(lines, self)
        self._hints = QLabel("\n".join(f"• {hint}" for hint in checks.hints(ws)), self)
        self._hints.setObjectName("statementsHints")
        self._hints.setWordWrap(True)
        self._hints.setVisible(bool(self._hints.text()))
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self._final = self._buttons.addButton(
            translate("Compare", "Make it final"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        self._final.setObjectName("makeFinal")
        self._final.setAccessibleName(self._final.text())
        closed = ws.read.state is not ReadState.AI_REVEALED or bool(texts.needed(ws))
        self._final.setEnabled(not closed)
        self._final.setToolTip("\n".join(texts.needed(ws)))
        layout = QVBoxLayout(self)
        for widget in (self._intro, self.table, self._hints, self._buttons):
            layout.addWidget(widget)
        self.resize(*_SIZE)
        self._connect()

    def _connect(self) -> None:
        self._buttons.rejected.connect(self.reject)
        self._buttons.accepted.connect(self._make_final)

    def _make_final(self) -> None:
        self._desk.go_in_read(Go.FINALIZE)
        self.accept()


def lines_of(ws: Workspace) -> tuple[Line, ...]:
    """Return what the dialog shows; nothing before the lock."""
    read = ws.read.read
    if read is None or read.unaided is None:
        return ()
    scheme = checks.scheme_of(ws).scheme
    return compared(read.unaided, read.now, scheme=scheme, sides=read.opened.sides)


def intro_text(lines: tuple[Line, ...]) -> str:
    """Return in a sentence how much differs."""
    n = sum(bool(line.difference) for line in lines)
    if not n:
        return translate("Compare", "Nothing has changed since the unaided opinion was locked.")
    said = translate(
        "Compare", "%n change(s) since the unaided opinion was locked:", "", COUNTED, n
    )
    what = ", ".join(line.what for line in lines if line.difference)
    return f"{said} {what}."


def _table(lines: tuple[Line, ...], parent: QWidget) -> QTableWidget:
    heads = (
        "",
        translate("Compare", "Unaided (locked)"),
        translate("Compare", "Now"),
        translate("Compare", "Difference"),
    )
    said = translate("Compare", "Unaided and now, line by line")
    table = read_table("statementsTable", said, heads, parent)
    table.setRowCount(len(lines))
    table.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    for row, line in enumerate(lines):
        words = (line.what, line.before, line.now, line.difference or translate("Compare", "same"))
        for column, text in enumerate(words):
            table.setItem(row, column, _item(text, differs=bool(line.difference)))
    header = table.horizontalHeader()
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
    header.setMaximumSectionSize(_LONGEST_COLUMN_PX)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
    for column in (1, 2, 3):
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
    rows = table.verticalHeader()
    rows.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    return table


def _item(text: str, *, differs: bool) -> QTableWidgetItem:
    """Return a cell; what differs is bold as well as said in its last column."""
    item = QTableWidgetItem(text)
    font = item.font()
    font.setBold(differs)
    item.setFont(font)
    return item
