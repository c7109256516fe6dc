"""Readers at the window: signing in, the lock, double reading and arbitration, by mouse and key."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QTableWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read.reader_desk import ReaderDesk, rules_of
from mammoview.app.settings import Settings
from mammoview.app.state.read import NOBODY, Hold
from mammoview.app.worklist.arrange import Column
from mammoview.app.worklist.desk import Worklist
from mammoview.domain.reading import Role
from mammoview.domain.views import Laterality
from mammoview.review.arbitration import settle
from mammoview.review.read import Read
from mammoview.review.readers import Cost, ReaderBook
from mammoview.review.states import ReadState
from mammoview.review.store import ReadLog
from mammoview.ui import theme
from mammoview.ui.dispatch import GuiDispatcher
from mammoview.ui.main_window import MainWindow
from mammoview.ui.panels.read.arbitration_part import ArbitrationPart
from mammoview.ui.readers.frame import ReadersFrame
from mammoview.ui.worklist.model import COLUMNS
from tests.builders import reads as read_builder
from tests.builders.desk import QuickAnalyst
from tests.builders.dicom import build_exam
from tests.builders.pairs import POLICY, SCHEMES, read_to_final
from tests.builders.programs import started
from tests.ui.walk import wrong_in

W = TypeVar("W", bound=QWidget)
CHEAP = Cost(n=16, r=1, p=1)
PINS = {"Anna Ash": "7319", "Bert Birch": "hazel", "Cora Cedar": "3-1-4-1"}
CTRL = Qt.KeyboardModifier.ControlModifier
CTRL_SHIFT = CTRL | Qt.KeyboardModifier.ShiftModifier


class Site:
    """A window of a site with its files, and what a reader does in it."""

    def __init__(self, qtbot: QtBot, folder: Path, *, double: bool = True) -> None:
        self.qtbot, self.folder = qtbot, folder
        self.reads = folder / "reads.sqlite"
        self.dispatcher = GuiDispatcher()
        post = self.dispatcher.post
        self.desk = ReadingDesk(
            deliver=post,
            analyst=QuickAnalyst(),
            read_log=self.reads,
            reader=NOBODY,
            leases=folder / "leases.sqlite",
        )
        self.readers = ReaderDesk(
            folder / "readers.sqlite",
            deliver=post,
            rules=rules_of(Settings(double_reading=double)),
            cost=CHEAP,
        )
        self.readers.start()
        self.worklist = Worklist(
            deliver=post,
            path=folder / "worklist.sqlite",
            pictures=folder / "pictures",
            reads=self.reads,
        )
        self.window = MainWindow(self.desk, worklist=self.worklist, readers=self.readers)
        self.window.resize(1280, 860)
        self.window.show()
        self.wait(self.window.isActiveWindow)

    @property
    def frame(self) -> ReadersFrame:
        assert self.window.readers is not None
        return self.window.readers

    def close(self) -> None:
        self.window.close()
        self.desk.shutdown()
        self.dispatcher.close()
        self.dispatcher.deleteLater()
        self.window.deleteLater()

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=20_000)

    def find(self, kind: type[W], name: str) -> W:
        found = self.window.findChild(kind, name)
        assert isinstance(found, kind), name
        return found

    def covered(self) -> bool:
        return self.frame.page.isVisible()

    def said(self, name: str) -> str:
        label = self.find(QLabel, name)
        return label.text()

    def sign_in(self, name: str, pin: str | None = None) -> None:
        """Choose a name and type a PIN, as somebody does who sits down."""
        names = self.find(QComboBox, "signInReader")
        names.setCurrentIndex(names.findText(name))
        field = self.frame.page.pin
        self.qtbot.keyClicks(field, pin or PINS[name])
        self.qtbot.keyClick(field, Qt.Key.Key_Return)
        self.wait(lambda: not self.readers.state.busy)

    def listed(self, exams: Path) -> None:
        """Import a folder, and wait for its studies."""
        assert self.window.worklist is not None
        self.window.worklist.begin(show=True)
        self.wait(lambda: self.worklist.state.ready)
        self.window.worklist.import_paths([exams])
        self.wait(lambda: len(self.worklist.state.shown) == 2 and not self.worklist.state.task)

    def states(self) -> list[str]:
        """Return the column of the readings as the table shows it."""
        assert self.window.worklist is not None
        model = self.window.worklist.page.model
        column = COLUMNS.index(Column.STATE)
        return [str(model.index(row, column).data()) for row in range(model.rowCount())]

    def until(self, state: ReadState) -> None:
        self.wait(lambda: self.desk.workspace.read.state is state)


@pytest.fixture
def exams(tmp_path: Path) -> Path:
    for name in ("Poison^Ivy", "Zeta^Zoe"):
        build_exam(tmp_path / "exams" / name, person=name)
    return tmp_path / "exams"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site with three readers."""
    book = ReaderBook(tmp_path / "readers.sqlite", cost=CHEAP)
    for name, pin in PINS.items():
        book.add(name, pin)
    book.close()
    return tmp_path


