"""Train a network from a patch cache."""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

from trainer.cli.common import add_recipe, add_training, read_named_recipe, whole_number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("cache", type=Path, help="patch cache, prepared with this recipe")
    add_recipe(parser)
    parser.add_argument(
        "--weights", help="weights to start from: a file, or imagenet (torchvision's own)"
    )
    parser.add_argument("--split", type=Path, help="split file; the recipe's share if left out")
    parser.add_argument("--part", help="part of the split that validates (fold-1, validation, ...)")
    parser.add_argument(
        "--hard-negatives", type=Path, metavar="FILE", help="what mammoview-train mine wrote"
    )
    parser.add_argument(
        "--hard-share",
        type=float,
        default=0.5,
        help="share of the background patches that are drawn around hard negatives (0.5)",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    add_training(parser)
    parser.add_argument(
        "--max-steps",
        metavar="N",
        type=whole_number(1),
        help="stop after so many steps, counted from the first of the run; the schedule of the "
        "learning rate ends there too. Left out: all epochs of the recipe",
    )


def run(arguments: argparse.Namespace) -> int:
    """Train, then draw the curves of the run."""
    from lightning.pytorch.utilities import rank_zero_only

    from trainer.fit import FitOptions, fit

    last = fit(
        arguments.cache,
        read_named_recipe(arguments.recipe),
        FitOptions(
            out=arguments.out,
            weights=arguments.weights,
            accelerator=arguments.device,
            precision=arguments.precision,
            workers=arguments.workers,
            resume=arguments.resume,
            max_steps=arguments.max_steps,
            split=arguments.split,
            part=arguments.part,
            hard_negatives=arguments.hard_negatives,
            hard_share=arguments.hard_share,
        ),
    )
    print(f"trained: {last}", file=sys.stderr)
    rank_zero_only(_tell)(arguments.out)
    return 0


def _tell(run: Path) -> None:
    """Write the run's card and curves where matplotlib is installed; training needs none."""
    if find_spec("matplotlib") is None:
        print("matplotlib is not installed: no card and no curves of the run", file=sys.stderr)
        return
    from trainer.card.run_card import write_run_card

    print(f"card: {write_run_card(run)}", file=sys.stderr)
