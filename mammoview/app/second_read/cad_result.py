"""The computer's reading as a value of the log, and back: what was revealed is what is shown.

The log holds the marks that were flagged at the reveal, so that neither another model nor another
operating point changes a read that was made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from mammoview.domain.prediction import (
    AnalysisStatus,
    ExamPrediction,
    Heatmap,
    ModelIdentity,
    Region,
    StageSeconds,
    ViewPrediction,
)
from mammoview.domain.reading import AnalysisOutcome, CadMark, CadResult, CadView
from mammoview.modelkit.manifest import Caveat

NO_MODEL = ModelIdentity(name="", version="", sha256="")
# Begins a note on an image unlike those that the model was trained on.
_UNLIKE = "unlike the training images: "
_NO_TIME = StageSeconds(decode=0.0, prepare=0.0, network=0.0, regions=0.0)


def no_result(
    outcome: AnalysisOutcome, reason: str, *, images: Sequence[str], model: ModelIdentity = NO_MODEL
) -> CadResult:
    """Return what is revealed where there is nothing: why, and that no image was read."""
    failed = outcome is AnalysisOutcome.FAILED
    status = AnalysisStatus.FAILED if failed else AnalysisStatus.NOT_SUPPORTED
    return CadResult(
        outcome=outcome,
        reason=reason,
        model=model,
        operating_point="",
        device="",
        views=tuple(CadView(sop_instance_uid=u, status=status, reason=reason) for u in images),
        marks=(),
    )


def cad_result(
    prediction: ExamPrediction,
    *,
    images: Sequence[str],
    kinds: Sequence[str],
    caveats: Sequence[Caveat],
    heatmaps_sha256: str,
) -> CadResult:
    """Return a reading of the computer as it is revealed.

    Parameters
    ----------
    prediction : ExamPrediction
        With the regions flagged by the operating point that it names.
    images : sequence of str
        Every image of the read; those that the computer was not asked about are named as such.
    kinds : sequence of str
        What the model looks for.
    caveats : sequence of Caveat
        What stands beside every result of this model.
    heatmaps_sha256 : str
        Digest of the file of heatmaps; empty where there are none.
    """
    by_uid = {view.sop_instance_uid: view for view in prediction.views}
    outcome, reason = _outcome(prediction)
    return CadResult(
        outcome=outcome,
        reason=reason,
        model=prediction.model,
        operating_point=prediction.operating_point,
        device=prediction.device,
        views=tuple(_view(uid, by_uid.get(uid)) for uid in images),
        marks=marks_of(prediction) if outcome is AnalysisOutcome.DONE else (),
        caveats=tuple(f"{caveat.kind.capitalize()}: {caveat.text}" for caveat in caveats),
        heatmaps_sha256=heatmaps_sha256,
        kinds=tuple(kinds),
    )


def marks_of(prediction: ExamPrediction) -> tuple[CadMark, ...]:
    """Return the flagged regions as marks, view by view; the same region always has the same id."""
    found: dict[str, CadMark] = {}
    for view in prediction.views:
        for region in view.regions:
            if region.flagged:
                mark = _mark(view.sop_instance_uid, region)
                while mark.id in found:  # two of one kind on one pixel: each is answered
                    mark = replace(mark, id=f"{mark.id}+")
                found[mark.id] = mark
    return tuple(found.values())


def heatmaps_of(prediction: ExamPrediction) -> tuple[tuple[str, tuple[Heatmap, ...]], ...]:
    """Return the heatmaps of all images that have some."""
    return tuple((v.sop_instance_uid, v.heatmaps) for v in prediction.views if v.heatmaps)


def prediction_of(
    revealed: CadResult,
    shown: Sequence[CadMark],
    heatmaps: Sequence[tuple[str, tuple[Heatmap, ...]]],
) -> ExamPrediction:
    """Return what is shown of a revealed result: its own marks and heatmaps, and nothing else."""
    maps = dict(heatmaps)
    return ExamPrediction(
        model=revealed.model,
        device=revealed.device,
        operating_point=revealed.operating_point,
        views=tuple(_shown(view, shown, maps) for view in revealed.views),
    )


# -- helpers ----------------------------------------------------------------------------------


def _outcome(prediction: ExamPrediction) -> tuple[AnalysisOutcome, str]:
    """Return whether any image was read; where none was, why."""
    by = {status: [v for v in prediction.views if v.status is status] for status in AnalysisStatus}
    if by[AnalysisStatus.ANALYZED]:
        return AnalysisOutcome.DONE, ""
    failed, unsupported = by[AnalysisStatus.FAILED], by[AnalysisStatus.NOT_SUPPORTED]
    reasons = "; ".join(dict.fromkeys(view.reason for view in (*failed, *unsupported)))
    outcome = AnalysisOutcome.FAILED if failed else AnalysisOutcome.NOT_RUN
    return outcome, reasons or "no image was given to the model"


def _view(uid: str, view: ViewPrediction | None) -> CadView:
    if view is None:
        reason = "not one of the four standard views, or not decoded"
        return CadView(sop_instance_uid=uid, status=AnalysisStatus.NOT_SUPPORTED, reason=reason)
    unlike = (f"{_UNLIKE}{how}" for how in view.outside_range or ())
    return CadView(
        sop_instance_uid=uid,
        status=view.status,
        reason=view.reason,
        notes=(*view.notes, *unlike),
    )


def _mark(uid: str, region: Region) -> CadMark:
    place = f"{uid} {region.kind} {region.peak.col:.0f} {region.peak.row:.0f}"
    place += f" frame {region.frame}" if region.frame else ""
    return CadMark(
        id=hashlib.sha256(place.encode()).hexdigest()[:16],
        sop_instance_uid=uid,
        kind=region.kind,
        score=float(region.score),
        peak=region.peak,
        box=region.box,
        outline=region.outline,
        size_mm=region.size_mm or (),
        frame=region.frame,
        scored=region.scored,
    )


def _shown(
    view: CadView, shown: Sequence[CadMark], maps: dict[str, tuple[Heatmap, ...]]
) -> ViewPrediction:
    uid = view.sop_instance_uid
    regions = sorted(
        (_region(mark) for mark in shown if mark.sop_instance_uid == uid),
        key=lambda region: -region.score,
    )
    best: dict[str, float] = {}
    for region in regions:
        best.setdefault(region.kind, region.score)
    unlike = tuple(n.removeprefix(_UNLIKE) for n in view.notes if n.startswith(_UNLIKE))
    return ViewPrediction(
        sop_instance_uid=uid,
        status=view.status,
        reason=view.reason,
        scores=tuple(best.items()),
        heatmaps=maps.get(uid, ()),
        regions=tuple(regions),
        seconds=_NO_TIME,
        notes=tuple(n for n in view.notes if not n.startswith(_UNLIKE)),
        outside_range=unlike or None,
    )


def _region(mark: CadMark) -> Region:
    length, width = mark.size_mm if len(mark.size_mm) == 2 else (0.0, 0.0)
    return Region(
        kind=mark.kind,
        score=mark.score,
        peak=mark.peak,
        box=mark.box,
        outline=mark.outline,
        flagged=True,
        size_mm=(length, width) if mark.size_mm else None,
        frame=mark.frame,
        scored=mark.scored,
    )
