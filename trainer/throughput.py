"""How fast training goes, beside the same network and optimiser on tensors that need no data.

Both run in one process, in turns: a block of real training steps (cache, draw, sampling, loader,
Lightning's loop, forward, backward, optimiser: what ``fit`` runs), then a block of bare steps on
random tensors that lie on the device.  So a machine that slows down slows down both.
"""

from __future__ import annotations

import statistics
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from torch import Tensor
from torch.nn import functional

from mammoview.domain.geometry import ImageBox
from trainer.augment import PatchStore
from trainer.cache import (
    GridCache,
    GridLesion,
    GridRecord,
    PreparedGrid,
    write_index,
    write_shard,
)
from trainer.callbacks import MeanAccuracyStop
from trainer.classifier import PatchClassifier, label_stride
from trainer.draw import IGNORED, cache_settings, check_settings, cut_size
from trainer.fit import train
from trainer.machine import check_accelerator, precision_for, usable_cores
from trainer.patches import Patches, Sides
from trainer.recipe import Recipe

ASKED_RATIO = 0.9
# The paper's training patches: 1,284 calcifications and 1,353 masses; four hours for its ResNet.
PAPER_PATCHES = 2637
_NEVER = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchOptions:
    """Where to measure and how long: ``blocks`` pairs of ``steps`` real and ``steps`` bare ones.

    ``precision`` is Lightning's, or ``auto``.
    """

    accelerator: str
    precision: str
    workers: int
    blocks: int
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """What was measured.

    Attributes
    ----------
    training, random : tuple of float
        Seconds of each block of real steps, and of the block of bare steps right after it.
    steps, batch_size : int
        Steps a block, patches a step.
    device, precision : str
        What it ran on.
    is_resident : bool
        The cache lay in the GPU's memory.
    """

    training: tuple[float, ...]
    random: tuple[float, ...]
    steps: int
    batch_size: int
    device: str
    precision: str
    is_resident: bool

    @property
    def images_per_second(self) -> float:
        """Patches a second of real training: median over blocks."""
        return self.steps * self.batch_size / statistics.median(self.training)

    @property
    def random_images_per_second(self) -> float:
        """Patches a second on random tensors: median over blocks."""
        return self.steps * self.batch_size / statistics.median(self.random)

    @property
    def ratio(self) -> float:
        """Speed of training over that on random tensors: median over pairs of blocks."""
        pairs = zip(self.training, self.random, strict=True)
        return statistics.median(random / training for training, random in pairs)

    @property
    def seconds_per_step(self) -> float:
        """Seconds of a real training step: median over blocks."""
        return statistics.median(self.training) / self.steps

    def estimated_hours(self, recipe: Recipe, lesions: int = PAPER_PATCHES) -> float:
        """Return hours for all epochs of a recipe on so many lesions, without validation."""
        training = recipe.training
        steps = lesions * training.patches_per_lesion // training.batch_size * training.epochs
        return steps * self.seconds_per_step / 3600.0


def measure(cache: GridCache, recipe: Recipe, options: BenchOptions) -> Throughput:
    """Measure training from a cache; nothing is kept of what is learnt.

    Raises
    ------
    DataError
        If the cache was prepared for another recipe, or its patches do not fill a batch.
    SettingsError
        If a GPU is asked for and there is none.
    """
    check_settings(cache, recipe)
    check_accelerator(options.accelerator)
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(usable_cores())
    module = PatchClassifier(recipe, weights_sha256="none", cache_sha256=cache.sha256)
    module.total_steps = (options.blocks + 1) * options.steps
    names = frozenset(x.lesion_id for record in cache.records for x in record.lesions)
    sides = Sides(training=names, validation=frozenset(), split_sha256="all lesions")
    data = Patches(cache, recipe, sides, stride_px=label_stride(module), workers=options.workers)
    meter = _Meter(len(recipe.network.classes), options.steps)
    trainer = _trainer(options, module.total_steps, meter)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        train(trainer, module, data)
    device = trainer.strategy.root_device
    return Throughput(
        training=tuple(meter.training),
        random=tuple(meter.random),
        steps=options.steps,
        batch_size=recipe.training.batch_size,
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU",
        precision=str(trainer.precision),
        is_resident=PatchStore(cache, device).is_resident,
    )


