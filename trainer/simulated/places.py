"""Where in a breast a cluster may stand, and where masses stand: surroundings alike.

A classifier must not tell the classes by where a lesion lies or how dense it is around it, so a
cluster takes its box from a mass of another person and goes where the surroundings are most like
that mass's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import ImageBox, PixelSpacing
from mammoview.imaging.breast import find_breast
from mammoview.imaging.resample import resample

RING_MM = 4.0
_CANDIDATES = 600


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Terrain:
    """A picture in the cells of its breast mask.

    Attributes
    ----------
    mask : ndarray of bool, (h, w)
    grey, texture : ndarray of float32, (h, w)
        Mean grey, and mean squared difference of neighbouring pixels, as the rank (0..1) among
        the breast's cells: exposure and scanner drop out.
    row_px, col_px : float
        Size of a cell in pixels of the picture.
    spacing : PixelSpacing
        Of the picture.
    wall_right : bool
        The chest wall is at the right edge.
    """

    mask: NDArray[np.bool_]
    grey: NDArray[np.float32]
    texture: NDArray[np.float32]
    row_px: float
    col_px: float
    spacing: PixelSpacing
    wall_right: bool

    @property
    def area_mm2(self) -> float:
        """Area of the breast."""
        cell = self.row_px * self.spacing.row_mm * self.col_px * self.spacing.col_mm
        return float(self.mask.sum()) * cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a place looks like from around it, all 0..1.

    Attributes
    ----------
    grey, texture : float
        Mean rank in a ring of 4 mm around the box.
    coverage : float
        Share of the ring that is breast.
    depth, height : float
        Middle of the box from the chest wall, and from the top, in units of the breast's extent.
    """

    grey: float
    texture: float
    coverage: float
    depth: float
    height: float

    def as_vector(self) -> NDArray[np.float64]:
        """Return the values in the order of their definition."""
        return np.array([self.grey, self.texture, self.coverage, self.depth, self.height])


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A mass that lends its size and its surroundings to clusters in other people's breasts."""

    person: str
    height_mm: float
    width_mm: float
    breast_mm2: float
    around: Surroundings


