"""Half, clock position and depth: as a reader would say them, from both sides and in all poses."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mammoview.domain.finding import Depth, Quadrant
from mammoview.domain.geometry import ImagePoint, PixelSpacing, Pose
from mammoview.domain.views import Laterality, Projection
from mammoview.imaging.measure import scale_of
from mammoview.imaging.orientation import pose_affine
from mammoview.imaging.position import (
    Offset,
    clock_hour,
    depth_of,
    half_of,
    offset_from_nipple,
    quadrant_of,
    quadrants_at,
)

R, L = Laterality.RIGHT, Laterality.LEFT


@pytest.mark.parametrize(
    ("outer", "upper", "right", "left"),
    [
        (0, 30, 12, 12),
        (30, 0, 9, 3),  # outer: the viewer's left on the right breast
        (-30, 0, 3, 9),
        (0, -30, 6, 6),
        (30, 30, 10, 2),  # half past: the even hour
        (20, 35, 11, 1),
        (35, 20, 10, 2),
        (-35, 20, 2, 10),
        (35, -20, 8, 4),
    ],
)
def test_the_clock_is_seen_from_the_front(
    outer: float, upper: float, right: int, left: int
) -> None:
    assert clock_hour(outer, upper, R) == right
    assert clock_hour(outer, upper, L) == left


def test_behind_the_nipple_there_is_no_hour() -> None:
    assert clock_hour(3, -3, R) is None
    assert clock_hour(4, -4, R) is not None


@pytest.mark.parametrize(
    ("projection", "up", "said"),
    [
        (Projection.CC, 20, "outer half"),
        (Projection.CC, -20, "inner half"),
        (Projection.XCCL, 20, "outer half"),
        (Projection.MLO, 20, "upper half"),
        (Projection.MLO, -20, "lower half"),
        (Projection.ML, -20, "lower half"),
        (Projection.MLO, 4, "at the level of the nipple"),
        (Projection.SIO, 20, ""),
        (None, 20, ""),
    ],
)
def test_one_view_tells_one_half(projection: Projection | None, up: float, said: str) -> None:
    assert half_of(Offset(up=up, depth=0.5), projection) == said


@pytest.mark.parametrize(
    ("share", "third"),
    [
        (-0.1, Depth.ANTERIOR),
        (0.3, Depth.ANTERIOR),
        (0.4, Depth.MIDDLE),
        (0.7, Depth.POSTERIOR),
        (1.0, Depth.POSTERIOR),
    ],
)
def test_depth_is_in_thirds(share: float, third: Depth) -> None:
    assert depth_of(Offset(up=0, depth=share)) is third


@pytest.mark.parametrize("laterality", [R, L])
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_the_offset_is_that_on_the_screen_in_mm(
    laterality: Laterality, flip: bool, degrees: int
) -> None:
    pose = Pose(flip_horizontal=flip, rotate_degrees=degrees, source="test")
    # As displayed: 900 wide and 1200 high, a row 0.2 mm and a column 0.1 mm.
    lying = degrees in (90, 270)
    shape = (900, 1200) if lying else (1200, 900)
    spacing = PixelSpacing(
        row_mm=0.1 if lying else 0.2, col_mm=0.2 if lying else 0.1, source="test"
    )
    back = pose_affine(pose, *shape).inverse()
    tip, place = (200, 600), (500, 450)
    if laterality is L:
        tip, place = (700, 600), (400, 450)
    found = offset_from_nipple(
        back.apply(ImagePoint(col=place[0], row=place[1])),
        back.apply(ImagePoint(col=tip[0], row=tip[1])),
        shape=shape,
        pose=pose,
        laterality=laterality,
        scale=scale_of(spacing),
    )
    assert found.up == pytest.approx(150 * 0.2)
    assert found.depth == pytest.approx(300 / 700)


@pytest.mark.parametrize("laterality", [R, L])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_with_its_muscle_up_goes_along_its_edge_and_deep_across_it(
    laterality: Laterality, degrees: int
) -> None:
    """An edge that leaves the wall by 30 degrees, 60 mm behind the nipple."""
    pose = Pose(flip_horizontal=False, rotate_degrees=degrees, source="test")
    shape = (900, 1200) if degrees in (90, 270) else (1200, 900)
    back = pose_affine(pose, *shape).inverse()

    def at(deep: float, up: float) -> ImagePoint:
        """Return a place so many mm across the edge and along it from the nipple."""
        cos, sin = math.cos(math.radians(30)), math.sin(math.radians(30))
        backwards, upwards = deep * cos - up * sin, deep * sin + up * cos
        col = 150 + 10 * backwards
        return back.apply(
            ImagePoint(col=col if laterality is R else 900 - col, row=700 - 10 * upwards)
        )

    found = offset_from_nipple(
        at(20, 15),
        at(0, 0),
        shape=shape,
        pose=pose,
        laterality=laterality,
        scale=scale_of(PixelSpacing(row_mm=0.1, col_mm=0.1, source="test")),
        muscle=(at(60, 40), at(60, -10)),
    )
    assert found.up == pytest.approx(15)
    assert found.depth == pytest.approx(20 / 60)
    # Straight back at the nipple's height lies below the posterior nipple line.
    level = offset_from_nipple(
        back.apply(ImagePoint(col=450, row=700)),
        at(0, 0),
        shape=shape,
        pose=pose,
        laterality=laterality,
        scale=scale_of(PixelSpacing(row_mm=0.1, col_mm=0.1, source="test")),
        muscle=(at(60, -10), at(60, 40)),  # either way round
    )
    assert level.up == pytest.approx(-15)


_MM = st.floats(min_value=-120, max_value=120)


@given(outer=_MM, upper=_MM)
def test_the_two_breasts_are_mirrored(outer: float, upper: float) -> None:
    right, left = clock_hour(outer, upper, R), clock_hour(outer, upper, L)
    assert (right is None) == (left is None)
    if right is not None and left is not None:
        # Half past an hour goes to the even one on both sides.
        assert right == (12 - left or 12)
        assert quadrants_at(right, R) == quadrants_at(left, L)


@given(outer=_MM, upper=_MM, side=st.sampled_from([R, L]))
def test_the_quadrant_is_one_of_the_hour(outer: float, upper: float, side: Laterality) -> None:
    quadrant, hour = quadrant_of(outer, upper, Depth.MIDDLE), clock_hour(outer, upper, side)
    if hour is None:
        assert quadrant is Quadrant.CENTRAL
    elif quadrant is not Quadrant.UNKNOWN:
        assert quadrant in quadrants_at(hour, side)


@pytest.mark.parametrize(
    ("outer", "upper", "depth", "quadrant"),
    [
        (30, 30, Depth.MIDDLE, Quadrant.UPPER_OUTER),
        (-30, 30, Depth.MIDDLE, Quadrant.UPPER_INNER),
        (30, -30, Depth.MIDDLE, Quadrant.LOWER_OUTER),
        (-30, -30, Depth.MIDDLE, Quadrant.LOWER_INNER),
        (30, 4, Depth.MIDDLE, Quadrant.UNKNOWN),
        (4, 30, Depth.MIDDLE, Quadrant.UNKNOWN),
        (3, 3, Depth.ANTERIOR, Quadrant.RETROAREOLAR),
        (3, 3, Depth.POSTERIOR, Quadrant.CENTRAL),
    ],
)
def test_the_quadrant_is_told_where_both_halves_are(
    outer: float, upper: float, depth: Depth, quadrant: Quadrant
) -> None:
    assert quadrant_of(outer, upper, depth) is quadrant


@pytest.mark.parametrize(
    ("hour", "right", "left"),
    [
        (2, {Quadrant.UPPER_INNER}, {Quadrant.UPPER_OUTER}),
        (10, {Quadrant.UPPER_OUTER}, {Quadrant.UPPER_INNER}),
        (4, {Quadrant.LOWER_INNER}, {Quadrant.LOWER_OUTER}),
        (8, {Quadrant.LOWER_OUTER}, {Quadrant.LOWER_INNER}),
        (12, {Quadrant.UPPER_OUTER, Quadrant.UPPER_INNER}, None),
        (9, {Quadrant.UPPER_OUTER, Quadrant.LOWER_OUTER}, None),
        (3, {Quadrant.UPPER_INNER, Quadrant.LOWER_INNER}, None),
    ],
)
def test_an_hour_has_its_quadrants(
    hour: int, right: set[Quadrant], left: set[Quadrant] | None
) -> None:
    assert set(quadrants_at(hour, R)) == right
    if left is not None:
        assert set(quadrants_at(hour, L)) == left
