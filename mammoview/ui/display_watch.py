"""Which screen the window is on, and whether it was looked at today."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QMainWindow

from mammoview.app import commands
from mammoview.app.display_check import DisplayChecks
from mammoview.app.reading import ReadingDesk
from mammoview.ui.dialogs.daily_check import DailyCheck


class DisplayWatch(QObject):
    """Keeps the state's word on the display right: at the start, on another screen, next day.

    Parameters
    ----------
    window : QMainWindow
        The window whose screen counts.
    desk : ReadingDesk
        Whose state says it.
    checks : DisplayChecks or None
        None where no screen is read from (a snapshot): then nothing is said.
    """

    def __init__(
        self, window: QMainWindow, desk: ReadingDesk, checks: DisplayChecks | None
    ) -> None:
        super().__init__(window)
        self.setObjectName("displayWatch")
        self._window, self._desk, self._checks = window, desk, checks
        self._connected = False
        if checks is not None:
            window.installEventFilter(self)
            self.judge()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Judge again when the window is shown or comes back to the reader."""
        if event.type() in (QEvent.Type.Show, QEvent.Type.WindowActivate):
            handle = self._window.windowHandle()
            if handle is not None and not self._connected:
                handle.screenChanged.connect(self.judge)
                self._connected = True
            self.judge()
        return False

    def judge(self) -> None:
        """Say what the last check of this screen says today."""
        if self._checks is not None:
            status = self._checks.status(screen_key(self._window.screen()))
            self._desk.do(commands.judge_display, status)

    def check(self) -> None:
        """Let the reader look at the patterns, on the window's own screen."""
        if self._checks is None:
            return
        screen = self._window.screen()
        dialog = DailyCheck(self._checks, screen_key(screen), self._window)
        dialog.saved.connect(self.judge)
        dialog.setGeometry(screen.geometry())
        dialog.showFullScreen()


def screen_key(screen: QScreen) -> str:
    """Return what tells one screen from another: maker, model, connector, device pixels."""
    size = screen.size() * screen.devicePixelRatio()
    parts = (screen.manufacturer(), screen.model(), screen.name())
    return " · ".join([*filter(None, parts), f"{size.width()}x{size.height()}"])
