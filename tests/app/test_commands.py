"""Commands are pure: a new state, the old one untouched."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mammoview.app import analysis, commands
from mammoview.app.workspace import FitMode, OverlayMode, WindowChange, Workspace
from mammoview.domain.views import Slot
from tests.builders.desk import SUMMARY, exam, image, index, mammogram


def hung() -> Workspace:
    ws = commands.with_index(commands.empty(), index(exam("a"), exam("b"), refused=("x.txt",)))
    return commands.select_exam(ws, "a")


def test_index_then_exam_hangs_four_panes_without_pixels() -> None:
    ws = hung()
    assert [pane.slot for pane in ws.panes] == list(Slot)
    assert all(pane.image is None and pane.message == "decoding…" for pane in ws.panes)
    assert "2 examinations" in ws.status
    assert "1 file refused" in ws.status
    assert commands.loading(ws)


def test_pixels_arrive_one_by_one() -> None:
    ws = hung()
    for slot in Slot:
        assert commands.loading(ws)
        ws = commands.view_loaded(ws, mammogram(slot), image())
    assert not commands.loading(ws)
    assert all(pane.image is not None and pane.message == "" for pane in ws.panes)


def test_failed_pane_says_why_and_ends_the_wait() -> None:
    ws = hung()
    for slot in Slot:
        ws = commands.view_failed(ws, mammogram(slot), "cannot be decoded")
    assert not commands.loading(ws)
    messages = {pane.message for pane in ws.panes}
    assert messages == {f"{slot.label}: cannot be decoded" for slot in Slot}


def test_pose_from_the_pixels_is_a_badge() -> None:
    picture = image()
    picture = replace(picture, pose=replace(picture.pose, source="chest wall found in the image"))
    view = replace(mammogram(Slot.RCC), warnings=("chest wall found in the image",))
    ws = commands.view_loaded(hung(), view, picture)
    assert "chest wall found in the image" in ws.panes[0].notes


def test_exams_step_and_stop_at_the_ends() -> None:
    ws = hung()
    assert commands.neighbour(ws, 1) == "b"
    assert commands.neighbour(ws, -1) is None
    assert commands.select_exam(ws, "unknown") is ws


@pytest.mark.parametrize(
    ("toggles", "mode"),
    [
        ("h", OverlayMode.HEATMAP),
        ("m", OverlayMode.MARKS),
        ("hm", OverlayMode.BOTH),
        ("hmh", OverlayMode.MARKS),
        ("hmhm", OverlayMode.OFF),
        ("c", OverlayMode.HEATMAP),
        ("cc", OverlayMode.MARKS),
        ("ccc", OverlayMode.BOTH),
        ("cccc", OverlayMode.OFF),
    ],
)
def test_overlay_toggles(toggles: str, mode: OverlayMode) -> None:
    verbs = {
        "h": commands.toggle_heatmap,
        "m": commands.toggle_marks,
        "c": commands.cycle_overlay,
    }
    ws = commands.empty()
    for letter in toggles:
        ws = verbs[letter](ws)
    assert ws.overlay.mode is mode


def test_peek_opacity_floor_and_kinds() -> None:
    ws = analysis.model_opened(commands.empty(), SUMMARY)
    assert ws.overlay.kinds == ("mass",)
    assert commands.peek(ws, True).overlay.peeking
    assert commands.change_opacity(ws, 5.0).overlay.opacity == 1.0
    assert commands.change_opacity(ws, -5.0).overlay.opacity == 0.0
    assert commands.set_heat_floor(ws, 0.25).overlay.heat_floor == 0.25
    off = commands.toggle_kind(ws, "mass")
    assert off.overlay.kinds == ()
    assert commands.toggle_kind(off, "mass").overlay.kinds == ("mass",)


def test_voi_goes_round_by_name_and_a_dragged_window_gives_way() -> None:
    ws = commands.change_window(hung(), WindowChange(width=2.0, darker=0.5))
    ws = commands.cycle_voi(ws)
    assert (ws.gray.change, ws.gray.voi_explanation) == (None, "NORMAL")
    ws = commands.cycle_voi(ws)
    assert ws.gray.voi_explanation == "SOFTER"
    assert commands.cycle_voi(ws).gray.voi_explanation is None
    assert commands.cycle_voi(ws, -1).gray.voi_explanation == "NORMAL"
    assert commands.cycle_voi(hung(), -1).gray.voi_explanation == "SOFTER"


def test_images_without_named_voi_say_so() -> None:
    views = [mammogram(slot, names=()) for slot in Slot]
    ws = commands.with_index(commands.empty(), index(exam("a", views)))
    ws = commands.cycle_voi(commands.select_exam(ws, "a"))
    assert ws.gray.voi_explanation is None
    assert "no VOI" in ws.status or "name no VOI" in ws.status


def test_fit_can_be_asked_for_twice_and_reset_brings_all_back() -> None:
    ws = hung()
    first = commands.fit(ws, FitMode.IMAGE)
    again = commands.fit(first, FitMode.IMAGE)
    assert first.fit is again.fit is FitMode.IMAGE
    assert again.fit_request == first.fit_request + 1
    back = commands.reset(commands.invert(again))
    assert (back.fit, back.gray.invert) == (FitMode.BREAST, False)


def test_next_exam_starts_with_its_own_grey_values_and_keeps_the_overlay() -> None:
    ws = commands.toggle_heatmap(commands.invert(hung()))
    other = commands.select_exam(ws, "b")
    assert not other.gray.invert
    assert other.overlay.mode is OverlayMode.HEATMAP
    assert other.prediction is None
