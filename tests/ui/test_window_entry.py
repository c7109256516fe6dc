"""Centre and width typed in numbers, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from mammoview.app import commands
from mammoview.domain.study import VoiWindow
from mammoview.ui.dialogs.window_entry import WindowEntry
from mammoview.ui.main_window import MainWindow
from mammoview.ui.viewport.windowing import change_to, voi_in_use
from tests.builders.dicom import VIEWS, build_mg

_SIGMOID = {
    "WindowCenter": [2000, 2000],
    "WindowWidth": [3000, 3600],
    "WindowCenterWidthExplanation": ["NORMAL", "SOFTER"],
    "VOILUTFunction": "SIGMOID",
}
_OTHER = {"WindowCenter": 900, "WindowWidth": 600, "VOILUTFunction": "LINEAR"}

Open = Callable[[], WindowEntry]


@pytest.fixture
def hung(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> MainWindow:
    for side, view in VIEWS:
        own = _OTHER if (side, view) == ("L", "MLO") else _SIGMOID
        build_mg(tmp_path / f"{side}{view}.dcm", laterality=side, view=view, elements=own)
    window.desk.open_paths([tmp_path])
    qtbot.waitUntil(lambda: window.desk.workspace.prediction is not None, timeout=20_000)
    qtbot.waitUntil(window.isActiveWindow)
    return window


@pytest.fixture
def entry(hung: MainWindow, qtbot: QtBot) -> Open:
    def opened() -> WindowEntry:
        hung.activateWindow()
        qtbot.waitUntil(lambda: hung.findChild(WindowEntry) is None and hung.isActiveWindow())
        qtbot.keyClick(hung, Qt.Key.Key_C, Qt.KeyboardModifier.ShiftModifier)
        dialog = hung.findChild(WindowEntry)
        assert dialog is not None
        qtbot.waitUntil(dialog.isActiveWindow)
        return dialog

    return opened


def shown_with(window: MainWindow, key: str) -> VoiWindow:
    fmt = window.four_view.pane(key).fmt
    assert fmt is not None
    voi = voi_in_use(fmt, window.desk.workspace.gray)
    assert isinstance(voi, VoiWindow)
    return voi


def typed(dialog: WindowEntry, qtbot: QtBot, centre: str, width: str) -> None:
    """Type as a reader does: centre, Tab, width, Return."""
    for field, text in ((dialog.centre, centre), (dialog.width_, width)):
        field.setFocus()
        field.selectAll()
        qtbot.keyClick(field, Qt.Key.Key_Delete)
        qtbot.keyClicks(field, text)
    qtbot.keyClick(dialog.width_, Qt.Key.Key_Return)


def said(dialog: WindowEntry, name: str) -> str:
    label = dialog.findChild(QLabel, name)
    assert label is not None
    return label.text()


def test_it_opens_with_what_is_shown_and_shows_what_is_typed(
    hung: MainWindow, qtbot: QtBot, entry: Open
) -> None:
    hung.desk.do(commands.activate, "LCC")
    before = shown_with(hung, "LCC")
    dialog = entry()
    assert (dialog.centre.text(), dialog.width_.text()) == (
        f"{before.centre:g}",
        f"{before.width:g}",
    )
    assert said(dialog, "windowOf").startswith("L CC is shown with C ")
    assert before.explanation in said(dialog, "windowOf")
    typed(dialog, qtbot, "1800.5", "900")
    after = shown_with(hung, "LCC")
    assert (after.centre, after.width) == pytest.approx((1800.5, 900.0))
    assert (after.function, after.explanation) == (before.function, before.explanation)
    same, other = shown_with(hung, "RMLO"), shown_with(hung, "LMLO")
    assert (same.centre, same.width) == pytest.approx((1800.5, 900.0)), "one format, one window"
    # 900 of 3000 are 0.3 of its own width; 199.5 of 3000 are 0.0665 of it towards the low values.
    assert (other.centre, other.width) == pytest.approx((900 - 0.0665 * 600, 0.3 * 600))
    assert "by hand" in hung.four_view.pane("LMLO").texts.window.text
    again = entry()
    assert (again.centre.text(), again.width_.text()) == ("1800.5", "900")
    again.close()


@pytest.mark.parametrize(
    ("centre", "width", "words"),
    [
        ("", "400", "is no number"),
        ("2000", "wide", "“wide” is no number"),
        ("2000", "nan", "a width of nan"),
        ("2000", "inf", "a width of inf"),
        ("2000", "0", "a width of 0; expected more than 0; type another number"),
        ("2000", "-5", "a width of -5"),
        ("2000", "9e9", "or less"),
        ("99999", "400", "all black or white"),
        ("-3000", "400", "values between 0 and 4095"),
    ],
)
def test_nonsense_is_refused_in_words_and_changes_nothing(
    hung: MainWindow, qtbot: QtBot, entry: Open, centre: str, width: str, words: str
) -> None:
    dialog = entry()
    typed(dialog, qtbot, centre, width)
    assert words in said(dialog, "windowProblem")
    assert dialog.isVisible()
    assert hung.desk.workspace.gray.change is None
    typed(dialog, qtbot, "2000", "400")
    assert shown_with(hung, "RCC").width == pytest.approx(400.0)


def test_a_comma_is_taken_where_the_language_writes_one(
    hung: MainWindow, qtbot: QtBot, entry: Open
) -> None:
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German))
    try:
        typed(entry(), qtbot, "1800,5", "900.25")
    finally:
        QLocale.setDefault(before)
    found = shown_with(hung, "RCC")
    assert (found.centre, found.width) == pytest.approx((1800.5, 900.25))


def test_an_image_that_is_dark_where_it_is_high_gets_the_same_numbers(hung: MainWindow) -> None:
    fmt = hung.four_view.pane("RCC").fmt
    assert fmt is not None
    swapped = replace(fmt, inverse=True)
    gray = hung.desk.workspace.gray
    change = change_to(swapped, gray, centre=1500.0, width=700.0)
    found = voi_in_use(swapped, replace(gray, change=change))
    assert isinstance(found, VoiWindow)
    assert (found.centre, found.width) == pytest.approx((1500.0, 700.0))


def test_it_starts_from_the_named_window_and_knows_the_narrowest_of_its_function(
    hung: MainWindow, qtbot: QtBot, entry: Open
) -> None:
    qtbot.keyClick(hung, Qt.Key.Key_V)
    qtbot.keyClick(hung, Qt.Key.Key_V)
    dialog = entry()
    assert "SIGMOID SOFTER" in said(dialog, "windowOf")
    typed(dialog, qtbot, "2000", "0.5")
    assert shown_with(hung, "RCC").width == pytest.approx(0.5)
    assert shown_with(hung, "RCC").explanation == "SOFTER"
    hung.desk.do(commands.activate, "LMLO")
    dialog = entry()
    typed(dialog, qtbot, "900", "0.5")
    assert "a width of 0.5; expected 1 or more" in said(dialog, "windowProblem")
    dialog.close()


def test_without_an_image_it_says_so(window: MainWindow, qtbot: QtBot) -> None:
    window.dialogs.enter_window()
    assert window.findChild(WindowEntry) is None
    assert "No image" in window.desk.workspace.status
