"""Two desks on one log, and a third: blind to each other, held apart, and decided by a third."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mammoview.app.pixels import resolve
from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import commands as reads
from mammoview.app.second_read import holding, mark_steps, next_step, texts, two_reads
from mammoview.app.second_read.next_step import Go
from mammoview.app.second_read.site import site_of
from mammoview.app.settings import Settings
from mammoview.app.state.read import Hold
from mammoview.app.storage import write_behind
from mammoview.domain.assessment import Opinion
from mammoview.domain.finding import Quadrant
from mammoview.domain.reading import Decision, ReaderIdentity, Role
from mammoview.domain.views import Laterality
from mammoview.review.leases import LeaseBook
from mammoview.review.states import Action, ReadState
from mammoview.review.store import ReadLog
from tests.builders.desk import ListOf, Mailbox, QuickAnalyst, exam, image
from tests.builders.reads import finding

R, L = Laterality.RIGHT, Laterality.LEFT
A, B, C = (ReaderIdentity(id=f"reader-{x}", name=f"Dr. {x.upper()}") for x in "abc")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decode nothing, and wait little before trying again."""
    monkeypatch.setattr(resolve, "load_image", lambda view: (view, image()))
    monkeypatch.setattr(write_behind, "_RETRY_S", 0.02)


class Room:
    """A desk in a house of two readers for each examination."""

    def __init__(self, folder: Path, reader: ReaderIdentity, *, double: bool = True) -> None:
        self.box = Mailbox()
        self.desk = ReadingDesk(
            deliver=self.box.post,
            analyst=QuickAnalyst(),
            read_log=folder / "reads.sqlite",
            reader=reader,
            leases=folder / "leases.sqlite",
        )
        assert self.desk.reads is not None
        self.desk.reads.use(site_of(double=double, policy=Settings().arbitration))

    def open(self) -> None:
        """Open the examination as from the worklist, until the log has answered."""
        self.desk.open_in_order(ListOf(exam()), "exam-1")
        self.box.run_until(lambda: self.desk.workspace.exam_key is not None)
        self.box.run_until(lambda: not self.desk.workspace.read.looking)

    def until(self, state: ReadState) -> None:
        self.box.run_until(lambda: self.desk.workspace.read.state is state)

    def holds(self, hold: Hold) -> None:
        self.box.run_until(lambda: self.desk.workspace.read.hold is hold)

    def read(self, right: str, left: str = "1") -> None:
        """Read the examination to its end, agreeing to every mark."""
        self.open()
        self.until(ReadState.UNAIDED)
        for side, category in ((R, right), (L, left)):
            said = Opinion(laterality=side, category=category, reason="as seen")
            self.desk.do(reads.set_opinion, said)
        self.desk.do(reads.set_density, "b")
        self.desk.go_in_read(Go.LOCK)
        self.until(ReadState.UNAIDED_LOCKED)
        self.desk.go_in_read(Go.REVEAL)
        self.until(ReadState.AI_REVEALED)
        while mark_steps.current_mark(self.desk.workspace) is not None:
            self.desk.do(reads.agree)
            read = self.desk.workspace.read.read
            if read is None or not read.undisposed:
                break
        self.desk.go_in_read(Go.FINALIZE)

    def sign(self) -> None:
        self.desk.go_in_read(Go.SIGN)
        self.until(ReadState.SIGNED)

    def leave(self) -> None:
        self.desk.shutdown()


