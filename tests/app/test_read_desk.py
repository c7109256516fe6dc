"""A read at the desk: begun, kept, locked, revealed, answered, signed, and found again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mammoview.app import resolve
from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import commands as reads
from mammoview.app.second_read import keeper
from mammoview.app.second_read.next_step import Go
from mammoview.app.workspace import QueuePlace
from mammoview.domain.assessment import Opinion
from mammoview.domain.reading import AnalysisOutcome, ReaderIdentity, ReadingMode
from mammoview.domain.study import ExamIndex
from mammoview.domain.views import Laterality
from mammoview.review.states import Action, ReadState
from mammoview.review.store import ReadLog
from tests.builders.desk import Mailbox, QuickAnalyst, exam, image, index

READER = ReaderIdentity(id="reader-a", name="Dr. A")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decode nothing, and wait little before trying again."""
    monkeypatch.setattr(resolve, "load_image", lambda view: (view, image()))
    monkeypatch.setattr(keeper, "_RETRY_S", 0.02)


class ListOfOne:
    """A worklist of one examination."""

    def neighbour(self, key: str, step: int) -> str | None:
        return None

    def place(self, key: str) -> QueuePlace | None:
        return QueuePlace(at=0, total=1)

    def load(self, key: str, cancelled: object) -> ExamIndex:
        return index(exam())


class Room:
    """A desk with its mailbox, on a log of its own."""

    def __init__(self, folder: Path, analyst: QuickAnalyst | None = None) -> None:
        self.path = folder / "reads.sqlite"
        self.box = Mailbox()
        self.analyst = analyst or QuickAnalyst()
        self.desk = ReadingDesk(
            deliver=self.box.post, analyst=self.analyst, read_log=self.path, reader=READER
        )

    def open_listed(self) -> None:
        """Open the examination as from the worklist, until its read is on the disk."""
        self.desk.open_in_order(ListOfOne(), "exam-1")
        self.until(ReadState.UNAIDED)

    def until(self, state: ReadState) -> None:
        """Go on until the disk has the read in a state."""
        self.box.run_until(lambda: self.desk.workspace.read.state is state)

    def say_all(self) -> None:
        """Give an opinion of each breast."""
        for side in Laterality:
            self.desk.do(reads.set_opinion, Opinion(laterality=side, category="1"))

    def to_reveal(self) -> None:
        """Go on to the revealed read."""
        self.say_all()
        self.desk.go_in_read(Go.LOCK)
        self.until(ReadState.UNAIDED_LOCKED)
        self.desk.go_in_read(Go.REVEAL)
        self.until(ReadState.AI_REVEALED)
        self.box.run_until(lambda: bool(self.desk.workspace.read.heatmaps))


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.desk.shutdown()


def actions(path: Path) -> list[Action]:
    log = ReadLog(path)
    found = [event.action for event in log.events()]
    log.close()
    return found


def test_from_the_worklist_to_the_signature(room: Room) -> None:
    room.open_listed()
    ws = room.desk.workspace
    assert ws.reading_mode is ReadingMode.SECOND_READ
    assert ws.prediction is None
    room.to_reveal()
    ws = room.desk.workspace
    assert ws.prediction is not None
    assert sum(len(view.regions) for view in ws.prediction.views) == 4
    for _ in range(4):
        room.desk.do(reads.agree)
    room.desk.go_in_read(Go.FINALIZE)
    room.desk.go_in_read(Go.SIGN)
    room.until(ReadState.SIGNED)
    assert room.desk.workspace.read.kept is not None
    assert room.desk.workspace.read.kept.signed_by == READER.id
    done = [a for a in actions(room.path) if a is not Action.RECORD_STEP]
    assert done == [
        Action.OPEN, Action.CHECK_VIEWS, Action.BEGIN, Action.SET_OPINION, Action.SET_OPINION,
        Action.LOCK, Action.REVEAL, *[Action.DISPOSE_MARK] * 4, Action.FINALIZE, Action.SIGN,
    ]  # fmt: skip


