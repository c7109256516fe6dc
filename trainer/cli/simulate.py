"""``mammoview-train simulate``: the pictures with masses, each with a simulated cluster."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mammoview.errors import ExitCode, UsageError
from trainer.cli.common import (
    add_recipe,
    add_seed,
    add_workers,
    check_folder,
    read_named_recipe,
    whole_number,
)

if TYPE_CHECKING:
    from trainer.labelled import LabelledImage
    from trainer.simulated.exclusions import Sifted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument(
        "data", metavar="DATA", type=Path, nargs="+", help="folders with pictures and mass boxes"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the new set")
    exclusions = parser.add_mutually_exclusive_group()
    exclusions.add_argument(
        "--calcification-csv",
        "--exclude-cbis-calcifications",
        dest="tables",
        metavar="FOLDER",
        type=Path,
        help="the official tables: pictures with real calcifications are left out",
    )
    exclusions.add_argument(
        "--no-exclusions",
        metavar="REASON",
        help="leave nothing out, and say why (it is written into the set)",
    )
    add_seed(parser, "other clusters at other places")
    add_workers(parser)
    parser.add_argument(
        "--limit", metavar="N", type=whole_number(2), help="the first N people alone, at least 2"
    )
    add_recipe(parser)


def run(args: argparse.Namespace) -> int:
    """Make the set.  Exit 3 if a picture was refused."""
    from trainer.simulated.pictures import SimulationOptions, simulate
    from trainer.sources import read_labelled

    check_folder(args.out)
    recipe = read_named_recipe(args.recipe)
    images: list[LabelledImage] = []
    left_out = 0
    for folder in args.data:
        sifted = _sifted(read_labelled(folder), args)
        print(
            f"{folder}: {len(sifted.images)} pictures, {sifted.left_out} left out "
            "(they hold real calcifications)",
            file=sys.stderr,
        )
        images.extend(sifted.images)
        left_out += sifted.left_out
    options = SimulationOptions(
        out=args.out, seed=args.seed, workers=args.workers, remark=_remark(args, left_out)
    )
    made = simulate(_first_people(images, args.limit), data=recipe.data, options=options)
    for refusal in made.refused:
        print(f"mammoview-train: refused: {refusal.reason}", file=sys.stderr)
    if made.without_room:
        print(f"no room for a cluster in {len(made.without_room)} pictures", file=sys.stderr)
    print(
        f"{made.pictures} pictures with simulated calcifications in {args.out}; {left_out} left out"
    )
    return ExitCode.REFUSED if made.refused else ExitCode.DONE


def _sifted(images: Sequence[LabelledImage], args: argparse.Namespace) -> Sifted:
    from trainer.simulated.exclusions import Sifted, known_calcifications, sift

    if args.tables is not None:
        return sift(images, known_calcifications(args.tables))
    if args.no_exclusions and args.no_exclusions.strip():
        return Sifted(images=tuple(images), left_out=0)
    raise UsageError(
        "nothing tells which pictures hold real calcifications",
        expected="--calcification-csv FOLDER with the official tables",
        todo="give it, or say with --no-exclusions REASON why none is needed",
    )


def _remark(args: argparse.Namespace, left_out: int) -> str:
    if args.tables is None:
        return f"nothing left out: {args.no_exclusions.strip()}"
    return f"{left_out} pictures left out that stand in the official calcification tables"


def _first_people(images: Sequence[LabelledImage], limit: int | None) -> list[LabelledImage]:
    if limit is None:
        return list(images)
    people = set(sorted({image.person for image in images})[:limit])
    return [image for image in images if image.person in people]
