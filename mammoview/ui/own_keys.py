"""A line of words that keeps Return and Esc to itself."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

OWN_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)


class OwnKeysLine(QLineEdit):
    """Return and Esc come to the line even where the window has actions on them."""

    def event(self, event: QEvent) -> bool:
        """Keep Return and Esc from the window's actions."""
        if (
            event.type() is QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in OWN_KEYS
        ):
            event.accept()
            return True
        return super().event(event)
