"""Loupe, level line and texts by key, in the window."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QListWidget
from pytestqt.qtbot import QtBot

from mammoview.app import commands
from mammoview.app.settings import Settings
from mammoview.app.workspace import AnnotationLevel
from mammoview.ui.boot import chosen_settings
from mammoview.ui.main_window import MainWindow
from tests.builders.desk import exam, index
from tests.builders.dicom import build_exam

_CTRL, _ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture
def hung(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> MainWindow:
    """Return the window with a synthetic exam of 0.1 mm pixels."""
    build_exam(tmp_path)
    window.desk.open_paths([tmp_path])
    qtbot.waitUntil(lambda: window.desk.workspace.prediction is not None, timeout=20_000)
    return window


def test_the_loupe_is_taken_moved_and_laid_aside_by_key(hung: MainWindow, qtbot: QtBot) -> None:
    spot = hung.four_view.spot
    qtbot.keyClick(hung, Qt.Key.Key_L)
    assert spot.loupe.isVisible()
    assert spot.loupe.words.startswith("2 : 1")
    assert spot.twin.isVisible(), "without the mouse it starts in the middle of the first breast"
    at, seen = spot.loupe.pos(), spot.loupe.pixels.copy()
    qtbot.keyClick(hung, Qt.Key.Key_Left, _ALT)
    assert spot.loupe.pos() != at or not np.array_equal(spot.loupe.pixels, seen)
    qtbot.keyClick(hung, Qt.Key.Key_Up, _CTRL)
    assert hung.desk.workspace.looking.magnification == 4
    assert spot.loupe.pixels.shape[0] < seen.shape[0]
    for _ in range(4):
        qtbot.keyClick(hung, Qt.Key.Key_Down, _CTRL)
    assert hung.desk.workspace.looking.magnification == 1, "never less than 1 : 1"
    qtbot.keyClick(hung, Qt.Key.Key_L)
    assert not spot.loupe.isVisible()
    assert not spot.twin.isVisible()


def test_the_wheel_with_ctrl_changes_the_glass_and_not_the_zoom(
    hung: MainWindow, qtbot: QtBot
) -> None:
    qtbot.keyClick(hung, Qt.Key.Key_L)
    panes = hung.four_view.panes()
    before, size = panes[0].placement, hung.desk.workspace.looking.glass_px
    at = QPointF(panes[0].box.geometry().center())
    event = QWheelEvent(
        at, at, QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, _CTRL,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(hung.four_view.canvas.viewport(), event)
    assert hung.desk.workspace.looking.glass_px > size
    assert panes[0].placement == before


def test_the_level_line_comes_and_goes_by_key(hung: MainWindow, qtbot: QtBot) -> None:
    spot = hung.four_view.spot
    qtbot.keyClick(hung, Qt.Key.Key_K)
    qtbot.keyClick(hung, Qt.Key.Key_Right, _ALT)
    assert spot.caption.isVisible()
    assert re.search(r"\d mm (from|behind) the nipple", spot.caption.text())
    qtbot.keyClick(hung, Qt.Key.Key_K)
    assert not spot.caption.isVisible()


def test_texts_go_round_and_are_kept_and_none_hides_the_patient_everywhere(
    hung: MainWindow, qtbot: QtBot
) -> None:
    patient = hung.findChild(QLabel, "patient")
    assert patient is not None
    assert "Phantom" in patient.text()
    seen = []
    for _ in range(3):
        qtbot.keyClick(hung, Qt.Key.Key_G)
        seen.append(hung.desk.workspace.looking.annotations)
        names = [label.text() for label in hung.findChildren(QLabel) if label.isVisible()]
        pane = hung.four_view.panes()[0].texts.identity.text
        hidden = seen[-1] is AnnotationLevel.NONE
        assert any("Phantom" in name for name in [*names, pane]) != hidden
    assert seen == [AnnotationLevel.FULL, AnnotationLevel.NONE, AnnotationLevel.MINIMAL]
    qtbot.keyClick(hung, Qt.Key.Key_G)
    kept = chosen_settings(Settings(), hung.desk.workspace, panel_open=True)
    assert kept.annotations is AnnotationLevel.FULL
    assert commands.empty(kept).looking.annotations is AnnotationLevel.FULL


def test_none_hides_the_names_in_the_list_of_examinations(window: MainWindow, qtbot: QtBot) -> None:
    window.desk.do(commands.with_index, index(exam("a"), exam("b")))
    window.desk.do(commands.select_exam, "a")
    listed = window.findChild(QListWidget, "examList")
    assert listed is not None
    assert "Phantom" in listed.item(0).text()
    qtbot.keyClick(window, Qt.Key.Key_G)
    qtbot.keyClick(window, Qt.Key.Key_G)
    assert "Phantom" not in listed.item(0).text()
