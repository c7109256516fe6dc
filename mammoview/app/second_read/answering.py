"""What an answer to a mark of the computer is chosen from, and which marks look answered."""

from __future__ import annotations

import math

from mammoview.app.assessment.lexicon import descriptors_text, shipped_lexicon
from mammoview.app.workspace import Workspace
from mammoview.domain.finding import Finding
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.reading import CadMark, Disposition, MarkAnswer


def answer_to(ws: Workspace, mark: CadMark | None) -> MarkAnswer | None:
    """Return what the reader said of a mark; None for nothing yet."""
    read = ws.read.read
    if mark is None or read is None:
        return None
    return next((said for said in read.disposed if said.mark_id == mark.id), None)


def nearest_first(ws: Workspace, mark: CadMark | None) -> tuple[Finding, ...]:
    """Return the reader's findings in the breast of a mark: the nearest in its image first.

    Those that are not outlined in that image come last, for they may still be the same thing.
    """
    read = ws.read.read
    if mark is None or read is None:
        return ()
    hung = ws.hung(mark.sop_instance_uid)
    side = hung.mammogram.laterality.value if hung is not None else None
    there = [finding for finding in read.now.findings if finding.laterality is side]
    return tuple(sorted(there, key=lambda finding: _distance(finding, mark)))


def choice_text(ws: Workspace, finding: Finding) -> str:
    """Return a finding as it is offered: its number and what it is."""
    read = ws.read.read
    assert read is not None
    number = read.now.findings.index(finding) + 1
    return f"{number}  {descriptors_text(shipped_lexicon(), finding)}"


def answers_on(
    ws: Workspace, sop_instance_uid: str, frame: int | None = None
) -> dict[tuple[str, ImagePoint], Disposition]:
    """Return what the reader said of the marks on an image, by their kind and peak.

    Of a volume those of one slice: the next one may have a mark at the same place.
    """
    kept, read = ws.read.kept, ws.read.read
    if kept is None or read is None:
        return {}
    answers = {said.mark_id: said.disposition for said in read.disposed}
    return {
        (mark.kind, mark.peak): answers[mark.id]
        for mark in kept.shown
        if mark.sop_instance_uid == sop_instance_uid
        and mark.frame in (0, frame)
        and mark.id in answers
    }


def _distance(finding: Finding, mark: CadMark) -> float:
    """Return how far a finding's outline is from a mark's peak, stored pixels."""
    return min(
        (
            math.hypot(point.col - mark.peak.col, point.row - mark.peak.row)
            for view in finding.views
            if view.sop_instance_uid == mark.sop_instance_uid
            for point in view.outline
        ),
        default=math.inf,
    )
