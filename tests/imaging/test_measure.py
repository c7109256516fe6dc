"""Lengths, areas, angles and grey values: the numbers a treatment may rest on."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from mammoview.domain.geometry import ImagePoint, PixelSpacing
from mammoview.imaging import measure
from mammoview.imaging.measure import Unit, scale_of
from tests.builders.desk import grey_format

# A row is twice as far from the next as a column: swapped, every number is another.
_SPACING = PixelSpacing(row_mm=0.2, col_mm=0.1, source="test")
_MM = scale_of(_SPACING)
_PX = scale_of(None)


def at(col: float, row: float) -> ImagePoint:
    return ImagePoint(col=col, row=row)


def circle(col: float, row: float, radius: float) -> tuple[ImagePoint, ...]:
    return (
        at(col - radius, row),
        at(col + radius, row),
        at(col, row - radius),
        at(col, row + radius),
    )


def test_a_length_takes_each_axis_by_its_own_spacing() -> None:
    assert measure.length(at(10, 10), at(40, 10), _MM) == pytest.approx(3.0)
    assert measure.length(at(10, 10), at(10, 40), _MM) == pytest.approx(6.0)
    assert measure.length(at(0, 0), at(30, 20), _MM) == pytest.approx(5.0)


def test_without_spacing_there_are_pixels_and_no_mm() -> None:
    assert _PX.unit is Unit.PX
    assert measure.length(at(0, 0), at(30, 40), _PX) == pytest.approx(50.0)
    assert _MM.unit is Unit.MM


def test_an_area_is_that_of_its_outline_whichever_way_it_runs() -> None:
    outline = [at(0, 0), at(40, 0), at(40, 10), at(20, 10), at(20, 30), at(0, 30)]
    wanted = (40 * 10 + 20 * 20) * 0.1 * 0.2
    assert measure.polygon_area(outline, _MM) == pytest.approx(wanted)
    assert measure.polygon_area(outline[::-1], _MM) == pytest.approx(wanted)


def test_an_outline_that_crosses_itself_is_told() -> None:
    assert measure.crosses_itself([at(0, 0), at(10, 10), at(10, 0), at(0, 10)])
    assert not measure.crosses_itself([at(0, 0), at(10, 0), at(10, 10), at(0, 10)])
    assert not measure.crosses_itself([at(0, 0), at(10, 0), at(5, 5)])


def test_an_ellipse_is_measured_in_mm_and_not_in_pixels() -> None:
    round_in_pixels = circle(50, 50, 10)
    assert measure.ellipse_area(round_in_pixels, _MM) == pytest.approx(math.pi * 1.0 * 2.0)
    assert measure.ellipse_axes(round_in_pixels, _MM) == pytest.approx((4.0, 2.0))


def test_conjugate_diameters_that_are_not_at_right_angles() -> None:
    # The unit circle sheared: area stays, axes are the singular values of [[1, 1], [0, 1]].
    points = (at(-1, 0), at(1, 0), at(-1, -1), at(1, 1))
    golden = (1 + math.sqrt(5)) / 2
    assert measure.ellipse_area(points, _PX) == pytest.approx(math.pi)
    assert measure.ellipse_axes(points, _PX) == pytest.approx((2 * golden, 2 / golden))


@pytest.mark.parametrize(
    ("end", "other", "wanted"),
    [
        (at(40, 0), at(0, 20), 90.0),
        (at(40, 0), at(-40, 0), 180.0),
        (at(40, 0), at(40, 20), 45.0),  # 4 mm along the columns, 4 mm down the rows
        (at(40, 0), at(80, 0), 0.0),
    ],
)
def test_an_angle_is_one_in_mm(end: ImagePoint, other: ImagePoint, wanted: float) -> None:
    assert measure.angle_degrees(end, at(0, 0), other, _MM) == pytest.approx(wanted)
    assert measure.angle_degrees(other, at(0, 0), end, _MM) == pytest.approx(wanted)


def test_a_leg_without_length_has_no_angle() -> None:
    assert measure.angle_degrees(at(5, 5), at(5, 5), at(9, 9), _MM) is None


def test_statistics_count_the_pixels_whose_centres_are_inside() -> None:
    stored = np.zeros((40, 60), np.uint16)
    stored[10:30, 20:40] = 100
    stored[20, 30] = 300
    found = measure.region_statistics(stored, grey_format(), circle(30.5, 20.5, 5.2))
    rows, cols = np.mgrid[0:40, 0:60] + 0.5
    inside = stored[np.hypot(cols - 30.5, rows - 20.5) <= 5.2].astype(float)
    assert found is not None
    assert found.count == inside.size == 89
    assert found.mean == pytest.approx(inside.mean())
    assert found.sd == pytest.approx(inside.std(ddof=1))
    assert (found.low, found.high) == (100.0, 300.0)


def test_statistics_are_of_rescaled_values_and_never_of_padding() -> None:
    stored = np.full((40, 40), 50, np.int16)
    stored[:, 20:] = 7
    fmt = replace(grey_format(), padding=(5, 9), rescale_slope=2.0, rescale_intercept=-10.0)
    whole = measure.region_statistics(stored, replace(fmt, padding=None), circle(20, 20, 8))
    found = measure.region_statistics(stored, fmt, circle(20, 20, 8))
    assert found is not None
    assert whole is not None
    assert (found.mean, found.sd, found.low, found.high) == (90.0, 0.0, 90.0, 90.0)
    assert found.count * 2 == whole.count
    padding_alone = measure.region_statistics(stored, fmt, circle(32, 20, 5))
    assert padding_alone is None


@pytest.mark.parametrize(
    "points",
    [circle(-50, 20, 8), circle(200, 20, 8), circle(20, -90, 8), circle(20, 300, 8)],
    ids=["left", "right", "above", "below"],
)
def test_a_region_off_the_image_has_no_pixel(points: tuple[ImagePoint, ...]) -> None:
    stored = np.ones((40, 60), np.uint8)
    assert measure.region_statistics(stored, grey_format(), points) is None


def test_a_region_over_the_edge_counts_what_is_there() -> None:
    stored = np.ones((40, 60), np.uint8)
    found = measure.region_statistics(stored, grey_format(), circle(0, 20, 10))
    whole = measure.region_statistics(stored, grey_format(), circle(30, 20, 10))
    assert found is not None
    assert whole is not None
    assert found.count * 2 == whole.count


def test_the_longest_diameter_is_in_mm_whichever_way_it_runs() -> None:
    corners = [at(0, 0), at(60, 0), at(60, 40), at(0, 40)]
    assert measure.longest_diameter(corners, _MM) == pytest.approx(10.0)
    assert measure.longest_diameter(corners[:1], _MM) == 0.0
    assert measure.longest_diameter(corners[::-1], _PX) == pytest.approx(math.hypot(60, 40))


def test_the_outline_of_an_ellipse_has_its_diameters_and_area() -> None:
    given = (at(0, 10), at(40, 10), at(20, 0), at(20, 20))
    outline = measure.ellipse_outline(given)
    assert len(outline) == 48
    assert measure.longest_diameter(outline, _PX) == pytest.approx(40.0)
    assert measure.polygon_area(outline, _PX) == pytest.approx(math.pi * 200, rel=0.01)
