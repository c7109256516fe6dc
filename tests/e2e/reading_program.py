"""The program for tests that read in it: run as a process of its own on a virtual screen.

``python -m tests.e2e.reading_program FOLDER PLACES``: the window; its dialog for a folder to import
answers FOLDER, for a file dialog cannot be driven alike everywhere.  Ten times a second the file
PLACES is told where the visible widgets with names are: ``{"name": [left, top, width, height]}``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from mammoview.ui import boot
from mammoview.ui.boot import Session
from mammoview.ui.main import run


class Telling(Session):
    """A run of the window that tells where its widgets are."""

    places = Path()

    def begin(self, paths: tuple[Path, ...]) -> None:
        """Begin as the program does, and to tell."""
        super().begin(paths)
        timer = QTimer(self.window)
        timer.setInterval(100)
        timer.timeout.connect(self._tell)
        timer.start()

    def _tell(self) -> None:
        found = {}
        for window in QApplication.topLevelWidgets():
            for widget in (window, *window.findChildren(QWidget)):
                if widget.objectName() and widget.isVisible():
                    at = widget.mapToGlobal(QPoint(0, 0))
                    found[widget.objectName()] = [at.x(), at.y(), widget.width(), widget.height()]
        half = self.places.with_suffix(".half")
        half.write_text(json.dumps(found), "utf-8")
        half.replace(self.places)


def main(folder: str, places: str) -> int:
    """Run until the window is closed."""
    Telling.places = Path(places)
    boot.Session = Telling  # type: ignore[misc]
    QFileDialog.getExistingDirectory = lambda *_, **__: folder  # type: ignore[method-assign]
    return run([], device="cpu")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
