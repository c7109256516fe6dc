"""Where an image lies in its pane: plain arithmetic, no Qt.

A pane measures from the *wall*: the border that its chest wall leans on, the middle line of the
hanging.  Lengths on the image are *units*: millimetres where the spacing is known, else image
pixels.  Because every placement keeps the image's chest-wall edge at the wall or beyond it
(``wall >= 0``), no resize, zoom or pan can open a gutter between two breasts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mammoview.app.workspace import FitMode
from mammoview.domain.geometry import ImageBox

# Air left round a fitted breast, as a share of its size; never at the wall.
_MARGIN = 0.03
_MAX_PX_PER_UNIT_FACTOR = 400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is to be placed: a displayed image measured in units.

    ``breast`` is the box round the breast in the same units.  ``unit`` is ``mm`` or ``px``;
    ``pixel_units`` the width of one image pixel.
    """

    width: float
    height: float
    breast: ImageBox
    unit: str
    pixel_units: float
    wall_right: bool

    def needed(self, fit: FitMode) -> tuple[float, float, float]:
        """Return width from the wall, height and vertical middle of what a fit must show."""
        if fit is FitMode.IMAGE:
            return self.width, self.height, self.height / 2
        box = self.breast
        width = self.width - box.col0 if self.wall_right else box.col1
        height = box.row1 - box.row0
        return width * (1 + _MARGIN), height * (1 + 2 * _MARGIN), (box.row0 + box.row1) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Scale (screen pixels per unit), units cut off at the wall, and unit row at mid-height."""

    scale: float
    wall: float
    mid_row: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PaneSize:
    """Size of a pane in logical screen pixels."""

    width: float
    height: float


def fit_all(
    subjects: Mapping[str, Subject], fit: FitMode, size: PaneSize, *, device_pixel_ratio: float
) -> dict[str, Placement]:
    """Place all images at one size: the same units per screen pixel in every pane.

    Images in millimetres share one scale and images in pixels another; for ``ONE_TO_ONE`` each
    image pixel covers one device pixel.
    """
    scales: dict[str, float] = {}
    for subject in subjects.values():
        width, height, _ = subject.needed(fit)
        scale = min(size.width / width, size.height / height)
        scales[subject.unit] = min(scale, scales.get(subject.unit, scale))
    placed: dict[str, Placement] = {}
    for name, subject in subjects.items():
        scale = scales[subject.unit]
        middle = subject.needed(fit)[2]
        if fit is FitMode.ONE_TO_ONE:
            scale = 1.0 / (device_pixel_ratio * subject.pixel_units)
            middle = _on_pixel_grid(middle, subject.pixel_units, size, device_pixel_ratio)
        placed[name] = Placement(scale=scale, wall=0.0, mid_row=middle)
    return placed


def _on_pixel_grid(
    middle: float, pixel_units: float, size: PaneSize, device_pixel_ratio: float
) -> float:
    """Move a vertical middle so that image rows and device rows coincide (no blur at 1:1)."""
    half_rows = size.height * device_pixel_ratio / 2
    return (round(middle / pixel_units - half_rows) + half_rows) * pixel_units


def zoomed(
    placement: Placement,
    subject: Subject,
    *,
    factor: float,
    from_wall_px: float,
    below_middle_px: float,
) -> Placement:
    """Scale by a factor round the point so far from the wall and from mid-height.

    The point keeps its place unless the chest wall would leave the middle line; the same distances
    in every pane zoom both breasts at mirrored points.
    """
    low = min(1e-3 / subject.pixel_units, placement.scale)
    high = _MAX_PX_PER_UNIT_FACTOR / subject.pixel_units
    scale = min(max(placement.scale * factor, low), high)
    shift = 1.0 / placement.scale - 1.0 / scale
    return _kept(
        Placement(
            scale=scale,
            wall=placement.wall + from_wall_px * shift,
            mid_row=placement.mid_row + below_middle_px * shift,
        ),
        subject,
    )


def panned(placement: Placement, subject: Subject, *, right_px: float, down_px: float) -> Placement:
    """Move the image with the hand, so many screen pixels to the right and down."""
    into_wall = right_px if subject.wall_right else -right_px
    return _kept(
        replace(
            placement,
            wall=placement.wall + into_wall / placement.scale,
            mid_row=placement.mid_row - down_px / placement.scale,
        ),
        subject,
    )


def _kept(placement: Placement, subject: Subject) -> Placement:
    """Keep the chest wall at or beyond the middle line, and the image in sight."""
    return replace(
        placement,
        wall=min(max(placement.wall, 0.0), subject.width * 0.95),
        mid_row=min(max(placement.mid_row, 0.0), subject.height),
    )


def visible_box(placement: Placement, subject: Subject, size: PaneSize) -> ImageBox:
    """Return what the pane shows, in units, origin at the displayed image's first corner."""
    width = size.width / placement.scale
    half = size.height / placement.scale / 2
    edge = subject.width - placement.wall if subject.wall_right else placement.wall
    return ImageBox(
        col0=edge - width if subject.wall_right else edge,
        col1=edge if subject.wall_right else edge + width,
        row0=placement.mid_row - half,
        row1=placement.mid_row + half,
    )
