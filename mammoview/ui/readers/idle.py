"""Notices that nobody has touched keyboard or mouse for a while."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

_TOUCHED = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
    }
)


class IdleWatch(QObject):
    """Watches the whole application, while it is asked to.

    Signals
    -------
    idle()
        Nothing was touched for as long as was said.
    """

    idle = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.setObjectName("idleWatch")
        self._timer = QTimer(self)
        self._timer.setObjectName("idleTimer")
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.idle)

    def watch(self, seconds: float) -> None:
        """Watch from now on; 0: no more."""
        application = QApplication.instance()
        assert application is not None
        application.removeEventFilter(self)
        self._timer.stop()
        if seconds > 0:
            application.installEventFilter(self)
            self._timer.start(round(seconds * 1000))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Begin to wait anew with each touch."""
        if event.type() in _TOUCHED and self._timer.isActive():
            self._timer.start()
        return False
