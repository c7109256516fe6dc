"""Other keys, chosen in the window: real key presses before, while and after."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QCheckBox, QLineEdit, QPushButton, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from mammoview.app import commands, settings
from mammoview.app.keys import KeyChoice
from mammoview.app.settings import Settings
from mammoview.app.workspace import OverlayMode
from mammoview.ui.actions.keyboard import key_map, key_of, problems
from mammoview.ui.actions.table import TABLE
from mammoview.ui.boot import chosen_settings
from mammoview.ui.dialogs.keys_dialog import KeysDialog
from mammoview.ui.dialogs.text_table import TextTable
from mammoview.ui.main_window import MainWindow
from tests.ui.test_actions import rows_of


@pytest.fixture
def dialog(window: MainWindow, qtbot: QtBot) -> Iterator[KeysDialog]:
    """Open the dialog by its key."""
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    found = window.findChild(KeysDialog, "keysDialog")
    assert found is not None
    assert found.isVisible()
    yield found
    for still in window.findChildren(KeysDialog):
        still.close()


def back_to(window: MainWindow, dialog: KeysDialog, qtbot: QtBot) -> None:
    dialog.close()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)


def choose(dialog: KeysDialog, action: str) -> None:
    items = dialog.tree.findItems("", Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive)
    (item,) = [i for i in items if i.data(0, Qt.ItemDataRole.UserRole) == action]
    dialog.tree.setCurrentItem(item)
    assert dialog.action == action


def press_new(
    qtbot: QtBot,
    dialog: KeysDialog,
    key: Qt.Key,
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    qtbot.keyClick(dialog.recorder, key, modifiers)


def mode(window: MainWindow) -> OverlayMode:
    return window.desk.workspace.overlay.mode


def peeking(window: MainWindow) -> bool:
    return window.desk.workspace.overlay.peeking


def keys_of(window: MainWindow, action: str) -> tuple[str, ...]:
    return key_map(window.desk.workspace.keys).of(action)


def test_a_free_key_is_given_at_once_everywhere(
    window: MainWindow, dialog: KeysDialog, qtbot: QtBot
) -> None:
    choose(dialog, "heatmap")
    press_new(qtbot, dialog, Qt.Key.Key_Q, Qt.KeyboardModifier.ShiftModifier)
    assert keys_of(window, "heatmap") == ("Shift+Q",)
    action = window.findChild(QAction, "heatmap")
    assert action is not None
    assert [key.toString() for key in action.shortcuts()] == ["Shift+Q"]
    assert "Shift+Q" in action.toolTip()
    back_to(window, dialog, qtbot)
    qtbot.keyClick(window, Qt.Key.Key_H)
    assert mode(window) is OverlayMode.OFF, "the old key is dead"
    qtbot.keyClick(window, Qt.Key.Key_Q, Qt.KeyboardModifier.ShiftModifier)
    assert mode(window) is OverlayMode.HEATMAP
    window.dialogs.show_cheat_sheet()
    sheet = window.findChild(TextTable, "cheatSheet")
    assert sheet is not None
    assert ("Shift+Q", "Heatmap on or off") in rows_of(sheet.table)
    sheet.close()


def test_a_key_that_is_taken_is_given_only_when_it_is_taken_over(
    window: MainWindow, dialog: KeysDialog, qtbot: QtBot
) -> None:
    choose(dialog, "heatmap")
    press_new(qtbot, dialog, Qt.Key.Key_N)
    assert "Invert grey values" in dialog.message.text()
    assert keys_of(window, "heatmap") == ("H",)
    qtbot.mouseClick(dialog.take, Qt.MouseButton.LeftButton)
    assert keys_of(window, "heatmap") == ("N",)
    assert keys_of(window, "invert") == ("Ctrl+I",)
    assert not dialog.take.isEnabled()


@pytest.mark.parametrize(
    ("key", "modifiers", "word"),
    [
        (Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier, "leaves"),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, "sliders"),
        (Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, "button"),
        (Qt.Key.Key_F, Qt.KeyboardModifier.AltModifier, "menu"),
        (Qt.Key.Key_P, Qt.KeyboardModifier.NoModifier, "look under"),
    ],
)
def test_reserved_and_held_keys_are_not_given(
    window: MainWindow,
    dialog: KeysDialog,
    qtbot: QtBot,
    key: Qt.Key,
    modifiers: Qt.KeyboardModifier,
    word: str,
) -> None:
    choose(dialog, "invert")
    press_new(qtbot, dialog, key, modifiers)
    assert word in dialog.message.text()
    assert window.desk.workspace.keys == ()


def test_a_held_key_moves_and_ends_with_its_release(
    window: MainWindow, dialog: KeysDialog, qtbot: QtBot
) -> None:
    choose(dialog, "peek")
    press_new(qtbot, dialog, Qt.Key.Key_Question, Qt.KeyboardModifier.ShiftModifier)
    assert "All" not in dialog.message.text()
    qtbot.mouseClick(dialog.take, Qt.MouseButton.LeftButton)
    back_to(window, dialog, qtbot)
    qtbot.keyPress(window, Qt.Key.Key_P)
    assert not peeking(window)
    qtbot.keyPress(window, Qt.Key.Key_Question, Qt.KeyboardModifier.ShiftModifier)
    assert peeking(window)
    qtbot.keyRelease(window, Qt.Key.Key_Question)
    assert not peeking(window)


def test_a_held_key_comes_back_under_another_code_when_shift_went_first(
    window: MainWindow,
) -> None:
    window.desk.do(commands.set_keys, (KeyChoice(action="peek", keys=("?",)),))
    shift, none = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier
    down, up = QEvent.Type.KeyPress, QEvent.Type.KeyRelease
    place = 61  # of the key between "." and Shift
    pressed = QKeyEvent(down, Qt.Key.Key_Question, shift, place, 0, 0, "?")
    released = QKeyEvent(up, Qt.Key.Key_Slash, none, place, 0, 0, "/")
    QApplication.sendEvent(window, pressed)
    assert peeking(window)
    QApplication.sendEvent(window, released)
    assert not peeking(window)


def test_other_keys_stay_beside_the_new_one_where_wanted(
    window: MainWindow, dialog: KeysDialog, qtbot: QtBot
) -> None:
    keep = dialog.findChild(QCheckBox, "keysKeep")
    assert keep is not None
    keep.click()
    choose(dialog, "invert")
    press_new(qtbot, dialog, Qt.Key.Key_F9)
    assert keys_of(window, "invert") == ("N", "Ctrl+I", "F9")
    qtbot.mouseClick(_button(dialog, "keysClear"), Qt.MouseButton.LeftButton)
    assert keys_of(window, "invert") == ()
    qtbot.mouseClick(_button(dialog, "keysReset"), Qt.MouseButton.LeftButton)
    assert window.desk.workspace.keys == ()


def test_the_key_that_leaves_full_screen_stays(dialog: KeysDialog) -> None:
    choose(dialog, "escape")
    assert not dialog.recorder.isEnabled()


def test_search_by_word_and_by_key(dialog: KeysDialog, qtbot: QtBot) -> None:
    search = dialog.findChild(QLineEdit, "keysSearch")
    assert search is not None
    qtbot.keyClicks(search, "ctrl+shift+o")
    assert _shown(dialog) == ["open-folder"]
    search.clear()
    qtbot.keyClicks(search, "heatmap")
    assert {"heatmap", "overlay-both", "opacity-less"} <= set(_shown(dialog))
    assert "invert" not in _shown(dialog)


def test_keys_go_to_a_file_and_come_back(
    window: MainWindow, dialog: KeysDialog, qtbot: QtBot, tmp_path: Path
) -> None:
    choose(dialog, "invert")
    press_new(qtbot, dialog, Qt.Key.Key_F9)
    dialog.write_to(tmp_path / "keys.toml")
    qtbot.mouseClick(_button(dialog, "keysResetAll"), Qt.MouseButton.LeftButton)
    assert window.desk.workspace.keys == ()
    dialog.read_from(tmp_path / "keys.toml")
    assert keys_of(window, "invert") == ("F9",)


def test_a_file_that_is_ambiguous_changes_nothing(
    window: MainWindow, dialog: KeysDialog, tmp_path: Path
) -> None:
    path = tmp_path / "keys.toml"
    path.write_text('[keys]\nheatmap = ["N"]\nfly = ["F9"]', "utf-8")
    dialog.read_from(path)
    assert window.desk.workspace.keys == ()
    assert "Invert grey values" in dialog.message.text()
    assert "Nothing was changed" in dialog.message.text()
    dialog.read_from(tmp_path / "none.toml")
    assert "cannot be read" in dialog.message.text()


def test_chosen_keys_are_kept_for_the_next_time(window: MainWindow) -> None:
    chosen = (KeyChoice(action="invert", keys=("F9",)),)
    window.desk.do(commands.set_keys, chosen)
    kept = chosen_settings(Settings(), window.desk.workspace, panel_open=True)
    settings.save(kept, settings.settings_path())
    assert commands.empty(settings.load(settings.settings_path())).keys == chosen


def test_an_ambiguous_file_is_told_in_words_of_the_menus() -> None:
    told = problems(
        (KeyChoice(action="heatmap", keys=("N", "Tab")), KeyChoice(action="fly", keys=("F9",)))
    )
    assert told[0].startswith("Key Tab was not given to “Heatmap on or off”")
    assert told[1] == (
        "Key N was not given to “Invert grey values”: it belongs to “Heatmap on or off”"
    )
    assert "fly" in told[2]


@pytest.mark.parametrize(
    ("key", "modifiers", "text"),
    [
        # As US, German and French keyboards send them: Shift, AltGr and the keypad tell nothing.
        (Qt.Key.Key_Question, Qt.KeyboardModifier.ShiftModifier, "?"),
        (Qt.Key.Key_BracketLeft, Qt.KeyboardModifier.GroupSwitchModifier, "["),
        (Qt.Key.Key_BracketLeft, Qt.KeyboardModifier.NoModifier, "["),
        (Qt.Key.Key_1, Qt.KeyboardModifier.ShiftModifier, "1"),
        (Qt.Key.Key_1, Qt.KeyboardModifier.KeypadModifier, "1"),
        (Qt.Key.Key_Period, Qt.KeyboardModifier.ShiftModifier, "."),
        (Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier, "Shift+N"),
        (Qt.Key.Key_Shift, Qt.KeyboardModifier.ShiftModifier, ""),
    ],
)
def test_a_key_is_known_on_other_keyboards(
    key: Qt.Key, modifiers: Qt.KeyboardModifier, text: str
) -> None:
    assert key_of(QKeyEvent(QEvent.Type.KeyPress, key, modifiers)) == text


def test_what_another_keyboard_hides_has_a_second_key() -> None:
    hard = {"[", "]", "?"}  # AltGr or Shift on QWERTZ and AZERTY
    for spec in TABLE:
        if hard & set(spec.keys):
            assert set(spec.keys) - hard, spec.id
        for key in spec.keys:
            assert QKeySequence(key).count() == 1


def _button(dialog: KeysDialog, name: str) -> QPushButton:
    button = dialog.findChild(QPushButton, name)
    assert button is not None
    return button


def _shown(dialog: KeysDialog) -> list[str]:
    everything = Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive
    items: list[QTreeWidgetItem] = dialog.tree.findItems("", everything)
    ids = [str(i.data(0, Qt.ItemDataRole.UserRole) or "") for i in items if not i.isHidden()]
    return [action for action in ids if action]
