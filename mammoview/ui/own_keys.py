"""Fields that keep Return and Esc to themselves, and give the keyboard back to the images."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

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


def leave_for_images(widget: QWidget) -> None:
    """Give the keyboard back to the images of a widget's window."""
    images = widget.window().findChild(QWidget, "fourView")
    if images is not None:
        images.setFocus()
