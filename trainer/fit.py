"""Training from a patch cache: torch, torchvision, Lightning and numpy, nothing else."""

from __future__ import annotations

import json
import math
import os
import platform
import warnings
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import lightning
import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback, LearningRateMonitor, ModelCheckpoint
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader

from mammoview.errors import DataError, ModelError, SettingsError
from trainer.augment import IGNORED, EpochOrder, PatchSet, warp
from trainer.backbones import STRIDE_PX, CamNet, load_trunk_weights
from trainer.cache import GridCache, GridRecord
from trainer.recipe import Recipe, recipe_from_values
from trainer.splits import validation_people

LAST = "last.ckpt"
RUN = "run.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FitOptions:
    """Where to train and how: ``precision`` is Lightning's, or ``auto``."""

    out: Path
    weights: Path | None
    accelerator: str
    precision: str
    workers: int
    resume: bool
    max_steps: int | None


class PatchClassifier(LightningModule):
    """The network with its loss and optimiser; all of its state is in the checkpoint."""

    def __init__(self, recipe: Recipe, *, weights_sha256: str, cache_sha256: str) -> None:
        super().__init__()
        self.save_hyperparameters(
            {
                "recipe": recipe.as_dict(),
                "weights_sha256": weights_sha256,
                "cache_sha256": cache_sha256,
            }
        )
        self.recipe = recipe
        self.net = CamNet(recipe.network).to(memory_format=torch.channels_last)
        weight = torch.full((len(recipe.network.classes),), recipe.training.lesion_weight)
        weight[recipe.network.classes.index(recipe.network.background)] = 1.0
        self.register_buffer("class_weight", weight, persistent=False)

    def on_train_start(self) -> None:
        """Leave the mode of a fresh or loaded network, but for its normalisation, to training."""
        self.net.train()

    def training_step(self, batch: list[Tensor], _index: int) -> Tensor:
        """Return the loss of a batch of patches."""
        return self._step(batch, "train")

    def validation_step(self, batch: list[Tensor], _index: int) -> None:
        """Log the loss of a batch of patches of people never trained on."""
        self._step(batch, "validation")

    def _step(self, batch: list[Tensor], stage: str) -> Tensor:
        cut, theta, gain, labels = batch
        # Augmentation is geometry and stays in float32 whatever the network's precision.
        with torch.autocast(self.device.type, enabled=False):
            image = warp(cut, theta, gain, self.recipe.patches.size_px)
        cam, logits = self.net(image)
        scores = (cam if labels.ndim == 3 else logits).float()
        loss = functional.cross_entropy(
            scores, labels, weight=self.get_buffer("class_weight"), ignore_index=IGNORED
        )
        judged = labels != IGNORED
        right = (scores.argmax(1) == labels)[judged].float().mean()
        values = {f"{stage}/loss": loss, f"{stage}/accuracy": right}
        self.log_dict(values, prog_bar=True, batch_size=len(cut), on_epoch=stage != "train")
        return loss

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """Return the optimiser: trunk and head with their own rates, warm-up and cosine."""
        training = self.recipe.training
        trunk = [p for p in self.net.trunk.parameters() if p.requires_grad]
        groups = [
            {"params": trunk, "lr": training.learning_rate},
            {
                "params": list(self.net.head.parameters()),
                "lr": training.learning_rate * training.head_factor,
            },
        ]
        optimizer: torch.optim.Optimizer
        if training.optimizer == "sgd":
            optimizer = torch.optim.SGD(
                groups, momentum=training.momentum, weight_decay=training.weight_decay
            )
        else:
            optimizer = torch.optim.AdamW(groups, weight_decay=training.weight_decay)
        total = int(self.trainer.estimated_stepping_batches)

        def factor(step: int) -> float:
            warm = min(1.0, (step + 1) / max(1, training.warmup_steps))
            return warm * (0.5 + 0.5 * math.cos(math.pi * min(1.0, step / total)))

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }


