"""Panes are moved together by the same millimetres from the chest wall, or one alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt

from mammoview.app.workspace import FitMode, Pane, Workspace
from mammoview.domain.geometry import ImagePoint, PixelSpacing
from mammoview.domain.views import Place, Slot
from mammoview.ui.viewport.four_view import FourView
from mammoview.ui.viewport.pane_view import PaneView
from tests.ui.viewport import scene
from tests.ui.viewport.conftest import Mouse

Grab = Callable[[FourView], NDArray[np.int32]]
LEFT = Qt.MouseButton.LeftButton
_IN_RCC = QPointF(300.0, 150.0)


def four(**changes: Any) -> Workspace:
    """Return views of two detectors: the right ones at 0.1 mm, the left ones at 0.05 mm."""
    coarse, fine = scene.image(scene.bright()), scene.image(scene.bright(1840, 1200))
    panes = [
        scene.pane(slot, loaded, spacing=scene.spacing(mm))
        for slot in Slot
        for loaded, mm in [(coarse, 0.1) if slot.laterality == "R" else (fine, 0.05)]
    ]
    return scene.workspace(*panes, **changes)


def place_mm(pane: PaneView) -> tuple[float, float, float]:
    """Return the scale, the mm cut off at the wall, and the mm row in the middle of the pane."""
    placed = pane.placement
    assert placed is not None
    return placed.scale, placed.wall, placed.mid_row


def moved_mm(view: FourView, act: Callable[[], None]) -> dict[str, tuple[float, float]]:
    """Return how far each image moved into its wall and up, mm."""
    there = [pane for pane in view.panes() if pane.placement is not None]
    before = {pane.pane.key: place_mm(pane) for pane in there}
    act()
    after = {pane.pane.key: place_mm(pane) for pane in there}
    return {key: (after[key][1] - before[key][1], after[key][2] - before[key][2]) for key in before}


def drag(mouse: Mouse, way: QPointF) -> Callable[[], None]:
    return lambda: mouse.drag(_IN_RCC, way, LEFT)


@pytest.mark.parametrize("button", [LEFT, Qt.MouseButton.MiddleButton])
def test_a_drag_moves_both_breasts_by_the_same_mm_mirrored(
    view: FourView, mouse: Mouse, button: Qt.MouseButton
) -> None:
    view.render(None, four())
    mouse.wheel(_IN_RCC, 4)
    point = view.pane(Slot.RCC).to_image(_IN_RCC)
    scale = place_mm(view.pane(Slot.RCC))[0]
    moved = moved_mm(view, lambda: mouse.drag(_IN_RCC, QPointF(-20.0, 30.0), button))
    assert point is not None
    at = view.pane(Slot.RCC).to_screen(point)
    assert (at.x(), at.y()) == pytest.approx((280.0, 180.0)), "it goes with the hand"
    way = pytest.approx((-20.0 / scale, -30.0 / scale))
    assert moved["RCC"] == moved["LCC"] == way


def test_a_left_breast_goes_with_the_hand_and_the_right_one_mirrored(
    view: FourView, mouse: Mouse
) -> None:
    view.render(None, four())
    mouse.wheel(_IN_RCC, 4)
    at = QPointF(500.0, 150.0)
    point = view.pane(Slot.LCC).to_image(at)
    other = view.pane(Slot.RCC).to_image(_IN_RCC)
    mouse.drag(at, QPointF(-20.0, 30.0), LEFT)
    assert point is not None
    assert other is not None
    there = view.pane(Slot.LCC).to_screen(point)
    assert (there.x(), there.y()) == pytest.approx((480.0, 180.0))
    mirrored = view.pane(Slot.RCC).to_screen(other)
    assert (mirrored.x(), mirrored.y()) == pytest.approx((320.0, 180.0))


def test_the_other_projection_shares_the_depth_alone(view: FourView, mouse: Mouse) -> None:
    view.render(None, four())
    mouse.wheel(_IN_RCC, 4)
    moved = moved_mm(view, drag(mouse, QPointF(-20.0, 30.0)))
    assert moved["RMLO"] == moved["LMLO"] == pytest.approx((moved["RCC"][0], 0.0))


def test_a_single_pane_moves_alone_and_the_sizes_stay_the_same(
    view: FourView, mouse: Mouse
) -> None:
    view.render(None, four(linked=False))
    mouse.wheel(_IN_RCC, 4)
    moved = moved_mm(view, drag(mouse, QPointF(-20.0, 30.0)))
    assert moved["RCC"] != (0.0, 0.0)
    assert {moved[key] for key in ("LCC", "RMLO", "LMLO")} == {(0.0, 0.0)}
    mouse.wheel(_IN_RCC, 2)
    assert len({round(place_mm(pane)[0], 9) for pane in view.panes()}) == 1


def test_two_breasts_keep_together_beyond_the_end_of_the_smaller_one(
    view: FourView, mouse: Mouse
) -> None:
    small = scene.pane(Slot.LCC, scene.image(scene.bright(300, 200)), spacing=scene.spacing(0.1))
    large = scene.pane(Slot.RCC, scene.image(scene.bright()), spacing=scene.spacing(0.1))
    view.render(None, scene.workspace(large, small))
    mouse.wheel(_IN_RCC, 8)
    there = moved_mm(view, lambda: mouse.drag(_IN_RCC, QPointF(0.0, -2500.0), LEFT))
    assert there["LCC"] == pytest.approx(there["RCC"])
    assert there["RCC"][1] > 30.0
    mouse.drag(QPointF(500.0, 150.0), QPointF(0.0, 40.0), LEFT)
    back = moved_mm(view, drag(mouse, QPointF(0.0, 2400.0)))
    assert back["LCC"] == pytest.approx(back["RCC"])


def test_a_prior_of_another_detector_goes_along(view: FourView, mouse: Mouse) -> None:
    now = scene.pane(Slot.RCC, scene.image(scene.bright()), spacing=scene.spacing(0.1))
    then = scene.pane(Slot.RCC, scene.image(scene.bright(1840, 1200)), spacing=scene.spacing(0.05))
    then = replace(then, place=Place(slot=Slot.RCC, prior=True))
    other = scene.mammogram(Slot.RCC, (1840, 1200), spacing=scene.spacing(0.05))
    then = replace(then, mammogram=replace(other, sop_instance_uid="2.25.99"))
    view.render(None, replace(scene.workspace(), panes=(now, then)))
    mouse.wheel(_IN_RCC, 4)
    moved = moved_mm(view, drag(mouse, QPointF(-20.0, 30.0)))
    assert moved["RCC prior"] == pytest.approx(moved["RCC"])


@pytest.mark.parametrize("fit", list(FitMode))
def test_a_millimetre_is_the_same_on_the_screen_in_every_pane(view: FourView, fit: FitMode) -> None:
    view.render(None, four(fit=fit))
    ends = {
        pane.pane.key: (mm_point(pane, 10.0, 20.0), mm_point(pane, 30.0, 50.0))
        for pane in view.panes()
    }
    sizes = {(round(abs(b[0] - a[0]), 6), round(b[1] - a[1], 6)) for a, b in ends.values()}
    assert len(sizes) == 1
    (size,) = sizes
    assert size[0] * 30.0 == pytest.approx(size[1] * 20.0)


def mm_point(pane: PaneView, across: float, down: float) -> tuple[float, float]:
    """Return where a point of the image, mm from its corner, lies on the screen."""
    assert pane.pane.mammogram is not None
    spacing = pane.pane.mammogram.spacing
    assert spacing is not None
    at = pane.to_screen(ImagePoint(col=across / spacing.col_mm, row=down / spacing.row_mm))
    return at.x(), at.y()


def oblong(row_mm: float, col_mm: float) -> Pane:
    spacing = PixelSpacing(row_mm=row_mm, col_mm=col_mm, source="test")
    return scene.pane(Slot.RCC, scene.image(scene.bright()), spacing=spacing)


@pytest.mark.parametrize(("row_mm", "col_mm"), [(0.1, 0.05), (0.05, 0.1)])
def test_oblong_pixels_are_drawn_in_their_aspect_and_none_is_lost_at_1_to_1(
    view: FourView, row_mm: float, col_mm: float
) -> None:
    view.render(None, scene.workspace(oblong(row_mm, col_mm), fit=FitMode.ONE_TO_ONE))
    pane = view.pane(Slot.RCC)
    first = pane.to_screen(ImagePoint(col=100.0, row=100.0))
    last = pane.to_screen(ImagePoint(col=101.0, row=101.0))
    ratio = view.devicePixelRatioF()
    sides = ((last.x() - first.x()) * ratio, (last.y() - first.y()) * ratio)
    assert sides == pytest.approx((col_mm / 0.05, row_mm / 0.05))
    assert pane.texts.scale.text == "20.0 px/mm (assumed) · 1:1"


def test_a_row_of_an_oblong_image_is_not_averaged_with_its_neighbours(
    view: FourView, mouse: Mouse, picture: Grab
) -> None:
    stored = scene.bright(value=0)
    stored[460, :] = 4095
    spacing = PixelSpacing(row_mm=0.1, col_mm=0.05, source="test")
    pane = scene.pane(Slot.RCC, scene.image(stored), spacing=spacing)
    view.render(None, scene.workspace(pane, fit=FitMode.ONE_TO_ONE))
    mouse.wheel(_IN_RCC, -4)  # a pixel is 0.8 rows high and 0.4 columns wide
    at = view.pane(Slot.RCC).to_screen(ImagePoint(col=500.5, row=460.5))
    rows = slice(int(at.y()) - 2, int(at.y()) + 3)
    assert picture(view)[rows, int(at.x()), 1].max() > 170


@pytest.mark.parametrize(
    ("fit", "said"),
    [
        (FitMode.ONE_TO_ONE, "20.0 px/mm (assumed) · 2:1"),
        (FitMode.BREAST, "3.2 px/mm (assumed) · 1:3.1"),
    ],
)
def test_the_pane_says_its_scale(view: FourView, fit: FitMode, said: str) -> None:
    view.render(None, four(fit=fit))
    assert view.pane(Slot.RCC).texts.scale.text.startswith(said)
    if fit is FitMode.ONE_TO_ONE:
        assert view.pane(Slot.LCC).texts.scale.text == "20.0 px/mm (assumed) · 1:1"


def test_an_image_without_mm_is_out_of_same_size_and_says_so(view: FourView, mouse: Mouse) -> None:
    known = scene.pane(Slot.RCC, scene.image(scene.bright()), spacing=scene.spacing(0.1))
    unknown = scene.pane(Slot.LCC, scene.image(scene.bright()))
    view.render(None, scene.workspace(known, unknown))
    mouse.wheel(_IN_RCC, 2)
    assert "no mm: not at the same size" in view.pane(Slot.LCC).texts.scale.text
    assert "no mm" not in view.pane(Slot.RCC).texts.scale.text
    view.render(None, scene.four())
    assert "no mm: the same size in pixels only" in view.pane(Slot.LCC).texts.scale.text
