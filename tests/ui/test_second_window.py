"""A second reading screen: the same state, other images, a place of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from mammoview.app import commands
from mammoview.app.workspace import FitMode, OverlayMode
from mammoview.ui.main_window import MainWindow
from mammoview.ui.places import bring_back
from mammoview.ui.second_window import SecondWindow
from tests.builders.dicom import build_exam


@pytest.fixture
def second(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> SecondWindow:
    """Open an examination and the second screen, by its key."""
    build_exam(tmp_path)
    window.desk.open_paths([tmp_path])
    qtbot.waitUntil(lambda: window.desk.workspace.prediction is not None, timeout=20_000)
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, Qt.Key.Key_F8)
    assert window.second is not None
    assert window.second.isVisible()
    return window.second


def shown(window: MainWindow | SecondWindow) -> list[str]:
    return [view.pane.key for view in window.four_view.panes()]


def activate(window: MainWindow | SecondWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)


def test_the_other_projection_hangs_beside_and_follows(
    window: MainWindow, second: SecondWindow, qtbot: QtBot
) -> None:
    activate(window, qtbot)
    qtbot.keyClick(window, Qt.Key.Key_D)
    assert (shown(window), shown(second)) == (["RCC", "LCC"], ["RMLO", "LMLO"])
    qtbot.keyClick(window, Qt.Key.Key_D)
    assert (shown(window), shown(second)) == (["RMLO", "LMLO"], ["RCC", "LCC"])
    step = second.findChild(QLabel, "stepLabel")
    assert step is not None
    assert step.text() == "CC pair"


def test_what_must_be_said_stands_there_too(second: SecondWindow) -> None:
    said = {
        name: label.text()
        for name in ("researchUseOnly", "readingBadge")
        for label in second.findChildren(QLabel, name)
        if label.isVisible()
    }
    assert said == {
        "researchUseOnly": "RESEARCH USE ONLY",
        "readingBadge": "Concurrent reading — not a blinded read",
    }


def test_whether_sizes_compare_between_the_screens_is_said(
    window: MainWindow, second: SecondWindow, qtbot: QtBot
) -> None:
    """The factor is that of the images as they are shown, whatever brought it about."""
    badge = second.findChild(QLabel, "scaleBadge")
    assert badge is not None

    def factor() -> float:
        shown = [screen.four_view.panes()[0].placement for screen in (second, window)]
        assert shown[0] is not None
        assert shown[1] is not None
        return shown[0].scale / shown[1].scale

    window.resize(1400, 1000)
    second.resize(600, 600)
    qtbot.waitUntil(lambda: f"× {factor():.2f}" in badge.text())
    assert badge.text().startswith("NOT the size of the first screen")
    assert factor() < 0.95
    assert badge.isVisible()
    window.four_view.zoom_by(-1.0)
    assert f"× {factor():.2f}" in badge.text()
    activate(window, qtbot)
    window.desk.do(commands.fit, FitMode.ONE_TO_ONE)
    assert factor() == 1.0
    assert badge.text() == "same size as on the first screen"


def test_keys_and_held_keys_work_on_both_screens(
    window: MainWindow, second: SecondWindow, qtbot: QtBot
) -> None:
    activate(second, qtbot)
    qtbot.keyClick(second, Qt.Key.Key_B)
    assert window.desk.workspace.overlay.mode is OverlayMode.BOTH
    before = second.four_view.grab().toImage()
    qtbot.keyPress(second, Qt.Key.Key_P)
    assert window.desk.workspace.overlay.peeking
    assert second.four_view.grab().toImage() != before
    qtbot.keyRelease(second, Qt.Key.Key_P)
    assert second.four_view.grab().toImage() == before


def test_full_screen_is_each_windows_own(
    window: MainWindow, second: SecondWindow, qtbot: QtBot
) -> None:
    activate(second, qtbot)
    qtbot.keyClick(second, Qt.Key.Key_F11)
    assert second.isFullScreen()
    assert not window.isFullScreen()
    assert window.menuBar().isVisible()
    qtbot.keyClick(second, Qt.Key.Key_Escape)
    assert not second.isFullScreen()


def test_a_window_change_on_the_second_screen_holds_on_both(
    window: MainWindow, second: SecondWindow, qtbot: QtBot
) -> None:
    view = second.four_view
    at = view.panes()[0].box.geometry().center().toPoint()
    canvas = view.canvas.viewport()
    qtbot.mousePress(canvas, Qt.MouseButton.RightButton, pos=at)
    qtbot.mouseMove(canvas, pos=at + type(at)(40, 25))
    qtbot.mouseRelease(canvas, Qt.MouseButton.RightButton, pos=at + type(at)(40, 25))
    assert window.desk.workspace.gray.change is not None


def test_closing_it_is_switching_it_off(
    window: MainWindow, second: SecondWindow, qtbot: QtBot
) -> None:
    second.close()
    assert not window.desk.workspace.second_screen
    activate(window, qtbot)
    qtbot.keyClick(window, Qt.Key.Key_F8)
    assert second.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_F8)
    assert not second.isVisible()


def test_a_window_off_every_screen_is_brought_back(window: MainWindow) -> None:
    window.move(9000, 9000)
    bring_back(window)
    assert window.screen().availableGeometry().contains(window.geometry().topLeft())


# -- sets of screens, each run a process of its own -------------------------------------------


def test_each_set_of_screens_keeps_its_layout(repository: Path, tmp_path: Path) -> None:
    build_exam(tmp_path / "exam")

    def start(how: str, *names: str) -> dict[str, Any]:
        screens = [
            {"name": name, "x": 2100 * at, "y": 0, "width": 2048, "height": 1400,
             "logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
            for at, name in enumerate(names)
        ]  # fmt: skip
        (tmp_path / "screens.json").write_text(json.dumps({"screens": screens}), "utf-8")
        environment = {
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen:configfile=screens.json",  # Qt splits at each colon
            "PYTHONPATH": str(repository),
        }
        script = str(repository / "tests" / "ui" / "two_screens.py")
        done = subprocess.run(
            [sys.executable, script, str(tmp_path / "exam"), how],
            env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return answer

    first = start("first", "left", "right")
    assert first["main"]["screen"] == "left"
    assert (first["second"]["screen"], first["second"]["maximised"]) == ("right", True)
    assert first["second"]["research"] == ["RESEARCH USE ONLY"]
    one = start("again", "left")
    assert one["second"]["on it"], "the missing screen's window comes to the one that is there"
    assert one["main"]["on it"]
    again = start("again", "left", "right")
    assert (again["main"], again["second"]) == (first["main"], first["second"])