def test_nothing_of_the_result_is_in_the_state_before_the_reveal(tmp_path: Path) -> None:
    room = Room(tmp_path)
    seen: list[object] = []
    room.desk.subscribe(lambda old, new: seen.append(new.prediction))
    room.open_listed()
    room.box.run_until(lambda: room.analyst.read_exams == 1)
    room.box.run_until(lambda: not room.desk.workspace.analysis.running)
    room.say_all()
    room.desk.go_in_read(Go.REVEAL)
    room.desk.analyse()
    room.box.run_until(lambda: not room.desk.workspace.analysis.running)
    room.desk.go_in_read(Go.LOCK)
    room.until(ReadState.UNAIDED_LOCKED)
    room.box.run_posted()
    assert room.analyst.read_exams == 2
    assert set(seen) == {None}
    assert "mark" not in room.desk.workspace.analysis.message
    room.desk.shutdown()


def test_a_reveal_waits_for_the_computer(tmp_path: Path) -> None:
    gate = threading.Event()
    room = Room(tmp_path, QuickAnalyst(gate=gate))
    room.open_listed()
    room.say_all()
    room.desk.go_in_read(Go.LOCK)
    room.until(ReadState.UNAIDED_LOCKED)
    room.desk.go_in_read(Go.REVEAL)
    assert room.desk.workspace.read.revealing
    assert room.desk.workspace.prediction is None
    gate.set()
    room.until(ReadState.AI_REVEALED)
    room.desk.shutdown()


@pytest.mark.parametrize("broken", [True, False])
def test_what_failed_or_was_cancelled_is_revealed_as_such(tmp_path: Path, broken: bool) -> None:
    analyst = QuickAnalyst(broken=broken, gate=None if broken else threading.Event())
    room = Room(tmp_path, analyst)
    room.open_listed()
    room.say_all()
    room.desk.go_in_read(Go.LOCK)
    room.until(ReadState.UNAIDED_LOCKED)
    room.desk.go_in_read(Go.REVEAL)
    if not broken:
        room.desk.cancel_analysis()
    room.until(ReadState.AI_REVEALED)
    kept = room.desk.workspace.read.kept
    assert kept is not None
    assert kept.revealed is not None
    expected = AnalysisOutcome.FAILED if broken else AnalysisOutcome.NOT_RUN
    assert kept.revealed.outcome is expected
    assert kept.revealed.reason
    room.desk.shutdown()


def test_a_read_in_progress_is_found_again_and_stays_locked_up(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.open_listed()
    room.say_all()
    room.desk.shutdown()
    again = Room(tmp_path)
    again.desk.open_index(index(exam()))  # opened plainly: the blinded read is still a blinded one
    again.until(ReadState.UNAIDED)
    ws = again.desk.workspace
    assert ws.reading_mode is ReadingMode.SECOND_READ
    again.box.run_until(lambda: not again.desk.workspace.analysis.running)
    assert again.desk.workspace.prediction is None
    assert ws.read.read is not None
    assert {o.category for o in ws.read.read.now.opinions} == {"1"}
    again.desk.shutdown()
    assert Action.REOPEN in actions(again.path)


def test_marks_of_a_stored_read_survive_another_model(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.open_listed()
    room.to_reveal()
    shown = room.desk.workspace.prediction
    assert shown is not None
    room.desk.shutdown()
    other = QuickAnalyst(broken=True)
    again = Room(tmp_path, other)
    again.desk.open_in_order(ListOfOne(), "exam-1")
    again.until(ReadState.AI_REVEALED)
    again.box.run_until(lambda: bool(again.desk.workspace.read.heatmaps))
    found = again.desk.workspace.prediction
    assert found is not None
    assert [v.regions for v in found.views] == [v.regions for v in shown.views]
    assert found.model == shown.model
    assert all(
        (a.heatmaps[0].values == b.heatmaps[0].values).all()
        for a, b in zip(found.views, shown.views, strict=True)
    )
    again.desk.shutdown()