def make_cache(folder: Path, recipe: Recipe, *, records: int = 64) -> GridCache:
    """Write a cache of noise, of the shape that the recipe's own has.

    Parameters
    ----------
    folder : Path
        Where to write.
    records : int
        Mammograms, or squares around lesions; a lesion each, of every class in turn.
    """
    network, patches = recipe.network, recipe.patches
    kinds = [kind for kind in network.classes if kind != network.background]
    rng = np.random.default_rng(recipe.seed)
    rows = cols = cut_size(patches)
    if patches.sampling != "roi":
        spec = recipe.preprocessing
        rows, cols = (
            round(side / spec.mm_per_px)
            for side in (recipe.data.assumed_height_mm, recipe.data.assumed_width_mm)
        )
    grids = []
    for number in range(records):
        record = _made_record(number, rows, cols, kinds[number % len(kinds)])
        breast = np.ones(record.breast_shape, np.bool_) if patches.sampling != "roi" else None
        pixels = rng.integers(0, 256, (rows, cols), np.uint8)
        grids.append(PreparedGrid(record=record, pixels=pixels, breast=breast))
    folder.mkdir(parents=True, exist_ok=True)
    shard = write_shard(folder, 0, grids)
    settings = cache_settings(recipe)
    write_index(folder, hashes=[shard.sha256], settings=settings, source="noise")
    return GridCache(folder)


class _Meter(Callback):
    """Takes the time of blocks of steps, and runs a block of bare steps after each.

    The first pair of blocks warms up and is not counted.
    """

    def __init__(self, classes: int, steps: int) -> None:
        self.classes = classes
        self.steps = steps
        self.training: list[float] = []
        self.random: list[float] = []
        self._done = 0
        self._started: float | None = None

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: list[Tensor],
        batch_idx: int,
    ) -> None:
        self._done += 1
        if self._done % self.steps:
            return
        now = _now(pl_module.device)
        if not isinstance(pl_module, PatchClassifier):
            raise TypeError("the meter knows the patch classifier alone")
        seconds = self._bare_block(trainer, pl_module, batch)
        if self._started is not None:
            self.training.append(now - self._started)
            self.random.append(seconds)
        self._started = _now(pl_module.device)

    def _bare_block(self, trainer: Trainer, module: PatchClassifier, batch: list[Tensor]) -> float:
        """Return the seconds of steps on random tensors, with the same network and optimiser."""
        image = torch.rand_like(batch[0])
        labels = torch.randint_like(batch[1], self.classes)
        (optimizer,) = trainer.optimizers
        weight = module.get_buffer("class_weight")
        started = _now(module.device)
        for _ in range(self.steps):
            optimizer.zero_grad()
            with torch.enable_grad(), trainer.precision_plugin.train_step_context():
                scores = module.scores(image)
                loss = functional.cross_entropy(scores, labels, weight=weight, ignore_index=IGNORED)
            torch.autograd.backward(loss)
            optimizer.step()
        return _now(module.device) - started


def _trainer(options: BenchOptions, steps: int, meter: _Meter) -> Trainer:
    """Return Lightning's loop as ``fit`` sets it up, without what it writes."""
    return Trainer(
        accelerator=options.accelerator,
        devices=1,
        precision=precision_for(options.accelerator, options.precision),  # type: ignore[arg-type]
        max_epochs=-1,
        max_steps=steps,
        limit_val_batches=0,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[MeanAccuracyStop(_NEVER, 50), meter],
    )


def _made_record(number: int, rows: int, cols: int, label: str) -> GridRecord:
    """Return a record whose lesion of 40 pixels lies in the middle."""
    pathology, _, kind = label.rpartition("-")
    name = f"{number:05d}_LEFT_CC"
    box = ImageBox(col0=cols / 2 - 20, row0=rows / 2 - 20, col1=cols / 2 + 20, row1=rows / 2 + 20)
    lesion = GridLesion(
        kind=kind,
        box=box,
        lesion_id=f"{name}_{kind}_1",
        pathology=pathology.upper(),
        subtlety=0,
        width_px=40.0,
        height_px=40.0,
        mean_grey=0.5,
    )
    return GridRecord(
        name=name,
        mammogram=name,
        person=f"{number:05d}",
        laterality="L",
        view="CC",
        density=0,
        rows=rows,
        cols=cols,
        shard=0,
        grid_at=0,
        breast_at=0,
        lesions=(lesion,),
    )


def _now(device: torch.device) -> float:
    """Return the time at which the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
