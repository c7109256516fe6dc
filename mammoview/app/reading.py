"""The reading desk: open paths, hang an examination, decode and analyse it in the background.

Holds the one current :class:`Workspace`.  All methods belong to one thread (the GUI thread);
workers hand their answers over with ``deliver``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec

from mammoview.app import analysis, commands, protocol, steps
from mammoview.app.analysis import Analyst
from mammoview.app.cad.computer import Computer
from mammoview.app.cad.reports import CadReports
from mammoview.app.jobs import Deliver, Job, JobContext, Lanes, seldom
from mammoview.app.marks.keeper import MarkKeeper
from mammoview.app.message import without_the_outlived
from mammoview.app.order import Order
from mammoview.app.pixels import resident
from mammoview.app.pixels.ahead import Prefetcher, budget_bytes, load_headers
from mammoview.app.pixels.frame_loader import FrameLoader
from mammoview.app.pixels.view_loader import ViewLoader
from mammoview.app.read_desk import ReadDesk
from mammoview.app.second_read import log_answers
from mammoview.app.second_read.next_step import Go
from mammoview.app.settings import Settings
from mammoview.app.state.hung_views import HungView
from mammoview.app.workspace import QueuePlace, Task, Workspace
from mammoview.domain.reading import ReaderIdentity
from mammoview.domain.study import ExamIndex
from mammoview.errors import MammoviewError
from mammoview.review.marks import MarkStore
from mammoview.words import QT_TRANSLATE_NOOP, translate

P = ParamSpec("P")
Listener = Callable[[Workspace, Workspace], None]

_log = logging.getLogger(__name__)
_NOTHING = ExamIndex(examinations=(), refused=())


def _nothing() -> None:
    """Have nothing to finish."""


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
    mark_store : MarkStore or None
        Where the reader's marks are kept; None: nowhere (a snapshot).
    read_log : Path or None
        Where reads are kept; None: nowhere, and no read can begin (a snapshot).
    reader : ReaderIdentity or None
        Who sits before the window; a read log needs one.
    leases : Path or None
        Where it is kept who reads what at this moment; None: nowhere.
    """

    def __init__(
        self,
        *,
        deliver: Deliver,
        analyst: Analyst | None,
        settings: Settings | None = None,
        keep_private: Callable[[ExamIndex], None] | None = None,
        mark_store: MarkStore | None = None,
        read_log: Path | None = None,
        reader: ReaderIdentity | None = None,
        leases: Path | None = None,
    ) -> None:
        self._keep_private = keep_private
        self.deliver = deliver
        self._pixels = Lanes(name="pixels", workers=2, deliver=deliver)
        self._moments = Lanes(name="moments", workers=1, deliver=deliver)
        self._computer = Computer(
            analyst, deliver=deliver, state=self._now, change=self.do, ended=self._computer_ended
        )
        self._frames, self._views = self._loaders()
        settings = settings or Settings()
        self._ahead = Prefetcher(
            deliver=deliver,
            budget_bytes=budget_bytes(settings.prefetch_mib),
            on_headers=self._hide,
            on_ready=self._look_ahead,
        )
        self._analyses_ahead = settings.analyse_ahead
        self._listeners: list[Listener] = [self._views.follow, self._frames.follow]
        self._finish: Callable[[], None] = _nothing
        self._order: Order | None = None
        self._listed_key = ""  # where the reader is in the order, though it may not open
        self._workspace = commands.empty(settings)
        self._opening = False
        self._marks = MarkKeeper(mark_store, deliver=deliver, do=self.do) if mark_store else None
        self.reads = self._read_desk(read_log, leases) if read_log and reader else None
        if self.reads is not None and reader is not None:
            self.reads.seat(reader)

    def _loaders(self) -> tuple[FrameLoader, ViewLoader]:
        frames = FrameLoader(
            lanes=self._pixels, state=self._now, change=self.do, arrived=self._look_ahead
        )
        views = ViewLoader(
            lanes=self._pixels,
            moments=self._moments,
            frames=frames,
            state=self._now,
            change=self.do,
            arrived=self._after_decoding,
        )
        return frames, views

    def _read_desk(self, log: Path, leases: Path | None) -> ReadDesk:
        return ReadDesk(
            log,
            deliver=self.deliver,
            state=self._now,
            change=self.do,
            computer=self._computer,
            leases=leases,
        )

    @property
    def workspace(self) -> Workspace:
        """The current state."""
        return self._workspace

    @property
    def cad_reports(self) -> CadReports:
        """Whose marks are shown, where CAD reports lie beside the images."""
        return self._computer.reports

    def _now(self) -> Workspace:
        return self._workspace

    @property
    def at_rest(self) -> bool:
        """Whether nothing runs: all is decoded and analysed, this examination and the next."""
        ws = self._workspace
        waits = commands.waiting_for(ws) is not None or ws.analysis.running
        reads = self.reads is None or self.reads.at_rest
        return not waits and not self._ahead.busy and not self._computer.busy and reads

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
        new = self._frames.settled(self._within(old, new))
        if self.reads is not None:
            new = self.reads.settled(old, new)
        new = without_the_outlived(old, new)
        if new is old:
            return
        self._workspace = new
        if self._marks is not None:
            self._marks.follow(old, new)
        if self.reads is not None:
            self.reads.follow(old, new)
        for listener in tuple(self._listeners):
            listener(old, new)
        if self.reads is not None:
            self.reads.go_on()

    def _within(self, old: Workspace, new: Workspace) -> Workspace:
        """Hold the pixels in memory to what is looked at next, where there is no room for all."""
        hangs_the_same = old.hanging is new.hanging and old.second_screen == new.second_screen
        return new if hangs_the_same and old.views is new.views else resident.within(new)

    def before_leaving(self, finish: Callable[[], None]) -> None:
        """Have called, before the hung examination is let go, what says the words typed for it."""
        self._finish = finish

    # -- opening ------------------------------------------------------------------------------

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Look through files, folders and archives, then hang the first examination."""
        if not paths:
            return
        self._opening = True
        self.do(commands.task, Task(title=QT_TRANSLATE_NOOP("Task", "Reading headers")))
        work = partial(self._index, tuple(paths))
        self._pixels.submit("index", Job(work=work, on_done=self.open_index, on_error=self._failed))
        self._pixels.hurry(["index"])  # hundreds of views may still wait for their pixels

    def cancel_opening(self) -> None:
        """Stop looking through files; what was open before stays."""
        if self._opening:
            self._opening = False
            self._pixels.cancel("index")
            self.do(commands.task, None)
            self.do(commands.say, translate("Status", "Opening cancelled"))

    def cancel_waiting(self) -> None:
        """Stop what the reader waits for: opening, and decoding."""
        self.cancel_opening()
        self.cancel_decoding()

    def cancel_decoding(self) -> None:
        """Stop decoding; views already there stay, the others say that they were cancelled."""
        self._views.cancel()

    def open_index(self, index: ExamIndex) -> None:
        """Take over an index and hang its first examination."""
        self._hide(index)
        _log.info(
            "opened %d examinations, %d files refused", len(index.examinations), len(index.refused)
        )
        self._order = None
        self._forget()
        self._stop()
        if index.examinations:
            self._hang(index.examinations[0].key, index, before=())
        else:
            self.do(commands.with_index, index)

    def close_all(self) -> None:
        """Take everything from the screen: another reader comes."""
        self._order = None
        self._forget()
        self._stop()
        self.do(commands.with_nothing)

    def open_in_order(self, order: Order, key: str) -> None:
        """Open one examination of a list; from it the reader walks on in the list's order."""
        self._finish()
        self.do(commands.with_nothing)
        self._forget()
        self._order = order
        self._open_listed(key)

    def follow(self, order: Order) -> None:
        """Walk on in a list's new order, unless the open examination is no longer in it."""
        if self._order is not None and order.place(self._listed_key) is not None:
            self._order = order
            self.do(commands.queued, self._place())
            self._look_ahead()

    def select_exam(self, key: str) -> None:
        """Hang an examination and start to decode it; answers for the last one never arrive."""
        if commands.exam_by_key(self._workspace, key) is None:
            return
        self._stop(key)
        self._hang(key, self._workspace.index, before=self._workspace.views)

    def step_exam(self, step: int) -> None:
        """Go to the next (+1) or the previous (-1) examination."""
        key = self._neighbour(step)
        if key is None:
            self.do(commands.say, translate("Status", "No further examination"))
        elif self._order is None:
            self.select_exam(key)
        else:
            self._open_listed(key)

    def older_prior(self) -> None:
        """Compare with another earlier examination, and start to decode it."""
        self.do(steps.older_prior)

    def use_protocol(self, name: str) -> None:
        """Hang by another protocol that ships with the program."""
        try:
            chosen = protocol.shipped(name)
        except MammoviewError as error:
            self.do(commands.warn, str(error))
            return
        self.do(steps.use_protocol, chosen)

    # -- reads and the computer ---------------------------------------------------------------

    def go_in_read(self, go: Go) -> None:
        """Take a step of the read, where it is the one that comes next."""
        if self.reads is not None:
            self.reads.go(go)

    def set_operating_point(self, name: str) -> None:
        """Flag by another named threshold; in a revealed read new marks join those shown."""
        if self.reads is not None:
            self.reads.set_operating_point(name)
        else:
            self.do(analysis.set_operating_point, name)

    def analyse(self) -> None:
        """Analyse the standard views anew in the background."""
        self._computer.read_again()

    def cancel_analysis(self) -> None:
        """Stop the analysis; views already read stay on the screen and the state says so."""
        if self._computer.cancel():
            self._look_ahead()

    def shutdown(self) -> None:
        """Cancel everything and wait until no worker runs any more."""
        self._stop()
        self._pixels.shutdown()
        self._moments.shutdown()
        self._computer.shutdown()
        self._ahead.shutdown()
        if self._marks is not None:
            self._marks.shutdown()
        if self.reads is not None:
            self.reads.shutdown()
        self._listeners.clear()
        self._finish = _nothing

    def unsaved_entries(self) -> int:
        """Try once more to keep what was said in reads; return how many entries still wait."""
        return 0 if self.reads is None else self.reads.flush()

    def come_back(self) -> None:
        """Take over what another window or program has done to the hung examination meanwhile."""
        self.look_for_marks()
        if self.reads is not None:
            self.reads.look_again()

    def look_for_marks(self) -> None:
        """Take over what another window or program has kept of the hung examination's marks."""
        if self._marks is not None:
            self._marks.read_for(self._workspace)

    def unsaved_marks(self) -> int:
        """Try once more to keep marks that are not kept yet; return how many changes still wait."""
        return 0 if self._marks is None else self._marks.flush()

    # -- workers' side: no state here ---------------------------------------------------------

    def _index(self, paths: tuple[Path, ...], context: JobContext) -> ExamIndex:
        def progress(done: int, total: int) -> None:
            task = Task(
                title=QT_TRANSLATE_NOOP("Task", "Reading headers"),
                unit=QT_TRANSLATE_NOOP("Task", "files"),
                done=done,
                total=total,
            )
            context.report(partial(self.do, commands.task, task))

        from mammoview.dicom.index import index_paths  # heavy: the window comes first

        return index_paths(paths, on_progress=seldom(progress), cancelled=context.cancelled)

    # -- answers, on the desk's own thread ----------------------------------------------------

    def _failed(self, error: MammoviewError) -> None:
        self._opening = False
        self.do(commands.task, None)
        self.do(commands.say, str(error))

    def _open_listed(self, key: str) -> None:
        """Open an examination of the order: at once where its headers are known, else soon."""
        assert self._order is not None
        self._listed_key = key
        known = self._ahead.headers(key)
        if known is not None:
            self._take_listed(key, known)
            return
        self._stop(key)
        before = self._workspace.views
        self.do(commands.with_nothing)  # the last patient must not stand in for this one
        self._ahead.keep(before)
        self._opening = True
        self.do(commands.task, Task(title=QT_TRANSLATE_NOOP("Task", "Opening")))
        work = partial(load_headers, self._order, key)
        job = Job(
            work=work,
            on_done=partial(self._take_listed, key),
            on_error=partial(self._not_listed, _NOTHING),
        )
        self._pixels.submit("index", job)

    def _take_listed(self, key: str, index: ExamIndex) -> None:
        self._hide(index)
        self._ahead.keep_headers(key, index)
        if key not in {exam.key for exam in index.examinations}:
            reasons = "; ".join(dict.fromkeys(refusal.reason for refusal in index.refused))
            self._not_listed(index, reasons or "it has no images any more")
            return
        self._stop(key)
        self._hang(key, index, before=self._workspace.views)
        self.do(commands.queued, self._place())

    def _not_listed(self, index: ExamIndex, reason: MammoviewError | str) -> None:
        """Say why an examination cannot be opened; the last one must not stand in its place."""
        self._stop()
        self.do(commands.with_index, index)
        self.do(commands.queued, self._place())
        said = translate("Status", "This examination cannot be opened: {reason}")
        self.do(commands.say, said.format(reason=reason))

    def _hang(self, key: str, index: ExamIndex, *, before: tuple[HungView, ...]) -> None:
        """Hang an examination in one change of state; pixels of ``before`` serve it and stay."""
        self._frames.reset()
        ws = self._workspace
        ws = commands.with_index(ws, index) if index is not ws.index else ws
        ws = commands.select_exam(ws, key)
        if ws.read.keeps:  # a blinded read may be open: nothing is shown before that is known
            ws = log_answers.looked_for(ws, begins=self._order is not None)
        ws = commands.views_loaded(ws, self._ahead.take(ws.views, before))
        ws = resident.within(self._frames.adopt(ws, self._ahead.take_volumes(ws.views)))
        self._views.forget()
        self._views.start_plain(ws.views)  # the workers begin while the window is made ready
        self.do(lambda _: ws)
        self._ahead.keep(before)
        self.look_for_marks()
        if self.reads is not None:
            self.reads.look_for()
        self._computer.open_model()
        self._analyse_when_complete()

    def _computer_ended(self) -> None:
        """Ask whether its result may still be seen: a reading takes a while; then look ahead."""
        if self.reads is not None:
            self.reads.look_again()
        self._look_ahead()

    def _look_ahead(self) -> None:
        """Decode the next examination once this one is decoded and analysed, then analyse it."""
        ws = self._workspace
        key = self._neighbour(1)
        if key is not None and commands.waiting_for(ws) is None and not ws.analysis.running:
            self._ahead.want(key, ws, self._order)
            if self._analyses_ahead:
                self._computer.read_ahead(key, self._ahead.hung(key))

    def _neighbour(self, step: int) -> str | None:
        if self._order is not None:
            return self._order.neighbour(self._listed_key, step)
        return commands.neighbour(self._workspace, step)

    def _place(self) -> QueuePlace | None:
        return self._order.place(self._listed_key) if self._order is not None else None

    def _hide(self, index: ExamIndex) -> None:
        if self._keep_private is not None:
            self._keep_private(index)

    def _forget(self) -> None:
        """Let go what was known of other files: they may have changed."""
        self._computer.forget()
        self._ahead.forget()

    # -- what follows from what is there ------------------------------------------------------

    def _after_decoding(self, analysed: bool) -> None:
        if analysed:
            self._analyse_when_complete()
        else:
            self._look_ahead()

    def _analyse_when_complete(self) -> None:
        if commands.loading(self._workspace):
            return
        self._computer.read()
        self._look_ahead()

    def _stop(self, opening: str = "") -> None:
        """Let go of the hung examination; what the computer does for the one that opens goes on."""
        self._finish()
        if self._opening:
            self._opening = False
            self.do(commands.task, None)
        self._pixels.cancel_all()
        self._ahead.stop()
        self._computer.stop(opening)
