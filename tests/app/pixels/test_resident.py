"""What has its pixels in memory: what is looked at next, and the rest as far as there is room."""

from __future__ import annotations

import threading
import weakref
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mammoview.app import commands, coverage, second_screen, steps
from mammoview.app.marks.breast_place import nipple_of
from mammoview.app.pixels import memory, resident, resolve
from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read.commands import missing
from mammoview.app.state.hung_views import HungView, LoadedImage, Pixels
from mammoview.app.workspace import Empty, Glimpse, Workspace
from mammoview.domain.geometry import ImageBox
from mammoview.domain.study import Examination, FrameStack, Mammogram
from mammoview.domain.views import Slot
from mammoview.errors import DicomError
from tests.builders.desk import Mailbox, QuickAnalyst, exam, image, index, mammogram
from tests.builders.hung import breast

ROWS, COLS = 400, 300
ONE = resident.estimated_bytes(mammogram(Slot.RCC, rows=ROWS, cols=COLS))


def study(extra: int, **changes: Any) -> Examination:
    """Return four standard views and so many magnifications, in one step each pair."""
    size: dict[str, Any] = {"rows": ROWS, "cols": COLS} | changes
    more = [
        mammogram(None, uid=f"1.2.9.{at}", acquired=f"13{at:04d}", **size) for at in range(extra)
    ]
    return exam(views=[*(mammogram(slot, **size) for slot in Slot), *more])


def decoded(view: Mammogram) -> tuple[Mammogram, LoadedImage]:
    """Return pixels of the size that the header says."""
    stored = np.full((view.rows, view.cols), 7, np.uint16)
    small = tuple(stored[::by, ::by].copy() for by in (2, 4, 8))
    return view, replace(image(), stored=stored, smaller=small)


def hung(examination: Examination, *, budget: int) -> Workspace:
    """Return the state with everything decoded that there is room for."""
    ws = commands.with_index(commands.empty(), index(examination))
    return filled(resident.within(commands.select_exam(ws, examination.key), budget), budget)


def filled(ws: Workspace, budget: int) -> Workspace:
    """Decode what waits, one view after another."""
    while waiting := [view for view in ws.views if view.waits]:
        ws = resident.within(commands.view_loaded(ws, *decoded(waiting[0].mammogram)), budget)
    return ws


def uids(views: list[HungView]) -> set[str]:
    return {view.mammogram.sop_instance_uid for view in views}


def there(ws: Workspace) -> set[str]:
    return uids([view for view in ws.views if view.image is not None])


def bytes_of(ws: Workspace) -> int:
    return sum(view.image.nbytes for view in ws.views if view.image is not None)


def test_an_examination_that_fits_is_left_as_it_is() -> None:
    ws = hung(study(4), budget=8 * ONE)
    assert len(there(ws)) == 8
    assert resident.within(ws, 9 * ONE) is ws


def test_views_beyond_the_budget_wait_for_nothing() -> None:
    ws = hung(study(20), budget=10 * ONE)
    assert commands.waiting_for(ws) is None
    assert len(there(ws)) == 10
    assert {"1.2.9.0", "1.2.9.5"} <= there(ws)  # those of the nearest steps


def test_what_is_decoded_counts_only_what_is_asked_for() -> None:
    ws = commands.with_index(commands.empty(), index(study(20)))
    ws = resident.within(commands.select_exam(ws, "exam-1"), 10 * ONE)
    task = commands.waiting_for(ws)
    assert task is not None
    assert (task.done, task.total) == (0, 10)


def test_every_step_has_its_pixels_and_the_next_one_too() -> None:
    budget = 8 * ONE
    ws = hung(study(20), budget=budget)
    shown = set()
    for _ in ws.hanging.steps[1:]:
        ws = resident.within(steps.next_step(ws), budget)
        assert all(pane.image is not None for pane in ws.panes), "the neighbour was not decoded"
        shown |= {pane.mammogram.sop_instance_uid for pane in ws.panes if pane.mammogram}
        ws = filled(ws, budget)
        assert bytes_of(ws) <= budget
    assert shown == uids(list(ws.views))


def test_a_step_far_away_waits_for_its_pixels_and_says_so() -> None:
    ws = hung(study(20), budget=8 * ONE)
    ws = resident.within(steps.go_to(ws, ws.hanging.steps[-1].id), 8 * ONE)
    assert [pane.empty for pane in ws.panes] == [Empty.LOADING]
    assert all(pane.image for pane in filled(ws, 8 * ONE).panes)


