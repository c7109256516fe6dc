"""Findings, opinions and answers in the window, by mouse and by keys alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QTableWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import findings
from mammoview.app.second_read.next_step import Go
from mammoview.app.settings import Settings
from mammoview.domain.assessment import Statement
from mammoview.domain.finding import Depth, Finding, FindingKind, Quadrant
from mammoview.domain.reading import Disposition, ReaderIdentity
from mammoview.domain.views import Laterality
from mammoview.review.read import Read
from mammoview.review.states import ReadState
from mammoview.ui import theme
from mammoview.ui.dispatch import GuiDispatcher
from mammoview.ui.main_window import MainWindow
from tests.builders.desk import QuickAnalyst
from tests.builders.dicom import build_exam
from tests.ui.walk import wrong_in

R, L = Laterality.RIGHT, Laterality.LEFT
_NONE = Qt.KeyboardModifier.NoModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_WAY = Qt.KeyboardModifier.ControlModifier | _SHIFT


class Reader:
    """Somebody before a window in which a read is unaided."""

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        self.bot, self.window, self.desk = qtbot, window, window.desk

    @property
    def read(self) -> Read:
        read = self.desk.workspace.read.read
        assert read is not None
        return read

    @property
    def now(self) -> Statement:
        return self.read.now

    @property
    def finding(self) -> Finding:
        """The last finding."""
        return self.now.findings[-1]

    @property
    def focused(self) -> str:
        widget = QApplication.focusWidget()
        return widget.objectName() if widget is not None else ""

    def find(self, name: str) -> QWidget:
        found = self.window.findChild(QWidget, name)
        assert found is not None, name
        return found

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = _NONE) -> None:
        """Press a key where the keyboard is."""
        widget = QApplication.focusWidget() or self.window
        QTest.keyClick(widget, key, modifier)

    def images(self) -> None:
        self.window.four_view.setFocus()

    def type(self, text: str) -> None:
        QTest.keyClicks(QApplication.focusWidget() or self.window, text)

    def place(self, pane: str, across: float, down: float) -> QPoint:
        room = self.window.four_view.pane(pane).image_on_screen()
        at = room.topLeft()
        return QPoint(round(at.x() + across * room.width()), round(at.y() + down * room.height()))

    def drag(self, pane: str, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Draw with the left button down."""
        surface = self.window.four_view.canvas.viewport()
        first, last = self.place(pane, *start), self.place(pane, *end)
        QTest.mousePress(surface, Qt.MouseButton.LeftButton, _NONE, first)
        QTest.mouseMove(surface, (first + last) / 2)
        QTest.mouseMove(surface, last)
        QTest.mouseRelease(surface, Qt.MouseButton.LeftButton, _NONE, last)

    def outline(self) -> None:
        """Outline a mass in the right CC, above the nipple's level."""
        self.images()
        self.press(Qt.Key.Key_6)
        self.drag("RCC", (0.60, 0.25), (0.70, 0.35))

    def choose(self, key: Qt.Key, code: str) -> None:
        """Say an opinion or the density by its keys, from the images."""
        self.images()
        self.press(key)
        self.type(code)

    def until(self, state: ReadState) -> None:
        self.bot.waitUntil(lambda: self.desk.workspace.read.state is state)

    def go(self, key: Qt.Key, state: ReadState) -> None:
        self.images()
        self.press(key, _WAY)
        self.until(state)

    def to_reveal(self, right: str = "1", left: str = "1") -> None:
        self.choose(Qt.Key.Key_3, right)
        self.choose(Qt.Key.Key_4, left)
        self.choose(Qt.Key.Key_5, "b")
        self.go(Qt.Key.Key_L, ReadState.UNAIDED_LOCKED)
        self.go(Qt.Key.Key_E, ReadState.AI_REVEALED)

    def answered(self, count: int) -> None:
        """Agree with marks until so many are answered, and kept."""
        for _ in range(count - len(self.read.disposed)):
            self.press(Qt.Key.Key_F5)
        self.bot.waitUntil(
            lambda: len(getattr(self.desk.workspace.read.kept, "disposed", ())) == count
        )


