"""Smaller copies of the stored values: right averages, black padding, right place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mammoview.domain.geometry import ImagePoint, Pose
from mammoview.imaging.pyramid import LEVELS, Pyramid, halve
from tests.ui.viewport import scene


@given(
    rows=st.integers(1, 300),
    cols=st.integers(1, 9),
    kind=st.sampled_from([np.uint8, np.uint16, np.int16]),
)
def test_halves_are_rounded_averages(rows: int, cols: int, kind: type[np.generic]) -> None:
    limits = np.iinfo(kind)  # type: ignore[type-var]
    rng = np.random.default_rng(rows * 10 + cols)
    stored = rng.integers(limits.min, limits.max, (rows, cols), kind, endpoint=True)
    even = np.pad(stored, ((0, rows % 2), (0, cols % 2)), mode="edge").astype(np.float64)
    blocks = even.reshape(even.shape[0] // 2, 2, even.shape[1] // 2, 2)
    half = halve(stored, None)
    assert half.dtype == stored.dtype
    assert np.array_equal(half, np.floor(blocks.mean(axis=(1, 3)) + 0.5))


def test_a_block_that_touches_padding_is_not_averaged() -> None:
    stored = np.array([[3044, 3044, 100, 200], [100, 100, 300, 400]], np.uint16)
    assert halve(stored, (3044, 3044)).tolist() == [[3044, 250]]


@pytest.mark.parametrize("pose", scene.EIGHT_POSES)
@pytest.mark.parametrize("shape", [(64, 40), (61, 43)])
def test_every_level_lies_on_the_first(pose: Pose, shape: tuple[int, int]) -> None:
    rows, cols = np.mgrid[0 : shape[0], 0 : shape[1]] + 0.5
    across = Pyramid((cols * 100).astype(np.uint16), pose, None)
    down = Pyramid((rows * 100).astype(np.uint16), pose, None)
    for level in range(1, LEVELS):
        place = across.to_displayed(level)
        at = place.apply(ImagePoint(col=2.5, row=1.5))
        row, col = int(at.row), int(at.col)
        reach = 2**level
        for pyramid in (across, down):
            fine = int(pyramid.level(0)[row, col])
            coarse = int(pyramid.level(level)[1, 2])
            assert abs(coarse - fine) <= 100 * reach / 2 + 50


@pytest.mark.parametrize(
    ("scale", "level"), [(2.0, 0), (1.0, 0), (0.51, 0), (0.5, 1), (0.3, 1), (0.12, 3), (0.01, 3)]
)
def test_a_level_has_at_least_the_screens_detail(scale: float, level: int) -> None:
    assert Pyramid(scene.bright(), scene.UPRIGHT, None).level_for(scale) == level