def test_the_standard_views_stay_wherever_the_reader_is() -> None:
    ws = hung(study(20), budget=5 * ONE)
    ws = filled(resident.within(steps.go_to(ws, ws.hanging.steps[-1].id), 5 * ONE), 5 * ONE)
    assert {f"1.2.3.{slot}" for slot in Slot} <= there(ws)


def test_of_many_images_of_one_place_the_one_shown_has_its_pixels() -> None:
    same = [
        mammogram(Slot.RCC, uid=f"1.2.9.{at}", acquired=f"13{at:04d}", rows=ROWS, cols=COLS)
        for at in range(20)
    ]
    ws = hung(exam(views=same), budget=5 * ONE)
    assert bytes_of(ws) <= 5 * ONE
    for _ in same:
        ws = filled(resident.within(steps.next_image(ws), 5 * ONE), 5 * ONE)
        assert ws.panes[0].image is not None
        assert bytes_of(ws) <= 5 * ONE


def test_the_second_screen_has_its_pixels_too() -> None:
    ws = hung(study(20), budget=5 * ONE)
    ws = steps.go_to(ws, ws.hanging.steps[-3].id)
    alone = filled(resident.within(ws, 5 * ONE), 5 * ONE)
    assert ws.hanging.steps[-1].places[0].images[0] not in there(alone)
    ws = resident.within(replace(steps.next_step(ws), second_screen=True), 5 * ONE)
    panes = second_screen.beside(filled(ws, 5 * ONE)).panes
    assert panes
    assert all(pane.image is not None for pane in panes)


# -- what must not be lost --------------------------------------------------------------------


def rested(ws: Workspace, uid: str) -> HungView:
    """Return a view after its pixels were given back."""
    return next(v for v in resident.within(ws, 0).views if v.mammogram.sop_instance_uid == uid)


def far_away(ws: Workspace) -> tuple[Workspace, str]:
    """Return the state with the last view decoded, from the first step, and its uid."""
    uid = ws.hanging.steps[-1].places[0].images[0]
    return ws, uid


def test_where_an_image_lies_stays_known() -> None:
    ws, uid = far_away(hung(study(20), budget=99 * ONE))
    before = next(v for v in ws.views if v.mammogram.sop_instance_uid == uid)
    after = rested(ws, uid)
    assert before.image is not None
    assert after.image is None
    assert after.known is not None
    assert after.known.shape == (ROWS, COLS)
    assert after.known.pose == before.image.pose
    assert after.known.breast is before.image.breast
    assert np.array_equal(after.known.small, before.image.small)


def test_the_nipple_of_an_image_at_rest_is_where_it_was() -> None:
    ws = hung(study(20), budget=99 * ONE)
    views = tuple(replace(view, image=breast(Slot.RCC)) for view in ws.views)
    ws, uid = far_away(replace(ws, views=views))
    before = next(v for v in ws.views if v.mammogram.sop_instance_uid == uid)
    assert nipple_of(ws.marks, before) is not None
    assert nipple_of(ws.marks, rested(ws, uid)) == nipple_of(ws.marks, before)


def test_a_volume_at_rest_holds_no_slice() -> None:
    frames = FrameStack(count=9)
    ws, uid = far_away(hung(study(20, frames=frames), budget=99 * ONE))
    known = rested(ws, uid).resting
    assert known is not None
    assert known.small.base is None


def test_what_was_seen_of_a_view_stays() -> None:
    ws, uid = far_away(hung(study(20), budget=99 * ONE))
    whole = ImageBox(col0=0.0, row0=0.0, col1=float(COLS), row1=float(ROWS))
    ws = coverage.saw(ws, [Glimpse(uid=uid, visible=whole)])
    found = coverage.of_view(ws, rested(ws, uid))
    assert found is not None
    assert found.share == 1.0


def test_a_view_decoded_again_lies_as_it_did() -> None:
    ws, uid = far_away(hung(study(20), budget=99 * ONE))
    ws = resident.within(ws, 0)
    before = next(v for v in ws.views if v.mammogram.sop_instance_uid == uid)
    view, again = decoded(before.mammogram)
    other = replace(again, pose=replace(again.pose, rotate_degrees=180, source="another"))
    ws = commands.view_loaded(ws, replace(view, warnings=("anew",)), other)
    after = next(v for v in ws.views if v.mammogram.sop_instance_uid == uid)
    assert after.mammogram is before.mammogram
    assert after.image is not None
    assert before.resting is not None
    assert after.image.pose is before.resting.pose


