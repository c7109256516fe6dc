"""A line for words that is kept by itself: on Return, on leaving it, and mostly after a pause."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

from mammoview.ui.own_keys import OWN_KEYS, OwnKeysLine, leave_for_images

_PAUSE_MS = 400
_LONGEST = 500
_MODIFIERS = (
    Qt.Key.Key_Shift,
    Qt.Key.Key_Control,
    Qt.Key.Key_Alt,
    Qt.Key.Key_AltGr,
    Qt.Key.Key_Meta,
)


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
    once : bool, optional
        Whether the words act once, as those that dismiss a mark: then half of them must not act at
        a pause.  Else they are kept as they grow.

    Signals
    -------
    said(str)
        The words are others than those that were shown last.
    """

    said = Signal(str)

    def __init__(
        self,
        name: str,
        accessible: str,
        parent: QWidget | None = None,
        *,
        hint: str = "",
        once: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(accessible)
        self.setPlaceholderText(hint or accessible)
        self.setToolTip(accessible)
        self.setMaxLength(_LONGEST)
        self._shown = ""
        self._once = once
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._connect()

    def _connect(self) -> None:
        self.textEdited.connect(self._edited)
        self._pause.timeout.connect(self.commit)

    def _edited(self) -> None:
        if not self._once:
            self._pause.start()

    def event(self, event: QEvent) -> bool:
        """Keep what grows before a key of the window acts: it may lead to another finding."""
        taken = super().event(event)
        if (
            event.type() is QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() not in _MODIFIERS
            and not event.isAccepted()
            and self._pause.isActive()
        ):
            self.commit()
        return taken

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
        if self.hasFocus():
            leave_for_images(self)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Say what was typed."""
        super().focusOutEvent(event)
        self.commit()
