"""``mammoview bench open``."""

from __future__ import annotations

import argparse
from typing import Any

from mammoview.cli.arguments import add_paths
from mammoview.cli.bench.exam import exam_or_demo

SUMMARY = "four views from disk to pixels, beside pydicom one after another"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the files that are measured."""
    add_paths(parser, needed=False)


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Measure and return what is told."""
    from mammoview.dicom.open_bench import bench_open

    with exam_or_demo(args.paths) as paths:
        result = bench_open(paths)
    return {
        "views": result.views,
        "seconds": result.seconds,
        "baseline": "pydicom, one after another",
        "baseline_seconds": result.pydicom_seconds,
        "ratio": result.seconds / result.pydicom_seconds,
    }