def test_a_standard_view_at_rest_is_no_missing_view() -> None:
    ws = hung(study(20), budget=99 * ONE)
    views = tuple(
        replace(view, image=None, pixels=Pixels.RESTING, resting=rested(ws, "1.2.9.19").resting)
        for view in ws.views
    )
    assert missing(replace(ws, views=views)) == ()


# -- any study, any walk ----------------------------------------------------------------------

SIZES = st.lists(st.integers(1, 6), min_size=0, max_size=14)
WALK = st.lists(st.sampled_from(["next", "back", "image", "last", "first"]), max_size=8)


def walked(ws: Workspace, way: str) -> Workspace:
    ends = {"last": -1, "first": 0}
    if way in ends:
        return steps.go_to(ws, ws.hanging.steps[ends[way]].id)
    go = {"next": steps.next_step, "back": steps.previous_step, "image": steps.next_image}[way]
    return go(ws)


@settings(max_examples=60, deadline=None)
@given(extra=SIZES, twice=st.integers(0, 5), walk=WALK, room=st.integers(0, 30))
def test_any_walk_through_any_study(
    extra: list[int], twice: int, walk: list[str], room: int
) -> None:
    budget = room * ONE
    more = [
        mammogram(None, uid=f"1.2.9.{at}", acquired=f"13{at:04d}", rows=ROWS * size, cols=COLS)
        for at, size in enumerate(extra)
    ]
    same = [mammogram(Slot.RCC, uid=f"1.2.8.{at}", rows=ROWS, cols=COLS) for at in range(twice)]
    own = [mammogram(slot, rows=ROWS, cols=COLS) for slot in Slot]
    ws = hung(exam(views=[*own, *same, *more]), budget=budget)
    seen: set[str] = set()
    for way in walk:
        ws = resident.within(walked(ws, way), budget)
        assert resident.within(ws, budget) is ws, "asked twice, it changes its mind"
        on_screen = {pane.mammogram.sop_instance_uid for pane in ws.panes if pane.mammogram}
        at = ws.hanging.at
        near = {
            h.images[h.shown]
            for s in ws.hanging.steps[max(0, at - 1) : at + 2]
            for h in s.places
            if h.images
        }
        standard = {f"1.2.3.{slot}" for slot in Slot} | {f"1.2.8.{n}" for n in range(twice)}
        by_uid = {view.mammogram.sop_instance_uid: view for view in ws.views}
        needed = near | on_screen
        assert not [uid for uid in needed if by_uid[uid].rests]
        others = [v for uid, v in by_uid.items() if uid not in needed | standard]
        held = sum(map(resident.held_bytes, ws.views))
        assert held <= budget or not any(map(resident.held_bytes, others))
        ws = filled(ws, budget)
        assert all(pane.image is not None for pane in ws.panes if pane.mammogram)
        assert seen <= uids([view for view in ws.views if view.known is not None])
        seen |= there(ws)


# -- the desk ---------------------------------------------------------------------------------


