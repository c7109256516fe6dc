from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders.cbis_tree import CbisTree, build_cbis_tree


@pytest.fixture(scope="session")
def odd_tree(tmp_path_factory: pytest.TempPathFactory) -> CbisTree:
    """Every known error, and nobody else; not to be changed."""
    return build_cbis_tree(tmp_path_factory.mktemp("odd"), people=4, layout="nbia-old")


@pytest.fixture(scope="session")
def plain_once(tmp_path_factory: pytest.TempPathFactory) -> CbisTree:
    return build_cbis_tree(
        tmp_path_factory.mktemp("plain"), people=4, quirks=False, rows=120, cols=90
    )


@pytest.fixture
def plain_tree(plain_once: CbisTree, tmp_path: Path) -> CbisTree:
    """Four people without anything odd: a copy to plant faults in."""
    folder = tmp_path / "download"
    shutil.copytree(plain_once.folder, folder)

    def moved(path: Path) -> Path:
        return folder / path.relative_to(plain_once.folder)

    return CbisTree(
        folder=folder,
        data=moved(plain_once.data),
        csv=moved(plain_once.csv),
        abnormalities=tuple(
            replace(a, files={role: moved(path) for role, path in a.files.items()})
            for a in plain_once.abnormalities
        ),
    )
