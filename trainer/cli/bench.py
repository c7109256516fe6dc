"""Images per second of training, beside the same network on random tensors in the same run."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mammoview.errors import ExitCode
from trainer.cli.common import add_recipe, add_training, read_named_recipe, whole_number

if TYPE_CHECKING:
    from trainer.recipe import Recipe
    from trainer.throughput import BenchOptions, Throughput


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "cache", metavar="CACHE", type=Path, nargs="?", help="a cache of noise if left out"
    )
    add_recipe(parser)
    add_training(parser)
    parser.add_argument(
        "--blocks",
        type=whole_number(1),
        metavar="N",
        default=5,
        help="pairs of blocks to measure: one of training, one on random tensors; a first pair "
        "warms up (default: %(default)s)",
    )
    parser.add_argument(
        "--steps",
        type=whole_number(1),
        metavar="N",
        default=10,
        help="steps a block (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    from trainer.throughput import BenchOptions

    recipe = read_named_recipe(arguments.recipe)
    options = BenchOptions(
        accelerator=arguments.device,
        precision=arguments.precision,
        workers=arguments.workers,
        blocks=arguments.blocks,
        steps=arguments.steps,
    )
    found = _measured(arguments.cache, recipe, options)
    document = summary(found, recipe, arguments.cache)
    print(json.dumps(document) if arguments.json else _lines(document))
    return ExitCode.DONE


def summary(found: Throughput, recipe: Recipe, cache: Path | None) -> dict[str, Any]:
    """Return what was measured as a JSON document."""
    from trainer.throughput import ASKED_RATIO, PAPER_PATCHES

    return {
        "recipe": recipe.name,
        "backbone": recipe.network.backbone,
        "device": found.device,
        "precision": found.precision,
        "cache": str(cache) if cache is not None else "noise, made for the bench",
        "cache_on_gpu": found.is_resident,
        "batch_size": found.batch_size,
        "patch_px": recipe.patches.size_px,
        "steps_a_block": found.steps,
        "seconds": {"training": list(found.training), "random_tensors": list(found.random)},
        "images_per_second": {
            "training": found.images_per_second,
            "random_tensors": found.random_images_per_second,
        },
        "ratio": found.ratio,
        "ratio_asked": ASKED_RATIO,
        "ratio_reached": found.ratio >= ASKED_RATIO,
        "seconds_per_step": found.seconds_per_step,
        "estimate": {
            "what": "hours for all epochs without validation, from seconds_per_step; not measured",
            "lesions": PAPER_PATCHES,
            "epochs_at_most": recipe.training.epochs,
            "hours": found.estimated_hours(recipe),
        },
    }


def _measured(cache: Path | None, recipe: Recipe, options: BenchOptions) -> Throughput:
    from trainer.cache import GridCache
    from trainer.throughput import make_cache, measure

    steps = (options.blocks + 1) * options.steps
    print(
        f"{steps} training steps of {recipe.name}, and as many on random tensors", file=sys.stderr
    )
    if cache is not None:
        return measure(GridCache(cache), recipe, options)
    with tempfile.TemporaryDirectory() as place:
        return measure(make_cache(Path(place), recipe), recipe, options)


def _lines(document: dict[str, Any]) -> str:
    speed, estimate = document["images_per_second"], document["estimate"]
    return "\n".join(
        (
            f"{document['recipe']} ({document['backbone']}, batch {document['batch_size']}, "
            f"{document['patch_px']} px) on {document['device']}, {document['precision']}, "
            f"cache {'on the GPU' if document['cache_on_gpu'] else 'memory-mapped'}",
            f"training        {speed['training']:.2f} images per second",
            f"random tensors  {speed['random_tensors']:.2f} images per second",
            f"ratio           {document['ratio']:.3f} (asked: {document['ratio_asked']:g} or more)",
            f"a step takes {document['seconds_per_step']:.3f} s; estimate, not measured: "
            f"{estimate['hours']:.2f} hours for {estimate['epochs_at_most']} epochs of "
            f"{estimate['lesions']} lesions (the paper's set)",
        )
    )
