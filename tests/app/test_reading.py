"""The desk: opens, decodes and analyses in the background, and ends cleanly."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mammoview.app import commands, jobs
from mammoview.app.pixels import resolve
from mammoview.app.reading import ReadingDesk
from mammoview.app.settings import Settings
from mammoview.app.state.hung_views import LoadedImage
from mammoview.app.workspace import ModelSummary, Task, Workspace
from mammoview.domain.study import ExamIndex, Mammogram
from mammoview.domain.views import Slot
from tests.builders.desk import Mailbox, QuickAnalyst, exam, image, index
from tests.builders.dicom import build_exam, build_mg
from tests.builders.media import patch_member, zip_folder


@pytest.fixture
def analyst() -> QuickAnalyst:
    return QuickAnalyst()


@pytest.fixture
def desk(mailbox: Mailbox, analyst: QuickAnalyst) -> Iterator[ReadingDesk]:
    desk = ReadingDesk(deliver=mailbox.post, analyst=analyst)
    yield desk
    desk.shutdown()


def _analysed(desk: ReadingDesk) -> bool:
    state = desk.workspace
    return state.prediction is not None and not state.analysis.running


def test_folder_is_opened_hung_decoded_and_analysed(
    desk: ReadingDesk, mailbox: Mailbox, analyst: QuickAnalyst, tmp_path: Path
) -> None:
    build_exam(tmp_path)
    (tmp_path / "notes.txt").write_text("no DICOM", "utf-8")
    states: list[Workspace] = []
    desk.subscribe(lambda old, new: states.append(new))
    desk.open_paths([tmp_path])
    mailbox.run_until(lambda: _analysed(desk))
    end = desk.workspace
    assert all(pane.image is not None for pane in end.panes)
    assert len(end.index.refused) == 1
    assert end.prediction is not None
    assert len(end.prediction.views) == 4
    hung_first = next(s for s in states if s.panes)
    assert all(pane.image is None for pane in hung_first.panes), "headers come first"
    assert threading.get_ident() not in analyst.threads


def test_decoding_begins_before_the_window_shows_the_examination(
    desk: ReadingDesk, mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()
    real = resolve.load_image

    def told(view: Mammogram) -> tuple[Mammogram, LoadedImage]:
        begun.set()
        return real(view)

    monkeypatch.setattr(resolve, "load_image", told)
    seen: list[bool] = []

    def slow_window(old: Workspace, new: Workspace) -> None:
        if new.panes and not seen:
            seen.append(begun.wait(5.0))

    desk.subscribe(slow_window)
    build_exam(tmp_path)
    desk.open_paths([tmp_path])
    mailbox.run_until(lambda: bool(seen))
    assert seen == [True]


def test_analysis_takes_the_decoded_pixels(
    desk: ReadingDesk, mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[Mammogram] = []
    real = resolve.load_image

    def counted(view: Mammogram) -> tuple[Mammogram, LoadedImage]:
        decoded.append(view)
        return real(view)

    monkeypatch.setattr(resolve, "load_image", counted)
    build_exam(tmp_path)
    desk.open_paths([tmp_path])
    mailbox.run_until(lambda: _analysed(desk))
    assert len(decoded) == 4


def test_truncated_view_is_named_and_the_rest_is_read(
    desk: ReadingDesk, mailbox: Mailbox, tmp_path: Path
) -> None:
    paths = build_exam(tmp_path)
    paths[0].write_bytes(paths[0].read_bytes()[:-2000])
    desk.open_paths([tmp_path])
    mailbox.run_until(lambda: _analysed(desk))
    state = desk.workspace
    shown = [pane for pane in state.panes if pane.image is not None]
    assert len(shown) == 3
    bad = next(pane for pane in state.panes if pane.image is None)
    refused = bool(state.index.refused)
    assert bad.message.endswith("not found") if refused else bad.message != "decoding…"


def test_missing_view_is_named(desk: ReadingDesk, mailbox: Mailbox, tmp_path: Path) -> None:
    build_mg(tmp_path / "one.dcm", laterality="R", view="CC")
    desk.open_paths([tmp_path])
    mailbox.run_until(lambda: _analysed(desk))
    assert desk.workspace.panes[3].message == "L MLO not found"


def test_nothing_to_open_is_said(desk: ReadingDesk, mailbox: Mailbox, tmp_path: Path) -> None:
    desk.open_paths([tmp_path])
    mailbox.run_until(lambda: desk.workspace.status.startswith("Nothing"))
    assert desk.workspace.exam_key is None


class _Held:
    """Stands in for decoding; each view waits until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.started = threading.Semaphore(0)

    def __call__(self, view: Mammogram) -> tuple[Mammogram, LoadedImage]:
        self.started.release()
        assert self.go.wait(10)
        return view, image()


