"""Window/level by hand: from a drag in screen pixels to a VOI window, without Qt."""

from __future__ import annotations

import math
from dataclasses import replace

from mammoview.app.workspace import Gray
from mammoview.domain.study import PixelFormat, VoiFunction, VoiLut, VoiWindow
from mammoview.imaging.grayscale import Voi, default_voi, full_window, voi_by_explanation

# A drag over so many pixels doubles the width, or moves the centre by the window's own width.
_DOUBLING_PX = 250.0
_ONE_WIDTH_PX = 600.0
_BY_HAND = "by hand"


def voi_in_use(fmt: PixelFormat, gray: Gray) -> Voi:
    """Return what turns an image grey now: the reader's window, a named VOI, or the default."""
    if gray.window is not None:
        return gray.window
    if gray.voi_explanation is not None:
        return voi_by_explanation(fmt, gray.voi_explanation)
    return default_voi(fmt)


def start_window(fmt: PixelFormat, gray: Gray) -> VoiWindow:
    """Return the window that a drag starts from.

    A LUT has no width to drag: the window that spans its mapped values stands in for it.
    """
    voi = voi_in_use(fmt, gray)
    if isinstance(voi, VoiLut):
        count = len(voi.entries)
        return VoiWindow(
            centre=voi.first_mapped + count / 2,
            width=float(count),
            function=VoiFunction.LINEAR_EXACT,
            explanation=_BY_HAND,
        )
    return full_window(fmt) if voi is None else voi


def dragged(start: VoiWindow, *, right_px: float, down_px: float, inverse: bool) -> VoiWindow:
    """Return the window after a drag: right widens, down darkens; the function stays.

    Parameters
    ----------
    start : VoiWindow
        Window at the start of the drag; its width is the measure of both moves.
    right_px, down_px : float
        How far the hand has moved since, logical screen pixels.
    inverse : bool
        True where high values are dark on the screen, so that down still darkens.
    """
    width = start.width * math.exp2(right_px / _DOUBLING_PX)
    shift = start.width * down_px / _ONE_WIDTH_PX
    return replace(
        start,
        width=max(width, 1.0),
        centre=start.centre + (-shift if inverse else shift),
        explanation=_BY_HAND,
    )
