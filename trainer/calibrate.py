"""Scores that mean something: a logistic fit on full images, and thresholds by false marks.

A threshold is one for all classes: their scores are calibrated, so equal scores are equally often
right, and a reader counts the false marks of all classes together.

Both are made on pictures of people never trained on (of a run's validation part, or a site's own),
with the regions that the viewer itself finds.  The score of a region then estimates how often a
mark of that height lies in an annotated lesion, on pictures like those (CBIS-DDSM: every picture
has one).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.prediction import Region
from mammoview.errors import DataError
from mammoview.inference.cam import calibrated
from mammoview.inference.odds import from_log_odds, log_odds
from mammoview.modelkit.manifest import Calibration, OperatingPoint
from trainer.detect import DetectedImage, scored
from trainer.froc import ScoredImage, hits, threshold_at
from trainer.reliability import Floats, calibration_gap, equal_width, marks_of

# One false mark an examination of four views is 0.25 an image.
RATES = (("sensitive", 1.0), ("balanced", 0.5), ("specific", 0.25))
DEFAULT = "specific"
# Fewer hits or false marks than this fix no curve of two numbers.
FEWEST_MARKS = 10

Rates = Sequence[tuple[str, float]]


def neutral(kind: str) -> Calibration:
    """Return the calibration that is none: score = sigmoid of the map's margin."""
    return Calibration(kind=kind, slope=1.0, intercept=0.0)


def calibrate(detected: Sequence[DetectedImage], kind: str) -> Calibration:
    """Fit one class on pictures read with :func:`neutral` calibration.

    Raises
    ------
    DataError
        If there are too few hits or false marks to fit on, or better maps score worse.
    """
    images = scored(detected, kind)
    margins = np.array([log_odds(m.score) for image in images for m in image.marks])
    is_hit = np.concatenate([hits(image) for image in images] or [np.empty(0, np.bool_)])
    if min(is_hit.sum(), (~is_hit).sum()) < FEWEST_MARKS:
        raise DataError(
            f"{int(is_hit.sum())} hits and {int((~is_hit).sum())} false marks of {kind}",
            expected="at least ten of each in the pictures that scores are fitted on",
            todo="give pictures of more people, train longer, or train with a class for healthy "
            "tissue",
        )
    slope, intercept = _logistic(margins, is_hit)
    if slope <= 0:
        raise DataError(
            f"higher maps of {kind} are hits less often",
            expected="a network that has learnt the class",
            todo="train longer, or train with a class for healthy tissue",
        )
    return Calibration(kind=kind, slope=slope, intercept=intercept)


def recalibrated(
    detected: Sequence[DetectedImage], calibration: Sequence[Calibration]
) -> tuple[DetectedImage, ...]:
    """Return pictures read with :func:`neutral` calibration with their scores calibrated.

    Peaks stay where they are: the calibrated score grows with the neutral one.
    """
    of_kind = {item.kind: item for item in calibration}

    def score(region: Region) -> Region:
        item = of_kind[region.kind]
        margin = np.asarray(log_odds(region.score))
        return replace(region, score=float(calibrated(margin, item)))

    return tuple(replace(d, regions=tuple(map(score, d.regions))) for d in detected)


def neutralised(
    detected: Sequence[DetectedImage], calibration: Sequence[Calibration]
) -> tuple[DetectedImage, ...]:
    """Return pictures read with a calibration as :func:`neutral` calibration would have read them.

    The inverse of :func:`recalibrated`.
    """
    of_kind = {item.kind: item for item in calibration}

    def score(region: Region) -> Region:
        item = of_kind[region.kind]
        margin = np.asarray((log_odds(region.score) - item.intercept) / item.slope)
        return replace(region, score=float(calibrated(margin, neutral(region.kind))))

    return tuple(replace(d, regions=tuple(map(score, d.regions))) for d in detected)


def expected_calibration_error(images: Sequence[ScoredImage]) -> float:
    """Return the mean gap between score and share of hits over equal score bins, by marks."""
    marks = marks_of(images)
    return calibration_gap(marks, equal_width(marks.scores))


def operating_points(
    detected: Sequence[DetectedImage], kinds: Sequence[str], rates: Rates = RATES
) -> tuple[OperatingPoint, ...]:
    """Return thresholds, one for all classes, that keep to each rate of false marks an image.

    Parameters
    ----------
    detected : sequence of DetectedImage
        With calibrated scores.
    rates : sequence of (str, float)
        Names of the operating points, and the false marks of all classes together that each may
        give an image.
    """
    classes = [scored(detected, kind) for kind in kinds]
    limits = {name: min(max(threshold_at(classes, rate), 0.0), 1.0) for name, rate in rates}
    return tuple(
        OperatingPoint(name=name, kind=kind, threshold=limits[name], false_marks_per_image=rate)
        for kind in kinds
        for name, rate in rates
    )


def _logistic(x: Floats, y: NDArray[np.bool_]) -> tuple[float, float]:
    """Fit ``P(y) = sigmoid(slope x + intercept)``."""
    slope, intercept = logistic_weights(np.stack([x, np.ones_like(x)], axis=1), y)
    return float(slope), float(intercept)


def logistic_weights(design: Floats, y: NDArray[np.bool_]) -> Floats:
    """Fit ``P(y) = sigmoid(design @ weights)`` by Newton's method; return the weights.

    Platt (1999), "Probabilistic outputs for support vector machines", with his targets a little
    inside 0 and 1: else hits and false marks that a threshold parts cleanly would drive the slope,
    and the scores to 0 and 1, without bound.
    """
    positive, negative = int(y.sum()), int((~y).sum())
    target = np.where(y, (positive + 1) / (positive + 2), 1 / (negative + 2))
    weights = np.zeros(design.shape[1])
    for _ in range(100):
        p = from_log_odds(design @ weights)
        gradient = design.T @ (p - target) + 1e-6 * weights
        curvature = (design * (p * (1 - p))[:, None]).T @ design + 1e-6 * np.eye(len(weights))
        step = np.linalg.solve(curvature, gradient)
        weights = weights - step
        if float(np.abs(step).max()) < 1e-9:
            break
    return weights
