"""Stored value -> Rescale -> VOI -> polarity -> screen, as one table; padding stays black.

Source: PS3.3 C.11.2.1 (VOI LUT and its functions), C.11.1 (Rescale), C.7.5.1.1.2 (Pixel Padding),
C.8.11.3 (Presentation LUT Shape of DX images).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.study import PixelFormat, VoiFunction, VoiLut, VoiWindow
from mammoview.imaging.resample import nearest
from mammoview.words import QT_TRANSLATE_NOOP

Voi: TypeAlias = VoiWindow | VoiLut | None

_Scalar = TypeVar("_Scalar", np.uint8, np.uint32, np.float32)

# Pixels looked up at a time: numpy widens the index to 8 bytes, and so many stay in the processor's
# cache.  A million at a time take over twice as long.
_LOOKUP_PIXELS = 1 << 16

BREAST_RANGE = QT_TRANSLATE_NOOP("Pane", "auto (breast)")
_BEYOND_PERCENT = 0.5


def stored_range(fmt: PixelFormat) -> tuple[int, int]:
    """Return the smallest and largest value that the stored bits can hold."""
    if fmt.is_signed:
        return -(1 << (fmt.bits_stored - 1)), (1 << (fmt.bits_stored - 1)) - 1
    return 0, (1 << fmt.bits_stored) - 1


def default_voi(fmt: PixelFormat) -> Voi:
    """Return the first window, else the first LUT, else None (the full stored range)."""
    if fmt.windows:
        return fmt.windows[0]
    return fmt.luts[0] if fmt.luts else None


def named_vois(fmt: PixelFormat) -> tuple[tuple[str, VoiWindow | VoiLut], ...]:
    """Return the windows, the LUTs, and the found window, each with the name it is chosen by.

    Windows without an explanation among several (Hologic writes four) are told apart by number; a
    single one without is just the image's own and has no name.
    """
    several = len(fmt.windows) > 1
    named: list[tuple[str, VoiWindow | VoiLut]] = [
        (window.explanation or (f"window {number}" if several else ""), window)
        for number, window in enumerate(fmt.windows, start=1)
    ]
    named += [(lut.explanation, lut) for lut in fmt.luts]
    named += [(fmt.found.explanation, fmt.found)] if fmt.found is not None else []
    return tuple(pair for pair in named if pair[0])


def voi_by_explanation(fmt: PixelFormat, explanation: str) -> Voi:
    """Return the VOI of that name, windows before LUTs; the default when there is none."""
    return next((voi for name, voi in named_vois(fmt) if name == explanation), default_voi(fmt))


def full_window(fmt: PixelFormat) -> VoiWindow:
    """Return the LINEAR_EXACT window that equals the identity over the full stored range."""
    low, high = stored_range(fmt)
    ends = [fmt.rescale_slope * v + fmt.rescale_intercept for v in (low, high)]
    return VoiWindow(
        centre=(ends[0] + ends[1]) / 2,
        width=abs(ends[1] - ends[0]),
        function=VoiFunction.LINEAR_EXACT,
        explanation="full range",
    )


def breast_window(
    stored: NDArray[np.generic], breast: NDArray[np.bool_], fmt: PixelFormat
) -> VoiWindow | None:
    """Return the LINEAR_EXACT window that the breast's own values fill, or None if they are one.

    For images without a VOI, as digitised films are: over the full range of their values the
    breast has a part of the greys.  The darkest and the brightest 0.5 % are beyond the window.

    Parameters
    ----------
    stored : ndarray of integer, (rows, cols)
        Stored values, at any size.
    breast : ndarray of bool, (h, w)
        The breast; a cell covers an equal share of the image.
    fmt : PixelFormat
        How stored values are to be understood.
    """
    values = nearest(stored, breast.shape)[breast].astype(np.float64)
    if fmt.padding is not None:
        values = values[(values < fmt.padding[0]) | (values > fmt.padding[1])]
    if not values.size:
        return None
    ends = np.percentile(values, (_BEYOND_PERCENT, 100.0 - _BEYOND_PERCENT))
    low, high = sorted((fmt.rescale_slope * ends + fmt.rescale_intercept).tolist())
    if low == high:
        return None
    return VoiWindow(
        centre=(low + high) / 2,
        width=high - low,
        function=VoiFunction.LINEAR_EXACT,
        explanation=BREAST_RANGE,
    )


def share_of_greys(voi: VoiWindow | VoiLut, low: float, high: float) -> float:
    """Return how much of the greys of a VOI, 0..1, an image of such extreme values gets.

    Parameters
    ----------
    voi : VoiWindow or VoiLut
        A window or a table.
    low, high : float
        Rescaled values.
    """
    if isinstance(voi, VoiLut):
        whole = float(np.ptp(voi.entries)) / ((1 << voi.bits) - 1)
        return float(np.ptp(_through_lut(np.linspace(low, high, 256), voi))) / (whole or 1.0)
    ends = np.array([low, high])  # windows rise all the way
    return float(np.ptp(_FUNCTIONS[voi.function](ends, voi.centre, voi.width)))


def display_table(fmt: PixelFormat, voi: Voi, *, invert: bool) -> NDArray[np.uint8]:
    """Return the grey on screen of every stored value.

    Parameters
    ----------
    fmt : PixelFormat
        How stored values are to be understood.
    voi : VoiWindow, VoiLut or None
        None is the identity over the full stored range.
    invert : bool
        True swaps black and white once more, at the reader's wish.

    Returns
    -------
    ndarray of uint8, (high - low + 1,), read-only
        Index is ``stored - low`` (see `stored_range`); computed in float64 and rounded to
        nearest.  Padding values are 0 whatever the polarity.
    """
    shown = _shown_table(fmt, voi, inverse=fmt.inverse != invert)
    # In place: a drag over four detectors of 16 bits makes four such tables a frame.
    shown *= 255.0
    shown += 0.5
    table = shown.astype(np.uint8)
    table.setflags(write=False)
    return table


def to_display(
    stored: NDArray[np.generic], table: NDArray[_Scalar], fmt: PixelFormat
) -> NDArray[_Scalar]:
    """Look every stored pixel up in a table of `display_table`, or in one made of it.

    Parameters
    ----------
    stored : ndarray of integer, any shape
        Stored values.
    table : ndarray
        Grey of every stored value, or what stands for it on the screen.
    fmt : PixelFormat
        The format that the table was made for.
    """
    return _look_up(stored, table, stored_range(fmt)[0])


def unit_values(stored: NDArray[np.generic], fmt: PixelFormat) -> NDArray[np.float32]:
    """Return grey values 0..1 with the default VOI, tissue bright, padding 0.

    Parameters
    ----------
    stored : ndarray of integer, (rows, cols)
        Stored values.
    fmt : PixelFormat
        How they are to be understood.
    """
    table = _shown_table(fmt, default_voi(fmt), inverse=fmt.inverse).astype(np.float32)
    return _look_up(stored, table, stored_range(fmt)[0])


def _shown_table(fmt: PixelFormat, voi: Voi, *, inverse: bool) -> NDArray[np.float64]:
    """Return the brightness 0..1 of every stored value, padding 0."""
    low, high = stored_range(fmt)
    stored = np.arange(low, high + 1, dtype=np.float64)
    x = fmt.rescale_slope * stored + fmt.rescale_intercept
    if isinstance(voi, VoiLut):
        y = _through_lut(x, voi)
    else:
        window = full_window(fmt) if voi is None else voi
        y = _FUNCTIONS[window.function](x, window.centre, window.width)
    if inverse:
        y = np.subtract(1.0, y, out=y)
    if fmt.padding is not None:
        first, last = (int(value) - low for value in fmt.padding)
        y[max(first, 0) : max(last + 1, 0)] = 0.0
    return y


def _linear(x: NDArray[np.float64], centre: float, width: float) -> NDArray[np.float64]:
    """Apply PS3.3 C.11.2.1.2.1; a narrower window than 1 is drawn as 1, the narrowest allowed."""
    w = max(width, 1.0)
    half = (w - 1.0) / 2.0
    y = (x - (centre - 0.5)) / ((w - 1.0) or 1.0) + 0.5
    return np.where(x <= centre - 0.5 - half, 0.0, np.where(x > centre - 0.5 + half, 1.0, y))


def _linear_exact(x: NDArray[np.float64], centre: float, width: float) -> NDArray[np.float64]:
    """Apply PS3.3 C.11.2.1.3.2."""
    y = (x - centre) / width + 0.5
    return np.where(x <= centre - width / 2, 0.0, np.where(x > centre + width / 2, 1.0, y))


def _sigmoid(x: NDArray[np.float64], centre: float, width: float) -> NDArray[np.float64]:
    """Apply PS3.3 C.11.2.1.3.1."""
    y = x - centre
    y *= -4.0
    y /= width
    np.clip(y, -700.0, 700.0, out=y)
    np.exp(y, out=y)
    y += 1.0
    return np.reciprocal(y, out=y)


_FUNCTIONS: dict[
    VoiFunction, Callable[[NDArray[np.float64], float, float], NDArray[np.float64]]
] = {
    VoiFunction.LINEAR: _linear,
    VoiFunction.LINEAR_EXACT: _linear_exact,
    VoiFunction.SIGMOID: _sigmoid,
}


def _through_lut(x: NDArray[np.float64], lut: VoiLut) -> NDArray[np.float64]:
    """Apply PS3.3 C.11.2.1.1: values outside the table take its first or last entry."""
    index = np.clip(np.rint(x) - lut.first_mapped, 0, len(lut.entries) - 1).astype(np.intp)
    y: NDArray[np.float64] = lut.entries[index].astype(np.float64) / ((1 << lut.bits) - 1)
    return y


def _look_up(stored: NDArray[np.generic], table: NDArray[_Scalar], low: int) -> NDArray[_Scalar]:
    """Return ``table[stored - low]``, a bounded number of pixels at a time."""
    flat = np.ascontiguousarray(stored).reshape(-1)
    out = np.empty(flat.shape, table.dtype)
    for start in range(0, flat.size, _LOOKUP_PIXELS):
        part = slice(start, start + _LOOKUP_PIXELS)
        index = flat[part].astype(np.intp)
        np.take(table, index - low if low else index, out=out[part], mode="clip")
    return out.reshape(stored.shape)
