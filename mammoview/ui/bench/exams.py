"""How long it takes from a key to the next examination and to the computer's result of it.

From the press of PgDown to the end of the paint that shows all four views at 1920x1080: once with
the examination decoded ahead, once with nothing decoded.  The other way, in the same run: pydicom
reads the four files one after another, and four plain ``ImageView`` of pyqtgraph show them.  From
the same press until the computer's result stands: once with the examination read ahead, once with
its reading begun when it opens.  And what memory many examinations take.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget

from mammoview.app.analysis import Analyst
from mammoview.app.reading import ReadingDesk
from mammoview.app.settings import Settings
from mammoview.app.workspace import Workspace
from mammoview.dicom.exams_bench import COLS, ROWS, read_plainly, repeated, write_large_exam
from mammoview.domain.study import ExamIndex
from mammoview.errors import UsageError
from mammoview.ui.bench.window import HEIGHT_PX, WIDTH_PX, Paints, settle
from mammoview.ui.dispatch import GuiDispatcher
from mammoview.ui.main_window import MainWindow

_PATIENCE_S = 120.0
_BEAT_MS = 20  # for what becomes true without an event
_MIB = 1 << 20
_RUNS = 5
_READINGS = 3  # each takes the network many seconds
TOLD = (1, 10, 25, 50)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamsBench:
    """Medians in ms from key to finished paint, and resident memory after so many examinations.

    ``resident_mib`` stands beside the number of examinations opened until then, each with its
    analysis and with the next one decoded and analysed ahead; None where the system does not tell.
    ``result_ahead_ms`` and ``result_ms`` are from key to the computer's result, read ahead and not;
    None where nobody reads.
    """

    platform: str
    rows: int
    cols: int
    prefetched_ms: float
    prefetched_worst_ms: float
    cold_ms: float
    plain_ms: float
    prefetched_ratio: float
    cold_ratio: float
    result_ahead_ms: float | None
    result_ms: float | None
    result_ratio: float | None
    resident_mib: dict[str, float | None]


def bench_exams(folder: Path, *, exams: int = TOLD[-1], analyst: Analyst | None) -> ExamsBench:
    """Measure walking through examinations of real size, made up in a folder.

    Parameters
    ----------
    folder : Path
        Empty folder for the files.
    exams : int
        How many are opened one after another.
    analyst : Analyst or None
        Reads each of them, as in the window; None: nobody does.

    Raises
    ------
    UsageError
        If there is no Qt application, no next examination, or the window does not get done.
    """
    if exams < 2:
        raise UsageError(
            f"{exams} examination(s)", expected="2 or more", todo="choose how many there are"
        )
    if QApplication.instance() is None:
        raise UsageError(
            "no Qt application", expected="a QApplication", todo="start one before the bench"
        )
    paths = write_large_exam(folder)
    resident: dict[str, float | None] = {}
    warm = []
    stage = OwnWindow(analyst, prefetch=True)
    try:
        stage.open(paths, exams)
        for number in range(1, exams + 1):
            stage.rest()
            if number in TOLD or number == exams:
                resident[str(number)] = resident_mib()
            if number < exams:
                warm.append(stage.next_ms())
    finally:
        stage.end()
    cold, plain = _cold_and_plain(paths)
    with_ahead, without = (None, None) if analyst is None else _results(paths, analyst)
    prefetched = statistics.median(warm)
    return ExamsBench(
        platform=QApplication.platformName(),
        rows=ROWS,
        cols=COLS,
        prefetched_ms=prefetched,
        prefetched_worst_ms=max(warm),
        cold_ms=cold,
        plain_ms=plain,
        prefetched_ratio=prefetched / plain,
        cold_ratio=cold / plain,
        result_ahead_ms=with_ahead,
        result_ms=without,
        result_ratio=with_ahead / without if with_ahead and without else None,
        resident_mib=resident,
    )


def _cold_and_plain(paths: Sequence[Path]) -> tuple[float, float]:
    """Alternate both ways, so that a busy machine slows both alike."""
    stage, plain = OwnWindow(None, prefetch=False), PlainViews()
    cold_ms, plain_ms = [], []
    try:
        stage.open(paths, _RUNS + 1)
        for _ in range(_RUNS):
            stage.rest()
            cold_ms.append(stage.next_ms())
            plain_ms.append(plain.open_ms(paths))
    finally:
        stage.end()
        plain.end()
    return statistics.median(cold_ms), statistics.median(plain_ms)


def _results(paths: Sequence[Path], analyst: Analyst) -> tuple[float, float]:
    """Alternate reading ahead and not; each waits until the other has nothing left to do."""
    stages = [OwnWindow(analyst, prefetch=True, analyse_ahead=ahead) for ahead in (True, False)]
    took_ms: tuple[list[float], list[float]] = ([], [])
    try:
        for stage in stages:
            stage.open(paths, _READINGS + 1)
            stage.rest()
        for _ in range(_READINGS):
            for stage, ms in zip(stages, took_ms, strict=True):
                ms.append(stage.result_ms())
                stage.rest()
    finally:
        for stage in stages:
            stage.end()
    return statistics.median(took_ms[0]), statistics.median(took_ms[1])


class OwnWindow:
    """The program's own window on a desk, at 1920x1080."""

    def __init__(
        self, analyst: Analyst | None, *, prefetch: bool, analyse_ahead: bool = True
    ) -> None:
        settings = Settings(prefetch_mib=-1 if prefetch else 0, analyse_ahead=analyse_ahead)
        self._dispatcher = GuiDispatcher()
        self._desk = ReadingDesk(deliver=self._dispatcher.post, analyst=analyst, settings=settings)
        self._window = MainWindow(self._desk)
        self._paints = Paints(self._window.four_view.canvas.viewport())
        self._painted_before = self._seen_before = 0
        self._desk.subscribe(self._changed)
        self._window.resize(WIDTH_PX, HEIGHT_PX)
        self._window.show()
        QApplication.processEvents()

    def _changed(self, old: Workspace, new: Workspace) -> None:
        """Note how often the images were painted before the change that makes them complete."""
        if old.panes is not new.panes and complete(new):
            self._painted_before = self._paints.count
        if to_be_seen(new) and not to_be_seen(old):
            self._seen_before = self._paints.count

    def open(self, paths: Sequence[Path], exams: int) -> None:
        """Open as many examinations."""
        self._desk.open_index(repeated(paths, exams=exams))

    def next_ms(self) -> float:
        """Press PgDown and wait for the paint that shows all four views of another examination."""
        return self._next_ms(complete)

    def result_ms(self) -> float:
        """Wait, beyond that, until the computer's result of it stands there too."""
        return self._next_ms(lambda ws: complete(ws) and read_by_computer(ws))

    def _next_ms(self, there: Callable[[Workspace], bool]) -> float:
        old = self._desk.workspace.exam_key
        wait(self._is_active)
        settle()  # the other way may still be painting
        begin = time.perf_counter()
        QTest.keyClick(self._window, Qt.Key.Key_PageDown)
        wait(lambda: self._desk.workspace.exam_key != old and there(self._desk.workspace))
        wait(lambda: self._paints.count > self._painted_before)
        return 1e3 * (time.perf_counter() - begin)

    def _is_active(self) -> bool:
        """Make the window the active one: keys of one that is not are nobody's."""
        self._window.activateWindow()
        return self._window.isActiveWindow()

    def open_ms(self, paths: Sequence[Path]) -> tuple[float, float]:
        """Open four files; return when all were to be seen, coarsely or not, and when in full."""
        old = self._desk.workspace.index
        settle()
        begin = time.perf_counter()
        self._desk.open_paths(paths)
        self._wait_for(to_be_seen, old)
        wait(lambda: self._paints.count > self._seen_before)
        seen = time.perf_counter()
        self._wait_for(complete, old)
        wait(lambda: self._paints.count > self._painted_before)
        return 1e3 * (seen - begin), 1e3 * (time.perf_counter() - begin)

    def _wait_for(self, there: Callable[[Workspace], bool], old: ExamIndex) -> None:
        wait(lambda: self._desk.workspace.index is not old and there(self._desk.workspace))

    def rest(self) -> None:
        """Wait until this examination and the next one are decoded and analysed."""
        wait(lambda: complete(self._desk.workspace) and self._desk.at_rest)

    def end(self) -> None:
        """Close the window, in the program's own order."""
        self._window.close()
        self._desk.shutdown()
        self._dispatcher.close()
        delete(self._dispatcher, self._window)


