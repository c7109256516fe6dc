"""What a mark says: its size with the basis of every millimetre, and where in the breast it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mammoview.app.mark_state import Marks
from mammoview.app.marking import nipple_mark
from mammoview.app.workspace import HungView, LoadedImage, Workspace
from mammoview.domain.annotation import ELLIPSES, OUTLINES, Annotation, MarkKind
from mammoview.domain.finding import Depth
from mammoview.domain.geometry import ImagePoint, PixelSpacing
from mammoview.domain.study import Mammogram
from mammoview.domain.views import ViewModifier
from mammoview.imaging import measure, position
from mammoview.imaging.measure import Scale, Unit, scale_of
from mammoview.imaging.nipple import estimate_nipple
from mammoview.imaging.position import Offset
from mammoview.words import QT_TRANSLATE_NOOP, translate

SET_BY_READER = QT_TRANSLATE_NOOP("Marks", "set by the reader")
ESTIMATED = QT_TRANSLATE_NOOP("Marks", "estimated")
_LIVE_PIXELS = 250_000
_THIRDS = {
    Depth.ANTERIOR: QT_TRANSLATE_NOOP("Marks", "anterior third"),
    Depth.MIDDLE: QT_TRANSLATE_NOOP("Marks", "middle third"),
    Depth.POSTERIOR: QT_TRANSLATE_NOOP("Marks", "posterior third"),
}
# Of such views the picture is a part, turned or pulled: its outline has no nipple to tell.
_NO_NIPPLE = frozenset(
    {ViewModifier.MAGNIFICATION, ViewModifier.SPOT_COMPRESSION, ViewModifier.TANGENTIAL}
)


def basis_text(spacing: PixelSpacing | None) -> str:
    """Return what every length of an image stands on, in brackets beside it."""
    return f"({spacing.basis_text})" if spacing else translate("Marks", "(no spacing)")


def size_text(mark: Annotation, view: Mammogram, image: LoadedImage | None) -> str:
    """Return a mark's measured values with their basis; empty for one that measures nothing.

    Parameters
    ----------
    mark : Annotation
        What is measured.
    view : Mammogram
        Its image's header.
    image : LoadedImage or None
        The pixels, for region statistics.
    """
    scale = scale_of(view.spacing)
    points = mark.points
    basis = basis_text(view.spacing)
    if mark.kind is MarkKind.LENGTH:
        return f"{_length(measure.length(points[0], points[1], scale), scale)} {basis}"
    if mark.kind is MarkKind.DIAMETERS:
        a, b, c, d = points
        first, second = measure.length(a, b, scale), measure.length(c, d, scale)
        return f"{_lengths(first, second, scale)} {basis}"
    if mark.kind is MarkKind.ANGLE:
        return _angle_text(mark, view)
    if mark.kind in OUTLINES:
        if measure.crosses_itself(points):
            return translate("Marks", "the outline crosses itself: no area")
        return f"{_area(measure.polygon_area(points, scale), scale)} {basis}"
    if mark.kind in ELLIPSES:
        axes = _lengths(*measure.ellipse_axes(points, scale), scale)
        area = _area(measure.ellipse_area(points, scale), scale)
        said = f"{area}, {axes} {basis}"
        grey = _statistics_text(mark, view, image) if mark.kind is MarkKind.STATISTICS else ""
        return f"{grey}\n{said}" if grey else said
    return nipple_text(SET_BY_READER) if mark.kind is MarkKind.NIPPLE else ""


def nipple_text(source: str) -> str:
    """Return what stands beside a nipple."""
    said = translate("Marks", "nipple, {source}")
    return said.format(source=translate("Marks", source))


def mark_text(mark: Annotation, view: Mammogram, image: LoadedImage | None) -> str:
    """Return the reader's words and the measured values, as they stand beside the mark."""
    size = size_text(mark, view, image)
    return ": ".join(filter(None, (mark.label, size)))


def live_text(mark: Annotation, view: Mammogram, image: LoadedImage | None) -> str:
    """Return what stands beside a mark while the hand still draws it.

    The pixels of a large region are not counted at every move, only when it is set.
    """
    cols, rows = [p.col for p in mark.points], [p.row for p in mark.points]
    pixels = (max(cols) - min(cols)) * (max(rows) - min(rows))
    return mark_text(mark, view, image if pixels <= _LIVE_PIXELS else None)


def where_text(ws: Workspace, mark: Annotation) -> str:
    """Return where in the breast a mark is; what cannot be told is left out or said so.

    Distance from the nipple is straight, from the mark's centre, in its own view.  Half, clock
    position and depth follow `imaging.position`; a clock position needs a mark of the same words
    in the other kind of view of the same breast.
    """
    if mark.kind is MarkKind.NIPPLE:
        return ""
    here = _located(ws, mark)
    if here is None:
        return translate("Marks", "nipple not known: no position")
    return " · ".join(_where(ws, here))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Located:
    """A mark with its distance from the nipple in its own view."""

    mark: Annotation
    view: Mammogram
    source: str
    distance: float
    offset: Offset
    scale: Scale


def _where(ws: Workspace, here: _Located) -> Iterator[str]:
    said = translate("Marks", "{distance} from the nipple ({source})")
    source = translate("Marks", here.source)
    yield said.format(distance=_length(here.distance, here.scale), source=source)
    other = _in_other_view(ws, here)
    clock = _clock_text(here, other) if other is not None else ""
    yield clock or _half(here)
    yield translate("Marks", _THIRDS[position.depth_of(here.offset)])


