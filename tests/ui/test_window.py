"""The window, driven by its keys: open, wait, toggle, compare pictures, peek, cancel, close."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QProgressBar,
    QScrollArea,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot

from mammoview.app import analysis, commands
from mammoview.app.pixels import resolve
from mammoview.app.workspace import FitMode, OverlayMode, Workspace
from mammoview.domain.study import Mammogram, PatientIdentity
from mammoview.domain.views import Slot
from mammoview.modelkit.manifest import Caveat
from mammoview.ui.dialogs.text_table import TextTable
from mammoview.ui.main_window import MainWindow
from tests.builders.desk import SUMMARY, QuickAnalyst, exam, image, index, mammogram
from tests.builders.dicom import build_exam
from tests.ui.test_actions import rows_of


def state(window: MainWindow) -> Workspace:
    return window.desk.workspace


def analysed(window: MainWindow) -> bool:
    return state(window).prediction is not None and not state(window).analysis.running


def picture(window: MainWindow) -> NDArray[np.uint8]:
    """Return the four views as RGB values."""
    grabbed = window.four_view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(grabbed.constBits(), np.uint8).reshape(grabbed.height(), -1)
    return rows[:, : 3 * grabbed.width()].reshape(grabbed.height(), -1, 3).copy()


def press(qtbot: QtBot, window: MainWindow, *keys: Qt.Key) -> None:
    for key in keys:
        qtbot.keyClick(window, key)


def text(window: MainWindow, name: str) -> str:
    label = window.findChild(QLabel, name)
    assert label is not None, name
    return label.text()


@pytest.fixture
def read(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> MainWindow:
    """Return the window with a synthetic exam, analysed."""
    build_exam(tmp_path)
    window.desk.open_paths([tmp_path])
    qtbot.waitUntil(lambda: analysed(window), timeout=20_000)
    return window


def test_a_result_without_other_news_stands_alone(read: MainWindow) -> None:
    read.desk.do(commands.say, "")
    assert text(read, "statusMessage") == "4 marks in 4 views"
    read.desk.do(commands.say, "1 file opened")
    assert text(read, "statusMessage") == "1 file opened  ·  4 marks in 4 views"


def test_empty_window_says_what_to_do(window: MainWindow) -> None:
    assert "drop" in text(window, "statusMessage")
    assert text(window, "researchUseOnly") == "RESEARCH USE ONLY"
    badge = window.findChild(QLabel, "readingBadge")
    assert badge is not None
    assert badge.isHidden(), "nothing is read, in no mode"


def test_what_is_read_says_how(read: MainWindow) -> None:
    assert text(read, "readingBadge") == "Concurrent reading — not a blinded read"


def test_each_overlay_is_another_picture_and_off_is_the_first_again(
    read: MainWindow, qtbot: QtBot
) -> None:
    pictures = {OverlayMode.OFF: picture(read)}
    for key, mode in (
        (Qt.Key.Key_H, OverlayMode.HEATMAP),
        (Qt.Key.Key_M, OverlayMode.BOTH),
        (Qt.Key.Key_H, OverlayMode.MARKS),
    ):
        press(qtbot, read, key)
        assert state(read).overlay.mode is mode
        pictures[mode] = picture(read)
    for one in pictures:
        for other in pictures:
            assert (pictures[one] == pictures[other]).all() == (one is other), (one, other)
    press(qtbot, read, Qt.Key.Key_O)
    assert (picture(read) == pictures[OverlayMode.OFF]).all()


@pytest.mark.parametrize("key", [Qt.Key.Key_P, Qt.Key.Key_Space])
def test_peek_hides_the_overlay_while_the_key_is_down(
    read: MainWindow, qtbot: QtBot, key: Qt.Key
) -> None:
    bare = picture(read)
    press(qtbot, read, Qt.Key.Key_B)
    covered = picture(read)
    qtbot.keyPress(read, key)
    assert state(read).overlay.peeking
    under = picture(read)
    qtbot.keyRelease(read, key)
    assert not state(read).overlay.peeking
    assert (picture(read) == covered).all()
    third = bare.shape[1] // 3
    tissue = np.s_[:, third:-third]  # the corners say that the overlay is hidden
    assert (under[tissue] == bare[tissue]).all(), "the tissue is seen while peeking"
    assert (covered[tissue] != bare[tissue]).any()


def test_image_keys_reach_the_state(read: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, read, Qt.Key.Key_I)
    assert state(read).fit is FitMode.IMAGE
    press(qtbot, read, Qt.Key.Key_1)
    assert state(read).fit is FitMode.ONE_TO_ONE
    before = picture(read)
    press(qtbot, read, Qt.Key.Key_N)
    assert state(read).gray.invert
    assert (picture(read) != before).any()
    press(qtbot, read, Qt.Key.Key_R)
    assert (state(read).fit, state(read).gray.invert) == (FitMode.BREAST, False)
    opacity = state(read).overlay.opacity
    press(qtbot, read, Qt.Key.Key_BracketRight)
    assert state(read).overlay.opacity == pytest.approx(opacity + 0.1)
    press(qtbot, read, Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketLeft)
    assert state(read).overlay.opacity == pytest.approx(opacity - 0.1)


def test_toggles_compute_nothing_again(
    read: MainWindow, qtbot: QtBot, analyst: QuickAnalyst
) -> None:
    prediction = state(read).prediction
    press(qtbot, read, *[Qt.Key.Key_H, Qt.Key.Key_M, Qt.Key.Key_C, Qt.Key.Key_O] * 3)
    assert state(read).prediction is prediction
    assert analyst.read_exams == 1


def test_panel_controls_are_commands_and_follow_the_state(read: MainWindow) -> None:
    opacity = read.findChild(QSlider, "opacity")
    floor = read.findChild(QSlider, "heatFloor")
    kind = read.findChild(QCheckBox, "kind-mass")
    point = read.findChild(QComboBox, "operatingPoint")
    assert opacity is not None
    assert floor is not None
    assert kind is not None
    assert point is not None
    opacity.setValue(80)
    floor.setValue(30)
    kind.click()
    assert state(read).overlay.opacity == 0.8
    assert state(read).overlay.heat_floor == 0.3
    assert state(read).overlay.kinds == ()
    point.setCurrentIndex(1)
    point.activated.emit(1)
    assert state(read).operating_point == "strict"
    read.desk.do(commands.set_opacity, 0.25)
    assert opacity.value() == 25
    assert "strict" in text(read, "model")
    said = "mass from 0.90:\nset for 0.1 false marks an image"
    assert text(read, "operatingPointText") == said
    assert point.itemData(1, Qt.ItemDataRole.ToolTipRole) == said


def test_what_stands_beside_a_class_stays_on_the_screen(window: MainWindow) -> None:
    text_of = "trained on simulated masses"
    caveats = window.findChild(QLabel, "caveats")
    assert caveats is not None
    window.desk.do(analysis.model_opened, SUMMARY)
    assert caveats.isHidden()
    said = replace(SUMMARY, caveats=(Caveat(kind="mass", text=text_of),))
    window.desk.do(analysis.model_opened, said)
    for mode in OverlayMode:
        window.desk.do(commands.set_overlay, mode)
        assert not caveats.isHidden()
        assert text(window, "caveats") == f"Mass: {text_of}"
        assert text(window, "caveat-mass") == text_of
    window.desk.do(analysis.model_opened, SUMMARY)
    assert caveats.isHidden()


def test_rendering_the_same_state_twice_changes_nothing(read: MainWindow) -> None:
    press_state = state(read)
    before = read.grab().toImage()
    read.render(press_state, press_state)
    read.render(None, press_state)
    assert state(read) is press_state
    assert read.grab().toImage() == before


def test_screen_names_model_device_operating_point_and_fallbacks(read: MainWindow) -> None:
    assert text(read, "device") == "quick 1 · balanced · CPU (test)"
    assert "scale assumed" in text(read, "notes")
    assert "R CC: 1 mark: mass 0.70" in text(read, "result")
    assert "Phantom" in text(read, "patient")
    assert "Phantom" not in read.windowTitle()


def test_progress_and_cancel(
    window: MainWindow, qtbot: QtBot, analyst: QuickAnalyst, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolve, "load_image", _at_once)
    analyst.gate = threading.Event()
    window.desk.open_index(index())
    qtbot.waitUntil(lambda: state(window).analysis.running)
    bar = window.findChild(QProgressBar, "analysisProgress")
    cancel = window.findChild(QWidget, "cancelAnalysis")
    assert bar is not None
    assert cancel is not None
    assert bar.isVisible()
    qtbot.mouseClick(cancel, Qt.MouseButton.LeftButton)
    assert not state(window).analysis.running
    assert not bar.isVisible()
    assert "cancelled" in text(window, "statusMessage")
    press(qtbot, window, Qt.Key.Key_H)
    assert state(window).overlay.mode is OverlayMode.HEATMAP


def test_escape_cancels_the_analysis(
    window: MainWindow, qtbot: QtBot, analyst: QuickAnalyst, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolve, "load_image", _at_once)
    analyst.gate = threading.Event()
    window.desk.open_index(index())
    qtbot.waitUntil(lambda: state(window).analysis.running)
    press(qtbot, window, Qt.Key.Key_Escape)
    assert not state(window).analysis.running


def test_refused_files_can_be_read(window: MainWindow, qtbot: QtBot) -> None:
    button = window.findChild(QWidget, "refusedButton")
    assert button is not None
    assert not button.isVisible()
    window.desk.open_index(index(refused=("notes.txt", "half.dcm")))
    assert button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    dialog = window.findChild(TextTable, "refusedFiles")
    assert dialog is not None
    assert rows_of(dialog.table) == [("notes.txt", "no DICOM file"), ("half.dcm", "no DICOM file")]
    dialog.close()


def test_page_keys_step_through_the_exams(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolve, "load_image", _at_once)
    window.desk.open_index(index(exam("a"), exam("b")))
    exams = window.findChild(QWidget, "examListPanel")
    assert exams is not None
    assert exams.isVisible()
    press(qtbot, window, Qt.Key.Key_PageDown)
    assert state(window).exam_key == "b"
    press(qtbot, window, Qt.Key.Key_PageUp)
    assert state(window).exam_key == "a"
    qtbot.waitUntil(lambda: analysed(window))


def test_side_panel_folds_and_what_must_be_said_stays(read: MainWindow, qtbot: QtBot) -> None:
    window = read
    press(qtbot, window, Qt.Key.Key_S)
    assert not window.side_panel.isVisible()
    press(qtbot, window, Qt.Key.Key_F11)
    assert window.isFullScreen()
    assert not window.menuBar().isVisible()
    for name in ("researchUseOnly", "readingBadge"):
        label = window.findChild(QLabel, name)
        assert label is not None
        assert label.isVisible()
    press(qtbot, window, Qt.Key.Key_H)
    assert state(window).overlay.mode is OverlayMode.HEATMAP, "keys work without the menus"
    press(qtbot, window, Qt.Key.Key_Escape)
    assert not window.isFullScreen()
    assert window.menuBar().isVisible()


def test_peek_ends_when_the_window_loses_the_keyboard(read: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyPress(read, Qt.Key.Key_P)
    assert state(read).overlay.peeking
    read.dialogs.show_about()
    qtbot.waitUntil(lambda: not state(read).overlay.peeking)
    about = read.findChild(QWidget, "about")
    assert about is not None
    about.close()


def test_folder_dropped_on_the_window_is_opened(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    build_exam(tmp_path)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    event = QDropEvent(
        QPointF(10, 10),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.dropEvent(event)
    qtbot.waitUntil(lambda: analysed(window), timeout=20_000)


def test_a_dropped_folder_whose_name_is_no_text_is_opened(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    build_exam(tmp_path / "x")
    odd = (tmp_path / "x").rename(tmp_path / os.fsdecode("ü #%41".encode() + b"\xff\n"))
    data = QMimeData()
    data.setData("text/uri-list", odd.as_uri().encode())
    window.dropEvent(
        QDropEvent(
            QPointF(10, 10),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )
    qtbot.waitUntil(lambda: analysed(window), timeout=20_000)


def test_every_widget_of_ours_has_a_name_and_speaks(read: MainWindow) -> None:
    for name in (
        "overlayPanel", "readingPanel", "patientPanel", "statusStrip", "toolbar", "opacity",
        "heatFloor", "operatingPoint", "overlay-mode-off", "kind-mass", "cancelAnalysis",
        "analysisProgress", "researchUseOnly", "readingBadge", "device", "cursorReadout",
    ):  # fmt: skip
        widget = read.findChild(QWidget, name)
        assert widget is not None, name
        assert widget.accessibleName(), name


@pytest.mark.parametrize("stage", ["decoding", "analysis"])
def test_closing_in_the_middle_is_clean(
    window: MainWindow,
    qtbot: QtBot,
    analyst: QuickAnalyst,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
) -> None:
    """The suite's guard fails this test for a thread, timer or widget that outlives it."""
    go, started = threading.Event(), threading.Event()
    analyst.gate = threading.Event()

    def held(view: Mammogram) -> object:
        started.set()
        assert go.wait(10)
        return _at_once(view)

    monkeypatch.setattr(resolve, "load_image", held)
    window.desk.open_index(index())
    assert started.wait(5)
    if stage == "analysis":
        go.set()
        qtbot.waitUntil(lambda: analyst.read_exams > 0)
    go.set()
    window.close()
    assert not window.isVisible()
    assert not any(t.name.startswith("mammoview-") for t in threading.enumerate())


def _at_once(view: Mammogram) -> object:
    return view, image()


def test_an_id_of_64_letters_makes_the_panel_no_wider(window: MainWindow, qtbot: QtBot) -> None:
    width = window.side_panel.width()
    who = PatientIdentity(name="N" * 64, patient_id="I" * 64, birth_date="")
    views = [mammogram(slot, identity=who) for slot in Slot]
    window.desk.open_index(index(exam(views=views)))
    qtbot.waitUntil(lambda: "I" * 20 in text(window, "patient"))
    assert text(window, "patient").replace("\u200b", "") == "N" * 64 + "\n" + "I" * 64 + (
        "\nstudy of 2020-01-01"
    )
    window.toggle_panel()
    window.toggle_panel()
    window.grab()  # all is laid out
    assert window.side_panel.width() == width
    area = window.findChild(QScrollArea, "sideScroll")
    assert area is not None
    assert area.horizontalScrollBar().maximum() == 0
