"""The reader's read at the desk: found or begun, kept, and the computer's result revealed in it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from uuid import uuid4

from mammoview.app import analysis, commands
from mammoview.app.cad.computer import Computer, Held
from mammoview.app.cad.reports import foreign_identity
from mammoview.app.jobs import Deliver, Job, JobContext, Lanes
from mammoview.app.second_read import cad_result, gate, log_answers, next_step, timing
from mammoview.app.second_read import commands as reads
from mammoview.app.second_read.holding import Holder
from mammoview.app.second_read.keeper import ReadKeeper
from mammoview.app.second_read.lease_keeper import LeaseKeeper
from mammoview.app.second_read.next_step import Go
from mammoview.app.second_read.site import Site
from mammoview.app.state.read import Hold, ReadPart
from mammoview.app.workspace import Workspace
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.prediction import ExamPrediction
from mammoview.domain.reading import AnalysisOutcome, CadResult, ReaderIdentity, ReadingMode
from mammoview.errors import MammoviewError, ReviewError
from mammoview.review.events import OperatingPointSet
from mammoview.review.heatmaps import OfImages, heatmaps_path, read_heatmaps, write_heatmaps
from mammoview.review.read import Read
from mammoview.review.states import Action, ReadState
from mammoview.review.store import ReadLog
from mammoview.words import translate

_RETRY_S = 2.0


class ReadDesk:
    """All methods belong to the desk's thread.

    Parameters
    ----------
    path : Path
        The read log.
    deliver : callable
        Runs a callable on the desk's thread, in order.
    state : callable
        Returns the desk's state.
    change : callable
        ``change(command, *args)`` changes the desk's state.
    computer : Computer
        Holds what the computer says.
    leases : Path or None
        Where it is kept who reads what at this moment; None: nowhere.
    """

    def __init__(
        self,
        path: Path,
        *,
        deliver: Deliver,
        state: Callable[[], Workspace],
        change: Callable[..., None],
        computer: Computer,
        leases: Path | None = None,
    ) -> None:
        self.path = path
        self._holder = (
            None
            if leases is None
            else Holder(LeaseKeeper(leases, deliver=deliver), state=state, change=change)
        )
        self._keeper = ReadKeeper(path, deliver=deliver, do=change)
        self._files = Lanes(name="heatmaps", workers=1, deliver=deliver)
        self._timer = timing.StepTimer()
        self._state, self._change, self._computer = state, change, computer
        computer.reports.joins = self._join_reported
        self._seen: set[str] = set()  # examinations whose result was on the screen
        self._resting = False  # the screen is locked: no time passes
        self._revealing = False  # its heatmaps are being written
        self._maps = ""  # digest of the file of heatmaps that was asked for

    @property
    def at_rest(self) -> bool:
        """Whether the log has answered, and has all."""
        part = self._state().read
        return not (part.looking or part.revealing or self._keeper.unsaved)

    def flush(self) -> int:
        """Try once more to keep what is not kept yet; return how many entries still wait."""
        return self._keeper.flush()

    def shutdown(self) -> None:
        """Record the last step, stop the background work, and write down what still waits."""
        self._keeper.take(self._timer.end(self._state()))
        self._files.shutdown()
        if self._holder is not None:
            self._holder.shutdown()
        self._keeper.shutdown()

    # -- an examination comes, and the state goes on ------------------------------------------

    def seat(self, reader: ReaderIdentity) -> None:
        """Let somebody sit down before the window, and look for their read of what hangs."""
        self._seen.clear()  # what another reader has seen says nothing of this one
        self._change(log_answers.seat, reader, keeps=True)
        if self._state().exam_key is not None:
            self._change(log_answers.looked_for, begins=self._state().queue is not None)
            self.look_for()

    def use(self, site: Site) -> None:
        """Read by the rules of a site, from the next examination on."""
        self._keeper.use(site)

    def rest(self) -> None:
        """Note the step so far: nobody looks at it for a while."""
        self._resting = True
        self._keeper.take(self._timer.end(self._state()))

    def wake(self) -> None:
        """Count the step again from now on."""
        self._resting = False
        self._timer.follow(self._state(), self._state())

    def look_for(self) -> None:
        """Ask the log for this reader's read of the hung examination."""
        self._files.cancel_all()
        self._revealing, self._maps = False, ""
        self._keeper.look_for(self._state())

    def look_again(self) -> None:
        """Ask the log once more for others' blinded reads, where one only looks."""
        part = self._state().read
        if part.read is None and not part.looking:
            self._keeper.look_again(self._state())

    def settled(self, old: Workspace, new: Workspace) -> Workspace:
        """Return a state with what goes on by itself, and with what may be seen now."""
        new = reads.settled(new)
        if gate.decides(old) != gate.decides(new):
            new = analysis.show(new, self._computer.held())
            new = self._computer.reports.with_levels(new)
        return new

    def follow(self, old: Workspace, new: Workspace) -> None:
        """Keep what was said; changes no state, for the others are still to be told of this one."""
        self._keeper.follow(old, new)
        if not self._resting:
            self._keeper.take(self._timer.follow(old, new))
        if self._holder is not None:
            self._holder.follow(old, new)
        if new.prediction is not None and new.exam_key is not None:
            self._seen.add(new.exam_key)

    def go_on(self) -> None:
        """Do what the state asks for by now."""
        if self._holder is not None:
            self._holder.go_on()
        part = self._state().read
        self._keeper.tell_count(part)
        if part.begins and not part.looking and self._may_begin(part):
            self._begin(part.site_mode)
        elif part.revealing and not self._revealing and not _busy(self._state()):
            self._reveal()
        if part.kept is not None and _maps_of(part.kept) != self._maps:
            self._maps = _maps_of(part.kept)
            self._load_heatmaps(part.kept)

    # -- what a reader does that needs more than the state --------------------------------------

    def go(self, go: Go) -> None:
        """Take a step of the read, where it comes next; else say what is missing."""
        reason = next_step.why_not(self._state(), go)
        if reason:
            self._change(commands.say, reason.replace("\n", " · "))
        elif go is Go.BEGIN:
            self.begin()
        elif go is Go.REVEAL:
            self._change(reads.revealing, True)
        else:
            self._change(
                {Go.LOCK: reads.lock, Go.FINALIZE: reads.finalize, Go.SIGN: reads.sign}[go]
            )

    def begin(self) -> None:
        """Begin a read of the hung examination in the site's mode, once it is held."""
        self._change(reads.begins)

    def take_over(self, reason: str) -> None:
        """Read an examination that another reads now; without a reason only if it is free."""
        if self._holder is not None:
            self._holder.take(reason.strip())

    def _may_begin(self, part: ReadPart) -> bool:
        return self._holder is None or part.hold is Hold.HELD

    def _begin(self, mode: ReadingMode) -> None:
        ws = self._state()
        self._change(
            reads.begin,
            uuid4().hex,
            mode=mode,
            scheme=ws.read.site_scheme,
            result_seen=ws.exam_key in self._seen,
        )

    def ask_spot(self, sop_instance_uid: str, point: ImagePoint) -> None:
        """Ask what the computer says of one spot."""
        self._change(reads.ask_spot, sop_instance_uid, point)

    def set_operating_point(self, name: str) -> None:
        """Ask for more or fewer marks; in a revealed read new marks join those that were shown."""
        ws = self._state()
        if ws.read.state is ReadState.AI_REVEALED:
            self._join_marks(ws, name)
        elif gate.is_open(ws) and ws.read.state in (None, ReadState.UNAIDED):
            self._change(analysis.set_operating_point, name)

    def _join_marks(self, ws: Workspace, name: str) -> None:
        held, kept = self._computer.result().prediction, ws.read.kept
        assert kept is not None
        if held is None or kept.revealed is None or held.model != kept.revealed.model:
            said = translate("Read", "The marks stay: the model that made them is not at work here")
            self._change(commands.say, said)
            return
        self._change(analysis.set_operating_point, name)
        self._join(name, analysis.flagged(self._state(), held))

    def _join_reported(self) -> bool:
        """Let the marks of a CAD report at its new operating point join; tell whether they may."""
        ws, held = self._state(), self._computer.result().prediction
        kept = ws.read.kept
        if ws.read.state is not ReadState.AI_REVEALED or kept is None or held is None:
            return False
        if kept.revealed is not None and held.model == kept.revealed.model:
            self._join(held.operating_point, held)
        return True

    def _join(self, name: str, prediction: ExamPrediction) -> None:
        marks = cad_result.marks_of(prediction)
        content = OperatingPointSet(operating_point=name, marks=marks)
        self._change(reads.enter, Action.SET_OPERATING_POINT, content)

    # -- the reveal ---------------------------------------------------------------------------

    def _reveal(self) -> None:
        """Write the heatmaps beside the log, then what is revealed into it."""
        ws, held = self._state(), self._computer.result()
        read = ws.read.kept
        if read is None or read.state is not ReadState.UNAIDED_LOCKED:
            self._change(reads.revealing, False)
            return
        self._revealing = True
        prediction = analysis.flagged(ws, held.prediction) if held.prediction else None
        maps = cad_result.heatmaps_of(prediction) if prediction else ()
        if not maps:
            self._enter_reveal(prediction, held, "")
            return
        job = Job(
            work=partial(self._write_heatmaps, read.read_id, maps),
            on_done=partial(self._enter_reveal, prediction, held),
            on_error=self._not_revealed,
        )
        self._files.submit("write", job)

    def _write_heatmaps(self, read_id: str, maps: OfImages, context: JobContext) -> str:
        """Write until it is done, or nobody waits any more; say why it is not.

        Where another window has revealed the read meanwhile, its file stays: the log will refuse
        this reveal, and the read goes on with that one.
        """
        log = self._keeper.path
        while True:
            try:
                if _is_revealed(log, read_id):
                    return ""
                return write_heatmaps(heatmaps_path(log, read_id), maps)
            except ReviewError as error:
                if context.cancelled():
                    raise
                context.report(partial(self._change, reads.revealing, True, str(error)))
                context.wait(_RETRY_S)

    def _enter_reveal(self, prediction: ExamPrediction | None, held: Held, sha256: str) -> None:
        self._revealing = False
        self._change(reads.reveal, _revealed(self._state(), prediction, held, sha256))

    def _not_revealed(self, error: MammoviewError) -> None:
        self._revealing = False
        self._change(reads.revealing, False)
        self._change(commands.say, str(error))

    def _load_heatmaps(self, read: Read) -> None:
        path = heatmaps_path(self._keeper.path, read.read_id)
        job = Job(
            work=partial(_load, path, _maps_of(read)),
            on_done=partial(self._change, log_answers.heatmaps_loaded, read.read_id),
            on_error=self._not_loaded,
        )
        self._files.submit("load", job)

    def _not_loaded(self, error: MammoviewError) -> None:
        said = translate("Read", "Heatmaps of this read cannot be shown: {error}")
        self._change(commands.warn, said.format(error=error))