@pytest.fixture
def site(qtbot: QtBot, qapp: QApplication, folder: Path) -> Iterator[Site]:
    theme.apply(qapp)
    site = Site(qtbot, folder)
    yield site
    site.close()


@pytest.fixture
def local(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Site]:
    """A site without profiles."""
    theme.apply(qapp)
    site = Site(qtbot, tmp_path, double=False)
    yield site
    site.close()


def test_nothing_is_shown_before_somebody_has_signed_in(site: Site, exams: Path) -> None:
    site.wait(lambda: site.readers.state.ready)
    assert site.covered()
    assert "RESEARCH USE ONLY" in site.said("signInUse")
    site.desk.open_paths([exams])
    site.wait(lambda: site.desk.workspace.exam_key is not None)
    assert site.window.worklist is not None
    site.window.worklist.begin(show=True)
    site.wait(lambda: site.worklist.state.ready)
    site.window.worklist.show_list()
    assert site.covered(), "whatever page another part turns to"
    assert not site.window.menuBar().isEnabled()
    for key in (Qt.Key.Key_F2, Qt.Key.Key_D, Qt.Key.Key_H):
        site.qtbot.keyClick(site.window, key)
    assert site.covered()
    assert not site.window.four_view.isVisible()
    assert not site.window.status_strip.isVisible()
    site.sign_in("Anna Ash", "wrong")
    assert site.covered()
    assert "not this reader's" in site.said("signInMessage")
    assert site.frame.page.pin.text() == ""
    site.sign_in("Anna Ash")
    assert not site.covered()
    assert site.window.status_strip.isVisible()
    assert site.said("readerLabel") == "Anna Ash"


def test_wrong_pins_wait_and_the_window_says_how_long(site: Site) -> None:
    site.wait(lambda: site.readers.state.ready)
    for _ in range(3):
        site.sign_in("Anna Ash", "guess")
    assert "wait 5 s" in site.said("signInMessage")
    site.sign_in("Anna Ash")
    assert site.covered(), "the right PIN waits too"
    site.sign_in("Bert Birch")
    assert not site.covered(), "and holds nobody else up"


def test_the_lock_hides_the_examination_and_its_reader_comes_back_to_it(
    site: Site, exams: Path
) -> None:
    site.wait(lambda: site.readers.state.ready)
    site.sign_in("Anna Ash")
    site.desk.open_paths([exams])
    site.wait(lambda: site.desk.workspace.exam_key is not None)
    key = site.desk.workspace.exam_key
    site.qtbot.keyClick(site.window, Qt.Key.Key_F1)
    (about,) = [d for d in site.window.findChildren(QDialog) if d.isVisible()]
    assert about.objectName() == "about"
    site.frame.idle.idle.emit()
    assert site.covered()
    assert not [d for d in site.window.findChildren(QDialog) if d.isVisible()]
    site.qtbot.keyClick(site.window, Qt.Key.Key_L, CTRL)
    site.sign_in("Anna Ash")
    assert not site.covered()
    assert site.desk.workspace.exam_key == key
    site.qtbot.keyClick(site.window, Qt.Key.Key_L, CTRL)
    assert site.covered()
    site.sign_in("Bert Birch")
    assert not site.covered()
    assert site.desk.workspace.exam_key is None, "nothing of one reader is left for another"
    assert site.said("readerLabel") == "Bert Birch"


