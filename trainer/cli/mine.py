"""Find hard negatives: marks of a trained network on its training pictures that hit no lesion."""

from __future__ import annotations

import argparse
from pathlib import Path

from mammoview.errors import ExitCode
from trainer.cli.common import whole_number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("run_folder", metavar="RUN", type=Path, help="folder of a trained network")
    parser.add_argument(
        "--cache", type=Path, required=True, help="cache of whole grids that the run trained from"
    )
    parser.add_argument("--out", type=Path, required=True, help="file for fit --hard-negatives")
    parser.add_argument(
        "--pictures",
        metavar="N",
        type=whole_number(1),
        help="look through so many pictures alone, the same ones each time",
    )
    parser.add_argument(
        "--most",
        metavar="N",
        type=whole_number(1),
        default=2000,
        help="keep so many places, the highest scores (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Mine and write the file."""
    from trainer.cache import GridCache
    from trainer.hard_negatives import write_hard_negatives
    from trainer.mining import MiningOptions, mine

    options = MiningOptions(pictures=arguments.pictures, most=arguments.most)
    found = mine(arguments.run_folder, GridCache(arguments.cache), options)
    write_hard_negatives(found, arguments.out)
    best = f", scores {found.places[0].score:.3f} to {found.places[-1].score:.3f}"
    print(
        f"{len(found.places)} places on {found.pictures} pictures"
        f"{best if found.places else ''}: {arguments.out}"
    )
    return ExitCode.DONE
