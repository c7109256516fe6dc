"""A read at the desk: begun, kept, locked, revealed, answered, signed, and found again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mammoview.app import analysis, commands, read_desk, steps
from mammoview.app.pixels import resolve
from mammoview.app.second_read import commands as reads
from mammoview.app.second_read import keeper, mark_steps, texts
from mammoview.app.second_read.next_step import Go
from mammoview.app.storage import write_behind
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.reading import AnalysisOutcome, ReaderIdentity, ReadingMode
from mammoview.domain.views import Laterality, Slot
from mammoview.errors import ReviewError
from mammoview.review import audit, open_reads
from mammoview.review.events import StepRecorded
from mammoview.review.states import Action, ReadState
from mammoview.review.store import ReadLog
from tests.builders.desk import SUMMARY, QuickAnalyst, exam, image, index, mammogram
from tests.builders.poison import PoisonAnalyst
from tests.builders.read_room import READER, Room


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decode nothing, and wait little before trying again."""
    monkeypatch.setattr(resolve, "load_image", lambda view: (view, image()))
    monkeypatch.setattr(write_behind, "_RETRY_S", 0.02)


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
        Action.SET_DENSITY, Action.LOCK, Action.REVEAL, *[Action.DISPOSE_MARK] * 4,
        Action.FINALIZE, Action.SIGN,
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
    room = Room(tmp_path, analyst=QuickAnalyst(gate=gate))
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
    room = Room(tmp_path, analyst=analyst)
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
    again = Room(tmp_path, analyst=QuickAnalyst(broken=True))
    again.list_opens()
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


def test_opened_plainly_it_is_concurrent_and_a_read_can_begin(room: Room) -> None:
    room.desk.open_index(index(exam()))
    room.analysed()
    ws = room.desk.workspace
    assert (ws.reading_mode, ws.read.read) == (ReadingMode.CONCURRENT, None)
    assert ws.prediction is not None
    room.desk.go_in_read(Go.BEGIN)
    room.until(ReadState.UNAIDED)
    ws = room.desk.workspace
    assert ws.prediction is None, "what was shown is taken away"
    assert "mark" not in ws.analysis.message
    assert ws.read.kept is not None
    assert ws.read.kept.opened.result_seen, "and the read says that it was shown"
    assert "seen before" in texts.badge_text(ws)


def test_a_read_from_the_worklist_says_that_nothing_was_shown(room: Room) -> None:
    room.open_listed()
    kept = room.desk.workspace.read.kept
    assert kept is not None
    assert not kept.opened.result_seen


def test_an_exam_that_was_shown_plainly_earlier_today_is_no_blind_read(room: Room) -> None:
    room.desk.open_index(index(exam()))
    room.analysed()
    room.open_listed()
    kept = room.desk.workspace.read.kept
    assert kept is not None
    assert kept.opened.result_seen


def test_nothing_is_shown_before_the_log_has_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Room(tmp_path)
    first.open_listed()
    first.desk.shutdown()
    may_look = threading.Event()
    known = open_reads.blinded_reads

    def late(log: Path, images: object) -> object:
        assert may_look.wait(20)
        return known(log, images)  # type: ignore[arg-type]

    monkeypatch.setattr(keeper, "blinded_reads", late)
    room = Room(tmp_path)
    seen: list[object] = []
    room.desk.subscribe(lambda old, new: seen.append(new.prediction))
    room.desk.open_index(index(exam()))
    room.box.run_until(lambda: room.analyst.read_exams == 1)
    room.box.run_until(lambda: not room.desk.workspace.analysis.running)
    assert room.desk.workspace.read.looking
    may_look.set()
    room.until(ReadState.UNAIDED)
    assert set(seen) == {None}
    room.desk.shutdown()


def test_a_log_that_cannot_be_read_shows_nothing_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "reads.sqlite").write_bytes(b"no database" * 1000)
    room = Room(tmp_path)
    room.desk.open_index(index(exam()))
    room.box.run_until(lambda: bool(room.desk.workspace.read.problem))
    room.box.run_until(lambda: room.analyst.read_exams == 1)
    room.box.run_until(lambda: not room.desk.workspace.analysis.running)
    ws = room.desk.workspace
    assert ws.prediction is None
    assert texts.problem_text(ws.read).startswith("Read log: ")
    (tmp_path / "reads.sqlite").unlink()
    room.box.run_until(lambda: room.desk.workspace.prediction is not None)
    assert room.desk.workspace.read.problem == ""
    room.desk.shutdown()


def test_images_of_somebody_elses_blinded_read_are_closed_to_a_plain_look(tmp_path: Path) -> None:
    other = Room(tmp_path, reader=ReaderIdentity(id="reader-b", name="Dr. B"))
    other.open_listed()
    other.desk.shutdown()
    room = Room(tmp_path)
    room.desk.open_index(index(exam()))
    room.analysed()
    ws = room.desk.workspace
    assert ws.prediction is None
    assert "blinded read of these images" in texts.closed_reason(ws)
    room.desk.shutdown()


