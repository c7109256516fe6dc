"""Moving and zooming by keys alone, and the lasting word on whether panes move together."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget
from pytestqt.qtbot import QtBot

from mammoview.app.pixels import resolve
from mammoview.ui.main_window import MainWindow
from mammoview.ui.viewport.placement import Placement
from tests.builders.desk import exam, image, index
from tests.ui.test_window import analysed, press, text


@pytest.fixture
def hung(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    """Return the window with two examinations of small pictures."""
    monkeypatch.setattr(resolve, "load_image", lambda view: (view, image()))
    window.desk.open_index(index(exam("a"), exam("b")))
    qtbot.waitUntil(lambda: analysed(window))
    qtbot.waitUntil(window.four_view.hasFocus)
    return window


def placed(window: MainWindow, key: str = "RCC") -> Placement:
    placement = window.four_view.pane(key).placement
    assert placement is not None
    return placement


def test_arrows_move_and_plus_and_minus_zoom(hung: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, hung, *[Qt.Key.Key_Plus] * 4)
    zoomed = placed(hung)
    press(qtbot, hung, Qt.Key.Key_Right)
    right = placed(hung)
    assert right.wall < zoomed.wall, "in a right breast the chest wall is on the right"
    assert placed(hung, "LCC").wall == right.wall
    press(qtbot, hung, Qt.Key.Key_Left, Qt.Key.Key_Down)
    assert placed(hung).wall == pytest.approx(zoomed.wall)
    assert placed(hung).mid_row > zoomed.mid_row
    press(qtbot, hung, Qt.Key.Key_Up)
    assert placed(hung).mid_row == pytest.approx(zoomed.mid_row)
    press(qtbot, hung, Qt.Key.Key_Minus)
    assert placed(hung).scale == pytest.approx(zoomed.scale / 1.25)


def test_plus_keeps_the_middle_of_the_pane(hung: MainWindow, qtbot: QtBot) -> None:
    pane = hung.four_view.pane("RCC")
    press(qtbot, hung, *[Qt.Key.Key_Plus] * 6)
    before = pane.to_image(pane.box.geometry().center())
    press(qtbot, hung, Qt.Key.Key_Plus)
    after = pane.to_image(pane.box.geometry().center())
    assert before is not None
    assert after is not None
    assert (after.col, after.row) == pytest.approx((before.col, before.row))


def test_y_lets_one_pane_move_alone_and_the_strip_says_so(hung: MainWindow, qtbot: QtBot) -> None:
    assert text(hung, "linkLabel") == "linked"
    press(qtbot, hung, *[Qt.Key.Key_Plus] * 4, Qt.Key.Key_Y)
    assert text(hung, "linkLabel") == "SINGLE"
    other = placed(hung, "LCC")
    press(qtbot, hung, Qt.Key.Key_Down)
    assert placed(hung, "LCC") == other
    hung.desk.select_exam("b")
    qtbot.waitUntil(lambda: analysed(hung))
    assert text(hung, "linkLabel") == "SINGLE", "it lasts"
    press(qtbot, hung, Qt.Key.Key_Y)
    assert text(hung, "linkLabel") == "linked"


def test_arrows_belong_to_the_list_that_has_the_keyboard(hung: MainWindow, qtbot: QtBot) -> None:
    listed = hung.findChild(QListWidget, "examList")
    assert listed is not None
    listed.setFocus()
    before = placed(hung)
    qtbot.keyClick(listed, Qt.Key.Key_Down)
    assert placed(hung) == before or hung.desk.workspace.exam_key == "b"
