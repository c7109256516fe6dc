"""What is written on the images, and that no text ever lies on another."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt

from mammoview.app.workspace import AnnotationLevel, Empty, Looking, OverlayMode, Pane, Workspace
from mammoview.domain.geometry import Affine2D
from mammoview.domain.study import PatientIdentity
from mammoview.domain.technique import Technique
from mammoview.domain.views import Place, Slot
from mammoview.ui.viewport.annotations import Annotations
from mammoview.ui.viewport.four_view import FourView
from mammoview.ui.viewport.spoken import panes_text
from tests.ui.viewport import scene
from tests.ui.viewport.conftest import Mouse

Grab = Callable[[FourView], NDArray[np.int32]]
NONE, MINIMAL, FULL = AnnotationLevel
_WHO = PatientIdentity(
    name="Phantom-" + "Long" * 20 + "^Ada", patient_id="ID-1", birth_date="19500302", age="625M"
)
_MADE = Technique(
    accession="A-17",
    institution="Institute of " + "very " * 12 + "long names",
    maker="Maker",
    model="Model",
    kvp=29.0,
    exposure_mas=56.0,
    target="W",
    filters="Rh",
    force_n=110.0,
    thickness_mm=47.0,
    dose_mgy=1.2,
    implant=True,
)


def described(slot: Slot, **changes: object) -> Pane:
    """A pane whose header says everything, at length."""
    plain = scene.pane(
        slot,
        scene.image(scene.bright()),
        identity=_WHO,
        technique=_MADE,
        study_date="20160401",
        spacing=scene.spacing(0.1),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def at_level(level: AnnotationLevel, *panes: Pane) -> Workspace:
    chosen = panes or tuple(described(slot) for slot in Slot)
    return replace(scene.workspace(*chosen), looking=Looking(annotations=level))


def said(texts: Annotations) -> str:
    blocks = (texts.head, texts.scale, texts.identity, texts.technique, texts.window, texts.foot)
    return "\n".join(block.text for block in blocks)


def boxes(texts: Annotations) -> list[QRectF]:
    blocks = (texts.head, texts.scale, texts.identity, texts.technique, texts.window, texts.foot)
    places = [block.sceneBoundingRect() for block in blocks if block.text]
    ruler = texts.ruler
    if ruler.span is not None:
        whole = ruler.sceneBoundingRect() | ruler.label.sceneBoundingRect()
        places.append(whole if ruler.text else ruler.sceneBoundingRect())
    return places


def test_each_level_says_more_and_the_mark_stays(view: FourView) -> None:
    view.resize(1600, 1200)
    texts = {}
    state = None
    for level in (NONE, MINIMAL, FULL):
        new = at_level(level)
        view.render(state, new)
        state = new
        texts[level] = said(view.pane(Slot.RCC).texts)
        assert texts[level].startswith("R CC")
    assert "ID-1" not in texts[NONE]
    assert "2016" not in texts[NONE]
    assert "SIGMOID" not in texts[NONE]
    assert "ID-1" in texts[MINIMAL]
    assert "C 2000 W 3000 SIGMOID NORMAL" in texts[MINIMAL]
    assert "kVp" not in texts[MINIMAL]
    for detail in ("born 1950-03-02 (52 y)", "29 kVp", "W/Rh", "110 N", "dose 1.2 mGy", "implant"):
        assert detail in texts[FULL]


def test_without_texts_the_safety_badges_and_a_priors_date_stay(view: FourView) -> None:
    prior = described(
        Slot.RCC, prior=("PRIOR 2015-01-02", "1 y earlier"), notes=("partial view", "2 of 3")
    )
    bare = described(Slot.LCC)
    assert bare.mammogram is not None
    bare = replace(bare, mammogram=replace(bare.mammogram, spacing=None))
    view.render(None, at_level(NONE, prior, bare))
    head = view.pane(Slot.RCC).texts.head.text
    for words in ("R CC", "PRIOR 2015-01-02", "partial view", "2 of 3"):
        assert words in head
    assert "no mm" in said(view.pane(Slot.LCC).texts)
    assert "CAD" in view.pane(Slot.LCC).texts.foot.text


@pytest.mark.parametrize("size", [QSize(480, 520), QSize(801, 620), QSize(1300, 900)], ids=str)
@pytest.mark.parametrize("level", list(AnnotationLevel))
@pytest.mark.parametrize("heat", [False, True], ids=["plain", "legend"])
def test_no_text_lies_on_another_or_leaves_its_pane(
    view: FourView, size: QSize, level: AnnotationLevel, heat: bool
) -> None:
    """The window's smallest size leaves about 480 x 520 pixels to four panes."""
    first = described(Slot.RCC, prior=("PRIOR 2015-01-02", "1 y 3 m earlier"), notes=("2 of 3",))
    state = at_level(level, first, *(described(slot) for slot in list(Slot)[1:]))
    if heat:
        to_image = Affine2D.scale_translate(col_scale=100.0, row_scale=100.0, col0=0.0, row0=0.0)
        found = scene.prediction(Slot.LMLO, heatmaps=(scene.heatmap((9, 6), (4, 3), to_image),))
        state = replace(state, prediction=found, overlay=scene.overlay(OverlayMode.HEATMAP))
    view.resize(size)
    view.render(None, state)
    assert view.legend.isVisible() == heat
    legend = [QRectF(view.legend.geometry())] if heat else []
    for pane in view.panes():
        own = boxes(pane.texts)
        room = pane.box.sceneBoundingRect().adjusted(-1, -1, 1, 1)
        for box in own:
            assert room.contains(box), (pane.pane.key, box, room)
        last = pane is view.panes()[-1]
        for one, other in itertools.combinations([*own, *(legend if last else [])], 2):
            shared = one.intersected(other)
            assert shared.height() <= 4.0 or shared.isEmpty(), (pane.pane.key, one, other)


