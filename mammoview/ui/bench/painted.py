"""How long four views take from the disk to the screen, beside plain views of pyqtgraph.

From opening the files to the end of the paint that shows all four at 1920x1080, windows already
open: coarsely where the encoding has a coarse picture, which is as fine as the screen there, and in
full.  The other way reads one file after another and shows each in a plain ``ImageView``.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QApplication

from mammoview.dicom.encoded_bench import EncodedViews
from mammoview.errors import UsageError
from mammoview.ui.bench.exams import OwnWindow, PlainViews


@dataclass(frozen=True, slots=True, kw_only=True)
class PaintedBench:
    """Median ms of both ways over the same four files, and who read them the other way.

    ``seen_ms`` is when all four were to be seen, coarsely or in full; ``ms`` when in full.
    """

    name: str
    seen_ms: float
    seen_ratio: float
    ms: float
    plain_ms: float
    ratio: float
    plain_reader: str


def bench_painted(encodings: Sequence[EncodedViews], *, runs: int = 5) -> tuple[PaintedBench, ...]:
    """Measure each encoding.

    Parameters
    ----------
    encodings : sequence of EncodedViews
        Two or more: opened in turn, so that nothing is still decoded from the time before.
    runs : int
        How often; the first, which also fills the file cache, is not counted.

    Raises
    ------
    UsageError
        If there is no Qt application, or the window does not get done.
    """
    if QApplication.instance() is None:
        raise UsageError(
            "no Qt application", expected="a QApplication", todo="start one before the bench"
        )
    ours: dict[str, list[tuple[float, float]]] = {each.name: [] for each in encodings}
    theirs: dict[str, list[float]] = {each.name: [] for each in encodings}
    stage, plain = OwnWindow(None, prefetch=False), PlainViews()
    try:
        for _ in range(runs + 1):
            for each in encodings:  # alternating, so that a busy machine slows both alike
                ours[each.name].append(stage.open_ms(each.paths))
                theirs[each.name].append(plain.open_ms(each.paths, each.read))
    finally:
        stage.end()
        plain.end()
    return tuple(_told(each, ours[each.name][1:], theirs[each.name][1:]) for each in encodings)


def _told(
    each: EncodedViews, ours: Sequence[tuple[float, float]], theirs: Sequence[float]
) -> PaintedBench:
    seen_ms, ms = map(statistics.median, zip(*ours, strict=True))
    plain_ms = statistics.median(theirs)
    return PaintedBench(
        name=each.name,
        seen_ms=seen_ms,
        seen_ratio=seen_ms / plain_ms,
        ms=ms,
        plain_ms=plain_ms,
        ratio=ms / plain_ms,
        plain_reader=each.reader,
    )
