"""``mammoview bench open``."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mammoview.cli.arguments import add_paths
from mammoview.cli.bench.exam import exam_or_demo
from mammoview.cli.bench.qt import prepare_qt
from mammoview.cli.output import note

SUMMARY = "four views from disk to pixels, or painted, beside pydicom one after another"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the files that are measured, and up to where."""
    add_paths(parser, needed=False)
    parser.add_argument(
        "--painted",
        action="store_true",
        help="until they are on the screen, as RLE, JPEG lossless and JPEG 2000, beside plain "
        "pyqtgraph views",
    )


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Measure and return what is told."""
    from mammoview.dicom.open_bench import bench_open

    with exam_or_demo(args.paths) as paths:
        if args.painted:
            return _painted(paths)
        result = bench_open(paths)
    return {
        "views": result.views,
        "seconds": result.seconds,
        "baseline": "pydicom, one after another",
        "baseline_seconds": result.pydicom_seconds,
        "ratio": result.seconds / result.pydicom_seconds,
    }


def _painted(paths: Sequence[Path]) -> dict[str, Any]:
    prepare_qt()
    from mammoview.dicom.encoded_bench import write_encoded
    from mammoview.ui.bench.run import run_painted

    with tempfile.TemporaryDirectory(prefix="mammoview-") as folder:
        note("the four views are encoded three times")
        results = run_painted(write_encoded(paths, Path(folder)))
    told = {result.name: asdict(result) for result in results}
    for result in told.values():
        del result["name"]
    return {"baseline": "one after another into four pyqtgraph ImageView", **told}
