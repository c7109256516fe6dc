"""The reader goes to the next examination by the key, and the computer has been there before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mammoview.app import commands
from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import commands as reads
from mammoview.app.workspace import OverlayMode, Workspace
from mammoview.dicom.index import index_paths
from mammoview.domain.assessment import Opinion
from mammoview.domain.study import ExamIndex
from mammoview.domain.views import Laterality
from mammoview.review.states import ReadState
from mammoview.ui import theme
from mammoview.ui.dispatch import GuiDispatcher
from mammoview.ui.main_window import MainWindow
from tests.builders.ahead import WatchedAnalyst
from tests.builders.desk import ListOf
from tests.builders.dicom import build_exam
from tests.builders.read_room import READER
from tests.ui.test_window import analysed, press, state, text

_CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def analyst() -> WatchedAnalyst:
    return WatchedAnalyst()


@pytest.fixture
def exams(tmp_path: Path) -> ExamIndex:
    """Return three examinations of three persons."""
    for person in ("Adams^Eve", "Brown^Zoe", "Clark^Ann"):
        (tmp_path / "exams" / person[0]).mkdir(parents=True)
        build_exam(tmp_path / "exams" / person[0], person=person, study=person[0])
    return index_paths([tmp_path / "exams"])


@pytest.fixture
def keys(exams: ExamIndex) -> list[str]:
    return [exam.key for exam in exams.examinations]


def marks(window: MainWindow) -> int:
    """Return how many items of marks are in the panes, shown or not."""
    return sum(len(view.marks.items) for view in window.four_view.panes())


def holds_views(window: MainWindow, count: int) -> bool:
    """Tell whether so many views of what is read are read."""
    run = window.desk._computer._under_way
    return run is not None and run.partial is not None and len(run.partial.views) == count


def test_the_marks_stand_as_soon_as_the_key_is_pressed(
    window: MainWindow, qtbot: QtBot, analyst: WatchedAnalyst, exams: ExamIndex, keys: list[str]
) -> None:
    window.desk.open_index(exams)
    press(qtbot, window, Qt.Key.Key_M)
    qtbot.waitUntil(lambda: analysed(window) and window.desk.at_rest, timeout=20_000)
    assert analyst.ended == keys[:2]
    press(qtbot, window, Qt.Key.Key_PageDown)
    assert state(window).exam_key == keys[1]
    assert "4 marks in 4 views" in text(window, "result")
    assert marks(window) > 0
    qtbot.waitUntil(lambda: window.desk.at_rest, timeout=20_000)
    assert analyst.began == keys, "none is read twice"


def test_what_is_under_way_goes_on_and_shows_how_far_it_is(
    window: MainWindow, qtbot: QtBot, analyst: WatchedAnalyst, exams: ExamIndex, keys: list[str]
) -> None:
    analyst.hold(keys[1], after=2)
    window.desk.open_index(exams)
    qtbot.waitUntil(lambda: holds_views(window, 2) and analyst.began == keys[:2], timeout=20_000)
    assert "4 marks in 4 views" in text(window, "result"), "of the open one, and of no other"
    press(qtbot, window, Qt.Key.Key_N)
    assert state(window).gray.invert, "the window is not held by it"
    press(qtbot, window, Qt.Key.Key_PageDown)
    assert "analysed 2 of 4" in text(window, "result")
    analyst.go_on()
    qtbot.waitUntil(lambda: analysed(window) and window.desk.at_rest, timeout=20_000)
    assert analyst.began == keys


def test_going_back_stops_it(
    window: MainWindow, qtbot: QtBot, analyst: WatchedAnalyst, exams: ExamIndex, keys: list[str]
) -> None:
    analyst.hold(keys[2], after=1)
    window.desk.open_index(exams)
    qtbot.waitUntil(lambda: analyst.ended == keys[:2] and window.desk.at_rest, timeout=20_000)
    press(qtbot, window, Qt.Key.Key_PageDown)
    qtbot.waitUntil(lambda: holds_views(window, 1) and analyst.began == keys, timeout=20_000)
    press(qtbot, window, Qt.Key.Key_PageUp)
    assert "4 marks in 4 views" in text(window, "result")
    qtbot.waitUntil(lambda: analyst.stopped == [keys[2]], timeout=20_000)
    qtbot.waitUntil(lambda: window.desk.at_rest, timeout=20_000)
    assert analyst.began == keys


def test_the_window_closes_while_it_reads_ahead(
    window: MainWindow, qtbot: QtBot, analyst: WatchedAnalyst, exams: ExamIndex, keys: list[str]
) -> None:
    """The guards of the suite fail this test if a thread or a timer outlives it."""
    analyst.hold(keys[1], after=1)
    window.desk.open_index(exams)
    qtbot.waitUntil(lambda: analyst.began == keys[:2], timeout=20_000)
    window.close()
    window.desk.shutdown()
    assert analyst.stopped == [keys[1]]


@pytest.fixture
def blinded(
    qtbot: QtBot, qapp: QApplication, analyst: WatchedAnalyst, tmp_path: Path
) -> Iterator[MainWindow]:
    """Show a window whose reads are kept."""
    theme.apply(qapp)
    dispatcher = GuiDispatcher()
    log = tmp_path / "log" / "reads.sqlite"
    desk = ReadingDesk(deliver=dispatcher.post, analyst=analyst, read_log=log, reader=READER)
    desk.do(commands.set_overlay, OverlayMode.BOTH)  # what may be seen is drawn
    window = MainWindow(desk)
    window.resize(1300, 900)
    window.show()
    qtbot.waitActive(window)
    yield window
    window.close()
    desk.shutdown()
    dispatcher.close()
    dispatcher.deleteLater()
    window.deleteLater()


@pytest.mark.parametrize("held", [False, True], ids=["ready", "under way"])
def test_a_result_got_ahead_is_not_shown_before_the_lock(
    blinded: MainWindow,
    qtbot: QtBot,
    analyst: WatchedAnalyst,
    exams: ExamIndex,
    keys: list[str],
    held: bool,
) -> None:
    window, desk = blinded, blinded.desk
    seen: list[Workspace] = []
    desk.subscribe(lambda old, new: seen.append(new))
    if held:
        analyst.hold(keys[1], after=2)
    desk.open_in_order(ListOf(*exams.examinations), keys[0])
    if held:
        qtbot.waitUntil(lambda: holds_views(window, 2), timeout=20_000)
    qtbot.waitUntil(lambda: state(window).read.state is ReadState.UNAIDED, timeout=20_000)
    qtbot.waitUntil(lambda: held or desk.at_rest, timeout=20_000)
    press(qtbot, window, Qt.Key.Key_PageDown)
    if held:
        qtbot.waitUntil(lambda: "analysed 2 of 4" in text(window, "result"), timeout=20_000)
        assert marks(window) == 0
        analyst.go_on()
    qtbot.waitUntil(lambda: state(window).read.state is ReadState.UNAIDED, timeout=20_000)
    qtbot.waitUntil(lambda: desk.at_rest, timeout=20_000)
    assert text(window, "result") == "analysis done, hidden for now"
    assert marks(window) == 0
    assert {ws.prediction for ws in seen} == {None}
    _lock_and_reveal(window, qtbot)
    assert marks(window) > 0
    assert analyst.began == keys


def _lock_and_reveal(window: MainWindow, qtbot: QtBot) -> None:
    for side in Laterality:
        window.desk.do(reads.set_opinion, Opinion(laterality=side, category="2"))
    window.desk.do(reads.set_density, "b")
    for key, reached in (
        (Qt.Key.Key_L, ReadState.UNAIDED_LOCKED),
        (Qt.Key.Key_E, ReadState.AI_REVEALED),
    ):
        qtbot.keyClick(window, key, _CTRL_SHIFT)
        qtbot.waitUntil(lambda s=reached: state(window).read.state is s, timeout=20_000)  # type: ignore[misc]
    qtbot.waitUntil(lambda: analysed(window) and window.desk.at_rest, timeout=20_000)
