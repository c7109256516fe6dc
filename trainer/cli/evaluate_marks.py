"""``mammoview-train evaluate marks``: marks on labels and film borders, before and after."""

from __future__ import annotations

import argparse
from pathlib import Path

from trainer.cli.common import (
    add_bundle,
    add_json,
    add_part,
    add_recipe,
    check_folder,
    read_data,
    read_named_recipe,
)


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
    add_part(parser)
    add_recipe(parser)
    parser.add_argument(
        "--out",
        metavar="FOLDER",
        type=Path,
        help="folder for marks.json, section.md and marks.png (marks not on plain breast)",
    )
    add_json(parser)
    parser.set_defaults(evaluate=run)


def run(arguments: argparse.Namespace) -> int:
    """Evaluate and write."""
    from mammoview.inference.session import Session
    from mammoview.modelkit.bundle import open_bundle
    from trainer.documents import json_text
    from trainer.marks.places import figures, place_marks
    from trainer.marks.report import marks_document, summary_lines, write_folder

    check_folder(arguments.out)
    session = Session.open(open_bundle(arguments.bundle))
    images = read_data(arguments.data, arguments.split, arguments.part)
    data = read_named_recipe(arguments.recipe).data
    placed = place_marks(session, images, data)
    counted = figures(placed, session.manifest)
    if arguments.out is not None:
        write_folder(placed, counted, session.manifest, data, arguments.out)
    if arguments.json:
        print(json_text(marks_document(counted, len(images), session.manifest)), end="")
    else:
        print("\n".join(summary_lines(counted, len(images))))
    return 0
