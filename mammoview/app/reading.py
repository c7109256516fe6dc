"""The reading desk: open paths, hang an examination, decode and analyse it in the background.

Holds the one current :class:`Workspace`.  All methods belong to one thread (the GUI thread);
workers hand their answers over with ``deliver``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec

import numpy as np
from numpy.typing import NDArray

from mammoview.app import analysis, commands, protocol, resolve, steps
from mammoview.app.analysis import Analyst
from mammoview.app.frame_loader import FrameLoader
from mammoview.app.jobs import Deliver, Job, JobContext, Lanes
from mammoview.app.settings import Settings
from mammoview.app.workspace import HungView, LoadedImage, ModelSummary, Workspace
from mammoview.dicom.index import index_paths
from mammoview.domain.prediction import ExamPrediction, ViewPrediction
from mammoview.domain.study import ExamIndex, Mammogram
from mammoview.errors import MammoviewError
from mammoview.review import blinding

P = ParamSpec("P")
Listener = Callable[[Workspace, Workspace], None]

_log = logging.getLogger(__name__)
_TELL_S = 0.1  # thousands of files: the window is not painted anew for each


class ReadingDesk:
    """One reader's desk.

    Parameters
    ----------
    deliver : callable
        Runs a callable on this desk's thread, in order (``ui.dispatch.GuiDispatcher.post``).
    analyst : Analyst or None
        None: no analysis (a snapshot of a known result).
    settings : Settings
        What a new window starts with.
    keep_private : callable
        Told of every opened index before anything of it can be logged.
    """

    def __init__(
        self,
        *,
        deliver: Deliver,
        analyst: Analyst | None,
        settings: Settings | None = None,
        keep_private: Callable[[ExamIndex], None] | None = None,
    ) -> None:
        self._analyst = analyst
        self._keep_private = keep_private
        self._pixels = Lanes(name="pixels", workers=2, deliver=deliver)
        self._reader = Lanes(name="analysis", workers=1, deliver=deliver)
        self._frames = FrameLoader(
            lanes=self._pixels, state=lambda: self._workspace, change=self.do
        )
        self._listeners: list[Listener] = [self._frames.follow]
        self._known: dict[str, ExamPrediction] = {}
        self._asked: set[str] = set()
        self._workspace = commands.empty(settings)
        self._opening = False

    @property
    def workspace(self) -> Workspace:
        """The current state."""
        return self._workspace

    def subscribe(self, listener: Listener) -> None:
        """Call ``listener(old, new)`` after every change."""
        self._listeners.append(listener)

    def do(
        self,
        command: Callable[Concatenate[Workspace, P], Workspace],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Replace the state by what a command makes of it, and tell the listeners."""
        old, new = self._workspace, command(self._workspace, *args, **kwargs)
        new = self._frames.settled(new)
        if new is old:
            return
        self._workspace = new
        for listener in tuple(self._listeners):
            listener(old, new)

    # -- opening ------------------------------------------------------------------------------

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Look through files, folders and archives, then hang the first examination."""
        if not paths:
            return
        self._opening = True
        self.do(commands.say, "Reading headers…")
        work = partial(self._index, tuple(paths))
        self._pixels.submit("index", Job(work=work, on_done=self._indexed, on_error=self._failed))

    def cancel_opening(self) -> None:
        """Stop looking through files; what was open before stays."""
        if self._opening:
            self._opening = False
            self._pixels.cancel("index")
            self.do(commands.say, "Opening cancelled")

    def open_index(self, index: ExamIndex) -> None:
        """Take over an index and hang its first examination."""
        if self._keep_private is not None:
            self._keep_private(index)
        _log.info(
            "opened %d examinations, %d files refused", len(index.examinations), len(index.refused)
        )
        self._known.clear()
        self._stop()
        self.do(commands.with_index, index)
        if index.examinations:
            self.select_exam(index.examinations[0].key)

    def select_exam(self, key: str) -> None:
        """Hang an examination and start to decode it; answers for the last one never arrive."""
        if commands.exam_by_key(self._workspace, key) is None:
            return
        self._stop()
        self.do(commands.select_exam, key)
        self._open_model()
        self._asked.clear()
        self._frames.reset()
        self._decode_new()

    def step_exam(self, step: int) -> None:
        """Go to the next (+1) or the previous (-1) examination."""
        key = commands.neighbour(self._workspace, step)
        if key is None:
            self.do(commands.say, "No further examination")
        else:
            self.select_exam(key)

    def older_prior(self) -> None:
        """Compare with another earlier examination, and start to decode it."""
        self.do(steps.older_prior)
        self._decode_new()

    def use_protocol(self, name: str) -> None:
        """Hang by another protocol that ships with the program."""
        try:
            chosen = protocol.shipped(name)
        except MammoviewError as error:
            self.do(commands.warn, str(error))
            return
        self.do(steps.use_protocol, chosen)
        self._decode_new()

    # -- analysis -----------------------------------------------------------------------------

    def analyse(self) -> None:
        """Analyse the standard views in the background, with the pixels already decoded."""
        views = _decoded(self._workspace.views)
        if self._analyst is None or not views:
            return
        self._open_model()
        self.do(analysis.started, len(views))
        work = partial(self._read, self._analyst, views, self._workspace.operating_point)
        job = Job(work=work, on_done=self._analysed, on_error=self._analysis_failed)
        self._reader.submit("analysis", job)

    def cancel_analysis(self) -> None:
        """Stop the analysis; views already read stay on the screen and the state says so."""
        state = self._workspace.analysis
        if state.running:
            self._reader.cancel("analysis")
            self.do(
                analysis.stopped, f"analysis cancelled after {state.done} of {state.total} views"
            )

    def shutdown(self) -> None:
        """Cancel everything and wait until no worker runs any more."""
        self._stop()
        self._pixels.shutdown()
        self._reader.shutdown()
        self._listeners.clear()

    # -- workers' side: no state here ---------------------------------------------------------

    def _index(self, paths: tuple[Path, ...], context: JobContext) -> ExamIndex:
        told = 0.0

        def progress(done: int, total: int) -> None:
            nonlocal told
            if (now := time.monotonic()) < told + _TELL_S and done < total:
                return
            told = now
            said = f"Reading headers: {done} of {total} files"
            context.report(partial(self.do, commands.say, said))

        return index_paths(paths, on_progress=progress, cancelled=context.cancelled)

    def _read(
        self,
        analyst: Analyst,
        views: tuple[tuple[Mammogram, LoadedImage], ...],
        operating_point: str,
        context: JobContext,
    ) -> ExamPrediction:
        def seen(view: ViewPrediction) -> None:
            context.report(partial(self.do, analysis.view_done, view))

        items = [(view, _Pixels(image)) for view, image in views]
        return analyst.read(
            items, operating_point=operating_point, on_view=seen, cancelled=context.cancelled
        )

    # -- answers, on the desk's own thread ----------------------------------------------------

    def _indexed(self, index: ExamIndex) -> None:
        self.open_index(index)

    def _failed(self, error: MammoviewError) -> None:
        self._opening = False
        self.do(commands.say, str(error))

    def _decode_new(self) -> None:
        """Decode what hangs in some step and was not asked for yet, in the order of the steps."""
        for hung in self._workspace.views:
            uid = hung.mammogram.sop_instance_uid
            if commands.waits(hung) and uid not in self._asked:
                self._asked.add(uid)
                if hung.frame is not None:
                    self._frames.start(hung)
                    continue
                job = Job(
                    work=partial(_load, hung.mammogram),
                    on_done=partial(self._decoded, hung.analysed),
                    on_error=partial(self._not_decoded, hung),
                )
                self._pixels.submit(f"view {uid}", job)

    def _decoded(self, analysed: bool, loaded: tuple[Mammogram, LoadedImage]) -> None:
        view, image = loaded
        self.do(commands.view_loaded, view, image)
        if analysed:
            self._analyse_when_complete()

    def _not_decoded(self, hung: HungView, error: MammoviewError) -> None:
        self.do(commands.view_failed, hung.mammogram, str(error))
        if hung.analysed:
            self._analyse_when_complete()

    def _analyse_when_complete(self) -> None:
        if commands.loading(self._workspace):
            return
        known = self._known.get(self._workspace.exam_key or "")
        if known is not None:
            self.do(analysis.finished, known)
        else:
            self.analyse()

    def _open_model(self) -> None:
        if self._analyst is not None and self._workspace.model is None:
            analyst = self._analyst
            job = Job(
                work=partial(_open, analyst),
                on_done=self._model_opened,
                on_error=self._analysis_failed,
            )
            self._reader.submit("model", job)

    def _model_opened(self, model: ModelSummary) -> None:
        self.do(analysis.model_opened, model)

    def _analysed(self, prediction: ExamPrediction) -> None:
        if self._workspace.exam_key and blinding.may_see_results(self._workspace.reading_mode):
            self._known[self._workspace.exam_key] = prediction
        self.do(analysis.finished, prediction)

    def _analysis_failed(self, error: MammoviewError) -> None:
        _log.warning("no analysis: %s", type(error).__name__)
        self.do(analysis.stopped, f"no analysis: {error}")

    def _stop(self) -> None:
        self._opening = False
        self._pixels.cancel_all()
        self._reader.cancel_all()


class _Pixels:
    """Gives the already decoded pixels of a view: the analysis never decodes a second time."""

    def __init__(self, image: LoadedImage) -> None:
        self._image = image

    def __call__(self) -> NDArray[np.generic]:
        """Return the stored values, read-only."""
        return self._image.stored


def _load(view: Mammogram, context: JobContext) -> tuple[Mammogram, LoadedImage]:
    return resolve.load_image(view)


def _open(analyst: Analyst, context: JobContext) -> ModelSummary:
    return analyst.open()


def _decoded(views: tuple[HungView, ...]) -> tuple[tuple[Mammogram, LoadedImage], ...]:
    return tuple(
        (view.mammogram, view.image) for view in views if view.analysed and view.image is not None
    )
