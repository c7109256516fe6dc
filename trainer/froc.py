"""Free-response ROC with the hit rule stated, bootstrap intervals by person, pointing game.

Several marks in one lesion count as one hit and no false mark; a mark in two lesions hits both.
Marks are ordered by score over all images; marks of equal score enter together, and the lowest
threshold counts like every other.  Marks and lesions of one class at a time: a mark of one class
never hits a lesion of another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import ImageBox, ImagePoint
from trainer.bootstrap import (
    DRAWS,
    PERCENTILES,
    SEED,
    Estimate,
    interval,
    numbered,
    person_weights,
    ratio,
)

FALSE_MARKS = (0.25, 0.5, 1.0, 2.0, 4.0)
LEAST_IOU = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A scored region in stored image coordinates: its peak and the box around it."""

    score: float
    peak: ImagePoint
    box: ImageBox


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredImage:
    """The marks and lesions of one class on one image; ``person`` is the bootstrap's cluster."""

    person: str
    marks: tuple[Mark, ...]
    boxes: tuple[ImageBox, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HitRule:
    """When a mark hits a lesion, in words and as a function."""

    text: str
    holds: Callable[[Mark, ImageBox], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Froc:
    """Sensitivity at the rates of ``FALSE_MARKS``, with 95 % intervals, and the pointing game."""

    sensitivity_at: tuple[tuple[float, float], ...]
    ci95: tuple[tuple[float, float, float], ...]
    pointing_game: float
    images: int
    lesions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """What marks of ``threshold`` and more give; the interval is that of the sensitivity."""

    threshold: float
    false_marks_per_image: float
    sensitivity: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pooled:
    """All images together: false marks, and each lesion with its best hit; both by falling score.

    ``lesion_scores`` is minus infinity for a lesion that no mark hits.  People are numbered;
    ``images`` counts those of each.
    """

    false_scores: NDArray[np.float64]
    false_person: NDArray[np.intp]
    lesion_scores: NDArray[np.float64]
    lesion_person: NDArray[np.intp]
    images: NDArray[np.int64]


def box_iou(a: ImageBox, b: ImageBox) -> float:
    """Return the area that two boxes share over the area that they cover together."""
    width = min(a.col1, b.col1) - max(a.col0, b.col0)
    height = min(a.row1, b.row1) - max(a.row0, b.row0)
    shared = max(width, 0.0) * max(height, 0.0)
    whole = sum((box.col1 - box.col0) * (box.row1 - box.row0) for box in (a, b)) - shared
    return shared / whole if whole > 0 else 0.0


PEAK_IN_BOX = HitRule(
    text="peak inside the box, border included, nothing added",
    holds=lambda mark, box: box.contains(mark.peak),
)
BOX_OVERLAP = HitRule(
    text=f"box IoU >= {LEAST_IOU:g}",
    holds=lambda mark, box: box_iou(mark.box, box) >= LEAST_IOU,
)


def score_froc(
    images: Sequence[ScoredImage],
    *,
    rule: HitRule = PEAK_IN_BOX,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Froc:
    """Return sensitivities, intervals and pointing game of some images.

    Parameters
    ----------
    images : sequence of ScoredImage
        Images without lesions count for the false marks.
    draws : int
        Bootstrap samples of people, with replacement.
    """
    pooled = _pool(images, rule)
    rates = np.array(FALSE_MARKS)
    values = _sensitivities(pooled, np.ones_like(pooled.images), rates)
    low, high = _band(pooled, rates, draws, seed)
    return Froc(
        sensitivity_at=tuple(zip(FALSE_MARKS, values.tolist(), strict=True)),
        ci95=tuple(zip(FALSE_MARKS, low.tolist(), high.tolist(), strict=True)),
        pointing_game=pointing_game(images).value,
        images=len(images),
        lesions=len(pooled.lesion_scores),
    )


def froc_curve(
    images: Sequence[ScoredImage],
    *,
    rule: HitRule = PEAK_IN_BOX,
    draws: int = DRAWS,
    seed: int = SEED,
) -> tuple[CurvePoint, ...]:
    """Return the curve's corners, from the strictest threshold to the lowest score of all marks.

    A corner stands at each rate of false marks at which a lower threshold hits another lesion,
    with the highest sensitivity of that rate.  Empty without lesions or marks.
    """
    pooled = _pool(images, rule)
    if not len(pooled.lesion_scores) or not any(image.marks for image in images):
        return ()
    lowest = min(mark.score for image in images for mark in image.marks)
    hit = pooled.lesion_scores[np.isfinite(pooled.lesion_scores)]
    limits = np.unique(np.append(hit, lowest))[::-1]
    false = _at_least(pooled.false_scores, limits)
    is_last = np.append(np.diff(false) > 0, True)
    limits, rates = limits[is_last], false[is_last] / len(images)
    values = _at_least(pooled.lesion_scores, limits) / len(pooled.lesion_scores)
    low, high = _band(pooled, rates, draws, seed)
    return tuple(
        CurvePoint(threshold=t, false_marks_per_image=f, sensitivity=s, low=lo, high=hi)
        for t, f, s, lo, hi in np.stack([limits, rates, values, low, high], axis=1).tolist()
    )


def sensitivity_gain(
    before: Sequence[ScoredImage],
    after: Sequence[ScoredImage],
    *,
    rule: HitRule = PEAK_IN_BOX,
    draws: int = DRAWS,
    seed: int = SEED,
) -> tuple[tuple[float, Estimate], ...]:
    """Return how much sensitivity another reading of the same images gains at each rate.

    Both readings are judged on the same draws of people, so that what a person adds to both goes
    out of the interval.
    """
    pools = _pool(before, rule), _pool(after, rule)
    rates = np.array(FALSE_MARKS)
    weights = person_weights(len(pools[0].images), draws=draws, seed=seed)
    first, second = (
        np.array([_sensitivities(pool, sample, rates) for sample in weights]) for pool in pools
    )
    alone = np.ones_like(pools[0].images)
    gain = _sensitivities(pools[1], alone, rates) - _sensitivities(pools[0], alone, rates)
    sampled = second - first
    sampled = sampled[~np.isnan(sampled).any(axis=1)]  # samples without a lesion say nothing
    return tuple(
        (rate, interval(float(value), sampled[:, i]))
        for i, (rate, value) in enumerate(zip(FALSE_MARKS, gain, strict=True))
    )


def froc_document(froc: Froc, rule: HitRule) -> dict[str, object]:
    """Return sensitivities and intervals as the documents of the evaluations hold them."""
    return {
        "hit_rule": rule.text,
        "sensitivity_at": {f"{rate:g}": value for rate, value in froc.sensitivity_at},
        "ci95": {f"{rate:g}": [low, high] for rate, low, high in froc.ci95},
    }


def threshold_at(classes: Sequence[Sequence[ScoredImage]], false_marks_per_image: float) -> float:
    """Return the lowest score whose marks stay within a rate of false marks an image.

    ``classes`` holds the same images for each class whose marks are counted together.
    """
    false = np.concatenate([_pool(images, PEAK_IN_BOX).false_scores for images in classes])
    false = np.sort(false)[::-1]
    allowed = int(np.floor(false_marks_per_image * len(classes[0])))
    if allowed >= len(false):
        return float(false[-1]) if len(false) else 0.0
    return float(np.nextafter(false[allowed], np.inf))


def hits(image: ScoredImage) -> NDArray[np.bool_]:
    """Tell for each mark whether its peak lies in a lesion's box."""
    return np.array(
        [any(box.contains(mark.peak) for box in image.boxes) for mark in image.marks], np.bool_
    )


def pointing_game(
    images: Sequence[ScoredImage], *, draws: int = DRAWS, seed: int = SEED
) -> Estimate:
    """Return the share of images with lesions whose best mark lies in a box (Zhang et al. 2018).

    Where several marks share the best score, the image counts the share of them that hit; an
    image without marks is lost.
    """
    with_lesions = [image for image in images if image.boxes]
    won = [_won(image) for image in with_lesions]
    people = [image.person for image in with_lesions]
    return ratio(people, won, np.ones(len(won)), draws=draws, seed=seed)


def _won(image: ScoredImage) -> float:
    scores = np.array([mark.score for mark in image.marks])
    return float(hits(image)[scores == scores.max()].mean()) if len(scores) else 0.0


def _pool(images: Sequence[ScoredImage], rule: HitRule) -> _Pooled:
    person, count = numbered([image.person for image in images])
    false: list[tuple[float, int]] = []
    lesions: list[tuple[float, int]] = []
    for number, image in zip(person.tolist(), images, strict=True):
        best = [-np.inf] * len(image.boxes)
        for mark in image.marks:
            found = [n for n, box in enumerate(image.boxes) if rule.holds(mark, box)]
            for n in found:
                best[n] = max(best[n], mark.score)
            if not found:
                false.append((mark.score, number))
        lesions += [(score, number) for score in best]
    false_scores, false_person = _falling(false)
    lesion_scores, lesion_person = _falling(lesions)
    return _Pooled(
        false_scores=false_scores,
        false_person=false_person,
        lesion_scores=lesion_scores,
        lesion_person=lesion_person,
        images=np.bincount(person, minlength=count).astype(np.int64),
    )


def _falling(scored: list[tuple[float, int]]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    scores = np.array([score for score, _ in scored], np.float64)
    people = np.array([person for _, person in scored], np.intp)
    order = np.argsort(-scores, kind="stable")
    return scores[order], people[order]


def _at_least(falling: NDArray[np.float64], limits: NDArray[np.float64]) -> NDArray[np.intp]:
    """Count, for each limit, the scores that reach it."""
    return np.searchsorted(-falling, -limits, side="right")


def _sensitivities(
    pooled: _Pooled, weights: NDArray[np.int64], rates: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the sensitivity at each rate of false marks an image; NaN without lesions.

    ``weights`` says how often each person is there: all 1 for the images as they are.
    """
    total = int(weights[pooled.lesion_person].sum())
    if total == 0:
        return np.full(len(rates), np.nan)
    allowed = np.floor(rates * int(weights @ pooled.images) + 1e-9)
    made = np.cumsum(weights[pooled.false_person])
    first_too_many = np.searchsorted(made, allowed, side="right")
    limits = np.append(pooled.false_scores, -np.inf)[first_too_many]
    found = np.cumsum(np.append(0, weights[pooled.lesion_person]))
    higher = np.searchsorted(-pooled.lesion_scores, -limits, side="left")
    return np.asarray(found[higher] / total, np.float64)


def _band(
    pooled: _Pooled, rates: NDArray[np.float64], draws: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of the 95 % interval of the sensitivity at each rate."""
    weights = person_weights(len(pooled.images), draws=draws, seed=seed)
    sampled = np.array([_sensitivities(pooled, sample, rates) for sample in weights])
    sampled = sampled[~np.isnan(sampled).any(axis=1)]  # samples without a lesion say nothing
    if not len(sampled):
        nothing = np.full(len(rates), np.nan)
        return nothing, nothing
    low, high = np.percentile(sampled, PERCENTILES, axis=0)
    return low, high
