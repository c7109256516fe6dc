"""``mammoview-train evaluate passes``: flips and a second scale, beside one pass an image."""

from __future__ import annotations

import argparse
from pathlib import Path

from trainer.cli.common import add_json, add_recipe, read_named_recipe, read_validation

DOCUMENT = "passes.json"
COMMANDS = (
    "mammoview-train evaluate passes BUNDLE --run RUN "
    "--data $MAMMOVIEW_DATA/cbis-ddsm/mass-800/train --out FOLDER",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("bundle", metavar="BUNDLE", type=Path)
    parser.add_argument(
        "--data",
        metavar="LABELLED",
        type=Path,
        nargs="+",
        required=True,
        help="folders of pictures with COCO boxes, or indexes of CBIS-DDSM",
    )
    parser.add_argument(
        "--run",
        metavar="RUN",
        dest="run_folder",
        type=Path,
        help="the model's run: its validation people alone (left out: all pictures)",
    )
    add_recipe(parser)
    parser.add_argument("--out", metavar="FOLDER", type=Path, help=f"for {DOCUMENT}, section.md")
    add_json(parser)
    parser.set_defaults(evaluate=run)


def run(arguments: argparse.Namespace) -> int:
    """Evaluate and write."""
    from mammoview.inference.session import Session
    from mammoview.modelkit.bundle import open_bundle
    from trainer.card_sections import SectionName, section_of, write_section
    from trainer.documents import json_text, write_json
    from trainer.passes import evaluate_passes, passes_text
    from trainer.sources import read_all

    session = Session.open(open_bundle(arguments.bundle))
    if arguments.run_folder is not None:
        images, part = read_validation(arguments.data, arguments.run_folder), "validation pictures"
    else:
        images = read_all(arguments.data)
        part = "pictures"
    document = evaluate_passes(session, images, read_named_recipe(arguments.recipe).data)
    text = passes_text(document, part)
    if arguments.out is not None:
        write_json(document, arguments.out / DOCUMENT)
        section = section_of(SectionName.PASSES, session.manifest, text=text, commands=COMMANDS)
        write_section(section, arguments.out)
    print(json_text(document) if arguments.json else text, end="\n" * (not arguments.json))
    return 0
