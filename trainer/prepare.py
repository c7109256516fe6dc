"""Pictures -> patch cache, through the same ``to_grid`` as the viewer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from mammoview.domain.geometry import ImagePoint
from mammoview.errors import DataError
from mammoview.modelkit.preprocess import Grid, to_grid
from trainer.cache import BREAST_STEP, BREASTS, GRIDS, INDEX, GridLesion, GridRecord, write_index
from trainer.coco import LabelledImage
from trainer.pictures import assumed_spacing, read_picture
from trainer.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Prepared:
    pixels: NDArray[np.uint8]
    breast: NDArray[np.bool_]
    lesions: tuple[GridLesion, ...]


def prepare(
    images: Sequence[LabelledImage], *, recipe: Recipe, out: Path, workers: int | None = None
) -> int:
    """Write the cache of some pictures and return how many there are.

    The folder counts as complete only once its index is written, so a killed run is simply
    started again.

    Raises
    ------
    DataError
        If there is nothing to prepare, or a complete cache stands there already.
    """
    if not images:
        raise DataError("no pictures", expected="at least one", todo="check the data folder")
    if (out / INDEX).exists():
        raise DataError(
            f"a patch cache stands in {out} already",
            expected="a new folder",
            todo="delete it or choose another --out",
        )
    out.mkdir(parents=True, exist_ok=True)
    records: list[GridRecord] = []
    grid_at = breast_at = 0
    with (
        (out / GRIDS).open("wb") as grids,
        (out / BREASTS).open("wb") as breasts,
        ProcessPoolExecutor(workers or os.cpu_count()) as pool,
    ):
        made = pool.map(partial(_prepare_one, recipe=recipe), images, chunksize=4)
        for image, item in zip(images, tqdm(made, "prepare", total=len(images)), strict=True):
            grids.write(item.pixels.tobytes())
            breasts.write(item.breast.astype(np.uint8).tobytes())
            records.append(_record(image, item, grid_at, breast_at))
            grid_at += item.pixels.size
            breast_at += item.breast.size
    write_index(out, records=records, preprocessing=asdict(recipe.preprocessing))
    return len(records)


def breast_cells(grid: Grid, step: int) -> NDArray[np.bool_]:
    """Return the breast mask sampled at the middle of each ``step`` x ``step`` grid block."""
    rows, cols = grid.pixels.shape
    to_mask = grid.to_image.then(grid.breast.to_image.inverse())
    mask = grid.breast.mask
    at = [
        to_mask.apply(ImagePoint(col=c, row=r))
        for r, c in (
            (step * (i + 0.5), step * (j + 0.5))
            for i in range(-(-rows // step))
            for j in range(-(-cols // step))
        )
    ]
    r = np.clip([int(p.row) for p in at], 0, mask.shape[0] - 1)
    c = np.clip([int(p.col) for p in at], 0, mask.shape[1] - 1)
    return np.asarray(mask[r, c]).reshape(-(-rows // step), -(-cols // step))


def _prepare_one(image: LabelledImage, *, recipe: Recipe) -> _Prepared:
    values = read_picture(image.file)
    spacing = assumed_spacing(values.shape, recipe.data)
    grid = to_grid(values, spacing=spacing, spec=recipe.preprocessing)
    to_grid_px = grid.to_image.inverse()
    lesions = tuple(
        GridLesion(kind=lesion.kind, box=to_grid_px.apply_box(lesion.box))
        for lesion in image.lesions
    )
    return _Prepared(pixels=grid.pixels, breast=breast_cells(grid, BREAST_STEP), lesions=lesions)


def _record(image: LabelledImage, item: _Prepared, grid_at: int, breast_at: int) -> GridRecord:
    rows, cols = item.pixels.shape
    return GridRecord(
        name=image.file.name,
        person=image.person,
        laterality=image.laterality,
        view=image.view,
        rows=rows,
        cols=cols,
        grid_at=grid_at,
        breast_at=breast_at,
        lesions=item.lesions,
    )
