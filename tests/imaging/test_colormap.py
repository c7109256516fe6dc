"""The heat scale: fixed, ordered by lightness, transparent below its floor."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
import pytest

from mammoview.imaging.colormap import STEPS, heat_rgba, heat_table


def _lightness(table: np.ndarray) -> np.ndarray:
    """CIE 1976 L* of sRGB colours."""
    srgb = table[:, :3].astype(np.float64) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    return np.where(luminance > 0.008856, 116 * np.cbrt(luminance) - 16, 903.3 * luminance)


def test_lightness_rises_all_the_way() -> None:
    assert np.all(np.diff(_lightness(heat_table(0.0))) > -0.2)
    assert np.ptp(_lightness(heat_table(0.0))) > 70


def test_the_scale_is_matplotlibs_plasma() -> None:
    plasma = pg.colormap.get("plasma").getLookupTable(0, 1, STEPS)
    assert np.abs(heat_table(0.0)[:, :3].astype(int) - plasma[:, :3]).max() <= 8


def test_below_the_floor_nothing_is_drawn() -> None:
    scores = np.array([[0.0, 0.2999, 0.3, 0.9]], np.float32)
    alpha = heat_rgba(scores, floor=float(np.float32(0.3)))[0, :, 3]
    assert alpha[0] == alpha[1] == 0
    assert 0 < alpha[2] < alpha[3] < 255


def test_a_score_of_zero_is_dark_even_without_a_floor() -> None:
    assert not heat_rgba(np.zeros((4, 5), np.float32), floor=0.0)[..., 3].any()


def test_the_scale_does_not_stretch_to_the_images_own_range() -> None:
    faint = heat_rgba(np.array([[0.01, 0.4]], np.float32), floor=0.0)
    strong = heat_rgba(np.array([[0.4, 1.0]], np.float32), floor=0.0)
    assert np.array_equal(faint[0, 1], strong[0, 0])


@pytest.mark.parametrize("bad", [-0.1, 1.1, np.nan])
def test_a_value_that_is_no_score_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match=r"outside 0\.\.1"):
        heat_rgba(np.array([[0.5, bad]], np.float32), floor=0.1)


@pytest.mark.parametrize("bad", [-0.1, 1.1])
def test_a_floor_outside_the_scale_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="floor"):
        heat_table(bad)
