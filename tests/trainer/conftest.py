from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mammoview.modelkit.shipped import shipped_root
from trainer.recipe import Recipe, read_recipe


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    return read_recipe(shipped_root() / "recipes" / "review-mass.toml")


@pytest.fixture(scope="session")
def quick_recipe(recipe: Recipe) -> Recipe:
    """The shipped recipe made small: the head alone learns, on little patches."""
    return replace(
        recipe,
        data=replace(recipe.data, validation_share=0.4),
        network=replace(
            recipe.network, frozen=("conv1", "bn1", "layer1", "layer2", "layer3", "layer4")
        ),
        patches=replace(recipe.patches, size_px=128, centre_jitter_px=30.0),
        training=replace(
            recipe.training, learning_rate=1e-3, patches_per_lesion=2, epochs=2, warmup_steps=2
        ),
    )


@pytest.fixture(scope="session")
def recipe_file() -> Path:
    return shipped_root() / "recipes" / "review-mass.toml"
