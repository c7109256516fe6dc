"""Results exported from the window, by keys and by mouse."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pydicom
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QLineEdit, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from mammoview.app import commands
from mammoview.app.reading import ReadingDesk
from mammoview.app.reports import Places
from mammoview.app.results import export as exporting
from mammoview.app.results.desk import ExportDesk, formats_of, formats_text
from mammoview.app.results.files import NamedBytes
from mammoview.app.results.formats import MAKERS, Format, Work
from mammoview.app.workspace import WindowChange
from mammoview.review.marks import marks_path
from mammoview.review.readers import readers_path
from mammoview.review.states import Action, ReadState
from mammoview.review.store import ReadLog, reads_path
from mammoview.ui import theme
from mammoview.ui.dialogs.export_results import ExportResults
from mammoview.ui.dialogs.text_table import TextTable
from mammoview.ui.dispatch import GuiDispatcher
from mammoview.ui.main_window import MainWindow
from mammoview.ui.viewport.windowing import window_in_use
from tests.builders.desk import QuickAnalyst
from tests.builders.dicom import build_exam
from tests.builders.kept import keep_read
from tests.builders.read_room import READER
from tests.ui.walk import wrong_in

_CLICK = Qt.MouseButton.LeftButton
_CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
_ALT = Qt.KeyboardModifier.AltModifier
Opens = Callable[[ReadState], MainWindow]


@pytest.fixture
def opens(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, analyst: QuickAnalyst
) -> Iterator[Opens]:
    """Show a window on a read that was brought to a state."""
    theme.apply(qapp)
    dispatcher = GuiDispatcher()
    made: list[MainWindow] = []

    def show(state: ReadState) -> MainWindow:
        build_exam(tmp_path / "exam")
        keep_read(tmp_path / "exam", state, reader=READER.id)
        desk = ReadingDesk(
            deliver=dispatcher.post, analyst=analyst, read_log=reads_path(), reader=READER
        )
        results = ExportDesk(
            Places(log=reads_path(), readers=readers_path(), marks=marks_path()),
            deliver=dispatcher.post,
            chosen=(Format.PDF,),
        )
        window = MainWindow(desk, results=results)
        made.append(window)
        window.resize(1200, 800)
        window.show()
        qtbot.waitUntil(window.isActiveWindow)
        desk.open_paths([tmp_path / "exam"])
        qtbot.waitUntil(lambda: desk.workspace.read.state is state, timeout=20_000)
        qtbot.waitUntil(lambda: desk.at_rest, timeout=20_000)
        return window

    yield show
    for window in made:
        window.close()
        window.desk.shutdown()
        window.deleteLater()
    dispatcher.close()
    dispatcher.deleteLater()


def action(window: MainWindow) -> QAction:
    found = window.findChild(QAction, "export-results")
    assert found is not None
    return found


def ask(window: MainWindow, qtbot: QtBot) -> ExportResults:
    """Press the keys of the action, and return the dialog."""
    qtbot.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_X, _CTRL_SHIFT)
    dialog = window.findChild(ExportResults, "exportResults")
    assert dialog is not None
    qtbot.waitUntil(dialog.isActiveWindow)
    return dialog


def tick(dialog: ExportResults, qtbot: QtBot, one: Format) -> None:
    box = dialog.findChild(QCheckBox, f"export-{one}")
    assert box is not None
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Space)


def into(dialog: ExportResults, qtbot: QtBot, folder: Path) -> None:
    line = dialog.findChild(QLineEdit, "exportFolder")
    assert line is not None
    line.clear()
    qtbot.keyClicks(line, str(folder))


def export_button(dialog: ExportResults) -> QPushButton:
    (button,) = [b for b in dialog.findChildren(QPushButton) if b.text() == "&Export"]
    return button


def said(dialog: ExportResults, name: str) -> str:
    label = dialog.findChild(QLabel, name)
    return label.text() if label is not None else ""


def rows(window: MainWindow) -> list[tuple[str, str]]:
    found = window.findChild(TextTable, "exportedFiles")
    if found is None:
        return []
    table = found.table
    texts = [
        [item.text() for column in (0, 1) if (item := table.item(row, column)) is not None]
        for row in range(table.rowCount())
    ]
    return [(text[0], text[1]) for text in texts]


@pytest.mark.parametrize("state", [ReadState.UNAIDED, ReadState.UNAIDED_LOCKED])
def test_nothing_can_be_exported_before_the_reveal(opens: Opens, state: ReadState) -> None:
    window = opens(state)
    assert not action(window).isEnabled()
    assert "once the computer is revealed" in action(window).toolTip()


def test_a_signed_read_is_exported(opens: Opens, qtbot: QtBot, tmp_path: Path) -> None:
    window = opens(ReadState.SIGNED)
    dialog = ask(window, qtbot)
    assert said(dialog, "exportNote") == ""
    tick(dialog, qtbot, Format.JSON)
    into(dialog, qtbot, tmp_path)
    qtbot.mouseClick(export_button(dialog), _CLICK)
    qtbot.waitUntil(lambda: bool(rows(window)), timeout=30_000)
    kept = window.desk.workspace.read.kept
    assert kept is not None
    folder = tmp_path / f"read-{kept.read_id[:8]}"
    written = {"report.pdf", "results.json"}
    assert {path.name for path in folder.iterdir()} == written
    assert {file for _, file in rows(window)} == written
    document = json.loads((folder / "results.json").read_text())
    assert document["read"]["id"] == kept.read_id
    assert window.desk.workspace.status == "2 files exported"
    log = ReadLog(reads_path())
    entered = [event.reader for event in log.events() if event.action is Action.RECORD_EXPORT]
    log.close()
    assert entered == [READER.id] * 2
    # What was chosen is offered again, and the folder of this session.
    table = window.findChild(TextTable, "exportedFiles")
    assert table is not None
    table.activateWindow()
    qtbot.waitUntil(table.isActiveWindow)
    table.table.setFocus()
    assert wrong_in(table) == []
    table.close()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    again = ask(window, qtbot)
    ticked = [box.objectName() for box in again.findChildren(QCheckBox) if box.isChecked()]
    assert ticked == ["export-pdf", "export-json"]
    assert again.folder.text() == str(tmp_path)


def test_a_presentation_state_holds_the_window_of_the_screen(
    opens: Opens, qtbot: QtBot, tmp_path: Path
) -> None:
    window = opens(ReadState.SIGNED)
    window.desk.do(commands.change_window, WindowChange(width=0.5, darker=0.25))
    dialog = ask(window, qtbot)
    tick(dialog, qtbot, Format.GSPS)
    tick(dialog, qtbot, Format.PDF)
    into(dialog, qtbot, tmp_path)
    qtbot.mouseClick(export_button(dialog), _CLICK)
    qtbot.waitUntil(lambda: bool(rows(window)), timeout=30_000)
    state = pydicom.dcmread(next(tmp_path.glob("read-*/gsps-1-*")))
    shown = window_in_use(
        window.desk.workspace.views[0].mammogram.pixel_format, window.desk.workspace.gray
    )
    item = state.SoftcopyVOILUTSequence[0]
    assert (item.WindowCenter, item.WindowWidth) == (shown.centre, shown.width)


def test_what_was_exported_is_seen_whole_and_put_away_by_escape(
    opens: Opens, qtbot: QtBot, tmp_path: Path
) -> None:
    """It takes no keyboard, so that who reads on types on: the window's own Esc puts it away."""
    window = opens(ReadState.SIGNED)
    dialog = ask(window, qtbot)
    tick(dialog, qtbot, Format.JSON)
    into(dialog, qtbot, tmp_path)
    qtbot.mouseClick(export_button(dialog), _CLICK)
    qtbot.waitUntil(lambda: bool(rows(window)), timeout=30_000)
    table = window.findChild(TextTable, "exportedFiles")
    assert table is not None
    qtbot.waitUntil(table.isVisible)
    assert table.table.verticalScrollBar().maximum() == 0, "both files are in sight"
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window.four_view, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.findChild(TextTable, "exportedFiles") is None)


