"""More than one pass an image, as an option: flips, and the image on a second, coarser grid.

Every pass gives raw class maps; they are averaged on the cells of the base grid, before the
calibration.  So one set of regions comes out, on the same map as with one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D, PixelSpacing
from mammoview.modelkit.manifest import Manifest
from mammoview.modelkit.preprocess import Grid, network_input, to_grid

# Millimetres per pixel of the second grid, as a multiple of the model's: inside the scale jitter
# of the training, and coarser, so that it costs less than the first.
SECOND_SCALE = 1.25
# Cell positions are sums of products: what is nearer than this to a cell's centre is that cell.
_SAME_CELL = 1e-6

RawMaps = Callable[[NDArray[np.float32]], NDArray[np.float32]]


class Passes(StrEnum):
    """How an image goes through the network."""

    ONE = "one"
    FLIPS = "flips"
    SCALES = "scales"
    ALL = "all"

    @property
    def text(self) -> str:
        """What it means, for the screen and the results."""
        return _TEXTS[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One pass: mirrored along columns and rows or not, on a grid so much coarser."""

    mirror_cols: bool
    mirror_rows: bool
    scale: float


_TEXTS = {
    Passes.ONE: "one pass",
    Passes.FLIPS: "4 passes: as it is and mirrored",
    Passes.SCALES: f"2 passes: the model's grid and one {SECOND_SCALE:g} times as coarse",
    Passes.ALL: f"8 passes: as it is and mirrored, on two grids ({SECOND_SCALE:g} times as coarse)",
}


def averaged_maps(
    run: RawMaps,
    grid: Grid,
    values: NDArray[np.float32],
    *,
    spacing: PixelSpacing | None,
    manifest: Manifest,
    passes: Passes,
) -> NDArray[np.float32]:
    """Return the raw class maps of an image, averaged over the passes.

    Parameters
    ----------
    run : callable
        From the network's input (1, 1, h, w) to the raw maps (classes, h', w').
    grid : Grid
        The image on the model's grid; the maps are given on its cells.
    values : ndarray of float32, (rows, cols)
        The image, grey 0..1, for the second grid.
    spacing : PixelSpacing or None
        Of the image.
    manifest : Manifest
        Geometry of the map and preprocessing.
    passes : Passes
        Which passes.

    Returns
    -------
    ndarray of float32, (classes, h', w')
        With one pass, what ``run`` gives of the grid.
    """
    maps = maps_of_passes(run, grid, values, spacing=spacing, manifest=manifest, passes=passes)
    return averaged(maps, tuple(range(len(maps))))


def maps_of_passes(
    run: RawMaps,
    grid: Grid,
    values: NDArray[np.float32],
    *,
    spacing: PixelSpacing | None,
    manifest: Manifest,
    passes: Passes,
) -> tuple[NDArray[np.float32], ...]:
    """Return the maps of each pass, in the order of :func:`plan`, on the cells of the grid.

    See :func:`averaged_maps`; taken apart so that one reading serves to compare all ways.
    """
    to_image = manifest.map_geometry.cell_to_grid().then(grid.to_image)
    to_cells = manifest.map_geometry.cell_to_grid().inverse()
    found = [run(network_input(grid.pixels))]
    scaled = grid
    for earlier, one in pairwise(plan(passes)):
        if one.scale != earlier.scale:
            scaled = _grid(values, spacing, manifest, one.scale)
        pixels, from_pixels = _mirrored(scaled, one, manifest)
        there = to_image.then(from_pixels.inverse()).then(to_cells)
        found.append(_sampled(run(network_input(pixels)), there, found[0].shape[1:]))
    return tuple(found)


def averaged(maps: Sequence[NDArray[np.float32]], chosen: Sequence[int]) -> NDArray[np.float32]:
    """Return the mean of some of the maps; of one, that map as it is."""
    if len(chosen) == 1:
        return maps[chosen[0]]
    return np.asarray(np.mean([maps[i] for i in chosen], axis=0, dtype=np.float64), np.float32)


def plan(passes: Passes) -> tuple[Pass, ...]:
    """Return the passes, the plain one first; those of one grid follow each other."""
    mirrors = (False, True) if passes in (Passes.FLIPS, Passes.ALL) else (False,)
    scales = (1.0, SECOND_SCALE) if passes in (Passes.SCALES, Passes.ALL) else (1.0,)
    return tuple(
        Pass(mirror_cols=cols, mirror_rows=rows, scale=scale)
        for scale, rows, cols in product(scales, mirrors, mirrors)
    )


def _grid(
    values: NDArray[np.float32],
    spacing: PixelSpacing | None,
    manifest: Manifest,
    scale: float,
) -> Grid:
    """Return the image on a coarser grid, made the one way that pixels become a grid."""
    spec = manifest.preprocessing
    return to_grid(values, spacing=spacing, spec=replace(spec, mm_per_px=spec.mm_per_px * scale))


def _mirrored(grid: Grid, one: Pass, manifest: Manifest) -> tuple[NDArray[np.uint8], Affine2D]:
    """Return the pixels of a pass, and the map from them to stored pixels.

    Before it is mirrored an axis is made so long, with black as beyond every grid, that the
    mirrored cells fall on those of the grid as it lies: nothing is interpolated.
    """
    pixels, to_grid_px = grid.pixels, Affine2D.identity()
    geometry = manifest.map_geometry
    for axis, is_mirrored in ((0, one.mirror_rows), (1, one.mirror_cols)):
        if not is_mirrored:
            continue
        missing = round(2 * geometry.offset_px - pixels.shape[axis]) % geometry.stride_px
        width = [(0, 0), (0, 0)]
        width[axis] = (0, missing)
        pixels = np.flip(np.pad(pixels, width, mode="constant"), axis)
        length = float(pixels.shape[axis])
        to_grid_px = to_grid_px.then(
            Affine2D.scale_translate(
                col_scale=-1.0 if axis else 1.0,
                row_scale=1.0 if axis else -1.0,
                col0=length if axis else 0.0,
                row0=0.0 if axis else length,
            )
        )
    return np.ascontiguousarray(pixels), to_grid_px.then(grid.to_image)


def _sampled(
    maps: NDArray[np.float32], to_cells: Affine2D, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """Return maps (classes, h, w) at the cells of another: bilinear, the border repeated.

    ``to_cells`` takes continuous cell coordinates of the result to those of ``maps``; grids lie
    parallel, so that rows and columns go apart.
    """
    rows = _weights(shape[0], to_cells.yy, to_cells.y0, maps.shape[1])
    cols = _weights(shape[1], to_cells.xx, to_cells.x0, maps.shape[2])
    return np.asarray(rows @ maps.astype(np.float64) @ cols.T, np.float32)


def _weights(count: int, scale: float, start: float, size: int) -> NDArray[np.float64]:
    """Return the (count, size) weights of linear interpolation along one axis of cells."""
    index = np.clip(scale * (np.arange(count, dtype=np.float64) + 0.5) + start - 0.5, 0, size - 1)
    nearest = np.rint(index)
    index = np.where(np.abs(index - nearest) < _SAME_CELL, nearest, index)
    return np.asarray(np.maximum(0.0, 1.0 - np.abs(index[:, None] - np.arange(size))), np.float64)
