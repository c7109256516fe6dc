"""Where a place of an image lies in the breast: from the nipple, as far as that is known."""

from __future__ import annotations

from dataclasses import dataclass

from mammoview.app.landmarks import OBLIQUE, muscle_in, nipple_in
from mammoview.app.marks.marking import only_mark
from mammoview.app.state.hung_views import HungView
from mammoview.app.state.marks import Marks
from mammoview.domain.annotation import MarkKind
from mammoview.domain.finding import Depth
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.study import Mammogram
from mammoview.imaging import measure, position
from mammoview.imaging.measure import Scale, Unit, scale_of
from mammoview.imaging.position import Offset
from mammoview.words import QT_TRANSLATE_NOOP, translate

SET_BY_READER = QT_TRANSLATE_NOOP("Marks", "set by the reader")
ESTIMATED = QT_TRANSLATE_NOOP("Marks", "estimated")
DOUBTFUL = QT_TRANSLATE_NOOP("Marks", "estimated, DOUBTFUL: set it")
GUESSES = frozenset({ESTIMATED, DOUBTFUL})
THIRDS = {
    Depth.ANTERIOR: QT_TRANSLATE_NOOP("Marks", "anterior third"),
    Depth.MIDDLE: QT_TRANSLATE_NOOP("Marks", "middle third"),
    Depth.POSTERIOR: QT_TRANSLATE_NOOP("Marks", "posterior third"),
}
# So much of the way from the chest wall to the nipple, skin and an estimate that is a little off
# reach beyond it.
_SKIN_SHARE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Muscle:
    """Two places of the edge of the pectoral muscle, stored pixels, and who knows them."""

    upper: ImagePoint
    lower: ImagePoint
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A place in one view: its straight distance from the nipple, and how far up and deep it is.

    ``source`` says who knows the nipple, ``muscle`` who knows the muscle's edge that up and deep go
    by, empty where they go by the picture's edges; ``distance`` is in the unit of ``scale``.
    """

    view: Mammogram
    source: str
    muscle: str
    distance: float
    offset: Offset
    scale: Scale


def locate(marks: Marks, view: HungView, at: ImagePoint) -> Located | None:
    """Return where a place of an image (stored pixels) lies; None where no nipple is known."""
    side = view.mammogram.laterality.value
    if view.known is None or side is None:
        return None
    found = nipple_of(marks, view)
    if found is None:
        return None
    nipple, source = found
    scale = scale_of(view.mammogram.spacing)
    muscle = muscle_of(marks, view)
    offset = position.offset_from_nipple(
        at,
        nipple,
        shape=view.known.shape,
        pose=view.known.pose,
        laterality=side,
        scale=scale,
        muscle=(muscle.upper, muscle.lower) if muscle else None,
    )
    return Located(
        view=view.mammogram,
        source=source,
        muscle=muscle.source if muscle else "",
        distance=measure.length(nipple, at, scale),
        offset=offset,
        scale=scale,
    )


def muscle_text(here: Located) -> str:
    """Return that half and depth go along the muscle, and who knows it; empty where they do not."""
    if not here.muscle:
        return ""
    said = translate("Marks", "along the muscle ({source})")
    return said.format(source=translate("Marks", here.muscle))


def third_text(here: Located) -> str:
    """Return the third of the breast's depth, or that the place lies in the air before it."""
    if here.offset.depth < -_SKIN_SHARE:
        return translate("Marks", "in front of the nipple")
    return translate("Marks", THIRDS[position.depth_of(here.offset)])


def half_text(here: Located) -> str:
    """Return the half of the breast that one view tells, or that it tells none."""
    level = 0.0 if here.scale.unit is Unit.PX else position.LEVEL_MM
    half = position.half_of(here.offset, here.view.view.value, level)
    return translate("Marks", half) if half else translate("Marks", "half not known")


def nipple_of(marks: Marks, view: HungView) -> tuple[ImagePoint, str] | None:
    """Return the nipple of a view and where it is from: the reader's own goes before an estimate.

    Magnified, spot and partial views are parts of a breast: there only the reader knows.
    """
    set_by_hand = only_mark(marks, view.mammogram.sop_instance_uid, MarkKind.NIPPLE)
    if set_by_hand is not None:
        return set_by_hand.points[0], SET_BY_READER
    found = nipple_in(view.mammogram, view.known) if view.known is not None else None
    return None if found is None else (found.place, DOUBTFUL if found.doubtful else ESTIMATED)


def muscle_of(marks: Marks, view: HungView) -> Muscle | None:
    """Return the edge of the pectoral muscle in an oblique view; the reader's own goes first.

    None in other views, and where an estimate is in doubt: nothing goes by that.
    """
    if view.mammogram.view.value not in OBLIQUE:
        return None
    set_by_hand = only_mark(marks, view.mammogram.sop_instance_uid, MarkKind.PECTORAL)
    if set_by_hand is not None:
        upper, lower = set_by_hand.points
        return Muscle(upper=upper, lower=lower, source=SET_BY_READER)
    found = muscle_in(view.mammogram, view.known) if view.known is not None else None
    if found is None or found.doubtful:
        return None
    return Muscle(upper=found.upper, lower=found.lower, source=ESTIMATED)
