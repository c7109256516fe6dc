"""Heat and marks land on the right pixel, and toggling them computes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, QRectF

from mammoview.app.workspace import OverlayMode
from mammoview.domain.annotation import Annotation, MarkKind
from mammoview.domain.geometry import Affine2D, ImagePoint, Pose
from mammoview.domain.prediction import AnalysisStatus
from mammoview.domain.views import Laterality, Slot
from mammoview.imaging.colormap import heat_rgba
from mammoview.ui.viewport import heat_layer
from mammoview.ui.viewport.finding_layer import DrawnFinding
from mammoview.ui.viewport.four_view import FourView
from mammoview.ui.viewport.mark_layer import GLYPH_PX, glyph_of
from tests.builders import reads as read_builder
from tests.ui.viewport import scene

Grab = Callable[[FourView], NDArray[np.int32]]
_ROWS, _COLS = 920, 600
_CELL = 64.0
# A map that neither starts at the image's corner nor fills it: offset and stride both matter.
_TO_IMAGE = Affine2D.scale_translate(col_scale=_CELL, row_scale=_CELL, col0=-11.0, row0=23.0)


def _coloured_centre(shot: NDArray[np.int32]) -> tuple[float, float]:
    """Return the centre of gravity ``(x, y)`` of colour, continuous screen pixels."""
    colour = (shot.max(axis=2) - shot.min(axis=2)).astype(np.float64)
    rows, cols = np.mgrid[0 : shot.shape[0], 0 : shot.shape[1]] + 0.5
    assert colour.sum() > 0
    return float((colour * cols).sum() / colour.sum()), float((colour * rows).sum() / colour.sum())


@pytest.mark.parametrize("slot", [Slot.RCC, Slot.LMLO])
@pytest.mark.parametrize(
    "pose", scene.EIGHT_POSES, ids=lambda p: f"{p.flip_horizontal}-{p.rotate_degrees}"
)
def test_heat_lands_on_the_stored_pixel(
    view: FourView, picture: Grab, slot: Slot, pose: Pose
) -> None:
    loaded = scene.image(scene.bright(_ROWS, _COLS, value=0), pose)
    hot = (9, 3)
    heat = scene.heatmap((14, 10), hot, _TO_IMAGE)
    state = scene.workspace(
        scene.pane(slot, loaded),
        prediction=scene.prediction(slot, heatmaps=(heat,)),
        overlay=scene.overlay(OverlayMode.HEATMAP),
    )
    view.legend.setParent(None)  # the colours of the legend are no heat
    try:
        view.render(None, state)
        centre = _coloured_centre(_pane_only(picture(view), view, slot))
    finally:
        view.legend.setParent(view)
    wanted = _TO_IMAGE.apply(ImagePoint(col=hot[1] + 0.5, row=hot[0] + 0.5))
    at = view.pane(slot).to_screen(wanted)
    # Half a cell of the map is 10 screen pixels here, half a cell of the breast mask 0.6.
    assert centre == pytest.approx((at.x(), at.y()), abs=0.3)


def _pane_only(shot: NDArray[np.int32], view: FourView, slot: Slot) -> NDArray[np.int32]:
    """Blacken everything outside one pane, and its last line, which may be coloured."""
    out = np.zeros_like(shot)
    rect = view.pane(slot).box.geometry().toRect()
    part = (slice(rect.top(), rect.bottom() - 30), slice(rect.left(), rect.right() + 1))
    out[part] = shot[part]
    return out


def test_heat_is_masked_to_the_breast(view: FourView, picture: Grab) -> None:
    breast = np.zeros((92, 60), np.bool_)
    breast[20:70, 30:] = True
    loaded = scene.image(scene.bright(_ROWS, _COLS, value=0), breast=breast)
    heat = replace(scene.heatmap((14, 10), (0, 0), _TO_IMAGE), values=np.ones((14, 10), np.float32))
    state = scene.workspace(
        scene.pane(Slot.RCC, loaded),
        prediction=scene.prediction(Slot.RCC, heatmaps=(heat,)),
        overlay=scene.overlay(OverlayMode.HEATMAP),
    )
    view.render(None, state)
    shot = picture(view)

    def colour(col: float, row: float) -> int:
        at = view.pane(Slot.RCC).to_screen(ImagePoint(col=col, row=row))
        return int(np.ptp(shot[int(at.y()), int(at.x())]))

    assert colour(450.0, 450.0) > 50
    assert colour(270.0, 450.0) == 0
    assert colour(450.0, 150.0) == 0


def test_a_normal_breast_stays_dark(view: FourView, picture: Grab) -> None:
    heat = replace(
        scene.heatmap((14, 10), (0, 0), _TO_IMAGE),
        values=np.linspace(0.0, 0.19, 140, dtype=np.float32).reshape(14, 10),
    )
    plain = scene.workspace(scene.pane(Slot.RCC, scene.image(scene.bright(value=1500))))
    view.render(None, plain)
    before = picture(view)
    shown = replace(
        plain,
        prediction=scene.prediction(Slot.RCC, heatmaps=(heat,)),
        overlay=scene.overlay(OverlayMode.HEATMAP),
    )
    view.render(plain, shown)
    after = picture(view)
    assert np.array_equal(before[100:250, 200:400], after[100:250, 200:400])


def test_toggling_computes_nothing(
    view: FourView, picture: Grab, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def counted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            calls.append(name)
            return function(*args, **kwargs)

        return call

    heat = scene.heatmap((14, 10), (5, 5), _TO_IMAGE)
    off = scene.workspace(
        scene.pane(Slot.RCC, scene.image(scene.bright())),
        prediction=scene.prediction(
            Slot.RCC, heatmaps=(heat,), regions=(scene.region(ImagePoint(col=300, row=300)),)
        ),
        overlay=scene.overlay(OverlayMode.OFF),
    )
    both = replace(off, overlay=scene.overlay(OverlayMode.BOTH))
    view.render(None, off)
    view.render(off, both)  # colours are made once, when heat is first shown
    without_peek = picture(view)
    monkeypatch.setattr(heat_layer, "heat_rgba", counted("colour", heat_rgba))
    monkeypatch.setattr(heat_layer, "scores_on_mask", counted("map", heat_layer.scores_on_mask))
    monkeypatch.setattr(
        "mammoview.ui.viewport.grey_layer.to_display", counted("grey", lambda *a: None)
    )
    tables = view._tables.cache_info().misses
    states = [off, both, replace(both, overlay=scene.overlay(OverlayMode.BOTH, peeking=True))]
    states += [both, replace(both, overlay=scene.overlay(OverlayMode.BOTH, opacity=0.3)), both]
    last = both
    for state in states:
        view.render(last, state)
        last = state
    assert calls == []
    assert view._tables.cache_info().misses == tables
    assert np.array_equal(picture(view), without_peek)


def test_peeking_hides_everything(view: FourView, picture: Grab) -> None:
    plain = scene.workspace(scene.pane(Slot.RCC, scene.image(scene.bright(value=1500))))
    view.render(None, plain)
    bare = picture(view)[60:270, 200:400]
    shown = replace(
        plain,
        prediction=scene.prediction(
            Slot.RCC,
            heatmaps=(scene.heatmap((14, 10), (7, 5), _TO_IMAGE),),
            regions=(scene.region(ImagePoint(col=300, row=400)),),
        ),
        overlay=scene.overlay(OverlayMode.BOTH),
    )
    view.render(plain, shown)
    assert not np.array_equal(picture(view)[60:270, 200:400], bare)
    peek = replace(shown, overlay=scene.overlay(OverlayMode.BOTH, peeking=True))
    view.render(shown, peek)
    assert np.array_equal(picture(view)[60:270, 200:400], bare)


def test_a_class_that_is_not_chosen_is_not_drawn(view: FourView) -> None:
    state = scene.workspace(
        scene.pane(Slot.RCC, scene.image(scene.bright())),
        prediction=scene.prediction(
            Slot.RCC,
            heatmaps=(
                scene.heatmap((14, 10), (7, 5), _TO_IMAGE, "mass"),
                scene.heatmap((14, 10), (7, 5), _TO_IMAGE, "calcification"),
            ),
        ),
        overlay=scene.overlay(OverlayMode.BOTH, kinds=("calcification",)),
    )
    view.render(None, state)
    assert [i.isVisible() for i in view.pane(Slot.RCC).heat.items] == [False, True]


@pytest.mark.parametrize("kind", scene.ALL_KINDS)
@pytest.mark.parametrize("turn", [0, 90])
def test_a_glyph_stands_at_the_peak(view: FourView, picture: Grab, kind: str, turn: int) -> None:
    pose = Pose(flip_horizontal=True, rotate_degrees=turn, source="test")
    peak = ImagePoint(col=351.0, row=420.0)
    state = scene.workspace(
        scene.pane(Slot.RCC, scene.image(scene.bright(value=0), pose)),
        prediction=scene.prediction(
            Slot.RCC,
            regions=(
                replace(scene.region(peak, kind), outline=()),
                scene.region(ImagePoint(col=100.0, row=700.0), kind, flagged=False),
            ),
        ),
        overlay=scene.overlay(OverlayMode.MARKS),
    )
    view.render(None, state)
    shot = _pane_only(picture(view), view, Slot.RCC)
    rows, cols = np.nonzero(np.ptp(shot, axis=2) > 60)
    at = view.pane(Slot.RCC).to_screen(peak)
    assert (cols.min() + cols.max() + 1) / 2 == pytest.approx(at.x(), abs=1.5)
    assert (rows.min() + rows.max() + 1) / 2 == pytest.approx(at.y(), abs=GLYPH_PX / 4)
    assert np.ptp(cols) < GLYPH_PX * 1.5  # the region below the operating point is not drawn


def test_mass_and_calcification_differ_in_shape() -> None:
    assert glyph_of("mass")[0] != glyph_of("calcification")[0]


@pytest.mark.parametrize(
    ("status", "reason", "regions", "text"),
    [
        (AnalysisStatus.ANALYZED, "", (), "CAD: no marks"),
        (AnalysisStatus.FAILED, "out of memory", (), "CAD: failed: out of memory"),
        (
            AnalysisStatus.NOT_SUPPORTED,
            "magnification view",
            (),
            "CAD: not run: magnification view",
        ),
        (
            AnalysisStatus.ANALYZED,
            "",
            (scene.region(ImagePoint(col=9, row=9)),),
            "CAD: 1 mark, hidden",
        ),
    ],
)
def test_every_outcome_says_something_else(
    view: FourView, status: AnalysisStatus, reason: str, regions: Any, text: str
) -> None:
    state = scene.workspace(
        scene.pane(Slot.RCC, scene.image(scene.bright())),
        prediction=scene.prediction(Slot.RCC, status=status, reason=reason, regions=regions),
    )
    view.render(None, state)
    assert view.pane(Slot.RCC).texts.foot.text == text


def test_a_mark_that_is_drawn_is_not_called_hidden(view: FourView) -> None:
    state = scene.workspace(
        scene.pane(Slot.RCC, scene.image(scene.bright())),
        prediction=scene.prediction(
            Slot.RCC,
            regions=(scene.region(ImagePoint(col=9, row=9)),),
            notes=("scale assumed: taken as 213 mm",),
        ),
        overlay=scene.overlay(OverlayMode.MARKS),
    )
    view.render(None, state)
    assert view.pane(Slot.RCC).texts.foot.text == "CAD: 1 mark (scale assumed)"


@pytest.mark.parametrize(
    ("size_mm", "text"),
    [((14.4, 8.6), "mass, score 0.90, 14 x 9 mm"), (None, "mass, score 0.90")],
)
def test_a_mark_tells_its_size_under_the_mouse(
    view: FourView, size_mm: tuple[float, float] | None, text: str
) -> None:
    region = replace(scene.region(ImagePoint(col=9, row=9)), size_mm=size_mm)
    state = scene.workspace(
        scene.pane(Slot.RCC, scene.image(scene.bright())),
        prediction=scene.prediction(Slot.RCC, regions=(region,)),
        overlay=scene.overlay(OverlayMode.MARKS),
    )
    view.render(None, state)
    assert {item.toolTip() for item in view.pane(Slot.RCC).marks.items} == {text}


@pytest.mark.parametrize("slot", list(Slot))
def test_a_long_reason_stays_in_its_pane(view: FourView, slot: Slot) -> None:
    view.resize(640, 600)
    reason = "the network failed on an image of (1, 1, 1040, 560); choose the CPU " * 3
    state = scene.workspace(
        scene.pane(slot, scene.image(scene.bright())),
        prediction=scene.prediction(slot, status=AnalysisStatus.FAILED, reason=reason),
    )
    view.render(None, state)
    foot = view.pane(slot).texts.foot
    assert reason in foot.text
    where, middle = foot.sceneBoundingRect(), view.canvas.width() / 2
    assert where.height() > 40
    if slot.laterality is Laterality.RIGHT:  # on the viewer's left
        assert 0 <= where.left() < where.right() <= middle
    else:
        assert middle <= where.left() < where.right() <= 2 * middle


def test_a_view_that_waits_and_one_that_is_not_analysed(view: FourView) -> None:
    state = scene.workspace(
        scene.pane(Slot.RCC, scene.image(scene.bright())),
        scene.pane(Slot.LCC, scene.image(scene.bright()), unsupported="implant"),
    )
    view.render(None, state)
    assert view.pane(Slot.RCC).texts.foot.text == "CAD: not run"
    assert view.pane(Slot.LCC).texts.foot.text == "CAD: not run: implant"
    running = replace(state, analysis=replace(state.analysis, running=True))
    view.render(state, running)
    assert view.pane(Slot.RCC).texts.foot.text == "CAD: running"


def test_the_legend_is_there_while_heat_is(view: FourView) -> None:
    off = scene.workspace(
        scene.pane(Slot.RCC, scene.image(scene.bright())),
        prediction=scene.prediction(
            Slot.RCC, heatmaps=(scene.heatmap((14, 10), (7, 5), _TO_IMAGE),)
        ),
    )
    view.render(None, replace(off, overlay=scene.overlay(OverlayMode.OFF)))
    assert not view.legend.isVisible()
    heat = replace(off, overlay=scene.overlay(OverlayMode.HEATMAP))
    view.render(off, heat)
    assert view.legend.isVisible()
    assert view.legend.grid_text == "network grid 10 x 14 cells, interpolated"
    peek = replace(off, overlay=scene.overlay(OverlayMode.HEATMAP, peeking=True))
    view.render(heat, peek)
    assert not view.legend.isVisible()


def test_another_examination_takes_the_old_result_away(view: FourView) -> None:
    old = scene.workspace(
        scene.pane(Slot.RCC, scene.image(scene.bright())),
        prediction=scene.prediction(
            Slot.RCC,
            heatmaps=(scene.heatmap((14, 10), (7, 5), _TO_IMAGE),),
            regions=(scene.region(ImagePoint(col=300, row=300)),),
        ),
        overlay=scene.overlay(OverlayMode.BOTH),
    )
    new = scene.workspace(
        scene.pane(Slot.RCC, scene.image(scene.bright())), overlay=old.overlay, exam_key="t"
    )
    view.render(None, old)
    view.render(old, new)
    assert view.pane(Slot.RCC).heat.items == ()
    assert view.pane(Slot.RCC).marks.items == ()


_YELLOW = (0xF0, 0xE4, 0x42)


def _yellow(shot: NDArray[np.int32], at: QRectF) -> int:
    """Return how many pixels of a place have a mark's own colour, undimmed."""
    rows, cols = slice(int(at.top()), int(at.bottom())), slice(int(at.left()), int(at.right()))
    return int((np.abs(shot[rows, cols] - _YELLOW).max(axis=2) < 12).sum())


