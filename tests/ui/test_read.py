"""A read in the window, by keys and by mouse, as the reader does it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from mammoview.app import commands
from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import commands as reads
from mammoview.app.second_read import habits, mark_steps
from mammoview.app.settings import Settings
from mammoview.app.state.read import Page
from mammoview.app.storage import write_behind
from mammoview.app.workspace import OverlayMode
from mammoview.dicom.index import index_paths
from mammoview.domain.assessment import Opinion
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.reading import ReadingMode
from mammoview.domain.study import Examination
from mammoview.domain.views import Laterality
from mammoview.review.states import ReadState
from mammoview.ui import theme
from mammoview.ui.boot import chosen_settings
from mammoview.ui.dispatch import GuiDispatcher
from mammoview.ui.main_window import MainWindow
from tests.builders.desk import ListOf, QuickAnalyst
from tests.builders.dicom import build_exam
from tests.builders.read_room import READER

_PLAIN = Qt.KeyboardModifier.NoModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_BOTH = Qt.KeyboardModifier.ControlModifier | _SHIFT
_CLICK = Qt.MouseButton.LeftButton


@pytest.fixture
def study(tmp_path: Path) -> Examination:
    """Return an examination of four views on the disk."""
    build_exam(tmp_path / "exam")
    return index_paths([tmp_path / "exam"]).examinations[0]


@pytest.fixture
def other(tmp_path: Path) -> Examination:
    """Return an examination of another patient."""
    build_exam(tmp_path / "next", person="Phantom^Two", study="2")
    return index_paths([tmp_path / "next"]).examinations[0]


@pytest.fixture
def window(
    qtbot: QtBot,
    qapp: QApplication,
    tmp_path: Path,
    analyst: QuickAnalyst,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[MainWindow]:
    """Show a window with a read log."""
    monkeypatch.setattr(write_behind, "_RETRY_S", 0.02)
    theme.apply(qapp)
    dispatcher = GuiDispatcher()
    desk = ReadingDesk(
        deliver=dispatcher.post,
        analyst=analyst,
        read_log=tmp_path / "log" / "reads.sqlite",
        reader=READER,
    )
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


class Reader:
    """Presses keys and buttons of a window, and waits for what they do."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window, self.desk, self._qtbot = window, window.desk, qtbot

    def opens_listed(self, study: Examination) -> None:
        """Open an examination as from the worklist."""
        self.desk.open_in_order(ListOf(study), study.key)
        self.until(ReadState.UNAIDED)
        self.rests()

    def until(self, state: ReadState) -> None:
        """Wait until the read is in a state on the disk."""
        self._qtbot.waitUntil(lambda: self.desk.workspace.read.state is state, timeout=20_000)

    def rests(self) -> None:
        """Wait until nothing runs."""
        self._qtbot.waitUntil(lambda: self.desk.at_rest, timeout=20_000)

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = _PLAIN) -> None:
        """Press a key where the keyboard is."""
        self._qtbot.keyClick(QApplication.focusWidget() or self.window, key, modifier)

    def clicks(self, name: str) -> None:
        """Click a button."""
        button = self.window.findChild(QPushButton, name)
        assert button is not None
        self._qtbot.mouseClick(button, _CLICK)

    def opens_and_reveals(self, study: Examination) -> None:
        """Read an examination of the list unaided, lock, and look at the computer's marks."""
        self.opens_listed(study)
        self.says_all()
        self.key(Qt.Key.Key_L, _BOTH)
        self.until(ReadState.UNAIDED_LOCKED)
        self.key(Qt.Key.Key_E, _BOTH)
        self.until(ReadState.AI_REVEALED)

    def says_all(self) -> None:
        """Give an opinion of each breast."""
        for side in Laterality:
            self.desk.do(reads.set_opinion, Opinion(laterality=side, category="2"))
        self.desk.do(reads.set_density, "b")
        self.rests()


@pytest.fixture
def reader(window: MainWindow, qtbot: QtBot) -> Reader:
    return Reader(window, qtbot)


def said(window: MainWindow, name: str) -> str:
    label = window.findChild(QLabel, name)
    assert label is not None
    return label.text() if not label.isHidden() else ""


