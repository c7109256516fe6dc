"""No word is cut: every label, button, box, list and placeholder has the room that it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from mammoview.app.display.display_check import DisplayChecks
from mammoview.app.reading import ReadingDesk
from mammoview.app.reports import Places
from mammoview.app.results.desk import ExportDesk
from mammoview.app.second_read import commands as reads
from mammoview.app.second_read import findings, mark_steps
from mammoview.app.second_read.next_step import Go
from mammoview.app.second_read.reader_desk import ReaderDesk
from mammoview.app.state.read import NOBODY, Page
from mammoview.app.worklist.desk import Worklist
from mammoview.dicom.index import index_paths
from mammoview.domain.assessment import Opinion
from mammoview.domain.finding import Finding, FindingKind, FindingView
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.study import Examination
from mammoview.domain.views import Laterality, Slot
from mammoview.review.marks import marks_path
from mammoview.review.readers import Cost
from mammoview.review.states import ReadState
from mammoview.ui import language, theme
from mammoview.ui.dispatch import GuiDispatcher
from mammoview.ui.elided import ElidedCombo
from mammoview.ui.main_window import MainWindow
from mammoview.ui.wrapping_combo import WrappingCombo
from tests.builders.desk import ListOf, QuickAnalyst
from tests.builders.dicom import build_exam
from tests.ui.room import cut_in, off_the_edge
from tests.ui.test_language import installed

_SIZES = ((1280, 800), (1600, 1000), (1920, 1080))


class Seat:
    """A window with all that a reader has, and where its words were looked at."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        build_exam(folder / "exam")
        self.qtbot = qtbot
        self.study: Examination = index_paths([folder / "exam"]).examinations[0]
        self.dispatcher = GuiDispatcher()
        post = self.dispatcher.post
        places = Places(
            log=folder / "reads.sqlite", readers=folder / "readers.sqlite", marks=marks_path()
        )
        self.desk = ReadingDesk(
            deliver=post, analyst=QuickAnalyst(), read_log=places.log, reader=NOBODY
        )
        self.readers = ReaderDesk(places.readers, deliver=post, cost=Cost(n=16, r=1, p=1))
        self.readers.start()
        self.window = MainWindow(
            self.desk,
            badge="Demo: P_00820, a real examination",
            checks=DisplayChecks(folder / "checks"),
            worklist=Worklist(
                deliver=post,
                path=folder / "worklist.sqlite",
                pictures=folder / "pictures",
                reads=places.log,
            ),
            results=ExportDesk(places, deliver=post, chosen=()),
            readers=self.readers,
        )
        self.window.resize(*_SIZES[0])
        self.window.show()

    def close(self) -> None:
        self.window.close()
        self.desk.shutdown()
        self.dispatcher.close()
        self.dispatcher.deleteLater()
        self.window.deleteLater()

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=20_000)

    def until(self, state: ReadState) -> None:
        self.wait(lambda: self.desk.workspace.read.state is state)
        self.wait(lambda: self.desk.at_rest)

    def opens(self) -> None:
        """Open the examination as from the worklist."""
        self.wait(lambda: bool(self.desk.workspace.read.reader.id))
        self.desk.open_in_order(ListOf(self.study), self.study.key)
        self.until(ReadState.UNAIDED)

    def outlines(self) -> None:
        """Have a finding, and be about to describe it."""
        view = next(v for v in self.study.mammograms if v.slot is Slot.RCC)
        corners = ((40.0, 40.0), (80.0, 40.0), (80.0, 90.0))
        outline = tuple(ImagePoint(col=col, row=row) for col, row in corners)
        finding = Finding(
            id="f1",
            laterality=Laterality.RIGHT,
            kind=FindingKind.MASS,
            views=(FindingView(sop_instance_uid=view.sop_instance_uid, outline=outline),),
            descriptors=(("margin", "microlobulated"), ("associated", "skin-retraction")),
        )
        self.desk.do(reads.set_finding, finding)
        self.desk.do(findings.select, "f1")

    def says(self) -> None:
        """Say what each breast is, in the longest words that there are."""
        for side, code in ((Laterality.RIGHT, "4B"), (Laterality.LEFT, "0")):
            self.desk.do(reads.set_opinion, Opinion(laterality=side, category=code, reason="why"))
        self.desk.do(reads.set_density, "b")
        self.wait(lambda: self.desk.at_rest)

    def goes(self, way: Go, state: ReadState) -> None:
        self.desk.go_in_read(way)
        self.until(state)

    def waits_for_a_reason(self) -> None:
        """Change an opinion and the density after the reveal, and say no reason yet."""
        opinions = self.window.side_panel.read.opinions
        opinions.breasts[Laterality.LEFT].choice.chosen.emit("5")
        opinions.density.chosen.emit("c")

    def read_states(self) -> Iterator[str]:
        """Go through a second read, and tell where it is."""
        yield "nothing open"
        self.opens()
        yield "unaided"
        self.outlines()
        yield "described"
        self.says()
        yield "said"
        self.goes(Go.LOCK, ReadState.UNAIDED_LOCKED)
        yield "locked"
        self.goes(Go.REVEAL, ReadState.AI_REVEALED)
        self.wait(lambda: bool(self.desk.workspace.read.heatmaps))
        yield "revealed"
        self.waits_for_a_reason()
        yield "changed"
        self.desk.do(reads.show_page, Page.IMAGES)
        yield "images"
        self.desk.do(reads.show_page, Page.READ)
        for _ in mark_steps.marks_in_order(self.desk.workspace):
            self.desk.do(reads.agree)
        self.goes(Go.FINALIZE, ReadState.FINAL)
        yield "final"
        self.goes(Go.SIGN, ReadState.SIGNED)
        yield "signed"


