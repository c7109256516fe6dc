"""From the hand's points to a mark's, and how marks bend; right angles are those of the breast."""

from __future__ import annotations

import itertools
import math

import pytest

from mammoview.app.marks import drawing
from mammoview.domain.annotation import Annotation, MarkKind
from mammoview.domain.geometry import ImageBox, ImagePoint, PixelSpacing
from mammoview.imaging.measure import Scale, length, scale_of

_MM = scale_of(PixelSpacing(row_mm=0.2, col_mm=0.1, source="test"))
_PX = scale_of(None)
_IMAGE = ImageBox(col0=0, row0=0, col1=1000, row1=800)


def at(col: float, row: float) -> ImagePoint:
    return ImagePoint(col=col, row=row)


def mark(kind: MarkKind, *points: ImagePoint) -> Annotation:
    return Annotation(id="a", sop_instance_uid="1", frame=None, kind=kind, points=points)


def cosine(a: ImagePoint, b: ImagePoint, c: ImagePoint, d: ImagePoint, scale: Scale) -> float:
    dot = (b.col - a.col) * (d.col - c.col) * scale.col**2
    dot += (b.row - a.row) * (d.row - c.row) * scale.row**2
    return dot / (length(a, b, scale) * length(c, d, scale))


def near(a: ImagePoint, b: ImagePoint) -> None:
    assert (a.col, a.row) == pytest.approx((b.col, b.row))


@pytest.mark.parametrize("scale", [_MM, _PX])
def test_the_second_diameter_stands_across_the_first(scale: Scale) -> None:
    points = drawing.mark_points(
        MarkKind.DIAMETERS, (at(100, 100), at(300, 180), at(220, 190)), scale
    )
    assert points is not None
    a, b, c, d = points
    assert cosine(a, b, c, d, scale) == pytest.approx(0, abs=1e-12)
    near(c, at(220, 190))
    middle = at((c.col + d.col) / 2, (c.row + d.row) / 2)
    assert length(a, middle, scale) + length(middle, b, scale) == pytest.approx(length(a, b, scale))


def _angle(a: ImagePoint, b: ImagePoint, c: ImagePoint, d: ImagePoint) -> float:
    return math.degrees(math.acos(abs(cosine(a, b, c, d, _MM))))


def _width(two: Annotation) -> float:
    _, _, c, d = two.points
    return length(c, d, _MM)


def _diameters() -> Annotation:
    points = drawing.mark_points(
        MarkKind.DIAMETERS, (at(100, 100), at(300, 180), at(220, 190)), _MM
    )
    assert points is not None
    return mark(MarkKind.DIAMETERS, *points)


@pytest.mark.parametrize("degrees", [5.0, -20.0, 60.0])
def test_the_second_diameter_turns_and_stays_as_long(degrees: float) -> None:
    before = _diameters()
    after = drawing.second_turned(before, degrees, _MM)
    assert _angle(*after.points) == pytest.approx(90.0 - abs(degrees))
    assert _width(after) == pytest.approx(_width(before))
    back = drawing.second_turned(after, -degrees, _MM)
    for found, wanted in zip(back.points, before.points, strict=True):
        near(found, wanted)
    assert not drawing.oblique(back.points, _MM)


def test_an_end_of_the_first_carries_a_turned_second_along() -> None:
    before = drawing.second_turned(_diameters(), 25.0, _MM)
    after = drawing.with_handle_moved(before, 1, at(140, 210), _MM)
    assert _angle(*after.points) == pytest.approx(65.0)
    assert _width(after) == pytest.approx(_width(before))


def test_a_free_hand_sets_an_end_wherever_it_is() -> None:
    before = _diameters()
    after = drawing.with_handle_moved(before, 2, at(260, 260), _MM, free=True)
    assert after.points == (*before.points[:2], at(260, 260), before.points[3])
    on = drawing.with_handle_moved(after, 3, at(200, 60), _MM)
    assert on.points == (*after.points[:3], at(200, 60)), "once turned it is not put back"
    gone = drawing.with_handle_moved(before, 2, before.points[3], _MM, free=True)
    assert gone == before, "a diameter keeps some length"


def test_corners_come_and_go() -> None:
    square = mark(MarkKind.AREA, at(0, 0), at(100, 0), at(100, 50), at(0, 50))
    assert drawing.longest_side(square, _MM) == 0  # 100 columns are as long as 50 rows
    assert drawing.side_at(square, at(3, 30)) == 3
    more = drawing.with_corner(square, 3, drawing.middle_of_side(square, 3))
    assert more.points == (*square.points, at(0, 25))
    assert drawing.without_corner(more, 4) == square
    three = drawing.without_corner(square, 1)
    assert three is not None
    assert three.points == (at(0, 0), at(100, 50), at(0, 50))
    assert drawing.without_corner(three, 0) is None


@pytest.mark.parametrize("handle", range(4))
def test_a_moved_end_keeps_the_right_angle(handle: int) -> None:
    points = drawing.mark_points(
        MarkKind.DIAMETERS, (at(100, 100), at(300, 180), at(220, 190)), _MM
    )
    assert points is not None
    before = mark(MarkKind.DIAMETERS, *points)
    after = drawing.with_handle_moved(before, handle, at(140, 210), _MM)
    a, b, c, d = after.points
    assert cosine(a, b, c, d, _MM) == pytest.approx(0, abs=1e-12)
    lengths = [length(points[i], points[i + 1], _MM) for i in (0, 2)]
    new = [length(a, b, _MM), length(c, d, _MM)]
    if handle < 2:
        near(after.points[handle], at(140, 210))
        near(after.points[1 - handle], points[1 - handle])
        assert new[1] == pytest.approx(lengths[1]), "the width stays"
    else:
        assert new[0] == pytest.approx(lengths[0]), "the first diameter stays"
        near(after.points[handle], at(140, 210))