@pytest.mark.parametrize("words", ["head", "foot", "legend"])
def test_no_words_lie_over_a_mark(view: FourView, picture: Grab, words: str) -> None:
    """A mark looks the same in the open, under a text of the pane and under the key to the heat."""
    plain = scene.workspace(
        scene.pane(Slot.LMLO, scene.image(scene.bright(_ROWS, _COLS, value=0))),
        prediction=scene.prediction(
            Slot.LMLO, heatmaps=(scene.heatmap((14, 10), (0, 0), _TO_IMAGE),)
        ),
        overlay=scene.overlay(OverlayMode.BOTH),
    )
    view.render(None, plain)
    pane = view.pane(Slot.LMLO)
    if words == "legend":
        middle = QPointF(view.legend.geometry().center()) - QPointF(60, 0)
    else:
        middle = getattr(pane.texts, words).sceneBoundingRect().center()
    in_the_open = pane.box.geometry().center()
    found = scene.prediction(
        Slot.LMLO,
        heatmaps=(scene.heatmap((14, 10), (0, 0), _TO_IMAGE),),
        regions=tuple(scene.region(pane.stored_at(at)) for at in (middle, in_the_open)),
    )
    view.render(plain, replace(plain, prediction=found))
    shot = picture(view)
    room = QRectF(-14, -14, 28, 28)
    free, covered = (_yellow(shot, room.translated(at)) for at in (in_the_open, middle))
    assert free > 60
    assert covered > 0.85 * free


