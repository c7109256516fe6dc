"""What marks say: the basis beside every millimetre, and no millimetre without spacing."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mammoview.app.marks import drawing, marking
from mammoview.app.marks.mark_text import (
    live_text,
    mark_text,
    nipple_estimate,
    size_text,
    where_text,
)
from mammoview.domain.annotation import Annotation, MarkKind
from mammoview.domain.geometry import ImagePoint, PixelSpacing, SpacingBasis
from mammoview.domain.views import Slot, SourcedView, ViewModifier
from mammoview.imaging.measure import scale_of
from tests.builders.desk import image, mammogram
from tests.builders.hung import COLS, hung
from tests.builders.marks import point_mark

_SPACING = PixelSpacing(
    row_mm=0.2, col_mm=0.1, source="test", basis=SpacingBasis.CORRECTED, magnification=1.8
)


def drawn(kind: MarkKind, *points: tuple[float, float], label: str = "") -> Annotation:
    given = tuple(ImagePoint(col=c, row=r) for c, r in points)
    made = drawing.mark_points(kind, given, scale_of(_SPACING))
    assert made is not None
    return Annotation(
        id="a", sop_instance_uid="1.2.3.RCC", frame=None, kind=kind, points=made, label=label
    )


MARKS = {
    "30.0 x 10.0 mm": drawn(MarkKind.DIAMETERS, (0, 0), (300, 0), (150, 25)),
    "3.0 mm": drawn(MarkKind.LENGTH, (5, 5), (35, 5)),
    "8.0 mm²": drawn(MarkKind.AREA, (0, 0), (20, 0), (20, 20), (0, 20)),
    "6.3 mm², 4.0 x 2.0 mm": drawn(MarkKind.ELLIPSE, (0, 0), (20, 20)),
}


@pytest.mark.parametrize("said", MARKS)
def test_millimetres_state_their_basis(said: str) -> None:
    view = mammogram(Slot.RCC, spacing=_SPACING)
    assert size_text(MARKS[said], view, None) == f"{said} (corrected 1.80x)"


@pytest.mark.parametrize("kind", list(MarkKind))
def test_without_spacing_nothing_is_said_in_mm(kind: MarkKind) -> None:
    mark = drawn(kind, (5, 5), (25, 5), (20, 20)) if kind not in _TWO_CORNERS else _box(kind)
    text = mark_text(mark, mammogram(Slot.RCC, spacing=None), image())
    assert "mm" not in text
    if re.search(r"\d px", text):
        assert "(no spacing)" in text


_TWO_CORNERS = (MarkKind.ELLIPSE, MarkKind.STATISTICS)


def _box(kind: MarkKind) -> Annotation:
    return drawn(kind, (5, 5), (25, 20))


def test_statistics_name_values_and_count() -> None:
    stored = np.full((40, 30), 700, np.uint16)
    loaded = replace(image(), stored=stored)
    text = size_text(_box(MarkKind.STATISTICS), mammogram(Slot.RCC, spacing=_SPACING), loaded)
    assert text.startswith("mean 700.0, SD 0.0, 700 to 700, ")
    assert "pixels\n" in text
    assert text.endswith("mm (corrected 1.80x)")


def test_the_pixels_of_a_large_region_are_counted_when_it_is_set() -> None:
    loaded = replace(image(), stored=np.full((2000, 2000), 7, np.uint16))
    view = mammogram(Slot.RCC, spacing=_SPACING)
    for side, counted in ((400, True), (600, False)):
        mark = drawn(MarkKind.STATISTICS, (5, 5), (5 + side, 5 + side))
        assert ("mean" in live_text(mark, view, loaded)) == counted
        assert "mean" in mark_text(mark, view, loaded)
        assert "mm²" in live_text(mark, view, loaded)


def test_an_angle_tells_when_pixels_are_taken_as_square() -> None:
    mark = drawn(MarkKind.ANGLE, (40, 0), (0, 0), (40, 20))
    assert size_text(mark, mammogram(Slot.RCC, spacing=_SPACING), None) == "45.0°"
    assert size_text(mark, mammogram(Slot.RCC), None) == "26.6° (pixels taken as square)"


def test_an_outline_that_crosses_itself_has_no_area() -> None:
    mark = drawn(MarkKind.FREEHAND, (0, 0), (10, 10), (10, 0), (0, 10))
    text = size_text(mark, mammogram(Slot.RCC, spacing=_SPACING), None)
    assert text == "the outline crosses itself: no area"


def test_the_readers_words_come_first() -> None:
    mark = drawn(MarkKind.LENGTH, (5, 5), (35, 5), label="spiculated")
    view = mammogram(Slot.RCC, spacing=_SPACING)
    assert mark_text(mark, view, None) == "spiculated: 3.0 mm (corrected 1.80x)"
    arrow = drawn(MarkKind.ARROW, (5, 5), (35, 5), label="look")
    assert mark_text(arrow, view, None) == "look"


# -- where in the breast ----------------------------------------------------------------------


def place(slot: Slot, deep: float, up: float, label: str = "") -> Annotation:
    """Return an arrow so many pixels behind and above the tip of the breast."""
    col = COLS - 700 + deep if slot.laterality == "R" else 700 - deep
    name = f"{slot}{label}{up}"
    uid = f"1.2.3.{slot}"
    return point_mark(MarkKind.ARROW, col, 500 - up, mark_id=name, uid=uid, label=label)


def test_one_view_says_a_half_and_no_hour() -> None:
    ws = hung()
    cc = where_text(marking.add(ws, place(Slot.RCC, 300, 160)), place(Slot.RCC, 300, 160))
    distance, half, third = cc.split(" · ")
    assert distance.endswith("mm from the nipple (estimated)")
    assert float(distance.split()[0]) == pytest.approx(34, abs=1.5)
    assert (half, third) == ("outer half", "middle third")
    mlo = where_text(ws, place(Slot.LMLO, 600, -160))
    assert mlo.endswith("lower half · posterior third")


def test_the_air_before_the_breast_is_no_third_of_its_depth() -> None:
    before = place(Slot.RCC, -150, 0)
    assert where_text(hung(), before).endswith("in front of the nipple")
    at_the_skin = place(Slot.RCC, -5, 0)
    assert where_text(hung(), at_the_skin).endswith("anterior third")


@pytest.mark.parametrize(
    ("side", "outer", "upper", "said"),
    [
        ("R", 200, 350, "about 11 o'clock"),
        ("L", 200, 350, "about 1 o'clock"),
        ("R", -350, -10, "about 3 o'clock"),
        ("L", -350, -10, "about 9 o'clock"),
        ("L", 10, 10, "behind the nipple"),
    ],
)
def test_the_same_words_in_both_views_give_the_hour(
    side: str, outer: float, upper: float, said: str
) -> None:
    ws = hung()
    cc = place(Slot(f"{side}CC"), 300, outer, "Mass A")
    mlo = place(Slot(f"{side}MLO"), 300, upper, "mass a")
    ws = marking.add(marking.add(ws, cc), mlo)
    for mark, other in ((cc, "MLO"), (mlo, "CC")):
        assert f"{said} (with {side} {other})" in where_text(ws, mark)


@pytest.mark.parametrize("other", [Slot.LMLO, Slot.RCC])
def test_the_other_breast_and_the_same_view_give_no_hour(other: Slot) -> None:
    ws = hung()
    cc = place(Slot.RCC, 300, 200, "A")
    ws = marking.add(marking.add(ws, cc), place(other, 300, 350, "A"))
    assert "o'clock" not in where_text(ws, cc)


def test_two_marks_of_the_same_words_give_no_hour() -> None:
    cc = place(Slot.RCC, 300, 200, "A")
    ws = marking.add(hung(), cc)
    for up in (300, 100):
        ws = marking.add(ws, place(Slot.RMLO, 300, up, "A"))
    assert "o'clock" not in where_text(ws, cc)


def test_pixels_give_halves_and_no_hour() -> None:
    cc, mlo = place(Slot.RCC, 300, 200, "A"), place(Slot.RMLO, 300, 350, "A")
    ws = marking.add(marking.add(hung(spacing=None), cc), mlo)
    said = where_text(ws, cc)
    assert "mm" not in said
    assert "o'clock" not in said
    assert "outer half" in said


def test_the_readers_nipple_goes_before_the_estimate() -> None:
    mark = place(Slot.RCC, 300, 0)
    ws = marking.add(hung(), mark)
    before = where_text(ws, mark)
    assert nipple_estimate(ws, "1.2.3.RCC") is not None
    nipple = point_mark(MarkKind.NIPPLE, mark.points[0].col, 200, mark_id="n", uid="1.2.3.RCC")
    ws = marking.add(ws, nipple)
    assert nipple_estimate(ws, "1.2.3.RCC") is None
    said = where_text(ws, mark)
    assert said.startswith("30.0 mm from the nipple (set by the reader) · inner half")
    assert where_text(marking.undo(ws), mark) == before
    assert where_text(ws, nipple) == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"view": SourcedView(value=None, modifiers=(ViewModifier.MAGNIFICATION,), source="t")},
        {"partial": True},
    ],
)
def test_a_part_of_a_breast_has_no_nipple_to_guess(changes: dict[str, Any]) -> None:
    ws = hung(**changes)
    mark = place(Slot.RCC, 300, 100)
    assert where_text(ws, mark) == "nipple not known: no position"
    ws = marking.add(ws, point_mark(MarkKind.NIPPLE, 200, 500, mark_id="n", uid="1.2.3.RCC"))
    assert "set by the reader" in where_text(ws, mark)
