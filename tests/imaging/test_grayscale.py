"""Grey values against the formulas of PS3.3 C.11.2, written out here value by value."""

from __future__ import annotations

import math
import time
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mammoview.domain.study import PixelFormat, VoiFunction, VoiLut, VoiWindow
from mammoview.imaging.grayscale import (
    BREAST_RANGE,
    Voi,
    breast_window,
    default_voi,
    display_table,
    full_window,
    named_vois,
    stored_range,
    to_display,
    unit_values,
    voi_by_explanation,
)

PLAIN = PixelFormat(
    bits_stored=12,
    is_signed=False,
    photometric_interpretation="MONOCHROME2",
    inverse=False,
    padding=None,
    rescale_slope=1.0,
    rescale_intercept=0.0,
    windows=(),
    luts=(),
)
SIGNED = replace(PLAIN, is_signed=True)
DEEP = replace(PLAIN, bits_stored=16)
HOUNSFIELD = replace(PLAIN, rescale_slope=0.5, rescale_intercept=-300.25)


def window(centre: float, width: float, function: str, explanation: str = "") -> VoiWindow:
    return VoiWindow(
        centre=centre, width=width, function=VoiFunction(function), explanation=explanation
    )


def lut(values: list[int], *, first: int, bits: int, explanation: str = "") -> VoiLut:
    return VoiLut(
        entries=np.array(values, np.uint16), first_mapped=first, bits=bits, explanation=explanation
    )


def formula(x: float, voi: Voi) -> float:
    """The standard's own words: output 0..255 for one rescaled value."""
    assert voi is not None
    if isinstance(voi, VoiLut):
        i = round(x) - voi.first_mapped
        i = max(0, min(i, len(voi.entries) - 1))
        return int(voi.entries[i]) / ((1 << voi.bits) - 1) * 255
    c, w = voi.centre, voi.width
    if voi.function is VoiFunction.SIGMOID:
        return 255 / (1 + math.exp(-4 * (x - c) / w))
    if voi.function is VoiFunction.LINEAR_EXACT:
        if x <= c - w / 2:
            return 0
        return 255 if x > c + w / 2 else ((x - c) / w + 0.5) * 255
    if x <= c - 0.5 - (w - 1) / 2:
        return 0
    return 255 if x > c - 0.5 + (w - 1) / 2 else ((x - (c - 0.5)) / (w - 1) + 0.5) * 255


CASES = [
    (PLAIN, window(2048, 4096, "LINEAR")),
    (PLAIN, window(2047.5, 1, "LINEAR")),
    (PLAIN, window(100, 2, "LINEAR")),
    (PLAIN, window(1000, 256, "LINEAR")),
    (PLAIN, window(1000, 256, "LINEAR_EXACT")),
    (PLAIN, window(50, 0.5, "LINEAR_EXACT")),
    (PLAIN, window(2500, 900, "SIGMOID")),
    (SIGNED, window(-17, 301, "LINEAR")),
    (SIGNED, window(5, 700, "SIGMOID")),
    (DEEP, window(30000, 50001, "LINEAR")),
    (DEEP, window(40000, 25500, "LINEAR_EXACT")),
    (DEEP, window(30000.5, 4000, "SIGMOID")),
    (HOUNSFIELD, window(400, 1000, "LINEAR")),
    (HOUNSFIELD, window(400, 1000, "SIGMOID")),
    (PLAIN, lut([0, 1, 5, 30, 200, 255], first=1000, bits=8)),
    (SIGNED, lut(list(range(0, 4096, 2)), first=-1024, bits=12)),
    (DEEP, lut([(i * i) >> 16 for i in range(65536)], first=0, bits=16)),
    (HOUNSFIELD, lut(list(range(1024)), first=-100, bits=10)),
]


@pytest.mark.parametrize(("fmt", "voi"), CASES)
def test_every_stored_value_is_the_formula_rounded_to_nearest(fmt: PixelFormat, voi: Voi) -> None:
    low, high = stored_range(fmt)
    x = [fmt.rescale_slope * s + fmt.rescale_intercept for s in range(low, high + 1)]
    straight = np.array([formula(value, voi) for value in x])
    for inverse in (False, True):
        for invert in (False, True):
            table = display_table(replace(fmt, inverse=inverse), voi, invert=invert)
            assert table.shape == (high - low + 1,)
            expected = 255 - straight if inverse != invert else straight
            assert float(np.abs(table - expected).max()) <= 0.5 + 1e-9


def test_half_a_grey_level_of_the_linear_function_is_kept() -> None:
    """C.11.2.1.2.1's own example: centre 2048 and width 4096 is the identity of 12 bits."""
    table = display_table(PLAIN, window(2048, 4096, "LINEAR"), invert=False)
    assert np.array_equal(table, np.floor(np.arange(4096) / 4095 * 255 + 0.5))
    narrow = display_table(PLAIN, window(128, 256, "LINEAR"), invert=False)
    assert np.array_equal(narrow[:256], np.arange(256))


@pytest.mark.parametrize("fmt", [PLAIN, SIGNED, DEEP, HOUNSFIELD])
def test_no_voi_is_the_full_range_and_the_window_a_drag_starts_from(fmt: PixelFormat) -> None:
    table = display_table(fmt, None, invert=False)
    low, high = stored_range(fmt)
    straight = np.floor((np.arange(low, high + 1) - low) / (high - low) * 255 + 0.5)
    assert np.array_equal(table, straight)
    assert np.array_equal(table, display_table(fmt, full_window(fmt), invert=False))


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("inverse", [False, True])
def test_padding_is_black_whatever_the_polarity(inverse: bool, invert: bool) -> None:
    fmt = replace(SIGNED, inverse=inverse, padding=(-2000, -1970))
    table = display_table(fmt, None, invert=invert)
    inside = np.arange(-2000, -1969) + 2048
    assert not table[inside].any()
    assert (int(table[inside[0] - 1]) > 200) is (inverse != invert)
    assert (int(table[inside[-1] + 1]) > 200) is (inverse != invert)


