"""Find hard negatives: marks of a trained network on its training pictures that hit no lesion."""

from __future__ import annotations

import argparse
from pathlib import Path

from mammoview.errors import ExitCode, UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("run_folder", metavar="RUN", type=Path, help="folder of a trained network")
    parser.add_argument(
        "--cache", type=Path, required=True, help="cache of whole grids that the run trained from"
    )
    parser.add_argument("--out", type=Path, required=True, help="file for fit --hard-negatives")
    parser.add_argument("--pictures", type=int, help="look through so many pictures alone")
    parser.add_argument("--most", type=int, default=2000, help="keep so many places (2000)")


def run(arguments: argparse.Namespace) -> int:
    """Mine and write the file."""
    from trainer.cache import GridCache
    from trainer.hard_negatives import write_hard_negatives
    from trainer.mining import MiningOptions, mine

    for name in ("pictures", "most"):
        value = getattr(arguments, name)
        if value is not None and value < 1:
            raise UsageError(f"--{name} {value}", expected="1 or more", todo="correct it")
    options = MiningOptions(pictures=arguments.pictures, most=arguments.most)
    found = mine(arguments.run_folder, GridCache(arguments.cache), options)
    write_hard_negatives(found, arguments.out)
    best = f", scores {found.places[0].score:.3f} to {found.places[-1].score:.3f}"
    print(
        f"{len(found.places)} places on {found.pictures} pictures"
        f"{best if found.places else ''}: {arguments.out}"
    )
    return ExitCode.DONE
