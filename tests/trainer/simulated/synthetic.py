"""Pictures that look a little like a breast on film."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

# The table of the published pictures is libjpeg's at quality 75; this one is told from all usual.
TABLE = tuple(int(v) for v in 3 + np.arange(64) // 2)
SIDE = 400


def breast_picture(seed: int) -> np.ndarray:
    """A breast at the left edge, 8 bit, with tissue of coarse and fine grain."""
    rng = np.random.default_rng(seed)
    row, col = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    inside = ((row - 0.5) / 0.42) ** 2 + (col / 0.75) ** 2 < 1.0
    coarse = np.kron(rng.random((SIDE // 20, SIDE // 20)), np.ones((20, 20)))
    tissue = 90 + 60 * coarse + 4 * rng.standard_normal((SIDE, SIDE))
    return np.clip(np.where(inside, tissue, 4), 0, 255).astype(np.uint8)


def write_set(folder: Path, people: range) -> Path:
    """A COCO folder: one picture a person with one mass, or two for each third person."""
    folder.mkdir()
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for number in people:
        name = f"{number:05d}_LEFT_CC.jpg"
        Image.fromarray(breast_picture(number)).save(folder / name, "JPEG", qtables=[list(TABLE)])
        images.append({"id": number, "file_name": name, "height": SIDE, "width": SIDE})
        rng = np.random.default_rng(number)
        boxes = [
            (60.0 + 20 * rng.random(), 150.0, 24.0 + 10 * rng.random(), 18.0 + 9 * rng.random())
        ]
        if number % 3 == 0:
            boxes.append((170.0, 230.25, 20.0, 15.5))
        for box in boxes:
            annotations.append(
                {"id": len(annotations), "image_id": number, "category_id": 0, "bbox": list(box)}
            )
    document = {
        "categories": [{"id": 0, "name": "Mass"}],
        "images": images,
        "annotations": annotations,
    }
    (folder / "_annotations.coco.json").write_text(json.dumps(document))
    return folder
