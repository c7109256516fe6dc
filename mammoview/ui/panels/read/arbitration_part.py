"""Two reads side by side, and the arbitrator's decision for each breast."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QAbstractItemView,
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
from mammoview.domain.reading import Decision
from mammoview.domain.views import Laterality
from mammoview.review.read import Read
from mammoview.ui.own_keys import leave_for_images
from mammoview.ui.panels.parts import Panel, heading, paragraph, read_table
from mammoview.ui.panels.read.choice import CodeChoice
from mammoview.ui.plain_tip import plain_tip
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
        self.lists = {side: self._list(side) for side in Laterality}
        self._reasons = {side: self._reason(side) for side in Laterality}
        self._buttons = {side: self._button(side) for side in Laterality}
        self._lay_out()
        self._connect()
        self.render(None, desk.workspace)

    def _list(self, side: Laterality) -> CodeChoice:
        said = translate("Read", "Decision for the {side} breast").format(side=side_text(side))
        chosen = CodeChoice(f"decision-{side}", said, self._decide)
        chosen.setProperty("side", side.value)
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
        self.table.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        form = QFormLayout(self._decide)
        form.setContentsMargins(0, 0, 0, 0)
        for side in (Laterality.RIGHT, Laterality.LEFT):
            form.addRow(side_name(side), self.lists[side])
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
            self.lists[side].chosen.connect(self._chosen)
            self._reasons[side].returnPressed.connect(self._given)
            self._buttons[side].clicked.connect(self._given)

    def _side_of_sender(self) -> Laterality:
        sender = self.sender()
        assert isinstance(sender, QWidget)
        return Laterality(str(sender.property("side")))

    def _chosen(self, code: str) -> None:
        """Go on to the reason; nothing is decided before Return there, or the button."""
        side = self._side_of_sender()
        self.lists[side].show_code(code)
        self._reasons[side].setFocus()

    def _given(self) -> None:
        side = self._side_of_sender()
        category = self.lists[side].currentData()
        if category is None:
            return
        reason = self._reasons[side].text().strip()
        decision = Decision(laterality=side, category=category, reason=reason)
        self._desk.do(reads.decide, decision)
        read = self._desk.workspace.read.read
        taken = read is not None and decision in (said for _, said in read.decisions)
        if taken and self._reasons[side].hasFocus():
            leave_for_images(self)

    # -- state's side -------------------------------------------------------------------------

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state; doing it twice changes nothing."""
        if old is not None and _decided_on(old) != _decided_on(new):
            self._forget()
        elif old is not None and old.read == new.read:
            return
        lines, why = two_reads.lines(new), two_reads.why(new)
        read = new.read.read
        self._show_lines(two_reads.heads(new), lines)
        self._why.setText(why)
        self._why.setVisible(bool(why))
        self.table.setVisible(bool(lines))
        deciding = two_reads.decides(new)
        self._decide.setVisible(deciding)
        if deciding and read is not None:
            self._show_decisions(read)
        self.setVisible(bool(lines) or deciding or bool(why))

    def _forget(self) -> None:
        """Have nothing offered or typed: another read is of another breast, by another scheme."""
        for side in Laterality:
            self._reasons[side].clear()
            self.lists[side].clear()
            self.lists[side].show_code("")

    def _show_lines(self, heads: tuple[str, ...], lines: tuple[two_reads.Line, ...]) -> None:
        """Show what is compared as a title over what each read says: beside it nothing has room."""
        table = self.table
        table.clearSpans()
        table.setColumnCount(len(heads))
        table.setHorizontalHeaderLabels(list(heads))
        table.setRowCount(2 * len(lines))
        for number, line in enumerate(lines):
            title = _cell(f"≠ {line.what}" if line.differs else line.what, bold=line.differs)
            title.setForeground(table.palette().placeholderText())
            table.setItem(2 * number, 0, title)
            if len(heads) > 1:
                table.setSpan(2 * number, 0, 1, len(heads))
            for column, text in enumerate(line.said):
                table.setItem(2 * number + 1, column, _cell(text, bold=line.differs))
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        table.resizeRowsToContents()
        rows = sum(table.rowHeight(row) for row in range(table.rowCount()))
        table.setFixedHeight(rows + header.sizeHint().height() + 4)

    def _show_decisions(self, read: Read) -> None:
        scheme = shipped_schemes().get(read.opened.scheme)
        decided = {decision.laterality: decision for _, decision in read.decisions}
        for side, chosen in self.lists.items():
            if scheme is not None:
                chosen.offer([(c.code, category_name(scheme, c.code)) for c in scheme.categories])
            there = side in read.opened.sides
            for widget in (chosen, self._reasons[side], self._buttons[side]):
                widget.setEnabled(there)
            if side in decided and not self._reasons[side].hasFocus():
                chosen.show_code(decided[side].category)
                self._reasons[side].setText(decided[side].reason)


def _cell(text: str, *, bold: bool) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setToolTip(plain_tip(text))
    font = item.font()
    font.setBold(bold)
    item.setFont(font)
    return item


def _decided_on(ws: Workspace) -> tuple[str | None, str]:
    """Return what a decision would be entered in: an examination, and a read of it."""
    return ws.exam_key, ws.read.read.read_id if ws.read.read is not None else ""
