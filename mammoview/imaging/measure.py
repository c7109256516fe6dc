"""Lengths, areas, angles and grey values of marks: plain numbers, in mm where the spacing is known.

Points are stored pixels.  Every function measures in the plane where a column is ``Scale.col`` and
a row ``Scale.row`` units wide, so that unequal spacings count and the display's pose does not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import ImagePoint, PixelSpacing
from mammoview.domain.study import PixelFormat


class Unit(StrEnum):
    """What a length is told in."""

    MM = "mm"
    PX = "px"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Units that one stored column and one stored row are wide."""

    col: float
    row: float
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionStatistics:
    """Rescaled values (PS3.3 C.11.1) of the pixels whose centres lie in a region, no padding.

    ``count`` are those pixels; ``sd`` is that of a sample (n - 1), 0 for a single pixel.
    """

    count: int
    mean: float
    sd: float
    low: float
    high: float


def scale_of(spacing: PixelSpacing | None) -> Scale:
    """Return millimetres where the spacing is known, else pixels, never a guess."""
    if spacing is None:
        return Scale(col=1.0, row=1.0, unit=Unit.PX)
    return Scale(col=spacing.col_mm, row=spacing.row_mm, unit=Unit.MM)


def length(a: ImagePoint, b: ImagePoint, scale: Scale) -> float:
    """Return the distance of two points."""
    return math.hypot((b.col - a.col) * scale.col, (b.row - a.row) * scale.row)


def longest_diameter(points: Sequence[ImagePoint], scale: Scale) -> float:
    """Return the longest way between two points of an outline; 0 for a single one."""
    at = np.array([(p.col * scale.col, p.row * scale.row) for p in points])
    apart = at[:, None, :] - at[None, :, :]
    return float(np.hypot(apart[..., 0], apart[..., 1]).max())


def ellipse_outline(points: Sequence[ImagePoint], corners: int = 48) -> tuple[ImagePoint, ...]:
    """Return so many corners on an ellipse given by two conjugate diameters ``(a, b, c, d)``."""
    a, b, c, d = points
    turns = [math.tau * corner / corners for corner in range(corners)]
    middle = ImagePoint(col=(a.col + b.col) / 2, row=(a.row + b.row) / 2)
    u = ((b.col - a.col) / 2, (b.row - a.row) / 2)
    v = ((d.col - c.col) / 2, (d.row - c.row) / 2)
    return tuple(
        ImagePoint(
            col=middle.col + math.cos(turn) * u[0] + math.sin(turn) * v[0],
            row=middle.row + math.cos(turn) * u[1] + math.sin(turn) * v[1],
        )
        for turn in turns
    )


def polygon_area(points: Sequence[ImagePoint], scale: Scale) -> float:
    """Return the area of an outline, square units; the net area where it crosses itself."""
    twice = sum(
        a.col * b.row - b.col * a.row for a, b in zip(points, (*points[1:], points[0]), strict=True)
    )
    return abs(twice) / 2 * scale.col * scale.row


