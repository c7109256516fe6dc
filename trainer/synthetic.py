"""Made pictures: breasts with bright discs and specks, to prove an installation and for tests.

They look like nothing a radiologist would know, on purpose: a network trained on them must not be
taken for one that reads mammograms.
"""

from __future__ import annotations

import json
from pathlib import Path

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from trainer.labelled import ANNOTATIONS


def breast_picture(
    masses: list[tuple[float, float, float]], *, seed: int, size: int = 800
) -> NDArray[np.uint8]:
    """Return a breast against the left edge with round bright masses ``(col, row, radius)``."""
    rng = np.random.default_rng(seed)
    row, col = np.mgrid[0:size, 0:size] + 0.5
    breast = np.hypot((row - size / 2) / (0.42 * size), col / (0.7 * size)) < 1
    texture = np.kron(rng.random((size // 20, size // 20)), np.ones((20, 20)))
    values = np.where(breast, 70 + 30 * texture, 3)
    for c, r, radius in masses:
        values[np.hypot(col - c, row - r) < radius] = 230
    return values.astype(np.uint8)


def build_pictures(
    folder: Path, *, people: int, seed: int = 0, with_calcifications: bool = False
) -> Path:
    """Write one picture a person, each with one mass (and a cluster of specks), and the boxes."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for number in range(people):
        name = (
            f"{number:05d}_{'LEFT' if number % 2 else 'RIGHT'}_{'CC' if number % 3 else 'MLO'}.png"
        )
        col, row = rng.uniform(100, 380), rng.uniform(260, 540)
        radius = float(rng.uniform(35, 60))
        picture = breast_picture([(col, row, radius)], seed=seed + number)
        boxes = [(0, [col - radius, row - radius, 2 * radius, 2 * radius])]
        if with_calcifications:
            boxes.append((1, _add_specks(picture, rng, above=row - radius)))
        (folder / name).write_bytes(imagecodecs.png_encode(picture))
        images.append({"id": number, "file_name": name, "height": 800, "width": 800})
        annotations += [
            {"id": len(annotations) + n, "image_id": number, "category_id": kind, "bbox": box}
            for n, (kind, box) in enumerate(boxes)
        ]
    document = {
        "info": {"description": "made pictures of discs and specks, no mammograms"},
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 0, "name": "Mass"}, {"id": 1, "name": "Calcification"}],
    }
    (folder / ANNOTATIONS).write_text(json.dumps(document))
    return folder


def _add_specks(
    picture: NDArray[np.uint8], rng: np.random.Generator, *, above: float
) -> list[float]:
    """Scatter specks over a square above the mass and return its box."""
    side = float(rng.uniform(60, 90))
    left, top = float(rng.uniform(40, 180)), above - side - 25
    for _ in range(14):
        row, col = (int(v + rng.uniform(4, side - 4)) for v in (top, left))
        picture[row - 2 : row + 2, col - 2 : col + 2] = 250
    return [left, top, side, side]
