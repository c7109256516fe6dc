"""Arguments that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_paths(parser: argparse.ArgumentParser, *, needed: bool = True) -> None:
    """Add ``PATH…``: files, folders, DICOMDIR and zip archives."""
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="+" if needed else "*",
        type=Path,
        help="DICOM files, folders, a DICOMDIR or zip archives; files are known by content",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add ``--json``: one document on standard output and nothing else."""
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add ``--model``, ``--device`` and ``--operating-point``."""
    parser.add_argument(
        "--model", metavar="BUNDLE", type=Path, help="folder of a model bundle (default: active)"
    )
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="what the network runs on (default: %(default)s)",
    )
    parser.add_argument(
        "--operating-point", metavar="NAME", default="", help="threshold (default: the model's)"
    )