def crosses_itself(points: Sequence[ImagePoint]) -> bool:
    """Tell whether two sides of a closed outline cross, so that it bounds no single area."""
    p = np.array([(point.col, point.row) for point in points])
    q = np.roll(p, -1, axis=0)
    side = q - p

    def turn(of: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return on which side of each side (rows) each point (columns) lies."""
        way = of[None, :, :] - p[:, None, :]
        return np.asarray(side[:, None, 0] * way[..., 1] - side[:, None, 1] * way[..., 0])

    apart = turn(p) * turn(q) < 0
    return bool((apart & apart.T).any())


def ellipse_area(points: Sequence[ImagePoint], scale: Scale) -> float:
    """Return the area of an ellipse given by two conjugate diameters ``(a, b, c, d)``."""
    return math.pi * abs(float(np.linalg.det(_radii(points, scale))))


def ellipse_axes(points: Sequence[ImagePoint], scale: Scale) -> tuple[float, float]:
    """Return the lengths of the axes of an ellipse, the longer first.

    Diameters that are at right angles in pixels are not where a row is not as wide as a column:
    the axes are the singular values of the two.
    """
    longer, shorter = np.linalg.svd(_radii(points, scale), compute_uv=False).tolist()
    return 2 * longer, 2 * shorter


def ellipse_axis_ends(points: Sequence[ImagePoint]) -> tuple[ImagePoint, ...]:
    """Return both ends of the major and of the minor axis, in pixels, of such an ellipse.

    The two diameters need not be at right angles; the axes are, and come from their directions.
    """
    radii = _radii(points, Scale(col=1.0, row=1.0, unit=Unit.PX))
    directions, lengths, _ = np.linalg.svd(radii.T)
    major, minor = (directions * lengths).T
    col, row = (points[0].col + points[1].col) / 2, (points[0].row + points[1].row) / 2
    ends = np.array([-major, major, -minor, minor]).tolist()
    return tuple(ImagePoint(col=col + x, row=row + y) for x, y in ends)


def angle_degrees(
    end: ImagePoint, vertex: ImagePoint, other: ImagePoint, scale: Scale
) -> float | None:
    """Return the angle at the vertex, 0..180 degrees; None where a leg has no length."""
    a = ((end.col - vertex.col) * scale.col, (end.row - vertex.row) * scale.row)
    b = ((other.col - vertex.col) * scale.col, (other.row - vertex.row) * scale.row)
    if not any(a) or not any(b):
        return None
    return math.degrees(abs(math.atan2(a[0] * b[1] - a[1] * b[0], a[0] * b[0] + a[1] * b[1])))


def crossing_degrees(points: Sequence[ImagePoint], scale: Scale) -> float:
    """Return the angle between two diameters ``(a, b, c, d)``, 0..90 degrees."""
    first, second = _radii(points, scale)
    cross = first[0] * second[1] - first[1] * second[0]
    return math.degrees(math.atan2(abs(cross), abs(float(first @ second))))


def region_statistics(
    stored: NDArray[np.generic], fmt: PixelFormat, points: Sequence[ImagePoint]
) -> RegionStatistics | None:
    """Return what the pixels in an ellipse hold; None where there is none.

    Parameters
    ----------
    stored : ndarray of integer, (rows, cols)
        Stored values.
    fmt : PixelFormat
        Rescale and padding; the polarity of the display does not count.
    points : sequence of ImagePoint
        Two conjugate diameters ``(a, b, c, d)``.
    """
    at, inside = ellipse_mask(points, (stored.shape[0], stored.shape[1]))
    values = stored[at][inside].astype(np.float64)
    if fmt.padding is not None:
        low, high = fmt.padding
        values = values[(values < low) | (values > high)]
    if not values.size:
        return None
    values = values * fmt.rescale_slope + fmt.rescale_intercept
    return RegionStatistics(
        count=int(values.size),
        mean=float(values.mean()),
        sd=float(values.std(ddof=1)) if values.size > 1 else 0.0,
        low=float(values.min()),
        high=float(values.max()),
    )


def ellipse_mask(
    points: Sequence[ImagePoint], shape: tuple[int, int]
) -> tuple[tuple[slice, slice], NDArray[np.bool_]]:
    """Return the rows and columns round an ellipse, and which of their pixels' centres are in it.

    Parameters
    ----------
    points : sequence of ImagePoint
        Two conjugate diameters ``(a, b, c, d)``.
    shape : (int, int)
        Rows and columns of the image, beyond which nothing is.
    """
    radii = _radii(points, Scale(col=1.0, row=1.0, unit=Unit.PX))
    centre = ((points[0].col + points[1].col) / 2, (points[0].row + points[1].row) / 2)
    reach = np.hypot(radii[0], radii[1])  # half the box round the ellipse: columns, rows
    spans = [
        slice(max(0, math.floor(c - r)), max(0, min(size, math.ceil(c + r))))
        for c, r, size in zip(centre, reach, (shape[1], shape[0]), strict=True)
    ]
    cols, rows = spans
    inside = np.zeros((max(0, rows.stop - rows.start), max(0, cols.stop - cols.start)), np.bool_)
    if inside.size and abs(np.linalg.det(radii)) > 0:
        x = np.arange(cols.start, cols.stop)[None, :] + 0.5 - centre[0]
        y = np.arange(rows.start, rows.stop)[:, None] + 0.5 - centre[1]
        to_circle = np.linalg.inv(radii.T)  # columns of radii.T are the two radii
        u = to_circle[0, 0] * x + to_circle[0, 1] * y
        v = to_circle[1, 0] * x + to_circle[1, 1] * y
        inside = u * u + v * v <= 1.0
    return (rows, cols), inside


def _radii(points: Sequence[ImagePoint], scale: Scale) -> NDArray[np.float64]:
    """Return two conjugate radii, one a row, ``(col, row)`` in units."""
    a, b, c, d = points
    return np.array(
        [
            [(b.col - a.col) / 2 * scale.col, (b.row - a.row) / 2 * scale.row],
            [(d.col - c.col) / 2 * scale.col, (d.row - c.row) / 2 * scale.row],
        ]
    )
