"""Draw mammogram, class activation map and ground truth of a median hit of each class."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mammoview.errors import ExitCode, UsageError
from trainer.cli.common import (
    add_bundle,
    add_part,
    add_recipe,
    check_folder,
    read_data,
    read_named_recipe,
)
from trainer.cli.validation import read_validation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_bundle(parser)
    parser.add_argument(
        "--data",
        metavar="LABELLED",
        type=Path,
        required=True,
        help="folder of pictures with COCO boxes, or index of CBIS-DDSM",
    )
    parser.add_argument(
        "--run",
        metavar="RUN",
        dest="run_folder",
        type=Path,
        help="the model's run: pictures of its validation people alone, whom it never trained on",
    )
    add_part(parser)
    add_recipe(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for the figures")


def run(arguments: argparse.Namespace) -> int:
    """Draw the figures; exit 1 where a class hits no lesion."""
    from mammoview.inference.session import Session
    from mammoview.modelkit.bundle import open_bundle
    from trainer.figures import make_figures

    check_folder(arguments.out)
    session = Session.open(open_bundle(arguments.bundle))
    if arguments.run_folder is None:
        images = read_data(arguments.data, arguments.split, arguments.part)
    elif arguments.split or arguments.part:
        raise UsageError(
            "--run with --split or --part", expected="one of them", todo="leave one out"
        )
    else:
        images = read_validation([arguments.data], arguments.run_folder)
    data = read_named_recipe(arguments.recipe).data
    part = "validation people of the run" if arguments.run_folder else "all pictures of the data"
    if arguments.part:
        part = f"part {arguments.part} of a split"
    document = make_figures(session, images, data, arguments.out, part=part)
    for kind, entry in document["figures"].items():
        if entry["file"] is None:
            print(f"mammoview-train: no figure of {kind}: {entry['reason']}", file=sys.stderr)
        else:
            print(f"{kind}: {arguments.out / entry['file']}")
    drawn = any(entry["file"] for entry in document["figures"].values())
    return ExitCode.DONE if drawn else ExitCode.ANSWER_IS_NO
