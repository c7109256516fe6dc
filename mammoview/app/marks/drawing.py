"""How marks are drawn and bent: from the points that a hand sets to the points of a mark.

Pure functions of stored points; what is at right angles is so in millimetres where the spacing is
known, whichever way the image is shown.
"""

from __future__ import annotations

import math
from dataclasses import replace

from mammoview.domain.annotation import ELLIPSES, OUTLINES, Annotation, MarkKind
from mammoview.domain.geometry import ImageBox, ImagePoint
from mammoview.imaging.measure import Scale, crossing_degrees, length

Points = tuple[ImagePoint, ...]

_FEWEST_OF_OUTLINE = 3
_RIGHT_WITHIN_DEGREES = 0.5
# Points that the hand sets; an outline ends when the hand says so.
_SET_BY_HAND = {
    MarkKind.LENGTH: 2,
    MarkKind.DIAMETERS: 3,
    MarkKind.ANGLE: 3,
    MarkKind.STATISTICS: 2,
    MarkKind.ARROW: 2,
    MarkKind.ELLIPSE: 2,
    MarkKind.NIPPLE: 1,
    MarkKind.PECTORAL: 2,
    MarkKind.SPOT: 1,
}


def is_complete(kind: MarkKind, given: Points) -> bool:
    """Tell whether the hand has set all points; never for an outline, which is closed."""
    wanted = _SET_BY_HAND.get(kind)
    return wanted is not None and len(given) >= wanted


def can_close(kind: MarkKind, given: Points) -> bool:
    """Tell whether an outline has enough corners to be closed."""
    return kind in OUTLINES and len(given) >= _FEWEST_OF_OUTLINE


def mark_points(kind: MarkKind, given: Points, scale: Scale) -> Points | None:
    """Return the points of the mark that the hand's points make; None while they make none.

    Parameters
    ----------
    kind : MarkKind
        What is drawn.
    given : tuple of ImagePoint
        What the hand has set, the place under the cursor last.
    scale : Scale
        Of the stored pixels.
    """
    if kind in OUTLINES:
        return given if can_close(kind, given) else None
    given = given[: _SET_BY_HAND[kind]]
    if not is_complete(kind, given) or (len(given) > 1 and length(given[0], given[1], scale) == 0):
        return None
    if kind is MarkKind.DIAMETERS:
        return _second_diameter(given, scale)
    if kind in ELLIPSES:
        return _ellipse_between(given[0], given[1])
    return given


def with_handle_moved(
    mark: Annotation, handle: int, to: ImagePoint, scale: Scale, *, free: bool = False
) -> Annotation:
    """Return a mark with one of its points moved.

    The second diameter keeps its angle to the first, a right one unless the hand is ``free`` or
    it has been turned; an axis of an ellipse is pulled at its end and carries the other along.
    What would leave a mark without any length changes nothing.
    """
    points = mark.points
    if mark.kind is MarkKind.DIAMETERS:
        moved = _diameters_moved(points, handle, to, scale, free=free)
    elif mark.kind in ELLIPSES:
        moved = _axis_moved(points, handle, to, scale)
    else:
        moved = (*points[:handle], to, *points[handle + 1 :])
    return mark if moved is None else replace(mark, points=moved)


def second_turned(mark: Annotation, degrees: float, scale: Scale) -> Annotation:
    """Return two diameters with the second turned about where it stands on the first."""
    a, b, c, d = mark.points
    foot, ends = _second_from(a, b, (c, d), scale)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turned = tuple((u * cos - v * sin, u * sin + v * cos) for u, v in ends)
    placed = _second_on(a, b, foot, turned, scale)
    return mark if placed is None else replace(mark, points=placed)


def with_corner(mark: Annotation, after: int, at: ImagePoint) -> Annotation:
    """Return an outline with one more corner, behind another one."""
    points = mark.points
    return replace(mark, points=(*points[: after + 1], at, *points[after + 1 :]))


def without_corner(mark: Annotation, corner: int) -> Annotation | None:
    """Return an outline with a corner less; None where it would be none any more."""
    if len(mark.points) <= _FEWEST_OF_OUTLINE:
        return None
    return replace(mark, points=(*mark.points[:corner], *mark.points[corner + 1 :]))