def test_answers_for_the_last_exam_never_arrive(
    desk: ReadingDesk, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = _Held()
    monkeypatch.setattr(resolve, "load_image", held)
    desk.open_index(index(exam("a"), exam("b")))
    assert held.started.acquire(timeout=5)
    desk.step_exam(1)
    held.go.set()
    mailbox.run_until(lambda: _analysed(desk))
    assert desk.workspace.exam_key == "b"
    keys = {pane.mammogram.study_key for pane in desk.workspace.panes if pane.mammogram}
    assert keys == {"b"}


def test_known_result_is_not_computed_again(
    desk: ReadingDesk,
    mailbox: Mailbox,
    analyst: QuickAnalyst,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resolve, "load_image", lambda view: (view, image()))
    desk.open_index(index(exam("a"), exam("b")))
    mailbox.run_until(lambda: _analysed(desk))
    for step in (1, -1, 1):
        desk.step_exam(step)
        mailbox.run_until(lambda: _analysed(desk))
    assert analyst.read_exams == 2
    desk.step_exam(1)
    assert desk.workspace.exam_key == "b"
    assert "No further" in desk.workspace.status


def test_cancel_stops_and_says_after_how_many(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolve, "load_image", lambda view: (view, image()))
    analyst = QuickAnalyst(gate=threading.Event())
    desk = ReadingDesk(deliver=mailbox.post, analyst=analyst)
    desk.open_index(index())
    mailbox.run_until(lambda: desk.workspace.analysis.running and analyst.read_exams > 0)
    desk.cancel_analysis()
    assert desk.workspace.analysis.message == "analysis cancelled after 0 of 4 views"
    assert desk.workspace.prediction is None
    assert analyst.gate is not None
    analyst.gate.set()
    desk.analyse()
    mailbox.run_until(lambda: _analysed(desk))
    desk.shutdown()


class SlowToOpen(QuickAnalyst):
    """Has no model open before the pixels are there."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted = threading.Event()

    def open(self) -> ModelSummary:
        assert self.wanted.wait(10.0)
        return super().open()


def test_a_chosen_operating_point_that_the_model_lacks_costs_no_reading(
    mailbox: Mailbox, tmp_path: Path
) -> None:
    build_exam(tmp_path)
    analyst = SlowToOpen()
    chosen = Settings(operating_point="of an older model")
    desk = ReadingDesk(deliver=mailbox.post, analyst=analyst, settings=chosen)
    desk.subscribe(lambda old, new: analyst.wanted.set() if new.analysis.running else None)
    try:
        desk.open_paths([tmp_path])
        mailbox.run_until(lambda: analyst.wanted.is_set() and not desk.workspace.analysis.running)
        assert desk.workspace.prediction is not None, desk.workspace.analysis.message
        assert desk.workspace.prediction.operating_point == "balanced"
    finally:
        analyst.wanted.set()
        desk.shutdown()


def test_broken_model_is_said_and_the_images_stay(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolve, "load_image", lambda view: (view, image()))
    desk = ReadingDesk(deliver=mailbox.post, analyst=QuickAnalyst(broken=True))
    desk.open_index(index())
    mailbox.run_until(
        lambda: (
            "a broken model" in desk.workspace.analysis.message
            and not commands.loading(desk.workspace)
            and not desk.workspace.analysis.running
        )
    )
    desk.shutdown()
    assert all(pane.image is not None for pane in desk.workspace.panes)


@pytest.mark.parametrize("stage", ["decoding", "analysis"])
def test_shutdown_in_the_middle_is_clean(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    """The leak guard of the suite fails this test if a thread outlives it."""
    held = _Held()
    analyst = QuickAnalyst(gate=threading.Event())
    monkeypatch.setattr(resolve, "load_image", held)
    desk = ReadingDesk(deliver=mailbox.post, analyst=analyst)
    desk.open_index(index())
    assert held.started.acquire(timeout=5)
    if stage == "analysis":
        held.go.set()
        mailbox.run_until(lambda: analyst.read_exams > 0)
    held.go.set()
    desk.shutdown()
    before = desk.workspace
    mailbox.run_posted()
    assert desk.workspace is before, "an answer arrived after the end"


def test_each_slot_is_decoded_in_its_own_lane(
    desk: ReadingDesk, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolve, "load_image", lambda view: (view, image()))
    desk.open_index(index())
    mailbox.run_until(lambda: not commands.loading(desk.workspace))
    uids = [pane.mammogram.sop_instance_uid for pane in desk.workspace.panes if pane.mammogram]
    assert uids == [f"1.2.3.{slot}" for slot in Slot]


def test_an_archive_is_opened_hung_decoded_and_analysed(
    desk: ReadingDesk, mailbox: Mailbox, tmp_path: Path
) -> None:
    build_exam(tmp_path / "exam")
    archive = zip_folder(tmp_path / "exam.zip", tmp_path / "exam")
    patch_member(archive, "LMLO.dcm", crc_off=1)
    desk.open_paths([archive])
    mailbox.run_until(lambda: _analysed(desk))
    end = desk.workspace
    assert [pane.image is not None for pane in end.panes] == [True, True, True, False]
    assert [refusal.name for refusal in end.index.refused] == ["exam.zip/LMLO.dcm"]


def test_opening_can_be_cancelled_and_what_was_open_stays(
    desk: ReadingDesk, mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open_index(index(exam()))
    mailbox.run_until(lambda: True)
    before = desk.workspace.index
    asked, go_on = threading.Event(), threading.Event()

    def slow(paths: object, *, on_progress: object, cancelled: Callable[[], bool]) -> ExamIndex:
        asked.set()
        go_on.wait(20)
        assert cancelled()
        return ExamIndex(examinations=(), refused=())

    monkeypatch.setattr("mammoview.dicom.index.index_paths", slow)
    desk.open_paths([tmp_path])
    assert asked.wait(20)
    desk.cancel_opening()
    go_on.set()
    desk.shutdown()
    mailbox.run_until(lambda: True)
    assert desk.workspace.status == "Opening cancelled"
    assert desk.workspace.index is before


def test_thousands_of_files_do_not_repaint_the_window_each(
    desk: ReadingDesk, mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def many(
        paths: object, *, on_progress: Callable[[int, int], None], cancelled: object
    ) -> ExamIndex:
        for done in range(1, 5001):
            on_progress(done, 5000)
        return ExamIndex(examinations=(), refused=())

    monkeypatch.setattr("mammoview.dicom.index.index_paths", many)
    monkeypatch.setattr(jobs, "_TELL_S", 5e-4)  # so that this work does not end at once
    told: list[Task | None] = []
    desk.subscribe(lambda old, new: told.append(new.task))
    desk.open_paths([tmp_path])
    mailbox.run_until(lambda: desk.workspace.status == "Nothing found under these paths")
    known = [task for task in told if task is not None and task.total]
    assert known[-1] == Task(title="Reading headers", unit="files", done=5000, total=5000)
    assert len(known) < 500
    assert desk.workspace.task is None
