"""The daily check, by key and by mouse, and the badge that asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from mammoview.app import second_screen
from mammoview.app.display import display_check
from mammoview.app.display.display_check import (
    QUESTIONS,
    DisplayChecks,
    DisplayStatus,
    read_records,
)
from mammoview.app.reading import ReadingDesk
from mammoview.imaging.patterns import MIDDLE, PatternName, draw
from mammoview.ui import display_watch
from mammoview.ui.dialogs.daily_check import DailyCheck
from mammoview.ui.dialogs.pattern_view import PatternView
from mammoview.ui.dispatch import GuiDispatcher
from mammoview.ui.display_watch import screen_key
from mammoview.ui.main_window import MainWindow


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "checks.jsonl"


@pytest.fixture
def reading(qtbot: QtBot, file: Path) -> Iterator[MainWindow]:
    """A window that is read from, on a screen that nobody looked at."""
    dispatcher = GuiDispatcher()
    desk = ReadingDesk(deliver=dispatcher.post, analyst=None)
    window = MainWindow(desk, checks=DisplayChecks(file))
    window.resize(1000, 700)
    window.show()
    yield window
    window.close()
    desk.shutdown()
    dispatcher.close()
    dispatcher.deleteLater()
    window.deleteLater()


def badge(window: MainWindow) -> str:
    label = window.findChild(QLabel, "displayBadge")
    assert label is not None
    return "" if label.isHidden() else label.text()


def opened(window: MainWindow, qtbot: QtBot) -> DailyCheck:
    qtbot.keyClick(window, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    dialog = window.findChild(DailyCheck)
    assert dialog is not None
    return dialog


def test_the_badge_goes_when_the_screen_was_checked(
    reading: MainWindow, qtbot: QtBot, file: Path
) -> None:
    assert badge(reading) == "display not checked"
    dialog = opened(reading, qtbot)
    assert dialog.isFullScreen()
    seen = []
    for _ in QUESTIONS:
        seen.append(dialog.view.name)
        qtbot.keyClick(dialog, Qt.Key.Key_Y)
    assert seen == [question.pattern for question in QUESTIONS]
    assert badge(reading) == ""
    (record,) = read_records(file)
    assert record.screen == screen_key(reading.screen())
    assert record.failed == ()
    assert record.made.date() == datetime.now().date()


def test_one_no_is_a_failed_check_and_back_mends_a_slip(
    reading: MainWindow, qtbot: QtBot, file: Path
) -> None:
    dialog = opened(reading, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_N)
    qtbot.keyClick(dialog, Qt.Key.Key_Backspace)
    qtbot.keyClick(dialog, Qt.Key.Key_Y)
    for _ in QUESTIONS[1:-1]:
        qtbot.keyClick(dialog, Qt.Key.Key_Y)
    no = dialog.findChild(QPushButton, "checkNo")
    assert no is not None
    qtbot.mouseClick(no, Qt.MouseButton.LeftButton)
    assert badge(reading) == "display check failed"
    assert read_records(file)[0].failed == (QUESTIONS[-1].id,)


def test_stopping_keeps_nothing(reading: MainWindow, qtbot: QtBot, file: Path) -> None:
    dialog = opened(reading, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_Y)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert badge(reading) == "display not checked"
    assert not file.exists()


def test_space_shows_what_is_under_the_question_and_nobody_answers_blind(
    reading: MainWindow, qtbot: QtBot
) -> None:
    dialog = opened(reading, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_Space)
    assert dialog.bar.isHidden()
    qtbot.keyClick(dialog, Qt.Key.Key_Y)
    assert not dialog.bar.isHidden()
    assert dialog.answers == {}
    dialog.reject()


def test_a_full_disk_keeps_the_answers_for_another_try(
    reading: MainWindow, qtbot: QtBot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(lines: object, path: Path) -> None:
        raise OSError(28, "No space left on device")

    dialog = opened(reading, qtbot)
    with monkeypatch.context() as patched:
        patched.setattr(display_check, "write_lines", full)
        for _ in QUESTIONS:
            qtbot.keyClick(dialog, Qt.Key.Key_Y)
    error = dialog.findChild(QLabel, "checkError")
    again = dialog.findChild(QPushButton, "checkSave")
    assert error is not None
    assert again is not None
    assert "No space left on device" in error.text()
    assert dialog.isVisible()
    assert len(dialog.answers) == len(QUESTIONS)
    assert badge(reading) == "display not checked"
    qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    assert badge(reading) == ""
    assert len(read_records(file)) == 1


def test_a_window_that_nobody_reads_from_says_nothing(window: MainWindow, qtbot: QtBot) -> None:
    assert badge(window) == ""
    qtbot.keyClick(window, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert window.findChild(DailyCheck) is None


def test_the_badge_comes_back_the_next_day(reading: MainWindow, qtbot: QtBot, file: Path) -> None:
    old = DisplayChecks(file, now=lambda: datetime(2020, 1, 1, 12))
    old.save(screen_key(reading.screen()), {question.id: True for question in QUESTIONS})
    reading.display.judge()
    assert reading.desk.workspace.display is DisplayStatus.NOT_CHECKED


@pytest.mark.parametrize("name", list(PatternName))
def test_the_screen_shows_the_pattern_pixel_by_pixel(qtbot: QtBot, name: PatternName) -> None:
    view = PatternView()
    qtbot.addWidget(view)
    view.resize(641, 480)
    view.set_pattern(name)
    view.show()
    shot = view.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    seen = np.frombuffer(shot.constBits(), np.uint8).reshape(480, -1)[:, :641]
    pattern = draw(name, 480, 641)
    different = seen != pattern.grey
    for word in pattern.letters:
        box = np.s_[word.row : word.row + word.height, word.col : word.col + word.width]
        assert set(np.unique(seen[box])) <= {*word.greys(), word.ground}, "no smoothing"
        assert different[box].any(), "the letters are there"
        different[box] = False
    assert not different.any()


def test_the_second_screen_has_a_badge_and_a_check_of_its_own(
    reading: MainWindow, qtbot: QtBot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offscreen there is one screen: the second window is told that it is on another."""
    checks = DisplayChecks(file)
    checks.save(screen_key(reading.screen()), {question.id: True for question in QUESTIONS})
    reading.display.judge()
    monkeypatch.setattr(display_watch, "screen_key", lambda screen: "another screen")
    reading.desk.do(second_screen.toggle)
    second = reading.second_screen.window
    assert second is not None
    label = second.findChild(QLabel, "displayBadge")
    assert label is not None
    assert badge(reading) == ""
    assert label.text() == "display not checked"
    assert not label.isHidden()
    second.display.check()
    dialog = second.findChild(DailyCheck)
    assert dialog is not None
    for _ in QUESTIONS:
        qtbot.keyClick(dialog, Qt.Key.Key_Y)
    assert label.isHidden()
    assert [record.screen for record in read_records(file)][-1] == "another screen"
    reading.desk.do(second_screen.toggle)
    second.close()
    second.deleteLater()


@pytest.mark.parametrize(
    "size", [(1280, 800), (1024, 768), (1280, 1024), (1920, 1080), (2048, 2560)], ids=str
)
def test_the_question_covers_nothing_that_is_asked_about(
    reading: MainWindow, qtbot: QtBot, size: tuple[int, int]
) -> None:
    dialog = opened(reading, qtbot)
    dialog.resize(*size)
    for question in QUESTIONS:
        QApplication.processEvents()
        assert dialog.rect().contains(dialog.bar.geometry())
        shown = dialog.grab().toImage()
        qtbot.keyClick(dialog, Qt.Key.Key_Space)
        bare = dialog.grab().toImage()
        qtbot.keyClick(dialog, Qt.Key.Key_Space)
        if draw(question.pattern, 100, 100).patches:
            place = dialog.bar.geometry()
            cols, rows = (
                range(place.left(), place.right(), 7),
                range(place.top(), place.bottom(), 7),
            )
            under = {bare.pixelColor(col, row).red() for col in cols for row in rows}
            assert shown != bare
            assert under == {MIDDLE}, question.id
        qtbot.keyClick(dialog, Qt.Key.Key_Y)
