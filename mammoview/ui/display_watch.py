"""Which screen a window is on, and whether it was looked at today."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QScreen

from mammoview.app.display.display_check import DisplayChecks, DisplayStatus
from mammoview.ui.dialogs.daily_check import DailyCheck
from mammoview.ui.screen_watch import ScreenWatch, screen_of


class DisplayWatch(QObject):
    """Tells what is known of a window's screen: at the start, on another screen, the next day.

    Parameters
    ----------
    watch : ScreenWatch
        Tells on which screen the window is that counts.
    checks : DisplayChecks or None
        None where no screen is read from (a snapshot): then nothing is said.
    tell : callable
        Takes the status; the same may be told twice.
    """

    def __init__(
        self,
        watch: ScreenWatch,
        checks: DisplayChecks | None,
        tell: Callable[[DisplayStatus], None],
    ) -> None:
        super().__init__(watch)
        self.setObjectName("displayWatch")
        self._window, self._checks, self._tell = watch.window, checks, tell
        if checks is not None:
            self._window.installEventFilter(self)
            watch.changed.connect(self.judge)
            self.judge()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Judge again when the window comes back to the reader: it may be the next day."""
        if event.type() is QEvent.Type.WindowActivate:
            self.judge()
        return False

    def judge(self) -> None:
        """Tell what the last check of this screen says today."""
        if self._checks is not None:
            self._tell(self._checks.status(screen_key(self._window.screen())))

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
    """Return what tells one screen from another, and how it is driven."""
    known = screen_of(screen)
    return f"{known.key} · {known.width_px}x{known.height_px}"
