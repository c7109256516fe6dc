"""Errors of the program are what they were after a way between processes."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from mammoview import errors
from mammoview.errors import DataError, MammoviewError

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, MammoviewError)
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_can_be_pickled(kind: type[MammoviewError], protocol: int) -> None:
    error = kind("met this", expected="that", todo="do so")
    error.add_note("while reading")
    back = pickle.loads(pickle.dumps(error, protocol))
    assert type(back) is kind
    assert (back.met, back.expected, back.todo) == ("met this", "that", "do so")
    assert (str(back), back.args) == (str(error), error.args)
    assert back.__notes__ == ["while reading"]


def test_an_error_can_be_copied() -> None:
    back = copy.copy(DataError("met this", expected="that", todo="do so"))
    assert (type(back), back.met, back.todo) == (DataError, "met this", "do so")


def _refuse(name: str) -> None:
    raise DataError(f"{name} is empty", expected="a picture", todo="delete it")


def test_an_error_of_a_worker_is_raised_here() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        with pytest.raises(DataError, match=r"a\.png is empty; expected a picture; delete it"):
            pool.submit(_refuse, "a.png").result()
        pool.submit(len, "the pool lives").result()
