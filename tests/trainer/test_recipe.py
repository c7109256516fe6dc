from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mammoview.errors import SettingsError
from mammoview.modelkit.shipped import shipped_root
from trainer.classifier import PatchClassifier, label_stride
from trainer.recipe import Recipe, read_recipe, recipe_from_values


def test_a_recipe_survives_the_way_through_a_checkpoint(recipe: Recipe) -> None:
    assert recipe_from_values(recipe.as_dict()) == recipe


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("seed = 1", "", r"\$\.seed is missing"),
        ("seed = 1", "seed = 1\nsead = 2", r"\$\.sead is an unknown key"),
        ("size_px = 384", "size_px = 384.5", r"\$\.patches\.size_px"),
        ('supervision = "cells"', 'supervision = "cell"', r"one of patch, cells"),
        ("gain_jitter = 0.20", "gain_jitter = nan", r"\$\.patches\.gain_jitter is nan"),
        ('background = "background"', 'background = "air"', "not a class"),
        ("[patches]", "[patches", "TOML"),
    ],
)
def test_a_recipe_is_read_strictly(
    recipe_file: Path, tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = recipe_file.read_text()
    assert old in text
    changed = tmp_path / "changed.toml"
    changed.write_text(text.replace(old, new, 1))
    with pytest.raises(SettingsError, match=said):
        read_recipe(changed)


def test_a_recipe_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml"):
        read_recipe(tmp_path / "none.toml")


SHIPPED = sorted((shipped_root() / "recipes").glob("*.toml"))


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_a_shipped_recipe_is_whole_and_its_network_can_be_built(file: Path) -> None:
    recipe = read_recipe(file)
    assert recipe.name == file.stem
    assert recipe.assumptions
    with torch.device("meta"):  # layers without memory
        label_stride(PatchClassifier(recipe, weights_sha256="none", cache_sha256="none"))


def test_the_recipes_of_the_paper_are_the_paper_s() -> None:
    names = {"alexnet", "vgg19", "googlenet", "resnet50"}
    paper = {file.stem: read_recipe(file) for file in SHIPPED if file.stem.startswith("xi2018")}
    assert {name.removeprefix("xi2018-") for name in paper} == names
    for recipe in paper.values():
        training, patches = recipe.training, recipe.patches
        assert (training.optimizer, training.batch_size, training.learning_rate) == (
            "sgd",
            16,
            1e-4,
        )
        assert (training.head_factor, training.epochs, training.schedule) == (20, 200, "constant")
        assert (training.stop_accuracy, training.stop_batches) == (0.995, 50)
        assert (patches.size_px, patches.rotation_degrees, patches.scale_jitter) == (224, 180, 0)
        assert recipe.network.classes == ("calcification", "mass")
    assert not paper["xi2018-alexnet"].network.cam
    assert not paper["xi2018-vgg19"].network.cam


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('background = "background"', 'background = ""', "lesion_share"),
        ('sampling = "grid"', 'sampling = "roi"', "one label"),
        ("batch_size = 6", "batch_size = 0", "batch_size"),
        ('"mass", "calcification"]', '"mass", "mass"]', "every class once"),
    ],
)
def test_a_recipe_that_contradicts_itself_is_refused(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    text = (shipped_root() / "recipes" / "review.toml").read_text()
    assert old in text
    file = tmp_path / "mine.toml"
    file.write_text(text.replace(old, new))
    with pytest.raises(SettingsError, match=said) as refused:
        read_recipe(file)
    assert "mine.toml" in str(refused.value)


def test_a_whole_picture_has_no_one_label(tmp_path: Path) -> None:
    text = (shipped_root() / "recipes" / "review-fine.toml").read_text()
    file = tmp_path / "mine.toml"
    file.write_text(text.replace('supervision = "cells"', 'supervision = "patch"'))
    with pytest.raises(SettingsError, match="no one label"):
        read_recipe(file)
