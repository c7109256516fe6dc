"""A list of coded answers that is chosen from by typing, as well as by mouse and arrows.

A code, or the words after it, is taken as soon as it is the only one that begins so; where others
begin so too ("4" and "4A"), Return takes the one shown, and leaving the list a code that is typed
as a whole.  Until then nothing is said in the read.  Once a code has answered, the letters that
follow are the window's and no other answer: "3 1 4 1" answers for both breasts.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QComboBox, QWidget

from mammoview.ui.own_keys import leave_for_images
from mammoview.ui.wrapping_combo import WrappingCombo

_MODIFIERS = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
_TAKES = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_STEPS = {
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_PageDown: 10,
    Qt.Key.Key_PageUp: -10,
    Qt.Key.Key_Home: -1000,
    Qt.Key.Key_End: 1000,
}


class CodeChoice(WrappingCombo):
    """One list; what is chosen is told once, by its code.

    Signals
    -------
    chosen(str)
        The reader has chosen the answer of this code.
    """

    chosen = Signal(str)

    def __init__(self, name: str, accessible: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(accessible)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        # The words after the codes may be longer than the panel is wide.
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self._typed = ""
        self._spent: tuple[str, tuple[str, str]] | None = None  # typed, and what it has taken
        self._said = ""
        self._connect()

    def _connect(self) -> None:
        self.activated.connect(self._activated)

    def offer(self, answers: Sequence[tuple[str, str]]) -> None:
        """Take other answers, ``(code, words)`` each; the same again changes nothing."""
        if [self.itemData(row) for row in range(self.count())] == [code for code, _ in answers]:
            return
        with QSignalBlocker(self):
            self.clear()
            for code, words in answers:
                self.addItem(words, code)
                self.setItemData(self.count() - 1, words, Qt.ItemDataRole.ToolTipRole)
            self.setCurrentIndex(-1)

    def show_code(self, code: str) -> None:
        """Show what is said in the read; never emits a change by itself."""
        self._typed, self._said = "", code
        self.setCurrentIndex(self.findData(code) if code else -1)
        self.setToolTip(self.currentText())

    def _activated(self, row: int) -> None:
        self._take(row)

    def _take(self, row: int) -> None:
        code = str(self.itemData(row)) if row >= 0 else ""
        self._typed = ""
        if code and code != self._said:
            self.chosen.emit(code)

    # -- keys ---------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Keep what is typed, Return and Esc from the window's actions."""
        if (
            event.type() is QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self._own(event)
        ):
            event.accept()
            return True
        return super().event(event)

    def _own(self, event: QKeyEvent) -> bool:
        if event.modifiers() & ~_MODIFIERS:
            return False
        typed = event.text()
        if typed == " ":  # else it drops the list down
            return bool(self._typed or self._spent)
        if typed.isprintable() and typed and self._is_answered_before(typed.casefold()):
            return False
        return bool(typed and typed.isprintable()) or event.key() in (*_TAKES, Qt.Key.Key_Escape)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose by typing; Return takes what is shown, Esc brings back what was said."""
        if event.key() in _TAKES:
            self._take(self.currentIndex())
            if self.hasFocus():  # else what was chosen wants words first
                leave_for_images(self)
        elif event.key() == Qt.Key.Key_Escape:
            self.show_code(self._said)
            leave_for_images(self)
        elif self._own(event):
            self._type(event.text().casefold())
        elif event.key() in _STEPS and not event.modifiers() & ~_MODIFIERS:
            self._show_by(_STEPS[Qt.Key(event.key())])
        elif event.text().isprintable() and event.text():
            event.ignore()  # it looks for answers by their letters, and says them, otherwise
        else:
            super().keyPressEvent(event)

    def _is_answered_before(self, letter: str) -> bool:
        """Tell whether a whole code was taken, and a letter does not go on with its words."""
        if self._spent is None:
            return False
        typed, (code, words) = self._spent
        return typed == code and not words.startswith(typed + letter)

    def _show_by(self, rows: int) -> None:
        """Show another answer without saying it: each step past one would be said otherwise."""
        if self.count():
            self._typed, self._spent = "", None
            self.setCurrentIndex(min(max(0, self.currentIndex() + rows), self.count() - 1))

    def _type(self, letter: str) -> None:
        if self._is_rest(letter):
            return
        rows = self._beginning_with(self._typed + letter)
        self._typed = self._typed + letter if rows else letter
        rows = rows or self._beginning_with(letter)
        if not rows:
            self._typed = ""
            return
        self.setCurrentIndex(rows[0])
        if len(rows) == 1:
            self._spent = self._typed, self._names(rows[0])
            self._take(rows[0])

    def _is_rest(self, letter: str) -> bool:
        """Tell whether a letter goes on with a word that is taken already, and says nothing new.

        What it was taken for may be gone by then: a dismissed mark makes way for the next one.
        """
        if self._spent is None:
            return False
        typed, names = self._spent[0] + letter, self._spent[1]
        goes_on = any(name.startswith(typed) for name in names)
        self._spent = (typed, names) if goes_on else None
        return goes_on

    def _names(self, row: int) -> tuple[str, str]:
        return str(self.itemData(row)).casefold(), self.itemText(row).casefold()

    def _beginning_with(self, typed: str) -> list[int]:
        names = [self._names(row) for row in range(self.count())]
        return [row for row, both in enumerate(names) if any(n.startswith(typed) for n in both)]

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take a whole code that was typed; what is only begun is not said."""
        super().focusOutEvent(event)
        if event.reason() is Qt.FocusReason.PopupFocusReason:
            return
        typed, self._spent = self._typed, None
        if typed and typed == self._names(self.currentIndex())[0]:
            self._take(self.currentIndex())
        else:
            self.show_code(self._said)
