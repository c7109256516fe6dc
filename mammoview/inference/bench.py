"""What one pass over a view saves: one window for each cell of the map, the same network."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from mammoview.inference.session import Session

WINDOW_PX = 224
BATCHES = (1, 2, 4, 8, 16)
_REPEATS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsBench:
    """One pass over a view beside a window for each cell of its map.

    Attributes
    ----------
    cells : int
        Cells of the view's map, so many windows.
    view_seconds : float
        One pass over the view, the best of several.
    batch : int
        The fastest of ``BATCHES`` on this machine, of those that the map's cells fill.
    measured_windows : int
        Windows that were timed at that size; the rest is that time scaled by their count.
    windows_seconds : float
        All windows, scaled from the sample.
    """

    cells: int
    view_seconds: float
    batch: int
    measured_windows: int
    windows_seconds: float

    @property
    def ratio(self) -> float:
        """One pass over the view as a share of the windows."""
        return self.view_seconds / self.windows_seconds


def bench_windows(session: Session, image: NDArray[np.float32]) -> WindowsBench:
    """Time one pass over a view (1, 1, h, w) and a sample of windows of it, batch size tuned."""
    cam, _ = session.run(image)
    cells = cam.shape[1] * cam.shape[2]
    a_window = {
        batch: _best_seconds(session, _windows(session, image, batch)) / batch
        for batch in BATCHES
        if batch <= cells
    }
    batch = min(a_window, key=lambda size: a_window[size])
    return WindowsBench(
        cells=cells,
        view_seconds=_best_seconds(session, image),
        batch=batch,
        measured_windows=batch * _REPEATS,
        windows_seconds=a_window[batch] * cells,
    )


def _best_seconds(session: Session, images: NDArray[np.float32]) -> float:
    """Return the seconds of the fastest run, after one to warm up."""
    session.run_batch(images)
    seconds = []
    for _ in range(_REPEATS):
        start = perf_counter()
        session.run_batch(images)
        seconds.append(perf_counter() - start)
    return min(seconds)


def _windows(session: Session, image: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Return windows around the first cells of the view's middle row, black beyond its border."""
    geometry = session.manifest.map_geometry
    half = WINDOW_PX // 2
    padded = np.pad(image[0, 0], WINDOW_PX)
    row = image.shape[2] // 2 + WINDOW_PX
    cols = [
        round(geometry.offset_px + geometry.stride_px * i) % image.shape[3] + WINDOW_PX
        for i in range(count)
    ]
    return np.stack([padded[None, row - half : row + half, c - half : c + half] for c in cols])
