"""Windows by hand and by name, without a window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mammoview.app.workspace import Gray, WindowChange
from mammoview.domain.study import VoiFunction, VoiLut, VoiWindow
from mammoview.imaging.grayscale import named_vois
from mammoview.ui.viewport.windowing import changed, dragged, voi_in_use, voi_text
from tests.ui.viewport.scene import SIGMOID, pixel_format

_PLAIN = Gray(change=None, voi_explanation=None, invert=False)
_LUT = VoiLut(entries=np.arange(1000, dtype=np.uint16), first_mapped=500, bits=10, explanation="L")


def _window(name: str, width: float = 1000.0) -> VoiWindow:
    return replace(SIGMOID, explanation=name, width=width)


@pytest.mark.parametrize(("inverse", "centre"), [(False, 2300.0), (True, 1700.0)])
def test_darker_is_a_share_of_the_own_width_and_knows_the_polarity(
    inverse: bool, centre: float
) -> None:
    fmt = pixel_format(inverse=inverse)
    window = changed(fmt, SIGMOID, WindowChange(width=0.5, darker=0.1))
    assert window == replace(SIGMOID, centre=centre, width=1500.0)


def test_a_lut_and_the_full_range_become_windows() -> None:
    fmt = pixel_format(windows=(), luts=(_LUT,))
    window = changed(fmt, _LUT, WindowChange())
    assert (window.centre, window.width) == (1000.0, 1000.0)
    assert window.function is VoiFunction.LINEAR_EXACT
    whole = changed(fmt, None, WindowChange(width=0.5))
    assert (whole.centre, whole.width) == (2047.5, 2047.5)


def test_only_linear_has_a_narrowest_width() -> None:
    """Rescaled values may all lie between 0 and 1, where a width of 1 would be the whole image."""
    thin = WindowChange(width=1 / 256)
    linear = replace(SIGMOID, function=VoiFunction.LINEAR, width=4.0)
    assert changed(pixel_format(), linear, thin).width == 1.0
    assert changed(pixel_format(), replace(SIGMOID, width=1.0), thin).width == 1 / 256


def test_drags_add_up_and_stay_finite() -> None:
    once = dragged(WindowChange(), right_px=250.0, down_px=60.0, invert=False)
    assert (once.width, once.darker) == pytest.approx((2.0, 0.1))
    twice = dragged(once, right_px=0.0, down_px=60.0, invert=False)
    assert twice.darker == pytest.approx(0.3)
    assert dragged(once, right_px=0.0, down_px=60.0, invert=True).darker == pytest.approx(-0.1)
    for way in (-1e5, 1e5):
        far = dragged(WindowChange(), right_px=way, down_px=0.0, invert=False)
        assert 0 < changed(pixel_format(), SIGMOID, far).width < 1e7


def test_the_screen_says_centre_width_function_and_name() -> None:
    fmt = pixel_format(windows=(_window("NORMAL"), _window("HARDER", 0.25)), luts=(_LUT,))
    assert voi_text(fmt, _PLAIN) == "C 2000 W 1000 SIGMOID NORMAL"
    harder = replace(_PLAIN, voi_explanation="HARDER")
    assert voi_text(fmt, harder) == "C 2000 W 0.25 SIGMOID HARDER"
    by_hand = replace(_PLAIN, change=WindowChange(width=2.0))
    assert voi_text(fmt, by_hand) == "C 2000 W 2000 SIGMOID NORMAL, by hand"
    assert voi_text(fmt, replace(_PLAIN, voi_explanation="L")) == "VOI LUT L"
    assert voi_text(pixel_format(windows=()), _PLAIN) == "full range"


def test_an_image_without_the_chosen_name_says_that_it_shows_its_default() -> None:
    fmt = pixel_format(windows=(_window("NORMAL"),))
    gray = replace(_PLAIN, voi_explanation="SOFTER")
    assert voi_in_use(fmt, gray) is fmt.windows[0]
    assert voi_text(fmt, gray) == "C 2000 W 1000 SIGMOID NORMAL, default: no SOFTER here"


def test_windows_without_names_are_told_apart_by_number() -> None:
    four = tuple(_window("", width) for width in (1000.0, 900.0, 800.0, 700.0))
    fmt = pixel_format(windows=four)
    assert [name for name, _ in named_vois(fmt)] == [f"window {n}" for n in (1, 2, 3, 4)]
    third = replace(_PLAIN, voi_explanation="window 3")
    assert voi_in_use(fmt, third) is four[2]
    assert named_vois(pixel_format(windows=four[:1])) == ()
