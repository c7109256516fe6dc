"""Where a place of an image lies in the breast: from the nipple, as far as that is known."""

from __future__ import annotations

from dataclasses import dataclass

from mammoview.app.mark_state import Marks
from mammoview.app.marking import nipple_mark
from mammoview.app.workspace import HungView
from mammoview.domain.finding import Depth
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.study import Mammogram
from mammoview.domain.views import ViewModifier
from mammoview.imaging import measure, position
from mammoview.imaging.measure import Scale, Unit, scale_of
from mammoview.imaging.nipple import NippleEstimate, estimate_nipple
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
# Of such views the picture is a part, turned or pulled: its outline has no nipple to tell.
_NO_NIPPLE = frozenset(
    {ViewModifier.MAGNIFICATION, ViewModifier.SPOT_COMPRESSION, ViewModifier.TANGENTIAL}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A place in one view: its straight distance from the nipple, and how far up and deep it is.

    ``source`` says who knows the nipple; ``distance`` is in the unit of ``scale``.
    """

    view: Mammogram
    source: str
    distance: float
    offset: Offset
    scale: Scale


def locate(marks: Marks, view: HungView, at: ImagePoint) -> Located | None:
    """Return where a place of an image (stored pixels) lies; None where no nipple is known."""
    side = view.mammogram.laterality.value
    if view.image is None or side is None:
        return None
    found = nipple_of(marks, view)
    if found is None:
        return None
    nipple, source = found
    scale = scale_of(view.mammogram.spacing)
    offset = position.offset_from_nipple(
        at,
        nipple,
        shape=(view.image.stored.shape[0], view.image.stored.shape[1]),
        pose=view.image.pose,
        laterality=side,
        scale=scale,
    )
    return Located(
        view=view.mammogram,
        source=source,
        distance=measure.length(nipple, at, scale),
        offset=offset,
        scale=scale,
    )


def half_text(here: Located) -> str:
    """Return the half of the breast that one view tells, or that it tells none."""
    level = 0.0 if here.scale.unit is Unit.PX else position.LEVEL_MM
    half = position.half_of(here.offset, here.view.view.value, level)
    return translate("Marks", half) if half else translate("Marks", "half not known")


def nipple_of(marks: Marks, view: HungView) -> tuple[ImagePoint, str] | None:
    """Return the nipple of a view and where it is from: the reader's own goes before an estimate.

    Magnified, spot and partial views are parts of a breast: there only the reader knows.
    """
    set_by_hand = nipple_mark(marks, view.mammogram.sop_instance_uid)
    if set_by_hand is not None:
        return set_by_hand.points[0], SET_BY_READER
    found = _estimate(view)
    return None if found is None else (found.place, DOUBTFUL if found.doubtful else ESTIMATED)


def _estimate(view: HungView) -> NippleEstimate | None:
    header = view.mammogram
    if view.image is None or header.partial or _NO_NIPPLE & set(header.view.modifiers):
        return None
    return estimate_nipple(
        view.image.breast,
        skin=view.image.skin,
        shape=(view.image.stored.shape[0], view.image.stored.shape[1]),
        pose=view.image.pose,
        laterality=header.laterality.value,
        spacing=header.spacing,
    )