@pytest.mark.parametrize("kind", ["finding", "measure"])
def test_the_readers_own_shows_through_the_legend(view: FourView, picture: Grab, kind: str) -> None:
    """A finding looks the same under the key to the heat as it does where no heat is shown."""
    state = scene.workspace(
        scene.pane(Slot.LMLO, scene.image(scene.bright(_ROWS, _COLS, value=0))),
        prediction=scene.prediction(
            Slot.LMLO, heatmaps=(scene.heatmap((14, 10), (0, 0), _TO_IMAGE),)
        ),
        overlay=scene.overlay(OverlayMode.HEATMAP),
    )
    view.render(None, state)
    pane = view.pane(Slot.LMLO)
    middle = QPointF(view.legend.geometry().center()) - QPointF(90, 0)
    corners = [QPointF(x, y) + middle for x, y in ((-25, -12), (25, -12), (25, 12), (-25, 12))]
    outline = tuple(pane.stored_at(corner) for corner in corners)
    mark = Annotation(
        id="m",
        sop_instance_uid=pane.pane.mammogram.sop_instance_uid if pane.pane.mammogram else "",
        frame=None,
        kind=MarkKind.AREA,
        points=outline,
    )
    if kind == "measure":
        marked = replace(state, marks=replace(state.marks, items=(mark,)))
        view.render(state, marked)
    else:
        drawn = DrawnFinding(view=pane, finding_id="f", outline=outline, text="1", selected=True)
        view.findings.layer.draw([drawn], QRectF(view.canvas.rect()))
        view.findings.redrawn.emit()
    over = QRectF(corners[0], corners[2]).adjusted(-3, -3, 3, 3).toAlignedRect()
    rows, cols = slice(over.top(), over.bottom()), slice(over.left(), over.right())
    covered = picture(view)[rows, cols]
    view.legend.setParent(None)
    try:
        plain = picture(view)[rows, cols]
    finally:
        view.legend.setParent(view)
    assert np.array_equal(covered, plain)
    (words,) = [
        place
        for place in (*view.findings.layer.plates, *view.measure.layer.labels)
        if not place.isNull()
    ]
    assert not words.intersects(QRectF(view.legend.geometry()))


