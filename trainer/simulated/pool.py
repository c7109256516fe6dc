"""One function over many pictures in several processes, with progress and errors in words."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from tqdm import tqdm

from mammoview.errors import DataError
from trainer.labelled import LabelledImage

Made = TypeVar("Made")


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
        try:
            yield from tqdm(pool.map(function, images, chunksize=4), said, total=len(images))
        except BrokenProcessPool as error:
            raise DataError(
                "a process was killed, mostly for want of memory",
                expected="enough memory for all processes",
                todo="start again with fewer --workers",
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)
