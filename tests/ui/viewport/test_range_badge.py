"""An image unlike those of training says so on itself and among the notes, and keeps its marks."""

from __future__ import annotations

import pytest

from mammoview.app.workspace import OverlayMode
from mammoview.domain.geometry import Affine2D, ImagePoint
from mammoview.domain.views import Slot
from mammoview.ui.panels.reading_panel import notes_of
from mammoview.ui.viewport.cad_line import OUTSIDE_RANGE
from mammoview.ui.viewport.four_view import FourView
from tests.ui.viewport import scene

SAID = "median grey 0.27 is below the training images' 0.3 to 0.8"


@pytest.mark.parametrize("mode", [OverlayMode.OFF, OverlayMode.MARKS])
def test_it_stands_on_the_image_whatever_overlay_is_shown(
    view: FourView, mode: OverlayMode
) -> None:
    state = scene.workspace(
        scene.pane(Slot.RCC, scene.image(scene.bright())),
        scene.pane(Slot.LCC, scene.image(scene.bright())),
        prediction=scene.prediction(
            Slot.RCC, regions=(scene.region(ImagePoint(col=9, row=9)),), outside_range=(SAID,)
        ),
        overlay=scene.overlay(mode),
    )
    view.render(None, state)
    badge, *line = view.pane(Slot.RCC).texts.foot.text.splitlines()
    assert badge == OUTSIDE_RANGE
    assert line[0].startswith("CAD: 1 mark")
    assert OUTSIDE_RANGE not in view.pane(Slot.LCC).texts.foot.text
    (note,) = [note for note in notes_of(state) if SAID in note]
    assert Slot.RCC.label in note


@pytest.mark.parametrize("outside", [None, ()])
def test_nothing_is_said_where_nothing_is_outside_or_known(
    view: FourView, outside: tuple[str, ...] | None
) -> None:
    state = scene.workspace(
        scene.pane(Slot.RCC, scene.image(scene.bright())),
        prediction=scene.prediction(Slot.RCC, outside_range=outside),
    )
    view.render(None, state)
    assert view.pane(Slot.RCC).texts.foot.text == "CAD: no marks"
    assert notes_of(state) == ()


def test_the_badge_goes_with_the_result(view: FourView) -> None:
    pane = scene.pane(Slot.RCC, scene.image(scene.bright()))
    shown = scene.workspace(pane, prediction=scene.prediction(Slot.RCC, outside_range=(SAID,)))
    view.render(None, shown)
    view.render(shown, scene.workspace(pane))
    assert view.pane(Slot.RCC).texts.foot.text == "CAD: not run"


def test_the_legend_of_the_heat_leaves_the_badge_free(view: FourView) -> None:
    heat = scene.heatmap((14, 10), (9, 3), Affine2D.identity())
    state = scene.workspace(
        scene.pane(Slot.LMLO, scene.image(scene.bright())),
        prediction=scene.prediction(Slot.LMLO, heatmaps=(heat,), outside_range=(SAID,)),
        overlay=scene.overlay(OverlayMode.BOTH),
    )
    view.render(None, state)
    assert view.legend.isVisible()
    foot = view.pane(Slot.LMLO).texts.foot.sceneBoundingRect()
    assert view.legend.geometry().bottom() < foot.top()
