"""``mammoview-train evaluate rivals``: marks lowered for stronger ones beside them, and why not."""

from __future__ import annotations

import argparse
from pathlib import Path

from trainer.cli.common import add_bundle, add_json, add_recipe, check_folder, read_named_recipe
from trainer.cli.validation import add_validation, again, chosen_images


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_bundle(parser)
    add_validation(parser, required=True)
    parser.add_argument(
        "--digital",
        metavar="CESM",
        type=Path,
        required=True,
        help="CDD-CESM, for its normal pictures: folder with images and annotations.json",
    )
    add_recipe(parser)
    parser.add_argument(
        "--out", metavar="FOLDER", type=Path, help="folder for rivals.json and section.md"
    )
    add_json(parser)
    parser.set_defaults(evaluate=run)


def run(arguments: argparse.Namespace) -> int:
    """Evaluate and write."""
    from mammoview.inference.session import Session
    from mammoview.modelkit.bundle import open_bundle
    from trainer.detect import detect
    from trainer.digital.cesm import read_cesm
    from trainer.documents import json_text
    from trainer.rivals import evaluate_rivals, rivals_document, rivals_text, write_folder

    check_folder(arguments.out)
    images = chosen_images(arguments)
    digital = read_cesm(arguments.digital)
    session = Session.open(open_bundle(arguments.bundle))
    data = read_named_recipe(arguments.recipe).data
    evaluation = evaluate_rivals(
        detect(session, images, data),
        digital,
        detect(session, [item.image for item in digital], data),
        session.manifest,
    )
    if arguments.out is not None:
        command = (
            f"mammoview-train evaluate rivals BUNDLE {again(arguments, images)} "
            "--digital $MAMMOVIEW_DATA/cdd-cesm --out FOLDER"
        )
        write_folder(evaluation, command, arguments.out)
    if arguments.json:
        print(json_text(rivals_document(evaluation)), end="")
    else:
        print(rivals_text(evaluation))
    return 0
