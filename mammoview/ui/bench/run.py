"""The door of the benches that need a window: starts Qt where nobody has yet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QApplication

from mammoview.app.analysis import Analyst
from mammoview.dicom.encoded_bench import EncodedViews
from mammoview.ui import theme
from mammoview.ui.bench.exams import ExamsBench, bench_exams
from mammoview.ui.bench.painted import PaintedBench, bench_painted
from mammoview.ui.bench.window import WindowBench, bench_window


def run() -> WindowBench:
    """Measure the window beside a plain one (see `window`)."""
    application = QApplication.instance() or QApplication(["mammoview"])
    result = bench_window()
    application.processEvents()
    return result


def run_painted(encodings: Sequence[EncodedViews]) -> tuple[PaintedBench, ...]:
    """Measure opening until the paint (see `painted`)."""
    application = theme.application()
    result = bench_painted(encodings)
    application.processEvents()
    return result


def run_exams(folder: Path, *, exams: int, analyse: bool) -> ExamsBench:
    """Measure walking through examinations (see `exams`)."""
    application = theme.application()
    result = bench_exams(folder, exams=exams, analyst=Analyst() if analyse else None)
    application.processEvents()
    return result
