"""Train and judge a recipe on every held-out part of a split; run it again to go on."""

from __future__ import annotations

import argparse
from pathlib import Path

from trainer.cli.common import add_recipe, add_training, read_named_recipe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("cache", type=Path, help="patch cache, prepared with this recipe")
    add_recipe(parser)
    parser.add_argument("--split", type=Path, required=True, help="file of mammoview-train splits")
    parser.add_argument(
        "--weights", help="weights to start from: a file, or imagenet (torchvision's own)"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    add_training(parser)
    parser.add_argument(
        "--caption", help="what the patches are, for every file; as prepared if left out"
    )
    parser.add_argument("--json", action="store_true", help="print the results as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Run the parts that are not finished and write the results of all."""
    from trainer.cache import GridCache
    from trainer.crossval import CrossvalOptions, crossval, is_first_process

    folder = crossval(
        arguments.cache,
        read_named_recipe(arguments.recipe),
        CrossvalOptions(
            out=arguments.out,
            weights=arguments.weights,
            accelerator=arguments.device,
            precision=arguments.precision,
            workers=arguments.workers,
            caption=arguments.caption or GridCache(arguments.cache).source,
        ),
        arguments.split,
    )
    if is_first_process():
        name = "metrics.json" if arguments.json else "metrics.md"
        print((folder / name).read_text(encoding="utf-8"), end="")
    return 0
