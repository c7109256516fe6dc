"""The one bridge from worker threads onto the GUI thread."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal, Slot


class GuiDispatcher(QObject):
    """Runs callables on the thread it lives in, in the order they were posted.

    Close it last: after the tokens are cancelled and the workers have ended.
    """

    _posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("guiDispatcher")
        self._open = True
        self._posted.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def post(self, call: Callable[[], None]) -> None:
        """Run ``call`` later on the GUI thread; from any thread; nothing once closed."""
        if self._open:
            self._posted.emit(call)

    def close(self) -> None:
        """Drop what has not run yet, and everything posted from now on."""
        self._open = False

    @Slot(object)
    def _run(self, call: Callable[[], None]) -> None:
        if self._open:
            call()
