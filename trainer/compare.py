"""Networks side by side: Table II of the paper made anew, with intervals and paired comparisons.

One folder a recipe (see ``trainer.parts``) and the tables beside them.  Part by part, each network
in turn, so that a comparison that is stopped early holds the same parts of all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mammoview.errors import DataError, UsageError
from trainer.comparison import gather, write_comparison
from trainer.crossval import CrossvalOptions, begin_job, is_first_process, run_part, summarise
from trainer.parts import CROSSVAL, has_finished, read_finished, set_caption
from trainer.recipe import Recipe
from trainer.splits import read_split


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One network to compare.

    Attributes
    ----------
    weights : str or None
        File of weights to start from, ``imagenet`` for torchvision's own, None for none.
    cache : Path
        Patch cache that was prepared for the recipe.
    """

    recipe: Recipe
    weights: str | None
    cache: Path


def compare(entries: Sequence[Entry], split: Path, options: CrossvalOptions) -> Path:
    """Train and judge every recipe on every held-out part, and write the tables after each part.

    Parameters
    ----------
    options : CrossvalOptions
        ``out`` is the comparison's folder; each entry brings its own weights.

    Returns
    -------
    Path
        The comparison's folder.

    Raises
    ------
    DataError
        See :func:`trainer.crossval.crossval`; or the folder holds a network of another split, which
        the tables could not hold.
    UsageError
        If two recipes have one name, or other classes than the first.
    """
    _check_entries(entries)
    parts = read_split(split)
    _check_older(options.out, parts.sha256)
    jobs = [
        begin_job(
            entry.cache,
            entry.recipe,
            replace(options, out=options.out / entry.recipe.name, weights=entry.weights),
            split,
        )
        for entry in entries
    ]
    for part in parts.held_out_parts:
        for job in jobs:
            run_part(job, part)
        if is_first_process():
            redraw(options.out)
    return options.out


def redraw(out: Path, *, caption: str | None = None) -> dict[str, Any]:
    """Write the results and tables of a comparison's finished parts, without training.

    Returns the document of ``comparison.json``.

    Parameters
    ----------
    caption : str, optional
        Another name for the data; what it was begun with if left out.

    Raises
    ------
    DataError
        If nothing is finished there, or the networks were not judged on the same rows.
    """
    begun = sorted(file.parent for file in out.glob(f"*/{CROSSVAL}"))
    if caption is not None:
        for folder in begun:
            set_caption(folder, caption)
    folders = [folder for folder in begun if has_finished(folder)]
    if not folders:
        raise DataError(
            f"no finished part in {out}",
            expected="the folder of a comparison, at least one part of it finished",
            todo="run mammoview-train compare CACHE --split FILE --recipe FILE --out FOLDER",
        )
    for folder in folders:
        summarise(folder)
    return write_comparison(gather([read_finished(folder) for folder in folders]), out)


def _check_older(out: Path, split_sha256: str) -> None:
    """Refuse, before hours of training, a folder whose tables could not be written after them."""
    begun = sorted(file.parent for file in out.glob(f"*/{CROSSVAL}"))
    for folder in filter(has_finished, begun):
        if read_finished(folder).crossval.split_sha256 != split_sha256:
            raise DataError(
                f"{folder.name} in {out} was compared on another split",
                expected="one split for all networks of a comparison",
                todo="give the split that it was begun with, or a new --out",
            )


def _check_entries(entries: Sequence[Entry]) -> None:
    names = [entry.recipe.name for entry in entries]
    if len(set(names)) != len(names):
        raise UsageError(
            f"recipes named {', '.join(names)}",
            expected="a name of its own in each recipe",
            todo="correct [name] in one of them",
        )
    for entry in entries:
        ours, first = (_lesion_classes(item.recipe) for item in (entry, entries[0]))
        if ours != first:
            raise UsageError(
                f"recipe {entry.recipe.name} tells {', '.join(sorted(ours))} apart",
                expected=f"{', '.join(sorted(first))}, as {entries[0].recipe.name}",
                todo="compare recipes of the same classes",
            )


def _lesion_classes(recipe: Recipe) -> set[str]:
    return set(recipe.network.classes) - {recipe.network.background}
