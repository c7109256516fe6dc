"""What of the computer's result may become part of the window's state: the one place that asks.

The result itself is held by `app.cad.computer`, where no widget sees it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from mammoview.app.second_read.cad_result import prediction_of
from mammoview.app.state.read import ReadPart
from mammoview.app.workspace import Workspace
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.prediction import AnalysisStatus, ExamPrediction, Region, ViewPrediction
from mammoview.domain.study import Mammogram
from mammoview.review import blinding
from mammoview.review.blinding import Visibility
from mammoview.review.events import SpotAsked

# How far from a region a spot may lie that asks about it: about a finger's width on the film.
NEAR_MM = 10.0
# The same where no millimetres are known, as a share of the image's width.
NEAR_SHARE = 0.05


def let_through(ws: Workspace, held: ExamPrediction | None) -> ExamPrediction | None:
    """Return what may be seen now of a result that is held, flagged; None for nothing.

    After the reveal it is what the log says was revealed, whatever is held by then.
    """
    part = ws.read
    if _not_known(part):
        return None
    if shows_all(ws):
        kept = part.kept
        if kept is None or kept.revealed is None:
            return held
        return prediction_of(kept.revealed, kept.shown, part.heatmaps)
    return _at_spots(ws, held) if held is not None and asks_only(ws) else None


def shows_all(ws: Workspace) -> bool:
    """Tell whether the whole of the computer's result may be seen now."""
    seen = blinding.may_see_results(ws.reading_mode, ws.read.state)
    return seen and not _not_known(ws.read)


def is_open(ws: Workspace) -> bool:
    """Tell whether the controls of the computer's result are of use: some of it may be seen."""
    seen = blinding.visibility(ws.reading_mode, ws.read.state)
    return not _not_known(ws.read) and seen is not Visibility.NOTHING


def asks_only(ws: Workspace) -> bool:
    """Tell whether asked spots alone are answered: nothing may be said of an image as a whole."""
    seen = blinding.visibility(ws.reading_mode, ws.read.state)
    return not _not_known(ws.read) and seen is Visibility.ASKED_SPOTS


def decides(ws: Workspace) -> tuple[object, ...]:
    """Return everything that decides what may be seen: while it stays the same, so does that."""
    part, kept = ws.read, ws.read.kept
    of_read = (kept.state, kept.revealed, kept.shown, kept.spots) if kept is not None else ()
    return (
        ws.exam_key,
        ws.reading_mode,
        ws.operating_point,
        part.looking,
        part.blinded_elsewhere,
        part.heatmaps,
        *of_read,
    )


def _not_known(part: ReadPart) -> bool:
    """Tell whether a blinded read of this examination is open, or may be."""
    return part.looking or (part.blinded_elsewhere and part.kept is None)


def _at_spots(ws: Workspace, held: ExamPrediction) -> ExamPrediction:
    """Return the flagged regions at the asked spots: no heat, no score of anything else."""
    assert ws.read.kept is not None
    spots = ws.read.kept.spots
    asked = {spot.sop_instance_uid for spot in spots}
    views = (view for view in held.views if view.sop_instance_uid in asked)
    return replace(held, views=tuple(_at_spot(ws, view, spots) for view in views))


def near_spot(ws: Workspace, spot: SpotAsked, regions: Sequence[Region]) -> tuple[Region, ...]:
    """Return the flagged regions that contain a spot or lie near it."""
    images = {hung.mammogram.sop_instance_uid: hung.mammogram for hung in ws.views}
    image = images.get(spot.sop_instance_uid)
    if image is None:
        return ()
    return tuple(r for r in regions if r.flagged and _near(spot.point, r, image))


def _at_spot(ws: Workspace, view: ViewPrediction, spots: Sequence[SpotAsked]) -> ViewPrediction:
    if view.status is not AnalysisStatus.ANALYZED:
        return view
    near = [
        region
        for spot in spots
        if spot.sop_instance_uid == view.sop_instance_uid
        for region in near_spot(ws, spot, view.regions)
    ]
    return replace(view, regions=tuple(dict.fromkeys(near)), heatmaps=(), scores=())


def _near(point: ImagePoint, region: Region, image: Mammogram) -> bool:
    box = region.box
    cols = max(box.col0 - point.col, 0.0, point.col - box.col1)
    rows = max(box.row0 - point.row, 0.0, point.row - box.row1)
    if image.spacing is None:
        return math.hypot(cols, rows) <= NEAR_SHARE * image.cols
    spacing = image.spacing
    return math.hypot(cols * spacing.col_mm, rows * spacing.row_mm) <= NEAR_MM