def test_the_second_screen_is_hidden_too(site: Site) -> None:
    site.wait(lambda: site.readers.state.ready)
    site.sign_in("Anna Ash")
    site.qtbot.keyClick(site.window, Qt.Key.Key_F8)
    assert site.window.second_screen.window is not None
    assert site.window.second_screen.window.isVisible()
    site.qtbot.keyClick(site.window, Qt.Key.Key_L, CTRL)
    assert not site.window.second_screen.window.isVisible()
    site.sign_in("Anna Ash")
    assert site.window.second_screen.window.isVisible()


def test_nobody_touches_anything_and_the_screen_locks(site: Site) -> None:
    site.wait(lambda: site.readers.state.ready)
    site.sign_in("Anna Ash")
    timer = site.frame.idle.findChild(QTimer, "idleTimer")
    assert timer is not None
    timer.setTimerType(Qt.TimerType.PreciseTimer)  # a coarse one rounds to seconds
    site.frame.idle.watch(100.0)
    site.wait(lambda: timer.remainingTime() < 99_900)
    before = timer.remainingTime()
    QTest.keyClick(site.window.windowHandle(), Qt.Key.Key_Shift)
    assert timer.remainingTime() > before, "a touch begins the wait anew"
    site.frame.idle.watch(0.3)
    site.wait(site.covered)


def test_a_site_without_profiles_has_one_reader_without_a_pin_and_says_so(
    local: Site,
) -> None:
    site = local
    assert not site.covered()
    assert site.said("readerLabel") == "Local reader: no PIN"
    site.qtbot.keyClick(site.window, Qt.Key.Key_L, CTRL)
    assert not site.covered()
    assert "Nobody has a PIN" in site.desk.workspace.status
    site.qtbot.keyClick(site.window, Qt.Key.Key_R, CTRL_SHIFT)
    fill(site, "profileName", "Anna Ash")
    fill(site, "profilePin", PINS["Anna Ash"])
    fill(site, "profilePinAgain", "another")
    press(site, "profileAdd")
    assert "differ" in site.said("profilesSaid")
    fill(site, "profilePinAgain", PINS["Anna Ash"])
    press(site, "profileAdd")
    site.wait(lambda: site.readers.state.has_pin)
    assert site.said("readerLabel") == "Anna Ash"
    fill(site, "profileName", "Bert Birch")
    fill(site, "profilePin", "1234")
    fill(site, "profilePinAgain", "1234")
    press(site, "profileAdd")
    site.wait(lambda: "too easy" in site.said("profilesSaid"))
    name = site.find(QLineEdit, "profileName")
    assert name.text() == "Bert Birch", "the PIN was refused, not the name"
    box = site.find(QCheckBox, "doubleReading")
    site.qtbot.mouseClick(box, Qt.MouseButton.LeftButton)
    assert site.readers.state.rules.double_reading


def test_profiles_are_switched_off_and_ones_own_pin_is_changed(site: Site) -> None:
    site.wait(lambda: site.readers.state.ready)
    site.sign_in("Anna Ash")
    site.qtbot.keyClick(site.window, Qt.Key.Key_R, CTRL_SHIFT)
    names = site.find(QListWidget, "profileList")
    names.setCurrentRow(1)
    press(site, "profileSwitch")
    site.wait(lambda: not site.readers.state.busy)
    assert names.item(1).text() == "Bert Birch (switched off)"
    names.setCurrentRow(0)
    press(site, "profileSwitch")
    assert "another reader" in site.said("profilesSaid")
    fill(site, "ownPinOld", PINS["Anna Ash"])
    fill(site, "ownPinNew", "birdsong")
    fill(site, "ownPinAgain", "birdsong")
    press(site, "ownPinChange")
    site.wait(lambda: "another one now" in site.said("profilesSaid"))
    site.qtbot.keyClick(site.find(QDialog, "profiles"), Qt.Key.Key_Escape)
    site.qtbot.keyClick(site.window, Qt.Key.Key_Q, CTRL_SHIFT)
    combo = site.find(QComboBox, "signInReader")
    assert combo.findText("Bert Birch") == -1
    site.sign_in("Anna Ash", "birdsong")
    assert not site.covered()


