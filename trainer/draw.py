"""Where patches are taken and how they are turned, each a function of (seed, epoch, sample).

Plain numpy and no state, so a run that is stopped and resumed sees the same patches whatever the
number of workers, and GPUs.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import ImageBox, ImagePoint
from mammoview.errors import DataError
from mammoview.modelkit.codec import encode
from trainer.cache import BREAST_STEP, GridCache, GridLesion, GridRecord
from trainer.recipe import PatchRecipe, Recipe

IGNORED = -1
_TRIES = 50


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Draw:
    """One patch.

    Attributes
    ----------
    shape : tuple of int
        Its rows and columns in pixels.
    affine : ndarray of float64, (2, 3)
        Map of patch coordinates (x right, y down, -1..1 from edge to edge) to continuous
        coordinates (col, row) of the record's grid.
    gain, gamma : float
        Grey values 0..1 are multiplied by the one, then raised to the other.
    """

    shape: tuple[int, int]
    affine: NDArray[np.float64]
    gain: float
    gamma: float


def cut_size(patch: PatchRecipe) -> int:
    """Return the side of the square that holds a patch at any rotation, scale and aspect."""
    largest = (1.0 + patch.scale_jitter) * (1.0 + patch.aspect_jitter) * math.sqrt(2.0)
    return 2 * math.ceil(patch.size_px * largest / 2.0 + patch.centre_jitter_px)


def cache_settings(recipe: Recipe) -> dict[str, Any]:
    """Return what of a recipe the pixels of its cache depend on."""
    patches = recipe.patches
    if patches.sampling == "roi":
        background = recipe.network.background
        return {
            "sampling": "roi",
            "inner_px": patches.size_px / patches.context,
            "side_px": cut_size(patches),
        } | ({"background": background} if background else {})
    # Patches from the grid and the whole grid are read from the same cache.
    return {"sampling": "grid", "preprocessing": encode(recipe.preprocessing)}


def check_settings(cache: GridCache, recipe: Recipe) -> None:
    """Refuse a cache that was prepared for another recipe.

    Raises
    ------
    DataError
        If its pixels are not those that the recipe asks for.
    """
    wanted = cache_settings(recipe)
    if cache.settings != wanted:
        raise DataError(
            f"the patch cache {cache.folder} was prepared with {cache.settings}",
            expected=f"{wanted}, as recipe {recipe.name} says",
            todo="name the cache's own recipe, or run mammoview-train prepare with this one",
        )


def sample_seed(seed: int, epoch: int, index: int) -> int:
    """Return a seed for one sample that depends on nothing else."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{epoch}:{index}".encode()).digest()[:8])


def class_of(lesion: GridLesion, patch: PatchRecipe) -> str:
    """Return the name of a lesion's class by the recipe's ``labels``.

    Raises
    ------
    DataError
        If the pathology is asked for and not known.
    """
    if patch.labels == "kind":
        return lesion.kind
    if not lesion.pathology:
        raise DataError(
            f"the pathology of {lesion.lesion_id} is not known",
            expected="labels from the case descriptions of CBIS-DDSM",
            todo="prepare the cache from an index, or use a recipe with labels = kind",
        )
    malignant = lesion.pathology == "MALIGNANT"
    return f"{'malignant' if malignant else 'benign'}-{lesion.kind}"


def near(middle: ImagePoint, patch: PatchRecipe, rng: np.random.Generator) -> ImagePoint:
    """Return a place within the centre jitter of another: a lesion's middle, say."""
    col, row = rng.uniform(-patch.centre_jitter_px, patch.centre_jitter_px, 2)
    return ImagePoint(col=middle.col + col, row=middle.row + row)


def anywhere(
    cache: GridCache, record: GridRecord, patch: PatchRecipe, rng: np.random.Generator
) -> ImagePoint:
    """Return a place in the breast; with one label a patch, clear of all lesions."""
    cells = np.argwhere(cache.breast(record))
    for _ in range(_TRIES):
        row, col = (cells[rng.integers(len(cells))] + 0.5) * BREAST_STEP
        point = ImagePoint(col=float(col), row=float(row))
        if _is_free(record, point, patch):
            break
    return point


def around(
    record: GridRecord, middle: ImagePoint, patch: PatchRecipe, rng: np.random.Generator
) -> ImagePoint:
    """Return a place near a hard negative; with one label a patch, clear of all lesions."""
    for _ in range(_TRIES):
        point = near(middle, patch, rng)
        if _is_free(record, point, patch):
            break
    return point


def turned(centre: ImagePoint, patch: PatchRecipe, rng: np.random.Generator) -> Draw:
    """Return the patch at a place with a rotation, reflection, scale, aspect and gain."""
    turn = rotation(rng.uniform(-patch.rotation_degrees, patch.rotation_degrees))
    scale = rng.uniform(1.0 - patch.scale_jitter, 1.0 + patch.scale_jitter)
    aspect = rng.uniform(1.0 - patch.aspect_jitter, 1.0 + patch.aspect_jitter)
    mirror = rng.choice((-1.0, 1.0))
    matrix = turn @ np.diag([mirror * scale * aspect, scale]) * (patch.size_px / 2.0)
    gain = rng.uniform(1.0 - patch.gain_jitter, 1.0 + patch.gain_jitter)
    return Draw(
        shape=(patch.size_px, patch.size_px),
        affine=_affine(matrix, centre),
        gain=gain,
        gamma=_gamma(patch, rng),
    )


