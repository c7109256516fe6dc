"""Turn an index or a folder of pictures with boxes into a patch cache."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from mammoview.errors import ExitCode
from trainer.cli.common import add_part, add_recipe, add_workers, read_data, read_named_recipe

_PEOPLE = 40


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "data", type=Path, nargs="*", default=[], help="indexes, or folders with COCO boxes"
    )
    what.add_argument(
        "--synthetic",
        action="store_true",
        help="made pictures of discs and specks, for the recipe smoke",
    )
    add_part(parser)
    parser.add_argument(
        "--calcification-csv",
        metavar="FOLDER",
        type=Path,
        help="the official tables: pictures of theirs without a box of one are left out",
    )
    add_recipe(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder of the cache")
    add_workers(parser)
    parser.add_argument("--source", help="what the pictures are, for the model card")


def run(arguments: argparse.Namespace) -> int:
    """Prepare; a killed run goes on where it was.  Exit 3 if a picture was refused."""
    if not arguments.synthetic:
        return _prepare(arguments.data, arguments)
    from trainer.synthetic import build_pictures

    with TemporaryDirectory() as place:
        made = build_pictures(Path(place), people=_PEOPLE, with_calcifications=True)
        return _prepare([made], arguments)


def _prepare(data: Sequence[Path], arguments: argparse.Namespace) -> int:
    from trainer.prepare import prepare
    from trainer.sources import source_words, without_unmarked

    images = [
        image for source in data for image in read_data(source, arguments.split, arguments.part)
    ]
    if arguments.calcification_csv:
        from trainer.simulated.exclusions import known_calcifications

        found = len(images)
        images = [*without_unmarked(images, known_calcifications(arguments.calcification_csv))]
        print(f"{found - len(images)} pictures left out: real calcifications", file=sys.stderr)
    report = prepare(
        images,
        recipe=read_named_recipe(arguments.recipe),
        out=arguments.out,
        source=arguments.source or "; ".join(map(source_words, data)),
        workers=arguments.workers,
    )
    for _, reason in report.refused:
        print(f"refused: {reason}", file=sys.stderr)
    print(f"{report.records} records prepared in {arguments.out}", file=sys.stderr)
    return ExitCode.REFUSED if report.refused else ExitCode.DONE
