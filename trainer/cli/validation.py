"""Whose pictures an evaluation reads: those of people whom the model was never trained on."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mammoview.errors import DataError, UsageError
from trainer.cli.common import read_named_recipe

if TYPE_CHECKING:
    from trainer.labelled import LabelledImage

_REAL = "$MAMMOVIEW_DATA/cbis-ddsm/mass-800/train"


def add_validation(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """Declare ``--data``, and ``--run`` or ``--held-out`` with ``--calcification-csv``."""
    parser.add_argument(
        "--data",
        metavar="LABELLED",
        type=Path,
        nargs="+",
        required=True,
        help="folders of pictures with COCO boxes, or indexes of CBIS-DDSM",
    )
    whose = parser.add_mutually_exclusive_group(required=required)
    whose.add_argument(
        "--run",
        metavar="RUN",
        dest="run_folder",
        type=Path,
        help="the model's run: the pictures of its validation people alone, never trained on",
    )
    whose.add_argument(
        "--held-out",
        metavar="RECIPE",
        help="where the run is gone: the pictures of the people whom the seed and "
        "validation_share of its recipe hold out (a file, or the name of a shipped recipe)",
    )
    parser.add_argument(
        "--calcification-csv",
        metavar="FOLDER",
        type=Path,
        help="with --held-out: the official tables; pictures of theirs without a box of one are "
        "left out, as prepare leaves them out",
    )


def read_validation(sources: Sequence[Path], run_folder: Path) -> tuple[LabelledImage, ...]:
    """Return the pictures of a run's validation people, whom it never trained on.

    Raises
    ------
    DataError
        If the folder holds no run, or pictures of its validation part are missing.
    """
    from trainer.export import read_run, validation_images
    from trainer.sources import read_all

    return validation_images(read_run(run_folder), read_all(sources))


def chosen_images(arguments: argparse.Namespace) -> tuple[LabelledImage, ...]:
    """Return the pictures that the arguments of :func:`add_validation` stand for.

    Raises
    ------
    DataError
        If a run's pictures are missing, or a recipe holds out nobody in the data.
    UsageError
        If the tables of calcifications are given without ``--held-out``.
    """
    if arguments.calcification_csv is not None and arguments.held_out is None:
        raise UsageError(
            "--calcification-csv without --held-out",
            expected="both; a run knows its own pictures",
            todo="add --held-out RECIPE, or leave the tables away",
        )
    if arguments.run_folder is not None:
        return read_validation(arguments.data, arguments.run_folder)
    from trainer.sources import read_all

    images = read_all(arguments.data)
    return images if arguments.held_out is None else _held_out(images, arguments)


def is_validation(arguments: argparse.Namespace) -> bool:
    """Tell whether the pictures are of people whom the model was never trained on."""
    return arguments.run_folder is not None or arguments.held_out is not None


def again(arguments: argparse.Namespace, images: Sequence[LabelledImage]) -> str:
    """Return the options that choose the same pictures, data by their place below $MAMMOVIEW_DATA.

    What ``mammoview-train simulate`` wrote is named SIMULATED.
    """
    simulated = any(x.simulated is not None for image in images for x in image.lesions)
    words = [f"--data {'SIMULATED ' * simulated}{_REAL}"]
    if arguments.run_folder is not None:
        words.append("--run RUN")
    if arguments.held_out is not None:
        words.append(f"--held-out {Path(arguments.held_out).stem}")
    if arguments.calcification_csv is not None:
        words.append("--calcification-csv $MAMMOVIEW_DATA/cbis-ddsm/csv")
    return " ".join(words)


def _held_out(
    images: Sequence[LabelledImage], arguments: argparse.Namespace
) -> tuple[LabelledImage, ...]:
    from trainer.simulated.exclusions import known_calcifications
    from trainer.sources import without_unmarked
    from trainer.splits import validation_people

    if arguments.calcification_csv is not None:
        images = without_unmarked(images, known_calcifications(arguments.calcification_csv))
    recipe = read_named_recipe(arguments.held_out)
    people = validation_people(
        (image.person for image in images),
        share=recipe.data.validation_share,
        seed=recipe.seed,
    )
    kept = tuple(image for image in images if image.person in people)
    if not kept:
        raise DataError(
            f"recipe {recipe.name} holds out none of the people in these pictures",
            expected="the data that the model was trained on, its validation people among them",
            todo="name the recipe of the model, and the data that it was trained on",
        )
    return kept
