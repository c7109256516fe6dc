from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D, ImagePoint, PixelSpacing
from mammoview.domain.prediction import Heatmap, Region
from mammoview.imaging.breast import Breast
from mammoview.inference.regions import cells_in_breast, find_regions, size_mm

CELL_PX = 40.0
MakeBreast = Callable[[NDArray[np.bool_], int, int], Breast]


def _heatmap(values: NDArray[np.floating]) -> Heatmap:
    to_image = Affine2D.scale_translate(col_scale=CELL_PX, row_scale=CELL_PX, col0=0.0, row0=0.0)
    return Heatmap(kind="mass", values=values.astype(np.float32), to_image=to_image)


def _find(
    values: NDArray[np.floating],
    breast: Breast,
    *,
    threshold: float = 0.5,
    cell_mm: float = 6.4,
) -> tuple[Region, ...]:
    rows, cols = (round(CELL_PX * size) for size in values.shape)
    return find_regions(
        _heatmap(values), breast=breast, threshold=threshold, cell_mm=cell_mm, rows=rows, cols=cols
    )


def _whole(make: MakeBreast, values: NDArray[np.floating]) -> Breast:
    rows, cols = (round(CELL_PX * size) for size in values.shape)
    return make(np.ones((8, 8), np.bool_), rows, cols)


def _bumps(shape: tuple[int, int], bumps: list[tuple[float, float, float]]) -> NDArray[np.float64]:
    """Return a map with a bump of height and width one cell at each (row, col, height)."""
    row, col = np.mgrid[0 : shape[0], 0 : shape[1]] + 0.5
    values = np.zeros(shape)
    for at_row, at_col, height in bumps:
        distance = (row - at_row) ** 2 + (col - at_col) ** 2
        values += height * (np.exp(-distance / 2) + 1e-3 / (1 + distance))
    return values


def _smooth_noise(seed: int, shape: tuple[int, int]) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(shape[0] + 2, shape[1] + 2))
    smooth = sum(noise[i : i + shape[0], j : j + shape[1]] for i in range(3) for j in range(3))
    return np.asarray(1 / (1 + np.exp(-np.asarray(smooth))))


def test_peaks_come_best_first_and_flagged_by_the_threshold(breast: MakeBreast) -> None:
    values = _bumps((16, 14), [(3.5, 3.5, 0.4), (10.5, 9.5, 0.8)])
    regions = _find(values, _whole(breast, values))
    assert [round(region.score, 2) for region in regions[:2]] == [0.8, 0.4]
    assert [region.flagged for region in regions[:2]] == [True, False]
    best = regions[0]
    assert (best.peak.col, best.peak.row) == pytest.approx((9.5 * CELL_PX, 10.5 * CELL_PX), abs=1)
    assert best.box.contains(best.peak)
    assert best.score == np.float32(values.max())


def test_a_threshold_is_met_by_a_score_equal_to_it(breast: MakeBreast) -> None:
    values = _bumps((9, 9), [(4.5, 4.5, 0.6)])
    score = float(np.float32(values.max()))
    assert _find(values, _whole(breast, values), threshold=score)[0].flagged


def test_a_peak_between_cells_is_refined(breast: MakeBreast) -> None:
    values = _bumps((12, 12), [(6.8, 5.3, 0.1)])
    peak = _find(values, _whole(breast, values))[0].peak
    assert (peak.col / CELL_PX, peak.row / CELL_PX) == pytest.approx((5.3, 6.8), abs=0.03)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_tie_between_two_cells_lies_between_them(breast: MakeBreast, axis: int) -> None:
    at = (6.0, 5.8) if axis == 0 else (5.8, 6.0)
    values = _bumps((12, 12), [(*at, 0.1)])
    regions = _find(values, _whole(breast, values))
    assert len(regions) == 1
    found = (regions[0].peak.row / CELL_PX, regions[0].peak.col / CELL_PX)
    assert found == pytest.approx(at, abs=0.04)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("axes", [(), (0,), (1,), (0, 1)])
