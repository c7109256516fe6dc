"""``mammoview bench window``."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from mammoview.cli.bench.qt import prepare_qt

SUMMARY = "frames of the window, beside a plain pyqtgraph window"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare nothing: the images are made on the spot."""


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Measure and return what is told."""
    prepare_qt()
    from mammoview.ui.bench.run import run as run_bench

    return {"baseline": "four plain pyqtgraph ImageItem in one window", **asdict(run_bench())}
