"""Free-response ROC with the hit rule stated, bootstrap intervals by person, pointing game.

Hit rule: the peak of a mark lies inside the lesion's box, border included, nothing added.  Several
marks in one lesion count as one hit and no false mark.  Marks are ordered by score over all
images; marks of equal score enter together.  Numpy alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import ImageBox, ImagePoint

HIT_RULE = "peak inside the box, border included, nothing added"
FALSE_MARKS = (0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A scored point in stored image coordinates."""

    score: float
    peak: ImagePoint


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredImage:
    """The marks and lesions of one class on one image; ``person`` is the bootstrap's cluster."""

    person: str
    marks: tuple[Mark, ...]
    boxes: tuple[ImageBox, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Froc:
    """Sensitivity at the rates of ``FALSE_MARKS``, with 95 % intervals, and the pointing game."""

    sensitivity_at: tuple[tuple[float, float], ...]
    ci95: tuple[tuple[float, float, float], ...]
    pointing_game: float
    images: int
    lesions: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Events:
    """Marks of one image as arrays: score, lesion number or -1 (a false mark)."""

    scores: NDArray[np.float64]
    lesions: NDArray[np.int64]
    count: int


def score_froc(images: Sequence[ScoredImage], *, draws: int = 1000, seed: int = 1) -> Froc:
    """Return sensitivities, intervals and pointing game of some images.

    Parameters
    ----------
    images : sequence of ScoredImage
        Images without lesions count for the false marks.
    draws : int
        Bootstrap samples of people, with replacement.
    """
    events = [_events(image) for image in images]
    people = sorted({image.person for image in images})
    of_person = {
        p: [e for e, i in zip(events, images, strict=True) if i.person == p] for p in people
    }
    rng = np.random.default_rng(seed)
    sampled = np.array(
        [
            _sensitivities([e for p in rng.choice(people, len(people)) for e in of_person[p]])
            for _ in range(draws)
        ]
    )
    sampled = sampled[~np.isnan(sampled).any(axis=1)]  # samples without a lesion say nothing
    nothing = np.full((2, len(FALSE_MARKS)), np.nan)
    low, high = np.percentile(sampled, [2.5, 97.5], axis=0) if len(sampled) else nothing
    return Froc(
        sensitivity_at=tuple(zip(FALSE_MARKS, _sensitivities(events).tolist(), strict=True)),
        ci95=tuple(zip(FALSE_MARKS, low.tolist(), high.tolist(), strict=True)),
        pointing_game=_pointing_game(images),
        images=len(images),
        lesions=sum(e.count for e in events),
    )


def threshold_at(images: Sequence[ScoredImage], false_marks_per_image: float) -> float:
    """Return the lowest score whose marks stay within a rate of false marks an image."""
    false = np.sort(
        np.concatenate([e.scores[e.lesions < 0] for e in map(_events, images)] or [np.empty(0)])
    )[::-1]
    allowed = int(np.floor(false_marks_per_image * len(images)))
    if allowed >= len(false):
        return float(false[-1]) if len(false) else 0.0
    return float(np.nextafter(false[allowed], np.inf))


def hits(image: ScoredImage) -> NDArray[np.bool_]:
    """Tell for each mark whether its peak lies in a lesion's box."""
    return np.array(
        [any(box.contains(mark.peak) for box in image.boxes) for mark in image.marks], np.bool_
    )


def _events(image: ScoredImage) -> _Events:
    """One event a mark and lesion hit; a mark in two overlapping boxes hits both."""
    scores: list[float] = []
    lesions: list[int] = []
    for mark in image.marks:
        found = [n for n, box in enumerate(image.boxes) if box.contains(mark.peak)]
        for number in found or [-1]:
            scores.append(mark.score)
            lesions.append(number)
    return _Events(
        scores=np.array(scores, np.float64),
        lesions=np.array(lesions, np.int64),
        count=len(image.boxes),
    )


def _sensitivities(events: Sequence[_Events]) -> NDArray[np.float64]:
    """Return the sensitivity at each rate of ``FALSE_MARKS``; NaN without lesions."""
    total = sum(e.count for e in events)
    if total == 0:
        return np.full(len(FALSE_MARKS), np.nan)
    best = [
        e.scores[e.lesions == n].max()
        for e in events
        for n in range(e.count)
        if (e.lesions == n).any()
    ]
    false = np.sort(np.concatenate([e.scores[e.lesions < 0] for e in events]))[::-1]
    found = np.sort(np.array(best, np.float64))
    result = []
    for rate in FALSE_MARKS:
        allowed = int(np.floor(rate * len(events) + 1e-9))
        if allowed >= len(false):
            hit = len(found)
        else:  # marks that score higher than the first false mark too many
            hit = len(found) - int(np.searchsorted(found, false[allowed], side="right"))
        result.append(hit / total)
    return np.array(result)


def _pointing_game(images: Sequence[ScoredImage]) -> float:
    """Return the share of images with lesions whose best mark lies in a box (Zhang et al. 2018)."""
    with_lesions = [image for image in images if image.boxes]
    if not with_lesions:
        return float("nan")
    won = 0
    for image in with_lesions:
        if image.marks:
            best = max(image.marks, key=lambda mark: mark.score)
            won += any(box.contains(best.peak) for box in image.boxes)
    return won / len(with_lesions)
