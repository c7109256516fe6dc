"""Missing views: which, and the words that the read goes on with."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget

from mammoview.app import commands as app_commands
from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import commands as reads
from mammoview.app.workspace import Workspace
from mammoview.review.states import ReadState
from mammoview.ui.panels.parts import Panel
from mammoview.words import translate


class ViewsPart(Panel):
    """Shown only while a read waits for a reason why views are missing."""

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__("readViews", translate("Read", "Missing views"), parent)
        self._desk = desk
        said = translate("Read", "Why views are missing (mastectomy, …)")
        self.reason = QLineEdit(self)
        self.reason.setObjectName("viewsReason")
        self.reason.setAccessibleName(said)
        self.reason.setToolTip(said)
        self.reason.setPlaceholderText(translate("Read", "Why (mastectomy, …)"))
        self._go = QPushButton(translate("Read", "Read without them"), self)
        self._go.setObjectName("viewsGo")
        self._go.setAccessibleName(self._go.text())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.reason)
        layout.addWidget(self._go)
        self._connect()
        self.render(None, desk.workspace)

    def _connect(self) -> None:
        self.reason.returnPressed.connect(self._given)
        self._go.clicked.connect(self._given)

    def _given(self) -> None:
        self._desk.do(reads.check_views, self.reason.text())

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state."""
        if old is not None and old.exam_key != new.exam_key:
            self.reason.clear()
        read = new.read.read
        waits = read is not None and read.state is ReadState.OPENED
        self.setVisible(waits and not app_commands.loading(new) and bool(reads.missing(new)))
