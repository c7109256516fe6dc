"""Marks of a CAD report at the desk: chosen, gated, revealed in a read like the model's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest

from mammoview.app.cad.reports import source_text
from mammoview.app.pixels import resolve
from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import commands as reads
from mammoview.app.second_read import habits
from mammoview.app.second_read.next_step import Go
from mammoview.dicom.index import index_paths
from mammoview.domain.assessment import Opinion
from mammoview.domain.prediction import AnalysisStatus
from mammoview.domain.reading import AnalysisOutcome, ReaderIdentity, ReadingMode
from mammoview.domain.study import ExamIndex
from mammoview.domain.views import Laterality
from mammoview.review.states import ReadState
from mammoview.review.store import ReadLog
from tests.builders.desk import IDENTITY, Mailbox, QuickAnalyst, image
from tests.builders.dicom import build_exam
from tests.builders.foreign_sr import OPTIONAL, Image, Seen, build_report

_READER = ReaderIdentity(id="reader-a", name="Dr. A")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decode nothing."""
    monkeypatch.setattr(resolve, "load_image", lambda view: (view, image()))


@pytest.fixture
def found(tmp_path: Path) -> ExamIndex:
    """Four views with a report of the first two: one mark that must be shown, one optional."""
    files = build_exam(tmp_path)
    images = [Image(uid=str(pydicom.dcmread(file).SOPInstanceUID)) for file in files]
    seen = Seen(image=0, centre=(33.0, 44.0), algorithm=("Finder", "7.2"))
    findings = [seen, replace(seen, centre=(20.0, 30.0), intent=OPTIONAL, level=2)]
    build_report(tmp_path / "cad.dcm", files[0], images[:2], findings, highest=2)
    return index_paths([tmp_path])


class Room:
    """A desk on a log of its own."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "log" / "reads.sqlite"
        self.box = Mailbox()
        self.desk = ReadingDesk(
            deliver=self.box.post, analyst=QuickAnalyst(), read_log=self.path, reader=_READER
        )

    def open(self, index: ExamIndex) -> None:
        self.desk.open_index(index)
        self.box.run_until(self._analysed)

    def _analysed(self) -> bool:
        ws = self.desk.workspace
        return ws.prediction is not None and not ws.analysis.running

    def choose(self, uid: str) -> None:
        self.desk.cad_reports.choose(uid)
        self.box.run_until(lambda: not self.desk.workspace.cad_source.loading)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.desk.shutdown()


def _uid(index: ExamIndex) -> str:
    return index.examinations[0].cad_reports[0].sop_instance_uid


def _drawn(room: Room) -> list[float]:
    prediction = room.desk.workspace.prediction
    assert prediction is not None
    return [r.peak.col for view in prediction.views for r in view.regions if r.flagged]


def test_a_chosen_report_is_shown_instead_of_the_model(room: Room, found: ExamIndex) -> None:
    room.open(found)
    assert source_text(room.desk.workspace) == ""
    room.choose(_uid(found))
    ws = room.desk.workspace
    assert ws.prediction is not None
    assert [view.status for view in ws.prediction.views] == [
        AnalysisStatus.ANALYZED,
        AnalysisStatus.ANALYZED,
        AnalysisStatus.NOT_SUPPORTED,
        AnalysisStatus.NOT_SUPPORTED,
    ]
    assert _drawn(room) == [33.0]
    assert "Finder 7.2" in source_text(ws)
    room.choose("")
    ws = room.desk.workspace
    assert ws.prediction is not None
    assert ws.prediction.model == IDENTITY
    assert source_text(ws) == ""


def test_optional_marks_come_with_the_operating_point(room: Room, found: ExamIndex) -> None:
    room.open(found)
    room.choose(_uid(found))
    for level, drawn in ((1, [33.0]), (2, [33.0, 20.0]), (0, [33.0])):
        room.desk.cad_reports.set_level(level)
        assert sorted(_drawn(room)) == sorted(drawn)


def test_the_models_own_reading_does_not_push_the_report_aside(
    room: Room, found: ExamIndex
) -> None:
    room.open(found)
    room.choose(_uid(found))
    room.desk.analyse()
    room.box.run_until(lambda: not room.desk.workspace.analysis.running)
    assert _drawn(room) == [33.0]


def test_another_examination_begins_with_the_model(room: Room, found: ExamIndex) -> None:
    room.open(found)
    room.choose(_uid(found))
    room.open(found)
    assert source_text(room.desk.workspace) == ""
    assert room.desk.workspace.cad_source.report is None


def test_going_round_the_sources_comes_back_to_the_model(room: Room, found: ExamIndex) -> None:
    room.open(found)
    room.desk.cad_reports.choose_next()
    room.box.run_until(lambda: room.desk.workspace.cad_source.report is not None)
    room.desk.cad_reports.choose_next()
    assert room.desk.workspace.cad_source.report is None


def test_without_a_report_there_is_nothing_to_choose(room: Room, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    build_exam(tmp_path / "plain")
    room.open(index_paths([tmp_path / "plain"]))
    room.desk.cad_reports.choose_next()
    assert "No CAD report" in room.desk.workspace.status


def test_a_report_that_is_gone_says_so(room: Room, found: ExamIndex) -> None:
    room.open(found)
    found.examinations[0].cad_reports[0].file.unlink()
    room.choose(_uid(found))
    ws = room.desk.workspace
    assert ws.prediction is None
    assert any("CAD report cannot be shown" in warning for warning in ws.warnings)


def test_nothing_of_a_report_is_seen_before_the_lock(room: Room, found: ExamIndex) -> None:
    """The same gate as for the model: chosen early, seen after the reveal, then it stays."""
    _begin(room, found)
    desk = room.desk
    room.choose(_uid(found))
    assert desk.workspace.cad_source.highest == 0
    assert desk.workspace.prediction is None
    desk.cad_reports.set_level(2)
    assert desk.workspace.prediction is None
    for side in Laterality:
        desk.do(reads.set_opinion, Opinion(laterality=side, category="1"))
    desk.do(reads.set_density, "b")
    desk.go_in_read(Go.LOCK)
    room.box.run_until(lambda: desk.workspace.read.state is ReadState.UNAIDED_LOCKED)
    assert desk.workspace.prediction is None
    desk.go_in_read(Go.REVEAL)
    room.box.run_until(lambda: desk.workspace.read.state is ReadState.AI_REVEALED)
    assert _drawn(room) == [33.0]
    desk.cad_reports.set_level(2)
    room.box.run_until(lambda: len(_drawn(room)) == 2)
    desk.cad_reports.choose("")
    assert "it stays" in desk.workspace.status
    assert sorted(_drawn(room)) == [20.0, 33.0]
    assert "Finder" in source_text(desk.workspace)


def test_a_full_report_and_an_empty_one_are_alike_until_the_reveal(tmp_path: Path) -> None:
    """Nothing in the window's state tells them apart before, be it a number of levels."""
    files = build_exam(tmp_path / "exam")
    images = [Image(uid=str(pydicom.dcmread(file).SOPInstanceUID)) for file in files]
    seen = Seen(image=0, centre=(20.0, 30.0), intent=OPTIONAL, level=3)
    states = []
    for findings in ([seen, replace(seen, intent="111150")], []):
        build_report(tmp_path / "exam" / "cad.dcm", files[0], images, findings)
        room = Room(tmp_path / str(len(findings)))
        found = index_paths([tmp_path / "exam"])
        _begin(room, found)
        room.choose(_uid(found))
        ws = room.desk.workspace
        told = (ws.cad_source, ws.analysis, ws.overlay, ws.warnings, ws.status, ws.prediction)
        states.append(repr((told, ws.index.examinations[0].cad_reports)))
        room.desk.shutdown()
    assert states[0] == states[1]


