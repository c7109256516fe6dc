"""``mammoview bench window``."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from typing import Any

SUMMARY = "frames of the window, beside a plain pyqtgraph window"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare nothing: the images are made on the spot."""


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Measure and return what is told."""
    from mammoview.ui.platform_check import platform_name, require_libraries

    if not platform_name():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    require_libraries(platform_name())
    from mammoview.ui.bench import run as run_bench

    return {"baseline": "four plain pyqtgraph ImageItem in one window", **asdict(run_bench())}
