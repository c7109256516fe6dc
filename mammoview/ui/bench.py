"""The door of ``mammoview bench window``: starts Qt where nobody has yet."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from mammoview.ui.bench_window import WindowBench, bench_window


def run() -> WindowBench:
    """Measure the window beside a plain one (see ``bench_window``)."""
    application = QApplication.instance() or QApplication(["mammoview"])
    result = bench_window()
    application.processEvents()
    return result
