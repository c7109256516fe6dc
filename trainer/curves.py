"""ROC and reliability of one class against the rest, all folds' probabilities together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.bootstrap import SEED, Estimate, interval
from trainer.metrics import DRAWS, Floats, draw_rows
from trainer.predictions import Predictions

BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Roc:
    """Points of the curve from (0, 0) to (1, 1), and the area below with its 95 % interval."""

    name: str
    false_rate: tuple[float, ...]
    true_rate: tuple[float, ...]
    area: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """Mean probability, and share of the class with its 95 % interval, among one bin's rows."""

    count: int
    probability: float
    share: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """How often a probability of one class comes true, in ten equal bins without the empty ones.

    Attributes
    ----------
    error : float
        Expected calibration error: mean gap over the bins, weighted by rows (Naeini et al. 2015).
    """

    name: str
    bins: tuple[ReliabilityBin, ...]
    error: float


def drawn_classes(folds: Sequence[Predictions], judged: Sequence[str]) -> tuple[str, ...]:
    """Return the classes worth a curve: of two classes, the second's is the first's mirrored."""
    return tuple(judged[:1] if len(folds[0].classes) == 2 else judged)


def roc(folds: Sequence[Predictions], name: str, *, draws: int = DRAWS, seed: int = SEED) -> Roc:
    """Return the ROC of a class, its area with an interval by person."""
    from sklearn.metrics import roc_auc_score, roc_curve

    scores, is_class = _scores(folds, name)
    false_rate, true_rate, _ = roc_curve(is_class, scores)
    weights = draw_rows([row for fold in folds for row in fold.rows], draws=draws, seed=seed)
    area = float(roc_auc_score(is_class, scores))
    return Roc(
        name=name,
        false_rate=tuple(false_rate.tolist()),
        true_rate=tuple(true_rate.tolist()),
        area=interval(area, areas(scores, is_class, weights)),
    )


def areas(scores: Floats, is_class: NDArray[np.bool_], weights: Floats) -> Floats:
    """Return the area under the ROC for each row of weights (draws, rows); NaN without a class.

    The share of pairs of one row of the class and one of the rest in which the first scores
    higher, equal scores as a half (Mann and Whitney 1947).
    """
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=-np.inf) > 0)
    of_class, rest = (
        np.add.reduceat(weights[:, order] * chosen[order], starts, axis=1)
        for chosen in (is_class, ~is_class)
    )
    below = np.cumsum(rest, axis=1) - 0.5 * rest
    pairs = of_class.sum(axis=1) * rest.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        result: Floats = np.where(pairs > 0, (of_class * below).sum(axis=1) / pairs, np.nan)
    return result


def reliability(
    folds: Sequence[Predictions], name: str, *, draws: int = DRAWS, seed: int = SEED
) -> Reliability:
    """Return the reliability of a class's probability, with intervals by person."""
    scores, is_class = _scores(folds, name)
    weights = draw_rows([row for fold in folds for row in fold.rows], draws=draws, seed=seed)
    where = np.minimum((scores * BINS).astype(int), BINS - 1)
    bins = tuple(
        _bin(scores[where == n], is_class[where == n], weights[:, where == n])
        for n in range(BINS)
        if (where == n).any()
    )
    error = sum(b.count * abs(b.probability - b.share.value) for b in bins) / len(scores)
    return Reliability(name=name, bins=bins, error=error)


def _bin(scores: Floats, is_class: NDArray[np.bool_], weights: Floats) -> ReliabilityBin:
    drawn = weights.sum(axis=1)
    with np.errstate(invalid="ignore"):
        shares = (weights @ is_class) / drawn
    return ReliabilityBin(
        count=len(scores),
        probability=float(scores.mean()),
        share=interval(float(is_class.mean()), shares),
    )


def _scores(folds: Sequence[Predictions], name: str) -> tuple[Floats, NDArray[np.bool_]]:
    at = folds[0].classes.index(name)
    rows = [row for fold in folds for row in fold.rows]
    scores = np.array([row.probabilities[at] for row in rows], np.float64)
    return scores, np.array([row.label == name for row in rows], np.bool_)
