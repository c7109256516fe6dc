"""The ruler of a pane: as long as it says, of what it says, and absent where nothing is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QImage

from mammoview.app.workspace import AnnotationLevel, FitMode, Looking
from mammoview.domain.geometry import ImagePoint, PixelSpacing, SpacingBasis
from mammoview.domain.views import Slot
from mammoview.ui.viewport.four_view import FourView
from mammoview.ui.viewport.ruler import span_within
from tests.ui.viewport import scene
from tests.ui.viewport.conftest import Mouse

_MAGNIFIED = PixelSpacing(
    row_mm=0.05, col_mm=0.1, source="test", basis=SpacingBasis.CORRECTED, magnification=1.8
)


@pytest.mark.parametrize("pose", scene.EIGHT_POSES, ids=str)
def test_it_is_as_long_as_it_says_on_the_image_that_it_stands_beside(
    view: FourView, mouse: Mouse, pose: object
) -> None:
    """Stored pixels of unequal sides, every pose: down the screen they make the ruler's length."""
    loaded = scene.image(scene.bright(400, 300), pose)  # type: ignore[arg-type]
    pane = scene.pane(Slot.LCC, loaded, spacing=_MAGNIFIED)
    view.render(None, scene.workspace(pane))
    shown = view.pane(Slot.LCC)
    mouse.wheel(shown.box.geometry().center(), 3)
    span = shown.texts.ruler.span
    assert span is not None
    top, bottom = (shown.stored_at(QPointF(700.0, y)) for y in (100.0, 100.0 + span.px))
    long_mm = np.hypot((bottom.col - top.col) * 0.1, (bottom.row - top.row) * 0.05)
    assert long_mm == pytest.approx(span.mm, rel=1e-6)
    assert shown.texts.ruler.text.endswith("corrected 1.80x")


def test_every_pane_has_its_own_and_one_without_spacing_has_none(view: FourView) -> None:
    stated = PixelSpacing(row_mm=0.1, col_mm=0.1, source="t", basis=SpacingBasis.AT_DETECTOR)
    known = scene.pane(Slot.RCC, scene.image(scene.bright()), spacing=stated)
    unknown = scene.pane(Slot.LCC, scene.image(scene.bright()))
    view.render(None, scene.workspace(known, unknown))
    here, there = view.pane(Slot.RCC).texts.ruler, view.pane(Slot.LCC).texts.ruler
    assert here.text == "2 cm\nat detector"
    assert "(at detector)" in view.pane(Slot.RCC).texts.scale.text
    assert (there.span, there.text, there.boundingRect().isEmpty()) == (None, "", True)
    assert view.pane(Slot.LMLO).texts.ruler.span is None, "nor has an empty place"


def test_it_stays_without_texts_and_goes_with_the_image(view: FourView) -> None:
    pane = scene.pane(Slot.RCC, scene.image(scene.bright()), spacing=scene.spacing(0.1))
    state = scene.workspace(pane)
    bare = replace(state, looking=Looking(annotations=AnnotationLevel.NONE))
    view.render(None, bare)
    assert view.pane(Slot.RCC).texts.ruler.text == "2 cm\nassumed"
    view.render(bare, scene.workspace())
    assert view.pane(Slot.RCC).texts.ruler.span is None


def test_it_is_drawn_at_the_outer_border(view: FourView) -> None:
    """Light pixels on air, a tick for each centimetre, and only on the side off the chest wall."""
    view.resize(QSize(900, 900))
    dark = scene.image(np.zeros((920, 600), np.uint16))
    sides = (Slot.RCC, Slot.LCC)
    view.render(
        None, scene.workspace(*(scene.pane(s, dark, spacing=scene.spacing(0.1)) for s in sides))
    )
    shot = view.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    data = np.frombuffer(shot.constBits(), np.uint8).reshape(shot.height(), -1)
    for slot, end in ((Slot.RCC, 10), (Slot.LCC, -11)):
        ruler = view.pane(slot).texts.ruler
        assert ruler.span is not None
        top = round(ruler.scenePos().y())
        column = data[top - 4 : top + round(ruler.span.px) + 4, end] > 100
        assert column.sum() == round(ruler.span.mm / 10) + 1, "the ends and each centimetre"


def test_a_drag_that_zooms_takes_the_next_round_length(view: FourView, mouse: Mouse) -> None:
    pane = scene.pane(Slot.RCC, scene.image(scene.bright()), spacing=scene.spacing(0.1))
    view.render(None, scene.workspace(pane, fit=FitMode.BREAST))
    shown = view.pane(Slot.RCC)
    said = [shown.texts.ruler.text.split("\n")[0]]
    at = shown.to_screen(ImagePoint(col=300.0, row=400.0))
    for _ in range(12):
        mouse.wheel(at, 1)
        said.append(shown.texts.ruler.text.split("\n")[0])
    assert list(dict.fromkeys(said)) == ["2 cm", "1 cm", "5 mm", "2 mm"]


def test_nothing_is_shown_that_could_not_be_read_off() -> None:
    assert span_within(0.1, 500.0) is None  # ten centimetres in ten pixels
    assert span_within(30.0, 20.0) is None  # no room
    fine = span_within(100.0, 250.0)
    assert fine is not None
    assert (fine.mm, fine.words) == (2.0, "2 mm")
    coarse = span_within(1.0, 80.0)
    assert coarse is not None
    assert [at for at, _ in coarse.ticks()] == [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50]