class Decoder:
    """Stands in for decoding; counts, and can be held or broken."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.gate = threading.Event()
        self.gate.set()
        self.turns: threading.Semaphore | None = None
        self.broken: set[str] = set()

    def __call__(self, view: Mammogram) -> tuple[Mammogram, LoadedImage]:
        self.gate.wait(10)
        if self.turns is not None:
            self.turns.acquire(timeout=10)
        self.asked[view.sop_instance_uid] += 1
        if view.sop_instance_uid in self.broken:
            raise DicomError("no such file", expected="it", todo="look")
        return decoded(view)


@pytest.fixture
def decoder(monkeypatch: pytest.MonkeyPatch) -> Decoder:
    found = Decoder()
    monkeypatch.setattr(resolve, "load_image", found)
    monkeypatch.setattr(resident, "within", partial(resident.within, budget_bytes=8 * ONE))
    return found


@pytest.fixture
def post() -> Iterator[tuple[ReadingDesk, Mailbox]]:
    mailbox = Mailbox()
    desk = ReadingDesk(deliver=mailbox.post, analyst=QuickAnalyst())
    yield desk, mailbox
    desk.shutdown()


def test_the_desk_decodes_on_demand_and_gives_back(
    decoder: Decoder, post: tuple[ReadingDesk, Mailbox]
) -> None:
    desk, mailbox = post
    desk.open_index(index(study(20)))
    mailbox.run_until(lambda: desk.at_rest and desk.workspace.prediction is not None)
    assert decoder.asked.total() == 8
    first = next(v for v in desk.workspace.views if v.mammogram.sop_instance_uid == "1.2.9.0")
    gone = weakref.ref(first.image)
    del first
    for step in desk.workspace.hanging.steps:
        desk.do(steps.go_to, step.id)
        mailbox.run_until(lambda: desk.at_rest)
        assert all(pane.image for pane in desk.workspace.panes)
        assert bytes_of(desk.workspace) <= 8 * ONE
    assert set(decoder.asked) == uids(list(desk.workspace.views))
    assert decoder.asked.total() <= 24 + 4, "views are decoded again and again"
    assert gone() is None, "somebody keeps the pixels"


def test_memory_of_pixels_given_back_goes_to_the_system_in_a_worker(
    decoder: Decoder, post: tuple[ReadingDesk, Mailbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    monkeypatch.setattr(
        memory, "give_back", lambda: threads.append(threading.current_thread().name)
    )
    desk, mailbox = post
    desk.open_index(index(study(20)))
    mailbox.run_until(lambda: any("pixels" in name for name in threads))
    threads.clear()
    desk.do(steps.go_to, desk.workspace.hanging.steps[-1].id)
    mailbox.run_until(lambda: any("pixels" in name for name in threads))
    assert not [name for name in threads if name == threading.main_thread().name]


def test_steps_rushed_through_are_not_all_decoded(
    decoder: Decoder, post: tuple[ReadingDesk, Mailbox]
) -> None:
    desk, mailbox = post
    desk.open_index(index(study(60)))
    mailbox.run_until(lambda: desk.at_rest)
    decoder.gate.clear()
    ids = [step.id for step in desk.workspace.hanging.steps]
    for step in ids[-1:14:-4]:
        desk.do(steps.go_to, step)
    desk.do(steps.go_to, ids[0])
    before = decoder.asked.total()
    decoder.gate.set()
    mailbox.run_until(lambda: desk.at_rest)
    assert decoder.asked.total() <= before + 8, "no more than there is room for, of 39 shown"
    assert not any(view.waits for view in desk.workspace.views)


def test_a_jump_far_away_is_decoded_before_what_was_asked_for_on_the_way(
    decoder: Decoder, post: tuple[ReadingDesk, Mailbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With room for all, all of them wait: hundreds of small images."""
    monkeypatch.setattr(resident, "within", partial(resident.within, budget_bytes=999 * ONE))
    desk, mailbox = post
    decoder.gate.clear()
    desk.open_index(index(study(200)))
    far = desk.workspace.hanging.steps[-3]
    desk.do(steps.go_to, far.id)
    decoder.gate.set()
    mailbox.run_until(lambda: all(pane.image for pane in desk.workspace.panes))
    assert far.places[0].images[0] in list(decoder.asked)[:3], "two were under way"
    mailbox.run_until(lambda: desk.at_rest)
    order = list(decoder.asked)
    following = desk.workspace.hanging.steps[-2].places[0].images[0]
    assert following in order[:4], "the next step comes next"


def test_other_files_are_looked_through_before_what_still_waits(
    decoder: Decoder, post: tuple[ReadingDesk, Mailbox], tmp_path: Path
) -> None:
    desk, mailbox = post
    decoder.turns = threading.Semaphore(0)
    desk.open_index(index(study(20)))
    desk.open_paths([tmp_path])
    decoder.turns.release(2)  # what two workers were at
    try:
        mailbox.run_until(lambda: not desk.workspace.index.examinations)
    finally:
        decoder.turns.release(99)


def test_a_file_that_is_gone_for_a_while_is_tried_again(
    decoder: Decoder, post: tuple[ReadingDesk, Mailbox]
) -> None:
    desk, mailbox = post
    desk.open_index(index(study(20)))
    mailbox.run_until(lambda: desk.at_rest)
    first, *others, last = (step.id for step in desk.workspace.hanging.steps)
    uid = desk.workspace.hanging.steps[-1].places[0].images[0]
    for step in (last, *others[:-4]):
        desk.do(steps.go_to, step)
        mailbox.run_until(lambda: desk.at_rest)
    decoder.broken = {uid}
    desk.do(steps.go_to, last)
    mailbox.run_until(lambda: desk.at_rest)
    assert "no such file" in desk.workspace.panes[0].message
    desk.do(steps.go_to, first)
    decoder.broken = set()
    desk.do(steps.go_to, last)
    mailbox.run_until(lambda: desk.at_rest)
    assert desk.workspace.panes[0].image is not None
