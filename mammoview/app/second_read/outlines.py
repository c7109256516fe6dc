"""From what a hand draws to the outline of a finding."""

from __future__ import annotations

from mammoview.domain.annotation import ELLIPSES, OUTLINES, Annotation, MarkKind
from mammoview.domain.finding import FindingView
from mammoview.domain.geometry import ImagePoint
from mammoview.imaging.measure import ellipse_outline


def finding_view(mark: Annotation) -> FindingView | None:
    """Return a mark as the outline of a finding; None for one that bounds no region.

    An ellipse becomes a polygon, two diameters the rhomb between their ends, an arrow its tip.
    """
    outline = _outline(mark)
    if not outline:
        return None
    return FindingView(
        sop_instance_uid=mark.sop_instance_uid, outline=outline, frame=mark.frame or 0
    )


def _outline(mark: Annotation) -> tuple[ImagePoint, ...]:
    if mark.kind in OUTLINES:
        return mark.points
    if mark.kind in ELLIPSES:
        return ellipse_outline(mark.points)
    if mark.kind is MarkKind.DIAMETERS:
        a, b, c, d = mark.points
        return a, c, b, d
    return mark.points[:1] if mark.kind in (MarkKind.ARROW, MarkKind.SPOT) else ()
