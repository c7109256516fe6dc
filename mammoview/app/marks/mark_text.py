"""What a mark says: its size with the basis of every millimetre, and where in the breast it is."""

from __future__ import annotations

from collections.abc import Iterator

from mammoview.app.marks.breast_place import (
    GUESSES,
    SET_BY_READER,
    Located,
    half_text,
    locate,
    muscle_text,
    nipple_of,
    third_text,
)
from mammoview.app.marks.drawing import oblique
from mammoview.app.state.hung_views import LoadedImage
from mammoview.app.workspace import Workspace
from mammoview.domain.annotation import ELLIPSES, ONE_AN_IMAGE, OUTLINES, Annotation, MarkKind
from mammoview.domain.geometry import ImagePoint, PixelSpacing
from mammoview.domain.study import Mammogram
from mammoview.imaging import measure, position
from mammoview.imaging.measure import Scale, Unit, scale_of
from mammoview.words import translate

_LIVE_PIXELS = 250_000


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
        turned = ""
        if oblique(points, scale):
            said = translate("Marks", ", at {angle:.0f}° to each other")
            turned = said.format(angle=measure.crossing_degrees(points, scale))
        return f"{_lengths(first, second, scale)} {basis}{turned}"
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
    if mark.kind is MarkKind.PECTORAL:
        said = translate("Marks", "pectoral muscle, {source}")
        return said.format(source=translate("Marks", SET_BY_READER))
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
    if mark.kind in ONE_AN_IMAGE:
        return ""
    here = _located(ws, mark)
    if here is None:
        return translate("Marks", "nipple not known: no position")
    return " · ".join(_where(ws, mark, here))


def _where(ws: Workspace, mark: Annotation, here: Located) -> Iterator[str]:
    said = translate("Marks", "{distance} from the nipple ({source})")
    source = translate("Marks", here.source)
    yield said.format(distance=_length(here.distance, here.scale), source=source)
    other = _in_other_view(ws, mark, here)
    clock = _clock_text(here, other) if other is not None else ""
    yield clock or half_text(here)
    yield third_text(here)
    if here.muscle:
        yield muscle_text(here)


def _clock_text(here: Located, other: Located) -> str:
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


def _in_other_view(ws: Workspace, mark: Annotation, here: Located) -> Located | None:
    """Return the one mark of the same words in the other kind of view of the same breast."""
    words = mark.label.casefold()
    if not words:
        return None
    projection = here.view.view.value
    wanted = position.UPRIGHT if projection in position.AXIAL else position.AXIAL
    if projection not in position.AXIAL | position.UPRIGHT:
        return None
    partners = [
        other
        for other in ws.marks.items
        if other.label.casefold() == words
        and (view := ws.hung(other.sop_instance_uid)) is not None
        and view.mammogram.view.value in wanted
        and view.mammogram.laterality.value is here.view.laterality.value
        and view.mammogram.study_key == here.view.study_key
        and view.mammogram.study_date == here.view.study_date
    ]
    return _located(ws, partners[0]) if len(partners) == 1 else None


def _located(ws: Workspace, mark: Annotation) -> Located | None:
    view = ws.hung(mark.sop_instance_uid)
    return None if view is None else locate(ws.marks, view, mark.centre())


def nipple_estimate(ws: Workspace, sop_instance_uid: str) -> tuple[ImagePoint, str] | None:
    """Return the estimate that stands for an image's nipple, and how good it is.

    None where the reader has set it.
    """
    view = ws.hung(sop_instance_uid)
    found = nipple_of(ws.marks, view) if view is not None else None
    return found if found is not None and found[1] in GUESSES else None


# -- numbers ----------------------------------------------------------------------------------


def _angle_text(mark: Annotation, view: Mammogram) -> str:
    end, vertex, other = mark.points
    degrees = measure.angle_degrees(end, vertex, other, scale_of(view.spacing))
    if degrees is None:
        return translate("Marks", "no angle: a leg has no length")
    square = translate("Marks", "(pixels taken as square)")
    return f"{degrees:.1f}°" if view.spacing else f"{degrees:.1f}° {square}"


def _statistics_text(mark: Annotation, view: Mammogram, image: LoadedImage | None) -> str:
    """Return what is counted in a region; nothing without the pixels."""
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
