"""What may bring a film-trained model back on digital pictures, tried one by one.

None of it is done in the viewer: there the spacing comes from the file's header, and a grey scale
that is bent before the network has to earn its place by figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from mammoview.domain.geometry import PixelSpacing
from mammoview.inference.predictor import read_values
from mammoview.inference.session import Session
from mammoview.modelkit.input_range import input_features
from mammoview.modelkit.manifest import Manifest
from mammoview.modelkit.preprocess import to_grid
from trainer.detect import DetectedImage
from trainer.labelled import LabelledImage
from trainer.pictures import Picture, each_picture
from trainer.recipe import DataRecipe

_KNOTS = ("dark_grey", "median_grey", "bright_grey")


class GreyStep(StrEnum):
    """What is done to the grey values before the grid."""

    NONE = "none"
    MATCHED = "matched"
    SMOOTHED = "smoothed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """One way to read digital pictures.

    Attributes
    ----------
    words : str
        For the table.
    scale : float
        The pictures are read as if their spacing were so many times what it is said to be.
    """

    words: str
    grey: GreyStep = GreyStep.NONE
    scale: float = 1.0


REMEDIES = (
    Remedy(words="dark, median and bright grey moved to the training's", grey=GreyStep.MATCHED),
    Remedy(words="smoothed, one grid pixel", grey=GreyStep.SMOOTHED),
    Remedy(words="spacing taken 1.25 times as large", scale=1.25),
    Remedy(words="spacing taken 0.8 times as large", scale=0.8),
    Remedy(words="spacing taken 0.65 times as large", scale=0.65),
    Remedy(words="spacing 0.8 times, grey moved", grey=GreyStep.MATCHED, scale=0.8),
)


def applicable(manifest: Manifest) -> tuple[Remedy, ...]:
    """Return what can be tried: without ranges nothing is known of the training's grey."""
    known = {item.feature for item in manifest.input_range}
    has_grey = known.issuperset(_KNOTS)
    return tuple(r for r in REMEDIES if has_grey or r.grey is not GreyStep.MATCHED)


def detect_with(
    session: Session, images: Sequence[LabelledImage], data: DataRecipe, remedy: Remedy
) -> tuple[DetectedImage, ...]:
    """Find regions in every picture, read in another way.

    Raises
    ------
    DataError
        If pictures cannot be decoded: all of them are named.
    """
    return tuple(
        _detect_one(session, image, picture, remedy)
        for image, picture in each_picture(images, data, said=remedy.words)
    )


def _detect_one(
    session: Session, image: LabelledImage, picture: Picture, remedy: Remedy
) -> DetectedImage:
    assert picture.spacing is not None  # digital pictures state it, others have it assumed
    said = picture.spacing
    spacing = PixelSpacing(
        row_mm=remedy.scale * said.row_mm,
        col_mm=remedy.scale * said.col_mm,
        source=f"{said.source}, {remedy.words}",
    )
    values = _stepped(replace(picture, spacing=spacing), session.manifest, remedy.grey)
    reading = read_values(session, values, spacing=spacing, operating_point=None)
    rows, cols = values.shape
    return DetectedImage(
        image=image, regions=reading.regions, rows=rows, cols=cols, spacing=spacing
    )


def _stepped(picture: Picture, manifest: Manifest, step: GreyStep) -> NDArray[np.float32]:
    spec = manifest.preprocessing
    if step is GreyStep.NONE or picture.spacing is None:
        return picture.values
    if step is GreyStep.SMOOTHED:
        sigma = (spec.mm_per_px / picture.spacing.col_mm, spec.mm_per_px / picture.spacing.row_mm)
        smooth = sitk.SmoothingRecursiveGaussian(sitk.GetImageFromArray(picture.values), sigma)
        return np.asarray(sitk.GetArrayFromImage(smooth), np.float32)
    grid = to_grid(picture.values, spacing=picture.spacing, spec=spec)
    return matched(picture.values, dict(input_features(grid, spec.mm_per_px)), manifest)


def matched(
    values: NDArray[np.float32], features: dict[str, float], manifest: Manifest
) -> NDArray[np.float32]:
    """Bend a grey scale so that dark, median and bright tissue lie amid the training's ranges.

    Black stays black and white white; between the five points the scale is straight, so grey
    values keep their order.
    """
    middle = {item.feature: (item.low + item.high) / 2 for item in manifest.input_range}
    known = [0.0, *(features[name] for name in _KNOTS), 1.0]
    wanted = [0.0, *(middle[name] for name in _KNOTS), 1.0]
    # Equal grey values would make the scale double-valued.
    known = (np.maximum.accumulate(known) + 1e-6 * np.arange(len(known))).tolist()
    return np.asarray(np.interp(values, known, np.maximum.accumulate(wanted)), np.float32)
