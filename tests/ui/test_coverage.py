"""The map of what was seen never claims more than stood on the screen at full resolution."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot

from mammoview.app import coverage, steps
from mammoview.app.pixels import resolve
from mammoview.app.workspace import ViewCoverage
from mammoview.domain.views import Laterality, Slot
from mammoview.ui.main_window import MainWindow
from tests.builders.desk import exam, index, mammogram
from tests.ui.test_tiles import SPACING, load, shown
from tests.ui.test_window import analysed, press, state, text

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def hung(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    """Return the window at the CC pair, in pixels, with no overlay on it."""
    assert set(SPACING) == set(Laterality)
    monkeypatch.setattr(resolve, "load_image", load)
    window.desk.open_index(index(exam(views=[mammogram(slot) for slot in Slot])))
    qtbot.waitUntil(lambda: analysed(window))
    window.desk.do(steps.go_to, "cc-pair")
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def found(window: MainWindow, key: str) -> ViewCoverage:
    uid = f"1.2.3.{key}"
    view = next(v for v in state(window).views if v.mammogram.sop_instance_uid == uid)
    part = coverage.of_view(state(window), view)
    assert part is not None
    return part


def rest(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until what stands still was looked at."""
    with qtbot.waitSignal(window.four_view.gaze.seen, timeout=3000):
        pass


def test_a_walk_over_all_tiles_has_seen_all_of_both_breasts(hung: MainWindow, qtbot: QtBot) -> None:
    while True:
        press(qtbot, hung, Qt.Key.Key_E)
        rest(hung, qtbot)
        at, _, count = text(hung, "stepLabel").rpartition("tile ")[2].partition(" of ")
        parts = {key: found(hung, key).share for key in ("RCC", "LCC")}
        if at == count:
            break
        assert min(parts.values()) < 1.0
    assert parts == {"RCC": 1.0, "LCC": 1.0}
    assert found(hung, "RMLO").share == 0.0


def test_a_tile_is_seen_as_far_as_it_was_shown_and_no_farther(
    hung: MainWindow, qtbot: QtBot
) -> None:
    press(qtbot, hung, Qt.Key.Key_E, Qt.Key.Key_E)
    rest(hung, qtbot)
    for pane in hung.four_view.panes():
        assert (found(hung, pane.pane.key).seen == shown(pane)).all()


def test_a_glance_and_a_small_scale_count_for_nothing(hung: MainWindow, qtbot: QtBot) -> None:
    gaze = hung.four_view.gaze
    with qtbot.assertNotEmitted(gaze.seen, wait=500):
        press(qtbot, hung, Qt.Key.Key_F)
    with qtbot.assertNotEmitted(gaze.seen, wait=200):
        press(qtbot, hung, Qt.Key.Key_E)
        press(qtbot, hung, Qt.Key.Key_F)
    assert state(hung).coverage == ()


def test_it_takes_a_quarter_second_to_see(hung: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, hung, Qt.Key.Key_E)
    began = time.monotonic()
    press(qtbot, hung, Qt.Key.Key_Down)
    rest(hung, qtbot)
    assert time.monotonic() - began > 0.24


def test_what_lies_under_a_panel_is_not_seen(hung: MainWindow, qtbot: QtBot) -> None:
    panel = QWidget(hung.four_view)
    view = hung.four_view
    panel.setGeometry(0, 0, view.width() // 2, view.height())
    panel.show()
    press(qtbot, hung, Qt.Key.Key_E)
    rest(hung, qtbot)
    assert found(hung, "RCC").share == 0.0
    assert found(hung, "LCC").share > 0.0
    panel.hide()
    qtbot.waitUntil(lambda: found(hung, "RCC").share > 0.0, timeout=3000)
    panel.deleteLater()


def test_what_lies_under_the_heat_is_not_seen(hung: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, hung, Qt.Key.Key_H)
    with qtbot.assertNotEmitted(hung.four_view.gaze.seen, wait=500):
        press(qtbot, hung, Qt.Key.Key_E)
    press(qtbot, hung, Qt.Key.Key_H)
    rest(hung, qtbot)
    assert found(hung, "RCC").share > 0.0


def test_what_lies_under_a_dialog_is_not_seen(hung: MainWindow, qtbot: QtBot) -> None:
    dialog = QDialog(hung)
    dialog.setGeometry(hung.geometry())
    dialog.show()
    qtbot.waitExposed(dialog)
    press(qtbot, hung, Qt.Key.Key_E)
    rest(hung, qtbot)
    assert state(hung).coverage == ()
    dialog.close()
    qtbot.waitUntil(lambda: found(hung, "RCC").share > 0.0, timeout=3000)
    dialog.deleteLater()


def test_ctrl_m_shows_maps_and_shares(hung: MainWindow, qtbot: QtBot) -> None:
    panel = hung.findChild(QWidget, "coveragePanel")
    assert panel is not None
    press(qtbot, hung, Qt.Key.Key_S)
    qtbot.keyClick(hung, Qt.Key.Key_M, CTRL)
    assert panel.isVisible(), "a folded side panel comes out for it"
    label = hung.findChild(QLabel, "coverageShare-0")
    assert label is not None
    assert label.text() == "R CC\nseen at 1:1: 0 %"
    chart = hung.findChild(QWidget, "coverageMap-0")
    assert chart is not None
    before = chart.grab().toImage()
    press(qtbot, hung, Qt.Key.Key_E)
    rest(hung, qtbot)
    share = coverage.share_text(found(hung, "RCC").share)
    assert label.text() == f"R CC\n{share}"
    assert share in hung.four_view.pane("RCC").texts.scale.text
    assert chart.grab().toImage() != before
    qtbot.keyClick(hung, Qt.Key.Key_M, CTRL)
    assert not panel.isVisible()
    assert "seen" not in hung.four_view.pane("RCC").texts.scale.text
