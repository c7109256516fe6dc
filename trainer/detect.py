"""A bundle on labelled pictures: the viewer's own session, grid, map and regions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tqdm import tqdm

from mammoview.domain.prediction import Region
from mammoview.inference.predictor import read_values
from mammoview.inference.session import Session
from trainer.coco import LabelledImage
from trainer.froc import Mark, ScoredImage
from trainer.pictures import assumed_spacing, read_picture
from trainer.recipe import DataRecipe


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectedImage:
    """A labelled picture with the regions found in it, candidates of every class."""

    image: LabelledImage
    regions: tuple[Region, ...]


def detect(
    session: Session, images: Sequence[LabelledImage], data: DataRecipe
) -> tuple[DetectedImage, ...]:
    """Find regions in every picture, with progress.

    Raises
    ------
    DataError
        If a picture cannot be decoded.
    """
    return tuple(_detect_one(session, image, data) for image in tqdm(images, "detect"))


def scored(detected: Iterable[DetectedImage], kind: str) -> tuple[ScoredImage, ...]:
    """Return marks and boxes of one class for the scorer."""
    return tuple(
        ScoredImage(
            person=item.image.person,
            marks=tuple(Mark(score=r.score, peak=r.peak) for r in item.regions if r.kind == kind),
            boxes=tuple(lesion.box for lesion in item.image.lesions if lesion.kind == kind),
        )
        for item in detected
    )


def _detect_one(session: Session, image: LabelledImage, data: DataRecipe) -> DetectedImage:
    values = read_picture(image.file)
    spacing = assumed_spacing(values.shape, data)
    reading = read_values(session, values, spacing=spacing, operating_point=None)
    return DetectedImage(image=image, regions=reading.regions)