@pytest.mark.parametrize("damaged", [False, True])
def test_a_blinded_read_that_another_program_begins_closes_a_plain_look(
    tmp_path: Path, damaged: bool
) -> None:
    """Asked when the reading ends, and when the reader comes back to the window."""
    other = Room(tmp_path, reader=ReaderIdentity(id="reader-b", name="Dr. B"))
    gate = threading.Event()
    room = Room(tmp_path, analyst=QuickAnalyst(gate=gate))
    room.desk.open_index(index(exam()))
    room.box.run_until(lambda: room.desk.workspace.analysis.running)
    room.box.run_until(lambda: not room.desk.workspace.read.looking)
    if damaged:
        room.path.write_bytes(b"no database" * 1000)
    else:
        other.open_listed()
    gate.set()
    room.analysed()
    room.box.run_until(lambda: room.desk.workspace.read.blinded_elsewhere)
    assert room.desk.workspace.prediction is None
    if not damaged:
        other.to_reveal()
        room.desk.come_back()
        room.box.run_until(lambda: room.desk.workspace.prediction is not None)
    for desk in (room.desk, other.desk):
        desk.shutdown()


def test_images_imported_again_under_another_key_belong_to_their_read(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.open_listed()
    room.desk.shutdown()
    again = Room(tmp_path)
    again.desk.open_index(index(exam("another-key", views=exam().mammograms)))
    again.until(ReadState.UNAIDED)
    again.analysed()
    assert again.desk.workspace.prediction is None
    again.desk.shutdown()


def test_missing_views_need_a_reason(room: Room) -> None:
    room.list_opens(exam(views=[mammogram(Slot.RCC), mammogram(Slot.RMLO)]))
    room.until(ReadState.OPENED)
    room.analysed()
    assert room.desk.workspace.read.state is ReadState.OPENED
    assert texts.needed(room.desk.workspace) == ("Missing: L CC, L MLO. Say why, to go on",)
    room.desk.do(reads.check_views, "  ")
    assert "a reason to go on without LCC, LMLO" in room.desk.workspace.status
    room.desk.do(reads.check_views, "mastectomy")
    room.until(ReadState.UNAIDED)
    kept = room.desk.workspace.read.kept
    assert kept is not None
    assert kept.opened.sides == (Laterality.RIGHT,)
    assert kept.views is not None
    assert kept.views.missing == ("LCC", "LMLO")


def test_only_asked_spots_are_answered(tmp_path: Path) -> None:
    room = Room(tmp_path, mode=ReadingMode.ASK_SPOT)
    room.open_listed()
    room.analysed()
    assert room.desk.workspace.prediction is None or not room.desk.workspace.prediction.views
    far, near = ImagePoint(col=29.0, row=39.0), ImagePoint(col=10.0, row=10.0)
    room.desk.do(reads.ask_spot, "1.2.3.LCC", far)
    room.box.run_until(lambda: texts.spot_answer(room.desk.workspace) != "")
    assert texts.spot_answer(room.desk.workspace) == "L CC: no mark at the asked spot"
    shown = room.desk.workspace.prediction
    assert shown is not None
    assert [(v.sop_instance_uid, v.regions, v.heatmaps, v.scores) for v in shown.views] == [
        ("1.2.3.LCC", (), (), ())
    ]
    room.desk.do(reads.ask_spot, "1.2.3.RCC", near)
    room.box.run_until(lambda: "R CC" in texts.spot_answer(room.desk.workspace))
    assert texts.spot_answer(room.desk.workspace) == "R CC: mass at the asked spot, score 0.70"
    room.say_all()
    room.desk.go_in_read(Go.LOCK)
    room.until(ReadState.UNAIDED_LOCKED)
    assert room.desk.workspace.prediction is None
    room.desk.shutdown()
    assert actions(room.path).count(Action.ASK_SPOT) == 2


def test_another_operating_point_adds_marks_and_takes_none_away(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.open_listed()
    room.analysed()
    room.desk.set_operating_point("strict")
    assert room.desk.workspace.operating_point == "balanced", "not before the reveal"
    room.to_reveal()
    for name in ("strict", "balanced"):
        room.desk.set_operating_point(name)
        room.box.run_until(lambda: room.desk.workspace.read.unsaved == 0)
        room.box.run_posted()
        ws = room.desk.workspace
        assert ws.operating_point == name
        assert len(mark_steps.marks_in_order(ws)) == 4
        assert ws.prediction is not None
        assert all(view.regions[0].flagged for view in ws.prediction.views)
    room.desk.shutdown()
    assert actions(room.path).count(Action.SET_OPERATING_POINT) == 2


def test_marks_that_join_need_an_answer_too(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.desk.do(analysis.model_opened, SUMMARY)
    room.desk.do(analysis.set_operating_point, "strict")
    room.open_listed()
    room.to_reveal(marks=0)
    assert texts.result_line(room.desk.workspace) == "Computer: read the images, no marks"
    room.desk.set_operating_point("balanced")
    room.box.run_until(lambda: len(mark_steps.marks_in_order(room.desk.workspace)) == 4)
    room.desk.go_in_read(Go.FINALIZE)
    assert "4 marks without an answer" in room.desk.workspace.status
    room.desk.shutdown()


def test_time_and_coverage_of_each_step_are_recorded_when_it_is_left(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.open_listed()
    first = room.desk.workspace.hanging.step
    assert first is not None
    room.desk.do(steps.next_step)
    room.desk.shutdown()
    log = ReadLog(room.path)
    recorded = [e.content for e in log.events() if e.action is Action.RECORD_STEP]
    log.close()
    assert next(r.step for r in recorded if isinstance(r, StepRecorded)) == first.id
    assert len(recorded) == 2, "the last one too"
    assert all(isinstance(r, StepRecorded) and r.seconds >= 0 and r.seen for r in recorded)


def test_heatmaps_that_cannot_be_written_keep_the_reveal_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(tmp_path)
    room.open_listed()
    room.analysed()
    room.say_all()
    room.desk.go_in_read(Go.LOCK)
    room.until(ReadState.UNAIDED_LOCKED)

    def full(path: Path, heatmaps: object) -> str:
        raise ReviewError("heatmaps on a full disk", expected="room", todo="make some")

    monkeypatch.setattr(read_desk, "_RETRY_S", 0.02)
    with monkeypatch.context() as patch:
        patch.setattr(read_desk, "write_heatmaps", full)
        room.desk.go_in_read(Go.REVEAL)
        room.box.run_until(lambda: "NOT REVEALED" in texts.problem_text(room.desk.workspace.read))
        assert room.desk.workspace.prediction is None
    room.until(ReadState.AI_REVEALED)
    assert texts.problem_text(room.desk.workspace.read) == ""
    room.desk.shutdown()


def test_heatmaps_that_were_exchanged_are_not_shown_but_the_marks_are(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.open_listed()
    room.to_reveal()
    room.desk.shutdown()
    (file,) = tmp_path.glob("*.npz")
    file.write_bytes(b"something else")
    again = Room(tmp_path)
    again.list_opens()
    again.until(ReadState.AI_REVEALED)
    again.box.run_until(lambda: bool(again.desk.workspace.warnings))
    ws = again.desk.workspace
    assert "not those that were shown" in ws.warnings[0]
    assert ws.prediction is not None
    assert [len(view.regions) for view in ws.prediction.views] == [1, 1, 1, 1]
    assert all(view.heatmaps == () for view in ws.prediction.views)
    again.desk.shutdown()


def test_a_second_window_that_reveals_leaves_the_heatmaps_that_were_shown(tmp_path: Path) -> None:
    """Else the log would hold the digest of a file that is no more."""
    first = Room(tmp_path)
    first.open_listed()
    first.say_all()
    first.desk.go_in_read(Go.LOCK)
    first.until(ReadState.UNAIDED_LOCKED)
    second = Room(tmp_path, analyst=PoisonAnalyst(poison=True))
    second.list_opens()
    second.until(ReadState.UNAIDED_LOCKED)
    second.analysed()
    first.desk.go_in_read(Go.REVEAL)
    first.until(ReadState.AI_REVEALED)
    second.desk.go_in_read(Go.REVEAL)
    second.until(ReadState.AI_REVEALED)
    second.box.run_until(lambda: bool(second.desk.workspace.read.heatmaps))
    ws = second.desk.workspace
    assert ws.prediction is not None
    assert [len(view.regions) for view in ws.prediction.views] == [1, 1, 1, 1]
    for room in (first, second):
        room.desk.shutdown()
    assert audit.verify(tmp_path / "reads.sqlite").intact


def test_images_that_came_later_or_are_gone_are_named(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.open_listed()
    room.desk.shutdown()
    again = Room(tmp_path)
    views = [mammogram(Slot.RCC), mammogram(Slot.RMLO, uid="a new one")]
    again.desk.open_index(index(exam(views=views)))
    again.until(ReadState.UNAIDED)
    assert again.desk.workspace.warnings == (
        "Images that came after this read was begun, no part of it: R MLO",
        "3 images of this read are NOT here",
    )
    again.desk.shutdown()


def test_without_an_examination_the_badge_says_at_most_how_the_worklist_is_read() -> None:
    nothing = commands.empty()
    assert texts.badge_text(nothing) == ""
    kept = replace(nothing, read=replace(nothing.read, keeps=True))
    assert texts.badge_text(kept) == "Worklist: second read"