def survey(values: NDArray[np.float32], spacing: PixelSpacing) -> Terrain:
    """Return the terrain of a picture (float32 0..1)."""
    breast = find_breast(values)
    whole = ImageBox(col0=0.0, row0=0.0, col1=float(values.shape[1]), row1=float(values.shape[0]))
    rough = np.zeros_like(values)
    rough[:-1] += np.diff(values, axis=0) ** 2
    rough[:, :-1] += np.diff(values, axis=1) ** 2
    grey, _ = resample(values, box=whole, out_shape=breast.mask.shape)
    texture, _ = resample(rough, box=whole, out_shape=breast.mask.shape)
    mask = np.asarray(breast.mask)
    width = max(1, mask.shape[1] // 50)
    return Terrain(
        mask=mask,
        grey=_ranks(grey, mask),
        texture=_ranks(texture, mask),
        row_px=values.shape[0] / mask.shape[0],
        col_px=values.shape[1] / mask.shape[1],
        spacing=spacing,
        wall_right=int(mask[:, -width:].sum()) > int(mask[:, :width].sum()),
    )


def surroundings(terrain: Terrain, box: ImageBox) -> Surroundings:
    """Return what is around a box given in pixels of the picture."""
    rows, cols = _box_cells(terrain, box.row1 - box.row0, box.col1 - box.col0)
    top = np.array([round(box.row0 / terrain.row_px)])
    left = np.array([round(box.col0 / terrain.col_px)])
    vector = _vectors(terrain, top, left, (rows, cols))[0]
    return Surroundings(**dict(zip(Surroundings.__dataclass_fields__, vector, strict=True)))


def choose_place(
    terrain: Terrain,
    model: Model,
    *,
    taken: tuple[ImageBox, ...],
    margin_mm: float,
    scale: NDArray[np.float64],
    rng: np.random.Generator,
) -> tuple[float, float] | None:
    """Return where (row, column in pixels) a box of the model's size goes, or None if nowhere.

    Up to 600 places are drawn uniformly among those where the whole box is breast and clear of
    ``taken`` by ``margin_mm``; the one whose surroundings are most like the model's is taken.

    Parameters
    ----------
    scale : ndarray of float64, (5,)
        Spread of each of the surroundings, by which differences are weighed.
    """
    height_px = model.height_mm / terrain.spacing.row_mm
    width_px = model.width_mm / terrain.spacing.col_mm
    size = _box_cells(terrain, height_px, width_px)
    free = _free_places(terrain, size, taken, margin_mm)
    if not free.any():
        return None
    top, left = np.nonzero(free)
    chosen = rng.permutation(top.size)[:_CANDIDATES]
    top, left = top[chosen], left[chosen]
    difference = (_vectors(terrain, top, left, size) - model.around.as_vector()) / scale
    best = int(np.argmin((difference**2).sum(axis=1)))
    row_room = size[0] * terrain.row_px - height_px
    col_room = size[1] * terrain.col_px - width_px
    return (
        float(top[best] * terrain.row_px + rng.uniform(0.0, row_room)),
        float(left[best] * terrain.col_px + rng.uniform(0.0, col_room)),
    )


def _ranks(cells: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    inside = np.sort(cells[mask])
    return (np.searchsorted(inside, cells) / max(1, inside.size)).astype(np.float32)


def _box_cells(terrain: Terrain, height_px: float, width_px: float) -> tuple[int, int]:
    """Return the cells that a box covers wherever in its first cell it starts, at least one."""
    return (
        int(np.ceil(height_px / terrain.row_px)) + 1,
        int(np.ceil(width_px / terrain.col_px)) + 1,
    )


def _free_places(
    terrain: Terrain, size: tuple[int, int], taken: tuple[ImageBox, ...], margin_mm: float
) -> NDArray[np.bool_]:
    """Mark the upper left cells of boxes that are breast alone and far from ``taken``."""
    usable = terrain.mask.copy()
    row_margin = margin_mm / terrain.spacing.row_mm
    col_margin = margin_mm / terrain.spacing.col_mm
    for box in taken:
        rows = slice(
            max(0, int(np.floor((box.row0 - row_margin) / terrain.row_px))),
            max(0, int(np.ceil((box.row1 + row_margin) / terrain.row_px))),
        )
        cols = slice(
            max(0, int(np.floor((box.col0 - col_margin) / terrain.col_px))),
            max(0, int(np.ceil((box.col1 + col_margin) / terrain.col_px))),
        )
        usable[rows, cols] = False
    h, w = usable.shape
    if size[0] > h or size[1] > w:
        return np.zeros((1, 1), np.bool_)
    total = _integral(usable.astype(np.float64))
    sums = (
        total[size[0] :, size[1] :]
        - total[: -size[0], size[1] :]
        - total[size[0] :, : -size[1]]
        + total[: -size[0], : -size[1]]
    )
    return np.asarray(sums > size[0] * size[1] - 0.5)


def _vectors(
    terrain: Terrain, top: NDArray[np.int_], left: NDArray[np.int_], size: tuple[int, int]
) -> NDArray[np.float64]:
    """Return the surroundings of boxes, (n, 5)."""
    rows = max(1, round(RING_MM / terrain.spacing.row_mm / terrain.row_px))
    cols = max(1, round(RING_MM / terrain.spacing.col_mm / terrain.col_px))
    mask = terrain.mask.astype(np.float64)

    def ring(cells: NDArray[np.float64]) -> NDArray[np.float64]:
        total = _integral(cells)
        outer = _window(total, top - rows, left - cols, (size[0] + 2 * rows, size[1] + 2 * cols))
        return outer - _window(total, top, left, size)

    breast = ring(mask)
    whole = (size[0] + 2 * rows) * (size[1] + 2 * cols) - size[0] * size[1]
    inside = np.maximum(breast, 1.0)
    down = np.flatnonzero(mask.any(axis=1))
    over = np.flatnonzero(mask.any(axis=0))
    depth = (left + size[1] / 2 - over[0]) / (over[-1] + 1 - over[0])
    if terrain.wall_right:
        depth = 1.0 - depth
    height = (top + size[0] / 2 - down[0]) / (down[-1] + 1 - down[0])
    return np.stack(
        [
            ring(mask * terrain.grey) / inside,
            ring(mask * terrain.texture) / inside,
            breast / whole,
            depth,
            height,
        ],
        axis=1,
    )


def _integral(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.pad(cells.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))


def _window(
    total: NDArray[np.float64],
    top: NDArray[np.int_],
    left: NDArray[np.int_],
    size: tuple[int, int],
) -> NDArray[np.float64]:
    """Return sums over windows, cut at the picture's edges, from an integral image."""
    h, w = total.shape[0] - 1, total.shape[1] - 1
    r0, r1 = np.clip(top, 0, h), np.clip(top + size[0], 0, h)
    c0, c1 = np.clip(left, 0, w), np.clip(left + size[1], 0, w)
    return np.asarray(total[r1, c1] - total[r0, c1] - total[r1, c0] + total[r0, c0])
