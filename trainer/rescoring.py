"""Scores changed by what stands beside a mark: the fit, and its judging on other people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from trainer.detect import DetectedImage

FOLDS = 5
# Fewer hits or false marks than this fix no weight.
FEWEST_MARKS = 10
# A weak pull of the weight towards 0, so that few marks cannot drive it without bound.
_RIDGE = 0.1

Rescore = Callable[[Sequence[DetectedImage]], tuple[DetectedImage, ...]]


def by_person(detected: Sequence[DetectedImage]) -> dict[str, list[int]]:
    """Return the numbers of each person's pictures: her examination."""
    people: dict[str, list[int]] = defaultdict(list)
    for number, item in enumerate(detected):
        people[item.image.person].append(number)
    return dict(people)


def judged_on_others(
    detected: Sequence[DetectedImage], fit: Callable[[Sequence[DetectedImage]], Rescore]
) -> tuple[DetectedImage, ...]:
    """Return pictures rescored by rules in which their own people had no part.

    Parameters
    ----------
    detected : sequence of DetectedImage
        The pictures, in ``FOLDS`` parts by person.
    fit : callable
        Takes the pictures of four parts and returns what rescores those of the fifth.
    """
    people = sorted(by_person(detected))
    order = np.random.default_rng(1).permutation(len(people))
    fold_of = {people[place]: number % FOLDS for number, place in enumerate(order.tolist())}
    found: dict[int, DetectedImage] = {}
    for fold in range(FOLDS):
        inside = [i for i, d in enumerate(detected) if fold_of[d.image.person] == fold]
        rescore = fit([d for d in detected if fold_of[d.image.person] != fold])
        found |= dict(zip(inside, rescore([detected[i] for i in inside]), strict=True))
    return tuple(found[i] for i in range(len(detected)))


def offset_fit(
    x: NDArray[np.float64], offset: NDArray[np.float64], y: NDArray[np.bool_]
) -> tuple[float, float, float]:
    """Fit ``P(y) = sigmoid(offset + weight x + intercept)`` by Newton's method.

    Returns weight, intercept and the loss.
    """
    design = np.stack([x, np.ones_like(x)], axis=1)
    pull = np.diag([_RIDGE, 1e-6])
    values = np.zeros(2)
    for _ in range(100):
        p = 0.5 * (1.0 + np.tanh(0.5 * (offset + design @ values)))
        gradient = design.T @ (p - y) + pull @ values
        curvature = (design * (p * (1 - p))[:, None]).T @ design + pull
        step = np.linalg.solve(curvature, gradient)
        values = values - step
        if float(np.abs(step).max()) < 1e-9:
            break
    odds = offset + design @ values
    loss = np.logaddexp(0.0, np.where(y, -odds, odds)).sum() + 0.5 * values @ pull @ values
    return float(values[0]), float(values[1]), float(loss)
