"""Before anything is open the window says what to do, and where nothing could be shown why."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from mammoview.app import commands
from mammoview.app.keys import KeyChoice
from mammoview.ui.main_window import MainWindow
from tests.builders.dicom import build_exam


def words(window: MainWindow) -> str:
    """Return what stands in the place of the images; empty: nothing does."""
    label = window.findChild(QLabel, "nothingOpen")
    assert label is not None
    return label.text() if label.isVisible() else ""


def test_an_empty_window_says_what_to_do_by_its_own_keys(window: MainWindow) -> None:
    label = window.four_view.nothing_open
    assert label.geometry() == window.four_view.canvas.geometry()
    assert "Ctrl+Shift+O" in words(window)
    assert "F2" in words(window)
    window.desk.do(commands.set_keys, (KeyChoice(action="worklist", keys=("Ctrl+Y",)),))
    assert "Ctrl+Y" in words(window)


def test_the_words_go_when_an_examination_comes(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    build_exam(tmp_path / "exam")
    window.desk.open_paths([tmp_path / "exam"])
    qtbot.waitUntil(lambda: window.desk.workspace.exam_key is not None, timeout=20_000)
    assert words(window) == ""


def test_where_all_was_refused_the_words_say_where_to_look(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("no image", "utf-8")
    window.desk.open_paths([tmp_path])
    qtbot.waitUntil(lambda: bool(window.desk.workspace.index.refused), timeout=20_000)
    qtbot.waitUntil(lambda: window.desk.workspace.task is None)
    assert words(window).startswith("None of 1 file could be shown.")
    assert "Ctrl+R" in words(window)
