"""Every control is reached by keyboard, has a name that can be said, and news are announced."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QComboBox,
    QDialog,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QPushButton,
    QScrollBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from mammoview.app import commands, second_screen
from mammoview.ui import status_strip
from mammoview.ui.main_window import MainWindow
from tests.builders.dicom import build_exam

_CONTROLS = (
    QAbstractButton, QAbstractItemView, QAbstractSlider, QComboBox, QKeySequenceEdit, QLineEdit,
)  # fmt: skip
_NAME = QAccessible.Text.Name


def controls(root: QWidget) -> list[QWidget]:
    """Return what a reader can work with; not Qt's own inner parts."""
    found = [w for w in root.findChildren(QWidget) if isinstance(w, _CONTROLS)]
    return [
        w
        for w in found
        if not isinstance(w, QScrollBar | QHeaderView)
        and not w.objectName().startswith("qt_")
        and not isinstance(w.parentWidget(), QComboBox | QKeySequenceEdit | QLineEdit)
        and not isinstance(w.parentWidget(), QAbstractItemView)
        and w.isVisibleTo(root)
    ]


def mute_or_out_of_reach(root: QWidget) -> list[str]:
    wrong = []
    for widget in controls(root):
        spoken = QAccessible.queryAccessibleInterface(widget)
        said = spoken.text(_NAME) if spoken is not None else ""
        reached = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
        inner = isinstance(widget.parentWidget(), QComboBox)
        if not said or not (reached or inner):
            wrong.append(f"{type(widget).__name__} {widget.objectName()!r}: {said!r} {reached}")
    return wrong


def test_every_control_of_the_window_is_reached_and_named(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    build_exam(tmp_path)
    window.desk.open_paths([tmp_path])
    qtbot.waitUntil(lambda: window.desk.workspace.prediction is not None, timeout=20_000)
    assert len(controls(window)) > 15
    assert not mute_or_out_of_reach(window)
    window.desk.do(second_screen.toggle)
    assert window.second is not None
    assert not mute_or_out_of_reach(window.second)


def test_a_control_without_name_or_focus_is_found(window: MainWindow) -> None:
    """The walk itself can fail: plant a mute button and see it."""
    mute = QPushButton(window)
    mute.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    mute.show()
    assert mute_or_out_of_reach(window) == ["QPushButton '': '' False"]
    mute.deleteLater()


@pytest.mark.parametrize("name", ["show_cheat_sheet", "show_about", "show_keys", "show_refused"])
def test_every_control_of_a_dialog_is_reached_and_named(window: MainWindow, name: str) -> None:
    getattr(window, name)()
    (dialog,) = window.findChildren(QDialog)
    assert dialog.accessibleName()
    assert not mute_or_out_of_reach(dialog)
    dialog.close()


def test_the_images_are_told_place_by_place(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    build_exam(tmp_path)
    window.desk.open_paths([tmp_path])
    qtbot.waitUntil(lambda: window.desk.workspace.prediction is not None, timeout=20_000)
    qtbot.waitUntil(lambda: not window.desk.workspace.analysis.running, timeout=20_000)
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
    assert said == ["First words", "Other words"]
