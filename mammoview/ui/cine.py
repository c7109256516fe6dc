"""The clock of the cine: it runs only while the images are on the screen."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from mammoview.app.workspace import Workspace

_INTERVAL_MS = 100


class Cine(QObject):
    """Ticks ten times a second while the state asks for it and the images can be seen.

    Parameters
    ----------
    images : QWidget
        What must be on the screen.

    Signals
    -------
    ticked()
        It is time for the next slice.
    """

    ticked = Signal()

    def __init__(self, images: QWidget) -> None:
        super().__init__(images)
        self.setObjectName("cine")
        self._images = images
        self._wanted = False
        self._timer = QTimer(self)
        self._timer.setObjectName("cineTimer")
        self._timer.setInterval(_INTERVAL_MS)
        images.installEventFilter(self)
        self._connect()

    def _connect(self) -> None:
        self._timer.timeout.connect(self._tick)

    def render(self, old: Workspace | None, new: Workspace) -> None:
        """Take from the state whether volumes run by themselves."""
        self._wanted = new.cine
        self._settle()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stop when the images are hidden, go on when they are shown again."""
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self._settle()
        return False

    def _settle(self) -> None:
        if self._wanted and self._images.isVisible():
            if not self._timer.isActive():
                self._timer.start()
        else:
            self._timer.stop()

    def _tick(self) -> None:
        if not self._images.window().isMinimized():
            self.ticked.emit()
