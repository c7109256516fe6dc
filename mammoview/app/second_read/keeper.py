"""Writes what is said in reads into the log, in the background and in order, until it is done.

Nothing that was said is lost: an entry waits here, and stays on the screen, until the disk has it;
a failure is said in a lasting way and tried again, and a window that is closed meanwhile asks.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from mammoview.app import commands as app_commands
from mammoview.app.assessment.schemes import shipped_schemes
from mammoview.app.jobs import Deliver, Job, JobContext, Lanes
from mammoview.app.read_state import Entry, ReadPart
from mammoview.app.second_read import commands
from mammoview.app.second_read.site import Site
from mammoview.app.workspace import Workspace
from mammoview.domain.reading import Role
from mammoview.errors import MammoviewError, NotAllowedError, ReviewError
from mammoview.review.arbitration import compared_reads, other_reads, settle
from mammoview.review.events import Nothing, Opened
from mammoview.review.open_reads import blinded_reads
from mammoview.review.read import Read
from mammoview.review.standing import ROLES, reading_for
from mammoview.review.states import Action
from mammoview.review.store import ReadLog

_log = logging.getLogger(__name__)
_RETRY_S = 2.0

Do = Callable[..., None]
"""``do(command, *args)``: replaces the state by what a command makes of it."""


@dataclass(slots=True)
class _Queue:
    """What was said in this run, and what of it is on the disk; guarded by its lock."""

    entries: list[Entry] = field(default_factory=list)
    written: int = 0  # so many of the entries are on the disk, or were refused
    kept: dict[str, Read] = field(default_factory=dict)
    refused: list[tuple[Entry, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def waiting(self) -> list[Entry]:
        """Return what is not on the disk yet."""
        with self.lock:
            return self.entries[self.written :]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Whose read of which examination is looked for."""

    reader: str
    exam_key: str
    images: tuple[str, ...]
    double: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the log says of an examination to one reader.

    ``read`` is the reader's own, to an arbitrator the one to decide; ``role`` is None where nothing
    is left to read; ``others`` are other readers' reads that may be seen.
    """

    read: Read | None
    blinded_elsewhere: bool
    role: Role | None = Role.FIRST
    others: tuple[Read, ...] = ()


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
        self._disk = Lanes(name="reads", workers=1, deliver=deliver)
        self._clock = Lanes(name="reads-retry", workers=1, deliver=deliver)
        self._log_lock = threading.Lock()
        self._log: ReadLog | None = None
        self._queue = _Queue()
        self._asked: _Asked | None = None
        self._shown = ""  # the read on the screen
        self._site: Site | None = None
        self._problem = ""

    @property
    def unsaved(self) -> int:
        """How many entries are not on the disk."""
        return len(self._queue.waiting())

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
        with self._queue.lock:
            self._queue.entries.extend(entries)
        self._submit_write()

    def tell_count(self, part: ReadPart) -> None:
        """Say how much waits, where something keeps it from the disk."""
        if self._problem and (part.unsaved, part.problem) != (self.unsaved, self._problem):
            self._show()

    def look_for(self, ws: Workspace) -> None:
        """Ask the log for this reader's read of the hung examination."""
        self._asked = self._of(ws)
        if self._asked is not None:
            self._look()

    def look_again(self, ws: Workspace) -> None:
        """Ask whether another program has begun a blinded read of the hung images meanwhile."""
        asked = self._of(ws)
        if asked is not None:
            work = partial(self._blinded_elsewhere, asked)
            told = partial(self._do, commands.elsewhere, asked.exam_key)
            self._disk.submit("look again", Job(work=work, on_done=told, on_error=self._failed))

    def _of(self, ws: Workspace) -> _Asked | None:
        """Return what to ask for the hung examination; None where nothing hangs."""
        if ws.exam_key is None:
            return None
        exam = app_commands.exam_by_key(ws, ws.exam_key)
        return _Asked(
            reader=ws.read.reader.id,
            exam_key=ws.exam_key,
            images=tuple(view.sop_instance_uid for view in exam.mammograms) if exam else (),
            double=self._site is not None and self._site.double,
        )

    def flush(self) -> int:
        """Write down now what waits; return how many entries still could not be written."""
        try:
            self._write_all()
        except MammoviewError as error:
            _log.warning("entries of a read not written: %s", type(error).__name__)
        return self.unsaved

    def shutdown(self) -> None:
        """Stop the background work, and write down what still waits."""
        self._clock.shutdown()
        self._disk.shutdown()
        if self.unsaved and self.flush():
            _log.error("%d entries of reads are lost", self.unsaved)
        with self._log_lock:
            self._close()

    # -- workers' side ------------------------------------------------------------------------

    def _write_all(self) -> None:
        with self._log_lock:
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

    def _write(self, context: JobContext) -> None:
        self._write_all()

    def _look_up(self, asked: _Asked, context: JobContext) -> _Found:
        with self._log_lock:
            if not self.path.exists():
                blinded_reads(self.path, asked.images)  # says so where there should be one
                return _Found(read=None, blinded_elsewhere=False)
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

    def _blinded_elsewhere(self, asked: _Asked, context: JobContext) -> bool:
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

    def _submit_write(self) -> None:
        job = Job(work=self._write, on_done=self._have_written, on_error=self._failed)
        self._disk.submit("write", job)

    def _look(self) -> None:
        assert self._asked is not None
        work = partial(self._look_up, self._asked)
        job = Job(work=work, on_done=self._have_found, on_error=self._failed)
        self._disk.submit("look", job)

    def _have_written(self, done: None) -> None:
        for entry, reason in self._queue.take_refused():
            _log.warning("not taken into the read log: %s", entry.action)
            self._do(commands.refused, (entry,), reason)
        if self._problem and self._asked is None and not self.unsaved:
            self._problem = ""
        self._show()

    def _have_found(self, found: _Found) -> None:
        assert self._asked is not None
        asked, self._asked = self._asked, None
        read_id = found.read.read_id if found.read else self._begun(asked.reader, asked.exam_key)
        kept, waiting = self._queue.of(read_id)
        if self._problem and not self.unsaved:
            self._problem = ""
        self._do(
            commands.found,
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
        self._do(commands.kept, kept, waiting, unsaved=self.unsaved, problem=self._problem)

    def _failed(self, error: MammoviewError) -> None:
        _log.warning("reads: %s", type(error).__name__)
        self._tell(str(error))
        again = Job(work=_wait, on_done=self._try_again, on_error=self._failed)
        self._clock.submit("retry", again)

    def _try_again(self, waited: None) -> None:
        if self.unsaved:
            self._submit_write()
        if self._asked is not None:
            self._look()

    def _tell(self, problem: str) -> None:
        self._problem = problem
        self._show()


def look_up(log: ReadLog, exam_key: str, reader: str, mine: Sequence[str], double: bool) -> _Found:
    """Return what a log says of an examination to one reader.

    ``mine`` are reads of its images under another key, which are its reads all the same.
    """
    standings = log.standings(exam_key)
    # Images that were imported again under another key are still those of that read.
    own = [s.read_id for s in standings if s.reader == reader] or list(mine)
    if own:
        read = log.read(own[-1])
        role: Role | None = read.opened.role
        return _Found(
            read=read,
            blinded_elsewhere=False,
            role=role,
            others=other_reads(log, exam_key, reader),
        )
    role = ROLES.get(reading_for(standings, reader, double=double))
    if role is Role.ARBITRATOR:
        *others, read = compared_reads(log, exam_key, reader)
        return _Found(read=read, blinded_elsewhere=False, role=role, others=tuple(others))
    return _Found(read=None, blinded_elsewhere=False, role=role)


def settle_read(log: ReadLog, entry: Entry, site: Site) -> Read:
    """Send a final read to an arbitrator where the site's policy does."""
    return settle(
        log,
        entry.read_id,
        entry.reader,
        policy=site.policy,
        schemes=shipped_schemes(),
        double=site.double,
    )


def _wait(context: JobContext) -> None:
    context.wait(_RETRY_S)