class PlainViews(QWidget):
    """The other way: four ``ImageView`` of pyqtgraph, filled by pydicom one after another."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("plainViews")
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._views = [pg.ImageView(self) for _ in range(4)]
        for number, view in enumerate(self._views):
            layout.addWidget(view, number // 2, number % 2)
        self._paints = Paints(self._views[-1].ui.graphicsView.viewport())
        self.resize(WIDTH_PX, HEIGHT_PX)
        self.show()
        QApplication.processEvents()

    def open_ms(
        self,
        paths: Sequence[Path],
        read: Callable[[Path], NDArray[np.generic]] = read_plainly,
    ) -> float:
        """Read and show four files, and wait for the paint."""
        settle()
        begin = time.perf_counter()
        for view, path in zip(self._views, paths, strict=True):
            view.setImage(read(path).T)
        before = self._paints.count
        wait(lambda: self._paints.count > before)
        return 1e3 * (time.perf_counter() - begin)

    def end(self) -> None:
        """Close it."""
        for view in self._views:
            view.close()
        self.close()
        delete(self)


def complete(ws: Workspace) -> bool:
    """Tell whether every pane has its image."""
    return bool(ws.panes) and all(pane.image is not None for pane in ws.panes)


def to_be_seen(ws: Workspace) -> bool:
    """Tell whether every pane has its image, or a coarse picture of it."""
    return bool(ws.panes) and all(pane.seen for pane in ws.panes)


def read_by_computer(ws: Workspace) -> bool:
    """Tell whether the computer's whole result is shown."""
    return ws.prediction is not None and not ws.analysis.running


def wait(condition: Callable[[], bool]) -> None:
    """Run the event loop until something is true; as in the program, it sleeps between events."""
    end = time.perf_counter() + _PATIENCE_S
    beat = QTimer()
    beat.start(_BEAT_MS)
    while not condition():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        if time.perf_counter() > end:
            raise UsageError(
                "an examination that was not shown",
                expected=f"it within {_PATIENCE_S:.0f} seconds",
                todo="run the bench on a machine that is less busy",
            )


def delete(*objects: QObject) -> None:
    """Delete objects of Qt now."""
    for each in objects:
        each.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def resident_mib() -> float | None:
    """Return the resident memory of this process, MiB; None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / _MIB
