"""Patches for training: drawn on the CPU, sampled from the cache on whatever device holds it.

A patch is a record's number, an affine map and a tone (``trainer.draw``); its pixels are read
straight from the cache by :func:`sample_patches`.  Where the cache fits into the GPU's memory it
lies there, and no loader can starve the GPU.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, Sampler, default_collate

from mammoview.domain.geometry import ImagePoint
from mammoview.errors import DataError
from trainer.cache import GridCache, GridRecord
from trainer.draw import (
    IGNORED,
    Draw,
    anywhere,
    around,
    cell_labels,
    class_of,
    framed,
    near,
    sample_seed,
    turned,
    upright,
)
from trainer.hard_negatives import HardShare
from trainer.recipe import WHOLE, Recipe
from trainer.transplant import add_labels, draw_transplant, set_in

# Of the free memory of a GPU, what the cache may take: the rest is for the network.
_RESIDENT_SHARE = 0.5
_BATCHES_A_GROUP = 32


class PatchSet(Dataset[tuple[Tensor, ...]]):
    """The patches of an epoch.

    Each is ``(record number, affine (2, 3), gain and gamma (2,), number, affine and ellipse (4,) of
    what is set in, labels)``; half axes are 0 where nothing is (``trainer.transplant``).
    ``labels`` holds class numbers a map cell (``IGNORED`` where nothing is asked), or one number
    for the patch.  Index ``epoch * len + sample`` is that sample's patch in that epoch; see
    :class:`EpochOrder`.

    Parameters
    ----------
    cache : GridCache
        The records.
    numbers : collection of int
        Which records of the cache to draw from.
    per_lesion : int
        Patches a lesion and epoch (with ``sampling = "whole"``: frames a picture and epoch); 0: one
        upright patch a lesion, the same every epoch.
    stride_px : int
        Pixels from map cell to map cell.
    lesions : collection of str, optional
        Names of the lesions to take from these records; all if left out.
    labels_patches : bool
        One label a patch whatever the recipe's supervision.
    hard : HardShare, optional
        Places to draw a share of the background patches around; with patches from the grid alone.
    """

    def __init__(
        self,
        cache: GridCache,
        numbers: Collection[int],
        *,
        recipe: Recipe,
        per_lesion: int,
        stride_px: int,
        lesions: Collection[str] | None = None,
        labels_patches: bool = False,
        hard: HardShare | None = None,
    ) -> None:
        self.cache = cache
        self.hard = hard
        self.recipe = recipe
        self.stride_px = stride_px
        self.is_upright = per_lesion == 0
        self.is_whole = recipe.patches.sampling in WHOLE and not self.is_upright
        self.labels_cells = recipe.patches.supervision == "cells" and not labels_patches
        # Each lesion of the classes; of a whole picture that holds one, the first alone.
        self.lesions = tuple(
            (number, place)
            for number in numbers
            for place, lesion in enumerate(cache.records[number].lesions)
            if lesions is None or lesion.lesion_id in lesions
            if class_of(lesion, recipe.patches) in recipe.network.classes
            # Held-out patches are those of lesions, whatever squares of background stand beside.
            if not (labels_patches and lesion.kind == recipe.network.background)
        )
        taken = dict(reversed(self.lesions)).items() if self.is_whole else self.lesions
        self.items = tuple(item for item in taken for _ in range(max(1, per_lesion)))

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        epoch, sample = divmod(index, len(self.items))
        number, place = self.items[sample]
        patch = self.recipe.patches
        rng = np.random.default_rng(sample_seed(self.recipe.seed, epoch, sample))
        record = self.cache.records[number]
        if self.is_whole:
            is_lesion, draw = False, framed(record, patch, rng, stride_px=self.stride_px)
        elif self.is_upright:
            is_lesion, draw = True, upright(record.lesions[place].box.centre(), patch)
        elif is_lesion := bool(rng.random() < patch.lesion_share):
            draw = turned(near(record.lesions[place].box.centre(), patch, rng), patch, rng)
        else:
            number, centre = self._background(number, rng)
            record = self.cache.records[number]
            draw = turned(centre, patch, rng)
        labels = self._labels(record, place, is_lesion, draw)
        planted = None
        if self.is_whole and patch.transplant_share:
            planted = draw_transplant(self.cache, self.lesions, record, draw, self.recipe, rng)
        if planted is not None:
            add_labels(labels.numpy(), planted, draw, self.recipe, stride_px=self.stride_px)
        donor, affine, ellipse = (
            (number, draw.affine, np.zeros(4, np.float32))
            if planted is None
            else (planted.record, planted.affine, planted.ellipse())
        )
        return (
            torch.tensor(number),
            torch.from_numpy(draw.affine.astype(np.float32)),
            torch.tensor([draw.gain, draw.gamma], dtype=torch.float32),
            torch.tensor(donor),
            torch.from_numpy(affine.astype(np.float32)),
            torch.from_numpy(ellipse),
            labels,
        )

    def class_counts(self) -> dict[str, int]:
        """Return how many lesions of each class the set holds, background left out."""
        network = self.recipe.network
        counts = {kind: 0 for kind in network.classes if kind != network.background}
        for number, place in self.lesions:
            kind = class_of(self.cache.records[number].lesions[place], self.recipe.patches)
            if kind != network.background:
                counts[kind] += 1
        return counts

    def areas(self) -> list[int] | None:
        """Return the size of each sample in pixels, or None where all have the same."""
        if not self.is_whole:
            return None
        records = self.cache.records
        return [records[number].rows * records[number].cols for number, _ in self.items]

    def _background(self, number: int, rng: np.random.Generator) -> tuple[int, ImagePoint]:
        """Return the record and the middle of a background patch: of this one, or a hard one."""
        patch, records = self.recipe.patches, self.cache.records
        if self.hard is None or rng.random() >= self.hard.share:
            return number, anywhere(self.cache, records[number], patch, rng)
        chosen = self.hard.places[rng.integers(len(self.hard.places))]
        return chosen.record, around(records[chosen.record], chosen.point, patch, rng)

    def _labels(self, record: GridRecord, place: int, is_lesion: bool, draw: Draw) -> Tensor:
        network, patch = self.recipe.network, self.recipe.patches
        if self.labels_cells:
            labels = cell_labels(
                record,
                draw,
                patch=patch,
                classes=network.classes,
                background=network.background,
                stride_px=self.stride_px,
            )
            return torch.from_numpy(labels)
        kind = class_of(record.lesions[place], patch) if is_lesion else network.background
        return torch.tensor(network.classes.index(kind))


class EpochOrder(Sampler[int]):
    """The samples of an epoch for this process, in an order of that epoch's own.

    They are indices of :class:`PatchSet`.  Nothing but the epoch's number has to be remembered for
    a resume.  Every global batch is the same whatever the number of processes: each takes its part
    of it.

    Parameters
    ----------
    samples : int
        Length of the set; what does not fill a batch is left out, other samples each epoch.
    batch_size : int
        Over all processes.
    epoch : callable
        Asked for the epoch's number whenever the set is gone through anew: loader processes fetch
        ahead, before a training loop could tell.
    rank, world : int
        Number of this process, and how many there are.
    areas : sequence of int, optional
        Size of each sample where they differ: those of a batch are then of about one size, so
        that little is padded.

    Raises
    ------
    DataError
        If the samples do not fill one batch, or the batch cannot be shared out evenly.
    """

    def __init__(
        self,
        samples: int,
        *,
        batch_size: int,
        seed: int,
        epoch: Callable[[], int],
        rank: int = 0,
        world: int = 1,
        areas: Sequence[int] | None = None,
    ) -> None:
        if samples < batch_size:
            raise DataError(
                f"{samples} patches to train on",
                expected=f"at least one batch of {batch_size}",
                todo="use a smaller batch_size, or more data",
            )
        if batch_size % world:
            raise DataError(
                f"a batch of {batch_size} over {world} processes",
                expected="a batch size that the number of GPUs divides",
                todo="change batch_size in the recipe or the number of GPUs",
            )
        self.samples = samples
        self.batch_size = batch_size
        self.seed = seed
        self.rank = rank
        self.world = world
        self.epoch = epoch
        self.areas = None if areas is None else np.asarray(areas)

    def __len__(self) -> int:
        return self.samples // self.batch_size * (self.batch_size // self.world)

    def __iter__(self) -> Iterator[int]:
        epoch = self.epoch()
        rng = np.random.default_rng(sample_seed(self.seed, epoch, -1))
        order = rng.permutation(self.samples)
        batches = order[: self.samples // self.batch_size * self.batch_size]
        if self.areas is not None:
            batches = self._by_size(batches, rng)
        shared = batches.reshape(-1, self.world, self.batch_size // self.world)
        return iter((epoch * self.samples + shared[:, self.rank]).ravel().tolist())

    def _by_size(self, samples: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.intp]:
        """Return the samples so that each batch holds neighbours in size of its group."""
        assert self.areas is not None
        group = _BATCHES_A_GROUP * self.batch_size
        parts = [samples[start : start + group] for start in range(0, len(samples), group)]
        ordered = np.concatenate([part[np.argsort(self.areas[part])] for part in parts])
        return np.asarray(rng.permutation(ordered.reshape(-1, self.batch_size)).ravel())


class PatchStore:
    """The pixels of a cache as tensors: memory-mapped, or resident on a GPU where they fit.

    Parameters
    ----------
    cache : GridCache
        The cache.
    device : torch.device
        Where the training runs.
    """

    def __init__(self, cache: GridCache, device: torch.device) -> None:
        shards = [torch.from_numpy(shard) for shard in cache.shards]
        size = sum(len(shard) for shard in shards)
        self.is_resident = _fits(size, device)
        self.device = device if self.is_resident else torch.device("cpu")
        where = np.array([[r.shard, r.grid_at, r.rows, r.cols] for r in cache.records], np.int64)
        if self.is_resident:
            starts = np.cumsum([0, *map(len, shards)])
            where[:, 1] += starts[where[:, 0]]
            where[:, 0] = 0
            whole = torch.empty(size, dtype=torch.uint8, device=device)
            for start, shard in zip(starts, shards, strict=False):
                whole[start : start + len(shard)] = shard.to(device)
            shards = [whole]
        self._shards = shards
        self._records = torch.from_numpy(where).to(self.device)

    def patches(self, numbers: Tensor, affine: Tensor, shape: tuple[int, int]) -> Tensor:
        """Return the patches (n, 1, rows, cols) float32 in 0..1 of some draws."""
        where = self._records[numbers]
        if self.is_resident:
            return sample_patches(self._shards[0], where[:, 1:], affine, shape)
        out = torch.empty(len(numbers), 1, *shape)
        for shard in torch.unique(where[:, 0]).tolist():
            mine = where[:, 0] == shard
            out[mine] = sample_patches(self._shards[shard], where[mine, 1:], affine[mine], shape)
        return out


class Collate:
    """Joins draws into a batch; samples the pixels too where they are not resident on a GPU.

    Parameters
    ----------
    size : int
        Side of a patch; for patches of several shapes the pixels a cell of their labels.
    of_shapes : bool
        Whether patches have several shapes: they are then padded, with labels ``IGNORED``.
    """

    def __init__(self, store: PatchStore, size: int, *, of_shapes: bool = False) -> None:
        self.store = store
        self.size = size
        self.of_shapes = of_shapes

    def __call__(self, items: Sequence[tuple[Tensor, ...]]) -> list[Tensor]:
        """Return ``[image, labels]``, or the draws as they are for :meth:`finish`."""
        batch: list[Tensor] = default_collate(_padded(items) if self.of_shapes else list(items))
        return batch if self.store.is_resident else self.finish(batch)

    def finish(self, batch: list[Tensor]) -> list[Tensor]:
        """Return ``[image (n, 1, rows, cols), labels]`` of a batch of draws."""
        numbers, affine, tone, donors, donor_affine, ellipse, labels = batch
        cells = labels.shape[1:] if self.of_shapes else (1, 1)
        shape = (cells[0] * self.size, cells[1] * self.size)
        image = self.store.patches(numbers, affine, shape)
        planted = ellipse[:, 2] > 0
        if bool(planted.any()):
            donor = self.store.patches(donors[planted], donor_affine[planted], shape)
            image[planted] = set_in(image[planted], donor, donor_affine[planted], ellipse[planted])
        return [toned(image, tone), labels]


def _padded(items: Sequence[tuple[Tensor, ...]]) -> list[tuple[Tensor, ...]]:
    """Bring draws to one shape: cells beyond a draw's own are ``IGNORED``, its place stays."""
    sides = torch.tensor([labels.shape for *_, labels in items])
    rows, cols = sides.amax(0).tolist()
    padded: list[tuple[Tensor, ...]] = []
    for item, (own_rows, own_cols) in zip(items, sides.tolist(), strict=True):
        number, affine, tone, donor, donor_affine, ellipse, labels = item
        grown = torch.tensor([cols / own_cols, rows / own_rows])
        frame = torch.full((rows, cols), IGNORED)
        frame[:own_rows, :own_cols] = labels
        larger = (_in_larger_frame(given, grown) for given in (affine, donor_affine))
        padded.append((number, next(larger), tone, donor, next(larger), ellipse, frame))
    return padded