def test_inverse_is_applied_once() -> None:
    straight = display_table(PLAIN, None, invert=False)
    inverse = replace(PLAIN, photometric_interpretation="MONOCHROME1", inverse=True)
    assert np.array_equal(display_table(inverse, None, invert=False), straight[::-1])
    assert np.array_equal(display_table(inverse, None, invert=True), straight)


@given(
    bits=st.integers(8, 16),
    signed=st.booleans(),
    inverse=st.booleans(),
    padding=st.none() | st.tuples(st.integers(0, 100), st.integers(0, 100)),
)
def test_pixels_are_looked_up_by_their_stored_value(
    bits: int, signed: bool, inverse: bool, padding: tuple[int, int] | None
) -> None:
    limits = None if padding is None else (min(padding), max(padding))
    fmt = replace(PLAIN, bits_stored=bits, is_signed=signed, inverse=inverse, padding=limits)
    low, high = stored_range(fmt)
    rng = np.random.default_rng(3)
    kind = np.int16 if signed else np.uint16
    stored = rng.integers(low, high, (7, 9), endpoint=True).astype(kind)[:, ::-1]
    table = display_table(fmt, None, invert=False)
    shown = to_display(stored, table, fmt)
    unit = unit_values(stored, fmt)
    assert shown.shape == unit.shape == stored.shape
    for index, value in np.ndenumerate(stored):
        assert shown[index] == table[int(value) - low]
        bright = (int(value) - low) / (high - low)
        bright = 1 - bright if inverse else bright
        if limits is not None and limits[0] <= value <= limits[1]:
            bright = 0.0
        assert unit[index] == pytest.approx(bright, abs=1e-6)


def test_unit_values_use_the_default_voi() -> None:
    fmt = replace(PLAIN, windows=(window(1000, 500, "SIGMOID"), window(9, 9, "SIGMOID")))
    stored = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    expected = [formula(x, fmt.windows[0]) / 255 for x in range(4096)]
    assert np.allclose(unit_values(stored, fmt).ravel(), expected, atol=1e-7)


def test_default_and_named_voi() -> None:
    windows = (window(1, 2, "LINEAR", "NORMAL"), window(3, 4, "LINEAR", "HARDER"))
    luts = (lut([0, 1], first=0, bits=8, explanation="SOFTER"),)
    fmt = replace(PLAIN, windows=windows, luts=luts)
    assert default_voi(PLAIN) is None
    assert default_voi(fmt) is windows[0]
    assert default_voi(replace(fmt, windows=())) is luts[0]
    assert voi_by_explanation(fmt, "HARDER") is windows[1]
    assert voi_by_explanation(fmt, "SOFTER") is luts[0]
    assert voi_by_explanation(fmt, "of another maker") is windows[0]


def test_a_large_image_is_looked_up_without_a_large_detour() -> None:
    stored = np.zeros((3000, 3000), np.uint16)
    table = display_table(DEEP, None, invert=False)
    tracemalloc.start()
    start = time.perf_counter()
    to_display(stored, table, DEEP)
    seconds = time.perf_counter() - start
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * stored.size  # the result is 1 byte a pixel; an index of all would be 8
    assert seconds < 2.0


def test_the_breast_fills_the_window_that_is_found_for_it() -> None:
    stored = np.full((80, 40), 4000, np.uint16)  # a label's white, outside the breast
    breast = np.zeros((20, 10), np.bool_)
    breast[5:15, 2:8] = True
    stored[20:60, 8:32] = np.linspace(1000, 2000, 24).astype(np.uint16)
    found = breast_window(stored, breast, HOUNSFIELD)
    assert found is not None
    assert (found.function, found.explanation) == (VoiFunction.LINEAR_EXACT, BREAST_RANGE)
    first, last = (0.5 * end - 300.25 for end in (stored[20, 10], stored[20, 30]))  # the cells'
    assert found.centre - found.width / 2 == pytest.approx(first, abs=1)
    assert found.centre + found.width / 2 == pytest.approx(last, abs=1)


def test_padding_is_not_of_the_breast_and_one_grey_alone_has_no_window() -> None:
    everywhere = np.ones((4, 4), np.bool_)
    stored = np.array([[0, 700, 900, 0]] * 4, np.uint16)
    found = breast_window(stored, everywhere, replace(PLAIN, padding=(0, 30)))
    assert found is not None
    assert found.centre - found.width / 2 == pytest.approx(700, abs=5)
    assert breast_window(np.full((4, 4), 7, np.uint16), everywhere, PLAIN) is None
    assert (
        breast_window(np.zeros((4, 4), np.uint16), everywhere, replace(PLAIN, padding=(0, 0)))
        is None
    )


def test_a_found_window_is_offered_by_name_and_never_the_default() -> None:
    found = window(1000, 500, "LINEAR_EXACT", BREAST_RANGE)
    fmt = replace(PLAIN, found=found)
    assert default_voi(fmt) is None
    assert named_vois(fmt) == ((BREAST_RANGE, found),)
    assert voi_by_explanation(fmt, BREAST_RANGE) is found
    assert fmt == PLAIN  # images of one format share their tables
