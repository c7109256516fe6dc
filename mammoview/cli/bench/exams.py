"""``mammoview bench exams``."""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mammoview.cli.bench.qt import prepare_qt
from mammoview.cli.output import note

SUMMARY = "from a key to the next examination and its result, and memory over 50 of them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how many are opened."""
    parser.add_argument(
        "--exams", type=int, default=50, metavar="N", help="examinations opened one after another"
    )
    parser.add_argument(
        "--no-analysis", action="store_true", help="measure without the computer reader"
    )


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Measure and return what is told."""
    prepare_qt()
    from mammoview.ui.bench.run import run_exams

    note(f"{args.exams} made-up examinations of four views, 3000 x 4600 pixels, RLE")
    with tempfile.TemporaryDirectory(prefix="mammoview-") as folder:
        result = run_exams(Path(folder), exams=args.exams, analyse=not args.no_analysis)
    return {
        "baseline": "pydicom, one after another, into four pyqtgraph ImageView",
        "analysed": not args.no_analysis,
        **asdict(result),
    }
