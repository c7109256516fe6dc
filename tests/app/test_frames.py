"""Scrolling through volumes: linked, bounded in memory, and never past a frame that failed."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mammoview.app import commands, frames, protocol, second_screen, steps
from mammoview.app.pixels.frame_loader import FrameLoader
from mammoview.app.pixels.stack_frames import StackFrames
from mammoview.app.reading import ReadingDesk
from mammoview.app.workspace import Pane, Workspace
from mammoview.dicom.index import index_paths
from mammoview.domain.study import FrameStack, ImageKind, Mammogram
from mammoview.domain.views import Slot
from tests.builders.desk import Mailbox, exam, image, index, mammogram
from tests.builders.dicom import JPEG_LS, build_mg
from tests.builders.tomo import build_tomo, build_tomo_exam, number_in


def volume(slot: Slot, count: int, **changes: Any) -> Mammogram:
    return mammogram(
        None,
        uid=f"volume.{slot}",
        laterality=mammogram(slot).laterality,
        view=mammogram(slot).view,
        volume_slot=slot,
        kind=ImageKind.VOLUME,
        frames=FrameStack(count=count, heights_mm=tuple(map(float, range(count)))),
        **changes,
    )


def tomo(*volumes: Mammogram) -> Workspace:
    """Return a state at the step of the CC volumes, their middle slices there."""
    views = volumes or (volume(Slot.RCC, 61), volume(Slot.LCC, 31))
    ws = commands.with_index(commands.empty(), index(exam(views=views)))
    ws = steps.go_to(commands.select_exam(ws, "exam-1"), "tomo-cc")
    return loaded(ws)


def loaded(ws: Workspace) -> Workspace:
    """Return the state once all that is waited for has come."""
    for view in frames.waiting(ws):
        ws = commands.view_loaded(ws, view.mammogram, replace(image(), frame=view.frame))
    return ws


def wanted(ws: Workspace) -> list[int | None]:
    return [pane.frame for pane in ws.panes]


def pane(ws: Workspace, key: str) -> Pane:
    return next(pane for pane in ws.panes if pane.key == key)


# -- commands ---------------------------------------------------------------------------------


def test_volumes_start_in_the_middle_and_say_where() -> None:
    ws = tomo()
    assert wanted(ws) == [31, 16]
    assert pane(ws, "RCC TOMO").notes == ("slice 31 of 61, 30 mm",)


def test_both_sides_scroll_by_relative_height() -> None:
    ws = frames.scroll(tomo(), "RCC TOMO", 10)
    assert wanted(ws) == [41, 21]
    ws = frames.scroll(ws, "LCC TOMO", -20)
    assert wanted(ws) == [1, 1]
    assert wanted(frames.scroll_to(ws, "RCC TOMO", 99)) == [61, 31]
    assert wanted(frames.scroll(ws, "LCC TOMO", -1)) == [1, 1]


def test_another_view_is_not_moved_along() -> None:
    both = tomo(volume(Slot.RCC, 61), volume(Slot.RMLO, 61))
    both = loaded(steps.use_protocol(both, protocol.shipped("four-up")))
    assert len(frames.volumes(both)) == 2
    ws = frames.scroll(both, "RCC TOMO", 3)
    assert [view.frame for view in ws.views] == [34, 31]


def test_volumes_on_the_second_screen_scroll_there() -> None:
    ws = tomo(volume(Slot.RCC, 61), volume(Slot.RMLO, 61))
    assert len(frames.volumes(ws)) == 1
    ws = loaded(second_screen.toggle(ws))
    assert [pane.key for pane in frames.volumes(ws)] == ["RCC TOMO", "RMLO TOMO"]
    ws = frames.scroll(ws, "RMLO TOMO", 7)
    assert [view.frame for view in ws.views] == [31, 38]
    assert [view.frame for view in frames.waiting(ws)] == [38]


def test_keys_move_the_volume_pointed_at() -> None:
    ws = commands.activate(tomo(), "LCC TOMO")
    assert wanted(frames.next_frame(ws)) == [33, 17]
    assert wanted(frames.previous_frame(tomo())) == [30, 16]  # none: the first


def test_a_step_without_volumes_says_so() -> None:
    ws = commands.select_exam(commands.with_index(commands.empty(), index()), "exam-1")
    for command in (frames.next_frame, frames.previous_frame, frames.toggle_cine):
        said = command(ws)
        assert said.status == frames.no_volume()
        assert said.views is ws.views
        assert not said.cine
    assert frames.scroll_to(ws, "RCC", 3) is ws


def test_the_badge_tells_of_the_pixels_on_the_screen_not_of_the_wish() -> None:
    ws = frames.scroll(tomo(), "RCC TOMO", 1)
    assert pane(ws, "RCC TOMO").notes == ("slice 31 of 61, 30 mm", "slice 32: decoding…")
    assert pane(loaded(ws), "RCC TOMO").notes == ("slice 32 of 61, 31 mm",)


def test_cine_runs_round_and_waits_for_what_is_decoded() -> None:
    ws = frames.toggle_cine(tomo())
    ws = frames.cine_tick(ws)
    assert wanted(ws) == [32, 17]
    assert frames.cine_tick(ws) is ws
    last = loaded(frames.scroll_to(loaded(ws), "RCC TOMO", 61))
    assert wanted(frames.cine_tick(last)) == [1, 1]
    assert not frames.toggle_cine(last).cine


def test_cine_ends_with_the_step_and_with_the_examination() -> None:
    ws = frames.toggle_cine(tomo(volume(Slot.RCC, 9), mammogram(Slot.RCC)))
    assert not steps.previous_step(ws).cine
    assert not commands.select_exam(ws, "exam-1").cine
    assert not frames.cine_tick(replace(ws, panes=())).cine


# -- hanging ----------------------------------------------------------------------------------


def hung(*views: Mammogram) -> Workspace:
    ws = commands.with_index(commands.empty(), index(exam(views=views)))
    return commands.select_exam(ws, "exam-1")


def test_volumes_hang_in_steps_of_their_own_after_the_2d_pairs() -> None:
    ws = hung(*exam().mammograms, volume(Slot.RCC, 5))
    ids = [step.id for step in ws.hanging.steps]
    assert ids[:5] == ["overview", "cc-pair", "mlo-pair", "tomo-cc", "four-up"]
    ws = steps.go_to(ws, "tomo-cc")
    assert [pane.key for pane in ws.panes] == ["RCC TOMO", "LCC TOMO"]
    assert ws.panes[0].notes == ("slice 3 of 5",)
    assert ws.panes[1].message == "L CC tomosynthesis not found"


def test_a_missing_2d_view_says_that_its_volume_is_there() -> None:
    ws = steps.go_to(hung(mammogram(Slot.LCC), volume(Slot.RCC, 5)), "cc-pair")
    assert ws.panes[0].message == "R CC not found; its tomosynthesis hangs in another step"


def test_a_synthetic_view_says_so_and_without_a_slot_hangs_apart() -> None:
    alone = replace(mammogram(Slot.RCC), kind=ImageKind.SYNTHETIC)
    assert hung(alone).panes[0].notes == ("synthetic 2D",)
    apart = replace(alone, slot=None, sop_instance_uid="apart")
    ws = hung(*exam().mammograms, apart)
    assert ws.hanging.steps[-1].title == "Synthetic 2D: R CC"


# -- store ------------------------------------------------------------------------------------


def test_the_store_keeps_what_was_wanted_last_within_its_bytes(tmp_path: Path) -> None:
    (view,) = index_paths([build_tomo(tmp_path / "v", frames=60)]).examinations[0].mammograms
    one = view.rows * view.cols * 2
    store = StackFrames(kept_bytes=10 * one)
    seen = []
    for frame in range(1, 61):
        _, loaded = store.load(view, frame)
        assert number_in(loaded.stored) == frame
        seen.append(weakref.ref(loaded.stored))
        assert store.bytes_kept <= 10 * one
        del loaded
    gc.collect()
    assert sum(ref() is not None for ref in seen) == 10
    assert [frame for frame in range(1, 61) if store.find(view.sop_instance_uid, frame)] == list(
        range(51, 61)
    )
    store.clear()
    assert store.bytes_kept == 0


def test_all_frames_lie_alike(tmp_path: Path) -> None:
    elements = {"PatientOrientation": None}
    path = build_tomo(tmp_path / "v", frames=5, elements=elements)
    (view,) = index_paths([path]).examinations[0].mammograms
    assert view.pose is None
    store = StackFrames()
    first, one = store.load(view, 3)
    second, other = store.load(view, 5)
    assert first is second
    assert first.pose is one.pose is other.pose
    assert one.breast is other.breast


def test_a_frame_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (view,) = index_paths([build_tomo(tmp_path / "v")]).examinations[0].mammograms
    store = StackFrames()
    _, first = store.load(view, 2)
    monkeypatch.setattr("mammoview.dicom.frames.read_frame", None)
    assert store.load(view, 2)[1] is first


# -- loader -----------------------------------------------------------------------------------


def opened(desk: ReadingDesk, mailbox: Mailbox, folder: Path) -> None:
    desk.open_index(index_paths([folder]))
    desk.do(steps.go_to, "tomo-cc")
    mailbox.run_until(lambda: all(view.image for view in desk.workspace.views))


def on_screen(desk: ReadingDesk) -> list[int]:
    return [number_in(pane.image.stored) for pane in desk.workspace.panes if pane.image]


def test_scrolling_brings_the_pixels_of_both_sides(
    desk: ReadingDesk, mailbox: Mailbox, tmp_path: Path
) -> None:
    build_tomo_exam(tmp_path, transfer_syntax=JPEG_LS)
    opened(desk, mailbox, tmp_path)
    assert on_screen(desk) == [5, 9]
    for by, expected in ((1, [6, 11]), (3, [9, 17]), (-8, [1, 1])):
        desk.do(frames.scroll, "RCC TOMO", by)
        mailbox.run_until(lambda: not frames.waiting(desk.workspace))
        assert on_screen(desk) == expected
        assert wanted(desk.workspace) == expected


def test_neighbours_are_there_before_they_are_asked_for(
    desk: ReadingDesk, mailbox: Mailbox, tmp_path: Path
) -> None:
    build_tomo_exam(tmp_path)
    opened(desk, mailbox, tmp_path)
    store = desk._frames._store
    uid = desk.workspace.panes[0].mammogram.sop_instance_uid  # type: ignore[union-attr]
    mailbox.run_until(lambda: store.find(uid, 6) is not None and store.find(uid, 4) is not None)
    mailbox.run_posted()
    desk.do(frames.scroll, "RCC TOMO", -1)
    assert on_screen(desk)[0] == 4, "at once, without a worker"


def test_a_damaged_frame_says_so_and_the_next_one_is_shown(
    desk: ReadingDesk, mailbox: Mailbox, tmp_path: Path
) -> None:
    path = build_tomo(tmp_path / "v", frames=9, transfer_syntax=JPEG_LS)
    from mammoview.dicom.frames import open_frames

    (view,) = index_paths([path]).examinations[0].mammograms
    ((offset, length),) = open_frames(view).spans[5]
    with path.open("r+b") as stream:
        stream.seek(offset)
        stream.write(bytes(length))
    opened(desk, mailbox, tmp_path)
    desk.do(frames.next_frame)
    mailbox.run_until(lambda: not frames.waiting(desk.workspace))
    shown = desk.workspace.panes[0]
    assert shown.image is None
    assert "frame 6 of 9" in shown.message
    assert shown.notes == ("slice 6 of 9",)
    desk.do(frames.next_frame)
    mailbox.run_until(lambda: not frames.waiting(desk.workspace))
    assert on_screen(desk) == [7]


def test_a_failure_of_a_frame_left_behind_is_not_shown(
    desk: ReadingDesk, mailbox: Mailbox, tmp_path: Path
) -> None:
    """The reader has gone on: the frame wanted now is decoded instead."""
    build_tomo(tmp_path / "v", frames=9)
    opened(desk, mailbox, tmp_path)
    loader: FrameLoader = desk._frames
    (view,) = frames.shown(desk.workspace)
    desk.do(frames.scroll, "", 4)
    from mammoview.errors import DicomError

    loader._failed(view, DicomError("frame 5", expected="x", todo="y"))
    mailbox.run_until(lambda: not frames.waiting(desk.workspace))
    assert on_screen(desk) == [9]


def test_a_volume_whose_decoding_was_cancelled_goes_on_when_the_reader_scrolls(
    desk: ReadingDesk, mailbox: Mailbox, tmp_path: Path
) -> None:
    build_tomo(tmp_path / "v", frames=9)
    desk.open_index(index_paths([tmp_path]))
    desk.cancel_decoding()
    cancelled = desk.workspace.panes[0]
    assert "cancelled" in cancelled.message
    desk.do(frames.next_frame)
    mailbox.run_until(lambda: not frames.waiting(desk.workspace))
    assert on_screen(desk) == [6]


def test_the_next_examination_is_decoded_once_the_volumes_are_here(
    desk: ReadingDesk, mailbox: Mailbox, tmp_path: Path
) -> None:
    build_tomo(tmp_path / "v", frames=9)
    build_mg(tmp_path / "next", study="2")
    desk.open_index(index_paths([tmp_path / "v", tmp_path / "next"]))
    mailbox.run_until(lambda: desk.at_rest)
    (coming,) = desk.workspace.index.examinations[1].mammograms
    assert desk._ahead.cache.lacks([coming]) == ()


def test_another_examination_lets_the_frames_go(
    desk: ReadingDesk, mailbox: Mailbox, tmp_path: Path
) -> None:
    build_tomo(tmp_path / "v", frames=9)
    opened(desk, mailbox, tmp_path)
    assert desk._frames._store.bytes_kept > 0
    held = weakref.ref(desk.workspace.panes[0].image.stored)  # type: ignore[union-attr]
    desk.open_index(index())
    gc.collect()
    assert held() is None