class _Patches(lightning.LightningDataModule):
    """Draws each epoch's patches anew from (seed, epoch, sample)."""

    def __init__(self, cache: GridCache, recipe: Recipe, workers: int) -> None:
        super().__init__()
        self.cache = cache
        self.recipe = recipe
        self.workers = workers
        self.training_records, self.validation_records = split_records(cache, recipe)

    def train_dataloader(self) -> DataLoader[Any]:
        """Return the patches of each epoch in that epoch's order."""
        patches = self._set(self.training_records, self.recipe.training.patches_per_lesion)
        order = EpochOrder(len(patches), self.recipe.seed)
        return self._loader(patches, sampler=order, drop_last=True)

    def val_dataloader(self) -> DataLoader[Any]:
        """Return the same validation patches every epoch."""
        return self._loader(self._set(self.validation_records, 1))

    def _set(self, records: tuple[GridRecord, ...], per_lesion: int) -> PatchSet:
        return PatchSet(
            self.cache,
            records,
            classes=self.recipe.network.classes,
            background=self.recipe.network.background,
            patch=self.recipe.patches,
            per_lesion=per_lesion,
            stride=STRIDE_PX,
            seed=self.recipe.seed,
        )

    def _loader(self, patches: PatchSet, **options: Any) -> DataLoader[Any]:
        return DataLoader(
            patches,
            batch_size=self.recipe.training.batch_size,
            num_workers=self.workers,
            pin_memory=torch.cuda.is_available(),
            **options,
        )


