"""Measuring in the window: by keys, in the list, over restarts, and when the disk fails."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QListWidget, QWidget
from pytestqt.qtbot import QtBot

from mammoview.app import steps
from mammoview.app.marks import marking
from mammoview.app.reading import ReadingDesk
from mammoview.app.state.marks import Marks
from mammoview.app.storage import write_behind
from mammoview.cli.main import main
from mammoview.dicom.index import index_paths
from mammoview.domain.annotation import Annotation, MarkKind
from mammoview.domain.geometry import ImagePoint
from mammoview.review.marks import MarkAction, MarkEvent, MarkStore, marks_path
from mammoview.ui import theme
from mammoview.ui.dispatch import GuiDispatcher
from mammoview.ui.main_window import MainWindow
from tests.builders.dicom import build_exam
from tests.builders.marks import length_mark

_SHIFT = Qt.KeyboardModifier.ShiftModifier
_CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def store(tmp_path: Path) -> MarkStore:
    return MarkStore(tmp_path / "kept" / "marks.sqlite", wait_s=0.02)


@pytest.fixture
def exam_folder(tmp_path: Path) -> Path:
    build_exam(tmp_path / "exam")
    return tmp_path / "exam"


@pytest.fixture
def window(
    qtbot: QtBot,
    qapp: QApplication,
    store: MarkStore,
    exam_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[MainWindow]:
    """Show a window whose marks are kept, with an examination decoded."""
    monkeypatch.setattr(write_behind, "_RETRY_S", 0.02)
    theme.apply(qapp)
    dispatcher = GuiDispatcher()
    desk = ReadingDesk(deliver=dispatcher.post, analyst=None, mark_store=store)
    window = MainWindow(desk)
    window.resize(1200, 800)
    window.show()
    qtbot.waitActive(window)
    desk.open_paths([exam_folder])
    qtbot.waitUntil(lambda: bool(desk.workspace.views), timeout=20_000)
    qtbot.waitUntil(lambda: all(v.image for v in desk.workspace.views), timeout=20_000)
    yield window
    window.close()
    desk.shutdown()
    dispatcher.close()
    dispatcher.deleteLater()
    window.deleteLater()


def marks(window: MainWindow) -> Marks:
    return window.desk.workspace.marks


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def key(qtbot: QtBot, code: Qt.Key, modifiers: Qt.KeyboardModifier = _SHIFT) -> None:
    """Press a key where the keyboard is, as a person does."""
    qtbot.keyClick(focused(), code, modifiers)


def plain(qtbot: QtBot, *codes: Qt.Key) -> None:
    for code in codes:
        key(qtbot, code, Qt.KeyboardModifier.NoModifier)


def by_key(qtbot: QtBot, tool: Qt.Key = Qt.Key.Key_L) -> None:
    """Draw a mark of two points by key alone."""
    key(qtbot, tool)
    plain(qtbot, Qt.Key.Key_Return, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Down)
    plain(qtbot, Qt.Key.Key_Right, Qt.Key.Key_Return)


def said(window: MainWindow, name: str) -> str:
    label = window.findChild(QLabel, name)
    assert label is not None
    return label.text() if label.isVisible() else ""


TOOLS = {
    Qt.Key.Key_L: MarkKind.LENGTH,
    Qt.Key.Key_D: MarkKind.DIAMETERS,
    Qt.Key.Key_A: MarkKind.AREA,
    Qt.Key.Key_G: MarkKind.ANGLE,
    Qt.Key.Key_R: MarkKind.STATISTICS,
    Qt.Key.Key_W: MarkKind.ARROW,
    Qt.Key.Key_E: MarkKind.ELLIPSE,
    Qt.Key.Key_F: MarkKind.FREEHAND,
    Qt.Key.Key_N: MarkKind.NIPPLE,
    Qt.Key.Key_K: MarkKind.PECTORAL,
}


def test_every_tool_has_its_key_and_esc_ends_it(window: MainWindow, qtbot: QtBot) -> None:
    for code, kind in TOOLS.items():
        key(qtbot, code)
        assert marks(window).tool is kind
        assert "Esc ends" in said(window, "statusMessage")
    plain(qtbot, Qt.Key.Key_Escape)
    assert [marks(window).tool] == [None]
    key(qtbot, Qt.Key.Key_L)
    key(qtbot, Qt.Key.Key_L)
    assert [marks(window).tool] == [None], "the same key again ends it too"


def test_measure_delete_undo_and_redo_without_a_mouse(window: MainWindow, qtbot: QtBot) -> None:
    by_key(qtbot)
    (mark,) = marks(window).items
    assert mark.kind is MarkKind.LENGTH
    assert marks(window).selected == mark.id
    for code in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
        plain(qtbot, code)
        assert marks(window).items == ()
        key(qtbot, Qt.Key.Key_Z, _CTRL)
        assert marks(window).items == (mark,)
    key(qtbot, Qt.Key.Key_Z, _CTRL)
    assert marks(window).items == ()
    key(qtbot, Qt.Key.Key_Z, _CTRL | _SHIFT)
    assert marks(window).items == (mark,)


def test_an_outline_is_reshaped_without_a_mouse(window: MainWindow, qtbot: QtBot) -> None:
    """Ins makes a corner, Return goes from one to the next, Del takes one, then the mark."""
    key(qtbot, Qt.Key.Key_A)
    plain(qtbot, Qt.Key.Key_Return, *[Qt.Key.Key_Right] * 6, Qt.Key.Key_Return)
    plain(qtbot, *[Qt.Key.Key_Down] * 4, Qt.Key.Key_Return, Qt.Key.Key_Return)
    (drawn,) = marks(window).items
    assert len(drawn.points) == 3
    plain(qtbot, Qt.Key.Key_Insert)
    plain(qtbot, Qt.Key.Key_Up, Qt.Key.Key_Up)
    assert len(marks(window).items[0].points) == 4
    assert drawn.points[0] in marks(window).items[0].points
    plain(qtbot, Qt.Key.Key_Delete)
    assert len(marks(window).items[0].points) == 3
    plain(qtbot, Qt.Key.Key_Escape, Qt.Key.Key_Delete)
    assert marks(window).items == ()


def test_the_second_diameter_is_turned_without_a_mouse(window: MainWindow, qtbot: QtBot) -> None:
    key(qtbot, Qt.Key.Key_D)
    plain(qtbot, Qt.Key.Key_Return, *[Qt.Key.Key_Right] * 6, Qt.Key.Key_Return)
    plain(qtbot, *[Qt.Key.Key_Down] * 3, Qt.Key.Key_Left, Qt.Key.Key_Return)
    key(qtbot, Qt.Key.Key_Right, _CTRL)
    key(qtbot, Qt.Key.Key_Right, _CTRL)
    drawn = window.four_view.measure.layer.drawn
    assert any("at 80° to each other" in item.text for item in drawn)


def test_arrows_pan_until_a_mark_is_selected(window: MainWindow, qtbot: QtBot) -> None:
    by_key(qtbot)
    plain(qtbot, Qt.Key.Key_Escape)
    before, pane = marks(window).items, window.four_view.panes()[0]
    placed = pane.placement
    plain(qtbot, Qt.Key.Key_Plus, Qt.Key.Key_Down)
    assert marks(window).items == before
    assert pane.placement != placed
    placed = pane.placement
    plain(qtbot, Qt.Key.Key_Tab, Qt.Key.Key_Down)
    assert marks(window).items != before
    assert pane.placement == placed


def test_undo_survives_the_next_step(window: MainWindow, qtbot: QtBot) -> None:
    by_key(qtbot)
    plain(qtbot, Qt.Key.Key_D, Qt.Key.Key_D)
    assert len(window.four_view.panes()) == 2
    key(qtbot, Qt.Key.Key_Z, _CTRL)
    assert marks(window).items == ()
    key(qtbot, Qt.Key.Key_Z, _CTRL | _SHIFT)
    plain(qtbot, Qt.Key.Key_A, Qt.Key.Key_A)
    drawn = [item.kind for item in window.four_view.measure.layer.drawn if not item.guessed]
    assert drawn == [MarkKind.LENGTH]


def test_an_arrow_is_named_while_letters_are_no_commands(window: MainWindow, qtbot: QtBot) -> None:
    by_key(qtbot, Qt.Key.Key_W)
    editor = focused()
    assert isinstance(editor, QLineEdit)
    step = window.desk.workspace.hanging.at
    qtbot.keyClicks(editor, "D, Shift a? n")
    assert marks(window).items[0].label == "D, Shift a? n"
    assert window.desk.workspace.hanging.at == step
    qtbot.keyClick(editor, Qt.Key.Key_Backspace)
    assert marks(window).items[0].label == "D, Shift a?"
    plain(qtbot, Qt.Key.Key_Return)
    assert focused() is window.four_view
    plain(qtbot, Qt.Key.Key_F4)
    qtbot.keyClicks(focused(), "other")
    plain(qtbot, Qt.Key.Key_Return)
    assert marks(window).items[0].label == "other"


@pytest.mark.parametrize("way", ["another step", "another examination"])
def test_words_being_typed_go_away_with_their_image(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, way: str
) -> None:
    """They stood, with the keyboard in them, on the images of the next woman."""
    uid = window.four_view.panes()[3].pane.mammogram.sop_instance_uid  # type: ignore[union-attr]
    window.desk.do(marking.add, length_mark("one", uid=uid, col=30))
    plain(qtbot, Qt.Key.Key_F4)
    editor = window.four_view.label_editor
    assert focused() is editor
    qtbot.keyClicks(editor, "of this image")
    if way == "another step":
        window.desk.do(steps.go_to, window.desk.workspace.hanging.steps[1].id)
        assert uid not in {
            v.pane.mammogram.sop_instance_uid for v in window.four_view.panes() if v.pane.mammogram
        }
        assert marks(window).items[0].label == "of this image"
    else:
        build_exam(tmp_path / "other", person="Phantom^Two", study="2")
        before = window.desk.workspace.exam_key
        window.desk.open_paths([tmp_path / "other"])
        qtbot.waitUntil(lambda: window.desk.workspace.exam_key != before, timeout=20_000)
    assert editor.isHidden()
    assert focused() is window.four_view


def test_the_list_selects_jumps_and_deletes(window: MainWindow, qtbot: QtBot) -> None:
    uid = window.four_view.panes()[3].pane.mammogram.sop_instance_uid  # type: ignore[union-attr]
    window.desk.do(marking.add, length_mark("one", uid=uid, col=30))
    window.desk.do(marking.add, length_mark("two", uid=uid, col=50, label="B"))
    plain(qtbot, Qt.Key.Key_Escape, Qt.Key.Key_D)  # the CC pair: neither mark is on the screen
    listed = window.findChild(QListWidget, "marksList")
    assert listed is not None
    assert listed.count() == 2
    assert listed.item(1).text() == "L MLO  ·  length  ·  B\n1.0 mm (at detector)"
    listed.setFocus()
    assert marks(window).selected == "one", "the keyboard comes to the first line"
    plain(qtbot, Qt.Key.Key_Down)
    assert [marks(window).selected] == ["two"]
    assert len(window.four_view.panes()) == 2, "the keys only point"
    plain(qtbot, Qt.Key.Key_Return)
    shown = [
        v.pane.mammogram.sop_instance_uid for v in window.four_view.panes() if v.pane.mammogram
    ]
    assert shown == [uid], "Return goes where the image is largest"
    listed.setFocus()
    plain(qtbot, Qt.Key.Key_Delete)
    assert [mark.id for mark in marks(window).items] == ["one"]
    item = listed.visualItemRect(listed.item(0)).center()
    qtbot.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(item))
    assert marks(window).selected == "one"


def test_the_panel_says_where_the_mark_is(window: MainWindow, qtbot: QtBot) -> None:
    by_key(qtbot)
    assert "from the nipple (estimated)" in said(window, "markPlace")
    plain(qtbot, Qt.Key.Key_Escape)
    assert said(window, "markPlace") == ""


# -- kept -------------------------------------------------------------------------------------


def test_marks_are_there_after_a_restart(
    window: MainWindow, qtbot: QtBot, store: MarkStore, exam_folder: Path
) -> None:
    by_key(qtbot)
    before = marks(window).items
    window.close()
    dispatcher = GuiDispatcher()
    desk = ReadingDesk(deliver=dispatcher.post, analyst=None, mark_store=store)
    desk.open_paths([exam_folder])
    qtbot.waitUntil(lambda: desk.workspace.marks.items == before, timeout=20_000)
    desk.shutdown()
    dispatcher.close()
    dispatcher.deleteLater()


def test_a_disk_that_refuses_is_said_until_it_takes_the_marks(
    window: MainWindow, qtbot: QtBot, store: MarkStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_key(qtbot)
    qtbot.waitUntil(lambda: window.desk.unsaved_marks() == 0)
    asked: list[int] = []

    def stay(marks: int, entries: int) -> bool:
        asked.append(marks)
        return False

    monkeypatch.setattr(window, "accept_loss", stay)
    with closing(sqlite3.connect(store._path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        by_key(qtbot)
        qtbot.waitUntil(lambda: "NOT SAVED" in said(window, "marksProblem"))
        assert "another program holds" in said(window, "marksProblem")
        assert "NOT SAVED" in said(window, "marksUnsaved")
        assert len(marks(window).items) == 2, "it stays on the screen"
        plain(qtbot, Qt.Key.Key_D)
        assert "NOT SAVED" in said(window, "marksProblem"), "whatever else is done"
        assert not window.close()
        assert window.isVisible()
        assert asked == [1]
        other.execute("ROLLBACK")
    qtbot.waitUntil(lambda: said(window, "marksProblem") == "")
    assert window.desk.unsaved_marks() == 0
    assert asked == [1]


def test_snapshot_draws_the_readers_marks_where_they_are_wanted(
    exam_folder: Path, tmp_path: Path, qapp: QApplication
) -> None:
    (exam,) = index_paths([exam_folder]).examinations
    uid = exam.mammograms[0].sop_instance_uid
    points = (ImagePoint(col=30, row=80), ImagePoint(col=60, row=90))
    mark = replace(length_mark("one", uid=uid), points=points)
    event = MarkEvent(utc="2026-01-01T00:00:00", action=MarkAction.ADD, mark=mark)
    MarkStore(marks_path()).append([event])
    pictures = []
    for name, option in (("without", []), ("with", ["--own-marks"])):
        out = tmp_path / f"{name}.png"
        assert main(["snapshot", str(exam_folder), "--out", str(out), *option]) == 0
        picture = QImage(str(out)).convertToFormat(QImage.Format.Format_RGB888)
        rows = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), -1)
        pictures.append(rows[:, : 3 * picture.width()].reshape(picture.height(), -1, 3).astype(int))
    green = [(p[..., 1] - p[..., 2] > 40) & (p[..., 1] - p[..., 0] > 40) for p in pictures]
    assert green[0].sum() == 0
    assert green[1].sum() > 20


def test_two_windows_on_one_file_keep_both_readers_marks(
    window: MainWindow, qtbot: QtBot, store: MarkStore, exam_folder: Path
) -> None:
    dispatcher = GuiDispatcher()
    desk = ReadingDesk(deliver=dispatcher.post, analyst=None, mark_store=store)
    desk.open_paths([exam_folder])
    qtbot.waitUntil(lambda: bool(desk.workspace.views), timeout=20_000)
    uid = desk.workspace.views[0].mammogram.sop_instance_uid
    for number in range(5):
        window.desk.do(marking.add, length_mark(f"a{number}", uid=uid))
        desk.do(marking.add, length_mark(f"b{number}", uid=uid))
    for one in (window.desk, desk):
        qtbot.waitUntil(lambda one=one: one.unsaved_marks() == 0)  # type: ignore[misc]
    kept: tuple[Annotation, ...] = store.read([uid]).items
    assert {mark.id for mark in kept} == {f"{who}{n}" for who in "ab" for n in range(5)}
    desk.shutdown()
    dispatcher.close()
    dispatcher.deleteLater()


def test_marks_of_another_program_are_taken_over_with_the_focus(
    window: MainWindow, qtbot: QtBot, store: MarkStore
) -> None:
    """What the other one added, moved and deleted shows; what is not kept yet here stays."""
    uid = window.desk.workspace.views[0].mammogram.sop_instance_uid
    for number in range(3):
        window.desk.do(marking.add, length_mark(f"a{number}", uid=uid))
    qtbot.waitUntil(lambda: window.desk.unsaved_marks() == 0)
    other = MarkStore(store._path)
    moved = length_mark("a1", uid=uid, col=40.0)
    now = "2026-01-01T00:00:00.000+00:00"
    other.append(
        [
            MarkEvent(utc=now, action=MarkAction.ADD, mark=length_mark("b", uid=uid)),
            MarkEvent(utc=now, action=MarkAction.CHANGE, mark=moved),
            MarkEvent(utc=now, action=MarkAction.DELETE, mark=length_mark("a2", uid=uid)),
        ]
    )
    assert marks(window).selected == "a2"
    elsewhere = QWidget()
    qtbot.addWidget(elsewhere)
    elsewhere.show()
    elsewhere.activateWindow()
    qtbot.waitUntil(lambda: not window.isActiveWindow())
    window.activateWindow()
    qtbot.waitUntil(lambda: {mark.id for mark in marks(window).items} == {"a0", "a1", "b"})
    assert marks(window).by_id("a1") == moved
    assert marks(window).selected is None, "what is gone is not selected"
    window.desk.do(marking.undo)
    qtbot.waitUntil(lambda: window.desk.unsaved_marks() == 0)
    assert {mark.id for mark in store.read([uid]).items} >= {"a0", "a1", "b"}


def test_a_mark_that_cannot_be_understood_is_told_of_once(
    window: MainWindow, qtbot: QtBot, store: MarkStore
) -> None:
    uid = window.desk.workspace.views[0].mammogram.sop_instance_uid
    window.desk.do(marking.add, length_mark("a", uid=uid))
    qtbot.waitUntil(lambda: window.desk.unsaved_marks() == 0)
    with closing(sqlite3.connect(store._path)) as db, db:
        db.execute(
            "INSERT INTO mark_event (utc, mark_id, sop_instance_uid, action, payload)"
            " SELECT utc, 'z', sop_instance_uid, action, '{}' FROM mark_event"
        )
    for _ in range(3):
        window.desk.come_back()
        qtbot.waitUntil(lambda: [mark.id for mark in marks(window).items] == ["a"])
        window.desk.do(marking.marks_read, ())
    assert len(window.desk.workspace.warnings) == 1
