"""How marks are drawn and bent: from the points that a hand sets to the points of a mark.

Pure functions of stored points; what is at right angles is so in millimetres where the spacing is
known, whichever way the image is shown.
"""

from __future__ import annotations

import math
from dataclasses import replace

from mammoview.domain.annotation import ELLIPSES, OUTLINES, Annotation, MarkKind
from mammoview.domain.geometry import ImageBox, ImagePoint
from mammoview.imaging.measure import Scale, length

Points = tuple[ImagePoint, ...]

_FEWEST_OF_OUTLINE = 3
# Points that the hand sets; an outline ends when the hand says so.
_SET_BY_HAND = {
    MarkKind.LENGTH: 2,
    MarkKind.DIAMETERS: 3,
    MarkKind.ANGLE: 3,
    MarkKind.STATISTICS: 2,
    MarkKind.ARROW: 2,
    MarkKind.ELLIPSE: 2,
    MarkKind.NIPPLE: 1,
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


def with_handle_moved(mark: Annotation, handle: int, to: ImagePoint, scale: Scale) -> Annotation:
    """Return a mark with one of its points moved, its right angles kept.

    The second diameter stays across the first; an axis of an ellipse is pulled at its end and
    carries the other along.  What would leave a mark without any length changes nothing.
    """
    points = mark.points
    if mark.kind is MarkKind.DIAMETERS:
        moved = _diameters_moved(points, handle, to, scale)
    elif mark.kind in ELLIPSES:
        moved = _axis_moved(points, handle, to, scale)
    else:
        moved = (*points[:handle], to, *points[handle + 1 :])
    return mark if moved is None else replace(mark, points=moved)


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
    unit = _across(a, b, scale)
    if unit is None:
        return None
    share = min(max(share, 0.0), 1.0)
    foot = ImagePoint(col=a.col + share * (b.col - a.col), row=a.row + share * (b.row - a.row))
    c, d = (ImagePoint(col=foot.col + s * unit[0], row=foot.row + s * unit[1]) for s in ends)
    return a, b, c, d


def _second_diameter(given: Points, scale: Scale) -> Points | None:
    a, b, cursor = given[:3]
    share, off = _along_and_off(cursor, a, b, scale)
    return _crossing(a, b, share, (off, -off), scale) if off else None


def _diameters_moved(points: Points, handle: int, to: ImagePoint, scale: Scale) -> Points | None:
    a, b, c, d = points
    share, near = _along_and_off(c, a, b, scale)
    _, far = _along_and_off(d, a, b, scale)
    if handle < 2:
        return _crossing(*((to, b) if handle == 0 else (a, to)), share, (near, far), scale)
    share, off = _along_and_off(to, a, b, scale)
    return _crossing(a, b, share, (off, far) if handle == 2 else (near, off), scale)


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


def _from_line(point: ImagePoint, a: ImagePoint, b: ImagePoint) -> float:
    """Return how far a point is from the line through two others, stored pixels."""
    way = math.hypot(b.col - a.col, b.row - a.row)
    if way == 0:
        return math.hypot(point.col - a.col, point.row - a.row)
    cross = (b.col - a.col) * (point.row - a.row) - (b.row - a.row) * (point.col - a.col)
    return abs(cross) / way
