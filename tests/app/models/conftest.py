"""A program that ships a tiny model, and other bundles to install."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mammoview.app import resources
from mammoview.app.models import catalogue
from tests.builders.installed import SHIPPED_VERSION, build_model


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sound bundles, made once: the shipped one and two versions of another."""
    folder = tmp_path_factory.mktemp("built")
    for name, version in (
        (resources.DEFAULT_MODEL, SHIPPED_VERSION),
        ("tiny", "1"),
        ("tiny", "2"),
    ):
        build_model(folder / f"{name}-{version}", name, version)
    return folder


@pytest.fixture(autouse=True)
def shipped(tmp_path: Path, built: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that ships a tiny model under the name of the real one."""
    root = tmp_path / "resources"
    for kind in ("assessment", "hanging"):
        shutil.copytree(repository / "resources" / kind, root / kind)
    name = resources.DEFAULT_MODEL
    monkeypatch.setattr(resources, "shipped_root", lambda: root)
    return shutil.copytree(built / f"{name}-{SHIPPED_VERSION}", root / "models" / name)


@pytest.fixture
def source(tmp_path: Path, built: Path) -> Path:
    """A bundle of version 1 that is not installed yet."""
    return shutil.copytree(built / "tiny-1", tmp_path / "tiny-1")


@pytest.fixture
def two(built: Path) -> None:
    """Two installed versions."""
    for version in ("1", "2"):
        catalogue.install(built / f"tiny-{version}")
