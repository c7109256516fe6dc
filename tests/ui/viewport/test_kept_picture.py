"""Pixels that are painted again are copied: the same at rest, and at the right place in a hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt

from mammoview.app.workspace import Workspace
from mammoview.domain.views import Slot
from mammoview.ui.viewport.four_view import FourView
from tests.ui.viewport import scene
from tests.ui.viewport.conftest import Mouse

Grab: TypeAlias = Callable[[FourView], NDArray[np.int32]]

_AT = QPointF(350.0, 150.0)
_LEFT = Qt.MouseButton.LeftButton
# Qt sums up the place of each pixel of a row in 1/65536: from another start it differs by as much.
_ROUNDING = 2


@cache
def _noise() -> Workspace:
    """Return four images of which no two pixels beside each other are alike."""
    rng = np.random.default_rng(3)
    images = [rng.integers(500, 3500, (920, 600)).astype(np.uint16) for _ in Slot]
    panes = [scene.pane(s, scene.image(i)) for s, i in zip(Slot, images, strict=True)]
    return scene.workspace(*panes)


@pytest.fixture(params=[0, 9])
def zoomed(view: FourView, mouse: Mouse, request: pytest.FixtureRequest) -> FourView:
    """Noise, fitted and zoomed in."""
    view.render(None, _noise())
    mouse.wheel(_AT, request.param)
    return view


def _scaled_anew(view: FourView, picture: Grab) -> NDArray[np.int32]:
    for pane in view.panes():
        pane.grey.item.forget_scaled()
    return picture(view)


def test_what_is_painted_again_is_the_same_to_the_bit(zoomed: FourView, picture: Grab) -> None:
    first = _scaled_anew(zoomed, picture)
    assert np.ptp(first) > 100
    for _ in range(3):
        assert np.array_equal(picture(zoomed), first)


def test_other_grey_values_are_never_a_copy_of_the_last(zoomed: FourView, picture: Grab) -> None:
    state = _noise()
    for _ in range(3):
        picture(zoomed)
    zoomed.render(state, replace(state, gray=replace(state.gray, invert=True)))
    shown = picture(zoomed)
    assert np.array_equal(shown, _scaled_anew(zoomed, picture))


def test_a_drag_moves_the_pixels_along(zoomed: FourView, mouse: Mouse, picture: Grab) -> None:
    picture(zoomed)
    mouse.press(_AT, _LEFT)
    for step in range(1, 12):
        mouse.drag_on(_AT + QPointF(-7.0 * step, 23.0 * (step % 5)))
        shown = picture(zoomed)
        if step in (5, 11):
            assert any(pane.grey.item.is_moved_along for pane in zoomed.panes())
            assert np.abs(shown - _scaled_anew(zoomed, picture)).max() <= _ROUNDING
    mouse.release(_AT)
    shown = picture(zoomed)
    assert np.array_equal(shown, _scaled_anew(zoomed, picture))


def test_a_pan_goes_by_whole_pixels_and_loses_none(
    view: FourView, mouse: Mouse, picture: Grab
) -> None:
    view.render(None, _noise())
    mouse.wheel(_AT, 9)
    lead = view.pane("RCC")
    point = lead.stored_at(_AT)
    before = lead.to_screen(point)
    mouse.press(_AT, _LEFT)
    for step in range(1, 11):
        mouse.drag_on(_AT + QPointF(-0.3, 0.7) * step)
        moved = lead.to_screen(point) - before
        assert moved.x() == pytest.approx(round(moved.x()), abs=1e-6)
        assert moved.y() == pytest.approx(round(moved.y()), abs=1e-6)
    mouse.release(_AT)
    moved = lead.to_screen(point) - before
    assert (round(moved.x()), round(moved.y())) == (-3, 7)
