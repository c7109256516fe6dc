"""Notices that nobody has touched keyboard or mouse for a while."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QWindow

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
    """Watches all windows of the program, while it is asked to.

    What a hand does comes to a window first; a filter on the whole application would be asked at
    each paint of each widget as well, in the middle of a drag.

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
        self._connect()

    def _connect(self) -> None:
        self._timer.timeout.connect(self.idle)
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        application.focusWindowChanged.connect(self._window_came)

    def watch(self, seconds: float) -> None:
        """Watch from now on; 0: no more."""
        self._timer.stop()
        for window in QGuiApplication.allWindows():
            window.removeEventFilter(self)
            if seconds > 0:
                window.installEventFilter(self)
        if seconds > 0:
            self._timer.start(round(seconds * 1000))

    def _window_came(self, window: QWindow | None) -> None:
        """Watch a window that was opened since, too; one twice is watched once."""
        if window is not None and self._timer.isActive():
            window.removeEventFilter(self)
            window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Begin to wait anew with each touch."""
        if event.type() in _TOUCHED and self._timer.isActive():
            self._timer.start()
        return False
