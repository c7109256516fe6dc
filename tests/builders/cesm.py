"""A folder shaped like CDD-CESM: made pictures, outlines without a class, findings in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np

from trainer.synthetic import breast_picture

SIZE = 400


def polygon(col0: int, row0: int, col1: int, row1: int) -> dict[str, Any]:
    """Return a diamond that fills a box of whole pixels, both ends among them."""
    mid_col, mid_row = (col0 + col1) // 2, (row0 + row1) // 2
    return {
        "name": "polygon",
        "all_points_x": [col0, mid_col, col1, mid_col],
        "all_points_y": [mid_row, row0, mid_row, row1],
    }


def circle(col: int, row: int, r: int) -> dict[str, Any]:
    return {"name": "circle", "cx": col, "cy": row, "r": r}


def ellipse(col: int, row: int, rx: int, ry: int) -> dict[str, Any]:
    return {"name": "ellipse", "cx": col, "cy": row, "rx": rx, "ry": ry}


def entry(
    file: str, *, source: str | None, findings: str | None, regions: list[dict[str, Any]] | None
) -> dict[str, Any]:
    return {
        "file": file,
        "group": "normal" if findings is None else "malignant",
        "side": "L",
        "source_image": source,
        "findings": findings,
        "pathology": None if findings is None else "Malignant",
        "has_mass": None,
        "has_calc": None,
        "regions": regions,
    }


def build_cesm(folder: Path, *, outlined: int = 3, normals: int = 3) -> Path:
    """Write pictures with one bright mass, outlined, and normal ones."""
    (folder / "images").mkdir(parents=True)
    entries = []
    for number in range(outlined + normals):
        has_mass = number < outlined
        place = (90.0 + 10 * number, 200.0)
        picture = breast_picture([(*place, 30.0)] if has_mass else [], seed=number, size=SIZE)
        name = f"{'malignant' if has_mass else 'normal'}_left_{number:03d}.jpg"
        colour = np.repeat(picture[..., None], 3, axis=2)
        (folder / "images" / name).write_bytes(imagecodecs.jpeg_encode(colour, level=95))
        box = (int(place[0]) - 30, 170, int(place[0]) + 30, 230)
        entries.append(
            entry(
                name,
                source=f"P{number}_L_DM_CC" if has_mass else None,
                findings="High density mass with indistinct margin " if has_mass else None,
                regions=[polygon(*box)] if has_mass else None,
            )
        )
    (folder / "annotations.json").write_text(json.dumps(entries))
    return folder
