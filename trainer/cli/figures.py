"""Draw mammogram, class activation map and ground truth of a median hit of each class."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mammoview.errors import ExitCode, UsageError
from trainer.cli.common import add_part, add_recipe, read_data, read_named_recipe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="folder of the model")
    parser.add_argument(
        "--data",
        metavar="LABELLED",
        type=Path,
        required=True,
        help="folder of pictures with COCO boxes, or index of CBIS-DDSM",
    )
    add_part(parser)
    add_recipe(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for the figures")


def run(arguments: argparse.Namespace) -> int:
    """Draw the figures; exit 1 where a class hits no lesion."""
    from mammoview.inference.session import Session
    from mammoview.modelkit.bundle import open_bundle
    from trainer.figures import make_figures

    if arguments.out.is_file():
        raise UsageError(
            f"--out {arguments.out} is a file", expected="a folder", todo="choose another"
        )
    session = Session.open(open_bundle(arguments.bundle))
    images = read_data(arguments.data, arguments.split, arguments.part)
    data = read_named_recipe(arguments.recipe).data
    document = make_figures(session, images, data, arguments.out)
    for kind, entry in document["figures"].items():
        if entry["file"] is None:
            print(f"mammoview-train: no figure of {kind}: {entry['reason']}", file=sys.stderr)
        else:
            print(f"{kind}: {arguments.out / entry['file']}")
    drawn = any(entry["file"] for entry in document["figures"].values())
    return ExitCode.DONE if drawn else ExitCode.ANSWER_IS_NO
