"""Two reads side by side, and the arbitrator's decision for each breast."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFormLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mammoview.app.assessment.schemes import category_name, shipped_schemes
from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import commands as reads
from mammoview.app.second_read import two_reads
from mammoview.app.second_read.texts import side_name, side_text
from mammoview.app.workspace import Workspace
from mammoview.domain.reading import Decision, Role
from mammoview.domain.views import Laterality
from mammoview.review.read import Read
from mammoview.review.states import ReadState
from mammoview.ui.panels.parts import Panel, heading, paragraph, read_table
from mammoview.ui.plain_tip import plain_tip
from mammoview.ui.steady import SteadyCombo
from mammoview.words import translate


class ArbitrationPart(Panel):
    """Shown only where another's read may be seen: to an arbitrator, or after one's own."""

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__("readArbitration", translate("Read", "Reads side by side"), parent)
        self._desk = desk
        self._why = paragraph("arbitrationWhy", translate("Read", "Why"), self, role="caution")
        self.table = read_table("arbitrationTable", self.accessibleName(), (), self)
        self._decide = QWidget(self)
        self._decide.setObjectName("arbitrationDecide")
        self._lists = {side: self._list(side) for side in Laterality}
        self._reasons = {side: self._reason(side) for side in Laterality}
        self._buttons = {side: self._button(side) for side in Laterality}
        self._lay_out()
        self._connect()
        self.render(None, desk.workspace)

    def _list(self, side: Laterality) -> QComboBox:
        chosen = SteadyCombo(self._decide)
        chosen.setObjectName(f"decision-{side}")
        said = translate("Read", "Decision for the {side} breast").format(side=side_text(side))
        chosen.setAccessibleName(said)
        chosen.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return chosen

    def _reason(self, side: Laterality) -> QLineEdit:
        line = QLineEdit(self._decide)
        line.setObjectName(f"decisionReason-{side}")
        said = translate("Read", "Why, for the {side} breast").format(side=side_text(side))
        line.setAccessibleName(said)
        line.setPlaceholderText(said)
        line.setProperty("side", side.value)
        return line

    def _button(self, side: Laterality) -> QPushButton:
        said = translate("Read", "Decide the {side} breast").format(side=side_text(side))
        button = QPushButton(said, self._decide)
        button.setObjectName(f"decide-{side}")
        button.setAccessibleName(said)
        button.setProperty("side", side.value)
        return button

    def _lay_out(self) -> None:
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setShowGrid(False)
        self.table.setAlternatingRowColors(True)
        self.table.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        form = QFormLayout(self._decide)
        form.setContentsMargins(0, 0, 0, 0)
        for side in (Laterality.RIGHT, Laterality.LEFT):
            form.addRow(side_name(side), self._lists[side])
            form.addRow(self._reasons[side])
            form.addRow(self._buttons[side])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(heading(translate("Read", "Both reads"), self))
        layout.addWidget(self._why)
        layout.addWidget(self.table)
        layout.addWidget(self._decide)

    def _connect(self) -> None:
        for side in Laterality:
            self._reasons[side].returnPressed.connect(self._given)
            self._buttons[side].clicked.connect(self._given)

    def _given(self) -> None:
        sender = self.sender()
        assert isinstance(sender, QWidget)
        side = Laterality(str(sender.property("side")))
        category = self._lists[side].currentData()
        if category is None:
            return
        reason = self._reasons[side].text().strip()
        self._desk.do(reads.decide, Decision(laterality=side, category=category, reason=reason))

    # -- state's side -------------------------------------------------------------------------

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state; doing it twice changes nothing."""
        if old is not None and _decided_on(old) != _decided_on(new):
            self._forget()
        elif old is not None and old.read == new.read:
            return
        lines, why = two_reads.lines(new), two_reads.why(new)
        read, arbitrates = new.read.read, new.read.role is Role.ARBITRATOR
        self._show_lines(two_reads.heads(new), lines)
        self._why.setText(why)
        self._why.setVisible(bool(why))
        self.table.setVisible(bool(lines))
        deciding = arbitrates and read is not None and read.state is ReadState.ARBITRATION
        self._decide.setVisible(deciding)
        if deciding and read is not None:
            self._show_decisions(read)
        self.setVisible(bool(lines) or deciding or bool(why))

    def _forget(self) -> None:
        """Have nothing offered or typed: another read is of another breast, by another scheme."""
        for side in Laterality:
            self._reasons[side].clear()
            self._lists[side].clear()

    def _show_lines(self, heads: tuple[str, ...], lines: tuple[two_reads.Line, ...]) -> None:
        self.table.setColumnCount(len(heads) + 1)
        self.table.setHorizontalHeaderLabels(["", *heads])
        self.table.setRowCount(len(lines))
        for row, line in enumerate(lines):
            for column, text in enumerate((line.what, *line.said)):
                said = f"≠ {text}" if line.differs and column == 0 else text
                item = QTableWidgetItem(said)
                item.setToolTip(plain_tip(text))
                if line.differs:
                    font = item.font()
                    font.setBold(True)
                    item.setFont(font)
                self.table.setItem(row, column, item)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        if heads:
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.table.resizeRowsToContents()
        rows = sum(self.table.rowHeight(row) for row in range(len(lines)))
        self.table.setFixedHeight(rows + header.sizeHint().height() + 4)

    def _show_decisions(self, read: Read) -> None:
        scheme = shipped_schemes().get(read.opened.scheme)
        decided = {decision.laterality: decision for _, decision in read.decisions}
        for side, chosen in self._lists.items():
            if not chosen.count() and scheme is not None:
                for category in scheme.categories:
                    chosen.addItem(category_name(scheme, category.code), category.code)
                chosen.setCurrentIndex(-1)
            there = side in read.opened.sides
            for widget in (chosen, self._reasons[side], self._buttons[side]):
                widget.setEnabled(there)
            if side in decided and not self._reasons[side].hasFocus():
                chosen.setCurrentIndex(chosen.findData(decided[side].category))
                self._reasons[side].setText(decided[side].reason)


def _decided_on(ws: Workspace) -> tuple[str | None, str]:
    """Return what a decision would be entered in: an examination, and a read of it."""
    return ws.exam_key, ws.read.read.read_id if ws.read.read is not None else ""
