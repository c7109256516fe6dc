from __future__ import annotations

import os
import signal
import time

import pytest

from mammoview.errors import DataError
from trainer.pool import process_pool


def process_of(_item: int) -> int:
    return os.getpid()


def dies_at_three(item: int) -> int:
    if item == 3:
        os.kill(os.getpid(), signal.SIGTERM)
    return item


def test_results_come_in_order_from_other_processes_or_from_this_one() -> None:
    with process_pool(2, items=9) as each:
        assert list(each(dies_at_three, [8, 7, 5])) == [8, 7, 5]
        assert os.getpid() not in set(each(process_of, range(9)))
    for workers, items in ((1, 9), (2, 1), (None, 0)):
        with process_pool(workers, items=items) as each:
            assert set(each(process_of, range(items))) <= {os.getpid()}


def test_a_killed_process_is_said_in_words() -> None:
    with (
        pytest.raises(DataError, match=r"was killed .* fewer --workers"),
        process_pool(2, items=9) as each,
    ):
        list(each(dies_at_three, range(9)))


_PROCESSES = 3


def _who_ignores(item: int) -> tuple[int, bool]:
    time.sleep(0.05)  # so that each process gets some
    return os.getpid(), signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def test_every_process_leaves_an_interrupt_to_its_parent() -> None:
    """One that was started later ended in a traceback of its own."""
    with process_pool(_PROCESSES, items=60) as in_order:
        met = set(in_order(_who_ignores, range(60)))
    assert len(met) == _PROCESSES
    assert all(ignores for _, ignores in met)
    assert signal.getsignal(signal.SIGINT) == signal.default_int_handler
