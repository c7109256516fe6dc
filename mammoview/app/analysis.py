"""The computer's reading in the background: one model kept open, results through the gate."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mammoview.app.commands import warn
from mammoview.app.jobs import CancelToken
from mammoview.app.models.catalogue import open_model
from mammoview.app.second_read import gate
from mammoview.app.workspace import Analysis, ModelSummary, Workspace
from mammoview.domain.prediction import (
    AnalysisStatus,
    ExamPrediction,
    Region,
    ViewPrediction,
)
from mammoview.domain.study import Mammogram
from mammoview.modelkit.manifest import Manifest, OperatingPoint
from mammoview.words import COUNTED, translate

if TYPE_CHECKING:
    from mammoview.inference.session import Session

_log = logging.getLogger(__name__)

Item = tuple[Mammogram, Callable[[], NDArray[np.generic]]]


class Analyst:
    """Opens the model when it is first needed (in a worker), and keeps it for the next exam.

    Parameters
    ----------
    bundle : Path or None
        Model bundle; None: the one that is active on this machine.
    device : str
        ``auto``, ``cpu`` or ``cuda``.
    """

    def __init__(self, *, bundle: Path | None = None, device: str = "auto") -> None:
        self._bundle = bundle
        self._device = device
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._summary: ModelSummary | None = None

    def open(self) -> ModelSummary:
        """Open the model if it is not open yet; blocks, so call it in a worker.

        Raises
        ------
        MissingPartError, ModelError, InferenceError
            If there is no model, it must not be used, or it cannot run.
        """
        with self._lock:
            if self._summary is None:
                self._session, self._summary = _open(self._bundle, self._device)
            return self._summary

    def read(
        self,
        items: Iterable[Item],
        *,
        on_view: Callable[[ViewPrediction], None],
        cancel: CancelToken | None = None,
        operating_point: str = "",
        passes: str = "one",
        views: Path | None = None,
    ) -> ExamPrediction:
        """Read the views of one examination; blocks, so call it in a worker.

        Parameters
        ----------
        items : iterable of (Mammogram, callable)
            Each view with a callable that gives its already decoded pixels.
        on_view : callable
            Takes each view as it is read.
        cancel : CancelToken or None
            Ends the reading, inside a view too; the views left over are marked as failed,
            "cancelled".  None: nothing does.
        operating_point : str
            Name of the threshold; empty: the model's default.
        passes : str
            How often each view goes through the network (``inference.passes``).
        views : Path or None
            Fitted rules by which the views change each other's scores (``inference.views``).

        Raises
        ------
        ModelError
            If the rules were not fitted on this model, read like this.
        """
        from mammoview.inference.engines import Stop
        from mammoview.inference.exam import predict_exam
        from mammoview.inference.passes import Passes
        from mammoview.inference.views import read_views_together

        self.open()
        assert self._session is not None  # open() sets it or raises
        way = Passes(passes)
        manifest = self._session.manifest
        together = None if views is None else read_views_together(views, manifest, way)

        cancel, stop = cancel or CancelToken(), Stop()
        cancel.on_cancel(stop.now)

        def seen(view: ViewPrediction, done: int, total: int) -> None:
            on_view(view)

        return predict_exam(
            self._session.until(stop),
            items,
            operating_point=operating_point or None,
            passes=way,
            together=together,
            on_view=seen,
            cancelled=cancel.cancelled,
        )


def _open(bundle: Path | None, device: str) -> tuple[Session, ModelSummary]:
    session = open_model(bundle, device=device)
    identity = session.identity
    _log.info("model %s %s on %s", identity.name, identity.version, session.device)
    manifest: Manifest = session.manifest
    return session, ModelSummary(
        identity=identity,
        device=session.device,
        findings=manifest.findings,
        operating_points=manifest.operating_points,
        default_operating_point=manifest.default_operating_point,
        intended_use=manifest.intended_use,
        caveats=manifest.caveats,
    )


# -- what the state says of it: pure functions --------------------------------------------------


def model_opened(ws: Workspace, model: ModelSummary) -> Workspace:
    """Take over the model: all its classes shown, its default threshold unless one is chosen.

    A chosen one that the model does not have is named in a warning.
    """
    kinds = ws.overlay.kinds if set(ws.overlay.kinds) & set(model.findings) else model.findings
    ws = replace(ws, model=model, overlay=replace(ws.overlay, kinds=kinds))
    if ws.operating_point in {point.name for point in model.operating_points}:
        return ws
    default = model.default_operating_point
    if ws.operating_point:
        said = translate(
            "Status", "{model} has no operating point {wanted}: its default, {default}, is used"
        )
        name = model.identity.name
        ws = warn(ws, said.format(model=name, wanted=ws.operating_point, default=default))
    return replace(ws, operating_point=default)


def started(ws: Workspace, total: int) -> Workspace:
    """Say that the reading of ``total`` views runs."""
    said = translate("Status", "opening the model")
    running = Analysis(running=True, done=0, total=total, message=said)
    return show(replace(ws, analysis=running), None)


def with_view(
    ws: Workspace, partial: ExamPrediction | None, view: ViewPrediction
) -> ExamPrediction | None:
    """Return what is known of an examination after one more view; None before a model is open."""
    if ws.model is None:
        return None
    return ExamPrediction(
        model=ws.model.identity,
        device=ws.model.device,
        operating_point=ws.operating_point,
        views=(*(partial.views if partial else ()), view),
    )


def view_done(ws: Workspace, held: ExamPrediction | None) -> Workspace:
    """Count the finished views, and show them if the gate lets them through."""
    done = len(held.views) if held is not None else ws.analysis.done + 1
    total = max(done, ws.analysis.total)
    said = translate("Status", "analysed {done} of {total} views").format(done=done, total=total)
    running = Analysis(running=True, done=done, total=total, message=said)
    return show(replace(ws, analysis=running), held)


def finished(ws: Workspace, prediction: ExamPrediction) -> Workspace:
    """Show the whole reading, if the gate lets it through."""
    count = len(prediction.views)
    done = Analysis(running=False, done=count, total=count, message=_hidden())
    return show(replace(ws, analysis=done), prediction)


def stopped(ws: Workspace, message: str) -> Workspace:
    """Say why the reading does not run (any more)."""
    return replace(ws, analysis=replace(ws.analysis, running=False, message=message))


def show(ws: Workspace, held: ExamPrediction | None) -> Workspace:
    """Ask the gate; only what it lets through becomes part of the state."""
    seen = gate.let_through(ws, None if held is None else flagged(ws, held))
    analysis = ws.analysis
    whole = seen is not None and not gate.asks_only(ws)
    if not analysis.running and seen is not None and whole:
        analysis = replace(analysis, message=summary(seen))
    elif not analysis.running and ws.prediction is not None:
        analysis = replace(analysis, message=_hidden())
    return replace(ws, prediction=seen, analysis=analysis)


def _hidden() -> str:
    return translate("Status", "analysis done, hidden for now")


def set_operating_point(ws: Workspace, name: str) -> Workspace:
    """Flag the known regions by another named threshold; nothing is computed again.

    What was revealed in a read stays as it was.
    """
    if ws.model is None or name not in {point.name for point in ws.model.operating_points}:
        return ws
    _log.info("operating point %s", name)
    return show(replace(ws, operating_point=name), ws.prediction)


def summary(prediction: ExamPrediction) -> str:
    """Say in a line what came out; the three negatives read differently."""
    by = dict.fromkeys(AnalysisStatus, 0)
    for view in prediction.views:
        by[view.status] += 1
    marks = sum(region.flagged for view in prediction.views for region in view.regions)
    read = by[AnalysisStatus.ANALYZED]
    failed, unsupported = by[AnalysisStatus.FAILED], by[AnalysisStatus.NOT_SUPPORTED]
    said = [
        translate("Status", "{marks} in {views}").format(
            marks=translate("Status", "%n mark(s)", "", COUNTED, marks),
            views=translate("Status", "%n view(s)", "", COUNTED, read),
        )
    ]
    if failed:
        said.append(translate("Status", "%n failed", "", COUNTED, failed))
    if unsupported:
        said.append(translate("Status", "%n not analysed", "", COUNTED, unsupported))
    return ", ".join(said)


def flagged(ws: Workspace, prediction: ExamPrediction) -> ExamPrediction:
    """Return a reading with its regions flagged by the operating point in use.

    One of another model, or of a CAD report, stays as it is: the points are not its own.
    """
    if ws.model is None or prediction.model != ws.model.identity:
        return prediction
    points = [p for p in ws.model.operating_points if p.name == ws.operating_point]
    views = tuple(
        replace(view, regions=tuple(_reflagged(region, points) for region in view.regions))
        for view in prediction.views
    )
    return replace(prediction, views=views, operating_point=ws.operating_point)


def _reflagged(region: Region, points: list[OperatingPoint]) -> Region:
    threshold = next((p.threshold for p in points if p.kind == region.kind), None)
    return region if threshold is None else replace(region, flagged=region.score >= threshold)
