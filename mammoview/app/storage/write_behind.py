"""Writes what was said down in the background, in order, until the disk has it.

Nothing is lost: an entry waits in a `Backlog` until it is written.  A failure (a full disk, a file
that another program holds) is told in a lasting way and tried again, and so is a question to the
disk that has no answer yet.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

from mammoview.app.jobs import Deliver, Job, JobContext, Lanes
from mammoview.errors import MammoviewError

T = TypeVar("T")

_log = logging.getLogger(__name__)
_RETRY_S = 2.0


@dataclass(slots=True)
class Backlog(Generic[T]):
    """What was said in this run, and how many of its entries the disk has; guarded by its lock."""

    entries: list[T] = field(default_factory=list)
    written: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, entries: Sequence[T]) -> None:
        """Let entries wait for the disk, after those that wait already."""
        with self.lock:
            self.entries.extend(entries)

    def waiting(self) -> list[T]:
        """Return what is not on the disk yet, in its order."""
        with self.lock:
            return self.entries[self.written :]

    def took(self, count: int) -> None:
        """Take note that the disk has so many of the waiting entries."""
        with self.lock:
            self.written += count


class WriteBehind:
    """One file's background work; all methods belong to the thread that owns the state.

    Parameters
    ----------
    name : str
        What is written, in one word: for threads and the log.
    backlog : Backlog
        What waits.
    write : callable
        Writes what waits and takes it off the backlog, on a worker's thread or, in `flush`, on the
        owner's; never twice at a time, nor beside the work of a question.
    deliver : callable
        Runs a callable on the owner's thread, in order.
    on_problem : callable
        Told, on the owner's thread, when ``problem`` has changed.
    on_written : callable or None
        Told, on the owner's thread, when all that waited is written.
    """

    def __init__(
        self,
        name: str,
        *,
        backlog: Backlog[Any],
        write: Callable[[], None],
        deliver: Deliver,
        on_problem: Callable[[], None],
        on_written: Callable[[], None] | None = None,
    ) -> None:
        self.problem = ""  # why not all is written or answered; empty: it is, or soon will be
        self._name, self._backlog, self._write = name, backlog, write
        self._on_problem, self._on_written = on_problem, on_written
        self._disk = Lanes(name=name, workers=1, deliver=deliver)
        self._clock = Lanes(name=f"{name}-retry", workers=1, deliver=deliver)
        self._one_at_a_time = threading.Lock()
        self._unanswered: dict[str, Callable[[], object]] = {}  # by lane: asks once more

    @property
    def unsaved(self) -> int:
        """How many entries are not on the disk."""
        return len(self._backlog.waiting())

    def write_soon(self) -> None:
        """Write what waits, in the background."""
        work = partial(self._alone, lambda context: self._write())
        self._disk.submit(
            "write", Job(work=work, on_done=self._have_written, on_error=self._failed)
        )

    def ask(
        self, lane: str, work: Callable[[JobContext], T], on_answer: Callable[[T], None]
    ) -> None:
        """Ask the disk until it answers; an older question of the lane has no answer any more.

        Parameters
        ----------
        lane : str
            Name of the question.
        work : callable
            Reads the answer, on a worker's thread.
        on_answer : callable
            Takes it, on the owner's thread.
        """
        job = Job(
            work=partial(self._alone, work),
            on_done=partial(self._answered, lane, on_answer),
            on_error=self._failed,
        )
        self._unanswered[lane] = partial(self._disk.submit, lane, job)
        self._unanswered[lane]()

    def flush(self) -> int:
        """Write down now what waits; return how many entries still could not be written."""
        try:
            with self._one_at_a_time:
                self._write()
        except MammoviewError as error:
            _log.warning("%s not written: %s", self._name, type(error).__name__)
        return self.unsaved

    def shutdown(self) -> None:
        """Stop the background work, and write down what still waits."""
        self._clock.shutdown()
        self._disk.shutdown()
        if self.unsaved and self.flush():
            _log.error("%s: %d entries are lost", self._name, self.unsaved)

    def _alone(self, work: Callable[[JobContext], T], context: JobContext) -> T:
        with self._one_at_a_time:
            return work(context)

    def _have_written(self, done: None) -> None:
        self._settle()
        if self._on_written is not None:
            self._on_written()

    def _answered(self, lane: str, on_answer: Callable[[T], None], answer: T) -> None:
        del self._unanswered[lane]
        self._settle()
        on_answer(answer)

    def _settle(self) -> None:
        """Take a problem back once all is written and answered."""
        if self.problem and not self.unsaved and not self._unanswered:
            self._tell("")

    def _failed(self, error: MammoviewError) -> None:
        _log.warning("%s: %s", self._name, type(error).__name__)
        self._tell(str(error))
        again = Job(work=_wait, on_done=self._try_again, on_error=self._failed)
        self._clock.submit("retry", again)

    def _try_again(self, waited: None) -> None:
        self.write_soon()  # also where a flush was quicker: the problem is over then
        for ask in tuple(self._unanswered.values()):
            ask()

    def _tell(self, problem: str) -> None:
        self.problem = problem
        self._on_problem()


def _wait(context: JobContext) -> None:
    context.wait(_RETRY_S)
