from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mammoview.errors import DataError
from mammoview.modelkit.preprocess import to_grid
from tests.builders.pictures import build_pictures
from trainer.augment import IGNORED, EpochOrder, PatchSet, cut_size, warp
from trainer.cache import GRIDS, INDEX, GridCache
from trainer.coco import read_coco
from trainer.pictures import assumed_spacing, read_picture
from trainer.prepare import prepare
from trainer.recipe import Recipe

STRIDE = 32


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory, recipe: Recipe) -> GridCache:
    folder = tmp_path_factory.mktemp("prepared")
    images = read_coco(build_pictures(folder / "data", people=6))
    assert prepare(images, recipe=recipe, out=folder / "cache", workers=1) == 6
    return GridCache(folder / "cache")


def patches(cache: GridCache, recipe: Recipe, **changes: object) -> PatchSet:
    return PatchSet(
        cache,
        cache.records,
        classes=recipe.network.classes,
        background=recipe.network.background,
        patch=replace(recipe.patches, **changes),  # type: ignore[arg-type]
        per_lesion=3,
        stride=STRIDE,
        seed=5,
    )


def test_the_cache_holds_what_the_viewer_would_show_the_network(
    cache: GridCache, recipe: Recipe, tmp_path: Path
) -> None:
    image = read_coco(build_pictures(tmp_path, people=6))[4]
    values = read_picture(image.file)
    grid = to_grid(
        values, spacing=assumed_spacing(values.shape, recipe.data), spec=recipe.preprocessing
    )
    record = next(r for r in cache.records if r.name == image.file.name)
    assert np.array_equal(cache.grid(record), grid.pixels)


def test_lesions_lie_on_the_grid_where_the_picture_is_bright(cache: GridCache) -> None:
    for record in cache.records:
        box = record.lesions[0].box
        bright = np.argwhere(cache.grid(record) > 200) + 0.5
        assert bright[:, 0].min() == pytest.approx(box.row0, abs=3)
        assert bright[:, 0].max() == pytest.approx(box.row1, abs=3)
        assert bright[:, 1].min() == pytest.approx(box.col0, abs=3)
        assert bright[:, 1].max() == pytest.approx(box.col1, abs=3)


def test_cell_labels_follow_the_lesion_through_every_turn(cache: GridCache, recipe: Recipe) -> None:
    drawn = patches(cache, recipe, lesion_share=1.0)
    seen = 0
    for index in range(len(drawn)):
        cut, theta, gain, labels = drawn[index]
        image = warp(cut[None], theta[None], gain[None], recipe.patches.size_px)[0, 0]
        cells = image.reshape(labels.shape[0], STRIDE, labels.shape[1], STRIDE)
        share = (cells > 0.6 * float(gain)).float().mean(dim=(1, 3))
        middle = cells[:, 14:18, :, 14:18].mean(dim=(1, 3)) > 0.6 * float(gain)
        lesion, air = labels == 1, labels == 0
        assert bool(middle[lesion & (share > 0.02)].float().mean() > 0.9)
        assert float(share[air].max()) < 0.25
        seen += int(lesion.sum())
    assert seen > 3 * len(drawn)


def test_a_patch_depends_on_seed_epoch_and_sample_alone(cache: GridCache, recipe: Recipe) -> None:
    first, again = patches(cache, recipe), patches(cache, recipe)
    for one, other in zip(first[7], again[7], strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(first[7][1], again[len(again) + 7][1])


def test_each_epoch_has_an_order_of_its_own() -> None:
    order = EpochOrder(50, seed=3)
    first = list(order)
    order.set_epoch(2)
    third = list(order)
    assert sorted(first) == list(range(50))
    assert sorted(third) == list(range(100, 150))
    assert [index % 50 for index in third] != first


def test_one_label_a_patch_keeps_background_clear_of_lesions(
    cache: GridCache, recipe: Recipe
) -> None:
    drawn = patches(cache, recipe, supervision="patch", lesion_share=0.5, centre_jitter_px=10.0)
    kinds = [int(drawn[index][3]) for index in range(len(drawn))]
    assert set(kinds) == {0, 1}


def test_no_black_corner_enters_a_patch(cache: GridCache, recipe: Recipe) -> None:
    """A cut of pure white stays white wherever the patch is turned."""
    drawn = patches(cache, recipe)
    white = torch.full((1, cut_size(recipe.patches), cut_size(recipe.patches)), 255)
    white = white.to(torch.uint8)
    for index in range(len(drawn)):
        theta = drawn[index][1][None]
        assert warp(white, theta, torch.ones(1), recipe.patches.size_px).min() > 0.999


def test_ring_cells_are_not_judged(cache: GridCache, recipe: Recipe) -> None:
    drawn = patches(cache, recipe, lesion_share=1.0)
    assert any((drawn[index][3] == IGNORED).any() for index in range(len(drawn)))


def test_half_a_cache_is_refused(cache: GridCache, tmp_path: Path) -> None:
    for name in (INDEX, "breasts.bin"):
        (tmp_path / name).write_bytes((cache.folder / name).read_bytes())
    (tmp_path / GRIDS).write_bytes((cache.folder / GRIDS).read_bytes()[:-100])
    with pytest.raises(DataError, match="cut short"):
        GridCache(tmp_path)


def test_a_cache_is_not_overwritten(cache: GridCache, recipe: Recipe, tmp_path: Path) -> None:
    images = read_coco(build_pictures(tmp_path, people=1))
    with pytest.raises(DataError, match="stands in"):
        prepare(images, recipe=recipe, out=cache.folder, workers=1)
