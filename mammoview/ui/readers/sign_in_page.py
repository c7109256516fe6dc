"""The page that hides everything until somebody has signed in."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from mammoview.app.second_read.reader_desk import ReaderDesk, ReaderState
from mammoview.words import translate

_WIDTH_PX = 320


class SignInPage(QWidget):
    """Asks for a reader and a PIN; says nothing of what lies behind it.

    Signals
    -------
    left()
        The reader at a locked screen leaves it to others.
    """

    left = Signal()

    def __init__(self, desk: ReaderDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("signInPage")
        self.setAccessibleName(translate("Readers", "Sign in"))
        self._desk = desk
        self._title = _label("signInTitle", self, role="title")
        self._names = QComboBox(self)
        self._names.setObjectName("signInReader")
        self._names.setAccessibleName(translate("Readers", "Reader"))
        self.pin = pin_field("signInPin", translate("Readers", "PIN"), self)
        self._button = QPushButton(translate("Readers", "Sign in"), self)
        self._button.setObjectName("signInButton")
        self._button.setAccessibleName(self._button.text())
        self._message = _label("signInMessage", self, role="caution")
        self._leave = QPushButton(translate("Readers", "Sign out, and close the examination"), self)
        self._leave.setObjectName("signInLeave")
        self._leave.setAccessibleName(self._leave.text())
        self._lay_out()
        self._connect()
        self.render(None, desk.state)

    def _lay_out(self) -> None:
        self._message.setWordWrap(True)
        self._message.setMinimumHeight(3 * self._message.fontMetrics().height())
        self._message.setAlignment(Qt.AlignmentFlag.AlignTop)
        use = _label("signInUse", self, role="caution")
        use.setText(translate("Status", "RESEARCH USE ONLY"))
        box = QWidget(self)
        box.setObjectName("signInBox")
        box.setMaximumWidth(_WIDTH_PX)
        self._button.setMinimumWidth(_WIDTH_PX - 20)
        form = QFormLayout()
        form.addRow(translate("Readers", "Reader"), self._names)
        form.addRow(translate("Readers", "PIN"), self.pin)
        inner = QVBoxLayout(box)
        inner.setSizeConstraint(QLayout.SizeConstraint.SetMinimumSize)
        inner.addWidget(self._title)
        inner.addLayout(form)
        for widget in (self._button, self._message, self._leave, use):
            inner.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.addWidget(box, 0, Qt.AlignmentFlag.AlignCenter)

    def _connect(self) -> None:
        self._desk.subscribe(self.render)
        self._button.clicked.connect(self._sign_in)
        self.pin.returnPressed.connect(self._sign_in)
        self._leave.clicked.connect(self.left)

    def render(self, old: ReaderState | None, new: ReaderState) -> None:  # type: ignore[override]
        """Show the state; what was typed as a PIN never outlives an answer."""
        if old is None or old.profiles != new.profiles:
            self._show_names(new)
        if new.locked and new.reader is not None and (old is None or not old.locked):
            self._names.setCurrentIndex(self._names.findData(new.reader.id))
        if old is not None and old.busy and not new.busy:
            self.pin.clear()
        if not new.closed:
            self.pin.clear()
        self._title.setText(title_text(new))
        self._message.setText(new.problem or (new.message if new.closed else ""))
        self._leave.setVisible(new.locked)
        able = bool(new.active) and not new.busy
        for widget in (self._names, self.pin, self._button):
            widget.setEnabled(able)
        if able and new.closed and (old is None or old.busy or not old.ready):
            self.pin.setFocus()  # it could not have the keyboard before

    def showEvent(self, event: QShowEvent) -> None:
        """Wait for the PIN."""
        super().showEvent(event)
        self.pin.setFocus()

    def _show_names(self, new: ReaderState) -> None:
        chosen = self._names.currentData()
        self._names.clear()
        for profile in new.active:
            self._names.addItem(profile.name, profile.id)
        self._names.setCurrentIndex(max(0, self._names.findData(chosen)))

    def _sign_in(self) -> None:
        reader = self._names.currentData()
        if isinstance(reader, str):
            self._desk.sign_in(reader, self.pin.text())


def title_text(state: ReaderState) -> str:
    """Return what the page is there for."""
    if not state.ready:
        return translate("Readers", "Looking for readers…")
    if state.problem:
        return translate("Readers", "Nobody can sign in")
    if state.locked and state.reader is not None:
        return translate("Readers", "Locked by {name}").format(name=state.reader.name)
    return translate("Readers", "Sign in to read")


def pin_field(name: str, accessible: str, parent: QWidget) -> QLineEdit:
    """Return a line that shows dots for what is typed, and keeps it from the clipboard."""
    field = QLineEdit(parent)
    field.setObjectName(name)
    field.setAccessibleName(accessible)
    field.setEchoMode(QLineEdit.EchoMode.Password)
    field.setInputMethodHints(
        Qt.InputMethodHint.ImhHiddenText
        | Qt.InputMethodHint.ImhNoPredictiveText
        | Qt.InputMethodHint.ImhSensitiveData
    )
    return field


def _label(name: str, parent: QWidget, *, role: str) -> QLabel:
    label = QLabel(parent)
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", role)
    return label