def drawn(window: MainWindow) -> int:
    """Return how many items of marks are in the panes, shown or not."""
    return sum(len(view.marks.items) for view in window.four_view.panes())


def test_a_whole_read_by_keys(
    window: MainWindow, reader: Reader, study: Examination, qtbot: QtBot
) -> None:
    reader.opens_listed(study)
    assert said(window, "readingBadge") == "Second read · unaided"
    reader.says_all()
    reader.key(Qt.Key.Key_L, _BOTH)
    reader.until(ReadState.UNAIDED_LOCKED)
    assert drawn(window) == 0
    reader.key(Qt.Key.Key_E, _BOTH)
    reader.until(ReadState.AI_REVEALED)
    reader.rests()
    assert said(window, "readResult") == "Computer: 4 marks"
    assert drawn(window) > 0
    for _ in range(4):
        reader.key(Qt.Key.Key_F5)
    reader.key(Qt.Key.Key_F, _BOTH)
    reader.clicks("makeFinal")  # after a look at what has changed
    reader.until(ReadState.FINAL)
    window.activateWindow()  # no window manager does so here
    qtbot.waitUntil(window.isActiveWindow)
    window.four_view.setFocus()
    reader.key(Qt.Key.Key_S, _BOTH)
    reader.until(ReadState.SIGNED)
    assert said(window, "readingBadge") == "Second read · signed"


def test_one_button_leads_through_the_read(
    window: MainWindow, reader: Reader, study: Examination, qtbot: QtBot
) -> None:
    reader.opens_listed(study)
    button = window.findChild(QPushButton, "readNext")
    assert button is not None
    assert not button.isEnabled()
    assert "no opinion of the right breast: choose one" in said(window, "readNeeded")
    reader.says_all()
    reader.clicks("readNext")
    reader.until(ReadState.UNAIDED_LOCKED)
    reader.clicks("readNext")
    reader.until(ReadState.AI_REVEALED)
    assert not button.isEnabled()
    assert "4 marks without an answer" in said(window, "readNeeded")
    for _ in range(4):
        reader.clicks("agreeMark")
    reader.clicks("readNext")
    reader.clicks("makeFinal")
    reader.until(ReadState.FINAL)
    reader.clicks("readNext")
    reader.until(ReadState.SIGNED)
    assert button.isHidden()


def test_before_the_reveal_every_control_of_the_result_is_closed_and_says_why(
    window: MainWindow, reader: Reader, study: Examination
) -> None:
    reader.opens_listed(study)
    why = "Hidden until your unaided opinion is locked"
    for name in ("heatmap", "marks", "overlay-both", "overlay-next", "opacity-more"):
        action = window.findChild(QAction, name)
        assert action is not None
        assert not action.isEnabled()
        assert why in action.toolTip(), name
    mode = window.desk.workspace.overlay.mode
    reader.key(Qt.Key.Key_H)
    reader.key(Qt.Key.Key_M)
    assert window.desk.workspace.overlay.mode is mode
    controls = window.findChild(QWidget, "operatingPoint")
    assert controls is not None
    assert not controls.isEnabled()
    assert said(window, "overlayClosed") == why
    assert "mark" not in said(window, "result")
    assert "mark" not in said(window, "statusMessage")
    assert window.four_view.legend.isHidden()
    assert {view.texts.foot.text for view in window.four_view.panes()} == {"CAD: hidden"}


def test_a_plain_look_is_concurrent_until_the_reader_begins_a_read(
    window: MainWindow, reader: Reader, study: Examination, qtbot: QtBot
) -> None:
    window.desk.open_paths([study.mammograms[0].file.parent])
    qtbot.waitUntil(lambda: window.desk.workspace.prediction is not None, timeout=20_000)
    reader.rests()
    assert said(window, "readingBadge") == "Concurrent reading — not a blinded read"
    assert drawn(window) > 0
    tabs = window.findChild(QTabBar, "sideTabs")
    assert tabs is not None
    qtbot.mouseClick(tabs, _CLICK, pos=tabs.tabRect(0).center())
    reader.clicks("readNext")
    reader.until(ReadState.UNAIDED)
    assert said(window, "readingBadge") == "Second read · unaided · result was seen before"
    assert drawn(window) == 0


