"""Where in the breast a place lies: height and depth in one view, clock face from two.

The rules, as a reader would apply them with a ruler:

- A view is looked at as it hangs: axilla up, chest wall of the right breast on the right.
- Above the nipple's level is *outer* in CC views (lateral is up) and *upper* in oblique and lateral
  views; below it is *inner* and *lower*.  An MLO says nothing of outer and inner, a CC nothing of
  upper and lower, and neither is made up.
- The clock face is the breast seen from the front: 12 is up; 9 is outer in the right breast and
  3 in the left.  It takes both views: across from the CC, up from the MLO, in millimetres.
- Depth is told in thirds of the way from the nipple to the chest-wall edge of the image.

The oblique view tilts "upper" towards the axilla: a clock position from two views is about right,
and never better than the hour.
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
    way from the nipple (0) to the chest-wall edge (1).
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
    """
    to_shown = pose_affine(pose, *shape)
    width = posed_shape(pose, *shape)[1]
    here, tip = to_shown.apply(point), to_shown.apply(nipple)
    lying = pose.rotate_degrees in (90, 270)
    wall = float(width) if laterality is Laterality.RIGHT else 0.0
    way = wall - tip.col
    return Offset(
        up=(tip.row - here.row) * (scale.col if lying else scale.row),
        depth=(here.col - tip.col) / way if way else 0.0,
    )


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