@pytest.mark.parametrize("handle", range(4))
def test_an_ellipse_is_pulled_at_an_axis(handle: int) -> None:
    points = drawing.mark_points(MarkKind.ELLIPSE, (at(100, 100), at(300, 200)), _MM)
    assert points is not None
    before = mark(MarkKind.ELLIPSE, *points)
    after = drawing.with_handle_moved(before, handle, at(330, 260), _MM)
    a, b, c, d = after.points
    assert cosine(a, b, c, d, _MM) == pytest.approx(0, abs=1e-12)
    near(at((a.col + b.col) / 2, (a.row + b.row) / 2), at((c.col + d.col) / 2, (c.row + d.row) / 2))
    if handle < 2:
        near(after.points[handle], at(330, 260))
    else:
        assert (a, b) == points[:2]


def test_an_ellipse_fills_the_box_between_two_corners() -> None:
    for p, q in ((at(100, 60), at(300, 20)), (at(300, 20), at(100, 60))):
        points = drawing.mark_points(MarkKind.STATISTICS, (p, q), _MM)
        assert points is not None
        assert {x.col for x in points} == {100, 200, 300}
        assert {x.row for x in points} == {20, 40, 60}


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (MarkKind.LENGTH, (at(5, 5), at(5, 5))),
        (MarkKind.LENGTH, (at(5, 5),)),
        (MarkKind.DIAMETERS, (at(5, 5), at(9, 9))),
        (MarkKind.DIAMETERS, (at(5, 5), at(9, 9), at(7, 7))),
        (MarkKind.ELLIPSE, (at(5, 5), at(5, 90))),
        (MarkKind.AREA, (at(5, 5), at(5, 90))),
        (MarkKind.NIPPLE, ()),
    ],
)
def test_what_has_no_size_is_no_mark(kind: MarkKind, given: tuple[ImagePoint, ...]) -> None:
    assert drawing.mark_points(kind, given, _MM) is None


@pytest.mark.parametrize("kind", [MarkKind.DIAMETERS, MarkKind.ELLIPSE])
def test_a_handle_pulled_onto_the_other_end_changes_nothing(kind: MarkKind) -> None:
    points = drawing.mark_points(kind, (at(100, 100), at(300, 200), at(220, 240)), _MM)
    assert points is not None
    before = mark(kind, *points)
    assert drawing.with_handle_moved(before, 0, before.points[1], _MM) is before


def test_a_mark_stays_in_the_image_as_it_is() -> None:
    line = mark(MarkKind.LENGTH, at(900, 700), at(950, 790))
    moved = drawing.moved(line, 500, 500, _IMAGE)
    assert moved.points == (at(950, 710), at(1000, 800))
    moved = drawing.moved(line, -5000, 3, _IMAGE)
    assert moved.points == (at(0, 703), at(50, 793))


def test_an_outline_is_made_simple_and_stays_where_it_is() -> None:
    steps = [math.tau * step / 400 for step in range(400)]
    drawn = tuple(at(500 + 100 * math.cos(t), 400 + 60 * math.sin(t)) for t in steps)
    simple = drawing.simplified(drawn, 1.0)
    assert 8 < len(simple) < 60
    assert {simple[0], simple[-1]} == {drawn[0], drawn[-1]}
    for point in drawn:
        assert min(_off(point, a, b) for a, b in itertools.pairwise(simple)) <= 1.0 + 1e-9


def _off(p: ImagePoint, a: ImagePoint, b: ImagePoint) -> float:
    along = (p.col - a.col) * (b.col - a.col) + (p.row - a.row) * (b.row - a.row)
    share = min(max(along / length(a, b, _PX) ** 2, 0.0), 1.0)
    foot = at(a.col + share * (b.col - a.col), a.row + share * (b.row - a.row))
    return length(p, foot, _PX)


@pytest.mark.parametrize(
    ("kind", "count"),
    [(MarkKind.LENGTH, 3), (MarkKind.AREA, 2), (MarkKind.NIPPLE, 0), (MarkKind.ELLIPSE, 2)],
)
def test_a_mark_with_the_wrong_number_of_points_is_none(kind: MarkKind, count: int) -> None:
    with pytest.raises(ValueError, match="points"):
        mark(kind, *(at(n, n) for n in range(count)))


def test_a_point_that_is_no_place_is_refused() -> None:
    with pytest.raises(ValueError, match="no place"):
        mark(MarkKind.NIPPLE, at(math.nan, 1))


@pytest.mark.parametrize(
    ("kind", "points", "middle"),
    [
        (MarkKind.LENGTH, (at(0, 0), at(10, 20)), at(5, 10)),
        (MarkKind.ARROW, (at(3, 4), at(90, 90)), at(3, 4)),
        (MarkKind.ANGLE, (at(0, 0), at(7, 8), at(9, 0)), at(7, 8)),
        # An L: the middle of its area, not of its corners nor of its box.
        (
            MarkKind.AREA,
            (at(0, 0), at(20, 0), at(20, 10), at(10, 10), at(10, 20), at(0, 20)),
            at(25 / 3, 25 / 3),
        ),
        (MarkKind.AREA, (at(0, 0), at(10, 0), at(20, 0)), at(10, 0)),
    ],
)
def test_a_mark_has_a_middle(
    kind: MarkKind, points: tuple[ImagePoint, ...], middle: ImagePoint
) -> None:
    near(mark(kind, *points).centre(), middle)
