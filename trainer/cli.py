"""``mammoview-train``: the commands; each imports what it needs when it is called."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mammoview.errors import MammoviewError, MissingPartError, UsageError
from mammoview.modelkit.shipped import shipped_root

if TYPE_CHECKING:
    from trainer.recipe import Recipe

_FIRST_STEPS = (
    "prepare DATA --out CACHE, fit CACHE --weights FILE --out RUN, export RUN --cache CACHE "
    "--out BUNDLE, verify BUNDLE --run RUN, evaluate images BUNDLE --data DATA, card BUNDLE"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (see the contract: 0, 1, 2, 3, 4)."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except MissingPartError as error:
        print(f"mammoview-train: {error}", file=sys.stderr)
        return 4
    except UsageError as error:
        print(f"mammoview-train: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        print(
            f"mammoview-train: the package {error.name} is not installed; "
            "install it with: pip install 'mammoview[train]'",
            file=sys.stderr,
        )
        return 4
    except MammoviewError as error:
        print(f"mammoview-train: {error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print("mammoview-train: stopped; a started run goes on with --resume", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mammoview-train",
        description="Make the models that mammoview reads with. Research use only.",
        epilog=f"From data to a bundle: {_FIRST_STEPS}.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_prepare(commands)
    _add_fit(commands)
    # _add_export(commands)
    # _add_verify(commands)
    # _add_evaluate(commands)
    # _add_card(commands)
    return parser


def _add_prepare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("prepare", help="pictures and boxes -> patch cache")
    command.add_argument("data", type=Path, help="folder with pictures and COCO annotations")
    command.add_argument("--recipe", type=Path, help="recipe; the shipped review.toml if left out")
    command.add_argument("--out", type=Path, required=True, help="folder of the new cache")
    command.add_argument("--workers", type=int, help="processes; as many as cores if left out")
    command.set_defaults(run=_prepare)


def _add_fit(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("fit", help="patch cache -> trained network")
    command.add_argument("cache", type=Path)
    command.add_argument("--recipe", type=Path, help="recipe; the shipped review.toml if left out")
    command.add_argument("--weights", type=Path, help="ImageNet weights (safetensors, strict)")
    command.add_argument("--out", type=Path, required=True, help="folder of the run")
    command.add_argument("--resume", action="store_true", help="go on with the run in --out")
    command.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto")
    command.add_argument(
        "--precision", choices=("auto", "bf16-mixed", "16-mixed", "32-true"), default="auto"
    )
    command.add_argument("--workers", type=int, default=0, help="loader processes")
    command.add_argument("--max-steps", type=int, help="stop after so many steps")
    command.set_defaults(run=_fit)


def _prepare(arguments: argparse.Namespace) -> int:
    from trainer.coco import read_coco
    from trainer.prepare import prepare

    count = prepare(
        read_coco(arguments.data),
        recipe=_recipe(arguments.recipe),
        out=arguments.out,
        workers=arguments.workers,
    )
    print(f"{count} pictures prepared in {arguments.out}", file=sys.stderr)
    return 0


def _fit(arguments: argparse.Namespace) -> int:
    from trainer.fit import FitOptions, fit

    last = fit(
        arguments.cache,
        _recipe(arguments.recipe),
        FitOptions(
            out=arguments.out,
            weights=arguments.weights,
            accelerator=arguments.device,
            precision=arguments.precision,
            workers=arguments.workers,
            resume=arguments.resume,
            max_steps=arguments.max_steps,
        ),
    )
    print(f"trained: {last}", file=sys.stderr)
    return 0


def _recipe(file: Path | None) -> Recipe:
    from trainer.recipe import read_recipe

    return read_recipe(file or shipped_root() / "recipes" / "review.toml")
