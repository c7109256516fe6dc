"""Looks at a black X server's screen while the program opens; ``test_first_frames`` runs it.

``first_frames.py watch`` looks, and runs ``first_frames.py use``, which opens one thing after the
other.  Says as JSON, for each of them, the largest shares of light and of white pixels that were
ever on the screen, and how often it looked.  What does not end is stopped, and said where it was.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from PySide6.QtCore import QDeadlineTimer, QProcess, QTimer
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

from mammoview.ui import boot as booting
from mammoview.ui.main import run

LIGHT, WHITE = 128, 240
_LONGEST_MS = 100_000
_SEEN_MS = 120
_OPENERS: tuple[str, ...] = (
    "show_cheat_sheet", "show_about", "show_keys", "show_refused", "measure_screen",
)  # fmt: skip

# -- who opens --------------------------------------------------------------------------------

sessions: list[booting.Session] = []


class Watched(booting.Session):
    """The program's own session, seen from outside."""

    def __init__(self, *, badge: str | None, bundle: Path | None, device: str | None) -> None:
        super().__init__(badge=badge, bundle=bundle, device=device)
        sessions.append(self)


def tell(what: str) -> None:
    print(what, flush=True)


def use() -> None:
    window = sessions[0].window
    QTest.qWait(_SEEN_MS)
    for name in _OPENERS:
        tell(name)
        getattr(window.dialogs, name)()
        QTest.qWait(_SEEN_MS)
        for dialog in window.findChildren(QDialog):
            dialog.close()
    tell("second screen")
    window.second_screen.show()
    QTest.qWait(_SEEN_MS)
    tell("worklist")
    window.toggle_worklist()
    QTest.qWait(_SEEN_MS)
    tell("daily check")  # the last one: its pattern is light, and may stay for a moment
    window.show_daily_check()
    QTest.qWait(_SEEN_MS)
    tell("end")
    for dialog in window.findChildren(QDialog):
        dialog.close()
    window.close()


# -- who looks --------------------------------------------------------------------------------


def watch() -> dict[str, tuple[float, float, int]]:
    """Return for each thing the largest shares of light and of white, and the number of looks."""
    application = QGuiApplication(["watch"])
    child = QProcess()
    child.setProcessChannelMode(QProcess.ProcessChannelMode.ForwardedErrorChannel)
    child.start(sys.executable, [__file__, "use"])
    phase = "start"
    found: dict[str, tuple[float, float, int]] = {phase: (0.0, 0.0, 0)}
    deadline = QDeadlineTimer(_LONGEST_MS)
    while child.state() is not QProcess.ProcessState.NotRunning:
        application.processEvents()
        (light, white), (lightest, whitest, looks) = shares(application), found[phase]
        found[phase] = max(lightest, light), max(whitest, white), looks + 1
        for line in bytes(child.readAllStandardOutput().data()).decode().splitlines():
            phase = line.strip()
            found.setdefault(phase, (0.0, 0.0, 0))
        if deadline.hasExpired():
            child.kill()
            child.waitForFinished()
            found[f"stopped in {phase}"] = found[phase]
    return found


def shares(application: QGuiApplication) -> tuple[float, float]:
    shot = application.primaryScreen().grabWindow(0).toImage()
    image = shot.convertToFormat(QImage.Format.Format_Grayscale8)
    grey = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    shown = grey[:, : image.width()]
    return float((shown >= LIGHT).mean()), float((shown >= WHITE).mean())


if __name__ == "__main__":
    if sys.argv[1] == "watch":
        print(json.dumps(watch()))
    else:
        booting.Session = Watched  # type: ignore[misc]
        QApplication(["mammoview"])
        QTimer.singleShot(0, use)
        sys.exit(run([], device="cpu"))
