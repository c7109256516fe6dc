"""Patches drawn from the cache, every one a function of (seed, epoch, sample).

The draw is plain numpy and needs no state, so a run that is stopped and resumed sees the same
patches whatever the number of workers.  Cutting is done on the CPU as bytes; rotation, reflection,
scale and gain are done by :func:`warp` on whatever device the batch is on.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.utils.data import Dataset, Sampler

from mammoview.domain.geometry import ImageBox, ImagePoint
from trainer.cache import BREAST_STEP, GridCache, GridRecord
from trainer.recipe import PatchRecipe

IGNORED = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Draw:
    """One patch: where it is cut and how it is turned.

    ``theta`` (2, 2) maps normalised patch coordinates (-1..1) to normalised coordinates of the
    square cut around ``centre``.
    """

    centre: ImagePoint
    theta: NDArray[np.float64]
    gain: float


def cut_size(patch: PatchRecipe) -> int:
    """Return the side of the square that holds a patch at any rotation, scale and aspect."""
    largest = (1.0 + patch.scale_jitter) * (1.0 + patch.aspect_jitter) * math.sqrt(2.0)
    return 2 * math.ceil(patch.size_px * largest / 2.0)


class PatchSet(Dataset[tuple[Tensor, Tensor, Tensor, Tensor]]):
    """The patches of one epoch: ``(cut uint8, theta, gain, labels)``.

    ``labels`` holds class numbers a map cell (``IGNORED`` where nothing is asked), or one number
    for the patch.  Index ``epoch * len + sample`` is that sample's patch in that epoch; see
    :class:`EpochOrder`.

    Parameters
    ----------
    cache : GridCache
        The pictures.
    records : tuple of GridRecord
        Which of them to draw from.
    classes : tuple of str
        Class names; the background's number fills whatever is no lesion.
    stride : int
        Pixels from map cell to map cell.
    """

    def __init__(
        self,
        cache: GridCache,
        records: tuple[GridRecord, ...],
        *,
        classes: tuple[str, ...],
        background: str,
        patch: PatchRecipe,
        per_lesion: int,
        stride: int,
        seed: int,
    ) -> None:
        self.cache = cache
        self.classes = classes
        self.background = background
        self.patch = patch
        self.stride = stride
        self.seed = seed
        self.items = tuple(
            (record, number)
            for record in records
            for number in range(len(record.lesions))
            for _ in range(per_lesion)
        )

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        epoch, sample = divmod(index, len(self.items))
        rng = np.random.default_rng(sample_seed(self.seed, epoch, sample))
        record, number = self.items[sample]
        is_lesion = rng.random() < self.patch.lesion_share
        centre = self._near(record, number, rng) if is_lesion else self._anywhere(record, rng)
        draw = _turn(centre, self.patch, rng)
        cut = _cut(self.cache.grid(record), centre, cut_size(self.patch))
        if self.patch.supervision == "cells":
            labels = self._cell_labels(record, draw)
        else:
            kind = record.lesions[number].kind if is_lesion else self.background
            labels = np.array(self.classes.index(kind))
        return (
            torch.from_numpy(cut),
            torch.from_numpy(draw.theta.astype(np.float32)),
            torch.tensor(draw.gain, dtype=torch.float32),
            torch.from_numpy(labels.astype(np.int64)),
        )

    def _near(self, record: GridRecord, number: int, rng: np.random.Generator) -> ImagePoint:
        middle = record.lesions[number].box.centre()
        jitter = self.patch.centre_jitter_px
        col, row = rng.uniform(-jitter, jitter, 2)
        return ImagePoint(col=middle.col + col, row=middle.row + row)

    def _anywhere(self, record: GridRecord, rng: np.random.Generator) -> ImagePoint:
        """Return a place in the breast; with one label a patch, clear of all lesions."""
        cells = np.argwhere(self.cache.breast(record))
        clear = self.patch.size_px / 4 if self.patch.supervision == "patch" else None
        for _ in range(50):
            row, col = (cells[rng.integers(len(cells))] + 0.5) * BREAST_STEP
            point = ImagePoint(col=float(col), row=float(row))
            if clear is None or not any(
                _grown(b.box, clear).contains(point) for b in record.lesions
            ):
                break
        return point

    def _cell_labels(self, record: GridRecord, draw: Draw) -> NDArray[np.int64]:
        """Label each cell by the ellipse in each lesion's box; a ring around it is not judged."""
        size, cells = self.patch.size_px, self.patch.size_px // self.stride
        at = (np.arange(cells) + 0.5) * self.stride / size * 2.0 - 1.0
        x, y = np.meshgrid(at, at)
        half = cut_size(self.patch) / 2.0
        cols = (draw.theta[0, 0] * x + draw.theta[0, 1] * y) * half + draw.centre.col
        rows = (draw.theta[1, 0] * x + draw.theta[1, 1] * y) * half + draw.centre.row
        reach = self.stride / size * half * float(np.sqrt(abs(np.linalg.det(draw.theta))))
        labels = np.full((cells, cells), self.classes.index(self.background), np.int64)
        inside = np.zeros((cells, cells), np.bool_)
        for lesion in record.lesions:
            distance = _ellipse_distance(lesion.box, cols, rows, reach)
            labels[(distance <= 1.0 + self.patch.ignore_ring) & ~inside] = IGNORED
            inside |= distance <= 1.0
        for lesion in record.lesions:
            distance = _ellipse_distance(lesion.box, cols, rows, reach)
            labels[distance <= 1.0] = self.classes.index(lesion.kind)
        return labels


