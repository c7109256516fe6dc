"""A second reading screen: the same state, other images, a place of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from mammoview.app import commands, true_size
from mammoview.app.display import screens
from mammoview.app.workspace import FitMode, OverlayMode
from mammoview.ui.main_window import MainWindow
from mammoview.ui.places import bring_back
from mammoview.ui.screen_watch import screen_of
from mammoview.ui.second_window import SecondWindow
from tests.builders.dicom import build_exam

PIXELS_ONLY = "same size in pixels only: measure both screens"


@pytest.fixture
def second(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> SecondWindow:
    """Open an examination and the second screen, by its key."""
    build_exam(tmp_path)
    window.desk.open_paths([tmp_path])
    qtbot.waitUntil(lambda: window.desk.workspace.prediction is not None, timeout=20_000)
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, Qt.Key.Key_F8)
    assert window.second_screen.window is not None
    assert window.second_screen.window.isVisible()
    return window.second_screen.window


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


def point_at(window: MainWindow | SecondWindow) -> None:
    """Move the mouse over the first image; the two windows may lie over one another."""
    view = window.four_view.panes()[0]
    at = view.position_of(view.breast_centre())
    none = Qt.MouseButton.NoButton
    kind = QEvent.Type.MouseMove
    moved = QMouseEvent(kind, at, at, none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window.four_view.canvas.viewport(), moved)


def px_per_mm(screen: MainWindow | SecondWindow) -> set[float]:
    """Return the device pixels that a millimetre takes in the panes of a screen."""
    placed = [view.placement for view in screen.four_view.panes()]
    ratio = screen.devicePixelRatioF()
    return {round(place.scale * ratio, 6) for place in placed if place is not None}


@pytest.mark.parametrize("key", [Qt.Key.Key_F, Qt.Key.Key_I])
def test_both_screens_fit_to_one_size_in_mm(
    window: MainWindow, second: SecondWindow, qtbot: QtBot, key: Qt.Key
) -> None:
    """The size is what has room on both; either may be the one that holds the other down."""
    badge = second.findChild(QLabel, "scaleBadge")
    assert badge is not None
    activate(window, qtbot)
    qtbot.keyClick(window, key)
    found = []
    for first_size, second_size in [((1400, 1000), (600, 600)), ((800, 600), (1400, 1300))]:
        window.resize(*first_size)
        second.resize(*second_size)
        qtbot.waitUntil(lambda: len(px_per_mm(window) | px_per_mm(second)) == 1)
        assert badge.text() == PIXELS_ONLY, "offscreen screens are not measured"
        found.append(px_per_mm(window))
    assert found[0] != found[1], "each had its turn to be the smaller"
    alone = px_per_mm(window)
    qtbot.keyClick(window, Qt.Key.Key_D)  # other images on both
    assert px_per_mm(window) == px_per_mm(second) != alone


def test_a_screen_alone_is_held_down_by_no_other(
    window: MainWindow, second: SecondWindow, qtbot: QtBot
) -> None:
    window.resize(1400, 1000)
    second.resize(600, 600)
    qtbot.waitUntil(lambda: px_per_mm(window) == px_per_mm(second))
    held = px_per_mm(window)
    activate(window, qtbot)
    qtbot.keyClick(window, Qt.Key.Key_F8)
    assert min(px_per_mm(window)) > max(held)
    qtbot.keyClick(window, Qt.Key.Key_F8)
    qtbot.waitUntil(lambda: px_per_mm(window) == held)


def test_on_measured_screens_a_size_is_one_of_the_glass(
    window: MainWindow, second: SecondWindow, qtbot: QtBot
) -> None:
    """A pixel of the second screen is twice as large: half as many show the same millimetres."""
    measure(window, second)
    window.resize(1400, 1000)
    second.resize(900, 900)
    qtbot.waitUntil(lambda: window.width() == 1400)
    window.desk.do(commands.fit, FitMode.BREAST)
    qtbot.waitUntil(lambda: 2 * max(px_per_mm(second)) == pytest.approx(max(px_per_mm(window))))
    badge = second.findChild(QLabel, "scaleBadge")
    assert badge is not None
    assert badge.text() == "same size as on the first screen"
    for view, key in ((window, Qt.Key.Key_Plus), (second, Qt.Key.Key_Minus)):
        activate(view, qtbot)
        before = px_per_mm(window)
        for _ in range(3):
            qtbot.keyClick(view, key)
        assert px_per_mm(window) != before
        assert 2 * max(px_per_mm(second)) == pytest.approx(max(px_per_mm(window)))
        assert badge.text() == "same size as on the first screen"
    qtbot.keyClick(window, Qt.Key.Key_1)
    assert badge.text() == "NOT the size of the first screen: × 2.00"
    qtbot.keyClick(window, Qt.Key.Key_2)
    assert badge.text() == "same size as on the first screen"
    assert px_per_mm(window) == {4.0}, "true size"


def measure(window: MainWindow, second: SecondWindow) -> None:
    """Measure both: the first screen's pixel is half as large as the second's."""
    driven = screen_of(second.screen())
    finer = replace(driven, key="finer", name="finer")
    measured_here = screens.measured(driven, bar_px=100.0, bar_mm=50.0)
    measured_there = screens.measured(finer, bar_px=200.0, bar_mm=50.0)
    window.desk.do(true_size.calibrate, measured_here)
    window.desk.do(true_size.calibrate, measured_there)
    window.desk.do(true_size.set_screen, finer)


def test_the_wheel_on_one_screen_zooms_both(
    window: MainWindow, second: SecondWindow, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: px_per_mm(window) == px_per_mm(second))
    fitted = px_per_mm(second)
    for view in (window, second):
        view.four_view.canvas.zoomed.emit(view.four_view.panes()[0].box.geometry().center(), 2.0)
        assert max(px_per_mm(window)) == pytest.approx(max(px_per_mm(second)))
        assert max(px_per_mm(second)) > max(fitted)
        fitted = px_per_mm(second)


def test_a_size_by_hand_that_differs_is_said(
    window: MainWindow, second: SecondWindow, qtbot: QtBot
) -> None:
    badge = second.findChild(QLabel, "scaleBadge")
    assert badge is not None
    activate(window, qtbot)
    qtbot.keyClick(window, Qt.Key.Key_Y)  # one alone: nothing follows
    qtbot.keyClick(window, Qt.Key.Key_Plus)
    assert badge.text() == "NOT the size of the first screen: × 0.80 in pixels"
    assert badge.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_1)
    assert badge.text() == PIXELS_ONLY


def test_keys_move_the_images_that_the_reader_is_at(
    window: MainWindow, second: SecondWindow, qtbot: QtBot
) -> None:
    """By keyboard the active window, by mouse the one that it was moved over last."""

    def placed(screen: MainWindow | SecondWindow) -> list[object]:
        return [view.placement for view in screen.four_view.panes()]

    activate(window, qtbot)
    qtbot.keyClick(window, Qt.Key.Key_Y)  # a zoom of linked panes is followed on both

    activate(second, qtbot)
    first = placed(window)
    second.four_view.setFocus()
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_Right, Qt.Key.Key_Down):
        before = placed(second)
        qtbot.keyClick(second.four_view, key)
        assert placed(second) != before, key
    assert placed(window) == first
    activate(window, qtbot)
    there = placed(second)
    qtbot.keyClick(window, Qt.Key.Key_Minus)
    assert placed(window) != first
    assert placed(second) == there
    here = placed(window)
    point_at(second)
    qtbot.keyClick(window, Qt.Key.Key_Plus)
    assert placed(window) == here
    assert placed(second) != there


def test_the_loupe_is_on_the_screen_that_the_reader_is_at(
    window: MainWindow, second: SecondWindow, qtbot: QtBot
) -> None:
    activate(window, qtbot)
    qtbot.keyClick(window, Qt.Key.Key_L)
    loupes = [screen.four_view.spot.loupe for screen in (window, second)]
    assert [loupe.isVisible() for loupe in loupes] == [True, False]
    point_at(second)
    assert [loupe.isVisible() for loupe in loupes] == [False, True]
    before = loupes[1].grab().toImage()
    qtbot.keyClick(window, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert loupes[1].grab().toImage() != before
    activate(second, qtbot)
    activate(window, qtbot)
    assert [loupe.isVisible() for loupe in loupes] == [True, False]


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
