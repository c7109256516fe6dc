"""Window/level by hand and by name: from the reader's wish to each image's own VOI, without Qt.

A drag is relative.  It changes centre and width of every pane in proportion to that pane's own
starting window and keeps its function: panes of one format stay alike, and a prior or an image of
another maker stays as bright as it was beside them.
"""

from __future__ import annotations

import math
from dataclasses import replace

from mammoview.app.commands import voi_name
from mammoview.app.workspace import Gray, WindowChange
from mammoview.domain.study import PixelFormat, VoiFunction, VoiLut, VoiWindow
from mammoview.errors import UsageError
from mammoview.imaging.grayscale import (
    Voi,
    default_voi,
    full_window,
    named_vois,
    voi_by_explanation,
)
from mammoview.words import translate

# A drag over so many pixels doubles the width, or moves the centre by the window's own width.
_DOUBLING_PX = 250.0
_ONE_WIDTH_PX = 600.0
# Beyond this an image is two grey values, or one.
_MOST_TIMES = 256.0


def voi_in_use(fmt: PixelFormat, gray: Gray) -> Voi:
    """Return what turns an image grey now: its named VOI or its default, as the hand changed it."""
    if gray.change is not None:
        return changed(fmt, _own_voi(fmt, gray), gray.change)
    return _own_voi(fmt, gray)


def changed(fmt: PixelFormat, voi: Voi, change: WindowChange) -> VoiWindow:
    """Return an image's window with the reader's change; its function and explanation stay.

    Parameters
    ----------
    fmt : PixelFormat
        The image's format; where high values are dark on the screen, the centre moves down for
        darker.
    voi : VoiWindow, VoiLut or None
        What it is shown with before the change.  A LUT has no width: the window that spans its
        mapped values stands in for it.
    change : WindowChange
        In widths of that window.
    """
    start = _as_window(fmt, voi)
    narrowest = 1.0 if start.function is VoiFunction.LINEAR else 0.0
    shift = start.width * change.darker
    return replace(
        start,
        width=max(start.width * change.width, narrowest),
        centre=start.centre + (-shift if fmt.inverse else shift),
    )


def dragged(start: WindowChange, *, right_px: float, down_px: float, invert: bool) -> WindowChange:
    """Return the change after a drag: right widens, down darkens.

    Parameters
    ----------
    start : WindowChange
        At the start of the drag; the width it has made is the measure of both moves.
    right_px, down_px : float
        How far the hand has moved since, logical screen pixels.
    invert : bool
        Whether black and white are swapped, so that down still darkens.
    """
    width = start.width * math.exp2(right_px / _DOUBLING_PX)
    shift = start.width * down_px / _ONE_WIDTH_PX
    return WindowChange(
        width=min(max(width, 1.0 / _MOST_TIMES), _MOST_TIMES),
        darker=start.darker + (-shift if invert else shift),
    )


def window_in_use(fmt: PixelFormat, gray: Gray) -> VoiWindow:
    """Return the window an image is shown with; for a LUT the one that spans its values."""
    return _as_window(fmt, voi_in_use(fmt, gray))


def value_range(fmt: PixelFormat) -> tuple[float, float]:
    """Return the lowest and the highest rescaled value that an image can hold."""
    whole = full_window(fmt)
    return whole.centre - whole.width / 2, whole.centre + whole.width / 2


def change_to(fmt: PixelFormat, gray: Gray, *, centre: float, width: float) -> WindowChange:
    """Return the change that shows an image with a window of these numbers.

    Raises
    ------
    UsageError
        If no picture could come of it.  A width below 1 is none of LINEAR (PS3.3 C.11.2.1.2.1).
    """
    start = _as_window(fmt, _own_voi(fmt, gray))
    linear = start.function is VoiFunction.LINEAR
    if not (math.isfinite(width) and (width >= 1.0 if linear else width > 0.0)):
        least = (
            translate("WindowValues", "1 or more")
            if linear
            else (translate("WindowValues", "more than 0"))
        )
        raise _refused(translate("WindowValues", "a width of {met}"), width, least)
    most = start.width * _MOST_TIMES
    if not width <= most:
        said = translate("WindowValues", "{most} or less, else nothing differs from grey")
        met = translate("WindowValues", "a width of {met}")
        raise _refused(met, width, said.format(most=_short(most)))
    low, high = value_range(fmt)
    if not low - width / 2 < centre < high + width / 2:
        said = translate("WindowValues", "values between {low} and {high} inside the window")
        met = translate("WindowValues", "a centre of {met}, where the image is all black or white")
        raise _refused(met, centre, said.format(low=_short(low), high=_short(high)))
    shift = (centre - start.centre) / start.width
    return WindowChange(width=width / start.width, darker=-shift if fmt.inverse else shift)


def _refused(met: str, value: float, expected: str) -> UsageError:
    todo = translate("WindowValues", "type another number")
    return UsageError(met.format(met=f"{value:g}"), expected=expected, todo=todo)


def voi_text(fmt: PixelFormat, gray: Gray) -> str:
    """Return what an image is shown with: ``C 2047 W 4096 SIGMOID NORMAL``.

    An image that has no VOI of the chosen name is shown with its default, and that is said.
    """
    voi = voi_in_use(fmt, gray)
    own = _own_voi(fmt, gray)
    name = next((name for name, other in named_vois(fmt) if other is own), "")
    parts = ["VOI LUT"] if isinstance(voi, VoiLut) else []
    if voi is None:
        parts = [translate("Pane", "full range")]
    elif isinstance(voi, VoiWindow):
        parts = [f"C {_short(voi.centre)} W {_short(voi.width)} {voi.function}"]
    parts += [voi_name(name)] if name else []
    wanted = gray.voi_explanation
    missing = ""
    if wanted not in (None, name):
        missing = translate("Pane", "default: no {voi} here").format(voi=voi_name(wanted))
    by_hand = translate("Pane", "by hand") if gray.change is not None else ""
    return ", ".join(filter(None, (" ".join(parts), missing, by_hand)))


def _own_voi(fmt: PixelFormat, gray: Gray) -> Voi:
    if gray.voi_explanation is not None:
        return voi_by_explanation(fmt, gray.voi_explanation)
    return default_voi(fmt)


def _as_window(fmt: PixelFormat, voi: Voi) -> VoiWindow:
    if isinstance(voi, VoiLut):
        count = len(voi.entries)
        return VoiWindow(
            centre=voi.first_mapped + count / 2,
            width=float(count),
            function=VoiFunction.LINEAR_EXACT,
            explanation=voi.explanation,
        )
    return full_window(fmt) if voi is None else voi


def _short(value: float) -> str:
    """Return a number without needless digits: whole from 100 on, three digits below."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
