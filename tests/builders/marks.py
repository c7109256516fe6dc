"""Marks by hand, without a window."""

from __future__ import annotations

from mammoview.domain.annotation import Annotation, MarkKind
from mammoview.domain.geometry import ImagePoint


def length_mark(
    mark_id: str = "m1", *, uid: str = "1.2.3.RCC", col: float = 10.0, label: str = ""
) -> Annotation:
    """Return a length of 10 pixels along a row."""
    points = (ImagePoint(col=col, row=5.5), ImagePoint(col=col + 10.0, row=5.5))
    return Annotation(
        id=mark_id,
        sop_instance_uid=uid,
        frame=None,
        kind=MarkKind.LENGTH,
        points=points,
        label=label,
    )


def point_mark(
    kind: MarkKind, col: float, row: float, *, mark_id: str = "p", uid: str, label: str = ""
) -> Annotation:
    """Return a nipple, or an arrow with its tip at a place."""
    points = (ImagePoint(col=col, row=row), ImagePoint(col=col + 20, row=row + 20))
    return Annotation(
        id=mark_id,
        sop_instance_uid=uid,
        frame=None,
        kind=kind,
        points=points[:1] if kind is MarkKind.NIPPLE else points,
        label=label,
    )
