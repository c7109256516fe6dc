"""A line for words that is kept by itself: after a pause, on Return, and on leaving it."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

from mammoview.ui.own_keys import OWN_KEYS, OwnKeysLine

_PAUSE_MS = 400
_LONGEST = 500


class WordsLine(OwnKeysLine):
    """One line of the reader's own words.

    Parameters
    ----------
    name : str
        Object name.
    accessible : str
        What is to be said, for a screen reader and the tooltip.
    hint : str, optional
        The same, as short as the line is; it stands there while nothing is said.

    Signals
    -------
    said(str)
        The words are others than those that were shown last.
    """

    said = Signal(str)

    def __init__(
        self, name: str, accessible: str, parent: QWidget | None = None, *, hint: str = ""
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(accessible)
        self.setPlaceholderText(hint or accessible)
        self.setToolTip(accessible)
        self.setMaxLength(_LONGEST)
        self._shown = ""
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._connect()

    def _connect(self) -> None:
        self.textEdited.connect(self._edited)
        self._pause.timeout.connect(self.commit)

    def _edited(self) -> None:
        self._pause.start()

    def show_words(self, words: str) -> None:
        """Show what is said in the read; what is being typed stays."""
        if words == self._shown and self.text() != words and self.hasFocus():
            return
        self._pause.stop()
        self._shown = words
        if self.text() != words:
            self.setText(words)

    def forget(self) -> None:
        """Be empty, whatever was typed: it belongs to another examination."""
        self._pause.stop()
        self._shown = ""
        self.clear()

    def commit(self) -> None:
        """Say what was typed, if it is not said yet."""
        self._pause.stop()
        if self.text().strip() != self._shown.strip():
            self._shown = self.text()
            self.said.emit(self.text().strip())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return says it, Esc brings back what was said; both give the images the keyboard."""
        if event.key() not in OWN_KEYS:
            super().keyPressEvent(event)
            return
        if event.key() == Qt.Key.Key_Escape:
            self._pause.stop()
            self.setText(self._shown)
        self.commit()
        images = self.window().findChild(QWidget, "fourView")
        if images is not None and self.hasFocus():
            images.setFocus()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Say what was typed."""
        super().focusOutEvent(event)
        self.commit()
