"""Keys do nothing to images that the worklist covers, and the list has a key of its own."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from mammoview.ui.actions.spec import Menu
from mammoview.ui.actions.table import TABLE
from mammoview.ui.main_window import MainWindow
from tests.ui.test_worklist import exams, frame, hung, listed, names, wait, window

__all__ = ["exams", "listed", "window"]  # fixtures
_CTRL = Qt.KeyboardModifier.ControlModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_PLAIN = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def covered(listed: MainWindow, qtbot: QtBot) -> MainWindow:
    """Open the first study, and lay the worklist over it."""
    qtbot.keyClick(frame(listed).page.table, Qt.Key.Key_Return)
    wait(qtbot, lambda: hung(listed) == "Adams^Eve" and listed.desk.at_rest)
    qtbot.keyClick(listed, Qt.Key.Key_F2)
    assert frame(listed).page.table.hasFocus()
    return listed


def press(qtbot: QtBot, key: Qt.Key, modifier: Qt.KeyboardModifier = _PLAIN) -> None:
    focused = QApplication.focusWidget()
    assert focused is not None
    qtbot.keyClick(focused, key, modifier)


def test_a_name_typed_over_the_list_changes_no_image(covered: MainWindow, qtbot: QtBot) -> None:
    before = covered.desk.workspace
    for key in (Qt.Key.Key_H, Qt.Key.Key_N, Qt.Key.Key_S, Qt.Key.Key_D, Qt.Key.Key_L):
        press(qtbot, key)
    press(qtbot, Qt.Key.Key_L, _SHIFT)
    now = covered.desk.workspace
    assert (now.overlay, now.gray, now.hanging, now.looking, now.marks) == (
        before.overlay,
        before.gray,
        before.hanging,
        before.looking,
        before.marks,
    )
    press(qtbot, Qt.Key.Key_F2)
    assert covered.side_panel.isVisible()
    press(qtbot, Qt.Key.Key_N)
    assert covered.desk.workspace.gray != before.gray, "the images are seen again"


def test_what_is_off_over_the_list_says_why(covered: MainWindow) -> None:
    action = covered.findChild(QAction, "delete-mark")
    assert action is not None
    assert not action.isEnabled()
    assert "covered by another page" in action.toolTip()


def test_what_is_of_the_site_or_the_list_works_over_the_list(covered: MainWindow) -> None:
    off = {
        spec.id
        for spec in TABLE
        if spec.why_off(covered.desk.workspace) == "The images are covered by another page"
    }
    for spec in TABLE:
        if spec.menu in (Menu.FILE, Menu.HELP) or spec.id.startswith(("site-", "scheme-")):
            assert spec.id not in off, spec.id
    assert {
        "read-sign",
        "read-lock",
        "dismiss-mark",
        "delete-mark",
        "invert",
        "side-panel",
    } <= off


def test_find_in_the_worklist_by_its_key(listed: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, Qt.Key.Key_F, _CTRL)
    field = frame(listed).page.field
    assert field.hasFocus()
    qtbot.keyClicks(field, "brown")
    assert names(listed) == ["Brown Zoe"]
    press(qtbot, Qt.Key.Key_Return)
    press(qtbot, Qt.Key.Key_Return)
    wait(qtbot, lambda: hung(listed) == "Brown^Zoe")
    press(qtbot, Qt.Key.Key_F, _CTRL)
    assert frame(listed).shown
    qtbot.keyClicks(field, "clark")
    assert field.text() == "clark", "typed over the last one"


def test_a_filter_that_leaves_nothing_has_the_keyboard(listed: MainWindow, qtbot: QtBot) -> None:
    """The list begins with the filter of yesterday: it is to be mended, not a folder imported."""
    press(qtbot, Qt.Key.Key_F, _CTRL)
    qtbot.keyClicks(frame(listed).page.field, "nobody")
    press(qtbot, Qt.Key.Key_F2)
    press(qtbot, Qt.Key.Key_F2)
    focused = QApplication.focusWidget()
    assert isinstance(focused, QWidget)
    assert focused.objectName() == "worklistFilter"
    qtbot.keyClicks(focused, "brown")
    assert names(listed) == ["Brown Zoe"]


def test_a_study_of_the_list_says_nothing_of_how_many_were_opened(
    listed: MainWindow, qtbot: QtBot
) -> None:
    """Beside it may stand the woman's earlier one: "examination 1 of 3" and "2 examinations"."""
    press(qtbot, Qt.Key.Key_Return)
    wait(qtbot, lambda: hung(listed) == "Adams^Eve")
    assert listed.windowTitle() == "mammoview — examination 1 of 3"
    assert "examination" not in listed.desk.workspace.status
