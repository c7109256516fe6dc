"""Cross-validation of one recipe: a fresh run a part, its held-out patches, then all figures.

It can be killed and started again at any time: finished parts are kept, a part with a checkpoint
goes on from it.  With several processes (torchrun, SLURM, several GPUs) all train, and the first
alone judges and writes.  See ``trainer.parts`` for what lies in the folder.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mammoview.errors import DataError
from mammoview.modelkit.codec import encode
from trainer.baselines import lesions_of, size_only
from trainer.cache import GridCache
from trainer.documents import file_sha256, write_json
from trainer.draw import check_settings, class_of
from trainer.parts import (
    SIZE_ONLY_ROWS,
    Crossval,
    TrainedPart,
    begin,
    finish_part,
    is_finished,
    read_finished,
)
from trainer.predictions import PREDICTIONS, Predictions, write_predictions
from trainer.recipe import Recipe
from trainer.results import Heading, measure, write_results
from trainer.splits import Leak, Split, SplitItem, held_out, leak_of, read_split

IMAGENET = "imagenet"
_PROGRESS = "training.json"
_LAST = "last.ckpt"
_MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossvalOptions:
    """Where and how to train.

    Attributes
    ----------
    weights : str or None
        File of weights to start from, ``imagenet`` for torchvision's own, None for none.
    caption : str
        What the patches are, in words: stands in every file of results.
    """

    out: Path
    weights: str | None
    accelerator: str
    precision: str
    workers: int
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """A checked cross-validation: what all its parts share."""

    cache: GridCache
    recipe: Recipe
    options: CrossvalOptions
    split: Split
    split_file: Path


def crossval(cache_folder: Path, recipe: Recipe, options: CrossvalOptions, split: Path) -> Path:
    """Train and judge a recipe on every held-out part of a split, and write the results.

    Parameters
    ----------
    split : Path
        A split file.

    Returns
    -------
    Path
        The folder of the results.

    Raises
    ------
    DataError
        If split and cache are not of the same data, a part lacks a class, somebody stands on both
        sides of a split by person, or the folder was begun with other data or settings.
    """
    job = begin_job(cache_folder, recipe, options, split)
    for part in job.split.held_out_parts:
        run_part(job, part)
    if is_first_process():
        summarise(options.out)
    return options.out


def begin_job(cache_folder: Path, recipe: Recipe, options: CrossvalOptions, split: Path) -> Job:
    """Check everything and write what the folder is made of, before anything is trained.

    Raises
    ------
    DataError
        See :func:`crossval`.
    """
    job = Job(
        cache=GridCache(cache_folder),
        recipe=recipe,
        options=options,
        split=read_split(split),
        split_file=split,
    )
    check_settings(job.cache, recipe)
    leak = check_split(job.cache, recipe, job.split, split)
    wanted = Crossval(
        format="mammoview-crossval/1",
        recipe=recipe,
        weights=_weights_identity(options.weights),
        cache_sha256=job.cache.sha256,
        split_sha256=job.split.sha256,
        protocol=job.split.protocol.value,
        unit=job.split.unit,
        parts=job.split.held_out_parts,
        same_person=leak.same_person,
        same_lesion=leak.same_lesion,
        caption=options.caption,
    )
    if is_first_process():
        begin(wanted, options.out)
    return job


def summarise(folder: Path) -> dict[str, Any]:
    """Write the results of a folder's finished parts anew and return their document.

    Raises
    ------
    DataError
        If there is no finished part.
    """
    finished = read_finished(folder)
    begun = finished.crossval
    results = measure(
        begun.recipe.name,
        finished.predictions,
        finished.size_only,
        background=begun.recipe.network.background,
    )
    heading = Heading(name=begun.recipe.name, data=begun.caption, split=finished.split_words)
    more = {
        "recipe": begun.recipe.as_dict(),
        "weights": begun.weights,
        "cache_sha256": begun.cache_sha256,
        "split_sha256": begun.split_sha256,
        "unit": begun.unit,
        "parts": [encode(part) for part in finished.parts],
    }
    return write_results(results, heading, folder, more=more)


def check_split(cache: GridCache, recipe: Recipe, split: Split, file: Path) -> Leak:
    """Check that every part of a split can be trained on and judged; count the leak.

    Raises
    ------
    DataError
        If a lesion is not in the cache, a part lacks a class, or somebody stands on both sides of
        a split by person.
    """
    named = lesions_of(cache, {name for _, ids in split.parts for name in ids})
    classes = set(recipe.network.classes) - {recipe.network.background}
    label = {lesion.lesion_id: class_of(lesion, recipe.patches) for _, lesion in named}
    for part in split.held_out_parts:
        for side, ids in zip(("training", "held-out"), held_out(split, part), strict=True):
            met = {label[name] for name in ids}
            if met != classes:
                raise DataError(
                    f"the {side} lesions of {part} in {file} are {', '.join(sorted(met))}",
                    expected=f"the classes of recipe {recipe.name}: {', '.join(sorted(classes))}",
                    todo="split the pictures that the recipe is for: mammoview-train splits",
                )
    items = (
        SplitItem(
            id=lesion.lesion_id,
            person=record.person,
            mammogram=record.mammogram,
            kind=lesion.kind,
            pathology=lesion.pathology,
            official="",
        )
        for record, lesion in named
    )
    leak = leak_of(items, split.parts)
    if split.protocol.parts_people and leak.same_person > 0.0:
        raise DataError(
            f"{leak.same_person:.1%} of the held-out lesions of {file} are of people in training",
            expected=f"nobody on both sides in a split by {split.protocol}",
            todo="make the split again from the same source: mammoview-train splits",
        )
    return leak


def run_part(job: Job, part: str) -> None:
    """Train one part and judge it, unless it is finished; ``part.json`` is written last."""
    from trainer.classifier import load_checkpoint
    from trainer.machine import torch_device
    from trainer.predict import predict_patches

    if is_finished(job.options.out, part):
        return
    if not is_first_process():
        _train(job, part)
        return
    folder = job.options.out / part
    train, held = held_out(job.split, part)
    print(
        f"{job.recipe.name}, {part}: {len(train)} lesions to train on, {len(held)} held out",
        file=sys.stderr,
    )
    baseline = size_only(job.cache, job.recipe, train=train, held=held, part=part)
    write_predictions(baseline, folder / SIZE_ONLY_ROWS)
    seconds = _train(job, part)
    module = load_checkpoint(folder / _LAST)
    rows = predict_patches(module, job.cache, held, device=torch_device(job.options.accelerator))
    predictions = Predictions(part=part, classes=job.recipe.network.classes, rows=rows)
    write_predictions(predictions, folder / PREDICTIONS)
    weights = [v for v in module.net.state_dict().values() if v.is_floating_point()]
    finish_part(
        TrainedPart(
            part=part,
            seconds=seconds,
            device=_device_words(job.options),
            parameters=sum(p.numel() for p in module.net.parameters()),
            size_mib=sum(4 * value.numel() for value in weights) / _MIB,
            predictions_sha256=file_sha256(folder / PREDICTIONS),
        ),
        job.options.out,
    )


def is_first_process() -> bool:
    """Tell whether this process judges and writes: the only one, or the first of several."""
    from lightning.pytorch.utilities import rank_zero_only

    return int(getattr(rank_zero_only, "rank", 0)) == 0


def _train(job: Job, part: str) -> float:
    """Train a part, or go on with it, and return the seconds that its checkpoint took."""
    from trainer.card.run_card import write_run_card
    from trainer.fit import FitOptions, fit

    options, folder = job.options, job.options.out / part
    seconds, finished = _seconds_so_far(folder)
    if finished:
        return seconds
    started = time.time()
    if is_first_process():
        _write_progress(folder, seconds=seconds, started=started, finished=False)
    fit(
        job.cache.folder,
        job.recipe,
        FitOptions(
            out=folder,
            weights=options.weights,
            accelerator=options.accelerator,
            precision=options.precision,
            workers=options.workers,
            resume=(folder / _LAST).exists(),
            max_steps=None,
            split=job.split_file,
            part=part,
        ),
    )
    gc.collect()  # networks and pixels hang in circles: give the GPU back before the next part
    seconds += time.time() - started
    if is_first_process():
        _write_progress(folder, seconds=seconds, started=started, finished=True)
        write_run_card(folder)
    return seconds


def _seconds_so_far(folder: Path) -> tuple[float, bool]:
    """Return the seconds that the checkpoint in a folder took, and whether training is over.

    A killed attempt counts from its start to its last checkpoint: what came after is done again.
    """
    progress, last = folder / _PROGRESS, folder / _LAST
    if not (progress.exists() and last.exists()):
        return 0.0, False
    try:
        values = json.loads(progress.read_text(encoding="utf-8"))
        seconds, started = float(values["seconds"]), float(values["started"])
        finished = bool(values["finished"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{progress} cannot be read ({type(error).__name__}: {error})",
            expected="the file that mammoview-train crossval wrote",
            todo=f"delete {folder}: the part is trained again",
        ) from error
    if finished:
        return seconds, True
    return seconds + max(0.0, last.stat().st_mtime - started), False


def _write_progress(folder: Path, *, seconds: float, started: float, finished: bool) -> None:
    document = {"seconds": seconds, "started": started, "finished": finished}
    write_json(document, folder / _PROGRESS)


def _weights_identity(weights: str | None) -> str:
    if weights in (None, IMAGENET):
        return weights or "none"
    if not Path(weights).is_file():
        raise DataError(
            f"weights {weights} are not there",
            expected=f"a file, or {IMAGENET} for torchvision's own",
            todo="give the right file with --weights",
        )
    return file_sha256(Path(weights))


def _device_words(options: CrossvalOptions) -> str:
    import torch

    from trainer.machine import torch_device

    if torch_device(options.accelerator) == "cuda":
        return str(torch.cuda.get_device_name(0))
    return f"CPU, {os.cpu_count()} cores, {platform.machine()}"
