"""Which formula makes the best scores: ways to calibrate, judged on people they were not fitted on.

The ways are those of Guo et al. (2017), "On calibration of modern neural networks": the margin as
it is, divided by a temperature, with slope and intercept (Platt 1999), and isotonic regression
(Zadrozny and Elkan 2002).  A model ships the logistic one (``trainer.calibrate``): two numbers that
keep the order of the marks; the others are what it is held against.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from mammoview.errors import DataError
from mammoview.inference.odds import from_log_odds, log_odds
from mammoview.modelkit.manifest import Manifest
from trainer.bootstrap import Estimate, ratio
from trainer.calibrate import FEWEST_MARKS, logistic_weights, neutralised
from trainer.curves import ReliabilityBin
from trainer.detect import DetectedImage, scored
from trainer.reliability import (
    SHOWN_FROM,
    CalibrationFigures,
    Floats,
    Marks,
    calibration_figures,
    curve,
    marks_of,
)
from trainer.site.refit import FOLDS, parts_by_person

Scores = Callable[[Floats], Floats]
_EDGE = 1e-6


class Way(StrEnum):
    """A formula from the margin of a mark to its score."""

    NONE = "none"
    TEMPERATURE = "temperature"
    LOGISTIC = "logistic"
    ISOTONIC = "isotonic"


SHIPPED = Way.LOGISTIC


@dataclass(frozen=True, slots=True, kw_only=True)
class WayResult:
    """One way on marks of people whom it was not fitted on.

    Attributes
    ----------
    log_loss : Estimate
        Mean of ``-log`` of the probability given to what came, over all marks.
    worse_by : Estimate
        Its log loss minus that of the shipped way, on the same people.
    shown : CalibrationFigures
        Of the marks that the shipped way scores ``SHOWN_FROM`` or more: the same for all ways.
    """

    way: Way
    log_loss: Estimate
    worse_by: Estimate
    all_marks: CalibrationFigures
    shown: CalibrationFigures
    bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassStudy:
    """All ways on one class; none where there are too few hits or false marks."""

    kind: str
    marks: int
    hits: int
    ways: tuple[WayResult, ...]

    @property
    def better(self) -> tuple[Way, ...]:
        """Ways whose log loss is below that of the shipped one beyond the interval."""
        return tuple(item.way for item in self.ways if item.worse_by.high < 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationStudy:
    """All ways on the classes of a model."""

    manifest: Manifest
    images: int
    people: int
    classes: tuple[ClassStudy, ...]


def study_calibration(detected: Sequence[DetectedImage], manifest: Manifest) -> CalibrationStudy:
    """Judge every way, cross-validated by person, on pictures that a model has read.

    Raises
    ------
    DataError
        If no class has enough marks.
    """
    neutral = neutralised(detected, manifest.calibration)
    classes = tuple(
        _of_class(kind, marks_of(scored(neutral, kind)), marks_of(scored(detected, kind)))
        for kind in manifest.findings
    )
    if not any(item.ways for item in classes):
        raise DataError(
            f"too few hits or false marks of {', '.join(manifest.findings)}",
            expected=f"{2 * FEWEST_MARKS} of each in one class at least",
            todo="give pictures of more people",
        )
    people = {item.image.person for item in detected}
    return CalibrationStudy(
        manifest=manifest, images=len(detected), people=len(people), classes=classes
    )


def _of_class(kind: str, neutral: Marks, given: Marks) -> ClassStudy:
    hits = int(neutral.is_hit.sum())
    ways: tuple[WayResult, ...] = ()
    if min(hits, len(neutral.is_hit) - hits) >= 2 * FEWEST_MARKS:
        margins = np.array([log_odds(score) for score in neutral.scores])
        held_out = {way: _held_out(way, margins, neutral) for way in Way}
        shipped = _losses(held_out[SHIPPED], neutral.is_hit)
        is_shown = given.scores >= SHOWN_FROM
        ways = tuple(_result(w, neutral, held_out[w], shipped, is_shown) for w in Way)
    return ClassStudy(kind=kind, marks=len(neutral.scores), hits=hits, ways=ways)


def _held_out(way: Way, margins: Floats, marks: Marks) -> Floats:
    """Return the scores that a way gives each person's marks when fitted on the others'."""
    part_of = parts_by_person(marks.people.tolist())
    parts = np.array([part_of[person] for person in marks.people])
    scores = np.empty_like(margins)
    for part in range(FOLDS):
        own = parts == part
        scores[own] = _FITS[way](margins[~own], marks.is_hit[~own])(margins[own])
    return scores


def _result(
    way: Way, marks: Marks, scores: Floats, shipped: Floats, is_shown: NDArray[np.bool_]
) -> WayResult:
    people, ones = marks.people.tolist(), np.ones(len(scores))
    losses = _losses(scores, marks.is_hit)
    judged = Marks(scores=scores, is_hit=marks.is_hit, people=marks.people)
    return WayResult(
        way=way,
        log_loss=ratio(people, losses, ones),
        worse_by=ratio(people, losses - shipped, ones),
        all_marks=calibration_figures(judged, 0.0),
        shown=calibration_figures(judged.among(is_shown), SHOWN_FROM),
        bins=curve(judged),
    )


def _losses(scores: Floats, is_hit: NDArray[np.bool_]) -> Floats:
    kept = np.clip(scores, _EDGE, 1.0 - _EDGE)
    return np.asarray(-np.log(np.where(is_hit, kept, 1.0 - kept)))


def _none(x: Floats, y: NDArray[np.bool_]) -> Scores:
    return from_log_odds


def _temperature(x: Floats, y: NDArray[np.bool_]) -> Scores:
    (slope,) = logistic_weights(x[:, None], y)
    return lambda margins: from_log_odds(slope * margins)


def _logistic(x: Floats, y: NDArray[np.bool_]) -> Scores:
    slope, intercept = logistic_weights(np.stack([x, np.ones_like(x)], axis=1), y)
    return lambda margins: from_log_odds(slope * margins + intercept)


def _isotonic(x: Floats, y: NDArray[np.bool_]) -> Scores:
    """Fit steps that never fall; between them scores are equal, so marks lose their order."""
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(x, y)
    return lambda margins: np.asarray(fitted.predict(margins), np.float64)


_FITS: dict[Way, Callable[[Floats, NDArray[np.bool_]], Scores]] = {
    Way.NONE: _none,
    Way.TEMPERATURE: _temperature,
    Way.LOGISTIC: _logistic,
    Way.ISOTONIC: _isotonic,
}