@pytest.fixture
def reader(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Reader]:
    """Show a window on an examination whose read has begun."""
    theme.apply(qapp)
    build_exam(tmp_path / "exam")
    dispatcher = GuiDispatcher()
    desk = ReadingDesk(
        deliver=dispatcher.post,
        analyst=QuickAnalyst(),
        settings=Settings(opinion_scheme=getattr(request, "param", "birads")),
        read_log=tmp_path / "reads.sqlite",
        reader=ReaderIdentity(id="reader-a", name="Dr. A"),
    )
    window = MainWindow(desk)
    window.resize(1400, 1000)
    window.show()
    desk.open_paths((tmp_path / "exam",))
    qtbot.waitUntil(lambda: desk.at_rest and bool(desk.workspace.views), timeout=20_000)
    qtbot.waitUntil(lambda: not desk.workspace.read.looking)
    desk.go_in_read(Go.BEGIN)
    person = Reader(qtbot, window)
    person.until(ReadState.UNAIDED)
    person.images()
    yield person
    window.close()
    desk.shutdown()
    dispatcher.close()
    dispatcher.deleteLater()
    window.deleteLater()


def test_a_finding_is_outlined_linked_and_drawn_with_its_number(reader: Reader) -> None:
    reader.outline()
    assert len(reader.now.findings) == 1
    assert reader.finding.laterality is R
    assert reader.finding.size_mm > 0
    reader.images()
    reader.press(Qt.Key.Key_9)
    assert "Finding 1 in another view" in reader.find("statusMessage").toolTip()
    reader.drag("RMLO", (0.60, 0.20), (0.70, 0.30))
    assert len(reader.finding.views) == 2
    reader.window.grab()  # draws it
    layer = reader.window.four_view.findings.layer
    assert [item.view.pane.key for item in layer.drawn] == ["RCC", "RMLO"]
    assert all(item.text.startswith("1  Mass") for item in layer.drawn)
    assert all(plate.width() > 0 for plate in layer.plates)
    assert reader.desk.workspace.marks.items == (), "a finding is no measurement"


def test_a_finding_is_selected_described_removed_brought_back_and_gone_to(reader: Reader) -> None:
    reader.outline()
    reader.images()
    reader.press(Qt.Key.Key_Escape)
    assert findings.selected(reader.desk.workspace) is None
    reader.window.grab()
    (plate,) = reader.window.four_view.findings.layer.plates
    surface = reader.window.four_view.canvas.viewport()
    QTest.mouseClick(surface, Qt.MouseButton.LeftButton, _NONE, plate.center().toPoint())
    assert findings.selected(reader.desk.workspace) == reader.finding
    button = reader.find("axis-associated")
    assert isinstance(button, QPushButton)
    menu = button.menu()
    for at in (0, 1):
        menu.actions()[at].trigger()
    held = [term for axis, term in reader.finding.descriptors if axis == "associated"]
    assert held == ["skin-retraction", "nipple-retraction"]
    assert button.text() == "skin retraction, nipple retraction"
    reader.images()
    reader.press(Qt.Key.Key_Delete, _SHIFT)
    assert not reader.now.findings
    reader.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(reader.now.findings) == 1
    listed = reader.find("findingsList")
    assert isinstance(listed, QListWidget)
    assert listed.count() == 1
    assert listed.item(0).text().startswith("1  Mass")
    reader.images()
    reader.press(Qt.Key.Key_Escape)
    while len(reader.desk.workspace.panes) != 2:
        reader.press(Qt.Key.Key_D)  # another step
    reader.press(Qt.Key.Key_F12)
    assert findings.selected(reader.desk.workspace) == reader.finding
    shown = [pane.key for pane in reader.desk.workspace.panes]
    assert "RCC" in shown
    assert reader.desk.workspace.read.aim is not None


