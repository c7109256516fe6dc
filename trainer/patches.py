"""What a training loop is fed: the lesions of the two sides, and each epoch's patches of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import lightning
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from trainer.augment import Collate, EpochOrder, PatchSet, PatchStore
from trainer.cache import GridCache
from trainer.hard_negatives import HardShare
from trainer.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The lesions to train on and to judge on, and the hash of the split that says so."""

    training: frozenset[str]
    validation: frozenset[str]
    split_sha256: str

    def numbers(self, cache: GridCache, names: Collection[str]) -> tuple[int, ...]:
        """Return the records that hold one of some lesions."""
        return tuple(
            number
            for number, record in enumerate(cache.records)
            if any(lesion.lesion_id in names for lesion in record.lesions)
        )

    def people(self, cache: GridCache, names: Collection[str]) -> frozenset[str]:
        """Return the people whose records hold one of some lesions."""
        return frozenset(cache.records[number].person for number in self.numbers(cache, names))


class Patches(lightning.LightningDataModule):
    """Draws each epoch's patches anew from (seed, epoch, sample).

    Parameters
    ----------
    stride_px : int
        Pixels from map cell to map cell.
    hard : HardShare or None
        Hard negatives to train on; none validate.
    """

    def __init__(
        self,
        cache: GridCache,
        recipe: Recipe,
        sides: Sides,
        *,
        stride_px: int,
        workers: int,
        hard: HardShare | None = None,
    ) -> None:
        super().__init__()
        self.recipe = recipe
        self.workers = workers
        self.cache = cache
        self._collate: Collate | None = None
        training = recipe.training
        self.training_set = PatchSet(
            cache,
            sides.numbers(cache, sides.training),
            recipe=recipe,
            per_lesion=training.patches_per_lesion,
            stride_px=stride_px,
            lesions=sides.training,
            hard=hard,
        )
        # The same patches every epoch, drawn as for training where there is a background to
        # judge, else each lesion once as it lies.
        self.validation_set = PatchSet(
            cache,
            sides.numbers(cache, sides.validation),
            recipe=recipe,
            per_lesion=1 if recipe.network.background else 0,
            stride_px=stride_px,
            lesions=sides.validation,
        )

    @property
    def steps(self) -> int:
        """Steps an epoch."""
        return len(self.training_set) // self.recipe.training.batch_size

    def setup(self, stage: str) -> None:
        """Open the pixels on the device of this process."""
        assert self.trainer is not None
        store = PatchStore(self.cache, self.trainer.strategy.root_device)
        is_whole = self.training_set.is_whole
        size = self.training_set.stride_px if is_whole else self.recipe.patches.size_px
        self._collate = Collate(store, size, of_shapes=is_whole)

    def train_dataloader(self) -> DataLoader[Any]:
        """Return this process's part of each epoch, in that epoch's order."""
        assert self.trainer is not None
        world = self.trainer.world_size
        order = EpochOrder(
            len(self.training_set),
            batch_size=self.recipe.training.batch_size,
            seed=self.recipe.seed,
            epoch=self._epoch,
            rank=self.trainer.global_rank,
            world=world,
            areas=self.training_set.areas(),
        )
        size = self.recipe.training.batch_size // world
        return self._loader(self.training_set, batch_size=size, sampler=order)

    def val_dataloader(self) -> DataLoader[Any]:
        """Return the same held-out patches every epoch, all of them to every process."""
        return self._loader(self.validation_set, batch_size=self.recipe.training.batch_size)

    def on_after_batch_transfer(self, batch: list[Tensor], dataloader_idx: int) -> list[Tensor]:
        """Sample the pixels on the GPU that holds them."""
        assert self._collate is not None
        return self._collate.finish(batch) if self._collate.store.is_resident else batch

    def _epoch(self) -> int:
        """Count epochs by steps: after a resume Lightning's own count comes later than the data."""
        assert self.trainer is not None
        return int(self.trainer.global_step // self.steps)

    def _loader(self, patches: PatchSet, **options: Any) -> DataLoader[Any]:
        assert self._collate is not None
        return DataLoader(
            patches,
            num_workers=self.workers,
            collate_fn=self._collate,
            pin_memory=torch.cuda.is_available(),
            **options,
        )
