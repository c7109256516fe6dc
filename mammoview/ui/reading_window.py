"""What both windows with images share: keys work alike in each, and end when it loses them."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QMainWindow

from mammoview.app.reading import ReadingDesk
from mammoview.ui.actions.keyboard import HeldKeys
from mammoview.ui.display_watch import DisplayWatch


class ReadingWindow(QMainWindow):
    """A window in which images are read.

    A subclass sets all three.

    Attributes
    ----------
    desk : ReadingDesk
        Holds the one state.
    held : HeldKeys
        What lasts while its key is down, in whatever window.
    display : DisplayWatch
        Judges the screen that the window stands on.
    """

    desk: ReadingDesk
    held: HeldKeys
    display: DisplayWatch

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Start what holds while a key is down."""
        if not self.held.press(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """End it when the key is let go."""
        if not self.held.release(event):
            super().keyReleaseEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """End every hold when the window loses the keyboard; look what others did meanwhile."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.ActivationChange:
            if self.isActiveWindow():
                self.desk.come_back()
            else:
                self.held.release_all()
