"""An examination that another reads: said clearly, and a way to take it over with a reason."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget

from mammoview.app.reading import ReadingDesk
from mammoview.app.state.read import Hold
from mammoview.app.workspace import Workspace
from mammoview.ui.panels.parts import Panel, paragraph
from mammoview.ui.panels.wrapping_row import WrappingRow
from mammoview.words import translate


class HoldPart(Panel):
    """Shown only while the examination is not this reader's to read."""

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__("readHold", translate("Read", "Being read by another"), parent)
        self._desk = desk
        self._why = paragraph("holdWhy", translate("Read", "Who reads it"), self, role="caution")
        said = translate("Read", "Why you take it over (left the desk, …)")
        self.reason = QLineEdit(self)
        self.reason.setObjectName("holdReason")
        self.reason.setAccessibleName(said)
        self.reason.setToolTip(said)
        self.reason.setPlaceholderText(translate("Read", "Why you take it over"))
        self._again = _button("holdAgain", translate("Read", "Try again"), self)
        self._over = _button("holdOver", translate("Read", "Take over"), self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._why)
        layout.addWidget(self.reason)
        layout.addLayout(WrappingRow((self._again, self._over)))
        self._connect()
        self.render(None, desk.workspace)

    def _connect(self) -> None:
        self.reason.textChanged.connect(self._typed)
        self.reason.returnPressed.connect(self._take_over)
        self._again.clicked.connect(self._try_again)
        self._over.clicked.connect(self._take_over)

    def _typed(self, text: str) -> None:
        self._over.setEnabled(bool(text.strip()))

    def _try_again(self) -> None:
        if self._desk.reads is not None:
            self._desk.reads.take_over("")

    def _take_over(self) -> None:
        if self._desk.reads is not None and self.reason.text().strip():
            self._desk.reads.take_over(self.reason.text())

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state."""
        if old is not None and old.exam_key != new.exam_key:
            self.reason.clear()
        self._typed(self.reason.text())
        self._why.setText(new.read.hold_reason)
        self.setVisible(new.read.hold in (Hold.REFUSED, Hold.LOST))


def _button(name: str, text: str, parent: QWidget) -> QPushButton:
    button = QPushButton(text, parent)
    button.setObjectName(name)
    button.setAccessibleName(text)
    return button
