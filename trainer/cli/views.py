"""Fit how much the views of an examination say of each other's regions, and what it is worth."""

from __future__ import annotations

import argparse
from pathlib import Path

from mammoview.errors import ExitCode
from trainer.cli.common import add_bundle, add_recipe, add_way, check_folder, read_named_recipe
from trainer.cli.validation import add_validation, again, chosen_images

RULES = "views.json"
DOCUMENT = "gain.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_bundle(parser)
    add_validation(parser, required=True)
    add_way(parser)
    add_recipe(parser)
    parser.add_argument(
        "--out",
        metavar="FOLDER",
        type=Path,
        required=True,
        help=f"for {RULES} (what --views takes), {DOCUMENT} and section.md",
    )
    parser.add_argument("--json", action="store_true", help="print the document of the gain")


def run(arguments: argparse.Namespace) -> int:
    """Fit, judge by cross-validation over people, and write."""
    from mammoview.inference.passes import Passes
    from mammoview.inference.session import Session
    from mammoview.modelkit.bundle import open_bundle
    from trainer.card.sections import SectionName, section_of, write_section
    from trainer.detect import detect
    from trainer.documents import json_text, write_json
    from trainer.views import fit_views, views_document, views_file, views_text

    check_folder(arguments.out)
    images = chosen_images(arguments)
    session = Session.open(open_bundle(arguments.bundle))
    manifest, passes = session.manifest, Passes(arguments.passes)
    detected = detect(session, images, read_named_recipe(arguments.recipe).data, passes)
    together = fit_views(detected, manifest, passes)
    write_json(views_file(together), arguments.out / RULES)
    document = views_document(detected, together, manifest)
    write_json(document, arguments.out / DOCUMENT)
    text = views_text(document)
    same = again(arguments, images)
    command = f"mammoview-train views BUNDLE {same} --passes {passes} --out FOLDER"
    section = section_of(SectionName.VIEWS, manifest, text=text, commands=(command,))
    write_section(section, arguments.out)
    print(json_text(document) if arguments.json else text, end="\n" * (not arguments.json))
    return ExitCode.DONE
