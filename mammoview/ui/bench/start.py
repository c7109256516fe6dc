"""Children of ``mammoview bench start``: a window that tells when it is painted and answers."""

from __future__ import annotations

import os
import time
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget


class FirstPaint(QObject):
    """Tells how old the process is once a window is painted and has come back to its events."""

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self.setObjectName("firstPaint")
        self._window: QWidget | None = None
        application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Wait for the first paint of anything in a window."""
        if (
            self._window is None
            and event.type() is QEvent.Type.Paint
            and isinstance(watched, QWidget)
        ):
            self._window = watched.window()
            QTimer.singleShot(0, self, self._answering)
        return False

    def _answering(self) -> None:
        """Run from the event loop, after the paint: the window takes keys from here on."""
        print(f"{process_age_s():.4f}", flush=True)
        if self._window is not None:
            self._window.close()


def process_age_s() -> float:
    """Return the seconds since the system started this process, in Python's loading too."""
    try:
        stat = Path("/proc/self/stat").read_text("ascii")
        started = int(stat.rpartition(")")[2].split()[19])
    except OSError:
        return time.perf_counter()  # starts near zero with the process where there is no /proc
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started / os.sysconf("SC_CLK_TCK")


def watch() -> None:
    """Tell of the first window of a program that is started in this process afterwards."""
    FirstPaint(QApplication(["mammoview"]))


def bare() -> None:
    """Start a window with a pyqtgraph view in it."""
    import pyqtgraph as pg

    application = QApplication(["bare"])
    FirstPaint(application)
    window = QMainWindow()
    window.setCentralWidget(pg.GraphicsView())
    window.resize(1500, 950)
    window.show()
    raise SystemExit(application.exec())
