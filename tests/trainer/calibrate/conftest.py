"""A site, a model of it and its refit, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from mammoview.inference.session import Session
from mammoview.modelkit.bundle import open_bundle
from mammoview.modelkit.manifest import Manifest
from tests.builders.models import build_bundle
from tests.builders.sites import build_normals, build_site
from trainer.recipe import Recipe
from trainer.site.reading import SiteReading, read_labelled_site
from trainer.site.refit import Refit, refit
from trainer.sources import read_labelled


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_site(tmp_path_factory.mktemp("site") / "pictures")


@pytest.fixture(scope="session")
def normals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_normals(tmp_path_factory.mktemp("normals"))


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_bundle(tmp_path_factory.mktemp("model") / "tiny", stride=8, mm_per_px=1.0)


@pytest.fixture(scope="session")
def reading(bundle: Path, site: Path, recipe: Recipe) -> SiteReading:
    session = Session.open(open_bundle(bundle), device="cpu")
    return read_labelled_site(session, read_labelled(site), recipe.data)


@pytest.fixture(scope="session")
def manifest(bundle: Path) -> Manifest:
    return open_bundle(bundle).manifest


@pytest.fixture(scope="session")
def result(manifest: Manifest, reading: SiteReading) -> Refit:
    return refit(manifest, reading)
