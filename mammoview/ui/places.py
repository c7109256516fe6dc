"""Where the windows stand: kept for each set of screens, and always on a screen that is there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QObject, QRect, QSettings, Qt
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtWidgets import QMainWindow

_MAXIMISED = Qt.WindowState.WindowMaximized
_FIRST_SIZE = (1500, 950)
# So much of a window must be on some screen, pixels, or it is brought back.
_SEEN_PX = 120


def name_of(screens: Sequence[QScreen]) -> str:
    """Return a name for a set of screens: their own names, sizes and places decide it."""
    parts = sorted(f"{s.name()} {s.geometry().getRect()} {s.devicePixelRatio():g}" for s in screens)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


class Places(QObject):
    """Restores and keeps the places of the windows.

    Qt's own store holds geometry and nothing else.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("places")
        self._windows: dict[str, QMainWindow] = {}
        self._screens = name_of(QGuiApplication.screens())
        self._connect()

    def _connect(self) -> None:
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        application.screenAdded.connect(self._screens_changed)
        application.screenRemoved.connect(self._screens_changed)

    def restore(self, window: QMainWindow) -> None:
        """Put a window where it stood on these screens, else where it is of use."""
        self._windows[window.objectName()] = window
        geometry = _store().value(self._key(window))
        if not (isinstance(geometry, QByteArray) and window.restoreGeometry(geometry)):
            self._first_place(window)
        bring_back(window)

    def keep(self) -> None:
        """Remember where the windows stand on these screens."""
        store = _store()
        for window in self._windows.values():
            store.setValue(self._key(window), window.saveGeometry())

    def _key(self, window: QMainWindow) -> str:
        return f"{self._screens}/{window.objectName()}"

    def _first_place(self, window: QMainWindow) -> None:
        """Stand on the first screen; as a further window fill the next, where there is one."""
        others = [other for other in self._windows.values() if other is not window]
        taken = {other.screen() for other in others}
        free = [screen for screen in QGuiApplication.screens() if screen not in taken]
        if not others or not free:
            window.resize(*_FIRST_SIZE)
            return
        window.setGeometry(free[0].availableGeometry())
        window.setWindowState(window.windowState() | _MAXIMISED)

    def _screens_changed(self) -> None:
        """Go to the layout of the new set, and leave no window on a screen that is gone."""
        self._screens = name_of(QGuiApplication.screens())
        for window in self._windows.values():
            geometry = _store().value(self._key(window))
            if isinstance(geometry, QByteArray):
                window.restoreGeometry(geometry)
            bring_back(window)


def bring_back(window: QMainWindow) -> None:
    """Move a window that no screen shows onto the first one, no larger than that."""
    frame = window.frameGeometry()
    for screen in QGuiApplication.screens():
        seen = screen.availableGeometry().intersected(frame)
        if seen.width() >= min(_SEEN_PX, frame.width()) and seen.height() >= min(
            _SEEN_PX, frame.height()
        ):
            return
    room = QGuiApplication.primaryScreen().availableGeometry()
    window.setGeometry(QRect(room.topLeft(), frame.size().boundedTo(room.size())))


def _store() -> QSettings:
    return QSettings("mammoview", "window")
