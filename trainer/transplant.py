"""Places of other pictures set into a picture: a lesion is then not known by its surroundings.

An ellipse is taken out of another picture with a soft edge, turned, mirrored and scaled, brought to
the grey of the place that it comes to, and laid inside the breast clear of the lesions there
(Dwibedi, Misra and Hebert 2017, "Cut, Paste and Learn").  Healthy places are set in as often as
lesions: the edge tells nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mammoview.domain.geometry import ImageBox, ImagePoint
from trainer.cache import BREAST_STEP, GridCache, GridRecord
from trainer.draw import IGNORED, Draw, anywhere, class_of, ellipse_distance, rotation
from trainer.recipe import Recipe

# The ellipse of a box lies whole in the picture up to here, in half axes, and fades out to there.
WHOLE_TO = 1.1
FADES_TO = 1.6
_TRIES = 50


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Transplant:
    """A place of another picture, and where it comes to lie.

    Attributes
    ----------
    record : int
        Number of the record that it is taken from.
    affine : ndarray of float64, (2, 3)
        Map of the patch's coordinates, as in :class:`~trainer.draw.Draw`, to that record's grid.
    box : ImageBox
        The box of its ellipse, on that grid.
    kind : str
        Class of the lesion; empty for a healthy place.
    """

    record: int
    affine: NDArray[np.float64]
    box: ImageBox
    kind: str

    def ellipse(self) -> NDArray[np.float32]:
        """Return column and row of the middle and the half axes, float32 (4,)."""
        middle = self.box.centre()
        across, down = self.box.col1 - middle.col, self.box.row1 - middle.row
        return np.array([middle.col, middle.row, across, down], np.float32)


def draw_transplant(
    cache: GridCache,
    lesions: Sequence[tuple[int, int]],
    host: GridRecord,
    draw: Draw,
    recipe: Recipe,
    rng: np.random.Generator,
) -> Transplant | None:
    """Return what is set into a whole picture, or None where nothing is, or nothing fits.

    Parameters
    ----------
    lesions : sequence of (int, int)
        Numbers of the records, and of the lesions there, that may be taken: those trained on.
    host : GridRecord
        The picture that it comes into.
    draw : Draw
        How that picture lies in its frame.
    """
    patch = recipe.patches
    if rng.random() >= patch.transplant_share:
        return None
    number, place = _any_of(lesions, rng)
    lesion = cache.records[number].lesions[place]
    box, kind = lesion.box, class_of(lesion, patch)
    if rng.random() < 0.5:  # a healthy place of that lesion's size, in any picture
        number, _ = _any_of(lesions, rng)
        box, kind = _around(anywhere(cache, cache.records[number], patch, rng), box), ""
        if _touches(box, cache.records[number]):
            return None
    if not _is_in_breast(box, cache.breast(cache.records[number])):
        return None
    for _ in range(_TRIES):
        target = anywhere(cache, host, patch, rng)
        there = _around(target, box)
        if not _touches(there, host) and _is_in_breast(there, cache.breast(host)):
            break
    else:
        return None
    return Transplant(
        record=number, affine=_moved(draw, target, box.centre(), recipe, rng), box=box, kind=kind
    )


def add_labels(
    labels: NDArray[np.int64], transplant: Transplant, draw: Draw, recipe: Recipe, *, stride_px: int
) -> None:
    """Label the cells of a lesion that was set in, as ``trainer.draw.cell_labels`` does."""
    if not transplant.kind:
        return
    distance = ellipse_distance(transplant.box, transplant.affine, draw.shape, stride_px=stride_px)
    ring = (distance <= 1.0 + recipe.patches.ignore_ring) & (distance > 1.0)
    labels[ring] = IGNORED
    labels[distance <= 1.0] = recipe.network.classes.index(transplant.kind)


def set_in(image: Tensor, donor: Tensor, affine: Tensor, ellipse: Tensor) -> Tensor:
    """Return pictures with the ellipses of others set in.

    Parameters
    ----------
    image, donor : Tensor of float32, (n, 1, rows, cols)
        The pictures, and what the others show at the same place of the frame.
    affine : Tensor of float32, (n, 2, 3)
        See :class:`Transplant`.
    ellipse : Tensor of float32, (n, 4)
        See :meth:`Transplant.ellipse`; half axes of 0 where nothing is set in.
    """
    distance = _pixel_distance(affine, ellipse, (image.shape[2], image.shape[3]))[:, None]
    share = ((FADES_TO - distance) / (FADES_TO - WHOLE_TO)).clamp(0.0, 1.0)
    share = share * share * (3.0 - 2.0 * share)
    ring = ((distance > WHOLE_TO) & (distance <= FADES_TO)).float()
    weight = ring / ring.sum((2, 3), keepdim=True).clamp(min=1.0)
    lift = ((image - donor) * weight).sum((2, 3), keepdim=True)
    return (image + share * (donor + lift - image)).clamp(0.0, 1.0)


def _pixel_distance(affine: Tensor, ellipse: Tensor, shape: tuple[int, int]) -> Tensor:
    """Return each pixel's distance (n, rows, cols) from the ellipse's middle, in half axes."""
    down, across = (
        (torch.arange(side, device=affine.device) + 0.5) / side * 2.0 - 1.0 for side in shape
    )
    col, row = (
        affine[:, i, 0, None, None] * across[None, None, :]
        + affine[:, i, 1, None, None] * down[None, :, None]
        + (affine[:, i, 2] - ellipse[:, i])[:, None, None]
        for i in (0, 1)
    )
    half = ellipse[:, 2:].clamp(min=1e-6)  # nothing is set in: all pixels are far away
    return torch.hypot(col / half[:, 0, None, None], row / half[:, 1, None, None])


def _any_of(lesions: Sequence[tuple[int, int]], rng: np.random.Generator) -> tuple[int, int]:
    return lesions[int(rng.integers(len(lesions)))]


def _moved(
    draw: Draw,
    target: ImagePoint,
    middle: ImagePoint,
    recipe: Recipe,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Return the map of the frame to the other grid: the middle of the ellipse is at the target."""
    jitter = recipe.patches.scale_jitter
    scale = rng.uniform(1.0 - jitter, 1.0 + jitter)
    turn = rotation(rng.uniform(-180.0, 180.0)) @ np.diag([rng.choice((-1.0, 1.0)), 1.0]) * scale
    place = np.array([middle.col, middle.row])
    offset = draw.affine[:, 2] - (target.col, target.row)
    return np.column_stack([turn @ draw.affine[:, :2], place + turn @ offset])


