"""How long it takes from a key to the next examination, and what memory many of them take.

From the press of PgDown to the end of the paint that shows all four views at 1920x1080: once with
the examination decoded ahead, once with nothing decoded.  The other way, in the same run: pydicom
reads the four files one after another, and four plain ``ImageView`` of pyqtgraph show them.
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
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget

from mammoview.app.analysis import Analyst
from mammoview.app.reading import ReadingDesk
from mammoview.app.settings import Settings
from mammoview.app.workspace import Workspace
from mammoview.dicom.exams_bench import COLS, ROWS, read_plainly, repeated, write_large_exam
from mammoview.domain.study import ExamIndex
from mammoview.errors import UsageError
from mammoview.ui.bench_window import HEIGHT_PX, WIDTH_PX, Paints, settle
from mammoview.ui.dispatch import GuiDispatcher
from mammoview.ui.main_window import MainWindow

_PATIENCE_S = 120.0
_PAUSE_S = 0.005
_SHORT_PAUSE_S = 0.001
_MIB = 1 << 20
_RUNS = 5
TOLD = (1, 10, 25, 50)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamsBench:
    """Medians in ms from key to finished paint, and resident memory after so many examinations.

    ``resident_mib`` stands beside the number of examinations opened until then, each with its
    analysis and with the next one decoded ahead; None where the system does not tell.
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
        If there is no Qt application, or the window does not get done.
    """
    if QApplication.instance() is None:
        raise UsageError(
            "no Qt application", expected="a QApplication", todo="start one before the bench"
        )
    paths = write_large_exam(folder)
    resident: dict[str, float | None] = {}
    warm = []
    stage = Stage(analyst, prefetch=True)
    try:
        stage.open(paths, exams)
        for number in range(1, exams + 1):
            stage.rest()
            if number in TOLD:
                resident[str(number)] = resident_mib()
            if number < exams:
                warm.append(stage.next_ms())
    finally:
        stage.end()
    cold, plain = _cold_and_plain(paths)
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
        resident_mib=resident,
    )


def _cold_and_plain(paths: Sequence[Path]) -> tuple[float, float]:
    """Alternate both ways, so that a busy machine slows both alike."""
    stage, plain = Stage(None, prefetch=False), PlainViews()
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


class Stage:
    """The program's own window on a desk, at 1920x1080."""

    def __init__(self, analyst: Analyst | None, *, prefetch: bool) -> None:
        settings = Settings() if prefetch else Settings(prefetch_mib=0)
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
        old = self._desk.workspace.exam_key
        self._window.activateWindow()  # keys of a window that is not active are nobody's
        settle()  # the other way may still be painting
        begin = time.perf_counter()
        QTest.keyClick(self._window, Qt.Key.Key_PageDown)
        wait(lambda: self._desk.workspace.exam_key != old and complete(self._desk.workspace))
        wait(lambda: self._paints.count > self._painted_before)
        return 1e3 * (time.perf_counter() - begin)

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
        wait(
            lambda: self._desk.workspace.index is not old and there(self._desk.workspace),
            pause_s=_SHORT_PAUSE_S,
        )

    def rest(self) -> None:
        """Wait until this examination is decoded and analysed, and the next one is decoded."""
        wait(lambda: complete(self._desk.workspace) and self._desk.at_rest, pause_s=_PAUSE_S)

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
    return bool(ws.panes) and all(pane.image or pane.coarse for pane in ws.panes)


def wait(condition: Callable[[], bool], *, pause_s: float = 0.0) -> None:
    """Run the event loop until something is true; pauses leave the cores to the workers."""
    end = time.perf_counter() + _PATIENCE_S
    while not condition():
        QApplication.processEvents()
        time.sleep(pause_s)
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
