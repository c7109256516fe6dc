"""One table feeds menus, toolbar, shortcuts and the cheat sheet."""

from __future__ import annotations

from collections import Counter

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QTableWidget, QTableWidgetItem, QToolBar
from pytestqt.qtbot import QtBot

from mammoview.ui.actions.keyboard import native_text
from mammoview.ui.actions.spec import Menu
from mammoview.ui.actions.table import TABLE
from mammoview.ui.dialogs.text_table import TextTable
from mammoview.ui.main_window import MainWindow


def test_ids_and_shortcuts_are_unique() -> None:
    keys = Counter(QKeySequence(key).toString() for spec in TABLE for key in spec.keys)
    assert [key for key, count in keys.items() if count > 1] == []
    assert len({spec.id for spec in TABLE}) == len(TABLE)
    assert all(spec.keys for spec in TABLE), "every action has a key"


def test_shortcuts_are_understood_by_qt() -> None:
    for spec in TABLE:
        for key in spec.keys:
            assert QKeySequence(key).toString() != "", key


def test_menus_hold_every_action_that_is_not_held(window: MainWindow) -> None:
    menus = [window.findChild(QMenu, f"menu-{menu.name.lower()}") for menu in Menu]
    shown = {
        action.objectName()
        for menu in menus
        if menu is not None
        for action in menu.actions()
        if not action.isSeparator()
    }
    assert shown == {spec.id for spec in TABLE if spec.release is None}


def test_keys_of_qt_are_those_of_the_table(window: MainWindow) -> None:
    for spec in TABLE:
        if spec.release is None:
            action = window.findChild(QAction, spec.id)
            assert action is not None, spec.id
            assert [k.toString() for k in action.shortcuts()] == [
                QKeySequence(key).toString() for key in spec.keys
            ]


def test_toolbar_comes_from_the_table(window: MainWindow) -> None:
    bar = window.findChild(QToolBar, "toolbar")
    assert bar is not None
    shown = [a.objectName() for a in bar.actions() if not a.isSeparator()]
    assert shown == [spec.id for spec in TABLE if spec.toolbar]


def test_cheat_sheet_lists_every_action_and_key(window: MainWindow, qtbot: QtBot) -> None:
    window.dialogs.show_cheat_sheet()
    sheet = window.findChild(TextTable, "cheatSheet")
    assert sheet is not None
    cells = rows_of(sheet.table)
    for spec in TABLE:
        assert (native_text(spec.keys), spec.text) in cells, spec.id
    titles = [first for first, second in cells if not second]
    assert titles[:2] == ["File", "Hanging"]
    under_hanging = cells[cells.index(("Hanging", "")) + 1]
    assert under_hanging[1] == "Next step of the hanging"
    sheet.close()


def test_the_cheat_sheet_is_no_higher_than_the_screen(window: MainWindow, qtbot: QtBot) -> None:
    """On a screen of 720 lines its last rows and its lower border were below the edge."""
    window.dialogs.show_cheat_sheet()
    sheet = window.findChild(TextTable, "cheatSheet")
    assert sheet is not None
    lines = window.screen().availableSize().height()
    assert lines < 880, "else it has room"
    assert sheet.height() < lines - 40


def test_asking_twice_leaves_one_cheat_sheet(window: MainWindow, qtbot: QtBot) -> None:
    window.dialogs.show_cheat_sheet()
    window.dialogs.show_cheat_sheet()
    qtbot.waitUntil(lambda: len(window.findChildren(TextTable, "cheatSheet")) == 1)
    window.findChildren(TextTable, "cheatSheet")[0].close()


def rows_of(table: QTableWidget) -> list[tuple[str, str]]:
    """Return the texts of a table of two columns."""
    return [
        (_text(table.item(row, 0)), _text(table.item(row, 1))) for row in range(table.rowCount())
    ]


def _text(item: QTableWidgetItem | None) -> str:
    return item.text() if item is not None else ""
