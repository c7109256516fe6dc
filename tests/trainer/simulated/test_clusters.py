from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from trainer.simulated.clusters import (
    FEWEST,
    LARGEST_MM,
    MOST,
    PITCH_MM,
    SMALLEST_MM,
    Cluster,
    Morphology,
    draw_cluster,
    drawn_extent,
)


def _draw(seed: int, height: float = 12.0, width: float = 9.0) -> Cluster:
    return draw_cluster(np.random.default_rng(seed), height_mm=height, width_mm=width)


@pytest.fixture(scope="module")
def many() -> list[Cluster]:
    return [_draw(seed) for seed in range(150)]


def test_the_same_chance_draws_the_same_cluster_and_another_one_another() -> None:
    first, second, other = _draw(4), _draw(4), _draw(5)
    assert np.array_equal(first.density, second.density)
    assert first.calcifications == second.calcifications
    assert not np.array_equal(first.density, other.density)


def test_number_and_sizes_stay_in_their_ranges(many: list[Cluster]) -> None:
    assert all(FEWEST <= c.count <= MOST for c in many)
    sizes = [c.diameter_mm for cluster in many for c in cluster.calcifications]
    assert min(sizes) >= SMALLEST_MM
    assert max(sizes) <= LARGEST_MM
    hazy = (Morphology.PUNCTATE, Morphology.AMORPHOUS)
    assert all(c.diameter_mm <= 0.5 for k in many for c in k.calcifications if c.morphology in hazy)
    assert 0.3 < float(np.median(sizes)) < 0.5


def test_the_types_come_as_often_as_in_the_tables(many: list[Cluster]) -> None:
    leading = [c.leading for c in many]
    assert set(leading) == set(Morphology)
    assert 0.55 < leading.count(Morphology.PLEOMORPHIC) / len(leading) < 0.77
    assert all(c.share_of(c.leading) >= max(c.share_of(m) for m in Morphology) - 0.35 for c in many)
    assert all(sum(c.share_of(m) for m in Morphology) == pytest.approx(1.0) for c in many)


def test_more_room_holds_more_calcifications() -> None:
    small = np.mean([_draw(s, 6.0, 6.0).count for s in range(40)])
    large = np.mean([_draw(s, 24.0, 24.0).count for s in range(40)])
    assert 2.5 < large / small < 5.0  # as the root of the area: four times


@pytest.mark.parametrize(("height", "width"), [(3.0, 3.0), (5.0, 20.0), (31.03, 12.41)])
def test_the_drawing_fills_its_box(height: float, width: float) -> None:
    for seed in range(20):
        cluster = _draw(seed, height, width)
        assert cluster.density.shape == (
            int(np.ceil(height / PITCH_MM)),
            int(np.ceil(width / PITCH_MM)),
        )
        tall, wide = cluster.extent_mm
        assert height - 0.6 < tall <= height + PITCH_MM
        assert width - 0.6 < wide <= width + PITCH_MM


def test_every_calcification_is_drawn_where_it_says(many: list[Cluster]) -> None:
    for cluster in many[:30]:
        total = cluster.density.copy()
        for c in cluster.calcifications:
            reach = c.diameter_mm / 2 + PITCH_MM
            rows = slice(
                max(0, int((c.row_mm - reach) / PITCH_MM)), int((c.row_mm + reach) / PITCH_MM) + 1
            )
            cols = slice(
                max(0, int((c.col_mm - reach) / PITCH_MM)), int((c.col_mm + reach) / PITCH_MM) + 1
            )
            assert cluster.density[rows, cols].max() > 0
            assert c.contrast > 0
            total[rows, cols] = 0.0
        assert not total.any()  # and nothing else is


def test_bigger_calcifications_have_more_contrast(many: list[Cluster]) -> None:
    grains = [
        (c.diameter_mm, c.contrast)
        for cluster in many
        for c in cluster.calcifications
        if c.morphology is Morphology.PUNCTATE
    ]
    size, contrast = np.array(grains).T
    assert np.corrcoef(size, contrast)[0, 1] > 0.5


@pytest.mark.parametrize("kind", list(Morphology))
def test_each_shape_is_as_long_as_its_diameter_says(kind: Morphology) -> None:
    found = [
        (cluster, c)
        for cluster, c in (
            (k, c) for k in map(_draw, range(60)) for c in k.calcifications if c.morphology is kind
        )
        if _alone(cluster, c.row_mm, c.col_mm)
    ]
    assert len(found) > 3
    for cluster, c in found:
        reach = int(np.ceil((c.diameter_mm / 2 + 2 * PITCH_MM) / PITCH_MM))
        row, col = int(c.row_mm / PITCH_MM), int(c.col_mm / PITCH_MM)
        part = cluster.density[
            max(0, row - reach) : row + reach + 1, max(0, col - reach) : col + reach + 1
        ]
        r0, r1, c0, c1 = drawn_extent(part)
        longest = max(r1 - r0, c1 - c0) * PITCH_MM
        assert longest <= c.diameter_mm + 2 * PITCH_MM
        assert longest >= 0.45 * c.diameter_mm


def _alone(cluster: Cluster, row: float, col: float) -> bool:
    near = [
        1
        for c in cluster.calcifications
        if np.hypot(c.row_mm - row, c.col_mm - col) < 1.2 + c.diameter_mm
    ]
    return len(near) == 1


def test_drawn_extent_is_the_tight_box() -> None:
    for row, col in product((0, 3), (1, 5)):
        cells = np.zeros((8, 9), np.float32)
        cells[row, col] = cells[row + 2, col + 1] = 1.0
        assert drawn_extent(cells) == (row, row + 3, col, col + 2)
