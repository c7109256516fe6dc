"""Figures of one run on the patches that it held out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mammoview.errors import DataError
from trainer.baselines import size_only
from trainer.bootstrap import Estimate
from trainer.cache import GridCache
from trainer.classifier import LAST, RUN, load_checkpoint
from trainer.predict import predict_patches
from trainer.predictions import PREDICTIONS, Predictions, write_predictions
from trainer.results import Heading, measure, percent, results_document, write_results

_PART = "validation"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What ``run.json`` tells of the two sides."""

    cache_sha256: str
    part: str
    training: tuple[str, ...]
    validation: tuple[str, ...]


def evaluate_patches(
    run_folder: Path,
    cache_folder: Path,
    out: Path | None = None,
    *,
    caption: str = "",
    device: str = "cpu",
) -> dict[str, Any]:
    """Judge a run on its held-out lesions.

    Parameters
    ----------
    run_folder : Path
        Folder of ``mammoview-train fit``, or of one part of a cross-validation.
    cache_folder : Path
        The cache that it was trained from.
    out : Path, optional
        Folder for ``predictions.csv``, ``metrics.json`` and all figures; nothing is written
        without.
    caption : str
        What the patches are, in words; as prepared if empty.
    device : str
        Where to run: ``cpu`` or ``cuda``.

    Returns
    -------
    dict
        The document of ``metrics.json``.

    Raises
    ------
    DataError
        If the run's file is broken, the cache is not the run's, or a class is empty.
    """
    run = _read_run(run_folder / RUN)
    cache = GridCache(cache_folder)
    if cache.sha256 != run.cache_sha256:
        raise DataError(
            f"{cache_folder} is not the patch cache that {run_folder} was trained from",
            expected=f"the cache with hash {run.cache_sha256[:16]}...",
            todo="give that cache, or train again",
        )
    module = load_checkpoint(run_folder / LAST)
    recipe = module.recipe
    held = run.validation
    rows = predict_patches(module, cache, held, device=device)
    found = Predictions(part=run.part, classes=recipe.network.classes, rows=rows)
    baseline = size_only(cache, recipe, train=run.training, held=held, part=run.part)
    results = measure(recipe.name, [found], [baseline], background=recipe.network.background)
    heading = Heading(
        name=recipe.name,
        data=caption or cache.source,
        split=f"{run.part}: {len(held)} lesions held out, {len(run.training)} trained on",
    )
    more = {"run": run_folder.name, "cache_sha256": cache.sha256, "part": run.part}
    if out is None:
        return results_document(results, heading) | more
    write_predictions(found, out / PREDICTIONS)
    return write_results(results, heading, out, more=more)


def summary_lines(document: dict[str, Any]) -> tuple[str, ...]:
    """Return the document of :func:`evaluate_patches` in a few lines for a terminal."""

    def line(name: str, figure: dict[str, float]) -> str:
        return f"{name}: {percent(Estimate(**figure))} %"

    found, size = document["accuracy"], document["size_only"]
    return (
        f"{document['name']} on {document['data']} ({document['split']})",
        *(line(name, figure) for name, figure in found["classes"].items()),
        line("overall", found["overall"]),
        line("size-only baseline, overall", size["overall"]),
    )


def _read_run(file: Path) -> _Run:
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        return _Run(
            cache_sha256=str(values["cache_sha256"]),
            part=str(values["part"] or _PART),
            training=tuple(map(str, values["training"])),
            validation=tuple(map(str, values["validation"])),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{file} cannot be read ({type(error).__name__}: {error})",
            expected="the folder of a run of mammoview-train fit",
            todo="give the run's folder",
        ) from error