class House:
    """Opens rooms, and closes them in the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rooms: list[Room] = []

    def room(self, reader: ReaderIdentity, *, double: bool = True) -> Room:
        self.rooms.append(Room(self.folder, reader, double=double))
        return self.rooms[-1]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    for room in house.rooms:
        room.leave()


def first_read(house: House, right: str = "1") -> Room:
    room = house.room(A)
    room.read(right)
    room.until(ReadState.FINAL)
    room.sign()
    room.leave()
    return room


def test_the_second_reader_begins_blind_whatever_the_first_has_said(house: House) -> None:
    first_read(house, "0")
    room = house.room(B)
    room.open()
    ws = room.desk.workspace
    assert (ws.read.role, ws.read.others) == (Role.SECOND, ())
    room.until(ReadState.UNAIDED)
    ws = room.desk.workspace
    assert ws.read.read is not None
    assert ws.read.read.opened.role is Role.SECOND
    assert ws.read.read.now.opinions == ()
    assert ws.prediction is None
    assert two_reads.lines(ws) == ()
    said = " ".join((texts.badge_text(ws), *texts.way(ws), *texts.needed(ws), ws.status))
    assert "Second reader" in said
    assert not any(word in said for word in ("0", "reader-a", "Dr. A", "recall"))


def test_discordant_reads_go_to_a_third_who_decides_and_signs(house: House) -> None:
    first_read(house, "1")
    second = house.room(B)
    second.read("0")
    second.until(ReadState.ARBITRATION)
    ws = second.desk.workspace
    assert "normal against recall" in two_reads.why(ws)
    assert next_step.of(ws) is None, "another reader decides"
    second.desk.go_in_read(Go.SIGN)
    second.desk.do(reads.decide, Decision(laterality=R, category="1", reason="mine"))
    assert "of their own" in second.desk.workspace.status
    second.leave()
    back = house.room(A)
    back.open()
    assert back.desk.workspace.read.role is Role.FIRST
    assert [r.reader for r in back.desk.workspace.read.others] == [B.id]
    back.leave()
    third = house.room(C)
    third.open()
    ws = third.desk.workspace
    assert (ws.read.role, ws.read.state) == (Role.ARBITRATOR, ReadState.ARBITRATION)
    assert two_reads.heads(ws) == ("First", "Second")
    (right,) = [line for line in two_reads.lines(ws) if line.what == "Right, final"]
    assert right.differs
    assert ws.prediction is not None, "both have seen it, and so does who decides"
    third.holds(Hold.HELD)
    third.desk.go_in_read(Go.SIGN)
    assert "No decision for the right breast yet" in third.desk.workspace.status
    third.desk.do(reads.decide, Decision(laterality=R, category="2", reason=" "))
    assert "no reason" in third.desk.workspace.status
    for side in (R, L):
        third.desk.do(reads.decide, Decision(laterality=side, category="2", reason="a cyst"))
    third.sign()
    third.leave()
    log = ReadLog(house.folder / "reads.sqlite")
    decided = log.reads()[-1]
    assert (decided.signed_by, [d.category for _, d in decided.decisions]) == (C.id, ["2", "2"])
    log.close()


def test_a_finding_is_named_by_what_it_is_how_large_and_where() -> None:
    found = replace(finding("f1"), size_mm=11.6, quadrant=Quadrant.UPPER_OUTER)
    assert two_reads.finding_text(found) == "Mass, 12 mm, upper outer"
    assert two_reads.finding_text(replace(finding("f1"), size_mm=0.0)) == "Mass"


def test_concordant_reads_are_signed_by_each(house: House) -> None:
    first_read(house, "1")
    second = house.room(B)
    second.read("2")
    second.until(ReadState.FINAL)
    second.sign()
    second.leave()
    third = house.room(C)
    third.open()
    ws = third.desk.workspace
    assert ws.read.over
    assert next_step.of(ws) is None
    assert "nothing is left to read" in texts.way(ws)[0]


def test_an_examination_that_another_reads_begins_only_with_a_reason(house: House) -> None:
    first = house.room(A)
    first.read("0")
    first.until(ReadState.FINAL)
    second = house.room(B)
    second.open()
    second.holds(Hold.REFUSED)
    assert second.desk.workspace.read.read is None, "nothing begins while another reads it"
    assert second.desk.reads is not None
    second.desk.reads.take_over("")
    second.holds(Hold.REFUSED)
    second.desk.reads.take_over("at lunch")
    second.holds(Hold.HELD)
    second.until(ReadState.UNAIDED)
    second.leave()
    book = LeaseBook(house.folder / "leases.sqlite")
    assert [taken.reason for taken in book.takeovers()] == ["at lunch"]
    book.close()


def test_who_was_taken_over_says_no_more(house: House) -> None:
    first = house.room(A)
    first.open()
    first.until(ReadState.UNAIDED)
    first.desk.do(holding.held, "exam-1", Hold.LOST, holding.lost_text())
    first.desk.do(reads.set_opinion, Opinion(laterality=R, category="1"))
    ws = first.desk.workspace
    assert ws.read.read is not None
    assert ws.read.read.now.opinions == ()
    assert "taken this examination over" in ws.status
    first.desk.do(holding.held, "another", Hold.HELD)
    assert first.desk.workspace.read.hold is Hold.LOST, "an answer for another examination"


def test_single_reading_leaves_an_examination_to_its_reader(house: House) -> None:
    first_read(house)
    other = house.room(B, double=False)
    other.open()
    assert other.desk.workspace.read.over
    other.desk.go_in_read(Go.BEGIN)
    assert other.desk.workspace.read.read is None


def test_a_locked_screen_takes_no_time_of_the_read(house: House) -> None:
    room = house.room(A)
    room.open()
    room.until(ReadState.UNAIDED)
    desk = room.desk.reads
    assert desk is not None
    desk.rest()
    room.desk.do(reads.set_opinion, Opinion(laterality=R, category="1"))
    assert desk.flush() == 0
    log = ReadLog(house.folder / "reads.sqlite")
    before = [e.action for e in log.events()].count(Action.RECORD_STEP)
    room.desk.do(lambda ws: replace(ws, hanging=replace(ws.hanging, at=1)))
    assert desk.flush() == 0
    after = [e.action for e in log.events()].count(Action.RECORD_STEP)
    assert (before, after) == (1, 1)
    desk.wake()
    log.close()
