"""The training range of a model's input features, and how many pictures lie outside it.

A range spans the 0.5 and 99.5 % quantiles of the training pictures, widened on both sides by a
quarter of its width: training pictures are no sample of all that is alike, and other copies of the
same films (native files, another resampling) have to stay inside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from mammoview.modelkit.input_range import FEATURES, input_features, outside_features
from mammoview.modelkit.manifest import FeatureRange, Manifest, Preprocessing
from mammoview.modelkit.preprocess import to_grid
from trainer.labelled import LabelledImage
from trainer.pictures import read_labelled_picture
from trainer.recipe import DataRecipe

# Quantiles of so many pictures are known well enough.
MOST_PICTURES = 500
# Fewer than this span no range that could be called that of training.
FEWEST_PICTURES = 50
_QUANTILES = (0.005, 0.995)
_WIDENED = 0.25
_LEAST_MARGIN = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeCheck:
    """How many pictures lie outside a model's range.

    Attributes
    ----------
    images, outside : int
        Pictures, and those outside the range of at least one feature.
    by_feature : tuple of (str, int)
        Pictures outside the range of each feature of the manifest.
    """

    images: int
    outside: int
    by_feature: tuple[tuple[str, int], ...]


def training_ranges(
    described: dict[str, Any],
    images: Sequence[LabelledImage],
    data: DataRecipe,
    spec: Preprocessing,
) -> tuple[FeatureRange, ...]:
    """Return the ranges of the pictures that a run was trained on; see :func:`ranges`.

    Parameters
    ----------
    described : dict
        What ``fit`` wrote of the run (see ``trainer.export.read_run``).
    images : sequence of LabelledImage
        Pictures, those that the run was trained on among them.
    """
    training = set(described["training"])
    trained = [i for i in images if any(lesion.lesion_id in training for lesion in i.lesions)]
    return ranges(trained, data, spec)


def ranges(
    images: Sequence[LabelledImage], data: DataRecipe, spec: Preprocessing
) -> tuple[FeatureRange, ...]:
    """Return the range of each feature over pictures; none where there are too few to tell.

    At most ``MOST_PICTURES`` are read, evenly out of all in the order of their files.

    Raises
    ------
    DataError
        If a picture cannot be decoded.
    """
    if len(images) < FEWEST_PICTURES:
        return ()
    ordered = sorted(images, key=lambda image: str(image.file))
    count = min(MOST_PICTURES, len(ordered))
    chosen = [ordered[n * len(ordered) // count] for n in range(count)]
    measured = [
        _features(image, data, spec) for image in tqdm(chosen, "input range", unit="picture")
    ]
    return tuple(
        _range(feature.name, np.array([values[feature.name] for values in measured]))
        for feature in FEATURES
    )


def check_range(
    images: Sequence[LabelledImage], data: DataRecipe, manifest: Manifest
) -> RangeCheck | None:
    """Count the pictures outside a model's range; None where its manifest names none.

    Raises
    ------
    DataError
        If a picture cannot be decoded.
    ModelError
        If the manifest names a feature that this program does not have.
    """
    if not manifest.input_range:
        return None
    spec = manifest.preprocessing
    found = [
        outside_features(_features(image, data, spec), manifest.input_range)
        for image in tqdm(images, "input range", unit="picture")
    ]
    counts = Counter(item.feature for outside in found for item in outside)
    return RangeCheck(
        images=len(found),
        outside=sum(bool(outside) for outside in found),
        by_feature=tuple((item.feature, counts[item.feature]) for item in manifest.input_range),
    )


def _features(image: LabelledImage, data: DataRecipe, spec: Preprocessing) -> dict[str, float]:
    picture = read_labelled_picture(image, data)
    grid = to_grid(picture.values, spacing=picture.spacing, spec=spec)
    return dict(input_features(grid, spec.mm_per_px))


def _range(name: str, values: np.ndarray[Any, np.dtype[np.float64]]) -> FeatureRange:
    low, high = (float(end) for end in np.quantile(values, _QUANTILES))
    # Pictures that are all alike still have a range: the manifest wants low below high.
    margin = max(_WIDENED * (high - low), _LEAST_MARGIN * max(abs(high), _LEAST_MARGIN))
    return FeatureRange(feature=name, low=low - margin, high=high + margin)