def _half(here: _Located) -> str:
    level = 0.0 if here.scale.unit is Unit.PX else position.LEVEL_MM
    half = position.half_of(here.offset, here.view.view.value, level)
    return translate("Marks", half) if half else translate("Marks", "half not known")


def _clock_text(here: _Located, other: _Located) -> str:
    """Return the hour from an axial and an upright view; empty where they are not both in mm."""
    if Unit.PX in (here.scale.unit, other.scale.unit):
        return ""
    axial, upright = (here, other) if here.view.view.value in position.AXIAL else (other, here)
    side = here.view.laterality.value
    assert side is not None  # without a side there is no offset from the nipple
    hour = position.clock_hour(axial.offset.up, upright.offset.up, side)
    if hour is None:
        said = translate("Marks", "behind the nipple (with {view})")
    else:
        said = translate("Marks", "about {hour} o'clock (with {view})")
    return said.format(hour=hour, view=other.view.label)


def _in_other_view(ws: Workspace, here: _Located) -> _Located | None:
    """Return the one mark of the same words in the other kind of view of the same breast."""
    words = here.mark.label.casefold()
    if not words:
        return None
    projection = here.view.view.value
    wanted = position.UPRIGHT if projection in position.AXIAL else position.AXIAL
    if projection not in position.AXIAL | position.UPRIGHT:
        return None
    partners = [
        mark
        for mark in ws.marks.items
        if mark.label.casefold() == words
        and (view := _view_of(ws, mark)) is not None
        and view.mammogram.view.value in wanted
        and view.mammogram.laterality.value is here.view.laterality.value
        and view.mammogram.study_key == here.view.study_key
        and view.mammogram.study_date == here.view.study_date
    ]
    return _located(ws, partners[0]) if len(partners) == 1 else None


def _located(ws: Workspace, mark: Annotation) -> _Located | None:
    view = _view_of(ws, mark)
    if view is None or view.image is None or view.mammogram.laterality.value is None:
        return None
    found = nipple_of(ws.marks, view)
    if found is None:
        return None
    nipple, source = found
    scale = scale_of(view.mammogram.spacing)
    offset = position.offset_from_nipple(
        mark.centre(),
        nipple,
        shape=(view.image.stored.shape[0], view.image.stored.shape[1]),
        pose=view.image.pose,
        laterality=view.mammogram.laterality.value,
        scale=scale,
    )
    return _Located(
        mark=mark,
        view=view.mammogram,
        source=source,
        distance=measure.length(nipple, mark.centre(), scale),
        offset=offset,
        scale=scale,
    )


def nipple_of(marks: Marks, view: HungView) -> tuple[ImagePoint, str] | None:
    """Return the nipple of a view and where it is from: the reader's own goes before an estimate.

    Magnified, spot and partial views are parts of a breast: there only the reader knows.
    """
    set_by_hand = nipple_mark(marks, view.mammogram.sop_instance_uid)
    if set_by_hand is not None:
        return set_by_hand.points[0], SET_BY_READER
    found = _estimate(view)
    return None if found is None else (found, ESTIMATED)


def nipple_estimate(ws: Workspace, sop_instance_uid: str) -> ImagePoint | None:
    """Return the estimate that stands for an image's nipple; None where the reader has set it."""
    for view in ws.views:
        if view.mammogram.sop_instance_uid == sop_instance_uid:
            found = nipple_of(ws.marks, view)
            return found[0] if found is not None and found[1] == ESTIMATED else None
    return None


def _estimate(view: HungView) -> ImagePoint | None:
    header = view.mammogram
    if view.image is None or header.partial or _NO_NIPPLE & set(header.view.modifiers):
        return None
    return estimate_nipple(
        view.image.breast,
        shape=(view.image.stored.shape[0], view.image.stored.shape[1]),
        pose=view.image.pose,
        laterality=header.laterality.value,
        spacing=header.spacing,
    )


def _view_of(ws: Workspace, mark: Annotation) -> HungView | None:
    return next(
        (v for v in ws.views if v.mammogram.sop_instance_uid == mark.sop_instance_uid), None
    )


# -- numbers ----------------------------------------------------------------------------------


def _angle_text(mark: Annotation, view: Mammogram) -> str:
    end, vertex, other = mark.points
    degrees = measure.angle_degrees(end, vertex, other, scale_of(view.spacing))
    if degrees is None:
        return translate("Marks", "no angle: a leg has no length")
    square = translate("Marks", "(pixels taken as square)")
    return f"{degrees:.1f}°" if view.spacing else f"{degrees:.1f}° {square}"


def _statistics_text(mark: Annotation, view: Mammogram, image: LoadedImage | None) -> str:
    if image is None:
        return ""
    found = measure.region_statistics(image.stored, view.pixel_format, mark.points)
    if found is None:
        return translate("Marks", "no pixel in the region")
    said = translate("Marks", "mean {mean}, SD {sd}, {low} to {high}, {count} pixels")
    return said.format(
        mean=f"{found.mean:.1f}",
        sd=f"{found.sd:.1f}",
        low=f"{found.low:g}",
        high=f"{found.high:g}",
        count=found.count,
    )


def _length(value: float, scale: Scale) -> str:
    return f"{value:.1f} {scale.unit}"


def _lengths(first: float, second: float, scale: Scale) -> str:
    return f"{first:.1f} x {second:.1f} {scale.unit}"


def _area(value: float, scale: Scale) -> str:
    return f"{value:.1f} {scale.unit}²" if scale.unit is Unit.MM else f"{value:.0f} {scale.unit}²"
