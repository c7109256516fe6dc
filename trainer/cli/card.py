"""Write the card of a bundle anew, or put new figures into the one that it has."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mammoview.errors import UsageError
from trainer.cli.common import add_bundle


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_bundle(parser)
    parser.add_argument(
        "--run",
        dest="run_folder",
        metavar="RUN",
        type=Path,
        help="the model's run: the whole card is written anew. Left out: what --section and "
        "--speed give takes its place in the card as it is",
    )
    parser.add_argument(
        "--test", type=Path, help="document of evaluate images, or the folder it wrote"
    )
    parser.add_argument("--exams", type=Path, help="document of evaluate exams")
    parser.add_argument("--speed", type=Path, help="document of mammoview bench analyze --json")
    parser.add_argument(
        "--section",
        dest="sections",
        metavar="FOLDER",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        help="what other evaluations wrote: their folders, or the section.md in them",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the card into the bundle; nothing else of it changes."""
    from trainer.card.amended import amend_card
    from trainer.card.model_card import Measured, read_document, recipe_of, rewrite_card
    from trainer.card.sections import read_section
    from trainer.export import read_run
    from trainer.held_out import known_to

    if arguments.run_folder is None and (arguments.test or arguments.exams):
        raise UsageError(
            "--test or --exams without --run",
            expected="the run, which says whom the model was trained on",
            todo="add --run RUN",
        )
    measured = Measured(
        test=read_document(arguments.test, of="images") if arguments.test else None,
        exams=read_document(arguments.exams, of="exams") if arguments.exams else None,
        speed=read_document(arguments.speed, of="speed") if arguments.speed else None,
        sections=tuple(read_section(place) for place in arguments.sections),
    )
    if arguments.run_folder is None:
        bundle = amend_card(arguments.bundle, measured)
    else:
        described = read_run(arguments.run_folder)
        bundle = rewrite_card(
            arguments.bundle,
            recipe=recipe_of(arguments.run_folder, described),
            validation=read_document(arguments.run_folder / "validation.json", of="images"),
            measured=measured,
            trained_on=known_to(described),
        )
    print(f"card written: {bundle.folder / 'CARD.md'}", file=sys.stderr)
    return 0