def test_missing_views_want_a_reason(
    window: MainWindow, reader: Reader, study: Examination, qtbot: QtBot
) -> None:
    views = tuple(v for v in study.mammograms if v.laterality.value is Laterality.RIGHT)
    half = Examination(key=study.key, mammograms=views, missing_slots=())
    window.desk.open_in_order(ListOf(half), half.key)
    reader.until(ReadState.OPENED)
    reader.rests()
    assert said(window, "readNeeded") == "Missing: L CC, L MLO. Say why, to go on"
    line = window.findChild(QLineEdit, "viewsReason")
    assert line is not None
    reader.clicks("viewsGo")
    assert window.desk.workspace.read.read is not None
    assert window.desk.workspace.read.read.state is ReadState.OPENED
    line.setFocus()
    qtbot.keyClicks(line, "mastectomy left")
    reader.key(Qt.Key.Key_Return)
    reader.until(ReadState.UNAIDED)
    assert "without LCC, LMLO" in said(window, "readWay")


def test_the_mark_that_is_answered_is_ringed_in_the_middle(
    window: MainWindow, reader: Reader, study: Examination
) -> None:
    reader.opens_and_reveals(study)
    reader.rests()
    first = mark_steps.current_mark(window.desk.workspace)
    reader.key(Qt.Key.Key_Z)
    mark = mark_steps.current_mark(window.desk.workspace)
    assert mark is not None
    assert mark == first
    ringed = [view for view in window.four_view.panes() if view.marks.ringed]
    (view,) = ringed
    assert view.pane.mammogram is not None
    assert view.pane.mammogram.sop_instance_uid == mark.sop_instance_uid
    middle: QPointF = view.box.geometry().center()
    assert abs(view.to_screen(mark.peak).y() - middle.y()) < 1.5
    reader.key(Qt.Key.Key_Z)
    assert mark_steps.current_mark(window.desk.workspace) != mark