def _revealed(
    ws: Workspace, prediction: ExamPrediction | None, held: Held, sha256: str
) -> CadResult:
    assert ws.read.read is not None
    images = ws.read.read.opened.images
    if prediction is None:
        model = ws.model.identity if ws.model is not None else cad_result.NO_MODEL
        model = foreign_identity(ws) or model
        outcome, reason = held.outcome, held.reason
        if outcome is AnalysisOutcome.DONE:
            outcome, reason = AnalysisOutcome.NOT_RUN, "no result"
        return cad_result.no_result(outcome, reason, images=images, model=model)
    ours = ws.model if ws.model is not None and ws.model.identity == prediction.model else None
    return cad_result.cad_result(
        prediction,
        images=images,
        kinds=ours.findings if ours else (),
        caveats=ours.caveats if ours else (),
        heatmaps_sha256=sha256,
    )


def _is_revealed(path: Path, read_id: str) -> bool:
    with closing(ReadLog(path)) as log:
        return log.read(read_id).revealed is not None


def _busy(ws: Workspace) -> bool:
    """Tell whether the computer is still to come to an end with the hung examination."""
    return ws.analysis.running or ws.cad_source.loading or commands.loading(ws)


def _maps_of(read: Read | None) -> str:
    revealed = read.revealed if read is not None else None
    return revealed.heatmaps_sha256 if revealed is not None else ""


def _load(path: Path, sha256: str, context: JobContext) -> OfImages:
    return read_heatmaps(path, sha256)
