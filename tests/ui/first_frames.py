"""Looks at a black X server's screen while the program opens; ``test_first_frames`` runs it.

``first_frames.py watch`` looks, and runs ``first_frames.py use``, which opens one thing after the
other.  Says as JSON, for each of them, the largest share of light pixels that was ever on the
screen, and how often it looked.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from PySide6.QtCore import QProcess, QTimer
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

from mammoview.ui import boot as booting
from mammoview.ui.main import run

LIGHT = 128
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
    tell("end")
    window.close()


# -- who looks --------------------------------------------------------------------------------


def watch() -> dict[str, tuple[float, int]]:
    """Return for each thing the largest light share, and the number of looks."""
    application = QGuiApplication(["watch"])
    child = QProcess()
    child.setProcessChannelMode(QProcess.ProcessChannelMode.ForwardedErrorChannel)
    child.start(sys.executable, [__file__, "use"])
    phase = "start"
    found: dict[str, tuple[float, int]] = {phase: (0.0, 0)}
    while child.state() is not QProcess.ProcessState.NotRunning:
        application.processEvents()
        light, (most, looks) = light_share(application), found[phase]
        found[phase] = max(most, light), looks + 1
        for line in bytes(child.readAllStandardOutput().data()).decode().splitlines():
            phase = line.strip()
            found.setdefault(phase, (0.0, 0))
    return found


def light_share(application: QGuiApplication) -> float:
    shot = application.primaryScreen().grabWindow(0).toImage()
    image = shot.convertToFormat(QImage.Format.Format_Grayscale8)
    grey = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return float((grey[:, : image.width()] >= LIGHT).mean())


if __name__ == "__main__":
    if sys.argv[1] == "watch":
        print(json.dumps(watch()))
    else:
        booting.Session = Watched  # type: ignore[misc]
        QApplication(["mammoview"])
        QTimer.singleShot(0, use)
        sys.exit(run([], device="cpu"))
