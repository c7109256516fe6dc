"""Where an image lies in its pane: plain arithmetic, no Qt.

A pane measures from the *wall*: the border that its chest wall leans on, the middle line of the
hanging.  Lengths on the image are *units*: millimetres where the spacing is known, else image
pixels.  Because every placement keeps the image's chest-wall edge at the wall or beyond it
(``wall >= 0``), no resize, zoom or pan can open a gutter between two breasts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mammoview.app.workspace import FitMode, TileWalk
from mammoview.domain.geometry import ImageBox

# Air left round a fitted breast, as a share of its size; never at the wall.
_MARGIN = 0.03
_MAX_PX_PER_UNIT_FACTOR = 400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is to be placed: a displayed image measured in units.

    ``breast`` is the box round the breast in the same units.  ``unit`` is ``mm`` or ``px``;
    ``pixel_width`` and ``pixel_height`` the sides of one image pixel as displayed, which differ
    where row and column spacing do.
    """

    width: float
    height: float
    breast: ImageBox
    unit: str
    pixel_width: float
    pixel_height: float
    wall_right: bool

    @property
    def fine(self) -> float:
        """The shorter side of a pixel: at 1:1 it covers one device pixel, and the longer more."""
        return min(self.pixel_width, self.pixel_height)

    @property
    def coarse(self) -> float:
        """The longer side of a pixel."""
        return max(self.pixel_width, self.pixel_height)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenPixels:
    """Device pixels in a logical pixel, and in a millimetre of the screen (0: not measured)."""

    device_pixel_ratio: float
    per_mm: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What a gesture did to one placement: a factor, and a way in screen pixels before it."""

    factor: float
    into_wall_px: float
    down_px: float


def fit_all(
    subjects: Mapping[str, Subject], fit: FitMode, size: PaneSize, screen: ScreenPixels
) -> dict[str, Placement]:
    """Place all images at one size: the same units per screen pixel in every pane.

    Images in millimetres share one scale, whatever their detectors, and images in pixels another.
    For ``ONE_TO_ONE`` the scale is that of the finest image: its pixel covers one device pixel
    (its shorter side, where the sides differ), and no pixel of any other image covers less.
    For ``TRUE_SIZE`` a millimetre covers one of the screen; images in pixels, and all where the
    screen was not measured, are fitted by the breast.
    """
    scales: dict[str, float] = {}
    for subject in subjects.values():
        scale = _own_scale(subject, fit, size, screen)
        shared = scales.get(subject.unit, scale)
        larger = fit is FitMode.ONE_TO_ONE
        scales[subject.unit] = max(scale, shared) if larger else min(scale, shared)
    placed: dict[str, Placement] = {}
    for name, subject in subjects.items():
        placed[name] = Placement(
            scale=scales[subject.unit], wall=0.0, mid_row=subject.needed(fit)[2]
        )
        if fit is FitMode.ONE_TO_ONE:
            placed[name] = on_pixel_grid(
                placed[name], subject, size, device_pixel_ratio=screen.device_pixel_ratio
            )
    return placed


def _own_scale(subject: Subject, fit: FitMode, size: PaneSize, screen: ScreenPixels) -> float:
    if fit is FitMode.ONE_TO_ONE:
        return 1.0 / (screen.device_pixel_ratio * subject.fine)
    if fit is FitMode.TRUE_SIZE and subject.unit == "mm" and screen.per_mm:
        return screen.per_mm / screen.device_pixel_ratio
    width, height, _ = subject.needed(fit)
    return min(size.width / width, size.height / height)


def at_tile(
    walk: TileWalk, key: str, subject: Subject, size: PaneSize, *, device_pixel_ratio: float
) -> Placement:
    """Place an image at the tile of a walk, at full resolution."""
    tile, level = walk.tile, dict(walk.levels)[key]
    assert tile is not None
    device_px = walk.px_per_mm if subject.unit == "mm" else 1.0 / subject.fine
    half = size.height * device_pixel_ratio / 2
    placed = Placement(
        scale=device_px / device_pixel_ratio,
        wall=tile.depth / device_px,
        mid_row=level + (tile.top + half) / device_px,
    )
    return on_pixel_grid(placed, subject, size, device_pixel_ratio=device_pixel_ratio)


def on_pixel_grid(
    placement: Placement, subject: Subject, size: PaneSize, *, device_pixel_ratio: float
) -> Placement:
    """Move an image at 1:1 by less than a pixel, so that its pixels and the screen's coincide."""
    half_rows = size.height * device_pixel_ratio / 2
    row = round(placement.mid_row / subject.pixel_height - half_rows) + half_rows
    return replace(
        placement,
        wall=round(placement.wall / subject.pixel_width) * subject.pixel_width,
        mid_row=row * subject.pixel_height,
    )


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
    low = min(1e-3 / subject.fine, placement.scale)
    high = _MAX_PX_PER_UNIT_FACTOR / subject.fine
    scale = min(max(placement.scale * factor, low), high)
    shift = 1.0 / placement.scale - 1.0 / scale
    return _kept(
        Placement(
            scale=scale,
            wall=placement.wall + from_wall_px * shift,
            mid_row=placement.mid_row + below_middle_px * shift,
        ),
        subject,
        placement,
    )


def panned(
    placement: Placement, subject: Subject, *, into_wall_px: float, down_px: float
) -> Placement:
    """Move the image so many screen pixels towards its wall and down, as far as it may go."""
    return _kept(
        replace(
            placement,
            wall=placement.wall + into_wall_px / placement.scale,
            mid_row=placement.mid_row - down_px / placement.scale,
        ),
        subject,
        placement,
    )


def move_between(before: Placement, after: Placement) -> Move:
    """Return what happened to a placement."""
    return Move(
        factor=after.scale / before.scale,
        into_wall_px=(after.wall - before.wall) * before.scale,
        down_px=(before.mid_row - after.mid_row) * before.scale,
    )


def followed(placement: Placement, move: Move) -> Placement:
    """Do the same to another image: the same millimetres from its chest wall, and down.

    Its own borders do not hold it, else two breasts of unequal size would part at the end of the
    smaller one and stay apart; only its chest wall stays at the middle line or beyond it.
    """
    return Placement(
        scale=placement.scale * move.factor,
        wall=max(0.0, placement.wall + move.into_wall_px / placement.scale),
        mid_row=placement.mid_row - move.down_px / placement.scale,
    )


def _kept(placement: Placement, subject: Subject, before: Placement) -> Placement:
    """Keep the chest wall at or beyond the middle line, and the image in sight.

    An image that followed another out of sight may come back from where it is.
    """
    low, high = min(0.0, before.mid_row), max(subject.height, before.mid_row)
    return replace(
        placement,
        wall=min(max(placement.wall, 0.0), max(subject.width * 0.95, before.wall)),
        mid_row=min(max(placement.mid_row, low), high),
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