def side_at(mark: Annotation, at: ImagePoint) -> int:
    """Return the corner of an outline behind which lies the side that is nearest to a place."""
    points = mark.points
    sides = list(zip(points, (*points[1:], points[0]), strict=True))
    return min(range(len(sides)), key=lambda side: _from_side(at, *sides[side]))


def middle_of_side(mark: Annotation, after: int) -> ImagePoint:
    """Return the middle of the side of an outline behind a corner."""
    a, b = mark.points[after], mark.points[(after + 1) % len(mark.points)]
    return ImagePoint(col=(a.col + b.col) / 2, row=(a.row + b.row) / 2)


def longest_side(mark: Annotation, scale: Scale) -> int:
    """Return the corner behind which the longest side of an outline lies."""
    points = mark.points
    sides = [length(a, b, scale) for a, b in zip(points, (*points[1:], points[0]), strict=True)]
    return max(range(len(sides)), key=sides.__getitem__)


def moved(mark: Annotation, cols: float, rows: float, within: ImageBox) -> Annotation:
    """Return a mark moved as a whole, as far as all of it stays in the image."""
    col = [p.col for p in mark.points]
    row = [p.row for p in mark.points]
    cols = min(max(cols, within.col0 - min(col)), within.col1 - max(col))
    rows = min(max(rows, within.row0 - min(row)), within.row1 - max(row))
    points = tuple(ImagePoint(col=p.col + cols, row=p.row + rows) for p in mark.points)
    return replace(mark, points=points)


def simplified(points: Points, tolerance_px: float) -> Points:
    """Return an outline with the points that it can do without (Douglas and Peucker, 1973).

    Parameters
    ----------
    points : tuple of ImagePoint
        In the order of the hand.
    tolerance_px : float
        How far, in stored pixels, the outline may move.
    """
    kept = {0, len(points) - 1}
    parts = [(0, len(points) - 1)]
    while parts:
        first, last = parts.pop()
        across = [_from_line(p, points[first], points[last]) for p in points[first : last + 1]]
        farthest = max(range(len(across)), key=across.__getitem__, default=0)
        if last - first > 1 and across[farthest] > tolerance_px:
            at = first + farthest
            kept.add(at)
            parts += [(first, at), (at, last)]
    return tuple(points[at] for at in sorted(kept))


# -- two diameters ----------------------------------------------------------------------------


def _across(a: ImagePoint, b: ImagePoint, scale: Scale) -> tuple[float, float] | None:
    """Return one unit of length at right angles to a line, in stored pixels; None for a point."""
    way = length(a, b, scale)
    if way == 0:
        return None
    col, row = (b.col - a.col) * scale.col / way, (b.row - a.row) * scale.row / way
    return -row / scale.col, col / scale.row


def _along_and_off(
    point: ImagePoint, a: ImagePoint, b: ImagePoint, scale: Scale
) -> tuple[float, float]:
    """Return the share of the line where a point stands across from it, and how far off, units."""
    way = length(a, b, scale)
    x, y = (b.col - a.col) * scale.col / way, (b.row - a.row) * scale.row / way
    u, v = (point.col - a.col) * scale.col, (point.row - a.row) * scale.row
    return (u * x + v * y) / way, v * x - u * y


def _crossing(
    a: ImagePoint, b: ImagePoint, share: float, ends: tuple[float, float], scale: Scale
) -> Points | None:
    """Return a line and the one across it at a share of its length, its ends so far off."""
    return _second_on(a, b, min(max(share, 0.0), 1.0), tuple((0.0, off) for off in ends), scale)


def _second_diameter(given: Points, scale: Scale) -> Points | None:
    a, b, cursor = given[:3]
    share, off = _along_and_off(cursor, a, b, scale)
    return _crossing(a, b, share, (off, -off), scale) if off else None


