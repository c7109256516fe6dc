"""A patch cache and split made without pictures: squares with one bright disc or three specks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import ImageBox
from mammoview.modelkit.shipped import shipped_root
from trainer.cache import GridCache, GridLesion, GridRecord, PreparedGrid, write_index, write_shard
from trainer.draw import cache_settings, cut_size
from trainer.labelled import lesion_id
from trainer.recipe import Recipe, read_recipe
from trainer.splits import Protocol, Split, SplitItem, make_split


def patch_recipe(name: str = "tiny", **training: object) -> Recipe:
    """The paper's recipe made tiny: AlexNet with a map, 64 pixels, two epochs."""
    recipe = read_recipe(shipped_root() / "recipes" / "xi2018-resnet50.toml")
    values = {"learning_rate": 1e-2, "head_factor": 1.0, "epochs": 2, "batch_size": 8}
    return replace(
        recipe,
        name=name,
        network=replace(recipe.network, backbone="alexnet"),
        patches=replace(recipe.patches, size_px=64),
        training=replace(recipe.training, **{**values, **training}),  # type: ignore[arg-type]
    )


def build_patch_cache(
    folder: Path, recipe: Recipe, *, people: int = 24, seed: int = 0, kinds: str = "both"
) -> GridCache:
    """Write a cache of squares: each person has a mass in two views and one calcification.

    Parameters
    ----------
    kinds : str
        ``both``, or the one kind that is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    lesions = (("CC", "mass"), ("MLO", "mass"), ("CC", "calcification"))
    grids = [
        _square(recipe, f"{person:05d}", view, kind, rng)
        for person in range(people)
        for view, kind in lesions
        if kinds in ("both", kind)
    ]
    shard = write_shard(folder, 0, grids)
    write_index(folder, hashes=[shard.sha256], settings=cache_settings(recipe), source="made")
    return GridCache(folder)


def split_of(cache: GridCache, protocol: Protocol, *, folds: int = 5) -> Split:
    """Return a split of a cache's lesions; with fewer folds the last are joined into one."""
    items = [
        SplitItem(
            id=lesion.lesion_id,
            person=record.person,
            mammogram=record.mammogram,
            kind=lesion.kind,
            pathology=lesion.pathology,
            official="",
        )
        for record in cache.records
        for lesion in record.lesions
    ]
    split = make_split(items, protocol)
    kept = split.parts[: folds - 1]
    rest = tuple(name for _, ids in split.parts[folds - 1 :] for name in ids)
    return Split.of(
        protocol=protocol, unit=split.unit, seed=split.seed, parts=(*kept, (f"fold-{folds}", rest))
    )


def _square(
    recipe: Recipe, person: str, view: str, kind: str, rng: np.random.Generator
) -> PreparedGrid:
    side = cut_size(recipe.patches)
    pixels = _pixels(side, kind, rng)
    half = recipe.patches.size_px / recipe.patches.context / 2.0
    box = ImageBox(
        col0=side / 2 - half, row0=side / 2 - half, col1=side / 2 + half, row1=side / 2 + half
    )
    # Sizes overlap, so that size alone is a weak sign.
    width, height = rng.uniform(20, 60, 2) + (15 if kind == "mass" else 0)
    mammogram = f"{person}_LEFT_{view}"
    malignant = int(person) % 2 == 1
    lesion = GridLesion(
        kind=kind,
        box=box,
        lesion_id=lesion_id(mammogram, kind, 1),
        pathology="MALIGNANT" if malignant else "BENIGN",
        subtlety=1 + int(person) % 5,
        width_px=float(width),
        height_px=float(height),
        mean_grey=float(rng.uniform(0.3, 0.5)),
    )
    record = GridRecord(
        name=lesion.lesion_id,
        mammogram=mammogram,
        person=person,
        laterality="L",
        view=view,
        density=1 + int(person) % 4,
        rows=side,
        cols=side,
        shard=0,
        grid_at=0,
        breast_at=0,
        lesions=(lesion,),
    )
    return PreparedGrid(record=record, pixels=pixels, breast=None)


def _pixels(side: int, kind: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    row, col = np.mgrid[0:side, 0:side] + 0.5
    values = 80.0 + 10.0 * rng.random((side, side))
    spots = [(0.0, 0.0, 14.0)] if kind == "mass" else [(-9, 4, 2.5), (7, 8, 2.5), (3, -9, 2.5)]
    for down, right, radius in spots:
        distance = np.hypot(row - side / 2 - down, col - side / 2 - right)
        values[distance < radius] = 220.0
    return values.astype(np.uint8)