def test_long_names_end_in_an_ellipsis_and_keep_their_line(view: FourView) -> None:
    view.render(None, at_level(FULL))
    lines = view.pane(Slot.RCC).texts.identity.text.splitlines()
    assert lines[0].startswith("Phantom-Long")
    assert lines[0].endswith("…")
    assert lines[1] == "ID-1"


def test_where_room_is_short_the_technique_goes_first(view: FourView) -> None:
    view.resize(480, 360)
    view.render(None, at_level(FULL))
    texts = view.pane(Slot.RCC).texts
    assert texts.identity.text.splitlines()[1] == "ID-1"
    assert "29 kVp" not in texts.technique.text
    assert "…" in said(texts)
    assert texts.head.text == "R CC"
    assert "CAD" in texts.foot.text


def test_a_drag_writes_the_window_that_is_on_the_screen(view: FourView, mouse: Mouse) -> None:
    view.render(None, at_level(MINIMAL))
    mouse.drag(QPointF(300, 150), QPointF(250.0, 60.0), Qt.MouseButton.RightButton)
    for slot in Slot:
        text = view.pane(slot).texts.window.text
        assert text == "C 2300 W 6000 SIGMOID NORMAL, by hand"


def test_letters_on_white_tissue_have_dark_edges(view: FourView, picture: Grab) -> None:
    view.render(None, at_level(FULL))
    box = view.pane(Slot.RCC).texts.identity.sceneBoundingRect().toAlignedRect()
    part = picture(view)[box.top() : box.bottom(), box.left() : box.right(), 1]
    letters, edges = part > 180, part < 40
    assert letters.sum() > 100
    assert edges.sum() > letters.sum()


def test_a_missing_view_and_an_image_without_pixels_say_why(view: FourView) -> None:
    undecoded = replace(described(Slot.RCC), image=None, message="R CC: damaged")
    view.render(None, at_level(FULL, undecoded))
    texts = view.pane(Slot.RCC).texts
    assert texts.message.text == "R CC: damaged"
    assert "ID-1" in texts.identity.text
    assert texts.window.text == ""
    assert said(view.pane(Slot.LMLO).texts).strip() == ""
    assert view.pane(Slot.LMLO).texts.message.text == "L MLO not found"


def test_missing_failed_and_still_to_come_differ_in_words_and_colour(view: FourView) -> None:
    places = {
        Empty.MISSING: replace(
            scene.empty_pane(Slot.LMLO), empty=Empty.MISSING, todo="ask who took it"
        ),
        Empty.FAILED: replace(
            described(Slot.RCC), image=None, message="R CC: damaged", empty=Empty.FAILED
        ),
        Empty.LOADING: replace(
            described(Slot.LCC), image=None, message="decoding…", empty=Empty.LOADING
        ),
    }
    view.render(None, at_level(MINIMAL, *places.values()))
    shown = {why: view.pane(pane.key).texts.message for why, pane in places.items()}
    assert {why: block.text for why, block in shown.items()} == {
        Empty.MISSING: "L MLO not found\nask who took it",
        Empty.FAILED: "Not shown\nR CC: damaged",
        Empty.LOADING: "decoding…",
    }
    assert len({block.heading_colour for block in shown.values()}) == 3
    spoken = panes_text(at_level(MINIMAL, *places.values())).splitlines()
    assert {"L MLO not found ask who took it", "R CC: damaged", "L CC: decoding…"} <= set(spoken)


def test_another_view_takes_the_words_of_the_last_one_away(view: FourView) -> None:
    full = at_level(FULL)
    view.render(None, full)
    other = replace(
        scene.workspace(scene.empty_pane(Slot.RCC)), looking=full.looking, exam_key="other"
    )
    view.render(full, other)
    assert said(view.pane(Slot.RCC).texts).strip() == ""


def test_a_prior_and_an_extra_view_carry_their_mark(view: FourView) -> None:
    extra = described(Slot.LCC, place=Place(slot=None, image="2.25.2"))
    view.render(None, replace(at_level(MINIMAL), panes=(extra,), columns=1))
    assert view.panes()[0].texts.head.text == "L CC"