def _in_larger_frame(affine: Tensor, grown: Tensor) -> Tensor:
    """Return the map of a frame that is so many times as wide and high, its first corner kept."""
    return torch.column_stack([affine[:, :2] * grown, affine[:, 2] + affine[:, :2] @ (grown - 1.0)])


def _fits(size: int, device: torch.device) -> bool:
    """Tell whether so many bytes may lie on a device beside the network."""
    if device.type != "cuda":
        return False
    return size <= torch.cuda.mem_get_info(device)[0] * _RESIDENT_SHARE


def toned(image: Tensor, tone: Tensor) -> Tensor:
    """Return pictures (n, 1, rows, cols) in 0..1 times their gain, to the power of their gamma.

    Parameters
    ----------
    tone : Tensor of float32, (n, 2)
        Gain and gamma.
    """
    gain, gamma = tone[:, :, None, None, None].unbind(1)
    return (image * gain).clamp(0.0, 1.0) ** gamma


def sample_patches(pixels: Tensor, where: Tensor, affine: Tensor, shape: tuple[int, int]) -> Tensor:
    """Read patches out of grids that lie one after another, with bilinear interpolation.

    Beyond a grid's border all is black, as film's air is.

    Parameters
    ----------
    pixels : Tensor of uint8, (bytes,)
        The grids.
    where : Tensor of int64, (n, 3)
        First byte, rows and columns of each patch's grid.
    affine : Tensor of float32, (n, 2, 3)
        See ``trainer.draw.Draw``.
    shape : tuple of int
        Rows and columns of a patch.

    Returns
    -------
    Tensor of float32, (n, 1, rows, cols), in 0..1
    """
    down, across = (
        (torch.arange(side, device=pixels.device) + 0.5) / side * 2.0 - 1.0 for side in shape
    )
    x, y = across[None, None, :], down[None, :, None]
    # Pixel (0, 0) has its centre at (0.5, 0.5).
    col, row = (
        affine[:, i, 0, None, None] * x
        + affine[:, i, 1, None, None] * y
        + (affine[:, i, 2, None, None] - 0.5)
        for i in (0, 1)
    )
    left, top = col.floor(), row.floor()
    right_share, low_share = col - left, row - top
    start, rows, cols = (where[:, i, None, None] for i in range(3))
    out = torch.zeros_like(col)
    for below, row_share in ((0, 1.0 - low_share), (1, low_share)):
        for beside, col_share in ((0, 1.0 - right_share), (1, right_share)):
            r, c = top.long() + below, left.long() + beside
            inside = (r >= 0) & (r < rows) & (c >= 0) & (c < cols)
            index = torch.where(inside, start + r * cols + c, start)
            out += row_share * col_share * inside * torch.take(pixels, index)
    return (out / 255.0)[:, None]
