"""Where the four views lie on the screen, to the pixel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize, Qt

from mammoview.app.workspace import FitMode
from mammoview.domain.geometry import ImagePoint, Pose
from mammoview.domain.views import Slot
from mammoview.ui.viewport.four_view import FourView
from tests.ui.viewport import scene
from tests.ui.viewport.conftest import Mouse

Grab = Callable[[FourView], NDArray[np.int32]]


def _is_gapless(shot: NDArray[np.int32], middle: int) -> bool:
    """Tell whether the pixels on both sides of the middle line are bright in each pane row."""
    rows = (shot.shape[0] // 4, shot.shape[0] * 3 // 4)
    return all(int(shot[row, middle + dx, 1]) > 200 for row in rows for dx in (-1, 0))


def test_each_view_lies_in_its_place(view: FourView, picture: Grab) -> None:
    shades = {Slot.RCC: 900, Slot.LCC: 1700, Slot.RMLO: 2500, Slot.LMLO: 3300}
    state = scene.workspace(
        *(scene.pane(s, scene.image(scene.bright(value=v))) for s, v in shades.items())
    )
    view.render(None, state)
    shot = picture(view)
    rows, cols = shot.shape[:2]
    at = {
        Slot.RCC: shot[rows // 4, cols // 2 - 40, 1],
        Slot.LCC: shot[rows // 4, cols // 2 + 40, 1],
        Slot.RMLO: shot[rows * 3 // 4, cols // 2 - 40, 1],
        Slot.LMLO: shot[rows * 3 // 4, cols // 2 + 40, 1],
    }
    assert at[Slot.RCC] < at[Slot.LCC] < at[Slot.RMLO] < at[Slot.LMLO]


@pytest.mark.parametrize("size", [QSize(801, 620), QSize(800, 601), QSize(1333, 777)])
@pytest.mark.parametrize("fit", list(FitMode))
def test_chest_walls_touch(view: FourView, picture: Grab, size: QSize, fit: FitMode) -> None:
    view.render(None, replace(scene.four(), fit=fit))
    view.resize(size)
    middle = round(size.width() / 2)
    assert _is_gapless(picture(view), middle)
    for right, left in ((Slot.RCC, Slot.LCC), (Slot.RMLO, Slot.LMLO)):
        wall_r = view.pane(right).to_screen(ImagePoint(col=600.0, row=460.0))
        wall_l = view.pane(left).to_screen(ImagePoint(col=0.0, row=460.0))
        assert wall_r.x() == pytest.approx(middle, abs=1e-6)
        assert wall_l.x() == pytest.approx(middle, abs=1e-6)


def test_chest_walls_touch_after_zoom_pan_and_resize(
    view: FourView, picture: Grab, mouse: Mouse
) -> None:
    view.render(None, scene.four())
    mouse.wheel(QPointF(330.0, 150.0), 3)
    mouse.drag(QPointF(300.0, 150.0), QPointF(-160.0, 10.0), Qt.MouseButton.LeftButton)
    mouse.drag(QPointF(500.0, 450.0), QPointF(200.0, -10.0), Qt.MouseButton.LeftButton)
    assert _is_gapless(picture(view), round(view.width() / 2))
    view.resize(900, 500)
    assert _is_gapless(picture(view), 450)
    mouse.wheel(QPointF(200.0, 100.0), -9)
    assert _is_gapless(picture(view), 450)


def test_a_flipped_image_still_leans_on_the_middle(view: FourView, picture: Grab) -> None:
    stored = scene.bright()
    stored[:, :300] = 1000
    upright = scene.workspace(scene.pane(Slot.RCC, scene.image(stored)))
    flip = Pose(flip_horizontal=True, rotate_degrees=0, source="test")
    flipped = scene.workspace(scene.pane(Slot.RCC, scene.image(stored, flip)))
    view.render(None, upright)
    before = picture(view)[150, 399, 1]
    view.render(upright, flipped)
    after = picture(view)[150, 399, 1]
    assert before > 200 > after > 0
    assert view.pane(Slot.RCC).to_screen(ImagePoint(col=0.0, row=0.0)).x() == pytest.approx(400)


def test_a_missing_view_is_named_in_its_empty_slot(view: FourView) -> None:
    panes = [scene.pane(s, scene.image(scene.bright())) for s in Slot if s is not Slot.LMLO]
    view.render(None, scene.workspace(*panes, scene.empty_pane(Slot.LMLO)))
    assert view.pane(Slot.LMLO).texts.message.text == "L MLO not found"
    assert view.pane(Slot.LMLO).texts.head.text == ""
    assert view.pane(Slot.RCC).texts.message.text == ""
    assert view.pane(Slot.RCC).texts.head.text.startswith("R CC")


def test_a_slot_without_a_pane_is_named_too(view: FourView) -> None:
    view.render(None, scene.workspace(scene.pane(Slot.RCC, scene.image(scene.bright()))))
    assert view.pane(Slot.RMLO).texts.message.text == "R MLO not found"


def test_same_millimetres_per_screen_pixel(view: FourView) -> None:
    state = scene.workspace(
        scene.pane(Slot.RCC, scene.image(scene.bright(920, 600)), spacing=scene.spacing(0.1)),
        scene.pane(Slot.LCC, scene.image(scene.bright(1840, 1200)), spacing=scene.spacing(0.07)),
    )
    view.render(None, state)

    def px_per_mm(slot: Slot, mm_per_px: float) -> float:
        top = view.pane(slot).to_screen(ImagePoint(col=0.0, row=0.0))
        low = view.pane(slot).to_screen(ImagePoint(col=0.0, row=100.0))
        return (low.y() - top.y()) / (100.0 * mm_per_px)

    assert px_per_mm(Slot.RCC, 0.1) == pytest.approx(px_per_mm(Slot.LCC, 0.07))


def test_one_to_one_shows_stored_pixels_unchanged(view: FourView, picture: Grab) -> None:
    rng = np.random.default_rng(3)
    stored = rng.integers(0, 2, (920, 600)).astype(np.uint16) * 4095
    state = scene.workspace(scene.pane(Slot.RCC, scene.image(stored)), fit=FitMode.ONE_TO_ONE)
    view.render(None, state)
    corner = view.pane(Slot.RCC).to_screen(ImagePoint(col=550.0, row=450.0))
    x, y = round(corner.x()), round(corner.y())
    assert (corner.x(), corner.y()) == pytest.approx((x, y), abs=1e-6)
    shown = picture(view)[y : y + 30, x : x + 30, 1] > 128
    assert np.array_equal(shown, stored[450:480, 550:580] > 0)


def test_asking_twice_for_the_same_fit_works(view: FourView, mouse: Mouse) -> None:
    state = scene.four()
    view.render(None, state)
    fitted = view.pane(Slot.RCC).placement
    mouse.wheel(QPointF(300.0, 150.0), 2)
    assert view.pane(Slot.RCC).placement != fitted
    again = replace(state, fit_request=state.fit_request + 1)
    view.render(state, again)
    assert view.pane(Slot.RCC).placement == fitted


def test_a_view_that_arrives_later_is_fitted_with_the_others(view: FourView) -> None:
    first = scene.pane(Slot.RCC, scene.image(scene.bright(920, 600)))
    second = scene.pane(Slot.LCC, scene.image(scene.bright(1840, 600)))
    one = scene.workspace(first)
    both = scene.workspace(first, second)
    view.render(None, one)
    view.render(one, both)
    placements = [view.pane(s).placement for s in (Slot.RCC, Slot.LCC)]
    assert placements[0] is not None
    assert placements[1] is not None
    assert placements[0].scale == placements[1].scale < 310 / 1840


def test_a_view_that_arrives_while_zoomed_in_takes_the_others_size(
    view: FourView, mouse: Mouse
) -> None:
    first = scene.pane(Slot.RCC, scene.image(scene.bright()))
    one = scene.workspace(first)
    view.render(None, one)
    mouse.wheel(QPointF(300.0, 150.0), 4)
    zoomed_in = view.pane(Slot.RCC).placement
    both = scene.workspace(first, scene.pane(Slot.LCC, scene.image(scene.bright(1840, 600))))
    view.render(one, both)
    arrived = view.pane(Slot.LCC).placement
    assert zoomed_in is not None
    assert arrived is not None
    assert view.pane(Slot.RCC).placement == zoomed_in
    assert arrived.scale == zoomed_in.scale
