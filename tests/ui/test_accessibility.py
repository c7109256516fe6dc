"""Every control is reached by keyboard, has a name that can be said, and news are announced."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from mammoview.app import commands
from mammoview.app.display.display_check import DisplayChecks
from mammoview.app.reading import ReadingDesk
from mammoview.app.worklist.desk import Worklist
from mammoview.ui import status_strip, theme
from mammoview.ui.dispatch import GuiDispatcher
from mammoview.ui.main_window import MainWindow
from tests.builders.desk import QuickAnalyst
from tests.builders.dicom import build_exam
from tests.ui.walk import controls, spoken_name, tab, wrong_in


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[MainWindow]:
    """A window with all that a reader has: worklist, daily check, an examination."""
    theme.apply(qapp)
    dispatcher = GuiDispatcher()
    desk = ReadingDesk(deliver=dispatcher.post, analyst=QuickAnalyst())
    worklist = Worklist(deliver=dispatcher.post, path=tmp_path / "data" / "worklist.sqlite")
    window = MainWindow(desk, worklist=worklist, checks=DisplayChecks(tmp_path / "checks"))
    window.resize(1400, 900)
    window.show()
    qtbot.waitActive(window)
    build_exam(tmp_path / "exam")
    desk.open_paths([tmp_path / "exam"])
    qtbot.waitUntil(lambda: desk.workspace.prediction is not None, timeout=20_000)
    qtbot.waitUntil(lambda: not desk.workspace.analysis.running, timeout=20_000)
    yield window
    window.close()
    dispatcher.close()
    dispatcher.deleteLater()
    window.deleteLater()


def test_the_window_is_walked_by_tab(window: MainWindow) -> None:
    window.four_view.setFocus()
    assert len(controls(window)) > 15
    assert wrong_in(window) == []


def test_the_worklist_is_walked_by_tab(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    assert window.worklist is not None
    page = window.worklist.page
    qtbot.keyClick(window, Qt.Key.Key_F2)
    assert wrong_in(page) == [], "without a study"
    window.worklist.begin(show=True)
    window.worklist.import_paths([tmp_path / "exam"])
    qtbot.waitUntil(lambda: page.model.rowCount() == 1, timeout=20_000)
    state = window.worklist.worklist
    qtbot.waitUntil(lambda: state.state.task is None, timeout=20_000)
    page.table.setFocus()
    assert len(controls(page)) >= 5
    assert wrong_in(page) == []


def test_a_control_without_name_focus_or_ring_is_found(window: MainWindow) -> None:
    """The walk itself can fail: plant a mute button, and one that nobody sees."""
    mute = QPushButton(window.status_strip)
    mute.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    mute.setGeometry(0, 0, 20, 20)
    mute.show()
    blind = QPushButton("x", window.status_strip)
    blind.setStyleSheet("QPushButton { border: none; } QPushButton:focus { outline: none; }")
    blind.setGeometry(30, 0, 20, 20)
    blind.show()
    window.four_view.setFocus()
    found = wrong_in(window)
    assert "QPushButton '' '': no name" in found
    assert "QPushButton '' '': Tab never comes there" in found
    assert "QPushButton '' 'x': no focus is seen" in found
    for button in (mute, blind):
        button.deleteLater()


@pytest.mark.parametrize(
    "name",
    [
        "show_cheat_sheet", "show_about", "show_keys", "show_refused", "measure_screen",
        "enter_window", "show_daily_check",
    ],
)  # fmt: skip
def test_a_dialog_is_walked_by_tab(window: MainWindow, qtbot: QtBot, name: str) -> None:
    opener = window if hasattr(window, name) else window.dialogs
    getattr(opener, name)()
    dialog = opened(window, qtbot)
    assert dialog.accessibleName()
    assert wrong_in(dialog) == []
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.findChildren(QDialog))


def test_the_sources_are_walked_by_tab(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    assert window.worklist is not None
    window.worklist.begin(show=True)
    window.worklist.import_paths([tmp_path / "exam"])
    state = window.worklist.worklist
    qtbot.waitUntil(lambda: bool(state.state.shown) and state.state.task is None, timeout=20_000)
    window.worklist.show_sources()
    dialog = opened(window, qtbot)
    assert wrong_in(dialog) == []
    dialog.close()


def test_the_words_of_a_mark_are_a_stop_of_the_walk(window: MainWindow, qtbot: QtBot) -> None:
    """The line opens where the keyboard is, says what it is, and Tab leads out of it."""
    window.four_view.setFocus()
    for key, held in ((Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier), *[
        (key, Qt.KeyboardModifier.NoModifier)
        for key in (Qt.Key.Key_Return, *[Qt.Key.Key_Right] * 5, Qt.Key.Key_Return, Qt.Key.Key_F4)
    ]):  # fmt: skip
        qtbot.keyClick(QApplication.focusWidget(), key, held)
    editor = QApplication.focusWidget()
    assert isinstance(editor, QLineEdit)
    assert spoken_name(editor) == "Words of the mark"
    assert tab() is not editor


def test_a_question_before_the_end_is_walked_by_tab(window: MainWindow, qtbot: QtBot) -> None:
    found: list[list[str]] = []

    def look() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        qtbot.waitUntil(box.isActiveWindow)
        found.append(wrong_in(box))
        qtbot.keyClick(box, Qt.Key.Key_Escape)

    QTimer.singleShot(0, look)
    assert not window.accept_loss(3)
    assert found == [[]]


def opened(window: MainWindow, qtbot: QtBot) -> QDialog:
    (dialog,) = window.findChildren(QDialog)
    qtbot.waitUntil(dialog.isActiveWindow)
    return dialog


def test_the_images_are_told_place_by_place(
    window: MainWindow,
) -> None:
    lines = window.four_view.accessibleDescription().split("\n")
    assert [line.partition(":")[0] for line in lines] == ["R CC", "L CC", "R MLO", "L MLO"]
    assert all("CAD: 1 mark" in line for line in lines)


def test_news_are_announced_once_where_somebody_listens(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    class Listening:
        @staticmethod
        def isActive() -> bool:
            return True

        @staticmethod
        def updateAccessibility(event: QAccessibleAnnouncementEvent) -> None:
            said.append(event.message())

    monkeypatch.setattr(status_strip, "QAccessible", Listening)
    window.desk.do(commands.say, "First words")
    window.desk.do(commands.invert)
    window.desk.do(commands.say, "Other words")
    assert [line.partition("  ·  ")[0] for line in said] == ["First words", "Other words"]