def test_a_finding_is_made_by_keys_alone_and_checked(reader: Reader) -> None:
    reader.images()
    reader.press(Qt.Key.Key_6)
    reader.press(Qt.Key.Key_Return)
    for _ in range(3):
        reader.press(Qt.Key.Key_Right)
        reader.press(Qt.Key.Key_Down)
    reader.press(Qt.Key.Key_Return)
    assert len(reader.now.findings) == 1
    reader.press(Qt.Key.Key_F4, _SHIFT)
    assert reader.focused == "findingKind"
    reader.type("calc")
    assert reader.finding.kind is FindingKind.CALCIFICATION
    reader.press(Qt.Key.Key_Tab)
    assert reader.focused == "axis-morphology"
    reader.type("fine p")
    reader.press(Qt.Key.Key_Tab)
    reader.type("seg")
    said = (("morphology", "fine-pleomorphic"), ("distribution", "segmental"))
    assert reader.finding.descriptors == said
    for name, keys in (
        ("findingQuadrant", "upper o"),
        ("findingClock", "7"),
        ("findingDepth", "p"),
    ):
        reader.find(name).setFocus()
        reader.type(keys)
    placed = (reader.finding.quadrant, reader.finding.clock, reader.finding.depth)
    assert placed == (Quadrant.UPPER_OUTER, 7, Depth.POSTERIOR)
    reader.find("findingSize").setFocus()
    reader.find("findingSize").selectAll()  # type: ignore[attr-defined]
    reader.type("12.5")
    reader.press(Qt.Key.Key_Return)
    assert reader.finding.size_mm == 12.5
    reader.find("findingComment").setFocus()
    reader.type("new")
    reader.press(Qt.Key.Key_Return)
    assert reader.finding.comment == "new"
    assert reader.focused == "fourView"
    notes = reader.find("findingNotes")
    assert isinstance(notes, QLabel)
    assert "estimated" in notes.text()
    assert notes.text().endswith("changed by the reader")
    reader.choose(Qt.Key.Key_3, "0")
    reader.choose(Qt.Key.Key_4, "0")
    reader.choose(Qt.Key.Key_5, "b")
    needed = reader.find("readNeeded")
    assert isinstance(needed, QLabel)
    assert "7 o'clock" in needed.text()
    assert not reader.find("readNext").isEnabled()
    assert "expected" in needed.toolTip()


def test_opinions_and_density_are_said_by_typing(reader: Reader) -> None:
    reader.choose(Qt.Key.Key_3, "4")
    assert reader.now.opinion(R) is None, "4 begins 4A too"
    reader.type("b")
    opinion = reader.now.opinion(R)
    assert opinion is not None
    assert opinion.category == "4B"
    reader.choose(Qt.Key.Key_4, "4")
    reader.press(Qt.Key.Key_Return)
    opinion = reader.now.opinion(L)
    assert opinion is not None
    assert opinion.category == "4"
    assert reader.focused == "fourView"
    reader.choose(Qt.Key.Key_5, "d")
    assert reader.now.density == "d"
    reader.choose(Qt.Key.Key_4, "4")
    reader.press(Qt.Key.Key_Escape)
    assert reader.now.opinion(L) == opinion
    reader.choose(Qt.Key.Key_3, "0")
    reader.find("reason-R").setFocus()
    reader.type("priors needed")
    reader.press(Qt.Key.Key_Return)
    opinion = reader.now.opinion(R)
    assert opinion is not None
    assert opinion.reason == "priors needed"