def _begin(room: Room, found: ExamIndex) -> None:
    """Begin a blinded read, the model's own reading done."""
    desk = room.desk
    desk.open_index(found)
    room.box.run_until(lambda: not desk.workspace.read.looking)
    room.box.run_until(lambda: not desk.workspace.analysis.running)
    assert desk.reads is not None
    desk.reads.begin()
    room.box.run_until(lambda: desk.workspace.read.state is ReadState.UNAIDED)


def test_the_log_names_the_algorithm_of_the_report(room: Room, found: ExamIndex) -> None:
    room.open(found)
    desk = room.desk
    assert desk.reads is not None
    room.choose(_uid(found))
    desk.do(habits.site_mode, ReadingMode.CONCURRENT)
    desk.reads.begin()
    room.box.run_until(lambda: desk.workspace.read.state is ReadState.UNAIDED)
    for side in Laterality:
        desk.do(reads.set_opinion, Opinion(laterality=side, category="1"))
    desk.do(reads.set_density, "b")
    desk.go_in_read(Go.LOCK)
    room.box.run_until(lambda: desk.workspace.read.state is ReadState.UNAIDED_LOCKED)
    desk.go_in_read(Go.REVEAL)
    room.box.run_until(lambda: desk.workspace.read.state is ReadState.AI_REVEALED)
    read = desk.workspace.read.kept
    assert read is not None
    log = ReadLog(room.path)
    revealed = log.read(read.read_id).revealed
    log.close()
    assert revealed is not None
    assert revealed.outcome is AnalysisOutcome.DONE
    assert (revealed.model.name, revealed.model.version) == ("Finder", "7.2")
    assert revealed.model.sha256 == ""
    assert revealed.operating_point == "0"
    assert [mark.peak.col for mark in revealed.marks] == [33.0]
    assert revealed.caveats == ()
