"""How often marks of a score are right: expected calibration error and reliability, by person.

The score of a mark says how often a mark of that height lies in an annotated lesion.  A model gives
thousands of candidates near zero, and over all of them the error is small whatever the others do;
so it is given for the marks of ``SHOWN_FROM`` and more as well, and in bins of equal mass (as many
marks in each) beside those of equal width.

An expected calibration error is a sum of magnitudes: noise raises it, the more the fewer marks
there are, and bootstrap draws, with noise of their own, lie above it.  Its interval is therefore
that of the draws shifted by their bias (their mean minus the figure), not below 0.  The share of
expected over found hits has no such lean.

Sources: Naeini, Cooper and Hauskrecht (2015), "Obtaining well calibrated probabilities using
Bayesian binning" (the error); Nguyen and O'Connor (2015), arXiv 1508.05154 (bins of equal mass).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.bootstrap import (
    DRAWS,
    SEED,
    Estimate,
    estimate_document,
    interval,
    numbered,
    person_weights,
    ratio,
)
from trainer.curves import ReliabilityBin
from trainer.froc import ScoredImage, hits

# Lower candidates are hardly ever shown: the thresholds of operating points lie above.
SHOWN_FROM = 0.1
BINS = 10

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Marks:
    """All marks of one class: score 0..1, whether it hits a lesion, and the mark's person."""

    scores: Floats
    is_hit: NDArray[np.bool_]
    people: NDArray[np.str_]

    def among(self, chosen: NDArray[np.bool_]) -> Marks:
        """Return some of the marks."""
        return Marks(
            scores=self.scores[chosen], is_hit=self.is_hit[chosen], people=self.people[chosen]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationFigures:
    """How far the scores of some marks are from the shares of hits.

    Attributes
    ----------
    from_score : float
        The lowest score of the marks that count; 0 for all.
    expected_over_found : Estimate
        Sum of the scores over the number of hits; 1 where scores are right on the whole.
    error, error_equal_mass : Estimate
        Expected calibration error over ten bins of equal width, and of equal mass.
    """

    from_score: float
    marks: int
    hits: int
    expected_over_found: Estimate
    error: Estimate
    error_equal_mass: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkReliability:
    """The calibration of one class: of all marks, of those shown, and its curve.

    ``bins`` are those of all marks, of equal width, without the empty ones.
    """

    all_marks: CalibrationFigures
    shown: CalibrationFigures
    bins: tuple[ReliabilityBin, ...]


def marks_of(images: Sequence[ScoredImage]) -> Marks:
    """Return the marks of all images of one class."""
    return Marks(
        scores=np.array([m.score for image in images for m in image.marks], np.float64),
        is_hit=np.concatenate([hits(image) for image in images] or [np.empty(0, np.bool_)]),
        people=np.array([image.person for image in images for _ in image.marks], np.str_),
    )


def mark_reliability(images: Sequence[ScoredImage]) -> MarkReliability:
    """Measure the calibration of one class, with intervals by person."""
    marks = marks_of(images)
    return MarkReliability(
        all_marks=calibration_figures(marks, 0.0),
        shown=calibration_figures(marks.among(marks.scores >= SHOWN_FROM), SHOWN_FROM),
        bins=curve(marks),
    )


def calibration_figures(marks: Marks, from_score: float) -> CalibrationFigures:
    """Measure some marks, all of which count."""
    return CalibrationFigures(
        from_score=from_score,
        marks=len(marks.scores),
        hits=int(marks.is_hit.sum()),
        expected_over_found=ratio(marks.people.tolist(), marks.scores, marks.is_hit),
        error=calibration_error(marks, equal_width(marks.scores)),
        error_equal_mass=calibration_error(marks, equal_mass(marks.scores)),
    )


def equal_width(scores: Floats, bins: int = BINS) -> NDArray[np.intp]:
    """Return the bin of each score: ``bins`` equal parts of 0..1."""
    return np.minimum((scores * bins).astype(np.intp), bins - 1)


def equal_mass(scores: Floats, bins: int = BINS) -> NDArray[np.intp]:
    """Return the bin of each score: as many scores in each bin; equal scores stay together."""
    if not len(scores):
        return np.empty(0, np.intp)
    limits = np.quantile(scores, np.arange(1, bins) / bins)
    return np.asarray(np.searchsorted(limits, scores, side="right"), np.intp)


def calibration_gap(marks: Marks, where: NDArray[np.intp]) -> float:
    """Return the mean gap between score and share of hits over bins, weighted by marks."""
    gaps = np.bincount(where, marks.scores - marks.is_hit)
    return float(np.abs(gaps).sum() / len(marks.scores)) if len(marks.scores) else np.nan


def calibration_error(marks: Marks, where: NDArray[np.intp]) -> Estimate:
    """Return :func:`calibration_gap` with its interval by person.

    Parameters
    ----------
    where : ndarray of int, (n,)
        The bin of each mark; the bins stay as they are when people are drawn.
    """
    if not len(marks.scores):
        return Estimate(value=np.nan, low=np.nan, high=np.nan)
    numbers, people = numbered(marks.people.tolist())
    gaps = np.zeros((people, int(where.max()) + 1))
    np.add.at(gaps, (numbers, where), marks.scores - marks.is_hit)
    weights = person_weights(people, draws=DRAWS, seed=SEED)
    counts = np.bincount(numbers, minlength=people)
    drawn = np.abs(weights @ gaps).sum(axis=1) / (weights @ counts)
    value = calibration_gap(marks, where)
    return interval(value, np.maximum(drawn - (drawn.mean() - value), 0.0))


def curve(marks: Marks) -> tuple[ReliabilityBin, ...]:
    """Return score and share of hits in ten bins of equal width, without the empty ones."""
    where = equal_width(marks.scores)
    return tuple(_bin(marks.among(where == n)) for n in range(BINS) if (where == n).any())


def figures_document(figures: CalibrationFigures) -> dict[str, object]:
    """Return figures as the documents of the evaluations hold them."""
    return {
        "from_score": figures.from_score,
        "marks": figures.marks,
        "hits": figures.hits,
        "expected_over_found_hits": estimate_document(figures.expected_over_found),
        "error": estimate_document(figures.error),
        "error_equal_mass": estimate_document(figures.error_equal_mass),
    }


def curve_document(bins: Sequence[ReliabilityBin]) -> list[dict[str, object]]:
    """Return a curve as the documents of the evaluations hold it."""
    return [
        {"marks": b.count, "score": b.probability, "share_of_hits": estimate_document(b.share)}
        for b in bins
    ]


def _bin(marks: Marks) -> ReliabilityBin:
    share = ratio(marks.people.tolist(), marks.is_hit, np.ones(len(marks.is_hit)))
    return ReliabilityBin(
        count=len(marks.scores), probability=float(marks.scores.mean()), share=share
    )