def test_what_is_being_typed_is_said_before_the_lock(reader: Reader) -> None:
    for key, code in ((Qt.Key.Key_3, "1"), (Qt.Key.Key_4, "1"), (Qt.Key.Key_5, "b")):
        reader.choose(key, code)
    reader.find("reason-R").setFocus()
    reader.type("priors")
    reader.press(Qt.Key.Key_L, _WAY)  # the keyboard is still in the line
    reader.until(ReadState.UNAIDED_LOCKED)
    kept = reader.desk.workspace.read.kept
    assert kept is not None
    assert kept.unaided is not None
    locked = kept.unaided.opinion(R)
    assert locked is not None
    assert locked.reason == "priors"


# -- after the reveal -------------------------------------------------------------------------


def test_marks_are_answered_by_keys_and_look_answered(reader: Reader) -> None:
    reader.outline()
    reader.to_reveal(right="0")
    reader.images()
    reader.press(Qt.Key.Key_F7)  # the same as the nearest finding of mine
    reader.press(Qt.Key.Key_F6)
    assert reader.focused == "dismissReason"
    reader.type("ves")
    reader.images()
    reader.press(Qt.Key.Key_F5, _SHIFT)
    said = [(a.disposition, a.reason) for a in reader.read.disposed]
    assert said == [
        (Disposition.DUPLICATE, ""),
        (Disposition.DISMISS, "vessel"),
        (Disposition.AGREE, ""),
    ]
    assert len(reader.now.findings) == 2
    reader.answered(4)
    drawn = [
        item
        for view in reader.window.four_view.panes()
        for item in view.marks.items
        if hasattr(item, "text")
    ]
    assert len(drawn) == 4, "each mark has the sign of its answer beside it"


def test_another_reason_is_typed(reader: Reader) -> None:
    reader.to_reveal()
    reader.find("dismissWords").setFocus()
    reader.type("a fold")
    reader.press(Qt.Key.Key_Return)
    assert reader.read.disposed[0].reason == "a fold"


def test_a_changed_opinion_is_not_said_before_its_reason(reader: Reader) -> None:
    reader.to_reveal()
    reader.choose(Qt.Key.Key_4, "0")
    before = reader.now.opinion(L)
    assert before is not None
    assert before.category == "1", "it waits for its reason"
    assert reader.focused == "reason-L"
    shown = reader.find("opinion-L")
    assert isinstance(shown, QComboBox)
    assert shown.currentText().startswith("0")
    assert reader.find("waiting-L").isVisibleTo(reader.window)
    reader.type("a mark showed it")
    reader.press(Qt.Key.Key_Return)
    changed = reader.now.opinion(L)
    assert changed is not None
    assert (changed.category, changed.reason) == ("0", "a mark showed it")
    assert not reader.find("waiting-L").isVisibleTo(reader.window)
    reader.choose(Qt.Key.Key_5, "d")
    assert reader.now.density == "b"
    assert reader.focused == "densityReason"
    reader.type("looked again")
    reader.press(Qt.Key.Key_Return)
    assert reader.now.density == "d"


def test_a_finding_of_the_locked_read_is_removed_with_a_reason(reader: Reader) -> None:
    reader.outline()
    reader.to_reveal(right="0")
    reader.images()
    reader.press(Qt.Key.Key_Delete, _SHIFT)
    assert [f.kind for f in reader.now.findings] == [FindingKind.MASS]
    assert reader.focused == "removeReason"
    reader.type("a vessel")
    reader.press(Qt.Key.Key_Return)
    assert not reader.now.findings


