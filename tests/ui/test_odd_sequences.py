"""What nobody plans for: examinations, keys, mouse and sizes in any order, while work runs."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mammoview.app.pixels import resident
from mammoview.ui.main_window import MainWindow
from tests.builders.dicom import build_exam, build_mg
from tests.ui.test_window import state

_EVENTS = 150
# No key of a dialog or of a file: those have tests of their own.
_KEYS = (*"ADEQXTWYFI12VNRLKHMBOPGJU6789345Z", *(Qt.Key.Key_Tab, Qt.Key.Key_Delete))
_MEASURES = "LDAGRWEFNK"
_SIZES = ((10, 10), (500, 400), (1280, 800), (3840, 2160), (900, 3000))
_NONE, _SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
_BUTTONS = (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton)


class Restless:
    """Somebody who does anything, the same for the same seed."""

    def __init__(self, seed: int, window: MainWindow, folders: list[Path]) -> None:
        self.random, self.window, self.folders = random.Random(seed), window, folders
        self.done: list[str] = []

    def act(self) -> None:
        ways: list[Callable[[], None]] = [self.key] * 6 + [self.draw] * 4 + [self.wait] * 4
        ways += [self.measure, self.drop, self.switch, self.resize, self.undo]
        way = self.random.choice(ways)
        self.done.append(way.__name__)
        way()

    def key(self) -> None:
        key = self.random.choice(_KEYS)
        QTest.keyClick(self.window.four_view, Qt.Key(ord(key)) if isinstance(key, str) else key)

    def measure(self) -> None:
        key = Qt.Key(ord(self.random.choice(_MEASURES)))
        QTest.keyClick(self.window.four_view, key, _SHIFT)

    def undo(self) -> None:
        QTest.keyClick(self.window.four_view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)

    def place(self) -> QPoint:
        room = self.window.four_view.canvas.viewport().rect()
        return QPoint(
            self.random.randint(0, max(1, room.width())),
            self.random.randint(0, max(1, room.height())),
        )

    def draw(self) -> None:
        """Drag, and sometimes have another examination come while the button is down."""
        surface, button = self.window.four_view.canvas.viewport(), self.random.choice(_BUTTONS)
        QTest.mousePress(surface, button, _NONE, self.place())
        QTest.mouseMove(surface, self.place())
        if self.random.random() < 0.2:
            self.switch()
        QTest.mouseMove(surface, self.place())
        QTest.mouseRelease(surface, button, _NONE, self.place())

    def drop(self) -> None:
        dropped = QMimeData()
        dropped.setUrls([QUrl.fromLocalFile(str(f)) for f in self.folders])
        copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
        event = QDropEvent(QPointF(200, 200), copy, dropped, left, _NONE)
        QApplication.sendEvent(self.window, event)

    def switch(self) -> None:
        self.window.desk.step_exam(self.random.choice((-1, 1)))

    def resize(self) -> None:
        self.window.resize(*self.random.choice(_SIZES))

    def wait(self) -> None:
        for _ in range(self.random.randint(1, 8)):
            QApplication.processEvents()


@pytest.mark.parametrize("seed", [2, 3])
def test_any_order_of_events_ends_with_images_on_the_screen(
    window: MainWindow,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    few = 5 * 120 * 90 * 2  # so that pixels are given back and come again
    monkeypatch.setattr(resident, "within", partial(resident.within, budget_bytes=few))
    folders = [tmp_path / "one", tmp_path / "two"]
    for number, folder in enumerate(folders):
        build_exam(folder, person=f"P{number}^X", study=f"{number}")
    for number in range(6):
        side = "RL"[number % 2]
        build_mg(folders[0] / f"{number}.dcm", laterality=side, view="ML", person="P0^X", study="0")
    window.desk.open_paths(folders)
    restless = Restless(seed, window, folders)
    for _ in range(_EVENTS):
        restless.act()
    window.resize(1200, 800)
    window.desk.open_paths(folders)
    qtbot.waitUntil(lambda: len(state(window).index.examinations) == 2)
    qtbot.waitUntil(lambda: window.desk.at_rest and state(window).task is None, timeout=20_000)
    assert all(pane.image is not None for pane in state(window).panes if pane.mammogram)
    window.grab()