class _RunLog(Callback):
    """Keeps ``metrics.json`` of the run up to date after every validation."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.sanity_checking:
            return
        kept = json.loads(self.file.read_text()) if self.file.exists() else []
        values = {k: float(v) for k, v in trainer.callback_metrics.items()}
        kept.append({"epoch": trainer.current_epoch, "step": trainer.global_step, **values})
        self.file.write_text(json.dumps(kept, indent=1))


def split_records(
    cache: GridCache, recipe: Recipe
) -> tuple[tuple[GridRecord, ...], tuple[GridRecord, ...]]:
    """Return training and validation pictures, no person in both."""
    kept = validation_people(
        (r.person for r in cache.records), share=recipe.data.validation_share, seed=recipe.seed
    )
    return (
        tuple(r for r in cache.records if r.person not in kept),
        tuple(r for r in cache.records if r.person in kept),
    )


def fit(cache_folder: Path, recipe: Recipe, options: FitOptions) -> Path:
    """Train and return the path of the last checkpoint.

    The run's folder gets the resolved recipe, the hashes of weights and cache, the split, the
    environment, metrics, TensorBoard events and a checkpoint after every epoch; with
    ``options.resume`` it goes on from the last one.

    Raises
    ------
    DataError
        If the cache was prepared for another grid, or the folder holds another run.
    SettingsError
        If a GPU is asked for and there is none.
    """
    cache = GridCache(cache_folder)
    _check(cache, recipe, options)
    lightning.seed_everything(recipe.seed, verbose=False)
    torch.set_num_threads(_usable_cores())
    last = options.out / LAST
    module = _module(recipe, cache, options)
    data = _Patches(cache, recipe, options.workers)
    _write_run(options.out, recipe, cache, data, str(module.hparams["weights_sha256"]))
    checkpoint = ModelCheckpoint(
        dirpath=options.out,
        filename="last",
        enable_version_counter=False,
        save_on_train_epoch_end=True,  # a whole epoch: resuming starts the next one
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        trainer = Trainer(
            accelerator=options.accelerator,
            devices="auto" if options.accelerator != "cpu" else 1,
            precision=_precision(options),  # type: ignore[arg-type]
            max_epochs=recipe.training.epochs,
            max_steps=options.max_steps or -1,
            num_sanity_val_steps=0,
            log_every_n_steps=10,
            default_root_dir=options.out,
            logger=TensorBoardLogger(options.out, name="tensorboard", version=""),
            callbacks=[
                checkpoint,
                LearningRateMonitor("step"),
                _RunLog(options.out / "metrics.json"),
            ],
        )
        trainer.fit(module, data, ckpt_path=str(last) if options.resume else None)
    return last


def load_checkpoint(file: Path) -> PatchClassifier:
    """Return the network of a checkpoint, on the CPU and ready to run.

    Raises
    ------
    ModelError
        If the file is no checkpoint of this trainer.
    """
    try:
        stored = torch.load(file, map_location="cpu", weights_only=True)
        values = stored["hyper_parameters"]
        module = PatchClassifier(
            recipe_from_values(values["recipe"]),
            weights_sha256=values["weights_sha256"],
            cache_sha256=values["cache_sha256"],
        )
        module.load_state_dict(stored["state_dict"], strict=True)
    except (OSError, EOFError, KeyError, RuntimeError, ValueError, UnpicklingError) as error:
        raise ModelError(
            f"checkpoint {file.name} cannot be loaded ({type(error).__name__}: {error})",
            expected=f"the {LAST} of a mammoview-train run",
            todo="give the run's folder",
        ) from error
    return module.eval()


def _module(recipe: Recipe, cache: GridCache, options: FitOptions) -> PatchClassifier:
    if options.resume:
        stored = load_checkpoint(options.out / LAST)
        if stored.recipe != recipe or stored.hparams["cache_sha256"] != cache.sha256:
            raise DataError(
                "the run was started with another recipe or another patch cache",
                expected="the same recipe and cache",
                todo="start a new run in a new folder",
            )
        return stored
    module = PatchClassifier(recipe, weights_sha256="none", cache_sha256=cache.sha256)
    if options.weights is not None:
        module.hparams["weights_sha256"] = load_trunk_weights(module.net, options.weights)
    return module


def _precision(options: FitOptions) -> str:
    if options.precision != "auto":
        return options.precision
    if options.accelerator != "cpu" and torch.cuda.is_available():
        return "bf16-mixed"
    return "bf16-mixed" if _cpu_has_bf16() else "32-true"


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu_has_bf16() -> bool:
    """Tell whether bfloat16 is faster than float32 here; without the instructions it is slower."""
    check = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(check is not None and check())


def _check(cache: GridCache, recipe: Recipe, options: FitOptions) -> None:
    wanted = recipe.as_dict()["preprocessing"]
    if cache.preprocessing != wanted:
        raise DataError(
            f"the patch cache was prepared with {cache.preprocessing}",
            expected=f"{wanted}, as the recipe says",
            todo="run mammoview-train prepare with this recipe",
        )
    if options.accelerator == "gpu" and not torch.cuda.is_available():
        raise SettingsError(
            "no GPU that PyTorch can use",
            expected="a CUDA device for --device gpu",
            todo="use --device auto or cpu, or install the driver",
        )
    has_run = (options.out / LAST).exists()
    if has_run != options.resume:
        raise DataError(
            f"{options.out} holds {'a run already' if has_run else 'no run to resume'}",
            expected="a new folder, or --resume with the folder of a run",
            todo="use --resume" if has_run else "start without --resume",
        )


def _write_run(
    out: Path, recipe: Recipe, cache: GridCache, data: _Patches, weights_sha256: str
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    document = {
        "recipe": recipe.as_dict(),
        "weights_sha256": weights_sha256,
        "cache_sha256": cache.sha256,
        "environment": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "lightning": lightning.__version__,
            "gpu": torch.cuda.get_device_name(0) if torch.cuda.is_available() else None,
        },
        "training": sorted(r.name for r in data.training_records),
        "validation": sorted(r.name for r in data.validation_records),
    }
    (out / RUN).write_text(json.dumps(document, indent=1), encoding="utf-8")
