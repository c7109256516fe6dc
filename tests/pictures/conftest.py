"""Synthetic examinations on disk, and the canvas of the snapshots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtWidgets import QApplication

from tests.builders.dicom import VIEWS, build_mg
from tests.pictures.screen import Canvas, find_canvas, shoot
from tests.pictures.storage import Storage, write

PLAIN = (250, 200, 150, 100)

WriteExam = Callable[[Sequence[Storage], Sequence[NDArray[np.float64]]], Path]


@pytest.fixture
def write_exam(tmp_path: Path) -> WriteExam:
    """Write the four views, each stored its own way; return the folder."""
    written = 0

    def write_it(ways: Sequence[Storage], pictures: Sequence[NDArray[np.float64]]) -> Path:
        nonlocal written
        written += 1
        folder = tmp_path / f"exam-{written}"
        folder.mkdir()
        for view, way, picture in zip(VIEWS, ways, pictures, strict=True):
            write(folder / f"{''.join(view)}.dcm", view, picture, way)
        return folder

    return write_it


@pytest.fixture(scope="session")
def plain_exam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of four plain images larger than the panes, each of the next of `PLAIN`."""
    folder = tmp_path_factory.mktemp("plain") / "exam"
    folder.mkdir()
    for (side, view), grey in zip(VIEWS, PLAIN, strict=True):
        stored = np.full((1400, 1400), grey, np.uint8)
        stored[0, 0] -= 1  # an image of one value alone is refused as empty
        build_mg(folder / f"{side}{view}.dcm", laterality=side, view=view, bits=8, stored=stored)
    return folder


@pytest.fixture(scope="session")
def plain_shot(qapp: QApplication, plain_exam: Path) -> NDArray[np.int64]:
    """Return a snapshot of the plain images."""
    return shoot(plain_exam)


@pytest.fixture(scope="session")
def canvas(plain_shot: NDArray[np.int64]) -> Canvas:
    """Where the panes lie."""
    return find_canvas(plain_shot, PLAIN)
