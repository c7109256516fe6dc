"""Work over many items in several processes, which end with this one; errors in words."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing.process import BaseProcess
from typing import Protocol, TypeVar

from mammoview.errors import DataError

Item = TypeVar("Item")
Made = TypeVar("Made")
_ITEMS_AT_ONCE = 4


class InOrder(Protocol):
    """A function over items: what it makes of each, in their order."""

    def __call__(
        self, function: Callable[[Item], Made], items: Iterable[Item], /
    ) -> Iterator[Made]:
        """Yield the function's result of each item."""
        ...


@contextmanager
def process_pool(workers: int | None, *, items: int) -> Iterator[InOrder]:
    """Give a function that works in several processes; in this one where one is enough.

    Parameters
    ----------
    workers : int or None
        Processes; as many as cores when None.
    items : int
        How many items there are, which no more processes work on.

    Raises
    ------
    DataError
        If a process was killed.
    """
    count = min(workers or os.cpu_count() or 1, items)
    if count < 2:
        yield map
        return
    # Started afresh: a forked copy of a process with threads may hang.
    pool = ProcessPoolExecutor(
        count,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_follow_the_parent,
    )
    try:
        with _interrupts_held():
            for _ in range(count):  # each starts one process, as long as none is idle
                pool.submit(int)
        yield partial(pool.map, chunksize=_ITEMS_AT_ONCE)
    except BrokenProcessPool as error:
        raise DataError(
            "a process that reads pictures was killed (out of memory, most likely)",
            expected="memory for one image a process (about 100 MB each)",
            todo="run the command again with fewer --workers",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ignore interrupts while processes start, for they inherit it: ending is the parent's task."""
    if threading.current_thread() is not threading.main_thread():
        yield  # no interrupt comes here
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _follow_the_parent() -> None:
    """End when the parent is killed: else a process waits for work forever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
