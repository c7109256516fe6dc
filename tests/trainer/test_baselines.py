from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mammoview.errors import DataError
from tests.builders.patches import build_patch_cache, patch_recipe
from trainer.baselines import lesions_of, size_only
from trainer.cache import GridCache
from trainer.metrics import accuracy


def all_ids(cache: GridCache) -> list[str]:
    return [lesion.lesion_id for record in cache.records for lesion in record.lesions]


def resized(cache: GridCache, *, calcification_px: float, seed: int) -> GridCache:
    """Give every lesion a size: masses about 60 pixels, calcifications as told."""
    rng = np.random.default_rng(seed)
    records = []
    for record in cache.records:
        (lesion,) = record.lesions
        size = calcification_px if lesion.kind == "calcification" else 60.0
        width, height = (size * float(f) for f in rng.uniform(0.8, 1.25, 2))
        changed = replace(lesion, width_px=width, height_px=height)
        records.append(replace(record, lesions=(changed,)))
    cache.records = tuple(records)
    return cache


@pytest.mark.parametrize(("size", "low", "high"), [(20.0, 0.99, 1.0), (60.0, 0.3, 0.7)])
def test_the_baseline_sees_size_and_nothing_else(
    tmp_path: Path, size: float, low: float, high: float
) -> None:
    """Where sizes differ it knows all; where they do not, it guesses."""
    recipe = patch_recipe()
    cache = build_patch_cache(tmp_path, recipe, people=60)
    cache = resized(cache, calcification_px=size, seed=2)
    ids = all_ids(cache)
    train, held = ids[:120], ids[120:]
    found = size_only(cache, recipe, train=train, held=held, part="fold-1")
    assert {row.lesion_id for row in found.rows} == set(held)
    assert all(sum(row.probabilities) == pytest.approx(1.0) for row in found.rows)
    assert low <= accuracy([found], found.classes).overall.value <= high


def test_training_on_one_class_is_refused(tmp_path: Path) -> None:
    recipe = patch_recipe()
    cache = build_patch_cache(tmp_path, recipe, people=6, kinds="mass")
    ids = all_ids(cache)
    with pytest.raises(DataError, match="training lesions of fold-1 are mass"):
        size_only(cache, recipe, train=ids[:6], held=ids[6:], part="fold-1")


def test_a_lesion_that_is_not_in_the_cache_is_named(tmp_path: Path) -> None:
    cache = build_patch_cache(tmp_path, patch_recipe(), people=2)
    with pytest.raises(DataError, match="such as 99999_LEFT_CC_mass_1"):
        lesions_of(cache, {*all_ids(cache), "99999_LEFT_CC_mass_1"})
