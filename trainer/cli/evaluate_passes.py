"""``mammoview-train evaluate passes``: flips and a second scale, beside one pass an image."""

from __future__ import annotations

import argparse
from pathlib import Path

from trainer.cli.common import add_bundle, add_json, add_recipe, check_folder, read_named_recipe
from trainer.cli.validation import add_validation, again, chosen_images, is_validation

DOCUMENT = "passes.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_bundle(parser)
    add_validation(parser)
    add_recipe(parser)
    parser.add_argument("--out", metavar="FOLDER", type=Path, help=f"for {DOCUMENT}, section.md")
    add_json(parser)
    parser.set_defaults(evaluate=run)


def run(arguments: argparse.Namespace) -> int:
    """Evaluate and write."""
    from mammoview.inference.session import Session
    from mammoview.modelkit.bundle import open_bundle
    from trainer.card.sections import SectionName, section_of, write_section
    from trainer.documents import json_text, write_json
    from trainer.passes import evaluate_passes, passes_text

    check_folder(arguments.out)
    session = Session.open(open_bundle(arguments.bundle))
    images = chosen_images(arguments)
    part = "validation pictures" if is_validation(arguments) else "pictures"
    document = evaluate_passes(session, images, read_named_recipe(arguments.recipe).data)
    text = passes_text(document, part)
    if arguments.out is not None:
        write_json(document, arguments.out / DOCUMENT)
        same = again(arguments, images)
        command = f"mammoview-train evaluate passes BUNDLE {same} --out FOLDER"
        section = section_of(SectionName.PASSES, session.manifest, text=text, commands=[command])
        write_section(section, arguments.out)
    print(json_text(document) if arguments.json else text, end="\n" * (not arguments.json))
    return 0
