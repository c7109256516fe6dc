"""A bundle on labelled pictures: the viewer's own session, grid, map and regions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mammoview.domain.geometry import Affine2D, PixelSpacing
from mammoview.domain.prediction import Region
from mammoview.inference.passes import Passes
from mammoview.inference.predictor import read_values
from mammoview.inference.session import Session
from mammoview.modelkit.preprocess import assumed_spacing
from trainer.froc import Mark, ScoredImage
from trainer.labelled import LabelledBox, LabelledImage
from trainer.pictures import Picture, each_picture
from trainer.recipe import DataRecipe


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectedImage:
    """A labelled picture with the regions found in it, candidates of every class.

    ``rows``, ``cols`` and ``spacing`` are those of the stored picture; the spacing's source says
    where it is assumed.  ``to_breast_mm`` is that of ``inference.views.breast_frame``.
    """

    image: LabelledImage
    regions: tuple[Region, ...]
    rows: int
    cols: int
    spacing: PixelSpacing
    to_breast_mm: Affine2D | None = None


def detect(
    session: Session,
    images: Sequence[LabelledImage],
    data: DataRecipe,
    passes: Passes = Passes.ONE,
) -> tuple[DetectedImage, ...]:
    """Find regions in every picture, with progress.

    Raises
    ------
    DataError
        If pictures cannot be decoded: all of them are named.  Figures over the others would not
        be those of the data.
    """
    return tuple(
        detect_one(session, image, picture, passes)
        for image, picture in each_picture(images, data, said="detect")
    )


def detect_one(
    session: Session, image: LabelledImage, picture: Picture, passes: Passes = Passes.ONE
) -> DetectedImage:
    """Return the regions of one picture, read as the viewer reads a view."""
    reading = read_values(
        session,
        picture.values,
        spacing=picture.spacing,
        operating_point=None,
        passes=passes,
    )
    rows, cols = picture.values.shape
    return DetectedImage(
        image=image,
        regions=reading.regions,
        rows=rows,
        cols=cols,
        spacing=picture.spacing
        or assumed_spacing(session.manifest.preprocessing, rows=rows, cols=cols),
        to_breast_mm=reading.to_breast_mm,
    )


def scored(detected: Iterable[DetectedImage], kind: str) -> tuple[ScoredImage, ...]:
    """Return marks and boxes of one class for the scorer."""
    return tuple(
        ScoredImage(
            person=item.image.person,
            marks=tuple(
                Mark(score=r.score, peak=r.peak, box=r.box) for r in item.regions if r.kind == kind
            ),
            boxes=tuple(lesion.box for lesion in lesions_of(item, kind)),
        )
        for item in detected
    )


def lesions_of(item: DetectedImage, kind: str) -> tuple[LabelledBox, ...]:
    """Return the lesions of one class, in their order."""
    return tuple(lesion for lesion in item.image.lesions if lesion.kind == kind)


def best_hit(item: DetectedImage, lesion: LabelledBox, kind: str) -> Region | None:
    """Return the region of a class with the highest score whose peak lies in a lesion's box."""
    inside = [r for r in item.regions if r.kind == kind and lesion.box.contains(r.peak)]
    return max(inside, key=lambda region: region.score, default=None)
