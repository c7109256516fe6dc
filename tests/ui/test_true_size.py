"""The screen is measured in a dialog, and a millimetre is one on it; by keys and mouse."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QDialogButtonBox, QLabel
from pytestqt.qtbot import QtBot

from mammoview.app import true_size
from mammoview.app.display import screens
from mammoview.app.pixels import resolve
from mammoview.app.settings import Settings
from mammoview.app.workspace import FitMode
from mammoview.domain.geometry import ImagePoint, PixelSpacing
from mammoview.domain.views import Slot
from mammoview.ui.boot import chosen_settings
from mammoview.ui.dialogs.calibration import CalibrationDialog
from mammoview.ui.main_window import MainWindow
from mammoview.ui.screen_watch import screen_of
from tests.builders.desk import exam, image, index, mammogram
from tests.ui.test_window import analysed, press, state, text

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def hung(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    """Return the window with an examination in mm."""
    monkeypatch.setattr(resolve, "load_image", lambda view: (view, image()))
    spacing = PixelSpacing(row_mm=1.0, col_mm=0.5, source="test")
    views = [mammogram(slot, spacing=spacing) for slot in Slot]
    window.desk.open_index(index(exam(views=views)))
    qtbot.waitUntil(lambda: analysed(window))
    return window


def dialog_of(window: MainWindow, qtbot: QtBot) -> CalibrationDialog:
    qtbot.keyClick(window, Qt.Key.Key_T, CTRL)
    dialog = window.findChild(CalibrationDialog, "calibration")
    assert dialog is not None
    qtbot.waitUntil(dialog.isActiveWindow)
    return dialog


def save(dialog: CalibrationDialog, qtbot: QtBot) -> None:
    buttons = dialog.findChild(QDialogButtonBox)
    assert buttons is not None
    button = buttons.button(QDialogButtonBox.StandardButton.Save)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_true_size_is_refused_until_the_screen_is_measured(hung: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, hung, Qt.Key.Key_2)
    assert state(hung).fit is FitMode.BREAST
    assert "Measure this screen" in text(hung, "statusMessage")
    dialog = dialog_of(hung, qtbot)
    save(dialog, qtbot)
    assert state(hung).calibrations == (), "nothing was typed: there is nothing to keep"
    qtbot.keyClicks(dialog.length, "140")
    assert "0.2500 mm a pixel" in dialog.findChild(QLabel, "calibrationHint").text()  # type: ignore[union-attr]
    save(dialog, qtbot)
    assert true_size.px_per_mm(state(hung)) == pytest.approx(4.0)
    hung.activateWindow()
    qtbot.waitUntil(hung.isActiveWindow)
    press(qtbot, hung, Qt.Key.Key_2)
    for pane in hung.four_view.panes():
        first = pane.to_screen(ImagePoint(col=4.0, row=4.0))
        last = pane.to_screen(ImagePoint(col=24.0, row=14.0))
        assert abs(last.x() - first.x()) == pytest.approx(10.0 * 4.0)
        assert last.y() - first.y() == pytest.approx(10.0 * 4.0)
        assert pane.texts.scale.text == "true size (assumed) · 2:1"
    press(qtbot, hung, Qt.Key.Key_Plus)
    assert hung.four_view.pane("RCC").texts.scale.text.startswith("1.25x true size")
    kept = chosen_settings(Settings(), state(hung), panel_open=True)
    assert kept.screens == state(hung).calibrations
    assert kept.fit is FitMode.TRUE_SIZE


def test_the_bar_is_dragged_and_moved_by_keys(hung: MainWindow, qtbot: QtBot) -> None:
    dialog = dialog_of(hung, qtbot)
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(dialog.bar, left, pos=QPoint(312, 20))
    assert dialog.bar.length_px == 300.0
    qtbot.mouseRelease(dialog.bar, left, pos=QPoint(312, 20))
    dialog.bar.setFocus()
    qtbot.keyClick(dialog.bar, Qt.Key.Key_Right)
    assert dialog.bar.length_px == 301.0
    shot = dialog.bar.grab().toImage()
    row = [shot.pixelColor(x, 28).red() for x in range(shot.width())]
    assert sum(value > 60 for value in row) == 301, "it is as long as it says"
    dialog.close()


def test_a_misread_ruler_cannot_be_kept(hung: MainWindow, qtbot: QtBot) -> None:
    dialog = dialog_of(hung, qtbot)
    qtbot.keyClicks(dialog.length, "1.2")
    save(dialog, qtbot)
    assert state(hung).calibrations == ()
    assert "read the ruler again" in dialog.findChild(QLabel, "calibrationHint").text()  # type: ignore[union-attr]
    dialog.close()


def test_another_resolution_ends_true_size_and_says_so(hung: MainWindow, qtbot: QtBot) -> None:
    here = screen_of(hung.screen())
    assert state(hung).screen == here
    hung.desk.do(true_size.calibrate, screens.measured(here, bar_px=400, bar_mm=100.0))
    press(qtbot, hung, Qt.Key.Key_2)
    assert state(hung).fit is FitMode.TRUE_SIZE
    hung.desk.do(true_size.set_screen, replace(here, width_px=here.width_px // 2))
    assert state(hung).fit is FitMode.BREAST
    assert "another resolution" in text(hung, "statusMessage")
    assert "true size" not in hung.four_view.pane("RCC").texts.scale.text
