"""The worklist by its keys: import, filter, sort, open, walk on, mark, drop, cancel."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QLabel,
    QListView,
    QProgressBar,
    QPushButton,
    QToolButton,
)
from pytestqt.qtbot import QtBot

from mammoview.app import commands
from mammoview.app.keys import KeyChoice
from mammoview.app.reading import ReadingDesk
from mammoview.app.worklist import database as worklist_database
from mammoview.app.worklist import importing
from mammoview.app.worklist.arrange import Column
from mammoview.app.worklist.desk import Worklist
from mammoview.app.worklist.store import kept
from mammoview.app.worklist.thumbnails import CELL_COLS, CELL_ROWS
from mammoview.ui import theme
from mammoview.ui.dispatch import GuiDispatcher
from mammoview.ui.main_window import MainWindow
from mammoview.ui.worklist.frame import WorklistFrame
from mammoview.ui.worklist.model import COLUMNS
from tests.builders.desk import QuickAnalyst
from tests.builders.dicom import build_exam


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[MainWindow]:
    theme.apply(qapp)
    dispatcher = GuiDispatcher()
    desk = ReadingDesk(deliver=dispatcher.post, analyst=QuickAnalyst())
    worklist = Worklist(deliver=dispatcher.post, path=tmp_path / "data" / "worklist.sqlite")
    window = MainWindow(desk, worklist=worklist)
    window.resize(1400, 800)
    window.show()
    yield window
    window.close()
    dispatcher.close()
    dispatcher.deleteLater()
    window.deleteLater()


def wait(qtbot: QtBot, condition: Callable[[], bool]) -> None:
    qtbot.waitUntil(condition, timeout=20_000)


def frame(window: MainWindow) -> WorklistFrame:
    assert window.worklist is not None
    return window.worklist


def names(window: MainWindow) -> list[str]:
    """Return the patients as the table shows them."""
    model = frame(window).page.model
    column = COLUMNS.index(Column.PATIENT)
    return [str(model.data(model.index(row, column))) for row in range(model.rowCount())]


def aside(window: MainWindow) -> list[bool]:
    return [study.aside for study in frame(window).worklist.state.shown]


def label(window: MainWindow, name: str) -> str:
    found = window.findChild(QLabel, name)
    assert found is not None
    return found.text()


def drop(window: MainWindow, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left, none = (
        Qt.DropAction.CopyAction,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    target = frame(window).page.field if frame(window).shown else window.four_view
    enter = QDragEnterEvent(QPoint(3, 3), copy, data, left, none)
    QApplication.sendEvent(target, enter)
    QApplication.sendEvent(target, QDropEvent(QPointF(3, 3), copy, data, left, none))


@pytest.fixture
def exams(tmp_path: Path) -> Path:
    folder = tmp_path / "exams"
    for person in ("Clark^Ann", "Adams^Eve", "Brown^Zoe"):
        build_exam(folder / person[0], person=person)
    return folder


@pytest.fixture
def listed(window: MainWindow, qtbot: QtBot, exams: Path) -> MainWindow:
    """Return the window on its worklist of three studies, in the order of the names."""
    frame(window).begin(show=True)
    wait(qtbot, lambda: frame(window).worklist.state.ready)
    frame(window).import_paths([exams])
    wait(qtbot, lambda: len(names(window)) == 3 and frame(window).worklist.state.task is None)
    return window


def hung(window: MainWindow) -> str:
    """Return whose images hang, once they are there."""
    panes = window.desk.workspace.panes
    done = bool(panes) and all(pane.image is not None for pane in panes)
    view = panes[0].mammogram if done else None
    return view.identity.name if view is not None else ""


def test_a_list_that_another_program_held_at_the_start_is_read_again_by_a_click(
    window: MainWindow, qtbot: QtBot, exams: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "data" / "worklist.sqlite"
    worklist_database.prepare(database)
    importing.import_paths(database, [exams])
    holding = sqlite3.connect(database, isolation_level=None)
    with monkeypatch.context() as hurried:
        hurried.setattr(worklist_database, "_BUSY_S", 0.05)
        holding.execute("PRAGMA locking_mode = EXCLUSIVE")  # readers too
        holding.execute("BEGIN EXCLUSIVE")
        frame(window).begin(show=True)
        wait(qtbot, lambda: frame(window).shown)
        wait(qtbot, lambda: "another program holds" in label(window, "worklistProblem"))
    assert names(window) == []
    holding.close()
    rescan = window.findChild(QPushButton, "worklistRescan")
    assert rescan is not None
    qtbot.mouseClick(rescan, Qt.MouseButton.LeftButton)
    wait(qtbot, lambda: len(names(window)) == 3 and frame(window).worklist.state.task is None)
    wait(qtbot, lambda: label(window, "worklistProblem") == "")


def test_an_empty_worklist_says_what_to_do(window: MainWindow, qtbot: QtBot) -> None:
    frame(window).begin(show=True)
    wait(qtbot, lambda: frame(window).worklist.state.ready)
    assert not frame(window).shown, "without studies the window starts as before"
    qtbot.keyClick(window, Qt.Key.Key_F2)
    assert frame(window).shown
    assert "Ctrl+Shift+I" in label(window, "worklistEmpty")
    assert "dropped here" in label(window, "worklistEmpty")
    window.desk.do(commands.set_keys, (KeyChoice(action="import-folder", keys=("Ctrl+Y",)),))
    assert "Ctrl+Y" in label(window, "worklistEmpty"), "a key that the reader gave it"
    assert "Ctrl+Shift+I" not in label(window, "worklistEmpty")


def test_import_by_its_key(
    window: MainWindow, qtbot: QtBot, exams: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(exams))
    frame(window).begin(show=True)
    wait(qtbot, lambda: frame(window).worklist.state.ready)
    qtbot.keyClick(
        window,
        Qt.Key.Key_I,
        Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
    )
    wait(qtbot, lambda: names(window) == ["Adams Eve", "Brown Zoe", "Clark Ann"])
    assert frame(window).shown
    assert label(window, "worklistCount") == "3 of 3 studies · 3 to read"


def test_open_walk_mark_and_come_back_by_keys_alone(listed: MainWindow, qtbot: QtBot) -> None:
    table = frame(listed).page.table
    assert table.hasFocus()
    qtbot.keyClick(table, Qt.Key.Key_Return)
    wait(qtbot, lambda: hung(listed) == "Adams^Eve")
    assert not frame(listed).shown
    assert listed.windowTitle() == "mammoview — examination 1 of 3"
    qtbot.keyClick(listed, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(listed, Qt.Key.Key_PageDown)
    wait(qtbot, lambda: hung(listed) == "Brown^Zoe")
    qtbot.keyClick(listed, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    wait(qtbot, lambda: hung(listed) == "Clark^Ann")
    qtbot.keyClick(listed, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(listed, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    wait(qtbot, lambda: hung(listed) == "Brown^Zoe")
    qtbot.keyClick(listed, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(listed, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert "No study to read" in listed.desk.workspace.status
    qtbot.keyClick(listed, Qt.Key.Key_F2)
    assert frame(listed).shown
    assert aside(listed) == [True, True, True]
    current = frame(listed).page.current
    assert current is not None
    assert current.name == "Brown^Zoe"


def test_page_keys_move_in_the_table_and_open_nothing(listed: MainWindow, qtbot: QtBot) -> None:
    table = frame(listed).page.table
    qtbot.keyClick(table, Qt.Key.Key_PageDown)
    assert table.currentIndex().row() == 2
    assert listed.desk.workspace.exam_key is None


def test_filter_and_sort_by_hand(listed: MainWindow, qtbot: QtBot) -> None:
    page = frame(listed).page
    page.field.setFocus()
    qtbot.keyClicks(page.field, "brown 2024-01..")
    assert names(listed) == ["Brown Zoe"]
    page.field.clear()
    qtbot.keyClicks(page.field, "nobody")
    assert "No study matches" in label(listed, "worklistEmpty")
    page.field.clear()
    header = page.table.horizontalHeader()
    at = header.sectionViewportPosition(COLUMNS.index(Column.PATIENT))
    for expected in (
        ["Adams Eve", "Brown Zoe", "Clark Ann"],
        ["Clark Ann", "Brown Zoe", "Adams Eve"],
    ):
        qtbot.mouseClick(
            header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at + 8, header.height() // 2)
        )
        assert names(listed) == expected


def test_a_filter_of_unread_does_not_lose_the_order(listed: MainWindow, qtbot: QtBot) -> None:
    page = frame(listed).page
    qtbot.keyClicks(page.field, "unread")
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    wait(qtbot, lambda: hung(listed) == "Adams^Eve")
    qtbot.keyClick(listed, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert len(names(listed)) == 2
    qtbot.keyClick(listed, Qt.Key.Key_PageDown)
    wait(qtbot, lambda: hung(listed) == "Brown^Zoe")
    qtbot.keyClick(listed, Qt.Key.Key_PageUp)
    wait(qtbot, lambda: hung(listed) == "Adams^Eve")


def test_a_drop_opens_on_the_images_and_imports_on_the_list(
    listed: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    build_exam(tmp_path / "fourth", person="Davis^Ida")
    drop(listed, tmp_path / "fourth")
    wait(qtbot, lambda: "Davis Ida" in names(listed))
    qtbot.keyClick(listed, Qt.Key.Key_F2)
    build_exam(tmp_path / "fifth", person="Evans^Joy")
    drop(listed, tmp_path / "fifth")
    wait(qtbot, lambda: hung(listed) == "Evans^Joy")
    assert "Evans Joy" not in names(listed)
    qtbot.keyClick(listed, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert "Not in the worklist" in listed.desk.workspace.status


def test_pictures_come_for_the_rows_on_the_screen(listed: MainWindow, qtbot: QtBot) -> None:
    model = frame(listed).page.model

    def drawn() -> bool:
        at = [model.index(row, COLUMNS.index(Column.VIEWS)) for row in range(3)]
        pictures = [model.data(index, Qt.ItemDataRole.DecorationRole) for index in at]
        return all(picture is not None for picture in pictures)

    wait(qtbot, drawn)
    icon = model.data(model.index(0, 0), Qt.ItemDataRole.DecorationRole)
    image = icon.pixmap(4 * CELL_COLS, CELL_ROWS).toImage()
    grey = [image.pixelColor(col, 32).value() for col in range(2 * CELL_COLS)]
    assert grey[CELL_COLS - 2] > grey[1], "R CC: the chest wall is on the right of its cell"
    assert grey[CELL_COLS + 1] > grey[-2], "L CC: on the left"


@pytest.mark.parametrize("by", ["button", "Esc"])
def test_an_import_is_shown_and_cancelled(
    window: MainWindow, qtbot: QtBot, exams: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    go_on = threading.Event()
    real = importing._results

    def slow(*args: object) -> Iterator[object]:
        go_on.wait(20)
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "_results", slow)
    frame(window).begin(show=True)
    wait(qtbot, lambda: frame(window).worklist.state.ready)
    drop_on_list = [exams]
    frame(window).show_list()
    drop(window, *drop_on_list)
    bar = window.findChild(QProgressBar, "importTaskBar")
    button = window.findChild(QToolButton, "importTaskCancel")
    assert bar is not None
    assert button is not None
    wait(qtbot, bar.isVisible)
    if by == "button":
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    else:
        qtbot.keyClick(window, Qt.Key.Key_Escape)
    go_on.set()
    assert not bar.isVisible()
    wait(qtbot, lambda: "cancelled" in label(window, "worklistMessage"))
    rescan = window.findChild(QPushButton, "worklistRescan")
    assert rescan is not None
    wait(qtbot, rescan.isEnabled)
    qtbot.mouseClick(rescan, Qt.MouseButton.LeftButton)
    wait(qtbot, lambda: len(names(window)) == 3)


def test_sources_tell_what_was_not_read_and_can_be_taken_out(
    window: MainWindow, qtbot: QtBot, exams: Path
) -> None:
    (exams / "letter.txt").write_text("no image", "utf-8")
    frame(window).begin(show=False)
    frame(window).import_paths([exams])
    wait(qtbot, lambda: len(names(window)) == 3 and frame(window).worklist.state.task is None)
    button = window.findChild(QPushButton, "worklistRoots")
    assert button is not None
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    folders = window.findChild(QListView, "sourceFolders")
    refused = window.findChild(QListView, "sourceRefused")
    remove = window.findChild(QPushButton, "sourceRemove")
    assert folders is not None
    assert refused is not None
    assert remove is not None
    assert "3 examinations, 12 images, 1 not read" in folders.model().index(0, 0).data()
    assert "letter.txt: " in refused.model().index(0, 0).data()
    folders.setCurrentIndex(folders.model().index(0, 0))
    qtbot.mouseClick(remove, Qt.MouseButton.LeftButton)
    wait(qtbot, lambda: names(window) == [])
    qtbot.keyClick(folders.window(), Qt.Key.Key_Escape)
    assert (exams / "letter.txt").exists()


# -- what is opened by hand is offered ------------------------------------------------------------


def offered(window: MainWindow) -> bool:
    return frame(window).offer.isVisible()


def hangs(window: MainWindow, patient: str) -> bool:
    ws = window.desk.workspace
    return any(pane.mammogram and pane.mammogram.identity.name == patient for pane in ws.panes)


def press(window: MainWindow, name: str, qtbot: QtBot) -> None:
    button = frame(window).offer.findChild(QToolButton, name)
    assert button is not None
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_dropped_folder_is_offered_and_added_without_leaving_the_images(
    window: MainWindow, qtbot: QtBot, exams: Path
) -> None:
    frame(window).begin(show=True)
    drop(window, exams / "A")
    assert not offered(window), "nothing hangs yet"
    wait(qtbot, lambda: hangs(window, "Adams^Eve") and offered(window))
    press(window, "offerAdd", qtbot)
    wait(qtbot, lambda: frame(window).worklist.state.task is None and bool(names(window)))
    assert not offered(window)
    assert not frame(window).shown
    (name,) = names(window)
    assert "Adams" in name
    drop(window, exams / "A")
    wait(qtbot, lambda: window.desk.workspace.task is None)
    assert not offered(window), "it is in the list"


def test_a_no_is_remembered_by_the_next_window(
    window: MainWindow, qtbot: QtBot, exams: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame(window).begin(show=True)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(exams / "C"))
    qtbot.waitActive(window)
    shift = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(window.four_view, Qt.Key.Key_O, shift)
    wait(qtbot, lambda: hangs(window, "Clark^Ann") and offered(window))
    press(window, "offerNo", qtbot)
    assert not offered(window)
    drop(window, exams / "B")
    wait(qtbot, lambda: hangs(window, "Brown^Zoe") and offered(window))
    wait(qtbot, lambda: bool(kept(tmp_path / "data" / "worklist.sqlite", "declined")))
    again = Worklist(
        deliver=frame(window).worklist._writing._deliver, path=tmp_path / "data" / "worklist.sqlite"
    )
    again.start(rescan=False)
    wait(qtbot, lambda: again.state.ready)
    assert again.state.declined == {exams / "C"}
    again.shutdown()


def test_files_and_what_a_program_opens_are_not_offered(
    window: MainWindow, qtbot: QtBot, exams: Path
) -> None:
    frame(window).begin(show=True)
    wait(qtbot, lambda: frame(window).worklist.state.ready)
    drop(window, *sorted((exams / "A").glob("*.dcm")))
    wait(qtbot, lambda: hangs(window, "Adams^Eve"))
    assert not offered(window)
    window.desk.open_paths([exams / "B"])
    wait(qtbot, lambda: hangs(window, "Brown^Zoe"))
    assert not offered(window)
