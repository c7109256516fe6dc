"""Background work in lanes: the newest request of a lane wins, older answers never arrive.

No Qt here: ``deliver`` brings a callable onto the thread that owns the state (the GUI thread in
the window, the caller's own thread in a test).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from mammoview.errors import MammoviewError

T = TypeVar("T")
Deliver = Callable[[Callable[[], None]], None]

_TELL_S = 0.1  # thousands of files: the window is not painted anew for each

_log = logging.getLogger(__name__)


def seldom(tell: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """Return a ``tell(done, total)`` that passes on ten a second at most, and the last one.

    Work that ends sooner than that tells nothing: what follows it shows that it has ended.
    """
    told = began = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now >= told + _TELL_S or (done == total and told > began):
            told = now
            tell(done, total)

    return progress


class CancelToken:
    """Tells a worker that nobody waits for its answer any more."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._calls: list[Callable[[], None]] = []

    def cancel(self) -> None:
        """Ask the worker to stop at the next convenient point."""
        self._event.set()
        for call in tuple(self._calls):
            call()

    def on_cancel(self, call: Callable[[], None]) -> None:
        """Have something called when it is cancelled, at once where it is; twice does no harm."""
        self._calls.append(call)
        if self.cancelled():
            call()

    def cancelled(self) -> bool:
        """Tell whether the answer is still wanted (False) or not (True)."""
        return self._event.is_set()

    def wait(self, seconds: float) -> None:
        """Wait so long, or until it is cancelled."""
        self._event.wait(seconds)


class JobContext:
    """What a worker may use: whether it was cancelled, and a way to report on the way.

    Attributes
    ----------
    token : CancelToken
        For what is to be told of the cancelling while it works.
    """

    def __init__(self, token: CancelToken, deliver: Deliver) -> None:
        self.token = token
        self._deliver = deliver

    def cancelled(self) -> bool:
        """Tell whether the answer is not wanted any more."""
        return self.token.cancelled()

    def wait(self, seconds: float) -> None:
        """Wait so long, or until the answer is not wanted any more."""
        self.token.wait(seconds)

    def report(self, receive: Callable[[], None]) -> None:
        """Run ``receive`` on the owner's thread, unless the job is cancelled by then."""
        self._deliver(_Guarded(token=self.token, call=receive))


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Generic[T]):
    """One request: ``work`` runs in the background, the rest on the owner's thread."""

    work: Callable[[JobContext], T]
    on_done: Callable[[T], None]
    on_error: Callable[[MammoviewError], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guarded:
    """A callable that does nothing once its token is cancelled."""

    token: CancelToken
    call: Callable[[], None]

    def __call__(self) -> None:
        if not self.token.cancelled():
            self.call()


class Lanes:
    """A pool of threads whose jobs are ordered by named lanes.

    What comes first is done first, unless `hurry` says otherwise.

    Parameters
    ----------
    name : str
        Prefix of the threads' names.
    workers : int
        Most threads at a time.
    deliver : callable
        Runs a callable on the owner's thread; must keep the order.
    """

    def __init__(self, *, name: str, workers: int, deliver: Deliver) -> None:
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix=f"mammoview-{name}")
        self._deliver = deliver
        self._newest: dict[str, CancelToken] = {}
        self._waiting: dict[str, tuple[Job[Any], CancelToken]] = {}  # no worker has begun these
        self._lock = threading.Lock()  # of what waits
        self._closed = False

    def submit(self, lane: str, job: Job[T]) -> CancelToken:
        """Start a job and cancel the lane's older one; after :meth:`shutdown` nothing starts."""
        self.cancel(lane)
        token = CancelToken()
        if self._closed:
            token.cancel()
            return token
        self._newest[lane] = token
        with self._lock:
            self._waiting[lane] = (job, token)
        self._executor.submit(self._run_first)
        return token

    def hurry(self, lanes: Sequence[str]) -> None:
        """Let what waits in these lanes come before all others, in this order."""
        with self._lock:
            first = {lane: self._waiting.pop(lane) for lane in lanes if lane in self._waiting}
            self._waiting = first | self._waiting

    def cancel(self, lane: str) -> None:
        """Cancel what the lane is doing, if anything; its answer will not arrive."""
        with self._lock:
            self._waiting.pop(lane, None)
        token = self._newest.pop(lane, None)
        if token is not None:
            token.cancel()

    def cancel_all(self) -> None:
        """Cancel every lane."""
        for lane in tuple(self._newest):
            self.cancel(lane)

    def shutdown(self) -> None:
        """Cancel everything and wait for the threads to end."""
        self._closed = True
        self.cancel_all()
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _run_first(self) -> None:
        """Do what comes first by now; nothing where a job was cancelled before its turn."""
        with self._lock:
            lane = next(iter(self._waiting), None)
            if lane is None:
                return
            job, token = self._waiting.pop(lane)
        self._run(job, token)

    def _run(self, job: Job[T], token: CancelToken) -> None:
        if token.cancelled():
            return
        context = JobContext(token, self._deliver)
        try:
            result = job.work(context)
        except MammoviewError as error:
            self._fail(job, token, error)
        except Exception as error:  # the last door of a thread: nothing may vanish silently
            _log.exception("background work failed")
            self._fail(job, token, _unexpected(error))
        else:
            self._deliver(_Guarded(token=token, call=partial(job.on_done, result)))

    def _fail(self, job: Job[T], token: CancelToken, error: MammoviewError) -> None:
        self._deliver(_Guarded(token=token, call=partial(job.on_error, error)))


def _unexpected(error: Exception) -> MammoviewError:
    return MammoviewError(
        f"an unexpected {type(error).__name__}",
        expected="background work that ends well",
        todo="see the log file, and report it",
    )
