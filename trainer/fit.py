"""Training from a patch cache: torch, torchvision, Lightning and numpy, nothing else."""

from __future__ import annotations

import json
import platform
import sys
import time
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning import Trainer
from lightning.pytorch.callbacks import (
    Callback,
    EMAWeightAveraging,
    LearningRateMonitor,
    ModelCheckpoint,
    RichProgressBar,
)
from lightning.pytorch.loggers import CSVLogger, Logger, TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only

from mammoview.errors import DataError, SettingsError, UsageError
from trainer.backbones import load_imagenet, load_weights
from trainer.cache import GridCache
from trainer.callbacks import FiniteLoss, LastingCheckpoint, MeanAccuracyStop, RunLog
from trainer.classifier import LAST, RUN, PatchClassifier, label_stride, load_checkpoint
from trainer.documents import file_sha256, write_json
from trainer.draw import check_settings
from trainer.hard_negatives import (
    HardShare,
    check_hard_negatives,
    read_hard_negatives,
)
from trainer.held_out import TRAINED_ON, require_unknown, trained_on
from trainer.labelled import digests
from trainer.machine import check_accelerator, precision_for, processes, usable_cores
from trainer.patches import Patches, Sides
from trainer.recipe import Recipe
from trainer.splits import held_out, read_split, validation_people

IMAGENET = "imagenet"


@dataclass(frozen=True, slots=True, kw_only=True)
class FitOptions:
    """Where to train and how.

    Attributes
    ----------
    weights : str or None
        A file, ``imagenet`` for torchvision's own, or None to start from nothing.
    precision : str
        Lightning's, or ``auto``.
    split, part : Path or None, str or None
        The split file and the part that validates; without them the recipe's share of people.
    hard_negatives, hard_share : Path or None, float
        The file of ``mammoview-train mine``, and the share of the background patches that are
        drawn around its places.
    """

    out: Path
    weights: str | None
    accelerator: str
    precision: str
    workers: int
    resume: bool
    max_steps: int | None
    split: Path | None = None
    part: str | None = None
    hard_negatives: Path | None = None
    hard_share: float = 0.5


def fit(cache_folder: Path, recipe: Recipe, options: FitOptions) -> Path:
    """Train and return the path of the last checkpoint.

    The run's folder gets the resolved recipe, the hashes of weights, cache and split, the
    environment, metrics, curves and a checkpoint after every epoch; with ``options.resume`` it
    goes on from the last one.  Under torchrun or SLURM every process runs this same call.

    Raises
    ------
    DataError
        If the cache was prepared for another recipe or is damaged, a class is missing on one
        side, the folder holds another run, or the weights know people who validate.
    SettingsError
        If a GPU is asked for and there is none, or network and patches do not fit.
    """
    cache = GridCache(cache_folder)
    sides = sides_of(cache, recipe, options)
    _check(cache, recipe, options)
    if not options.resume:
        require_unknown(sides.people(cache, sides.validation), options.weights)
    lightning.seed_everything(recipe.seed, verbose=False)
    torch.set_num_threads(usable_cores())
    module = _module(recipe, cache, sides, options)
    hard = _hard_share(options, recipe, cache, sides)
    stride = label_stride(module)
    data = Patches(cache, recipe, sides, stride_px=stride, workers=options.workers, hard=hard)
    _check_classes(data, recipe)
    # Lightning's own estimate would start the loader processes before a resume is restored.
    module.total_steps = min(data.steps * recipe.training.epochs, options.max_steps or sys.maxsize)
    cache.verify()
    before = _read_begun(options.out) if options.resume else {}
    _write_run(options, recipe, cache, sides, before, str(module.hparams["weights_sha256"]))
    stop = MeanAccuracyStop(recipe.training.stop_accuracy, recipe.training.stop_batches)
    trainer = _trainer(recipe, options, stop)
    started = time.monotonic()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        last = options.out / LAST
        train(trainer, module, data, resumed=last if options.resume else None)
    if trainer.is_global_zero:
        _add_to_run(options.out, trainer, stop, time.monotonic() - started, before)
    return last


def train(
    trainer: Trainer, module: PatchClassifier, data: Patches, *, resumed: Path | None = None
) -> None:
    """Train to the end, on from the checkpoint ``resumed`` if there is one.

    Raises
    ------
    KeyboardInterrupt
        If the process was told to stop, by Ctrl+C or by SIGTERM.  Lightning would leave the
        program itself: after SIGTERM with 0, so that whatever waits for a finished network goes on.
    """
    try:
        trainer.fit(module, datamodule=data, ckpt_path=None if resumed is None else str(resumed))
    except SystemExit as leaving:
        raise KeyboardInterrupt from leaving