def test_regions_are_the_same_under_flips(
    breast: MakeBreast, seed: int, axes: tuple[int, ...]
) -> None:
    shape = (21, 17)
    values = _smooth_noise(seed, shape)
    mask = np.zeros((50, 40), np.bool_)
    mask[5:48, :33] = True
    rows, cols = round(shape[0] * CELL_PX), round(shape[1] * CELL_PX)
    plain = _find(values, breast(mask, rows, cols))
    turned = _find(np.flip(values, axes), breast(np.flip(mask, axes), rows, cols))

    def back(point: ImagePoint) -> tuple[float, float]:
        return (
            round(cols - point.col if 1 in axes else point.col, 3),
            round(rows - point.row if 0 in axes else point.row, 3),
        )

    assert [region.score for region in turned] == [region.score for region in plain]
    for one, other in zip(plain, turned, strict=True):
        assert back(other.peak) == pytest.approx((one.peak.col, one.peak.row), abs=1e-2)
        expected = sorted((point.col, point.row) for point in one.outline)
        got = sorted(back(point) for point in other.outline)
        np.testing.assert_allclose(got, expected, atol=1e-2)


def test_the_same_map_gives_the_same_regions(breast: MakeBreast) -> None:
    values = _smooth_noise(3, (20, 20))
    assert _find(values, _whole(breast, values)) == _find(values, _whole(breast, values))


def test_many_peaks_give_many_candidates_down_to_low_scores(breast: MakeBreast) -> None:
    at = [(2.5 + 5 * i, 2.5 + 5 * j) for i in range(4) for j in range(3)]
    heights = np.geomspace(0.9, 0.01, len(at))
    bumps = [(*at[k], float(heights[k])) for k in range(len(at))]
    values = _bumps((20, 15), bumps)
    regions = _find(values, _whole(breast, values))
    assert len(regions) == len(at)
    assert regions[-1].score < 0.02


def test_peaks_are_kept_apart_in_mm(breast: MakeBreast) -> None:
    values = _bumps((20, 20), [(5.5, 5.5, 0.9), (5.5, 9.5, 0.5)])
    assert len(_find(values, _whole(breast, values), cell_mm=6.4)) == 2
    assert len(_find(values, _whole(breast, values), cell_mm=2.0)) == 1


def test_a_mass_at_the_chest_wall_counts_and_a_label_outside_does_not(breast: MakeBreast) -> None:
    values = _bumps((20, 14), [(10.5, 0.5, 0.7), (2.5, 12.5, 0.9)])
    mask = np.zeros((40, 28), np.bool_)
    mask[:, :14] = True
    best = _find(values, breast(mask, 800, 560))[0]
    assert best.peak.col == 0.5 * CELL_PX
    assert best.peak.row == pytest.approx(10.5 * CELL_PX, abs=1)
    assert best.box.col0 == 0.0
    assert max(r.peak.col for r in _find(values, breast(mask, 800, 560))) < 8 * CELL_PX


def test_a_cell_is_inside_when_its_area_touches_the_breast(breast: MakeBreast) -> None:
    mask = np.zeros((30, 30), np.bool_)
    mask[10:20, 0:16] = True  # image: rows 40 to 80, cols 0 to 64, of 120
    inside = cells_in_breast(_heatmap(np.zeros((3, 3))), breast(mask, 120, 120))
    assert inside.tolist() == [[False] * 3, [True, True, False], [False] * 3]


def test_no_breast_found_means_the_whole_image(breast: MakeBreast) -> None:
    values = _bumps((10, 10), [(5.5, 5.5, 0.7)])
    nothing = breast(np.zeros((8, 8), np.bool_), 400, 400)
    assert _find(values, nothing) == ()
    assert _find(values, replace(nothing, found=False))[0].score == pytest.approx(0.7, abs=0.01)


