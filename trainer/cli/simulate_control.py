"""``mammoview-train simulate-control``: the classes, told without the lesions."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from trainer.cli.common import (
    add_json,
    add_recipe,
    add_seed,
    add_workers,
    check_folder,
    read_named_recipe,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("data", metavar="FOLDER", type=Path, help="a set that 'simulate' made")
    parser.add_argument("--out", type=Path, help="folder for control.json and control.md")
    add_json(parser)
    add_seed(parser, "other folds of the people")
    add_workers(parser)
    add_recipe(parser)


def run(args: argparse.Namespace) -> int:
    """Judge the traces."""
    from trainer.documents import json_text, write_json, write_text
    from trainer.simulated.control import as_document, as_markdown, judge, measure
    from trainer.sources import read_labelled

    check_folder(args.out)
    recipe = read_named_recipe(args.recipe)
    traces = measure(read_labelled(args.data), data=recipe.data, workers=args.workers)
    control = judge(traces, seed=args.seed)
    document = as_document(control, source=args.data.name)
    if args.out is not None:
        write_json(document, args.out / "control.json")
        write_text(as_markdown(control), args.out / "control.md")
        print(f"written: {args.out / 'control.json'}, control.md", file=sys.stderr)
    print(json_text(document) if args.json else as_markdown(control), end="")
    return 0