def test_the_worklist_tells_a_second_reader_that_another_has_read_and_nothing_more(
    site: Site, exams: Path
) -> None:
    site.wait(lambda: site.readers.state.ready)
    site.sign_in("Bert Birch")
    site.listed(exams)
    ivy, zoe = site.worklist.state.shown
    log = ReadLog(site.reads)
    anna = next(p.id for p in site.readers.state.profiles if p.name == "Anna Ash")
    read_to_final(log, "4B", "1", reader=anna, exam_key=ivy.key)
    site.worklist.refresh()
    second = "● Read by another: second read"
    site.wait(lambda: site.states() == [second, "● Unread"])
    seen = whole_row(site, 0)
    assert not [word for word in ("4B", "recall", "Anna", "final", "sign") if word in seen]
    log.close()
    site.qtbot.keyClick(site.window, Qt.Key.Key_N, CTRL)
    site.until(ReadState.UNAIDED)
    read = site.desk.workspace.read.read
    assert read is not None
    assert (read.opened.exam_key, read.opened.role) == (ivy.key, Role.SECOND)
    assert not site.find(QWidget, "readArbitration").isVisible()
    site.wait(lambda: site.states()[0] == "◐ In progress by you")
    assert zoe.key != ivy.key


def test_an_arbitrator_sees_both_reads_and_decides_each_breast(site: Site, exams: Path) -> None:
    open_discordant(site, exams, "Cora Cedar", listed="◆ Waits for arbitration")
    site.wait(lambda: site.desk.workspace.read.hold is Hold.HELD)
    table = site.find(QTableWidget, "arbitrationTable")
    model = table.model()
    across = Qt.Orientation.Horizontal
    heads = [model.headerData(column, across) for column in range(table.columnCount())]
    assert heads == ["First", "Second"]
    rows = range(0, table.rowCount(), 2)  # a title, and below it what each read says
    cells = {model.index(r, 0).data(): str(model.index(r + 1, 1).data()) for r in rows}
    assert cells["≠ Right, final"].startswith("4B")
    assert "normal against recall" in site.said("arbitrationWhy")
    for side in Laterality:
        chosen = site.find(QComboBox, f"decision-{side}")
        chosen.setCurrentIndex(chosen.findData("2"))
        fill(site, f"decisionReason-{side}", "a cyst, as two years ago")
        press(site, f"decide-{side}")
    press(site, "readNext")
    site.until(ReadState.SIGNED)
    site.wait(lambda: site.states()[0] == "✓ Signed")


def test_an_arbitrator_chooses_from_the_scheme_of_each_read(local: Site) -> None:
    part = ArbitrationPart(local.desk)
    empty, offered = local.desk.workspace, []
    for scheme in ("birads", "european"):
        opening = replace(read_builder.opened(), scheme=scheme)
        read = Read(read_id=scheme, reader="a", opened=opening, state=ReadState.ARBITRATION)
        arbitrates = replace(empty.read, read=read, role=Role.ARBITRATOR)
        part.render(empty, replace(empty, exam_key=scheme, read=arbitrates))
        chosen = part.findChild(QComboBox, "decision-R")
        assert chosen is not None
        offered.append({chosen.itemData(row) for row in range(chosen.count())})
    part.deleteLater()
    assert "4B" in offered[0]
    assert offered[1] == {"N", "TR", "R"}


def test_who_read_it_is_not_offered_the_arbitration(site: Site, exams: Path) -> None:
    open_discordant(site, exams, "Bert Birch", listed="≠ Discordant: with an arbitrator")
    site.until(ReadState.ARBITRATION)
    assert site.find(QTableWidget, "arbitrationTable").isVisible(), "one's own is final: see both"
    assert not site.find(QWidget, "arbitrationDecide").isVisible()
    assert not site.find(QPushButton, "readNext").isVisible()


