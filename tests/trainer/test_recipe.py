from __future__ import annotations

from pathlib import Path

import pytest

from mammoview.errors import SettingsError
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
