"""Run by ``test_xvfb`` in a process of its own: the real window on a real X server, driven by keys.

Writes what it saw as JSON on stdout.  Usage: ``xvfb_window.py EXAM_FOLDER BUNDLE_FOLDER``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QTimer
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

from mammoview.ui import boot as booting
from mammoview.ui.main import run
from mammoview.ui.main_window import MainWindow

seen: dict[str, object] = {}
sessions: list[booting.Session] = []


class Watched(booting.Session):
    """The program's own session; this script only looks in from outside."""

    def __init__(self, *, badge: str | None, bundle: Path | None, device: str | None) -> None:
        super().__init__(badge=badge, bundle=bundle, device=device)
        sessions.append(self)


def on_screen(window: MainWindow) -> NDArray[np.uint8]:
    """Return what the X server shows of the four views, RGB."""
    QTest.qWait(150)
    view = window.four_view
    corner = view.mapToGlobal(view.rect().topLeft())
    shot = window.screen().grabWindow(0, corner.x(), corner.y(), view.width(), view.height())
    image = shot.toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : 3 * image.width()].copy()


def type_key(key: str) -> None:
    """Press and release a key in whatever has the keyboard."""
    target = QApplication.focusWidget() or sessions[0].window
    QTest.keyClicks(target, key)


def use() -> None:
    """Wait for the analysis, then work with the keys."""
    window, desk = sessions[0].window, sessions[0].desk
    window.activateWindow()  # a bare X server has no window manager to do it
    seen["active"] = QTest.qWaitForWindowActive(window, 10_000)
    for _ in range(3000):
        if desk.workspace.prediction is not None and not desk.workspace.analysis.running:
            break
        QTest.qWait(10)
    seen["platform"] = QApplication.platformName()
    seen["analysis"] = desk.workspace.analysis.message
    off = on_screen(window)
    type_key("h")
    heat = on_screen(window)
    type_key("h")
    again = on_screen(window)
    seen["drawn"] = bool(off.std() > 1)
    seen["toggle changes the screen"] = bool((off != heat).any())
    seen["toggle back is the same"] = bool((off == again).all())
    type_key("?")
    QTest.qWait(100)
    sheet = window.findChild(QDialog, "cheatSheet")
    seen["cheat sheet"] = sheet is not None and sheet.isVisible()
    if sheet is not None:
        sheet.close()
    window.close()


if __name__ == "__main__":
    booting.Session = Watched  # type: ignore[misc]
    QApplication(["mammoview"])
    QTimer.singleShot(0, use)
    seen["code"] = run([Path(sys.argv[1])], bundle=Path(sys.argv[2]), device="cpu")
    print(json.dumps(seen))
