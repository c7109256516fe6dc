"""Tomosynthesis in the window, by real wheel turns, keys and slider drags."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mammoview.app import frames, steps
from mammoview.dicom.index import index_paths
from mammoview.ui.main_window import MainWindow
from mammoview.ui.viewport.slices import SliceSlider
from tests.builders.dicom import JPEG_LS
from tests.builders.tomo import build_tomo_exam, number_in

CTRL = Qt.KeyboardModifier.ControlModifier
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def tomo(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> MainWindow:
    """The window at the volumes of both CC views: 9 slices of the right breast, 17 of the left."""
    build_tomo_exam(tmp_path, transfer_syntax=JPEG_LS)
    window.desk.open_index(index_paths([tmp_path]))
    window.desk.do(steps.go_to, "tomo-cc")
    qtbot.waitUntil(lambda: len(slices(window)) == 2)
    window.activateWindow()
    window.four_view.setFocus()
    return window


def slices(window: MainWindow) -> list[int]:
    """Return the numbers in the pixels that the panes draw."""
    drawn = [view.grey._pyramid for view in window.four_view.panes()]
    return [number_in(pyramid.level(0)) for pyramid in drawn if pyramid is not None]


def shows(window: MainWindow, qtbot: QtBot, *expected: int) -> None:
    qtbot.waitUntil(lambda: slices(window) == list(expected))
    heads = [view.texts.head.text for view in window.four_view.panes()]
    assert all(f"slice {n} of" in head for n, head in zip(expected, heads, strict=True))


def wheel(window: MainWindow, key: str, notches: float, held: Qt.KeyboardModifier = NONE) -> None:
    at = window.four_view.pane(key).box.geometry().center()
    event = QWheelEvent(
        at,
        at,
        QPoint(),
        QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton,
        held,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(window.four_view.canvas.viewport(), event)


def scale(window: MainWindow, key: str) -> float:
    placed = window.four_view.pane(key).placement
    assert placed is not None
    return placed.scale


def runs(window: MainWindow) -> bool:
    clock = window.findChild(QTimer, "cineTimer")
    assert clock is not None
    return clock.isActive()


def slider(window: MainWindow, key: str) -> SliceSlider:
    found = window.findChild(SliceSlider, f"slices-{key}")
    assert found is not None
    return found


def test_the_wheel_scrolls_a_volume_and_both_sides_follow(tomo: MainWindow, qtbot: QtBot) -> None:
    shows(tomo, qtbot, 5, 9)
    before = scale(tomo, "RCC TOMO")
    wheel(tomo, "RCC TOMO", -1)
    shows(tomo, qtbot, 6, 11)
    wheel(tomo, "LCC TOMO", 4)
    shows(tomo, qtbot, 4, 7)
    assert scale(tomo, "RCC TOMO") == before
    assert [slider(tomo, key).value() for key in ("RCC TOMO", "LCC TOMO")] == [4, 7]


def test_a_touch_pad_turns_by_parts_of_a_notch(tomo: MainWindow, qtbot: QtBot) -> None:
    for _ in range(5):
        wheel(tomo, "RCC TOMO", -0.25)
    shows(tomo, qtbot, 6, 11)


def test_ctrl_and_the_wheel_zoom_a_volume_and_scrolling_keeps_the_zoom(
    tomo: MainWindow, qtbot: QtBot
) -> None:
    before = scale(tomo, "RCC TOMO")
    wheel(tomo, "RCC TOMO", 2, CTRL)
    zoomed = scale(tomo, "RCC TOMO")
    assert zoomed > 1.5 * before
    wheel(tomo, "RCC TOMO", -1)
    shows(tomo, qtbot, 6, 11)
    assert scale(tomo, "RCC TOMO") == zoomed


def test_the_wheel_still_zooms_2d_views(tomo: MainWindow, qtbot: QtBot) -> None:
    tomo.desk.do(steps.go_to, "cc-pair")
    qtbot.waitUntil(lambda: tomo.four_view.pane("RCC").placement is not None)
    assert not slider(tomo, "RCC TOMO").isVisible()
    before = scale(tomo, "RCC")
    wheel(tomo, "RCC", 1)
    assert scale(tomo, "RCC") > before


def test_keys_walk_through_the_slices(tomo: MainWindow, qtbot: QtBot) -> None:
    QTest.keyClick(tomo, Qt.Key.Key_J)
    shows(tomo, qtbot, 6, 11)
    QTest.keyClick(tomo, Qt.Key.Key_U)
    QTest.keyClick(tomo, Qt.Key.Key_U)
    shows(tomo, qtbot, 4, 7)


def test_a_fast_turn_ends_at_the_last_slice(tomo: MainWindow, qtbot: QtBot) -> None:
    for _ in range(30):
        wheel(tomo, "LCC TOMO", -1)
    shows(tomo, qtbot, 9, 17)


def test_the_slider_lies_away_from_the_chest_wall_and_goes_anywhere(
    tomo: MainWindow, qtbot: QtBot
) -> None:
    right, left = slider(tomo, "RCC TOMO"), slider(tomo, "LCC TOMO")
    panes = {view.pane.key: view.box.geometry() for view in tomo.four_view.panes()}
    assert right.geometry().left() == round(panes["RCC TOMO"].left())
    assert left.geometry().right() + 1 == round(panes["LCC TOMO"].right())
    assert left.accessibleName() == "Slices of L CC"
    middle = left.rect().center()
    qtbot.mousePress(left, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(left, QPoint(middle.x(), left.height() - 1))
    qtbot.mouseRelease(left, Qt.MouseButton.LeftButton, pos=QPoint(middle.x(), left.height() - 1))
    shows(tomo, qtbot, 9, 17)
    here = QPointF(left.rect().center())
    turn = QWheelEvent(
        here,
        QPointF(left.mapToGlobal(left.rect().center())),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        NONE,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(left, turn)
    shows(tomo, qtbot, 9, 16)


def test_cine_runs_and_stops_with_its_key_and_when_nobody_sees_it(
    tomo: MainWindow, qtbot: QtBot
) -> None:
    QTest.keyClick(tomo, Qt.Key.Key_J, Qt.KeyboardModifier.ShiftModifier)
    assert runs(tomo)
    seen: set[int] = set()

    def several() -> bool:
        seen.update(slices(tomo))
        return len(seen) >= 4

    qtbot.waitUntil(several)
    tomo.hide()
    assert not runs(tomo)
    tomo.show()
    assert runs(tomo)
    QTest.keyClick(tomo, Qt.Key.Key_J, Qt.KeyboardModifier.ShiftModifier)
    assert not runs(tomo)
    assert tomo.desk.workspace.cine is False


def test_a_step_without_volumes_says_so(tomo: MainWindow) -> None:
    tomo.desk.do(steps.go_to, "cc-pair")
    QTest.keyClick(tomo, Qt.Key.Key_J)
    assert tomo.desk.workspace.status == frames.no_volume()


def test_the_cad_says_that_it_does_not_read_volumes(tomo: MainWindow) -> None:
    feet = [view.texts.foot.text for view in tomo.four_view.panes()]
    assert feet == ["CAD: not run: tomosynthesis"] * 2