def _around(middle: ImagePoint, box: ImageBox) -> ImageBox:
    """Return a box of the same size around another point."""
    across, down = (box.col1 - box.col0) / 2.0, (box.row1 - box.row0) / 2.0
    return ImageBox(
        col0=middle.col - across,
        row0=middle.row - down,
        col1=middle.col + across,
        row1=middle.row + down,
    )


def _is_in_breast(box: ImageBox, breast: NDArray[np.bool_]) -> bool:
    """Tell whether an ellipse with its faded edge, however turned, lies in the breast's cells."""
    middle = box.centre()
    reach = FADES_TO * max(box.col1 - box.col0, box.row1 - box.row0) / 2.0
    angles = np.arange(8) * np.pi / 4.0
    col = np.floor((middle.col + reach * np.cos(angles)) / BREAST_STEP).astype(int)
    row = np.floor((middle.row + reach * np.sin(angles)) / BREAST_STEP).astype(int)
    inside = (col >= 0) & (row >= 0) & (col < breast.shape[1]) & (row < breast.shape[0])
    return bool(inside.all() and breast[row, col].all())


def _touches(box: ImageBox, record: GridRecord) -> bool:
    """Tell whether an ellipse, however turned, may reach a lesion of a record."""
    reach = FADES_TO * max(box.col1 - box.col0, box.row1 - box.row0) / 2.0
    middle = box.centre()
    return any(
        lesion.box.col0 - reach < middle.col < lesion.box.col1 + reach
        and lesion.box.row0 - reach < middle.row < lesion.box.row1 + reach
        for lesion in record.lesions
    )
