"""Labelled pictures as the trainer gets them: made breasts with bright masses, COCO boxes."""

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


def build_pictures(folder: Path, *, people: int, seed: int = 0) -> Path:
    """Write one picture a person, each with one mass, and the annotations."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    images, annotations = [], []
    for number in range(people):
        name = (
            f"{number:05d}_{'LEFT' if number % 2 else 'RIGHT'}_{'CC' if number % 3 else 'MLO'}.png"
        )
        col, row = rng.uniform(100, 380), rng.uniform(260, 540)
        radius = float(rng.uniform(35, 60))
        picture = breast_picture([(col, row, radius)], seed=seed + number)
        (folder / name).write_bytes(imagecodecs.png_encode(picture))
        images.append({"id": number, "file_name": name, "height": 800, "width": 800})
        annotations.append(
            {
                "id": number,
                "image_id": number,
                "category_id": 0,
                "bbox": [col - radius, row - radius, 2 * radius, 2 * radius],
            }
        )
    document = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 0, "name": "Mass"}],
    }
    (folder / ANNOTATIONS).write_text(json.dumps(document))
    return folder
