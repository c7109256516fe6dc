"""The computer's reading of the hung examination: run in the background, and held out of sight.

What it said is held here, whatever the reader may see of it: `app.analysis.show` asks the gate, and
no widget reaches this.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mammoview.app import analysis, memory
from mammoview.app.analysis import Analyst
from mammoview.app.cad_reports import CadReports
from mammoview.app.jobs import Deliver, Job, JobContext, Lanes
from mammoview.app.workspace import HungView, LoadedImage, ModelSummary, Workspace
from mammoview.domain.prediction import ExamPrediction, ViewPrediction
from mammoview.domain.reading import AnalysisOutcome
from mammoview.domain.study import Mammogram
from mammoview.errors import MammoviewError
from mammoview.words import translate

_log = logging.getLogger(__name__)
_RESULTS_KEPT = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """What the computer has come to with an examination: its reading, or why there is none."""

    outcome: AnalysisOutcome
    reason: str = ""
    prediction: ExamPrediction | None = None


class Computer:
    """All methods belong to the desk's thread.

    Parameters
    ----------
    analyst : Analyst or None
        None: no analysis.
    deliver : callable
        Runs a callable on the desk's thread, in order.
    state : callable
        Returns the desk's state.
    change : callable
        ``change(command, *args)`` changes the desk's state.
    ended : callable
        Called when a reading has ended, well or not.
    """

    def __init__(
        self,
        analyst: Analyst | None,
        *,
        deliver: Deliver,
        state: Callable[[], Workspace],
        change: Callable[..., None],
        ended: Callable[[], None],
    ) -> None:
        self._analyst = analyst
        self.reports = CadReports(deliver=deliver, state=state, change=change, ready=self.show_held)
        self._lanes = Lanes(name="analysis", workers=1, deliver=deliver)
        self._state, self._change, self._ended = state, change, ended
        self._known: OrderedDict[str, ExamPrediction] = OrderedDict()
        self._partial: ExamPrediction | None = None  # of the examination being read
        self._failure = ""

    def held(self) -> ExamPrediction | None:
        """Return what is known of the hung examination, be it of some views only.

        What the reader chose: the model's reading, or a CAD report.
        """
        if self._state().cad_source.report is not None:
            return self.reports.held()
        return self._known.get(self._state().exam_key or "") or self._partial

    def result(self) -> Held:
        """Return what it has come to; asked while it runs, it is not run yet."""
        if self._state().cad_source.report is not None:
            found = self.reports.held()
            outcome = AnalysisOutcome.FAILED if found is None else AnalysisOutcome.DONE
            return Held(outcome=outcome, reason=self.reports.failure, prediction=found)
        known = self._known.get(self._state().exam_key or "")
        if known is not None:
            return Held(outcome=AnalysisOutcome.DONE, prediction=known)
        if self._failure:
            return Held(outcome=AnalysisOutcome.FAILED, reason=self._failure)
        if self._analyst is None:
            reason = translate("Status", "no model is open")
        else:
            reason = translate("Status", "the analysis was not run to its end")
        return Held(outcome=AnalysisOutcome.NOT_RUN, reason=reason)

    def show_held(self) -> None:
        """Show what the reader chose, as far as the gate lets it through."""
        self._change(analysis.show, self.held())

    def open_model(self) -> None:
        """Open the model in the background, where it is not open yet."""
        if self._analyst is not None and self._state().model is None:
            job = Job(
                work=partial(_open, self._analyst),
                on_done=partial(self._change, analysis.model_opened),
                on_error=self._failed,
            )
            self._lanes.submit("model", job)

    def read(self) -> None:
        """Show what is known of the hung examination, else read it."""
        known = self._known.get(self._state().exam_key or "")
        if known is not None:
            self._change(self._then_held, analysis.finished, known)
        else:
            self.read_again()

    def read_again(self) -> None:
        """Read the standard views in the background, with the pixels already decoded."""
        views = _decoded(self._state().views)
        if self._analyst is None or not views:
            return
        self.open_model()
        self._known.pop(self._state().exam_key or "", None)
        self._partial, self._failure = None, ""
        self._change(self._then_held, analysis.started, len(views))
        work = partial(self._read, self._analyst, views, self._state().operating_point)
        job = Job(work=work, on_done=self._read_all, on_error=self._failed)
        self._lanes.submit("analysis", job)

    def cancel(self) -> bool:
        """Stop reading; what was read stays, and the state says so.  Tell whether it ran."""
        state = self._state().analysis
        if not state.running:
            return False
        self._lanes.cancel("analysis")
        said = translate("Status", "analysis cancelled after {done} of {total} views")
        self._change(analysis.stopped, said.format(done=state.done, total=state.total))
        return True

    def stop(self) -> None:
        """Forget the hung examination: another one comes."""
        self._lanes.cancel_all()
        self.reports.stop()
        self._partial, self._failure = None, ""

    def forget(self) -> None:
        """Let go what is known of other files: they may have changed."""
        self._known.clear()

    def shutdown(self) -> None:
        """Cancel everything and wait until no worker runs any more."""
        self._lanes.shutdown()
        self.reports.shutdown()

    # -- workers' side: no state here ---------------------------------------------------------

    def _read(
        self,
        analyst: Analyst,
        views: tuple[tuple[Mammogram, LoadedImage], ...],
        operating_point: str,
        context: JobContext,
    ) -> ExamPrediction:
        def seen(view: ViewPrediction) -> None:
            context.report(partial(self._view_read, view))

        items = [(view, _Pixels(image)) for view, image in views]
        found = analyst.read(
            items, operating_point=operating_point, on_view=seen, cancelled=context.cancelled
        )
        memory.give_back()
        return found

    # -- answers, on the desk's own thread ----------------------------------------------------

    def _then_held(
        self, ws: Workspace, command: Callable[..., Workspace], *args: object
    ) -> Workspace:
        """Tell how the model comes on; the marks stay those of a report where one is chosen."""
        after = command(ws, *args)
        return after if ws.cad_source.report is None else analysis.show(after, self.held())

    def _view_read(self, view: ViewPrediction) -> None:
        self._partial = analysis.with_view(self._state(), self._partial, view)
        self._change(self._then_held, analysis.view_done, self._partial)

    def _read_all(self, prediction: ExamPrediction) -> None:
        key = self._state().exam_key
        if key:
            self._known[key] = prediction
            if len(self._known) > _RESULTS_KEPT:
                self._known.popitem(last=False)
        self._partial = None
        self._change(self._then_held, analysis.finished, prediction)
        self._ended()

    def _failed(self, error: MammoviewError) -> None:
        _log.warning("no analysis: %s", type(error).__name__)
        self._failure = str(error)
        said = translate("Status", "no analysis: {error}").format(error=error)
        self._change(analysis.stopped, said)
        self._ended()


class _Pixels:
    """Gives the already decoded pixels of a view: the analysis never decodes a second time."""

    def __init__(self, image: LoadedImage) -> None:
        self._image = image

    def __call__(self) -> NDArray[np.generic]:
        """Return the stored values, read-only."""
        return self._image.stored


def _open(analyst: Analyst, context: JobContext) -> ModelSummary:
    return analyst.open()


def _decoded(views: tuple[HungView, ...]) -> tuple[tuple[Mammogram, LoadedImage], ...]:
    return tuple(
        (view.mammogram, view.image) for view in views if view.analysed and view.image is not None
    )