def test_what_was_exported_lies_over_no_other_examination(
    opens: Opens, qtbot: QtBot, tmp_path: Path
) -> None:
    window = opens(ReadState.SIGNED)
    dialog = ask(window, qtbot)
    into(dialog, qtbot, tmp_path)
    qtbot.mouseClick(export_button(dialog), _CLICK)
    qtbot.waitUntil(lambda: bool(rows(window)), timeout=30_000)
    build_exam(tmp_path / "next", person="Phantom^Two", study="2")
    window.desk.open_paths([tmp_path / "next"])
    qtbot.waitUntil(lambda: window.findChild(TextTable, "exportedFiles") is None)


def test_an_unsigned_read_says_that_it_is_preliminary(opens: Opens, qtbot: QtBot) -> None:
    dialog = ask(opens(ReadState.FINAL), qtbot)
    assert "PRELIMINARY" in said(dialog, "exportNote")


def test_what_is_missing_is_said_and_nothing_begins(
    opens: Opens, qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = ask(opens(ReadState.SIGNED), qtbot)
    assert said(dialog, "exportProblem") == "Choose a folder that is there"
    assert not export_button(dialog).isEnabled()
    into(dialog, qtbot, tmp_path / "nowhere")
    assert not export_button(dialog).isEnabled()
    into(dialog, qtbot, tmp_path)
    assert export_button(dialog).isEnabled()
    tick(dialog, qtbot, Format.PDF)  # the only one that was
    assert said(dialog, "exportProblem") == "Choose at least one format"
    assert not export_button(dialog).isEnabled()


def test_an_export_can_be_stopped(
    opens: Opens, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(work: Work) -> tuple[NamedBytes, ...]:
        begun.set()
        assert go_on.wait(20.0)
        next(work.images())  # where an export looks whether it is still wanted
        return (NamedBytes(name="late", content=b""),)

    monkeypatch.setattr(exporting, "MAKERS", {**MAKERS, Format.PDF: slow})
    window = opens(ReadState.SIGNED)
    dialog = ask(window, qtbot)
    into(dialog, qtbot, tmp_path)
    qtbot.keyClick(dialog, Qt.Key.Key_E, _ALT)
    qtbot.waitUntil(begun.is_set, timeout=20_000)
    button = window.findChild(QToolButton, "exportTaskCancel")
    assert button is not None
    qtbot.waitUntil(button.isVisible, timeout=5_000)
    qtbot.mouseClick(button, _CLICK)
    assert "cancelled" in window.desk.workspace.status
    assert not button.isVisible()
    go_on.set()
    window.close()  # waits for the worker
    assert list(tmp_path.glob("read-*")) == []
    assert rows(window) == []


def test_the_question_goes_away_with_its_examination(
    opens: Opens, qtbot: QtBot, tmp_path: Path
) -> None:
    """Its answer would write the results of another woman into the folder of this one."""
    window = opens(ReadState.SIGNED)
    dialog = ask(window, qtbot)
    into(dialog, qtbot, tmp_path)
    build_exam(tmp_path / "other", person="Phantom^Two", study="2")
    before = window.desk.workspace.exam_key
    window.desk.open_paths([tmp_path / "other"])
    qtbot.waitUntil(lambda: window.desk.workspace.exam_key not in (None, before), timeout=20_000)
    qtbot.waitUntil(lambda: window.findChild(ExportResults, "exportResults") is None)
    assert list(tmp_path.glob("read-*")) == []


def test_the_question_is_walked_by_tab(opens: Opens, qtbot: QtBot, tmp_path: Path) -> None:
    """With nothing to export too, where its button is off and says why."""
    dialog = ask(opens(ReadState.FINAL), qtbot)
    into(dialog, qtbot, tmp_path)
    assert wrong_in(dialog) == []
    tick(dialog, qtbot, Format.PDF)
    assert said(dialog, "exportProblem")
    assert wrong_in(dialog) == []


def test_formats_are_kept_as_words() -> None:
    assert formats_of(formats_text((Format.SC, Format.PDF))) == (Format.SC, Format.PDF)
    assert formats_of("pdf fax pdf") == (Format.PDF,)
