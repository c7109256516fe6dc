"""The worklist in a narrow window: who, when and how far stays on the screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mammoview.app.reading import ReadingDesk
from mammoview.app.worklist.arrange import Column
from mammoview.app.worklist.desk import Worklist
from mammoview.ui import theme
from mammoview.ui.dispatch import GuiDispatcher
from mammoview.ui.main_window import MainWindow
from mammoview.ui.worklist.columns import widths_within
from mammoview.ui.worklist.model import COLUMNS
from mammoview.ui.worklist.table import StudyTable
from tests.builders.desk import QuickAnalyst
from tests.builders.dicom import build_exam

_NEEDED = (Column.PATIENT, Column.DATE, Column.STATE)
_LONG = "Phantom-" + "Very" * 12 + "^Ada"


@pytest.fixture
def table(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[StudyTable]:
    """The table of a window with one study of somebody with a long name."""
    theme.apply(qapp)
    dispatcher = GuiDispatcher()
    desk = ReadingDesk(deliver=dispatcher.post, analyst=QuickAnalyst())
    worklist = Worklist(deliver=dispatcher.post, path=tmp_path / "data" / "worklist.sqlite")
    window = MainWindow(desk, worklist=worklist)
    window.resize(800, 600)
    window.show()
    assert window.worklist is not None
    window.worklist.begin(show=True)
    build_exam(tmp_path / "exam", person=_LONG)
    window.worklist.import_paths([tmp_path / "exam"])
    qtbot.waitUntil(lambda: bool(worklist.state.shown), timeout=20_000)
    qtbot.waitUntil(lambda: worklist.state.task is None, timeout=20_000)
    yield window.worklist.page.table
    window.close()
    dispatcher.close()
    dispatcher.deleteLater()
    window.deleteLater()


def on_screen(table: StudyTable) -> dict[Column, int]:
    """Return the columns that stand whole in the table, and their widths."""
    header, room = table.horizontalHeader(), table.viewport().width()
    return {
        column: header.sectionSize(at)
        for at, column in enumerate(COLUMNS)
        if not header.isSectionHidden(at)
        and header.sectionViewportPosition(at) >= 0
        and header.sectionViewportPosition(at) + header.sectionSize(at) <= room
    }


def resize(table: StudyTable, qtbot: QtBot, width: int) -> None:
    window = table.window()
    window.resize(width, 700)
    qtbot.waitUntil(lambda: window.width() == width)
    qtbot.waitUntil(lambda: table.viewport().width() > width - 200)


def test_patient_date_and_state_stay_at_800_pixels(table: StudyTable, qtbot: QtBot) -> None:
    assert set(_NEEDED) <= set(on_screen(table))
    assert not table.horizontalScrollBar().isVisible()
    at = table.model().index(0, COLUMNS.index(Column.PATIENT))
    name = str(table.model().data(at))
    assert table.fontMetrics().horizontalAdvance(name) > table.visualRect(at).width()
    assert table.textElideMode() is Qt.TextElideMode.ElideRight, "it is cut with three dots"
    tip = table.model().data(at, Qt.ItemDataRole.ToolTipRole)
    assert tip == name, "and stands whole in the tip"
    assert Column.SOURCE not in on_screen(table)


def test_what_has_room_comes_back_as_the_reader_left_it(table: StudyTable, qtbot: QtBot) -> None:
    resize(table, qtbot, 1700)
    assert set(on_screen(table)) == set(COLUMNS)
    header = table.horizontalHeader()
    at = COLUMNS.index(Column.ID)
    edge = QPoint(header.sectionViewportPosition(at) + header.sectionSize(at) - 1, 5)
    QTest.mousePress(header.viewport(), Qt.MouseButton.LeftButton, pos=edge)
    QTest.mouseMove(header.viewport(), edge + QPoint(30, 0))
    QTest.mouseRelease(header.viewport(), Qt.MouseButton.LeftButton, pos=edge + QPoint(30, 0))
    wide = on_screen(table)
    assert wide[Column.ID] > 160
    resize(table, qtbot, 800)
    assert set(_NEEDED) <= set(on_screen(table))
    resize(table, qtbot, 1700)
    assert on_screen(table) == wide


def test_widths_kept_from_a_narrow_window_are_those_of_a_wide_one(
    table: StudyTable, qtbot: QtBot
) -> None:
    table.keep_columns()
    again = StudyTable(table._model, table.window())
    again.resize(1700, 300)
    again.show()
    assert set(on_screen(again)) == set(COLUMNS)
    again.deleteLater()


def test_the_needed_ones_shrink_before_one_of_them_goes() -> None:
    wishes = dict.fromkeys(COLUMNS, 200)
    assert set(widths_within(wishes, 600)) == set(_NEEDED)
    small = widths_within(wishes, 450)
    assert set(small) == set(_NEEDED)
    assert sum(small.values()) <= 451
    assert min(widths_within(wishes, 10).values()) > 80, "less could not be read"
    assert list(widths_within(wishes, 820))[3:] == [Column.VIEWS]
