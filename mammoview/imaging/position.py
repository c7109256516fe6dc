"""Where in the breast a place lies: height and depth in one view, clock face from two.

The rules, as a reader would apply them with a ruler:

- A view is looked at as it hangs: axilla up, chest wall of the right breast on the right.
- Above the nipple's level is *outer* in CC views (lateral is up) and *upper* in oblique and lateral
  views; below it is *inner* and *lower*.  An MLO says nothing of outer and inner, a CC nothing of
  upper and lower, and neither is made up.
- The clock face is the breast seen from the front: 12 is up; 9 is outer in the right breast and
  3 in the left.  It takes both views: across from the CC, up from the MLO, in millimetres.
- Depth is told in thirds of the way from the nipple to the chest-wall edge of the image.
- In an oblique view whose pectoral muscle is known, up goes along its edge and deep at right angles
  to it, to the muscle or the edge of the image: the posterior nipple line parts upper from lower
  (Eklund and Cardenosa, Radiol Clin North Am 1992;30:21-53).

Where the muscle is not known the oblique view tilts "upper" towards the axilla.  A clock position
from two views is about right, and never better than the hour.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mammoview.domain.finding import Depth, Quadrant
from mammoview.domain.geometry import ImagePoint, Pose
from mammoview.domain.views import Laterality, Projection
from mammoview.imaging.measure import Scale
from mammoview.imaging.orientation import pose_affine, posed_shape
from mammoview.words import QT_TRANSLATE_NOOP

AXIAL = frozenset({Projection.CC, Projection.XCCL, Projection.XCCM, Projection.XCC})
UPRIGHT = frozenset({Projection.MLO, Projection.ML, Projection.LM, Projection.LMO})
# Nearer to the nipple's level than this a half cannot be told; both near it: behind the nipple.
LEVEL_MM = 5.0
_HOURS = 12
OUTER = QT_TRANSLATE_NOOP("Marks", "outer half")
INNER = QT_TRANSLATE_NOOP("Marks", "inner half")
UPPER = QT_TRANSLATE_NOOP("Marks", "upper half")
LOWER = QT_TRANSLATE_NOOP("Marks", "lower half")
AT_LEVEL = QT_TRANSLATE_NOOP("Marks", "at the level of the nipple")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """Where a place lies from the nipple in one view as it hangs.

    ``up`` is how far above the nipple's level, in ``unit`` of the scale; ``depth`` the share of the
    way from the nipple (0) to the chest wall (1).
    """

    up: float
    depth: float


def offset_from_nipple(
    point: ImagePoint,
    nipple: ImagePoint,
    *,
    shape: tuple[int, int],
    pose: Pose,
    laterality: Laterality,
    scale: Scale,
    muscle: tuple[ImagePoint, ImagePoint] | None = None,
) -> Offset:
    """Return where a place lies from the nipple.

    Parameters
    ----------
    point, nipple : ImagePoint
        Stored pixels.
    shape : (int, int)
        Rows and columns of the stored image.
    pose : Pose
        How the image hangs.
    laterality : Laterality
        Side of the breast.
    scale : Scale
        Of the stored pixels.
    muscle : (ImagePoint, ImagePoint) or None
        Two places of the edge of the pectoral muscle, stored pixels.
    """
    to_shown = pose_affine(pose, *shape)
    width = posed_shape(pose, *shape)[1]
    here, tip = to_shown.apply(point), to_shown.apply(nipple)
    lying = pose.rotate_degrees in (90, 270)
    wall = float(width) if laterality is Laterality.RIGHT else 0.0
    across, down = (scale.row, scale.col) if lying else (scale.col, scale.row)

    def from_tip(place: ImagePoint) -> tuple[float, float]:
        return (place.col - tip.col) * across, (place.row - tip.row) * down

    back, along = (1.0 if wall else -1.0), (0.0, 1.0)
    way = (wall - tip.col) * across * back
    right, below = from_tip(here)
    if muscle is not None:
        upper, lower = (from_tip(to_shown.apply(place)) for place in muscle)
        along = direction_down(upper, lower)
        ways = (way / along[1] if along[1] else math.inf, deep_from(upper, along, back))
        way = min((length for length in ways if length > 0), default=0.0)
    return Offset(
        up=-(right * along[0] + below * along[1]),
        depth=deep_from((right, below), along, back) / way if way else 0.0,
    )


def direction_down(upper: tuple[float, float], lower: tuple[float, float]) -> tuple[float, float]:
    """Return the way along a muscle's edge, downwards, of length 1; straight down for a point."""
    right, below = lower[0] - upper[0], lower[1] - upper[1]
    length = math.hypot(right, below)
    if length == 0:
        return 0.0, 1.0
    sign = -1.0 if below < 0 else 1.0
    return sign * right / length, sign * below / length


