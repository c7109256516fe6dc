"""Turn an index or a folder of pictures with boxes into a patch cache."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mammoview.errors import ExitCode
from trainer.cli.common import add_recipe, read_named_recipe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("data", type=Path, help="index, or folder with COCO boxes")
    add_recipe(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder of the cache")
    parser.add_argument("--workers", type=int, help="processes; as many as cores if left out")
    parser.add_argument("--source", help="what the pictures are, for the model card")


def run(arguments: argparse.Namespace) -> int:
    """Prepare; a killed run goes on where it was.  Exit 3 if a picture was refused."""
    from trainer.labelled import read_labelled, source_words
    from trainer.prepare import prepare

    report = prepare(
        read_labelled(arguments.data),
        recipe=read_named_recipe(arguments.recipe),
        out=arguments.out,
        source=arguments.source or source_words(arguments.data),
        workers=arguments.workers,
    )
    for _, reason in report.refused:
        print(f"refused: {reason}", file=sys.stderr)
    print(f"{report.records} records prepared in {arguments.out}", file=sys.stderr)
    return ExitCode.REFUSED if report.refused else ExitCode.DONE