def test_the_extent_ends_at_half_the_peak_and_at_the_neighbour(breast: MakeBreast) -> None:
    values = _bumps((20, 20), [(10.5, 6.5, 0.8), (10.5, 9.5, 0.7)])  # 0.49 between them
    first, second = _find(values, _whole(breast, values))[:2]
    assert first.peak.col < second.peak.col
    assert first.box.col1 <= 8.6 * CELL_PX
    assert second.box.col0 >= 7.4 * CELL_PX
    alone = _bumps((20, 20), [(10.5, 10.5, 0.8)])
    box = _find(alone, _whole(breast, alone))[0].box
    half_width = np.sqrt(2 * np.log(2)) * CELL_PX
    assert (box.col1 - box.col0) / 2 == pytest.approx(half_width, rel=0.1)


def test_a_flat_map_is_one_region_and_a_dark_one_none(breast: MakeBreast) -> None:
    flat = np.full((6, 6), 1.0)
    (region,) = _find(flat, _whole(breast, flat))
    assert (region.peak.col, region.peak.row) == (3 * CELL_PX, 3 * CELL_PX)
    assert region.flagged
    assert _find(np.zeros((6, 6)), _whole(breast, flat)) == ()


@pytest.mark.parametrize("seed", range(4))
def test_outlines_are_polygons_inside_the_image_around_their_peak(
    breast: MakeBreast, seed: int
) -> None:
    values = _smooth_noise(seed, (18, 15))
    for region in _find(values, _whole(breast, values)):
        points = np.array([(p.col, p.row) for p in region.outline])
        assert len(points) >= 3
        assert points.min() >= 0
        assert (points.max(axis=0) <= np.array([15, 18]) * CELL_PX).all()
        steps = np.abs(np.diff(np.vstack([points, points[:1]]), axis=0))
        assert steps.max() <= 1.5 * CELL_PX
        assert region.box.contains(region.peak)


def test_an_outline_follows_the_level(breast: MakeBreast) -> None:
    values = _bumps((15, 15), [(7.5, 7.5, 0.8)])
    region = _find(values, _whole(breast, values))[0]
    radii = [
        np.hypot(p.col - region.peak.col, p.row - region.peak.row) / CELL_PX for p in region.outline
    ]
    assert min(radii) == pytest.approx(max(radii), rel=0.15)
    assert float(np.mean(radii)) == pytest.approx(np.sqrt(2 * np.log(2)), rel=0.1)


def test_size_is_measured_along_and_across_in_mm() -> None:
    """A slanted lozenge on pixels that are not square: 40 mm long and 10 mm wide."""
    spacing = PixelSpacing(row_mm=0.5, col_mm=0.25, source="test")
    turn = np.radians(30)
    corners = np.array([(20, 0), (0, 5), (-20, 0), (0, -5)]) @ np.array(
        [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]
    )
    points = [ImagePoint(col=100 + x / 0.25, row=100 + y / 0.5) for x, y in corners]
    assert size_mm(points, spacing) == pytest.approx((40.0, 10.0))


def test_regions_have_a_size_where_the_spacing_is_known(breast: MakeBreast) -> None:
    values = _bumps((15, 15), [(7.5, 7.5, 0.8)])
    known = PixelSpacing(row_mm=0.1, col_mm=0.1, source="test")
    whole = _whole(breast, values)
    sizes = [
        find_regions(
            _heatmap(values),
            breast=whole,
            threshold=0.5,
            cell_mm=4.0,
            rows=600,
            cols=600,
            spacing=spacing,
        )[0].size_mm
        for spacing in (None, known)
    ]
    diameter_mm = 2 * np.sqrt(2 * np.log(2)) * CELL_PX * 0.1
    assert sizes[0] is None
    assert sizes[1] == pytest.approx((diameter_mm, diameter_mm), rel=0.1)