@pytest.fixture(params=["", language.PSEUDO])
def seat(
    request: pytest.FixtureRequest, qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> Iterator[Seat]:
    """Sit down before a window in English, then in the language that is 40 % longer."""
    theme.apply(qapp)
    with installed(request.param):
        made = Seat(qtbot, tmp_path)
        yield made
        made.close()


def wrong_in(root: QWidget, *, foreign: bool) -> list[str]:
    """Return the words that are cut; in a longer language only what leaves the window."""
    for _ in range(3):
        QApplication.processEvents()
    return off_the_edge(root) if foreign else [*off_the_edge(root), *cut_in(root)]


def test_no_word_of_the_window_is_cut_in_any_state_of_a_read(
    seat: Seat, request: pytest.FixtureRequest
) -> None:
    foreign = bool(request.node.callspec.params["seat"])
    wrong: dict[str, list[str]] = {}
    for state in seat.read_states():
        for width, height in _SIZES[:1] if foreign else reversed(_SIZES):
            seat.window.resize(width, height)
            found = wrong_in(seat.window, foreign=foreign)
            wrong.update({f"{state}, {width} px": found} if found else {})
    assert wrong == {}


@pytest.mark.parametrize("seat", [""], indirect=True)
@pytest.mark.parametrize("size", _SIZES)
def test_no_word_is_cut_where_all_is_asked_at_once(seat: Seat, size: tuple[int, int]) -> None:
    """Held by another, views missing, arbitration, reasons of every change: none waits its turn."""
    seat.opens()
    seat.outlines()
    seat.window.resize(*size)
    QApplication.processEvents()
    page = seat.window.side_panel.read
    for part in page.findChildren(QWidget):
        other_kind = part.objectName().startswith("axis-")  # a finding has but one
        if part.isHidden() and part.objectName() and not part.isWindow() and not other_kind:
            part.show()
    assert wrong_in(seat.window, foreign=False) == []


_IN_WINDOW = ("show_readers", "show_second_look", "export_results", "show_daily_check")
_DIALOGS = (
    "show_refused", "show_cheat_sheet", "show_keys", "show_about", "measure_screen",
    "enter_window", "compare_statements",
)  # fmt: skip


def test_no_word_of_a_dialog_is_cut(seat: Seat, request: pytest.FixtureRequest) -> None:
    foreign = bool(request.node.callspec.params["seat"])
    seat.opens()
    seat.outlines()
    seat.says()
    seat.goes(Go.LOCK, ReadState.UNAIDED_LOCKED)
    seat.goes(Go.REVEAL, ReadState.AI_REVEALED)
    assert seat.window.worklist is not None
    openers = {name: getattr(seat.window.dialogs, name) for name in _DIALOGS}
    openers |= {name: getattr(seat.window, name) for name in _IN_WINDOW}
    openers["show_sources"] = seat.window.worklist.show_sources
    wrong = {}
    for name, opener in openers.items():
        opener()
        (dialog,) = seat.window.findChildren(QDialog)
        if dialog.isFullScreen():
            dialog.resize(*_SIZES[0])
        found = wrong_in(dialog, foreign=foreign)
        wrong.update({name: found} if found else {})
        dialog.close()
        seat.wait(lambda: not seat.window.findChildren(QDialog))
    assert wrong == {}


@pytest.mark.parametrize("seat", [""], indirect=True)
def test_no_word_of_the_worklist_and_of_signing_in_is_cut(seat: Seat, tmp_path: Path) -> None:
    window = seat.window
    assert window.worklist is not None
    window.worklist.begin(show=True)
    window.worklist.import_paths([tmp_path / "exam"])
    state = window.worklist.worklist
    seat.wait(lambda: bool(state.state.shown) and state.state.task is None)
    assert wrong_in(window, foreign=False) == []
    seat.readers.add("Dr. Anna Ash", "7319-4")
    seat.wait(lambda: not seat.readers.state.busy)
    window.lock_screen()
    assert wrong_in(window, foreign=False) == []


@pytest.mark.parametrize("seat", [""], indirect=True)
def test_a_cut_word_is_found(seat: Seat) -> None:
    """The walk itself can fail: plant words that have no room, of each sort."""
    words = "Words that go on for longer than there is room"
    parts: dict[str, QWidget] = {
        "label": QLabel(words),
        "wrapped": QLabel(words),
        "button": QPushButton(words),
        "box": QCheckBox(words),
        "line": QLineEdit(placeholderText=words),
        "list": QComboBox(),
        "wrapping": WrappingCombo(),
        "elided": ElidedCombo(),
    }
    for at, (name, part) in enumerate(parts.items()):
        part.setParent(seat.window.status_strip)
        part.setObjectName(name)
        if isinstance(part, QComboBox):
            part.addItem(words)
        if isinstance(part, QLabel):
            part.setWordWrap(name == "wrapped")
        part.setGeometry(10, 30 * at, 120, 24)
        part.show()
    found = [line.split("'")[1] for line in cut_in(seat.window)]
    assert found == list(parts)
    parts["elided"].setToolTip(words)
    assert len(cut_in(seat.window)) == len(parts) - 1, "whole in the tooltip"
    for part in parts.values():
        part.deleteLater()
