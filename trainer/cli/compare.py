"""Networks x folds: Table II of the paper, with intervals; run it again to go on.

Each recipe is cross-validated in its own folder of --out. Stopped early, or with --from, the
tables hold the parts that are finished.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mammoview.errors import UsageError
from trainer.cli.common import add_training, read_named_recipe

if TYPE_CHECKING:
    from trainer.compare import Entry
    from trainer.crossval import CrossvalOptions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("cache", type=Path, nargs="?", help="patch cache of the recipes")
    parser.add_argument("--split", type=Path, help="file of mammoview-train splits")
    parser.add_argument(
        "--recipe", action="append", default=[], help="recipe to compare; give it once for each"
    )
    parser.add_argument(
        "--weights",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="weights of the recipe of that name: a file, or imagenet (torchvision's own)",
    )
    parser.add_argument(
        "--cache",
        dest="caches",
        action="append",
        default=[],
        metavar="NAME=FOLDER",
        help="patch cache of the recipe of that name, where its patches have another size",
    )
    parser.add_argument("--out", type=Path, help="folder of the comparison")
    parser.add_argument(
        "--from",
        dest="redrawn",
        type=Path,
        metavar="DIR",
        help="write the tables of a comparison's folder anew from what is finished, no training",
    )
    parser.add_argument(
        "--caption", help="what the patches are, for every file; as prepared if left out"
    )
    add_training(parser)
    parser.add_argument("--json", action="store_true", help="print the results as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Train what is not finished, and write the tables."""
    from trainer.compare import compare, redraw
    from trainer.comparison import NAME
    from trainer.crossval import is_first_process

    if arguments.redrawn is not None:
        folder = arguments.redrawn
        redraw(folder, caption=arguments.caption)
    else:
        _check(arguments)
        folder = arguments.out
        compare(_entries(arguments), arguments.split, _options(arguments))
    if is_first_process():
        name = f"{NAME}.json" if arguments.json else f"{NAME}.md"
        print((folder / name).read_text(encoding="utf-8"), end="")
    return 0


def _check(arguments: argparse.Namespace) -> None:
    given = {
        "CACHE": arguments.cache,
        "--split": arguments.split,
        "--recipe": arguments.recipe,
        "--out": arguments.out,
    }
    missing = [name for name, value in given.items() if not value]
    if missing:
        raise UsageError(
            f"no {' and no '.join(missing)}",
            expected="CACHE --split FILE --recipe FILE --out FOLDER, or --from FOLDER",
            todo="give what is missing",
        )


def _options(arguments: argparse.Namespace) -> CrossvalOptions:
    from trainer.cache import GridCache
    from trainer.crossval import CrossvalOptions

    return CrossvalOptions(
        out=arguments.out,
        weights=None,
        accelerator=arguments.device,
        precision=arguments.precision,
        workers=arguments.workers,
        caption=arguments.caption or GridCache(arguments.cache).source,
    )


def _entries(arguments: argparse.Namespace) -> list[Entry]:
    from trainer.compare import Entry

    recipes = [read_named_recipe(name) for name in arguments.recipe]
    names = {recipe.name for recipe in recipes}
    weights = _by_name(arguments.weights, names, "--weights")
    caches = _by_name(arguments.caches, names, "--cache")
    return [
        Entry(
            recipe=recipe,
            weights=weights.get(recipe.name),
            cache=Path(caches.get(recipe.name, arguments.cache)),
        )
        for recipe in recipes
    ]


def _by_name(pairs: list[str], names: set[str], option: str) -> dict[str, str]:
    """Return what was given for each recipe name."""
    found = dict(pair.partition("=")[::2] for pair in pairs)
    for name, value in found.items():
        if name not in names or not value:
            raise UsageError(
                f"{option} {name}={value}",
                expected=f"NAME=..., with NAME one of {', '.join(sorted(names))}",
                todo="use the [name] in the recipe",
            )
    return found
