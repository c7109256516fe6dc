"""The computer's reading of the hung examination: run in the background, and held out of sight.

What it said is held here, whatever the reader may see of it: `app.analysis.show` asks the gate, and
no widget reaches this.  When the hung examination is read, the next one is, so that it need not be
waited for: of that nothing at all is in the state until it hangs.
"""

from __future__ import annotations

import logging
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mammoview.app import analysis
from mammoview.app.analysis import Analyst, Item
from mammoview.app.cad.reports import CadReports
from mammoview.app.jobs import Deliver, Job, JobContext, Lanes
from mammoview.app.pixels import memory
from mammoview.app.state.hung_views import HungView, LoadedImage
from mammoview.app.workspace import ModelSummary, Workspace
from mammoview.domain.prediction import ExamPrediction, ViewPrediction
from mammoview.domain.reading import AnalysisOutcome
from mammoview.domain.study import Mammogram
from mammoview.errors import MammoviewError
from mammoview.words import translate

_log = logging.getLogger(__name__)
_RESULTS_KEPT = 64
_LANE = "analysis"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """What the computer has come to with an examination: its reading, or why there is none."""

    outcome: AnalysisOutcome
    reason: str = ""
    prediction: ExamPrediction | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class _UnderWay:
    """A reading that runs; ``waited_for`` while its examination hangs, else it is one ahead.

    ``uids`` are the images that it reads, ``partial`` is what has come of it so far.
    """

    key: str
    uids: frozenset[str]
    waited_for: bool
    partial: ExamPrediction | None = None


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
        Called when a reading that the reader waits for has ended, well or not.
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
        self._partial: ExamPrediction | None = None  # of the hung examination
        self._under_way: _UnderWay | None = None
        self._failure = ""
        self._not_ahead = ""  # the examination whose reading failed ahead of its time

    @property
    def busy(self) -> bool:
        """Whether it reads, be it ahead."""
        return self._under_way is not None

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
        """Show what is known of the hung examination, else wait for what runs, else read it.

        What was read ahead counts only if it was of all images that hang now: more may have come.
        """
        key, wanted = self._state().exam_key or "", _uids(_readable(self._state().views))
        known, run = self._known.get(key), self._under_way
        if known is not None and wanted <= {view.sop_instance_uid for view in known.views}:
            self._change(self._then_held, analysis.finished, known)
        elif run is not None and run.key == key and wanted <= run.uids:
            self._wait_for(run)
        else:
            self.read_again()

    def read_again(self) -> None:
        """Read the standard views in the background, with the pixels that are decoded already."""
        views = _readable(self._state().views)
        if self._analyst is None or not views:
            return
        self.open_model()
        key = self._state().exam_key or ""
        self._known.pop(key, None)
        self._partial, self._failure = None, ""
        run = _UnderWay(key=key, uids=_uids(views), waited_for=True)
        self._start(run, [_item(view) for view in views])
        self._change(self._then_held, analysis.started, len(views))

    def read_ahead(self, key: str, views: tuple[HungView, ...]) -> None:
        """Read the examination that comes next, where the one that hangs has all it needs.

        It says nothing: not of its progress, not of a failure.  Asking again changes nothing.

        Parameters
        ----------
        key : str
            The next examination.
        views : tuple of HungView
            Its images; those without pixels are decoded once more, one at a time.
        """
        standard = [view for view in views if view.analysed]
        run = self._under_way
        done = key in self._known or key == self._not_ahead or (run is not None and run.key == key)
        if self._analyst is None or not standard or done or not self._is_served():
            return
        run = _UnderWay(key=key, uids=_uids(standard), waited_for=False)
        self._start(run, [_item(view) for view in standard])

    def cancel(self) -> bool:
        """Stop reading; what was read stays, and the state says so.  Tell whether it ran."""
        state = self._state().analysis
        if not state.running:
            return False
        self._drop()
        said = translate("Status", "analysis cancelled after {done} of {total} views")
        self._change(analysis.stopped, said.format(done=state.done, total=state.total))
        return True

    def stop(self, opening: str = "") -> None:
        """Forget the hung examination: another one comes, whose reading goes on where it runs."""
        self._lanes.cancel("model")
        if self._under_way is not None and self._under_way.key == opening:
            self._under_way.waited_for = False
        else:
            self._drop()
        self.reports.stop()
        self._partial, self._failure, self._not_ahead = None, "", ""

    def forget(self) -> None:
        """Let go what is known of other files: they may have changed."""
        self._drop()
        self._known.clear()

    def shutdown(self) -> None:
        """Cancel everything and wait until no worker runs any more."""
        self._lanes.shutdown()
        self.reports.shutdown()

    # -- workers' side: no state here ---------------------------------------------------------

    def _read(
        self,
        analyst: Analyst,
        run: _UnderWay,
        items: list[Item],
        context: JobContext,
    ) -> ExamPrediction:
        """Read by the model's own threshold; `analysis.flagged` knows the one that is in use."""

        def seen(view: ViewPrediction) -> None:
            context.report(partial(self._view_read, run, view))

        found = analyst.read(items, on_view=seen, cancel=context.token)
        memory.give_back()
        return found

    # -- which reading runs --------------------------------------------------------------------

    def _start(self, run: _UnderWay, items: list[Item]) -> None:
        """Begin a reading; one that runs ends, for there is one network and one lane."""
        assert self._analyst is not None
        self._under_way = run
        job = Job(
            work=partial(self._read, self._analyst, run, items),
            on_done=partial(self._read_all, run),
            on_error=partial(self._not_read, run),
        )
        self._lanes.submit(_LANE, job)

    def _wait_for(self, run: _UnderWay) -> None:
        """Go on with a reading that began before its examination hung."""
        run.waited_for = True
        self._change(self._then_held, analysis.started, len(run.uids))
        self._partial = run.partial
        if run.partial is not None:
            self._change(self._then_held, analysis.view_done, run.partial)

    def _drop(self) -> None:
        self._lanes.cancel(_LANE)
        self._under_way = None

    def _is_served(self) -> bool:
        """Tell whether nothing is left to read of the examination that hangs."""
        ws, run = self._state(), self._under_way
        if self._failure or (run is not None and run.waited_for):
            return False
        return ws.exam_key in self._known or not _readable(ws.views)

    # -- answers, on the desk's own thread ----------------------------------------------------

    def _then_held(
        self, ws: Workspace, command: Callable[..., Workspace], *args: object
    ) -> Workspace:
        """Tell how the model comes on; the marks stay those of a report where one is chosen."""
        after = command(ws, *args)
        return after if ws.cad_source.report is None else analysis.show(after, self.held())

    def _view_read(self, run: _UnderWay, view: ViewPrediction) -> None:
        run.partial = analysis.with_view(self._state(), run.partial, view)
        if run.waited_for:
            self._partial = run.partial
            self._change(self._then_held, analysis.view_done, run.partial)

    def _read_all(self, run: _UnderWay, prediction: ExamPrediction) -> None:
        self._known[run.key] = prediction
        if len(self._known) > _RESULTS_KEPT:
            self._known.popitem(last=False)
        self._under_way = None
        if run.waited_for:
            self._partial = None
            self._change(self._then_held, analysis.finished, prediction)
            self._ended()

    def _not_read(self, run: _UnderWay, error: MammoviewError) -> None:
        self._under_way = None
        if run.waited_for:
            self._failed(error)
        else:
            self._not_ahead = run.key
            _log.info("not analysed ahead: %s", type(error).__name__)

    def _failed(self, error: MammoviewError) -> None:
        _log.warning("no analysis: %s", type(error).__name__)
        self._failure = str(error)
        said = translate("Status", "no analysis: {error}").format(error=error)
        self._change(analysis.stopped, said)
        self._ended()


def _open(analyst: Analyst, context: JobContext) -> ModelSummary:
    return analyst.open()


def _item(view: HungView) -> Item:
    if view.image is not None:
        return view.mammogram, partial(_stored, view.mammogram, weakref.ref(view.image))
    return view.mammogram, partial(_decode, view.mammogram)


def _stored(view: Mammogram, decoded: weakref.ref[LoadedImage]) -> NDArray[np.generic]:
    """Give the pixels that are decoded; once they were given back, decode them anew."""
    image = decoded()
    return _decode(view) if image is None else image.stored


def _decode(view: Mammogram) -> NDArray[np.generic]:
    from mammoview.dicom import decode  # heavy: the window comes first

    return decode.decode_pixels(view)


def _uids(views: Iterable[HungView]) -> frozenset[str]:
    return frozenset(view.mammogram.sop_instance_uid for view in views)


def _readable(views: tuple[HungView, ...]) -> tuple[HungView, ...]:
    """Return what the computer reads and was not refused, also where its pixels rest."""
    return tuple(view for view in views if view.analysed and (view.image is not None or view.rests))