def test_both_statements_are_shown_before_it_is_final(reader: Reader) -> None:
    reader.to_reveal()
    reader.images()
    reader.answered(4)
    reader.choose(Qt.Key.Key_3, "0")
    reader.type("seen now")
    reader.press(Qt.Key.Key_Return)
    reader.press(Qt.Key.Key_F, _WAY)
    assert reader.desk.workspace.read.state is ReadState.AI_REVEALED, "only after the look"
    table = reader.find("statementsTable")
    assert isinstance(table, QTableWidget)
    first = [item.text() for column in range(4) if (item := table.item(0, column))]
    assert first[1] == "1  Negative"
    assert first[2].startswith("0  Incomplete")
    assert first[3] == "CHANGED, because: seen now"
    last = table.item(2, 3)
    assert last is not None
    assert last.text() == "same"
    dialog = reader.find("statements")
    assert dialog.accessibleName() == "Unaided and now"
    reader.bot.waitUntil(dialog.isActiveWindow)
    assert wrong_in(dialog) == []
    button = reader.find("makeFinal")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    reader.until(ReadState.FINAL)
    for name in ("opinion-R", "reason-R", "density", "agreeMark", "outlineFinding"):
        assert not reader.find(name).isEnabled(), name


@pytest.mark.parametrize("reader", ["european"], indirect=True)
def test_a_technical_recall_names_its_views(reader: Reader) -> None:
    reader.choose(Qt.Key.Key_3, "tr")
    again = reader.find("again-RMLO")
    assert isinstance(again, QCheckBox)
    assert again.isVisibleTo(reader.window)
    again.click()
    words = reader.find("reason-R")
    assert isinstance(words, QLineEdit)
    words.setFocus()
    reader.type("motion")
    reader.press(Qt.Key.Key_Return)
    opinion = reader.now.opinion(R)
    assert opinion is not None
    assert (opinion.category, opinion.views, opinion.reason) == ("TR", ("RMLO",), "motion")


def _rested(line: QWidget) -> bool:
    """Tell whether the line waits for nothing: what is kept at a pause is kept."""
    return not any(timer.isActive() for timer in line.findChildren(QTimer))


def test_a_reason_that_acts_once_is_not_taken_at_a_pause(reader: Reader) -> None:
    reader.outline()
    reader.to_reveal(right="0")
    line = reader.find("dismissWords")
    line.setFocus()
    reader.type("scar")
    reader.bot.waitUntil(lambda: _rested(line))
    reader.type(" of 2019")
    reader.bot.waitUntil(lambda: _rested(line))
    assert not reader.read.disposed, "half a reason dismisses no mark, nor the one after it"
    reader.press(Qt.Key.Key_Return)
    assert [answer.reason for answer in reader.read.disposed] == ["scar of 2019"]

    reader.images()
    reader.press(Qt.Key.Key_Delete, _SHIFT)
    reader.type("a")
    reader.bot.waitUntil(lambda: _rested(reader.find("removeReason")))
    assert reader.now.findings
    reader.type(" vessel")
    reader.press(Qt.Key.Key_Return)
    assert not reader.now.findings

    reader.choose(Qt.Key.Key_5, "d")
    reader.type("looked")
    reader.bot.waitUntil(lambda: _rested(reader.find("densityReason")))
    assert reader.now.density == "b"


def test_words_typed_for_a_mark_are_not_left_for_the_next_one(reader: Reader) -> None:
    reader.to_reveal()
    line = reader.find("dismissWords")
    assert isinstance(line, QLineEdit)
    line.setFocus()
    reader.type("scar")
    reader.press(Qt.Key.Key_F5)
    assert [answer.disposition for answer in reader.read.disposed] == [Disposition.AGREE]
    assert line.text() == ""


def test_a_comment_stays_with_its_finding_when_a_key_goes_on_at_once(reader: Reader) -> None:
    reader.outline()
    reader.images()
    reader.press(Qt.Key.Key_6)
    reader.drag("LCC", (0.30, 0.45), (0.40, 0.55))
    reader.images()
    reader.press(Qt.Key.Key_F12)
    assert findings.selected(reader.desk.workspace) == reader.now.findings[0]
    reader.find("findingComment").setFocus()
    reader.type("spiculated")
    reader.press(Qt.Key.Key_F12)
    reader.bot.waitUntil(lambda: _rested(reader.find("findingComment")))
    assert [finding.comment for finding in reader.now.findings] == ["spiculated", ""]