def test_a_large_finding_leaves_the_legend_to_be_read(view: FourView) -> None:
    """Its line shows through; what it encloses is tissue, which the legend covers anywhere."""
    state = scene.workspace(
        scene.pane(Slot.LMLO, scene.image(scene.bright(_ROWS, _COLS, value=0))),
        prediction=scene.prediction(
            Slot.LMLO, heatmaps=(scene.heatmap((14, 10), (0, 0), _TO_IMAGE),)
        ),
        overlay=scene.overlay(OverlayMode.HEATMAP),
    )
    view.render(None, state)
    pane, legend = view.pane(Slot.LMLO), QRectF(view.legend.geometry())
    around = legend.adjusted(-30, -30, -legend.width() / 2, 30)
    corners = (around.topLeft(), around.topRight(), around.bottomRight(), around.bottomLeft())
    outline = tuple(pane.stored_at(corner) for corner in corners)
    drawn = DrawnFinding(view=pane, finding_id="f", outline=outline, text="1", selected=True)
    view.findings.layer.draw([drawn], QRectF(view.canvas.rect()))
    view.findings.redrawn.emit()
    shown = view.legend.mask()
    line = int(around.right() - legend.left())
    assert not shown.contains(QPoint(line, 30)), "the outline itself"
    assert shown.contains(QPoint(line - 20, 30))
    rows, cols = range(0, int(legend.height()), 2), range(0, int(legend.width()), 2)
    seen = [shown.contains(QPoint(col, row)) for row in rows for col in cols]
    assert sum(seen) > 0.9 * len(seen)