def deep_from(place: tuple[float, float], along: tuple[float, float], back: float) -> float:
    """Return how deep a place lies, at right angles to a muscle's edge, seen from the nipple.

    Parameters
    ----------
    place : (float, float)
        To the right of the nipple and below it.
    along : (float, float)
        Down along the muscle, of length 1; straight down: along the chest wall.
    back : float
        1 where the wall is on the right, -1 where it is on the left.
    """
    return back * (place[0] * along[1] - place[1] * along[0])


def depth_of(offset: Offset) -> Depth:
    """Return the third of the breast's depth."""
    if offset.depth < 1 / 3:
        return Depth.ANTERIOR
    return Depth.MIDDLE if offset.depth < 2 / 3 else Depth.POSTERIOR


def half_of(offset: Offset, projection: Projection | None, level: float = LEVEL_MM) -> str:
    """Return what one view tells: ``outer half``, ``lower half``; empty where it tells nothing.

    ``level`` is how near to the nipple's level a half cannot be told, in the offset's unit.
    """
    if projection in AXIAL:
        above, below = OUTER, INNER
    elif projection in UPRIGHT:
        above, below = UPPER, LOWER
    else:
        return ""
    if abs(offset.up) < level:
        return AT_LEVEL
    return above if offset.up > 0 else below


def clock_hour(outer_mm: float, upper_mm: float, laterality: Laterality) -> int | None:
    """Return the hour, 1..12, on the breast seen from the front; None behind the nipple.

    Parameters
    ----------
    outer_mm : float
        How far to the outer side of the nipple (from an axial view), mm.
    upper_mm : float
        How far above it (from an oblique or lateral view), mm.
    laterality : Laterality
        Side of the breast.
    """
    if math.hypot(outer_mm, upper_mm) < LEVEL_MM:
        return None
    right_of_the_face = outer_mm if laterality is Laterality.LEFT else -outer_mm
    turn = math.atan2(right_of_the_face, upper_mm) / (2 * math.pi)
    return round(turn * _HOURS) % _HOURS or _HOURS


def quadrant_of(outer: float, upper: float, depth: Depth, level: float = LEVEL_MM) -> Quadrant:
    """Return the quadrant of a place that two views show.

    Parameters
    ----------
    outer, upper : float
        As in `clock_hour`, each in the unit of its view.
    depth : Depth
        Third of the way to the chest wall, which parts what is behind the nipple.
    level : float
        As in `half_of`.

    Returns
    -------
    Quadrant
        Unknown where one half cannot be told; never the axillary tail, which has no border that a
        ruler finds.
    """
    if math.hypot(outer, upper) < level:
        return Quadrant.RETROAREOLAR if depth is Depth.ANTERIOR else Quadrant.CENTRAL
    if min(abs(outer), abs(upper)) < level:
        return Quadrant.UNKNOWN
    if upper > 0:
        return Quadrant.UPPER_OUTER if outer > 0 else Quadrant.UPPER_INNER
    return Quadrant.LOWER_OUTER if outer > 0 else Quadrant.LOWER_INNER


def quadrants_at(hour: int, laterality: Laterality) -> tuple[Quadrant, ...]:
    """Return the quadrants that an hour of the clock face lies in: two on a border, else one."""
    left = hour if laterality is Laterality.LEFT else -hour
    outer, upper = (round(wave(math.tau * left / _HOURS), 9) for wave in (math.sin, math.cos))
    return tuple(
        quadrant
        for quadrant, out, up in (
            (Quadrant.UPPER_OUTER, 1, 1),
            (Quadrant.UPPER_INNER, -1, 1),
            (Quadrant.LOWER_OUTER, 1, -1),
            (Quadrant.LOWER_INNER, -1, -1),
        )
        if outer * out >= 0 and upper * up >= 0
    )
