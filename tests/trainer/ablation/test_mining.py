"""Hard negatives: mined off the lesions, drawn as stated, never taken from validation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mammoview.errors import DataError
from mammoview.inference.session import Session
from trainer.augment import PatchSet
from trainer.cache import GridCache
from trainer.draw import sample_seed
from trainer.hard_negatives import (
    HardNegatives,
    HardPlace,
    HardShare,
    best_first,
    check_hard_negatives,
    read_hard_negatives,
    write_hard_negatives,
)
from trainer.mining import chosen, false_marks, grid_regions
from trainer.prepare import prepare
from trainer.recipe import Recipe
from trainer.sources import read_labelled

SPARED = 10.0


@pytest.fixture(scope="module")
def cache(
    tmp_path_factory: pytest.TempPathFactory, made_pictures: Path, coarse_recipe: Recipe
) -> GridCache:
    folder = tmp_path_factory.mktemp("mining") / "cache"
    images = read_labelled(made_pictures)
    # Masses alone are told: the specks above them are then what a model is wrong about.
    told = [replace(i, lesions=tuple(x for x in i.lesions if x.kind == "mass")) for i in images]
    prepare(told, recipe=coarse_recipe, out=folder, source="made", workers=1)
    return GridCache(folder)


@pytest.fixture(scope="module")
def mined(cache: GridCache, blob_session: Session) -> list[HardPlace]:
    return false_marks(blob_session, cache, range(len(cache.records)))


def distance(place: HardPlace, cache: GridCache) -> float:
    """Return how far a place lies from the nearest box of its picture, counted anew."""
    gaps = []
    for lesion in cache.records[place.record].lesions:
        box = lesion.box
        col = np.clip(place.col, box.col0, box.col1)
        row = np.clip(place.row, box.row0, box.row1)
        gaps.append(np.hypot(place.col - col, place.row - row))
    return float(min(gaps))


def test_what_is_mined_lies_off_every_lesion(cache: GridCache, mined: list[HardPlace]) -> None:
    assert len(mined) > len(cache.records)
    assert min(distance(place, cache) for place in mined) > SPARED  # grid of 1 mm


def test_marks_on_lesions_were_there_to_be_left_out(
    cache: GridCache, blob_session: Session, mined: list[HardPlace]
) -> None:
    record = cache.records[0]
    best = max(grid_regions(blob_session, cache, record), key=lambda region: region.score)
    assert record.lesions[0].box.contains(best.peak)
    assert best.score > max(place.score for place in mined if place.record == 0)


def test_the_best_come_first_and_the_rest_is_left(mined: list[HardPlace]) -> None:
    kept = best_first(mined, 7)
    assert [p.score for p in kept] == sorted((p.score for p in mined), reverse=True)[:7]


def test_some_pictures_are_the_same_some_every_time() -> None:
    numbers = list(range(5, 60))
    few = chosen(numbers, 9)
    assert few == chosen(numbers[::-1], 9)
    assert len(set(few)) == 9
    assert set(few) < set(numbers)
    assert chosen(numbers, None) == numbers


def described(cache: GridCache, places: list[HardPlace]) -> HardNegatives:
    return HardNegatives(
        cache_sha256=cache.sha256,
        checkpoint_sha256="0" * 64,
        pictures=len(cache.records),
        places=best_first(places, 100),
    )


def test_a_file_comes_back_as_it_was(
    cache: GridCache, mined: list[HardPlace], tmp_path: Path
) -> None:
    found = described(cache, mined)
    write_hard_negatives(found, tmp_path / "hard.json")
    assert read_hard_negatives(tmp_path / "hard.json") == found
    (tmp_path / "hard.json").write_text("{}")
    with pytest.raises(DataError, match=r"hard\.json"):
        read_hard_negatives(tmp_path / "hard.json")


def test_places_that_must_not_be_trained_on_are_refused(
    cache: GridCache, mined: list[HardPlace]
) -> None:
    found = described(cache, mined)
    everything = range(len(cache.records))
    check_hard_negatives(found, cache, everything, is_grid=True)
    held_out = found.places[0].record
    with pytest.raises(DataError, match="do not train"):
        check_hard_negatives(found, cache, [n for n in everything if n != held_out], is_grid=True)
    with pytest.raises(DataError, match="another cache"):
        check_hard_negatives(replace(found, cache_sha256="1"), cache, everything, is_grid=True)
    with pytest.raises(DataError, match="no hard negatives"):
        check_hard_negatives(replace(found, places=()), cache, everything, is_grid=True)
    with pytest.raises(DataError, match="whole grids"):
        check_hard_negatives(found, cache, everything, is_grid=False)


def drawn(cache: GridCache, recipe: Recipe, hard: HardShare | None) -> PatchSet:
    return PatchSet(
        cache,
        range(len(cache.records)),
        recipe=recipe,
        per_lesion=40,
        stride_px=32,
        hard=hard,
    )


def test_the_stated_share_of_the_background_is_drawn_around_them(
    cache: GridCache, coarse_recipe: Recipe
) -> None:
    spot = HardPlace(record=3, mammogram="x", kind="mass", score=1.0, col=20.0, row=31.0)
    hard = HardShare(places=(spot,), share=0.7)
    patches = drawn(cache, coarse_recipe, hard)
    jitter = coarse_recipe.patches.centre_jitter_px
    background = near = 0
    for index in range(len(patches)):
        number, affine, *_, label = patches[index]
        if int(label) != 0:
            assert int(number) == patches.items[index][0]
            continue
        background += 1
        gap = float((affine[:, 2] - torch.tensor([20.0, 31.0])).abs().max())
        near += int(number) == 3 and gap <= jitter
    assert background > 150
    # Those drawn anywhere fall near the place now and then.
    assert near / background == pytest.approx(0.7, abs=0.08)


def test_without_hard_negatives_the_draws_are_what_they_were(
    cache: GridCache, coarse_recipe: Recipe
) -> None:
    patches = drawn(cache, coarse_recipe, None)
    for index in (0, 11, 200):
        number, affine, *_, label = patches[index]
        assert int(number) == patches.items[index][0]
        rng = np.random.default_rng(sample_seed(coarse_recipe.seed, 0, index))
        assert bool(label) == (rng.random() < 0.5)
        again = drawn(cache, coarse_recipe, None)[index]
        assert torch.equal(affine, again[1])


def test_a_hard_patch_of_one_label_keeps_clear_of_lesions(
    cache: GridCache, coarse_recipe: Recipe
) -> None:
    """A place beside a lesion with a jitter that reaches into it."""
    record = cache.records[2]
    box = record.lesions[0].box
    beside = HardPlace(
        record=2, mammogram="x", kind="mass", score=1.0, col=box.col1 + 11.0, row=box.centre().row
    )
    wide = replace(
        coarse_recipe,
        patches=replace(coarse_recipe.patches, centre_jitter_px=15.0, lesion_share=0.0),
    )
    patches = drawn(cache, wide, HardShare(places=(beside,), share=1.0))
    spared = wide.patches.size_px / 4
    cols = [float(patches[index][1][0, 2]) for index in range(100)]
    rows = [float(patches[index][1][1, 2]) for index in range(100)]
    inside = [
        box.col0 - spared <= c <= box.col1 + spared and box.row0 - spared <= r <= box.row1 + spared
        for c, r in zip(cols, rows, strict=True)
    ]
    assert not any(inside)
    assert min(cols) < beside.col - 2.0  # the jitter does reach towards it
