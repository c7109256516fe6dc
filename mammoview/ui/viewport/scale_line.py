"""What a pane says of its scale: against the screen's pixels, and against a ruler where known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mammoview.ui.viewport.placement import Placement, ScreenPixels, Subject
from mammoview.words import QT_TRANSLATE_NOOP, translate

# A scale this close to 1:1 is 1:1.
_EXACT = 2e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeBadge:
    """Lasting words on an image; ``loud`` where it stands beside images of another size."""

    text: str
    loud: bool


SAME_SIZE = SizeBadge(text="", loud=False)
NO_MM_APART = SizeBadge(text=QT_TRANSLATE_NOOP("Pane", "no mm: not at the same size"), loud=True)
NO_MM_ALL = SizeBadge(
    text=QT_TRANSLATE_NOOP("Pane", "no mm: the same size in pixels only"), loud=False
)


def scale_text(subject: Subject, placement: Placement, screen: ScreenPixels, basis: str) -> str:
    """Return the scale in words: ``0.62x true size (at detector) · 1:2.4``, ``1:2.4``.

    Pixels of the screen are device pixels.  The last part sets them against image pixels: ``2:1``
    shows each pixel on two of the screen, ``1:2`` averages two into one.  ``basis`` says what the
    millimetres are of: at the true size of the detector a breast is larger than it is.
    """
    device_px = placement.scale * screen.device_pixel_ratio
    parts = []
    if subject.unit == "mm" and screen.per_mm:
        times = device_px / screen.per_mm
        exact = abs(times - 1.0) < _EXACT
        true = translate("Pane", "true size")
        said = true if exact else translate("Pane", "{times:.2f}x true size")
        parts.append(f"{said.format(times=times)} ({basis})")
    elif subject.unit == "mm":
        parts.append(f"{device_px:.1f} px/mm ({basis})")
    parts.append(_pixel_ratio(device_px * subject.fine))
    return " · ".join(parts)


def shown_in_full(subject: Subject, placement: Placement, screen: ScreenPixels) -> bool:
    """Tell whether each image pixel has a device pixel or more of its own."""
    return placement.scale * screen.device_pixel_ratio * subject.fine >= 1.0 - _EXACT


def size_badge(subject: Subject, others: Sequence[Subject]) -> SizeBadge:
    """Return what is to be said of an image whose millimetres are not known."""
    if subject.unit == "mm":
        return SAME_SIZE
    return NO_MM_APART if any(other.unit == "mm" for other in others) else NO_MM_ALL


def _pixel_ratio(ratio: float) -> str:
    if abs(ratio - 1.0) < _EXACT:
        return "1:1"
    return f"{_short(ratio)}:1" if ratio > 1.0 else f"1:{_short(1.0 / ratio)}"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 10.0 else f"{value:.1f}".removesuffix(".0")
