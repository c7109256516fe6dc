"""Test patterns: the greys that the eye is asked about are exactly there."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from mammoview.imaging.patterns import (
    PATCHES,
    SQUARES,
    Letters,
    PatternName,
    draw,
    geometry,
    low_contrast,
    overall,
    ramp,
    uniform,
)

SIZES = [(1080, 1920), (2560, 2048), (600, 800), (1201, 1001)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", list(PatternName))
def test_every_pattern_fills_every_screen_with_8_bit_greys(
    name: PatternName, size: tuple[int, int]
) -> None:
    grey = draw(name, *size).grey
    assert grey.shape == size
    assert grey.dtype == np.uint8
    assert not grey.flags.writeable


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_overall_pattern_has_sixteen_patches_of_exact_steps(size: tuple[int, int]) -> None:
    grey = overall(*size).grey
    unit = min(size) // 12
    assert tuple(range(8, 249, 16)) == PATCHES
    for level in PATCHES:
        small = (unit // 6) ** 2
        patch = unit**2 - 2 * small
        # A ramp has each level too, in columns half a unit high.
        assert (grey == level).sum() >= patch, level
        for near in (level - 4, level + 4):
            assert (grey == near).sum() >= small, near


def test_five_percent_lies_in_black_and_95_in_white() -> None:
    grey = overall(1080, 1920).grey
    for inner, outer in ((13, 0), (242, 255)):
        rows, cols = np.nonzero(grey[: 1080 // 2] == inner)
        assert rows.size == 90**2
        top, left = rows.min(), cols.min()
        around = grey[top - 40 : top + 130, left - 40 : left + 130]
        assert (around == outer).sum() == around.size - rows.size


def test_line_pairs_alternate_pixel_by_pixel_in_the_middle_and_the_corners() -> None:
    grey = overall(1080, 1920).grey
    unit, edge = 90, 11
    corners = [
        (row, col) for row in (edge, 1080 - unit - edge) for col in (edge, 1920 - unit - edge)
    ]
    for row, col in [(495, 915), *corners]:
        area = grey[row : row + unit, col : col + unit].astype(int)
        quarter = unit // 2
        assert set(np.unique(area)) == {0, 255}
        assert (np.abs(np.diff(area[:quarter, :quarter], axis=1)) == 255).all()
        assert (np.diff(area[:quarter, :quarter], axis=0) == 0).all()
        assert (np.abs(np.diff(area[:quarter, quarter:], axis=0)) == 255).all()
        runs = np.diff(np.flatnonzero(np.diff(area[quarter, :quarter])))
        assert (runs == 2).all()


@pytest.mark.parametrize("cols", [800, 1920, 2048, 1001])
def test_the_ramp_has_all_256_greys_in_equal_shares(cols: int) -> None:
    grey = ramp(600, cols).grey
    counts = np.bincount(grey[0], minlength=256)
    assert counts.min() >= cols // 256
    assert counts.max() <= cols // 256 + 1
    assert (np.diff(grey[0].astype(int)) >= 0).all()
    assert np.array_equal(grey[0], grey[-1, ::-1])


@pytest.mark.parametrize(("level", "name"), [(26, "uniform-10"), (204, "uniform-80")])
def test_uniform_fields_have_one_grey(level: int, name: str) -> None:
    assert np.unique(draw(PatternName(name), 100, 70).grey).tolist() == [level]
    assert np.unique(uniform(5, 5, 7).grey).tolist() == [7]


def test_eighteen_squares_each_have_bars_a_few_levels_off() -> None:
    grey = low_contrast(1080, 1920).grey
    assert len(SQUARES) == 18
    for level in SQUARES:
        contrast = 3 if level in (0, 255) else 5
        assert (grey == level).sum() > 50_000
        for near in {level - contrast, level + contrast} & set(range(256)):
            assert (grey == near).sum() > 1000, (level, near)


def test_the_grid_is_square_and_its_border_is_the_last_pixel() -> None:
    grey = geometry(1080, 1920).grey
    assert (grey[[0, -1]] == 255).all()
    assert (grey[:, [0, -1]] == 255).all()
    lines = np.flatnonzero(grey[5] == 191)
    rows = np.flatnonzero(grey[:, 5] == 191)
    assert set(np.diff(lines)) == set(np.diff(rows)) == {135}


@pytest.mark.parametrize(("ground", "first"), [(0, 14), (128, 142), (255, 241)])
def test_letters_fade_by_one_level_each(ground: int, first: int) -> None:
    greys = Letters(row=0, col=0, height=9, width=99, ground=ground).greys()
    assert (greys[0], greys[-1]) == (first, ground)
    assert {abs(a - b) for a, b in itertools.pairwise(greys)} == {1}
