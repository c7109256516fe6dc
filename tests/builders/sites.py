"""A site's own images for a refit: pictures with labels, views of normals, made detections."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import imagecodecs
import numpy as np

from mammoview.domain.geometry import ImageBox, ImagePoint, PixelSpacing
from mammoview.domain.prediction import Region
from tests.builders.dicom import Blob, build_mg
from trainer.detect import DetectedImage
from trainer.labelled import ANNOTATIONS, LabelledBox, LabelledImage
from trainer.site.reading import SiteReading
from trainer.site.refit import ClassRefit, Refit

PEOPLE, PICTURES = 12, 4
_SIZE = 200
SPACING = PixelSpacing(row_mm=1, col_mm=1, source="made")


def build_site(folder: Path, *, people: int = PEOPLE, pictures: int = PICTURES) -> Path:
    """Pictures with one annotated blob and two that are nothing, some of them as bright."""
    folder.mkdir()
    rng = np.random.default_rng(3)
    images, annotations = [], []
    for number in range(people * pictures):
        person, at = divmod(number, pictures)
        side, view = ("LEFT", "RIGHT")[at % 2], ("CC", "MLO")[at // 2 % 2]
        name = f"{person:05d}_{side}_{view}.png"
        picture = _breast()
        spots = [(40.0, 60.0), (95.0, 100.0), (40.0, 145.0)]
        lesion = int(rng.integers(3))
        for place, (col, row) in enumerate(spots):
            grey = rng.uniform(120, 230) if place == lesion else rng.uniform(90, 180)
            _add_blob(picture, col, row, grey)
        (folder / name).write_bytes(imagecodecs.png_encode(picture))
        col, row = spots[lesion]
        images.append({"id": number, "file_name": name, "height": _SIZE, "width": _SIZE})
        box = [col - 14, row - 14, 28, 28]
        annotations.append({"id": number, "image_id": number, "category_id": 0, "bbox": box})
    document = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 0, "name": "Mass"}],
    }
    (folder / ANNOTATIONS).write_text(json.dumps(document))
    return folder


def _breast() -> np.ndarray:
    row, col = np.mgrid[0:_SIZE, 0:_SIZE] + 0.5
    inside = np.hypot((row - _SIZE / 2) / (0.46 * _SIZE), col / (0.75 * _SIZE)) < 1
    return np.where(inside, 60, 3).astype(np.uint8)


def _add_blob(picture: np.ndarray, col: float, row: float, grey: float) -> None:
    rows, cols = np.mgrid[0:_SIZE, 0:_SIZE] + 0.5
    picture[np.hypot(cols - col, rows - row) < 11] = int(grey)


def build_normals(folder: Path, *, people: int = 10) -> Path:
    """Four DICOM views a person, each with a blob of another brightness."""
    rng = np.random.default_rng(4)
    for person in range(people):
        for side, view in (("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO")):
            place = folder / f"exam-{person}"
            place.mkdir(parents=True, exist_ok=True)
            col = 60.0 if side == "R" else 30.0
            build_mg(
                place / f"{side}{view}.dcm",
                laterality=side,
                view=view,
                person=f"Person^{person}",
                study=str(person),
                blobs=[Blob(col=col, row=60, radius=9, value=float(rng.uniform(0.5, 0.9)))],
                spacing=(0.8, 0.8),
            )
    return folder


def only(result: Refit) -> ClassRefit:
    (item,) = result.classes
    return item


def _region(kind: str, score: float, col: float) -> Region:
    box = ImageBox(col0=col - 1, row0=9, col1=col + 1, row1=11)
    peak = ImagePoint(col=col, row=10)
    return Region(kind=kind, score=score, peak=peak, box=box, outline=(peak,), flagged=False)


def made_marks(number: int) -> list[tuple[float, float]]:
    """A hit at column 10 and two false marks beyond it, overlapping in score."""
    rng = np.random.default_rng(number)
    return [(float(rng.uniform(0.3, 0.9)), 10.0)] + [
        (float(rng.uniform(0.1, 0.6)), col) for col in (30.0, 50.0)
    ]


def made_image(
    number: int,
    person: str,
    marks: Sequence[tuple[float, float]],
    *,
    kinds: Sequence[str] = ("mass",),
    labelled: bool = True,
) -> DetectedImage:
    box = ImageBox(col0=5, row0=5, col1=15, row1=15)
    lesions = tuple(LabelledBox(kind=k, box=box, lesion_id=f"{number}{k}") for k in kinds)
    image = LabelledImage(
        file=Path(f"{number}.png"),
        person=person,
        laterality="L",
        view="CC",
        lesions=lesions if labelled else (),
    )
    regions = tuple(_region(kind, score, col) for kind in kinds for score, col in marks)
    return DetectedImage(image=image, regions=regions, rows=20, cols=60, spacing=SPACING)


def made_normals(marks_of: Sequence[Sequence[float]], per_person: int = 4) -> SiteReading:
    made = [
        made_image(n, f"p{n // per_person}", [(s, 30.0) for s in scores], labelled=False)
        for n, scores in enumerate(marks_of)
    ]
    return SiteReading(is_labelled=False, detected=tuple(made), refused=(), left_out=())