def sides_of(cache: GridCache, recipe: Recipe, options: FitOptions) -> Sides:
    """Return which lesions of a cache train and which validate.

    Raises
    ------
    DataError
        If the split is of other data, or puts one mammogram of a whole-image cache on both sides.
    UsageError
        If a split is given without a part, or a part without a split.
    """
    if (options.split is None) != (options.part is None):
        raise UsageError(
            "a split without a part, or a part without a split",
            expected="both or neither",
            todo="give --split FILE --part fold-1",
        )
    if options.split is None or options.part is None:
        return _by_share(cache, recipe)
    split = read_split(options.split)
    training, validation = held_out(split, options.part)
    known = {x.lesion_id for record in cache.records for x in record.lesions}
    if missing := sorted((training | validation) - known):
        raise DataError(
            f"{len(missing)} lesions of {options.split} are not in the cache ({missing[0]}, ...)",
            expected="a split made from the data that the cache was prepared from",
            todo="make the split from the same index or folder, or prepare the cache again",
        )
    for record in cache.records:
        names = {lesion.lesion_id for lesion in record.lesions}
        if names & training and names & validation:
            raise DataError(
                f"{options.split} puts {record.mammogram} on both sides",
                expected="a split by person for a cache of whole mammograms",
                todo='use --protocol grouped, or a recipe with sampling = "roi"',
            )
    return Sides(training=training, validation=validation, split_sha256=split.sha256)


def _by_share(cache: GridCache, recipe: Recipe) -> Sides:
    kept = validation_people(
        (r.person for r in cache.records), share=recipe.data.validation_share, seed=recipe.seed
    )

    def names(is_kept: bool) -> frozenset[str]:
        return frozenset(
            x.lesion_id for r in cache.records if (r.person in kept) == is_kept for x in r.lesions
        )

    return Sides(training=names(False), validation=names(True), split_sha256="people by hash")


def _hard_share(
    options: FitOptions, recipe: Recipe, cache: GridCache, sides: Sides
) -> HardShare | None:
    if options.hard_negatives is None:
        return None
    if not 0.0 < options.hard_share <= 1.0:
        raise SettingsError(
            f"a share of {options.hard_share:g} hard negatives",
            expected="more than 0, at most 1",
            todo="correct --hard-share",
        )
    found = read_hard_negatives(options.hard_negatives)
    check_hard_negatives(
        found,
        cache,
        sides.numbers(cache, sides.training),
        is_grid=recipe.patches.sampling == "grid",
    )
    return HardShare(places=found.places, share=options.hard_share)


def _hard_document(options: FitOptions) -> dict[str, Any] | None:
    """Return what a run's description says of its hard negatives."""
    if options.hard_negatives is None:
        return None
    found = read_hard_negatives(options.hard_negatives)
    return {
        "sha256": file_sha256(options.hard_negatives),
        "checkpoint_sha256": found.checkpoint_sha256,
        "pictures": found.pictures,
        "places": len(found.places),
        "share": options.hard_share,
    }


def _module(recipe: Recipe, cache: GridCache, sides: Sides, options: FitOptions) -> PatchClassifier:
    if options.resume:
        _check_resumed(options, recipe, cache, sides)
        return load_checkpoint(options.out / LAST)
    module = PatchClassifier(recipe, weights_sha256="none", cache_sha256=cache.sha256)
    if options.weights == IMAGENET:
        module.hparams["weights_sha256"] = load_imagenet(module.net)
    elif options.weights is not None:
        module.hparams["weights_sha256"] = load_weights(module.net, Path(options.weights))
    return module


def _check_resumed(options: FitOptions, recipe: Recipe, cache: GridCache, sides: Sides) -> None:
    """Refuse to go on with a run whose recipe, pixels, split or hard negatives have changed."""
    begun = _read_begun(options.out)
    for name, key, value in (
        ("recipe", "recipe", recipe.as_dict()),
        ("patch cache", "cache_sha256", cache.sha256),
        ("split", "split_sha256", sides.split_sha256),
        ("validation lesions", "validation", sorted(sides.validation)),
        ("list of hard negatives", "hard_negatives", _hard_document(options)),
    ):
        if json.loads(json.dumps(value)) != begun.get(key):
            raise DataError(
                f"the run in {options.out} was started with another {name}",
                expected="the same recipe, patch cache and split",
                todo="start a new run in a new folder",
            )


