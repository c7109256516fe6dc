"""Run by ``test_second_window`` in a process of its own, on screens that a file describes.

Usage: ``two_screens.py EXAM_FOLDER (first|again)``; says as JSON where the windows stand.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow

from mammoview.ui import boot as booting
from mammoview.ui.main import run

sessions: list[booting.Session] = []
seen: dict[str, object] = {}


class Watched(booting.Session):
    """The program's own session, seen from outside."""

    def __init__(self, *, badge: str | None, bundle: Path | None, device: str | None) -> None:
        super().__init__(badge=badge, bundle=bundle, device=device)
        sessions.append(self)


def where(window: QMainWindow) -> dict[str, object]:
    return {
        "screen": window.screen().name(),
        "on it": window.screen().geometry().intersects(window.frameGeometry()),
        "maximised": window.isMaximized(),
        "research": [
            label.text()
            for label in window.findChildren(QLabel, "researchUseOnly")
            if label.isVisible()
        ],
    }


def use() -> None:
    window, desk = sessions[0].window, sessions[0].desk
    QTest.qWaitForWindowActive(window, 5000)
    for _ in range(2000):
        if desk.workspace.panes and all(pane.image for pane in desk.workspace.panes):
            break
        QTest.qWait(10)
    if sys.argv[2] == "first":
        window.move(window.screen().geometry().topLeft())
        window.activateWindow()
        seen["active"] = QTest.qWaitForWindowActive(window, 20_000)
        QTest.keyClick(window, Qt.Key.Key_F8)
    QTest.qWait(50)
    second = window.second_screen.window
    seen["main"] = where(window)
    seen["second"] = where(second) if second is not None and second.isVisible() else None
    if second is not None:
        seen["panes"] = [view.pane.key for view in second.four_view.panes()]
    window.close()


if __name__ == "__main__":
    booting.Session = Watched  # type: ignore[misc]
    QApplication(["mammoview"])
    QTimer.singleShot(0, use)
    seen["code"] = run([Path(sys.argv[1])], device="cpu")
    print(json.dumps(seen))