def test_the_sites_mode_is_chosen_and_kept(
    window: MainWindow, reader: Reader, study: Examination
) -> None:
    reader.key(Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    action = window.findChild(QAction, "site-concurrent")
    assert action is not None
    assert action.isChecked()
    kept = chosen_settings(Settings(), window.desk.workspace, panel_open=True)
    assert kept.reading_mode is ReadingMode.CONCURRENT
    reader.opens_listed(study)
    assert said(window, "readingBadge") == "Concurrent read — not blinded · reading"
    assert drawn(window) > 0


def test_what_is_not_on_the_disk_is_said_and_a_closing_window_asks(
    window: MainWindow, reader: Reader, study: Examination, monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path, qtbot: QtBot,
) -> None:  # fmt: skip
    monkeypatch.setattr("mammoview.review.sql._PATIENCE_S", 0.02)
    reader.opens_listed(study)
    asked: list[tuple[int, int]] = []

    def stay(marks: int, entries: int) -> bool:
        asked.append((marks, entries))
        return False

    monkeypatch.setattr(window, "accept_loss", stay)
    path = tmp_path / "log" / "reads.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        window.desk.do(reads.set_density, "c")
        qtbot.waitUntil(lambda: "NOT SAVED" in said(window, "readProblem"), timeout=20_000)
        assert "NOT SAVED" in said(window, "readUnsaved")
        assert not window.close()
        assert asked == [(0, 1)]
        other.execute("ROLLBACK")
    qtbot.waitUntil(lambda: said(window, "readProblem") == "", timeout=20_000)
    reader.rests()


def test_a_spot_is_asked_about_where_the_mouse_is(
    window: MainWindow, reader: Reader, study: Examination, qtbot: QtBot
) -> None:
    window.desk.do(habits.site_mode, ReadingMode.ASK_SPOT)
    reader.opens_listed(study)
    assert said(window, "readingBadge") == "Ask about a spot · reading"
    feet = {view.texts.foot.text for view in window.four_view.panes()}
    assert feet == {"CAD: answers asked spots"}
    assert "mark" not in said(window, "result")
    view = window.four_view.panes()[0]
    viewport = window.four_view.canvas.viewport()
    place = view.to_screen(ImagePoint(col=10.0, row=10.0)).toPoint()
    qtbot.mouseMove(viewport, place)
    reader.key(Qt.Key.Key_P, _SHIFT)
    qtbot.waitUntil(lambda: "at the asked spot, score" in said(window, "readResult"))
    assert view.texts.foot.text == "CAD: 1 mark at asked spots"
    assert drawn(window) == len(view.marks.items) > 0
    assert {v.texts.foot.text for v in window.four_view.panes()[1:]} == feet
    assert "mark" not in said(window, "statusMessage")


def test_nothing_that_was_typed_of_one_woman_stands_in_the_read_of_the_next(
    window: MainWindow, reader: Reader, study: Examination, other: Examination, qtbot: QtBot
) -> None:
    reader.opens_and_reveals(study)
    page = window.side_panel.read
    right, left = (page.opinions.breasts[side] for side in Laterality)
    right.choice.setFocus()
    qtbot.keyClicks(right.choice, "0")
    qtbot.keyClicks(right.words, "asymmetry after all")
    qtbot.keyClick(right.words, Qt.Key.Key_Return)
    page.opinions.density.setFocus()
    qtbot.keyClicks(page.opinions.density, "c")  # and no reason yet
    left.words.setFocus()
    qtbot.keyClicks(left.words, "a cyst")  # and the next examination comes
    reader.opens_listed(other)
    lines = window.side_panel.read.findChildren(QLineEdit)
    assert [line.text() for line in lines if line.text() and line.isVisible()] == []
    assert page.opinions.density.currentText() == ""
    page.opinions.breasts[Laterality.RIGHT].choice.setFocus()
    qtbot.keyClicks(right.choice, "1")
    reader.rests()
    read = window.desk.workspace.read.read
    assert read is not None
    assert [(o.category, o.reason) for o in read.now.opinions] == [("1", "")]


def test_a_question_goes_away_with_its_examination(
    window: MainWindow, reader: Reader, study: Examination, other: Examination, qtbot: QtBot
) -> None:
    """A folder that was being looked through hangs while it is open: "make final" meant another."""
    reader.opens_and_reveals(study)
    for _ in mark_steps.marks_in_order(window.desk.workspace):
        window.desk.do(reads.agree)
    reader.rests()
    reader.key(Qt.Key.Key_F, _BOTH)
    asked = window.findChild(QDialog, "statements")
    assert asked is not None
    reader.opens_listed(other)
    qtbot.waitUntil(lambda: window.findChild(QDialog, "statements") is None)
    reader.desk.open_in_order(ListOf(study), study.key)
    reader.until(ReadState.AI_REVEALED)


def test_words_typed_in_the_last_moment_are_said_of_the_examination_that_they_are_of(
    window: MainWindow,
    reader: Reader,
    study: Examination,
    other: Examination,
    qtbot: QtBot,
    tmp_path: Path,
) -> None:
    reader.opens_listed(study)
    words = window.side_panel.read.opinions.breasts[Laterality.LEFT].words
    assert not words.isEnabled()  # words of no opinion could be kept nowhere
    reader.says_all()
    assert words.isEnabled()

    def types(text: str) -> None:
        words.setFocus()
        words.selectAll()
        qtbot.keyClicks(words, text)

    types("seen in a hurry")
    reader.opens_listed(other)  # less than a pause later
    reader.opens_listed(study)
    read = window.desk.workspace.read.read
    assert read is not None
    assert [o.reason for o in read.now.opinions if o.laterality is Laterality.LEFT] == [
        "seen in a hurry"
    ]
    assert words.text() == "seen in a hurry"
    types("seen in haste")
    window.close()
    with closing(sqlite3.connect(tmp_path / "log" / "reads.sqlite")) as log:
        assert any("seen in haste" in str(row) for row in log.execute("SELECT * FROM events"))


def test_the_key_of_the_pages_shows_a_panel_that_is_folded_away(
    window: MainWindow, reader: Reader, study: Examination
) -> None:
    """It turned the page of a panel that nobody saw."""
    reader.opens_listed(study)
    window.four_view.setFocus()
    reader.key(Qt.Key.Key_S)
    assert window.side_panel.isHidden()
    reader.key(Qt.Key.Key_F3)
    assert window.side_panel.isVisible()
    pages = [window.desk.workspace.read.page]
    reader.key(Qt.Key.Key_F3)
    pages.append(window.desk.workspace.read.page)
    assert pages == [Page.READ, Page.IMAGES]
