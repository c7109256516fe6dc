"""Writes every change of the reader's marks down in the background, in order, until it is done.

Nothing entered is lost: a change waits here, and its mark stays on the screen, until the disk has
it; a failure is said in a lasting way and tried again, and a window that is closed meanwhile asks.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from mammoview.app import commands, marking, priors
from mammoview.app.jobs import Deliver, Job, JobContext, Lanes
from mammoview.app.mark_state import Change, applied
from mammoview.app.workspace import Workspace
from mammoview.domain.annotation import Annotation
from mammoview.errors import MammoviewError
from mammoview.review.marks import MarkAction, MarkEvent, MarkStore
from mammoview.review.readers import LOCAL_READER
from mammoview.words import COUNTED, translate

_log = logging.getLogger(__name__)
_RETRY_S = 2.0


Do = Callable[..., None]
"""``do(command, *args)``: replaces the state by what a command makes of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """Marks of some images, and how many of this run's changes they hold."""

    items: tuple[Annotation, ...]
    not_understood: int
    written: int


class MarkKeeper:
    """Keeps marks; all methods belong to the thread that owns the state.

    Parameters
    ----------
    store : MarkStore
        Where they are kept.
    deliver : callable
        Runs a callable on the owner's thread, in order.
    do : callable
        Runs a command on the state: the marks that were kept come in by it, and whatever goes
        wrong is said by it.
    """

    def __init__(self, store: MarkStore, *, deliver: Deliver, do: Do) -> None:
        self._store = store
        self._do = do
        self._disk = Lanes(name="marks", workers=1, deliver=deliver)
        self._clock = Lanes(name="marks-retry", workers=1, deliver=deliver)
        self._one_at_a_time = threading.Lock()
        self._queue: list[tuple[MarkEvent, Change]] = []
        self._written = 0  # so many of the queue are on the disk
        self._unread: tuple[str, ...] = ()
        self._reader = LOCAL_READER.id
        self._told: tuple[set[str], int] = (set(), 0)  # of which images, how many unreadable
        self._problem = ""

    @property
    def unsaved(self) -> int:
        """How many changes are not on the disk."""
        return len(self._queue) - self._written

    def follow(self, old: Workspace, new: Workspace) -> None:
        """Write down what the journal has grown by; with another examination it begins anew."""
        journal = new.marks.journal
        if journal is old.marks.journal:
            return
        self._reader = new.read.reader.id or LOCAL_READER.id
        known = len(old.marks.journal) if old.exam_key == new.exam_key else 0
        self._keep(journal[known:])

    def read_for(self, ws: Workspace) -> None:
        """Look for the marks of the hung examination and its priors.

        Asked for again, it takes over what another program has kept since.
        """
        self._reader = ws.read.reader.id or LOCAL_READER.id
        uids = images_of(ws)
        if uids:
            self._read(uids)

    def _keep(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        for change in changes:
            event = MarkEvent(
                utc=now, action=_action(change), mark=change.mark, reader=self._reader
            )
            self._queue.append((event, change))
        self._submit_write()
        if self._problem:
            self._tell(self._problem)

    def _read(self, uids: Sequence[str]) -> None:
        """Look for the marks of some images; an older request is not answered any more."""
        self._unread = tuple(uids)
        work = partial(self._look_up, self._unread, self._reader)
        job = Job(work=work, on_done=self._have_read, on_error=self._failed)
        self._disk.submit("read", job)

    def flush(self) -> int:
        """Write down now what waits; return how many changes still could not be written."""
        try:
            self._write_all()
        except MammoviewError as error:
            _log.warning("marks not written: %s", type(error).__name__)
        return self.unsaved

    def shutdown(self) -> None:
        """Stop the background work, and write down what still waits."""
        self._clock.shutdown()
        self._disk.shutdown()
        if self.unsaved and self.flush():
            _log.error("%d changes of marks are lost", self.unsaved)

    # -- workers' side ------------------------------------------------------------------------

    def _write_all(self) -> None:
        with self._one_at_a_time:
            waiting = self._queue[self._written :]
            if waiting:
                self._store.append([event for event, _ in waiting])
                self._written += len(waiting)

    def _write(self, context: JobContext) -> None:
        self._write_all()

    def _look_up(self, uids: tuple[str, ...], reader: str, context: JobContext) -> _Read:
        with self._one_at_a_time:
            stored = self._store.read(uids, reader)
            return _Read(
                items=stored.items, not_understood=stored.not_understood, written=self._written
            )

    # -- answers, on the owner's thread -------------------------------------------------------

    def _submit_write(self) -> None:
        job = Job(work=self._write, on_done=self._have_written, on_error=self._failed)
        self._disk.submit("write", job)

    def _have_written(self, done: None) -> None:
        if self._problem and not self._unread:
            self._tell("")

    def _have_read(self, found: _Read) -> None:
        uids, self._unread = set(self._unread), ()
        items = found.items
        for event, change in self._queue[found.written :]:
            if change.mark.sop_instance_uid in uids and event.reader == self._reader:
                items = applied(items, change)
        self._do(marking.marks_read, items)
        told, self._told = self._told, (uids, found.not_understood)
        if found.not_understood and told != self._told:
            n = found.not_understood
            said = translate(
                "Marks", "%n stored mark(s) not understood: kept, but not shown", "", COUNTED, n
            )
            self._do(commands.warn, said)
        if self._problem and not self.unsaved:
            self._tell("")

    def _failed(self, error: MammoviewError) -> None:
        _log.warning("marks: %s", type(error).__name__)
        self._tell(str(error))
        again = Job(work=_wait, on_done=self._try_again, on_error=self._failed)
        self._clock.submit("retry", again)

    def _try_again(self, waited: None) -> None:
        if self.unsaved:
            self._submit_write()
        if self._unread:
            self._read(self._unread)

    def _tell(self, problem: str) -> None:
        self._problem = problem
        self._do(marking.keeping, self.unsaved, problem)


def images_of(ws: Workspace) -> tuple[str, ...]:
    """Return the SOPInstanceUIDs of the hung examination and all its priors."""
    exam = commands.exam_by_key(ws, ws.exam_key)
    exams = (exam, *priors.priors_of(exam, ws.index)) if exam is not None else ()
    return tuple(view.sop_instance_uid for one in exams for view in one.mammograms)


def _wait(context: JobContext) -> None:
    context.wait(_RETRY_S)


def _action(change: Change) -> MarkAction:
    if change.after is None:
        return MarkAction.DELETE
    return MarkAction.ADD if change.before is None else MarkAction.CHANGE
