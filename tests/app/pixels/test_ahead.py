"""Looking ahead: the next examination is decoded while this one is read, within a budget."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from mammoview.app import commands, frames, steps
from mammoview.app.pixels import resolve
from mammoview.app.pixels.ahead import ViewCache, budget_bytes, decode, decode_slices
from mammoview.app.pixels.resident import estimated_bytes
from mammoview.app.pixels.stack_frames import StackFrames
from mammoview.app.reading import ReadingDesk
from mammoview.app.settings import Settings
from mammoview.app.state.hung_views import LoadedImage
from mammoview.app.workspace import QueuePlace, Workspace
from mammoview.dicom.index import index_paths
from mammoview.domain.study import ExamIndex, Mammogram
from mammoview.domain.views import Slot
from mammoview.errors import DicomError
from mammoview.imaging.pyramid import smaller_levels
from tests.builders.desk import Mailbox, QuickAnalyst, exam, image, index, mammogram
from tests.builders.dicom import build_mg
from tests.builders.tomo import build_tomo, number_in


class Decoder:
    """Stands in for decoding; remembers what was decoded, and can be held."""

    def __init__(self) -> None:
        self.studies: list[str] = []
        self.go = threading.Event()
        self.go.set()

    def __call__(self, view: Mammogram) -> tuple[Mammogram, LoadedImage]:
        self.studies.append(view.study_key)
        assert self.go.wait(10)
        return view, image()


@pytest.fixture
def decoder(monkeypatch: pytest.MonkeyPatch) -> Decoder:
    decoder = Decoder()
    monkeypatch.setattr(resolve, "load_image", decoder)
    return decoder


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def desk(mailbox: Mailbox, decoder: Decoder) -> Iterator[ReadingDesk]:
    desk = ReadingDesk(deliver=mailbox.post, analyst=QuickAnalyst())
    yield desk
    desk.shutdown()


def distinct(key: str) -> ExamIndex:
    """Return one examination whose images have numbers of their own."""
    views = [mammogram(slot, study=key, uid=f"{key}.{slot}") for slot in Slot]
    return index(exam(key, views))


def several(*keys: str) -> ExamIndex:
    return index(*[distinct(key).examinations[0] for key in keys])


def complete(desk: ReadingDesk) -> bool:
    state = desk.workspace
    return bool(state.panes) and all(pane.image is not None for pane in state.panes)


def test_the_next_examination_is_whole_in_the_first_state_that_shows_it(
    desk: ReadingDesk, mailbox: Mailbox, decoder: Decoder
) -> None:
    desk.open_index(several("a", "b", "c"))
    mailbox.run_until(lambda: decoder.studies == ["a"] * 4 + ["b"] * 4 and complete(desk))
    mailbox.run_until(lambda: desk._ahead.cache.nbytes == 4 * image().nbytes)
    states: list[Workspace] = []
    desk.subscribe(lambda old, new: states.append(new))
    desk.step_exam(1)
    hung = next(state for state in states if state.exam_key == "b")
    assert all(pane.image is not None for pane in hung.panes)
    mailbox.run_until(lambda: decoder.studies.count("c") == 4)
    assert decoder.studies.count("b") == 4, "decoded once"


def test_the_last_examination_is_still_there(
    desk: ReadingDesk, mailbox: Mailbox, decoder: Decoder
) -> None:
    desk.open_index(several("a", "b"))
    mailbox.run_until(lambda: decoder.studies.count("b") == 4)
    desk.step_exam(1)
    desk.step_exam(-1)
    assert complete(desk)
    assert decoder.studies.count("a") == 4


def test_nothing_is_decoded_ahead_before_this_examination_is_analysed(
    mailbox: Mailbox, decoder: Decoder
) -> None:
    analyst = QuickAnalyst(gate=threading.Event())
    desk = ReadingDesk(deliver=mailbox.post, analyst=analyst)
    desk.open_index(several("a", "b"))
    mailbox.run_until(lambda: desk.workspace.analysis.running and analyst.read_exams == 1)
    assert decoder.studies == ["a"] * 4
    assert analyst.gate is not None
    analyst.gate.set()
    mailbox.run_until(lambda: decoder.studies.count("b") == 4)
    desk.shutdown()


def test_opening_again_does_not_show_what_the_files_were(
    desk: ReadingDesk, mailbox: Mailbox, decoder: Decoder
) -> None:
    desk.open_index(several("a", "b"))
    mailbox.run_until(lambda: decoder.studies.count("b") == 4)
    mailbox.run_until(lambda: desk._ahead.cache.nbytes > 0)
    desk.open_index(several("b", "a"))
    assert not complete(desk)
    mailbox.run_until(lambda: complete(desk))


def test_a_budget_of_nothing_keeps_nothing(mailbox: Mailbox, decoder: Decoder) -> None:
    desk = ReadingDesk(
        deliver=mailbox.post, analyst=QuickAnalyst(), settings=Settings(prefetch_mib=0)
    )
    desk.open_index(several("a", "b"))
    mailbox.run_until(lambda: desk.workspace.prediction is not None)
    desk.step_exam(1)
    mailbox.run_until(lambda: complete(desk) and desk.workspace.prediction is not None)
    assert decoder.studies == ["a"] * 4 + ["b"] * 4
    assert desk._ahead.cache.nbytes == 0
    desk.shutdown()


def test_the_cache_drops_the_oldest_and_never_passes_its_budget() -> None:
    one = image().nbytes
    cache = ViewCache(2 * one)
    views = [mammogram(Slot.RCC, uid=str(number)) for number in range(4)]
    for view in views[:2]:
        cache.put(view, (view, image()))
    assert cache.lacks(views[:1]) == ()  # the first is wanted again
    cache.put(views[2], (views[2], image()))
    assert cache.nbytes == 2 * one
    assert cache.lacks(views) == (views[1], views[3])
    assert [view for view, _ in cache.take(views)] == [views[0], views[2]]
    assert cache.nbytes == 0


def test_decoding_ahead_stops_at_the_room_and_passes_over_what_is_broken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    views = [mammogram(Slot.RCC, uid=str(number)) for number in range(5)]

    def load(view: Mammogram) -> tuple[Mammogram, LoadedImage]:
        if view.sop_instance_uid == "1":
            raise DicomError("a broken file", expected="a sound one", todo="copy it again")
        return view, image()

    monkeypatch.setattr(resolve, "load_image", load)
    done: list[str] = []
    decode(
        views,
        room_bytes=3 * estimated_bytes(views[0]),
        on_view=lambda view, loaded: done.append(view.sop_instance_uid),
        cancelled=lambda: False,
    )
    assert done == ["0", "2"]


def test_the_estimate_of_a_view_is_what_it_holds() -> None:
    stored = np.zeros((460, 300), np.uint16)
    real = smaller_levels(stored, None)
    held = stored.nbytes + sum(level.nbytes for level in real)
    view = mammogram(Slot.RCC, rows=460, cols=300)
    assert held <= estimated_bytes(view) <= 1.02 * held


def test_the_budget_is_the_users_else_by_the_machine_and_bounded() -> None:
    assert budget_bytes(0) == 0
    assert budget_bytes(100) == 100 << 20
    assert 0 < budget_bytes(-1) <= 160 << 20


class Listed:
    """A list of examinations that exist only when they are asked for."""

    def __init__(self, *keys: str) -> None:
        self.keys = keys
        self.loads: list[str] = []

    def neighbour(self, key: str, step: int) -> str | None:
        at = self.keys.index(key) + step
        return self.keys[at] if 0 <= at < len(self.keys) else None

    def place(self, key: str) -> QueuePlace | None:
        if key not in self.keys:
            return None
        return QueuePlace(at=self.keys.index(key), total=len(self.keys))

    def load(self, key: str, cancelled: Callable[[], bool]) -> ExamIndex:
        self.loads.append(key)
        return ExamIndex(examinations=(), refused=()) if key == "gone" else distinct(key)


def test_a_list_is_walked_with_headers_and_pixels_ahead(
    desk: ReadingDesk, mailbox: Mailbox, decoder: Decoder
) -> None:
    order = Listed("a", "b", "gone", "c")
    desk.open_in_order(order, "a")
    mailbox.run_until(lambda: decoder.studies.count("b") == 4)
    mailbox.run_until(lambda: desk._ahead.cache.nbytes == 4 * image().nbytes)
    desk.step_exam(1)
    assert complete(desk), "no turn of the event loop was needed"
    assert desk.workspace.queue == QueuePlace(at=1, total=4)
    mailbox.run_until(lambda: desk._ahead.headers("gone") is not None)
    desk.step_exam(1)
    mailbox.run_until(lambda: desk.workspace.queue == QueuePlace(at=2, total=4))
    assert desk.workspace.exam_key is None, "the last patient does not stand in for this one"
    assert not desk.workspace.panes
    assert "cannot be opened" in desk.workspace.status


def test_a_list_is_walked_past_what_cannot_be_opened(desk: ReadingDesk, mailbox: Mailbox) -> None:
    desk.open_in_order(Listed("a", "gone", "c"), "gone")
    mailbox.run_until(lambda: "cannot be opened" in desk.workspace.status)
    desk.step_exam(1)
    mailbox.run_until(lambda: desk.workspace.exam_key == "c")
    desk.step_exam(-1)
    mailbox.run_until(lambda: "cannot be opened" in desk.workspace.status)
    desk.step_exam(-1)
    mailbox.run_until(lambda: desk.workspace.exam_key == "a" and complete(desk))


# -- volumes ------------------------------------------------------------------------------------


@pytest.fixture
def tomo_desk(mailbox: Mailbox) -> Iterator[ReadingDesk]:
    """A desk whose pixels are decoded in earnest."""
    desk = ReadingDesk(deliver=mailbox.post, analyst=QuickAnalyst())
    yield desk
    desk.shutdown()


def two_tomo_exams(folder: Path) -> ExamIndex:
    for study in ("1", "2"):
        place = folder / study
        place.mkdir()
        for side in "RL":
            build_mg(place / f"{side}.dcm", laterality=side, study=study)
            build_tomo(place / f"{side}-tomo.dcm", laterality=side, study=study, frames=31)
    return index_paths([folder])


def slices_of(ws: Workspace) -> list[int | None]:
    """Return which slice is there of each volume that hangs."""
    return [view.image.frame if view.image else None for view in ws.views if view.frame is not None]


def test_volumes_of_the_next_examination_open_at_once_and_scroll(
    tomo_desk: ReadingDesk, mailbox: Mailbox, tmp_path: Path
) -> None:
    desk = tomo_desk
    desk.open_index(two_tomo_exams(tmp_path))
    mailbox.run_until(lambda: len(desk._ahead._volumes.uids) == 2 and not desk._ahead.busy)
    states: list[Workspace] = []
    desk.subscribe(lambda old, new: states.append(new))
    first = desk.workspace.exam_key
    desk.step_exam(1)
    hung = next(state for state in states if state.exam_key != first)
    assert slices_of(hung) == [16, 16], "in the first state that shows it"
    assert not any(view.waits for view in hung.views)
    desk.do(steps.go_to, "tomo-cc")
    key = desk.workspace.panes[0].key
    for wanted in (17, 29):  # one that was decoded ahead, one that was not
        desk.do(frames.scroll_to, key, wanted)
        mailbox.run_until(lambda wanted=wanted: slices_of(desk.workspace) == [wanted, wanted])  # type: ignore[misc]
        for pane in desk.workspace.panes:
            assert pane.image is not None
            assert number_in(pane.image.stored) == wanted


def test_slices_ahead_of_another_examination_are_let_go(
    tomo_desk: ReadingDesk, mailbox: Mailbox, tmp_path: Path
) -> None:
    desk = tomo_desk
    index = two_tomo_exams(tmp_path)
    desk.open_index(index)
    mailbox.run_until(lambda: len(desk._ahead._volumes.uids) == 2 and not desk._ahead.busy)
    desk.select_exam(index.examinations[0].key)
    assert desk._ahead._volumes.bytes_kept == 0


def test_slices_are_decoded_from_the_middle_of_all_volumes_and_stop_at_the_room(
    tmp_path: Path,
) -> None:
    headers = [
        view
        for exam in two_tomo_exams(tmp_path).examinations[:1]
        for view in exam.mammograms
        if view.frames is not None
    ]
    done: list[tuple[str, int]] = []

    class Store(StackFrames):
        def load(self, mammogram: Mammogram, frame: int) -> tuple[Mammogram, LoadedImage]:
            if mammogram is headers[0] and frame == 17:
                raise DicomError("a broken slice", expected="a sound one", todo="copy it again")
            done.append((mammogram.laterality.value or "", frame))
            return super().load(mammogram, frame)

    decode_slices(
        headers,
        store=Store(),
        room_bytes=6 * estimated_bytes(headers[0]),
        on_slice=lambda: None,
        cancelled=lambda: False,
    )
    first, second = (view.laterality.value for view in headers)
    # The broken one takes its room, and no more of that volume is tried.
    assert done == [(first, 16), (second, 16), (second, 17), (second, 15), (second, 18)]


def test_no_slice_brings_the_smaller_sizes_of_another(tmp_path: Path) -> None:
    """At a small zoom the wrong slice would be seen."""
    header = index_paths([build_tomo(tmp_path / "v.dcm")]).examinations[0].mammograms[0]
    store = StackFrames()
    _, first = store.load(header, 5)
    _, other = store.load(header, 6)
    assert first.smaller
    assert other.smaller == ()


def test_decoding_can_be_cancelled_and_taken_up_again(
    desk: ReadingDesk, mailbox: Mailbox, decoder: Decoder
) -> None:
    decoder.go.clear()
    desk.open_index(several("a"))
    task = commands.waiting_for(desk.workspace)
    assert task is not None
    assert (task.title, task.done, task.total) == ("Decoding", 0, 4)
    desk.cancel_waiting()
    decoder.go.set()
    assert commands.waiting_for(desk.workspace) is None
    assert all("cancelled" in pane.message for pane in desk.workspace.panes)
    desk.select_exam("a")
    mailbox.run_until(lambda: complete(desk))
