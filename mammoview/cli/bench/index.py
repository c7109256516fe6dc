"""``mammoview bench index``."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from mammoview.cli.arguments import add_paths
from mammoview.cli.output import note

SUMMARY = "headers of a folder of 500 files, beside reading the files whole"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the files that are measured."""
    add_paths(parser, needed=False)


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Measure and return what is told."""
    from mammoview.dicom.index_bench import bench_index, write_folder

    with tempfile.TemporaryDirectory(prefix="mammoview-") as folder:
        paths = args.paths
        if not paths:
            note("500 synthetic mammograms of 17 MB")
            write_folder(Path(folder))
            paths = [Path(folder)]
        result = bench_index(paths)
    return {
        "files": result.files,
        "files_per_second": result.per_second,
        "baseline": "pydicom.dcmread of whole files, one after another",
        "baseline_files_per_second": result.whole_per_second,
        "rate_ratio": result.per_second / result.whole_per_second,
    }