def test_the_key_to_the_heat_outlives_marks_of_the_last_examination(view: FourView) -> None:
    found = scene.prediction(Slot.RCC, heatmaps=(scene.heatmap((14, 10), (0, 0), _TO_IMAGE),))
    first, second = (
        scene.workspace(
            scene.pane(slot, scene.image(scene.bright())),
            prediction=found,
            overlay=scene.overlay(OverlayMode.BOTH),
            exam_key=slot.value,
        )
        for slot in (Slot.RCC, Slot.LCC)
    )
    points = (ImagePoint(col=10, row=10), ImagePoint(col=90, row=90))
    mark = Annotation(
        id="m", sop_instance_uid="2.25.1", frame=None, kind=MarkKind.LENGTH, points=points
    )
    first = replace(first, marks=replace(first.marks, items=(mark,)))
    view.render(None, first)
    assert len(view.measure.layer.regions()) == 1
    view.render(first, second)
    assert view.measure.layer.regions() == []


def test_the_mark_that_is_answered_is_ringed_on_its_own_slice_alone(view: FourView) -> None:
    loaded = scene.image(scene.bright(_ROWS, _COLS))
    view.render(None, scene.workspace(scene.pane(Slot.RCC, loaded)))
    pane = view.pane(Slot.RCC)
    assert pane.pane.mammogram is not None
    uid = pane.pane.mammogram.sop_instance_uid
    asked = replace(read_builder.mark(), sop_instance_uid=uid, frame=17)
    for frame, ringed in ((17, True), (18, False), (17, True)):
        pane.set_pane(replace(pane.pane, image=replace(loaded, frame=frame)))
        pane.set_asked(asked)
        assert pane.marks.ringed is ringed
