"""Made pictures of two classes, and a tiny model whose map follows bright blobs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mammoview.inference.session import Session
from mammoview.modelkit.bundle import open_bundle
from tests.builders.models import build_bundle
from tests.builders.pictures import build_pictures
from trainer.recipe import Recipe


@pytest.fixture(scope="session")
def made_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_pictures(tmp_path_factory.mktemp("pictures"), people=12, with_calcifications=True)


@pytest.fixture(scope="session")
def blob_session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A model that takes every bright blob for a mass."""
    folder = tmp_path_factory.mktemp("model") / "tiny"
    return Session.open(open_bundle(build_bundle(folder, stride=8, mm_per_px=1.0)), device="cpu")


@pytest.fixture(scope="session")
def coarse_recipe(recipe: Recipe) -> Recipe:
    """Patches of one label each from a grid of 1 mm."""
    return replace(
        recipe,
        preprocessing=replace(recipe.preprocessing, mm_per_px=1.0),
        patches=replace(
            recipe.patches, supervision="patch", size_px=32, centre_jitter_px=4.0, lesion_share=0.5
        ),
    )