def _read_begun(out: Path) -> dict[str, Any]:
    """Return what a run's folder says of itself.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    try:
        return dict(json.loads((out / RUN).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise DataError(
            f"{out / RUN} cannot be read ({type(error).__name__}: {error})",
            expected="the folder of a run that was begun with mammoview-train fit",
            todo="start a new run in a new folder",
        ) from error


def _trainer(recipe: Recipe, options: FitOptions, stop: MeanAccuracyStop) -> Trainer:
    checkpoint = ModelCheckpoint(
        dirpath=options.out,
        filename="last",
        enable_version_counter=False,
        save_on_train_epoch_end=True,  # a whole epoch: resuming starts the next one
    )
    callbacks: list[Callback] = [
        stop,
        FiniteLoss(),
        RunLog(options.out),
        LearningRateMonitor("step"),
        checkpoint,  # last, so that it holds the state of the others
    ]
    if average := recipe.training.average:
        callbacks.insert(0, EMAWeightAveraging(decay=average, use_buffers=False))
    if find_spec("rich") is not None:  # results alone go to standard output
        callbacks.append(RichProgressBar(console_kwargs={"stderr": True}))
    local, nodes = processes()
    devices: int | str = local if local else 1 if options.accelerator == "cpu" else "auto"
    return Trainer(
        accelerator=options.accelerator,
        devices=devices,
        num_nodes=nodes,
        use_distributed_sampler=False,  # EpochOrder shares out each batch itself
        precision=precision_for(options.accelerator, options.precision),  # type: ignore[arg-type]
        max_epochs=recipe.training.epochs,
        max_steps=options.max_steps or -1,
        num_sanity_val_steps=0,
        log_every_n_steps=10,
        default_root_dir=options.out,
        logger=_logger(options.out),
        callbacks=callbacks,
        plugins=[LastingCheckpoint()],
        enable_model_summary=False,
    )


def _logger(out: Path) -> Logger:
    if find_spec("tensorboard") is not None:
        return TensorBoardLogger(out, name="tensorboard", version="")
    print("TensorBoard is not installed: the curves go into csv/metrics.csv", file=sys.stderr)
    return CSVLogger(out, name="csv", version="")


def _check(cache: GridCache, recipe: Recipe, options: FitOptions) -> None:
    check_settings(cache, recipe)
    check_accelerator(options.accelerator)
    has_run = (options.out / LAST).exists()
    if has_run != options.resume:
        raise DataError(
            f"{options.out} holds {'a run already' if has_run else 'no run to resume'}",
            expected="a new folder, or --resume with the folder of a run",
            todo="use --resume" if has_run else "start without --resume",
        )


def _check_classes(data: Patches, recipe: Recipe) -> None:
    """Refuse a side that lacks a class: nothing could be learnt, or nothing judged."""
    for side, patches in (("training", data.training_set), ("validation", data.validation_set)):
        empty = [kind for kind, count in patches.class_counts().items() if not count]
        if empty:
            raise DataError(
                f"no {' and no '.join(empty)} in the {side} part of {data.cache.folder}",
                expected=f"lesions of every class of recipe {recipe.name}",
                todo="use another split, more data, or a recipe without that class",
            )


@rank_zero_only
def _write_run(
    options: FitOptions,
    recipe: Recipe,
    cache: GridCache,
    sides: Sides,
    before: dict[str, Any],
    weights_sha256: str,
) -> None:
    """Write the run's description; ``before`` is that of a run that is gone on with."""
    options.out.mkdir(parents=True, exist_ok=True)
    judged = {cache.records[n].mammogram for n in sides.numbers(cache, sides.validation)}
    # A resumed run need not be told its weights again: whom they knew stands in its own folder.
    known = trained_on(str(options.out / LAST) if options.resume else options.weights)
    document = {
        "data": cache.source,
        "recipe": recipe.as_dict(),
        "weights": before.get("weights", Path(options.weights).name if options.weights else "none"),
        "weights_sha256": weights_sha256,
        "cache_sha256": cache.sha256,
        "split_sha256": sides.split_sha256,
        "part": options.part,
        "hard_negatives": _hard_document(options),
        "environment": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "lightning": lightning.__version__,
            "gpu": torch.cuda.get_device_name(0) if torch.cuda.is_available() else None,
        },
        "training": sorted(sides.training),
        "validation": sorted(sides.validation),
        "validation_mammograms": sorted(judged),
        TRAINED_ON: sorted(known | digests(sides.people(cache, sides.training))),
    }
    write_json(document, options.out / RUN)


def _add_to_run(
    out: Path, trainer: Trainer, stop: MeanAccuracyStop, seconds: float, before: dict[str, Any]
) -> None:
    """Add what is known only at the end; ``seconds`` are those of the last sitting that trained."""
    document = json.loads((out / RUN).read_text(encoding="utf-8"))
    finished = before.get("finished")
    if finished is not None and finished["steps"] == trainer.global_step:
        write_json(document | {"finished": finished}, out / RUN)  # nothing was left to train
        return
    document["finished"] = {
        "epochs": trainer.current_epoch,
        "steps": trainer.global_step,
        "stopped_early": stop.has_stopped,
        "seconds": seconds,
        "device": str(trainer.strategy.root_device),
        "precision": str(trainer.precision),
        "processes": trainer.world_size,
    }
    write_json(document, out / RUN)