def framed(
    record: GridRecord, patch: PatchRecipe, rng: np.random.Generator, *, stride_px: int
) -> Draw:
    """Return the whole picture, turned, scaled and perhaps mirrored, in a frame of whole cells.

    Where it lies in the frame is drawn too.  The frame is as large as the scaled picture, but no
    side is longer than ``patch.size_px``: then a part of the picture is drawn.
    """
    turn = rotation(rng.uniform(-patch.rotation_degrees, patch.rotation_degrees))
    scale = rng.uniform(1.0 - patch.scale_jitter, 1.0 + patch.scale_jitter)
    aspect = rng.uniform(1.0 - patch.aspect_jitter, 1.0 + patch.aspect_jitter)
    mirror = np.ones(2) if patch.sampling == "laid" else rng.choice((-1.0, 1.0), 2)
    gain = rng.uniform(1.0 - patch.gain_jitter, 1.0 + patch.gain_jitter)
    size = np.array([record.cols, record.rows])
    steps = np.array([scale * aspect, scale])  # grid pixels from one pixel of the frame to the next
    frame = np.minimum(np.ceil(size / steps / stride_px) * stride_px, patch.size_px)
    # Where the picture's first corner comes to lie, before it is turned about the frame's middle.
    first = rng.uniform(0.0, 1.0, 2) * (size - frame * steps)
    centre = first + frame * steps / 2.0
    matrix = turn @ np.diag(mirror * steps * frame / 2.0)
    point = ImagePoint(col=float(centre[0]), row=float(centre[1]))
    return Draw(
        shape=(int(frame[1]), int(frame[0])),
        affine=_affine(matrix, point),
        gain=gain,
        gamma=_gamma(patch, rng),
    )


def upright(centre: ImagePoint, patch: PatchRecipe) -> Draw:
    """Return the patch at a place as it lies, without any augmentation."""
    matrix = np.eye(2) * (patch.size_px / 2.0)
    shape = (patch.size_px, patch.size_px)
    return Draw(shape=shape, affine=_affine(matrix, centre), gain=1.0, gamma=1.0)


def cell_labels(
    record: GridRecord,
    draw: Draw,
    *,
    patch: PatchRecipe,
    classes: tuple[str, ...],
    background: str,
    stride_px: int,
) -> NDArray[np.int64]:
    """Label each map cell of a patch by the ellipse in each lesion's box.

    A ring around a lesion is not judged, nor is a lesion of no class of the network.

    Returns
    -------
    ndarray of int64, (rows, columns) of cells
        Class numbers, ``IGNORED`` where nothing is asked.
    """
    labels: NDArray[np.int64] = np.full(
        [side // stride_px for side in draw.shape], classes.index(background), np.int64
    )
    distances = [
        ellipse_distance(lesion.box, draw.affine, draw.shape, stride_px=stride_px)
        for lesion in record.lesions
    ]
    for distance in distances:
        labels[distance <= 1.0 + patch.ignore_ring] = IGNORED
    for lesion, distance in zip(record.lesions, distances, strict=True):
        kind = class_of(lesion, patch)
        labels[distance <= 1.0] = classes.index(kind) if kind in classes else IGNORED
    return labels


def ellipse_distance(
    box: ImageBox, affine: NDArray[np.float64], shape: tuple[int, int], *, stride_px: int
) -> NDArray[np.float64]:
    """Return how far each cell of a patch lies from the middle of a box: 1 on its ellipse.

    Half axes are at least half a cell's diagonal: no lesion is too small to have one, even where
    four cells meet.

    Parameters
    ----------
    box : ImageBox
        On the grid of a record.
    affine, shape
        Of the patch, see :class:`Draw`.
    stride_px : int
        Pixels of the patch from cell to cell.
    """
    y, x = np.meshgrid(*(_cell_centres(side, stride_px) for side in shape), indexing="ij")
    cols, rows = (affine[i, 0] * x + affine[i, 1] * y + affine[i, 2] for i in (0, 1))
    # Half a cell's diagonal in grid pixels: a frame is two units wide and two high.
    area = abs(np.linalg.det(affine[:, :2])) * 4.0 / (shape[0] * shape[1])
    reach = stride_px * math.sqrt(area / 2.0) * (1.0 + 1e-9)
    middle = box.centre()
    across = max((box.col1 - box.col0) / 2.0, reach)
    down = max((box.row1 - box.row0) / 2.0, reach)
    return np.asarray(np.hypot((cols - middle.col) / across, (rows - middle.row) / down))


def _cell_centres(side_px: int, stride_px: int) -> NDArray[np.float64]:
    """Return where the middles of the cells along a side lie, -1..1 from edge to edge."""
    cells = np.arange(side_px // stride_px)
    return np.asarray((cells + 0.5) * stride_px / side_px * 2.0 - 1.0)


def _gamma(patch: PatchRecipe, rng: np.random.Generator) -> float:
    return math.exp(rng.uniform(-patch.gamma_jitter, patch.gamma_jitter))


def rotation(degrees: float) -> NDArray[np.float64]:
    """Return the matrix (2, 2) that turns (x, y) by an angle."""
    angle = math.radians(degrees)
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def _is_free(record: GridRecord, point: ImagePoint, patch: PatchRecipe) -> bool:
    """Tell whether a patch here may be called background; its cells may be, each by itself."""
    if patch.supervision == "cells":
        return True
    clear = patch.size_px / 4
    return not any(_grown(lesion.box, clear).contains(point) for lesion in record.lesions)


def _affine(matrix: NDArray[np.float64], centre: ImagePoint) -> NDArray[np.float64]:
    return np.column_stack([matrix, [centre.col, centre.row]])


def _grown(box: ImageBox, by: float) -> ImageBox:
    return ImageBox(col0=box.col0 - by, row0=box.row0 - by, col1=box.col1 + by, row1=box.row1 + by)
