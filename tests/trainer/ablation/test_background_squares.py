"""The paper's patches with a background class: squares as large as the lesions, clear of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mammoview.domain.geometry import ImageBox
from mammoview.imaging.breast import find_breast
from mammoview.modelkit.codec import encode
from trainer.augment import PatchSet
from trainer.baselines import lesions_of
from trainer.cache import GridCache
from trainer.draw import cache_settings
from trainer.labelled import LabelledImage
from trainer.pictures import read_picture
from trainer.prepare import background_box, prepare
from trainer.recipe import Recipe
from trainer.sources import read_labelled


@pytest.fixture(scope="module")
def squares_recipe(recipe: Recipe) -> Recipe:
    return replace(
        recipe,
        network=replace(recipe.network, classes=("background", "mass", "calcification")),
        patches=replace(
            recipe.patches,
            sampling="roi",
            supervision="patch",
            lesion_share=1.0,
            size_px=64,
            centre_jitter_px=0.0,
        ),
    )


@pytest.fixture(scope="module")
def images(made_pictures: Path) -> tuple[LabelledImage, ...]:
    return read_labelled(made_pictures)


@pytest.fixture(scope="module")
def cache(
    tmp_path_factory: pytest.TempPathFactory,
    images: tuple[LabelledImage, ...],
    squares_recipe: Recipe,
) -> GridCache:
    folder = tmp_path_factory.mktemp("squares") / "cache"
    prepare(images, recipe=squares_recipe, out=folder, source="made", workers=1)
    return GridCache(folder)


def test_a_background_square_is_clear_of_all_lesions_however_it_is_turned(
    images: tuple[LabelledImage, ...], squares_recipe: Recipe
) -> None:
    found = 0
    for image in images:
        picture = read_picture(image.file, squares_recipe.data)
        assert picture.spacing is not None
        mm = np.array([picture.spacing.col_mm, picture.spacing.row_mm])
        breast = find_breast(picture.values)
        for lesion in image.lesions:
            box = background_box(image, lesion, picture, context=1.0)
            if box is None:
                continue
            found += 1
            size = np.array([box.col1 - box.col0, box.row1 - box.row0])
            own = lesion.box
            assert size == pytest.approx([own.col1 - own.col0, own.row1 - own.row0])
            middle = box.centre()
            cell = breast.to_image.inverse().apply(middle)
            assert breast.mask[int(cell.row), int(cell.col)]
            for other in image.lesions:
                assert no_corner_within(other.box, middle.col, middle.row, size, mm)
            assert box == background_box(image, lesion, picture, context=1.0)
    assert found > 15  # of 24


def no_corner_within(box: ImageBox, col: float, row: float, size: object, mm: object) -> bool:
    """Turn the square in steps and look for a point of the lesion's box in it."""
    side = float((np.asarray(size) * np.asarray(mm)).max())
    cols, rows = np.meshgrid(
        np.linspace(box.col0, box.col1, 12), np.linspace(box.row0, box.row1, 12)
    )
    at = np.stack([cols - col, rows - row]).reshape(2, -1) * np.asarray(mm)[:, None]
    for angle in np.linspace(0, np.pi / 2, 13):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        if (np.abs(turn @ at).max(axis=0) < side / 2).any():
            return False
    return True


def test_each_lesion_brings_its_background_to_its_side(
    cache: GridCache, squares_recipe: Recipe
) -> None:
    kinds = [(r.lesions[0].kind, r.lesions[0].lesion_id) for r in cache.records]
    lesions = {name for kind, name in kinds if kind != "background"}
    background = [name for kind, name in kinds if kind == "background"]
    assert len(lesions) == 24
    assert len(background) == len(set(background)) > 15
    assert set(background) <= lesions
    some = set(sorted(lesions)[:10])
    drawn = PatchSet(
        cache,
        range(len(cache.records)),
        recipe=squares_recipe,
        per_lesion=1,
        stride_px=32,
        lesions=some,
    )
    labels = [int(drawn[index][-1]) for index in range(len(drawn))]
    assert labels.count(0) == len(some & set(background)) > 0
    assert len(labels) - labels.count(0) == 10
    assert sum(drawn.class_counts().values()) == 10


def test_held_out_patches_are_those_of_lesions(cache: GridCache, squares_recipe: Recipe) -> None:
    judged = PatchSet(
        cache,
        range(len(cache.records)),
        recipe=squares_recipe,
        per_lesion=0,
        stride_px=1,
        labels_patches=True,
    )
    assert len(judged) == 24


def test_a_split_of_lesions_finds_lesions_and_not_their_background(cache: GridCache) -> None:
    names = {lesion.lesion_id for record in cache.records for lesion in record.lesions}
    kinds = [lesion.kind for _, lesion in lesions_of(cache, names)]
    assert len(kinds) == 24
    assert set(kinds) == {"mass", "calcification"}


def test_the_cache_of_two_classes_is_another_one(squares_recipe: Recipe) -> None:
    two = replace(
        squares_recipe,
        network=replace(squares_recipe.network, classes=("mass", "calcification"), background=""),
    )
    assert cache_settings(two) != cache_settings(squares_recipe)
    assert set(cache_settings(two)) == {"sampling", "inner_px", "side_px"}
    assert encode(two)["network"]["background"] == ""
