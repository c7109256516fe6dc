"""What the outlines of a finding say of it: size, quadrant, hour and depth, as defaults.

All of it is an estimate by the rules of `imaging.position`, said with what it stands on; the reader
may change each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mammoview.app.assessment.finding_rules import QUADRANTS
from mammoview.app.marks.breast_place import (
    THIRDS,
    Located,
    half_text,
    locate,
    muscle_text,
    third_text,
)
from mammoview.app.marks.mark_text import basis_text
from mammoview.app.state.hung_views import HungView
from mammoview.app.state.marks import Marks
from mammoview.domain.annotation import centroid
from mammoview.domain.finding import Depth, Finding, FindingView, Quadrant
from mammoview.domain.views import Laterality
from mammoview.imaging import measure, position
from mammoview.imaging.measure import Unit, scale_of
from mammoview.imaging.position import Offset
from mammoview.words import translate


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What the outlines tell; unknown, or 0, where they do not.

    ``notes`` say in words what each value stands on, a line each.
    """

    quadrant: Quadrant = Quadrant.UNKNOWN
    clock: int = 0
    depth: Depth = Depth.UNKNOWN
    size_mm: float = 0.0
    notes: tuple[str, ...] = ()


def estimate(
    outlines: Sequence[FindingView], laterality: Laterality, views: Sequence[HungView], marks: Marks
) -> Estimate:
    """Return what the outlines of a finding tell.

    Parameters
    ----------
    outlines : sequence of FindingView
        Where the finding is seen.
    laterality : Laterality
        Side of the breast; outlines on the other one tell nothing.
    views : sequence of HungView
        The images of the examination, with their pixels where they are there.
    marks : Marks
        The reader's own nipples go before estimated ones.

    Notes
    -----
    Size is the longest diameter over all outlines.  Depth is the mean of the views that tell it.
    Quadrant and hour need an axial and an upright view, of several of a kind the first; the hour
    needs both in millimetres.
    """
    by_uid = {view.mammogram.sop_instance_uid: view for view in views}
    pairs = [(o, by_uid[o.sop_instance_uid]) for o in outlines if o.sop_instance_uid in by_uid]
    pairs = [(o, v) for o, v in pairs if v.mammogram.laterality.value is laterality]
    found = [locate(marks, view, centroid(outline.outline)) for outline, view in pairs]
    placed = _placed([place for place in found if place is not None], laterality)
    size_mm, size_note = _size(pairs)
    notes = tuple(_note(view, place) for (_, view), place in zip(pairs, found, strict=True))
    return replace(placed, size_mm=size_mm, notes=(*filter(None, (size_note,)), *notes))


def described(finding: Finding, before: Estimate, now: Estimate) -> Finding:
    """Return a finding after its outlines have changed: what the reader chose himself stays.

    A value is taken to be the reader's own where it is not the one that the outlines told before.
    """
    return replace(
        finding,
        quadrant=now.quadrant if finding.quadrant is before.quadrant else finding.quadrant,
        clock=now.clock if finding.clock == before.clock else finding.clock,
        depth=now.depth if finding.depth is before.depth else finding.depth,
        size_mm=now.size_mm if finding.size_mm == before.size_mm else finding.size_mm,
    )


def position_text(finding: Finding) -> str:
    """Return where in the breast a finding is said to be: ``upper outer, 10 o'clock``."""
    hour = translate("Findings", "{hour} o'clock").format(hour=finding.clock)
    known = finding.quadrant is not Quadrant.UNKNOWN
    parts = (
        translate("Assessment", QUADRANTS[finding.quadrant]) if known else "",
        hour if finding.clock else "",
        translate("Marks", THIRDS[finding.depth]) if finding.depth else "",
    )
    return ", ".join(filter(None, parts))


def _placed(places: Sequence[Located], laterality: Laterality) -> Estimate:
    if not places:
        return Estimate()
    share = sum(place.offset.depth for place in places) / len(places)
    depth = position.depth_of(Offset(up=0.0, depth=share))
    axial = [place for place in places if place.view.view.value in position.AXIAL]
    upright = [place for place in places if place.view.view.value in position.UPRIGHT]
    if not axial or not upright:
        return Estimate(depth=depth)
    outer, upper = axial[0].offset.up, upright[0].offset.up
    if Unit.PX in (axial[0].scale.unit, upright[0].scale.unit):
        return Estimate(quadrant=position.quadrant_of(outer, upper, depth, 0.0), depth=depth)
    return Estimate(
        quadrant=position.quadrant_of(outer, upper, depth),
        clock=position.clock_hour(outer, upper, laterality) or 0,
        depth=depth,
    )


def _size(pairs: Sequence[tuple[FindingView, HungView]]) -> tuple[float, str]:
    """Return the longest diameter, mm, and what it stands on."""
    best, said = 0.0, ""
    for outline, view in pairs:
        header = view.mammogram
        if header.spacing is None:
            continue
        length_mm = measure.longest_diameter(outline.outline, scale_of(header.spacing))
        if length_mm > best:
            best = length_mm
            text = translate("Findings", "{size:.1f} mm: longest diameter in {view} {basis}")
            said = text.format(size=best, view=header.label, basis=basis_text(header.spacing))
    return round(best, 1), said


def _note(view: HungView, place: Located | None) -> str:
    label = view.mammogram.label
    if place is None:
        return translate("Findings", "{view}: nipple not known, no position").format(view=label)
    said = translate("Findings", "{view}: {distance:.0f} {unit} from the nipple ({source})")
    first = said.format(
        view=label,
        distance=place.distance,
        unit=place.scale.unit,
        source=translate("Marks", place.source),
    )
    return ", ".join(filter(None, (first, half_text(place), third_text(place), muscle_text(place))))
