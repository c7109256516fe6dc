"""One function over many pictures in several processes, with progress and errors in words."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from tqdm import tqdm

from mammoview.errors import DataError
from trainer.labelled import LabelledImage

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refused:
    """A worker's error: exceptions with keyword arguments do not travel between processes."""

    met: str
    expected: str
    todo: str


def over_pictures(
    function: Callable[[LabelledImage], Made],
    images: Sequence[LabelledImage],
    *,
    said: str,
    workers: int | None,
) -> Iterator[Made]:
    """Yield the function's result of each picture, in their order.

    Raises
    ------
    DataError
        The first one that the function raised, or that a process was killed.
    """
    with ProcessPoolExecutor(workers or os.cpu_count()) as pool:
        results = pool.map(partial(_guarded, function), images, chunksize=4)
        try:
            for result in tqdm(results, said, total=len(images)):
                if isinstance(result, _Refused):
                    pool.shutdown(wait=True, cancel_futures=True)
                    raise DataError(result.met, expected=result.expected, todo=result.todo)
                yield result
        except BrokenProcessPool as error:
            raise DataError(
                "a process was killed, mostly for want of memory",
                expected="enough memory for all processes",
                todo="start again with fewer --workers",
            ) from error


def _guarded(function: Callable[[LabelledImage], Made], image: LabelledImage) -> Made | _Refused:
    try:
        return function(image)
    except DataError as error:
        return _Refused(met=error.met, expected=error.expected, todo=error.todo)
