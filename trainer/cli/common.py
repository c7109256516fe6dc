"""Arguments that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mammoview.errors import SettingsError, UsageError
from mammoview.modelkit.shipped import shipped_root

if TYPE_CHECKING:
    from trainer.labelled import LabelledImage
    from trainer.recipe import Recipe


# NumPy takes any seed from 0 on, scikit-learn 32 bits alone.
_SEEDS = 2**32


def whole_number(least: int, below: int | None = None) -> Callable[[str], int]:
    """Return what reads a whole number from ``least`` on (and below ``below``) for argparse.

    Another text is a wrong usage: ``type=int`` would let -1 through to where it means nothing, or
    something else.
    """

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least or (below is not None and value >= below):
            upto = "on" if below is None else f"to {below - 1}"
            raise argparse.ArgumentTypeError(
                f"{text!r}; expected a whole number from {least} {upto}"
            )
        return value

    return read


def add_bundle(parser: argparse.ArgumentParser) -> None:
    """Declare ``BUNDLE``."""
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="folder of the model")


def add_seed(parser: argparse.ArgumentParser, of: str) -> None:
    """Declare ``--seed``; ``of`` says what another seed changes."""
    parser.add_argument(
        "--seed",
        type=whole_number(0, _SEEDS),
        metavar="N",
        default=1,
        help=f"another whole number: {of} (default: %(default)s)",
    )


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Declare ``--workers`` of a command whose result they do not change."""
    parser.add_argument(
        "--workers",
        type=whole_number(1),
        metavar="N",
        help="processes; as many as cores if left out. The result is the same with any number",
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    """Declare ``--device``."""
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "gpu"),
        default="auto",
        help="auto: a GPU where there is one (default: %(default)s)",
    )


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """Declare ``--recipe``."""
    parser.add_argument(
        "--recipe",
        help="TOML file, or the name of a shipped recipe (review if left out)",
        default="review",
    )


def add_part(parser: argparse.ArgumentParser) -> None:
    """Declare that one part of a split alone is read."""
    parser.add_argument("--split", type=Path, help="split file: with --part, that part alone")
    parser.add_argument("--part", help="part of the split to read (train, test, fold-1, ...)")


def add_way(parser: argparse.ArgumentParser) -> None:
    """Declare ``--passes``."""
    parser.add_argument(
        "--passes",
        choices=("one", "flips", "scales", "all"),
        default="one",
        help="how often a picture goes through the network (default: %(default)s)",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Declare ``--json``."""
    parser.add_argument("--json", action="store_true", help="print the document")


def check_folder(out: Path | None) -> None:
    """Refuse, before minutes of work, a file where the folder of ``--out`` would stand.

    Raises
    ------
    UsageError
        If a file stands there.
    """
    if out is not None and out.is_file():
        raise UsageError(f"--out {out} is a file", expected="a folder", todo="choose another")


def read_data(source: Path, split: Path | None, part: str | None) -> tuple[LabelledImage, ...]:
    """Return labelled mammograms, all or those of one part of a split.

    Raises
    ------
    UsageError
        If a split is named without its part, or a part without its split.
    """
    from trainer.sources import read_labelled, read_part

    if split is None and part is None:
        return read_labelled(source)
    if split is None or part is None:
        raise UsageError(
            f"--{'part' if split is None else 'split'} alone",
            expected="--split FILE --part NAME, or neither",
            todo="give both",
        )
    return read_part(source, split, part)


def add_training(parser: argparse.ArgumentParser) -> None:
    """Declare where and how a network is trained."""
    add_device(parser)
    parser.add_argument(
        "--precision",
        choices=("auto", "bf16-mixed", "16-mixed", "32-true"),
        default="auto",
        help="of the arithmetic; auto: bfloat16 where the device is faster with it, else float32 "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--workers",
        type=whole_number(0),
        metavar="N",
        default=0,
        help="loader processes; 0: none beside the training (default: %(default)s)",
    )


def read_named_recipe(named: str) -> Recipe:
    """Return the recipe of a file, or the shipped one of that name.

    Raises
    ------
    SettingsError
        If there is no such file and no such name, or it cannot be understood.
    """
    from trainer.recipe import read_recipe

    shipped = shipped_root() / "recipes"
    for file in (Path(named), shipped / f"{named}.toml"):
        if file.is_file():
            return read_recipe(file)
    names = ", ".join(sorted(path.stem for path in shipped.glob("*.toml")))
    raise SettingsError(
        f"no recipe {named!r}", expected=f"a TOML file, or one of {names}", todo="name another"
    )
