"""Writes what is said in reads into the log, in the background and in order, until it is done.

Nothing that was said is lost: an entry waits here, and stays on the screen, until the disk has it;
a failure is said in a lasting way and tried again, and a window that is closed meanwhile asks.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from mammoview.app import commands as app_commands
from mammoview.app.jobs import Deliver, JobContext
from mammoview.app.second_read import log_answers
from mammoview.app.second_read.log_lookup import Asked, Found, look_up, settle_read
from mammoview.app.second_read.site import Site
from mammoview.app.state.read import Entry, ReadPart
from mammoview.app.storage.write_behind import Backlog, WriteBehind
from mammoview.app.workspace import Workspace
from mammoview.errors import MammoviewError, NotAllowedError, ReviewError
from mammoview.review.events import Nothing, Opened
from mammoview.review.open_reads import blinded_reads
from mammoview.review.read import Read
from mammoview.review.sql import is_there
from mammoview.review.states import Action
from mammoview.review.store import ReadLog

_log = logging.getLogger(__name__)

Do = Callable[..., None]
"""``do(command, *args)``: replaces the state by what a command makes of it."""


@dataclass(slots=True)
class _Queue(Backlog[Entry]):
    """What was said in this run; a read and what still waits for it always fit together."""

    kept: dict[str, Read] = field(default_factory=dict)  # as they are on the disk
    refused: list[tuple[Entry, str]] = field(default_factory=list)

    def of(self, read_id: str) -> tuple[Read | None, list[Entry]]:
        """Return a read as it is on the disk, and what waits for it."""
        with self.lock:
            waiting = [e for e in self.entries[self.written :] if e.read_id == read_id]
            return self.kept.get(read_id), waiting

    def done(self, read: Read) -> None:
        """Take note that the next entry is on the disk."""
        with self.lock:
            self.kept[read.read_id] = read
            self.written += 1

    def refuse(self, entry: Entry, reason: str, read: Read | None) -> None:
        """Take note that the next entry is not allowed any more, and of the read as it is now."""
        with self.lock:
            if read is not None:
                self.kept[read.read_id] = read
            self.refused.append((entry, reason))
            self.written += 1

    def take_refused(self) -> list[tuple[Entry, str]]:
        """Return what was refused since it was asked last."""
        with self.lock:
            refused, self.refused = self.refused, []
        return refused


class ReadKeeper:
    """Keeps reads; all methods belong to the thread that owns the state.

    Parameters
    ----------
    path : Path
        The read log.
    deliver : callable
        Runs a callable on the owner's thread, in order.
    do : callable
        Runs a command on the state: what the log says comes in by it, and whatever goes wrong.
    """

    def __init__(self, path: Path, *, deliver: Deliver, do: Do) -> None:
        self.path = path
        self._do = do
        self._log: ReadLog | None = None
        self._queue = _Queue()
        self._disk = WriteBehind(
            "reads",
            backlog=self._queue,
            write=self._write,
            deliver=deliver,
            on_problem=self._show,
            on_written=self._have_written,
        )
        self._shown = ""  # the read on the screen
        self._site: Site | None = None

    @property
    def unsaved(self) -> int:
        """How many entries are not on the disk."""
        return self._disk.unsaved

    def use(self, site: Site) -> None:
        """Read by the rules of a site from the next look on."""
        self._site = site

    def follow(self, old: Workspace, new: Workspace) -> None:
        """Write down what the journal has grown by."""
        self._shown = new.read.read.read_id if new.read.read is not None else ""
        before, after = old.read.journal, new.read.journal
        if after is before or not after:
            return
        known = len(before) if after[: len(before)] == before else 0
        self.take(after[known:])

    def take(self, entries: Sequence[Entry]) -> None:
        """Write entries down, in their order."""
        if not entries:
            return
        self._queue.add(entries)
        self._disk.write_soon()

    def tell_count(self, part: ReadPart) -> None:
        """Say how much waits, where something keeps it from the disk."""
        problem = self._disk.problem
        if problem and (part.unsaved, part.problem) != (self.unsaved, problem):
            self._show()

    def look_for(self, ws: Workspace) -> None:
        """Ask the log for this reader's read of the hung examination."""
        asked = self._of(ws)
        if asked is not None:
            self._disk.ask("look", partial(self._look_up, asked), partial(self._have_found, asked))

    def look_again(self, ws: Workspace) -> None:
        """Ask whether another program has begun a blinded read of the hung images meanwhile."""
        asked = self._of(ws)
        if asked is not None:
            told = partial(self._do, log_answers.elsewhere, asked.exam_key)
            self._disk.ask("look again", partial(self._blinded_elsewhere, asked), told)

    def _of(self, ws: Workspace) -> Asked | None:
        """Return what to ask for the hung examination; None where nothing hangs."""
        if ws.exam_key is None:
            return None
        exam = app_commands.exam_by_key(ws, ws.exam_key)
        return Asked(
            reader=ws.read.reader.id,
            exam_key=ws.exam_key,
            images=tuple(view.sop_instance_uid for view in exam.mammograms) if exam else (),
            double=self._site is not None and self._site.double,
        )

    def flush(self) -> int:
        """Write down now what waits; return how many entries still could not be written."""
        return self._disk.flush()

    def shutdown(self) -> None:
        """Stop the background work, and write down what still waits."""
        self._disk.shutdown()
        self._close()

    # -- workers' side ------------------------------------------------------------------------

    def _write(self) -> None:
        for entry in self._queue.waiting():
            self._append(entry)

    def _append(self, entry: Entry) -> None:
        try:
            log = self._opened()
            read = self._settled(log, entry)
        except NotAllowedError as error:  # another program has changed the read
            there = bool(log.events(entry.read_id))
            self._queue.refuse(entry, str(error), log.read(entry.read_id) if there else None)
        except MammoviewError:
            self._close()  # a file that was replaced, or mounted anew, is opened anew
            raise
        else:
            self._queue.done(read)

    def _settled(self, log: ReadLog, entry: Entry) -> Read:
        """Write an entry; a read that becomes final is compared with the other one, if there is."""
        site = self._site
        if entry.action is Action.SIGN and site is not None:
            settle_read(log, entry, site)  # the other read may have become final since
        read = log.append(entry.read_id, entry.reader, entry.action, entry.content)
        if entry.action is Action.FINALIZE and site is not None:
            with contextlib.suppress(ReviewError):  # it is final; asked again before it is signed
                read = settle_read(log, entry, site)
        return read

    def _look_up(self, asked: Asked, context: JobContext) -> Found:
        if not is_there(self.path):
            blinded_reads(self.path, asked.images)  # says so where there should be one
            return Found(read=None, blinded_elsewhere=False)
        try:
            log = self._opened()
            blinded = blinded_reads(self.path, asked.images)
            others = any(read.reader != asked.reader for read in blinded)
            mine = [read.read_id for read in blinded if read.reader == asked.reader]
            found = look_up(log, asked.exam_key, asked.reader, mine, asked.double)
        except MammoviewError:
            self._close()
            raise
        if found.read is not None:
            with self._queue.lock:
                self._queue.kept[found.read.read_id] = found.read
        return replace(found, blinded_elsewhere=others)

    def _blinded_elsewhere(self, asked: Asked, context: JobContext) -> bool:
        """Tell of others' reads; a log that cannot tell is taken for a blinded one."""
        try:
            blinded = blinded_reads(self.path, asked.images)
        except MammoviewError as error:
            _log.warning("reads: %s", type(error).__name__)
            return True
        return any(read.reader != asked.reader for read in blinded)

    def _opened(self) -> ReadLog:
        if self._log is None:
            self._log = ReadLog(self.path)
        return self._log

    def _close(self) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None

    # -- answers, on the owner's thread -------------------------------------------------------

    def _have_written(self) -> None:
        for entry, reason in self._queue.take_refused():
            _log.warning("not taken into the read log: %s", entry.action)
            self._do(log_answers.refused, (entry,), reason)
        self._show()

    def _have_found(self, asked: Asked, found: Found) -> None:
        read_id = found.read.read_id if found.read else self._begun(asked.reader, asked.exam_key)
        kept, waiting = self._queue.of(read_id)
        self._do(
            log_answers.found,
            asked.exam_key,
            kept,
            waiting,
            blinded_elsewhere=found.blinded_elsewhere,
            role=found.role,
            others=found.others,
        )
        self._show()
        if kept is not None:
            again = Entry(
                read_id=read_id, reader=asked.reader, action=Action.REOPEN, content=Nothing()
            )
            self.take((again,))

    def _begun(self, reader: str, exam_key: str) -> str:
        """Return the read of an examination whose very opening still waits for the disk."""
        for entry in self._queue.waiting():
            opened = entry.content
            if isinstance(opened, Opened) and (opened.exam_key, entry.reader) == (exam_key, reader):
                return entry.read_id
        return ""

    def _show(self) -> None:
        kept, waiting = self._queue.of(self._shown)
        problem = self._disk.problem
        self._do(log_answers.kept, kept, waiting, unsaved=self.unsaved, problem=problem)
