"""Write the bundle of a run, calibrated on its validation pictures."""

from __future__ import annotations

import argparse
from pathlib import Path

from mammoview.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("run_folder", metavar="RUN", type=Path, help="folder of a trained network")
    parser.add_argument(
        "--data",
        type=Path,
        nargs="+",
        required=True,
        help="the indexes or folders that the cache was made from",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the bundle")
    parser.add_argument("--name", help="name of the model; the recipe's if left out")
    parser.add_argument("--version", default="0.1.0", help="version of the model")
    parser.add_argument("--licence", help="terms of the model, with those of its data")
    parser.add_argument("--overwrite", action="store_true", help="replace the bundle in --out")


def run(arguments: argparse.Namespace) -> int:
    """Export; nothing is written unless ONNX Runtime gives what torch gives."""
    from trainer.export import LICENCE, ExportOptions, export, read_run
    from trainer.sources import read_all

    described = read_run(arguments.run_folder)
    bundle = export(
        arguments.run_folder,
        read_all(arguments.data),
        ExportOptions(
            out=arguments.out,
            name=arguments.name or str(described["recipe"]["name"]),
            version=arguments.version,
            overwrite=arguments.overwrite,
            licence=arguments.licence or LICENCE,
        ),
    )
    print(f"bundle {bundle.identity.name} {bundle.identity.version}: {bundle.folder}")
    return ExitCode.DONE