def test_an_examination_that_another_program_reads_is_said_and_taken_over_with_a_reason(
    site: Site, exams: Path
) -> None:
    site.wait(lambda: site.readers.state.ready)
    site.sign_in("Anna Ash")
    site.listed(exams)
    ivy = site.worklist.state.shown[0]
    other = another_program(site.folder / "leases.sqlite", ivy.key)
    assert site.window.worklist is not None
    site.window.worklist.open(ivy.key)
    site.wait(lambda: site.desk.workspace.read.hold is Hold.REFUSED)
    assert site.find(QWidget, "readHold").isVisible()
    assert site.said("holdWhy") == "Being read by another"
    assert site.desk.workspace.read.read is None
    over = site.find(QPushButton, "holdOver")
    assert not over.isEnabled(), "not without a reason"
    fill(site, "holdReason", "left the desk")
    site.qtbot.mouseClick(over, Qt.MouseButton.LeftButton)
    site.until(ReadState.UNAIDED)
    assert not site.find(QWidget, "readHold").isVisible()
    said, _ = other.communicate("\n", timeout=30)
    assert said == "lost\n"


# -- helpers --------------------------------------------------------------------------------------


def fill(site: Site, name: str, text: str) -> None:
    field = site.find(QLineEdit, name)
    field.clear()
    site.qtbot.keyClicks(field, text)


def press(site: Site, name: str) -> None:
    site.qtbot.mouseClick(site.find(QPushButton, name), Qt.MouseButton.LeftButton)


def whole_row(site: Site, row: int) -> str:
    """Return all that a row says, in cells, tips and to a screen reader."""
    assert site.window.worklist is not None
    model = site.window.worklist.page.model
    roles = (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.AccessibleTextRole,
    )
    return " ".join(
        str(model.index(row, column).data(role)) for column in range(len(COLUMNS)) for role in roles
    )


def open_discordant(site: Site, exams: Path, who: str, *, listed: str) -> None:
    """Sign a reader in, and open an examination on which Anna and Bert differ."""
    site.wait(lambda: site.readers.state.ready)
    site.sign_in(who)
    site.listed(exams)
    ivy = site.worklist.state.shown[0]
    discordant(site, ivy.key)
    site.worklist.refresh()
    site.wait(lambda: site.states()[0] == listed)
    assert site.window.worklist is not None
    site.window.worklist.open(ivy.key)


def discordant(site: Site, exam_key: str) -> None:
    """Let Anna and Bert read an examination, to different ends."""
    anna, bert = (
        next(p.id for p in site.readers.state.profiles if p.name == name)
        for name in ("Anna Ash", "Bert Birch")
    )
    log = ReadLog(site.reads)
    read_to_final(log, "1", "1", reader=anna, exam_key=exam_key)
    second = read_to_final(log, "4B", "1", reader=bert, role=Role.SECOND, exam_key=exam_key)
    settle(log, second.read_id, bert, policy=POLICY, schemes=SCHEMES, double=True)
    log.close()


def another_program(path: Path, exam_key: str) -> subprocess.Popen[str]:
    """Start a program that reads an examination, and wait until it has it."""
    program = started("tests.review.holding", path, exam_key, "somebody")
    assert program.stdout is not None
    assert program.stdout.readline() == "taken\n"
    return program


def test_sign_in_and_profiles_are_walked_by_tab(site: Site) -> None:
    site.wait(lambda: site.readers.state.ready and site.covered())
    assert site.frame.page.pin.hasFocus()
    assert wrong_in(site.frame.page) == []
    site.sign_in("Anna Ash")
    site.qtbot.keyClick(site.window, Qt.Key.Key_R, CTRL_SHIFT)
    dialog = site.find(QDialog, "profiles")
    site.wait(dialog.isActiveWindow)
    assert wrong_in(dialog) == []
