"""95 % intervals by drawing people, not images or lesions: what belongs to one woman is one draw.

Source: Field and Welsh (2007), "Bootstrapping clustered data", J R Stat Soc B 69:369-390 (the
cluster bootstrap); percentile interval of Efron (1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

DRAWS = 1000
SEED = 1
PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure with its 95 % interval; NaN where nothing can be said."""

    value: float
    low: float
    high: float


def estimate_document(estimate: Estimate) -> dict[str, float | list[float]]:
    """Return a figure as the documents of the evaluations hold it."""
    return {"mean": estimate.value, "ci95": [estimate.low, estimate.high]}


def interval(value: float, drawn: NDArray[np.float64]) -> Estimate:
    """Return a figure with the interval that its draws span; draws that are none say nothing.

    Parameters
    ----------
    drawn : ndarray of float64, (draws,)
        The figure of each sample of people; NaN where a sample gives none.
    """
    kept = drawn[~np.isnan(drawn)]
    low, high = np.percentile(kept, PERCENTILES) if len(kept) else (np.nan, np.nan)
    return Estimate(value=float(value), low=float(low), high=float(high))


def numbered(people: Sequence[str]) -> tuple[NDArray[np.intp], int]:
    """Return for each entry the number of its person, from 0, and how many people there are."""
    names, numbers = np.unique(np.asarray(people, np.str_), return_inverse=True)
    return numbers.reshape(-1), len(names)


def person_weights(count: int, *, draws: int = DRAWS, seed: int = SEED) -> NDArray[np.int64]:
    """Return how often each of ``count`` people is in each sample: int64 (draws, count)."""
    drawn = np.random.default_rng(seed).integers(0, count, (draws, count))
    return np.stack([np.bincount(sample, minlength=count) for sample in drawn])


def ratio(
    people: Sequence[str],
    numerator: ArrayLike,
    denominator: ArrayLike,
    *,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Estimate:
    """Return ``sum(numerator) / sum(denominator)`` with its interval over people.

    A sensitivity is hits over ones, a mean over the hit lesions is their IoU over their hits.

    Parameters
    ----------
    people : sequence of str
        The person of each entry.
    numerator, denominator : array_like of float, (n,)
        Of each entry.  Samples whose denominators add up to nothing are left out.
    """
    upper, lower = np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    if not len(people) or lower.sum() == 0:
        return Estimate(value=np.nan, low=np.nan, high=np.nan)
    numbers, count = numbered(people)
    weights = person_weights(count, draws=draws, seed=seed)
    above = weights @ np.bincount(numbers, upper, minlength=count)
    below = weights @ np.bincount(numbers, lower, minlength=count)
    sampled = above[below > 0] / below[below > 0]
    return interval(float(upper.sum() / lower.sum()), sampled)
