"""How fast four views come from disk to decoded pixels, beside pydicom one after another."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom

from mammoview.dicom.decode import decode_pixels
from mammoview.dicom.index import index_paths
from mammoview.errors import UsageError

_WORKERS = 2  # as many as the reading desk uses


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBench:
    """Median seconds of both ways over the same files; ``views`` were decoded to equal pixels."""

    views: int
    seconds: float
    pydicom_seconds: float


def bench_open(paths: Sequence[Path], *, runs: int = 3) -> OpenBench:
    """Measure opening: headers, index and pixels here; ``dcmread(...).pixel_array`` there.

    Raises
    ------
    UsageError
        If there is no mammogram, one is inside an archive, or the two ways do not give the same
        pixels.
    """
    views = [m for exam in index_paths(paths).examinations for m in exam.mammograms]
    if not views:
        raise UsageError(
            "no mammogram under these paths", expected="DICOM files", todo="name others"
        )
    if any(view.archive for view in views):
        raise UsageError(
            "images inside a zip archive, which pydicom cannot open",
            expected="DICOM files",
            todo="unpack it and name the folder",
        )
    files = [view.file for view in views]
    for view in views:  # also fills the file cache, so that the first way is not the slow one
        if not np.array_equal(decode_pixels(view), pydicom.dcmread(view.file).pixel_array):
            raise UsageError(
                "pixels that pydicom decodes otherwise",
                expected="images whose stored bits fill the decoded values",
                todo="measure with other files",
            )
    ours, theirs = [], []
    for _ in range(runs):  # alternating, so that a busy machine slows both alike
        ours.append(_seconds(lambda: _open_here(files)))
        theirs.append(_seconds(lambda: _open_with_pydicom(files)))
    return OpenBench(
        views=len(views),
        seconds=statistics.median(ours),
        pydicom_seconds=statistics.median(theirs),
    )


def _open_here(files: Sequence[Path]) -> None:
    views = [m for exam in index_paths(files).examinations for m in exam.mammograms]
    with ThreadPoolExecutor(_WORKERS) as pool:
        list(pool.map(decode_pixels, views))


def _open_with_pydicom(files: Sequence[Path]) -> None:
    pixels = [pydicom.dcmread(file).pixel_array for file in files]
    assert all(image.size for image in pixels)


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
