"""What a cross-validation leaves on disk: what it is made of, and its finished parts.

The folder holds ``crossval.json``, and for each held-out part a run's folder with
``predictions.csv``, ``size_only.csv`` and, written last, ``part.json``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

from mammoview.errors import DataError
from mammoview.modelkit.codec import CodecError, Pairs, decode, encode
from trainer.documents import file_sha256, write_json
from trainer.predictions import PREDICTIONS, Predictions, read_predictions
from trainer.recipe import Recipe

CROSSVAL = "crossval.json"
SIZE_ONLY_ROWS = "size_only.csv"
_PART = "part.json"
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossval:
    """What the runs of a folder are made of; only the caption may change on the way.

    Attributes
    ----------
    weights : str
        SHA-256 of the file of ImageNet weights, ``imagenet`` for torchvision's own, or ``none``.
    protocol, unit : str
        Of the split; see ``trainer.splits``.
    parts : tuple of str
        The parts held out, one run each.
    same_person, same_lesion : float
        The split's leak.
    caption : str
        What the patches are, in words.
    """

    format: Literal["mammoview-crossval/1"]
    recipe: Recipe
    weights: str
    cache_sha256: str
    split_sha256: str
    protocol: str
    unit: str
    parts: tuple[str, ...]
    same_person: float
    same_lesion: float
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedPart:
    """A finished part: what training cost, and the network's size.

    Attributes
    ----------
    seconds : float
        Training with its validation, over all attempts up to the checkpoints that counted.
    device : str
        What it was trained on.
    size_mib : float
        Of the weights in float32.
    """

    part: str
    seconds: float
    device: str
    parameters: int
    size_mib: float
    predictions_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedParts:
    """The finished parts of a cross-validation, in the order of the split."""

    crossval: Crossval
    parts: tuple[TrainedPart, ...]
    predictions: tuple[Predictions, ...]
    size_only: tuple[Predictions, ...]

    @property
    def split_words(self) -> str:
        """The split in words: protocol, how far, leak."""
        begun = self.crossval
        leak = "nobody on both sides"
        if begun.same_person > 0.0:
            leak = (
                f"leak: of {begun.same_person:.0%} of the held-out patches the person is in "
                f"training, of {begun.same_lesion:.0%} the lesion's other view"
            )
        done = f"{len(self.parts)} of {len(begun.parts)}"
        return f"{begun.protocol}, {done} held-out parts, {leak}"


def begin(wanted: Crossval, folder: Path) -> None:
    """Write what the runs of a folder are made of, or check that it is what they were begun with.

    Raises
    ------
    DataError
        If the folder was begun with another cache, split, recipe or weights.
    """
    file = folder / CROSSVAL
    if file.exists():
        before = _read(Crossval, file)
        changed = {
            "patch cache": before.cache_sha256 != wanted.cache_sha256,
            "split": before.split_sha256 != wanted.split_sha256,
            "recipe": before.recipe != wanted.recipe,
            "weights": before.weights != wanted.weights,
        }
        met = [name for name, differs in changed.items() if differs]
        if met:
            raise DataError(
                f"{file} was begun with another {' and another '.join(met)}",
                expected="the same cache, split, recipe and weights to go on",
                todo="give what it was begun with, or a new --out",
            )
    write_json(encode(wanted), file)


def set_caption(folder: Path, caption: str) -> None:
    """Give a cross-validation another caption."""
    file = folder / CROSSVAL
    write_json(encode(replace(_read(Crossval, file), caption=caption)), file)


def finish_part(trained: TrainedPart, folder: Path) -> None:
    """Write ``part.json``: the part is finished."""
    write_json(encode(trained), folder / trained.part / _PART)


def is_finished(folder: Path, part: str) -> bool:
    """Tell whether a part is finished and its predictions are those that it finished with."""
    return _read_part(folder / part) is not None


def has_finished(folder: Path) -> bool:
    """Tell whether a cross-validation has a finished part."""
    return any(is_finished(folder, part) for part in _read(Crossval, folder / CROSSVAL).parts)


def read_finished(folder: Path) -> FinishedParts:
    """Read the finished parts of a folder.

    Raises
    ------
    DataError
        If the folder is no cross-validation, has no finished part, or predictions were changed.
    """
    begun = _read(Crossval, folder / CROSSVAL)
    found = [(part, _read_part(folder / part)) for part in begun.parts]
    finished = [(part, trained) for part, trained in found if trained is not None]
    if not finished:
        raise DataError(
            f"no part of {folder} is finished",
            expected=f"at least one of {', '.join(begun.parts)}",
            todo="run mammoview-train crossval or compare again: it goes on",
        )

    def rows(name: str) -> tuple[Predictions, ...]:
        return tuple(read_predictions(folder / part / name, part=part) for part, _ in finished)

    return FinishedParts(
        crossval=begun,
        parts=tuple(trained for _, trained in finished),
        predictions=rows(PREDICTIONS),
        size_only=rows(SIZE_ONLY_ROWS),
    )


def _read_part(folder: Path) -> TrainedPart | None:
    file = folder / _PART
    if not file.exists():
        return None
    trained = _read(TrainedPart, file)
    predictions = folder / PREDICTIONS
    if not predictions.is_file() or file_sha256(predictions) != trained.predictions_sha256:
        raise DataError(
            f"{predictions} is missing or was changed",
            expected="the predictions that the part was finished with",
            todo=f"delete {file}: the part's checkpoint is judged again",
        )
    return trained


def _read(hint: type[T], file: Path) -> T:
    try:
        values = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=Pairs)
        return decode(hint, values)
    except (OSError, ValueError, CodecError) as error:
        raise DataError(
            f"{file} cannot be read ({type(error).__name__}: {error})",
            expected="a file that mammoview-train crossval wrote",
            todo="give the folder of a cross-validation, or start in a new --out",
        ) from error
