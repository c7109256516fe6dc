"""Every breast cell lies whole in some tile, and no tile is without breast."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mammoview.imaging.breast_tiles import BreastTile, Outline, plan_breast_tiles


def half_ellipse(rows: int, cols: int, *, depth: float, half: float, middle: float) -> Outline:
    """Return a breast that leans on the chest wall, cells of 18 pixels."""
    row, col = np.ogrid[0:rows, 0:cols]
    cells = ((col + 0.5) / depth) ** 2 + ((row + 0.5 - middle) / half) ** 2 <= 1.0
    return Outline(cells=cells, cell_width=18.0, cell_height=18.0, level=middle * 18.0)


@st.composite
def outlines(draw: st.DrawFn) -> Outline:
    rows, cols = draw(st.integers(4, 120)), draw(st.integers(3, 80))
    if draw(st.booleans()):
        depth, half = draw(st.floats(1.0, cols)), draw(st.floats(1.0, rows / 2))
        middle = draw(st.floats(0.0, rows))
        return half_ellipse(rows, cols, depth=depth, half=half, middle=middle)
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    cells = rng.random((rows, cols)) < draw(st.sampled_from([0.0, 0.02, 0.5, 1.0]))
    side = draw(st.floats(3.0, 40.0))
    level = draw(st.floats(0.0, rows * side))
    return Outline(cells=cells, cell_width=side, cell_height=side * 0.9, level=level)


def inside(outline: Outline, tile: BreastTile, width: float, height: float) -> NDArray[np.bool_]:
    """Return which cells of an outline lie whole in a tile."""
    row, col = np.mgrid[0 : outline.cells.shape[0], 0 : outline.cells.shape[1]]
    near, top = col * outline.cell_width, row * outline.cell_height - outline.level
    across = (near >= tile.depth - 1e-3) & (near + outline.cell_width <= tile.depth + width + 1e-3)
    down = (top >= tile.top - 1e-3) & (top + outline.cell_height <= tile.top + height + 1e-3)
    return np.asarray(across & down)


@settings(max_examples=60, deadline=None)
@given(
    both=st.lists(outlines(), min_size=1, max_size=3),
    width=st.floats(150.0, 1600.0),
    height=st.floats(150.0, 1600.0),
)
def test_all_of_every_breast_is_shown_and_nothing_else(
    both: list[Outline], width: float, height: float
) -> None:
    tiles = plan_breast_tiles(both, width=width, height=height, overlap=45.0)
    assert bool(tiles) == any(outline.cells.any() for outline in both)
    seen = [np.zeros_like(outline.cells) for outline in both]
    for tile in tiles:
        found = [inside(outline, tile, width, height) & outline.cells for outline in both]
        assert any(part.any() for part in found), "a tile without breast"
        assert tile.depth >= 0.0, "nothing behind the chest wall"
        seen = [a | b for a, b in zip(seen, found, strict=True)]
    for outline, part in zip(both, seen, strict=True):
        assert (part == outline.cells).all(), "breast that no tile shows"


def test_tiles_go_from_the_top_down_and_to_and_fro() -> None:
    breast = half_ellipse(200, 100, depth=95.0, half=90.0, middle=100.0)
    tiles = plan_breast_tiles([breast], width=700.0, height=900.0, overlap=50.0)
    tops = [tile.top for tile in tiles]
    assert tops == sorted(tops)
    bands = [[t.depth for t in tiles if t.top == top] for top in dict.fromkeys(tops)]
    assert len(bands) > 2
    for number, band in enumerate(bands):
        assert band == sorted(band, reverse=bool(number % 2))


def test_two_breasts_share_the_level_of_their_nipples() -> None:
    high = half_ellipse(100, 60, depth=40.0, half=20.0, middle=30.0)
    low = half_ellipse(100, 60, depth=40.0, half=20.0, middle=70.0)
    alone = plan_breast_tiles([high], width=500.0, height=400.0, overlap=40.0)
    assert plan_breast_tiles([high, low], width=500.0, height=400.0, overlap=40.0) == alone


def test_a_small_breast_is_one_tile_with_its_chest_wall_at_the_wall() -> None:
    breast = half_ellipse(50, 30, depth=20.0, half=15.0, middle=25.0)
    (tile,) = plan_breast_tiles([breast], width=900.0, height=900.0, overlap=40.0)
    assert tile.depth == 0.0


@pytest.mark.parametrize(("width", "overlap"), [(80.0, 40.0), (500.0, 15.0)])
def test_a_window_too_small_is_refused(width: float, overlap: float) -> None:
    breast = half_ellipse(50, 30, depth=20.0, half=15.0, middle=25.0)
    with pytest.raises(ValueError, match="no tiles"):
        plan_breast_tiles([breast], width=width, height=500.0, overlap=overlap)
