"""Writes every change of the reader's marks down in the background, in order, until it is done.

Nothing entered is lost: a change waits here, and its mark stays on the screen, until the disk has
it; a failure is said in a lasting way and tried again, and a window that is closed meanwhile asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from mammoview.app import commands, priors
from mammoview.app.jobs import Deliver, JobContext
from mammoview.app.marks import marking
from mammoview.app.state.marks import Change, applied
from mammoview.app.storage.write_behind import Backlog, WriteBehind
from mammoview.app.workspace import Workspace
from mammoview.domain.annotation import Annotation
from mammoview.review.marks import MarkAction, MarkEvent, MarkStore
from mammoview.review.readers import LOCAL_READER
from mammoview.words import COUNTED, translate

Do = Callable[..., None]
"""``do(command, *args)``: replaces the state by what a command makes of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Whose marks of which images are looked for."""

    reader: str
    uids: tuple[str, ...]


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
        self._backlog = Backlog[tuple[MarkEvent, Change]]()
        self._disk = WriteBehind(
            "marks",
            backlog=self._backlog,
            write=self._write,
            deliver=deliver,
            on_problem=self._show,
        )
        self._reader = LOCAL_READER.id
        self._told: tuple[set[str], int] = (set(), 0)  # of which images, how many unreadable

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
            asked = _Asked(reader=self._reader, uids=uids)
            self._disk.ask("read", partial(self._look_up, asked), partial(self._have_read, asked))

    def flush(self) -> int:
        """Write down now what waits; return how many changes still could not be written."""
        return self._disk.flush()

    def shutdown(self) -> None:
        """Stop the background work, and write down what still waits."""
        self._disk.shutdown()

    def _keep(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._backlog.add(
            [
                (MarkEvent(utc=now, action=_action(c), mark=c.mark, reader=self._reader), c)
                for c in changes
            ]
        )
        self._disk.write_soon()
        if self._disk.problem:
            self._show()

    # -- workers' side ------------------------------------------------------------------------

    def _write(self) -> None:
        waiting = self._backlog.waiting()
        if waiting:
            self._store.append([event for event, _ in waiting])
            self._backlog.took(len(waiting))

    def _look_up(self, asked: _Asked, context: JobContext) -> _Read:
        stored = self._store.read(asked.uids, asked.reader)
        return _Read(
            items=stored.items,
            not_understood=stored.not_understood,
            written=self._backlog.written,
        )

    # -- answers, on the owner's thread -------------------------------------------------------

    def _have_read(self, asked: _Asked, found: _Read) -> None:
        uids, items = set(asked.uids), found.items
        for event, change in self._backlog.entries[found.written :]:
            if change.mark.sop_instance_uid in uids and event.reader == asked.reader:
                items = applied(items, change)
        self._do(marking.marks_read, items)
        told, self._told = self._told, (uids, found.not_understood)
        if found.not_understood and told != self._told:
            n = found.not_understood
            said = translate(
                "Marks", "%n stored mark(s) not understood: kept, but not shown", "", COUNTED, n
            )
            self._do(commands.warn, said)

    def _show(self) -> None:
        self._do(marking.keeping, self._disk.unsaved, self._disk.problem)


def images_of(ws: Workspace) -> tuple[str, ...]:
    """Return the SOPInstanceUIDs of the hung examination and all its priors."""
    exam = commands.exam_by_key(ws, ws.exam_key)
    exams = (exam, *priors.priors_of(exam, ws.index)) if exam is not None else ()
    return tuple(view.sop_instance_uid for one in exams for view in one.mammograms)


def _action(change: Change) -> MarkAction:
    if change.after is None:
        return MarkAction.DELETE
    return MarkAction.ADD if change.before is None else MarkAction.CHANGE