def _diameters_moved(
    points: Points, handle: int, to: ImagePoint, scale: Scale, *, free: bool
) -> Points | None:
    a, b, c, d = points
    if handle < 2:
        foot, ends = _second_from(a, b, (c, d), scale)
        return _second_on(*((to, b) if handle == 0 else (a, to)), foot, ends, scale)
    if free or oblique(points, scale):
        moved = (a, b, to, d) if handle == 2 else (a, b, c, to)
        return moved if length(moved[2], moved[3], scale) else None
    _, near = _along_and_off(c, a, b, scale)
    _, far = _along_and_off(d, a, b, scale)
    share, off = _along_and_off(to, a, b, scale)
    return _crossing(a, b, share, (off, far) if handle == 2 else (near, off), scale)


def oblique(points: Points, scale: Scale) -> bool:
    """Tell whether the second of two diameters does not stand across the first."""
    return crossing_degrees(points, scale) < 90.0 - _RIGHT_WITHIN_DEGREES


Ends = tuple[tuple[float, float], ...]


def _second_from(a: ImagePoint, b: ImagePoint, second: Points, scale: Scale) -> tuple[float, Ends]:
    """Return where on a line another one stands, and its ends from there along and off, units.

    It stands where its middle is across from the line: at the share of the line's length.
    """
    way = length(a, b, scale)
    placed = [_along_and_off(point, a, b, scale) for point in second]
    foot = min(max(sum(share for share, _ in placed) / 2, 0.0), 1.0)
    return foot, tuple(((share - foot) * way, off) for share, off in placed)


def _second_on(
    a: ImagePoint, b: ImagePoint, foot: float, ends: Ends, scale: Scale
) -> Points | None:
    """Return a line and another one on it, its ends so far along and off, units."""
    across = _across(a, b, scale)
    if across is None:
        return None
    way = length(a, b, scale)
    along = ((b.col - a.col) / way, (b.row - a.row) / way)
    at = ImagePoint(col=a.col + foot * (b.col - a.col), row=a.row + foot * (b.row - a.row))
    c, d = (
        ImagePoint(
            col=at.col + u * along[0] + v * across[0], row=at.row + u * along[1] + v * across[1]
        )
        for u, v in ends
    )
    return a, b, c, d


# -- ellipses ---------------------------------------------------------------------------------


def _ellipse_between(p: ImagePoint, q: ImagePoint) -> Points | None:
    """Return the ellipse that fills the box between two corners; None for a line."""
    if p.col == q.col or p.row == q.row:
        return None
    col, row = (p.col + q.col) / 2, (p.row + q.row) / 2
    return (
        ImagePoint(col=p.col, row=row),
        ImagePoint(col=q.col, row=row),
        ImagePoint(col=col, row=p.row),
        ImagePoint(col=col, row=q.row),
    )


def _axis_moved(points: Points, handle: int, to: ImagePoint, scale: Scale) -> Points | None:
    a, b, c, d = points
    half = length(c, d, scale) / 2
    if handle < 2:
        first, last = (to, b) if handle == 0 else (a, to)
    else:
        first, last = a, b
        half = abs(_along_and_off(to, a, b, scale)[1])
    _, side = _along_and_off(c, a, b, scale)
    ends = (half, -half) if side >= 0 else (-half, half)
    return _crossing(first, last, 0.5, ends, scale) if half else None


def _from_side(point: ImagePoint, a: ImagePoint, b: ImagePoint) -> float:
    """Return how far a point is from the nearest place between two others, stored pixels."""
    col, row = b.col - a.col, b.row - a.row
    squared = col * col + row * row
    share = ((point.col - a.col) * col + (point.row - a.row) * row) / squared if squared else 0.0
    share = min(max(share, 0.0), 1.0)
    return math.hypot(point.col - a.col - share * col, point.row - a.row - share * row)


def _from_line(point: ImagePoint, a: ImagePoint, b: ImagePoint) -> float:
    """Return how far a point is from the line through two others, stored pixels."""
    way = math.hypot(b.col - a.col, b.row - a.row)
    if way == 0:
        return math.hypot(point.col - a.col, point.row - a.row)
    cross = (b.col - a.col) * (point.row - a.row) - (b.row - a.row) * (point.col - a.col)
    return abs(cross) / way