class EpochOrder(Sampler[int]):
    """The samples of an epoch in an order of its own, as indices of :class:`PatchSet`.

    The training loop calls ``set_epoch``, after a resume too, so nothing but the epoch's number
    has to be remembered.
    """

    def __init__(self, samples: int, seed: int) -> None:
        self.samples = samples
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.samples

    def __iter__(self) -> Iterator[int]:
        rng = np.random.default_rng(sample_seed(self.seed, self.epoch, -1))
        return iter((self.epoch * self.samples + rng.permutation(self.samples)).tolist())


def warp(cut: Tensor, theta: Tensor, gain: Tensor, size: int) -> Tensor:
    """Turn cuts into patches.

    Parameters
    ----------
    cut : Tensor of uint8, (n, s, s)
    theta : Tensor of float32, (n, 2, 2)
    gain : Tensor of float32, (n,)
    size : int
        Side of a patch.

    Returns
    -------
    Tensor of float32, (n, 1, size, size), in 0..1
    """
    image = cut[:, None].to(torch.float32) / 255.0
    full = functional.pad(theta, (0, 1))
    where = functional.affine_grid(full, [len(cut), 1, size, size], align_corners=False)
    patches = functional.grid_sample(image, where, mode="bilinear", align_corners=False)
    return (patches * gain[:, None, None, None]).clamp(0.0, 1.0)


def sample_seed(seed: int, epoch: int, index: int) -> int:
    """Return a seed for one sample that depends on nothing else."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{epoch}:{index}".encode()).digest()[:8])


def _turn(centre: ImagePoint, patch: PatchRecipe, rng: np.random.Generator) -> Draw:
    angle = math.radians(rng.uniform(-patch.rotation_degrees, patch.rotation_degrees))
    scale = rng.uniform(1.0 - patch.scale_jitter, 1.0 + patch.scale_jitter)
    aspect = rng.uniform(1.0 - patch.aspect_jitter, 1.0 + patch.aspect_jitter)
    mirror = rng.choice((-1.0, 1.0))
    share = patch.size_px / cut_size(patch)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    theta = turn @ np.diag([mirror * scale * aspect * share, scale * share])
    gain = rng.uniform(1.0 - patch.gain_jitter, 1.0 + patch.gain_jitter)
    return Draw(centre=_whole(centre), theta=theta, gain=gain)


def _whole(point: ImagePoint) -> ImagePoint:
    """Move a point to a pixel corner, so that the cut needs no resampling."""
    return ImagePoint(col=float(round(point.col)), row=float(round(point.row)))


def _cut(grid: NDArray[np.uint8], centre: ImagePoint, size: int) -> NDArray[np.uint8]:
    """Cut a square around a point; what lies outside the picture is black, like film's air."""
    out = np.zeros((size, size), np.uint8)
    row0, col0 = round(centre.row) - size // 2, round(centre.col) - size // 2
    top, left = max(row0, 0), max(col0, 0)
    bottom, right = min(row0 + size, grid.shape[0]), min(col0 + size, grid.shape[1])
    if bottom > top and right > left:
        out[top - row0 : bottom - row0, left - col0 : right - col0] = grid[top:bottom, left:right]
    return out


def _grown(box: ImageBox, by: float) -> ImageBox:
    return ImageBox(col0=box.col0 - by, row0=box.row0 - by, col1=box.col1 + by, row1=box.row1 + by)


def _ellipse_distance(
    box: ImageBox, cols: NDArray[np.float64], rows: NDArray[np.float64], reach: float
) -> NDArray[np.float64]:
    """Return 1.0 on the ellipse in the box; half axes are at least ``reach``."""
    middle = box.centre()
    across = max((box.col1 - box.col0) / 2.0, reach)
    down = max((box.row1 - box.row0) / 2.0, reach)
    return np.hypot((cols - middle.col) / across, (rows - middle.row) / down)
