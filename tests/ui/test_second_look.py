"""The page of numbers: opened by its key, narrowed by lists, saved without anybody in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read.reader_desk import ReaderDesk
from mammoview.review.readers import LOCAL_READER
from mammoview.ui import theme
from mammoview.ui.dispatch import GuiDispatcher
from mammoview.ui.main_window import MainWindow
from mammoview.ui.second_look.dialog import SecondLookPage
from tests.app.second_look.test_counts import read_through
from tests.builders.reads import OTHER, log_at
from tests.ui.walk import wrong_in


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[MainWindow]:
    theme.apply(qapp)
    log = log_at(tmp_path)
    for number in range(3):
        read_through(log, f"poison-{number}", reader=LOCAL_READER.id if number else OTHER)
    log.close()
    dispatcher = GuiDispatcher()
    desk = ReadingDesk(
        deliver=dispatcher.post,
        analyst=None,
        read_log=tmp_path / "reads.sqlite",
        reader=LOCAL_READER,
    )
    readers = ReaderDesk(tmp_path / "readers.sqlite", deliver=dispatcher.post)
    readers.start()
    window = MainWindow(desk, readers=readers)
    window.resize(1000, 700)
    window.show()
    qtbot.waitUntil(window.isActiveWindow)
    yield window
    window.close()
    desk.shutdown()
    dispatcher.close()
    dispatcher.deleteLater()
    window.deleteLater()


@pytest.fixture
def page(window: MainWindow, qtbot: QtBot) -> SecondLookPage:
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(window, Qt.Key.Key_N, modifiers)
    page = window.findChild(SecondLookPage)
    assert page is not None
    qtbot.waitUntil(lambda: page.table.rowCount() > 0, timeout=10_000)
    return page


def numbers(page: SecondLookPage) -> dict[str, tuple[str, str]]:
    model = page.table.model()
    return {
        str(model.index(row, 0).data()): (
            str(model.index(row, 1).data()),
            str(model.index(row, 2).data()),
        )
        for row in range(model.rowCount())
    }


def test_numbers_carry_their_interval_and_few_reads_are_said_to_be_few(
    page: SecondLookPage,
) -> None:
    found = numbers(page)
    assert found["Finished second reads"] == ("3", "")
    assert found["Recalled by the final opinion"] == ("3 of 3 (100 %)", "44 to 100 %")
    assert found["… dismissed"][0] == "3 of 9 (33 %)"
    assert found["     for: vessel"][0] == "3"
    assert found["Seconds a read (median; quartiles)"][0] == "35"
    note = page.findChild(QLabel, "lookNote")
    assert note is not None
    assert "no" in note.text()
    assert "too few to compare" in note.text()
    assert "sensitivity" in note.text()


def test_a_list_narrows_the_reads_and_names_their_readers(
    page: SecondLookPage, qtbot: QtBot
) -> None:
    chosen = page.findChild(QComboBox, "look-reader")
    assert chosen is not None
    assert [chosen.itemText(row) for row in range(chosen.count())] == ["all", "Local reader", OTHER]
    qtbot.keyClick(chosen, Qt.Key.Key_Down)
    assert numbers(page)["Finished second reads"] == ("2", "")
    by = page.findChild(QComboBox, "look-by")
    assert by is not None
    qtbot.keyClick(by, Qt.Key.Key_End)
    ticks = page.plots.recall.getAxis("bottom")._tickLevels
    assert next(label for _, label in ticks[0]).startswith("20"), "a month"


def test_the_numbers_of_every_axis_stand_whole_in_their_plot(page: SecondLookPage) -> None:
    for plot in (page.plots.recall, page.plots.marks, page.plots.times):
        axis = plot.getAxis("left")
        low, high = plot.getViewBox().viewRange()[1]
        # Half a number stands over its place on the axis, half under it.
        half = plot.fontMetrics().height() / 2 * (high - low) / axis.height()
        for _, places in axis.tickValues(low, high, axis.height())[:1]:
            assert min(places) - half >= low
            assert max(places) + half <= high


def test_the_file_names_no_examination(
    page: SecondLookPage, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "out" / "numbers.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(file), ""))
    button = page.findChild(QPushButton, "lookExport")
    assert button is not None
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(file.exists)
    said = page.findChild(QLabel, "lookSaid")
    assert said is not None
    qtbot.waitUntil(lambda: said.text() == "Saved")
    text = file.read_text("utf-8")
    assert text.count("\n") == 3
    assert "poison" not in text
    assert "Local" not in text


def test_it_is_walked_by_tab(page: SecondLookPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(page.isActiveWindow)
    assert wrong_in(page) == []
