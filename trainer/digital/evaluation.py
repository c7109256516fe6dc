"""A model trained on film, on digital mammograms: outlined lesions found, marks on normal breasts.

Outlines of CDD-CESM carry no class (see ``digital.cesm``).  The sensitivity is of the outlines in
pictures whose findings name masses and nothing else; outlines that may be a mass or something else
stand apart.  False marks are counted on normal breasts alone: what a mark beside an outline is of,
nobody knows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mammoview.errors import DataError
from mammoview.modelkit.manifest import Manifest
from trainer.bootstrap import DRAWS, PERCENTILES, SEED, Estimate, numbered, person_weights, ratio
from trainer.detect import DetectedImage
from trainer.digital.cesm import CesmImage, RegionKind
from trainer.froc import (
    BOX_OVERLAP,
    FALSE_MARKS,
    PEAK_IN_BOX,
    CurvePoint,
    HitRule,
    Mark,
    ScoredImage,
)
from trainer.input_range import RangeCheck

# Outlines of a class that the findings make sure of, and those that may be of it.
OUTLINES = {"mass": (RegionKind.MASS, RegionKind.MASS_OR_OTHER)}
RULES = (("peak", PEAK_IN_BOX), ("iou", BOX_OVERLAP))
# The longer side of the largest detectors in use (24 x 31 cm).
LONGEST_DETECTOR_MM = 310.0
_FARTHEST = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitalPoint:
    """What one operating point gives on digital pictures; NaN where nothing is outlined.

    Attributes
    ----------
    sure, perhaps : Estimate
        Share of the outlines found that are of the class for sure, and that may be.
    pictures : Estimate
        Share of the pictures with such outlines, sure or not, in which one is found.
    false_marks : Estimate
        Marks an image on normal breasts.
    marked_normals : Estimate
        Share of the normal breasts with a mark.
    """

    name: str
    threshold: float
    sure: Estimate
    perhaps: Estimate
    pictures: Estimate
    false_marks: Estimate
    marked_normals: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitalRule:
    """The curve of sure outlines against marks on normal breasts, by one hit rule.

    ``at`` holds the curve at the rates of ``trainer.froc.FALSE_MARKS``.
    """

    key: str
    rule: HitRule
    at: tuple[CurvePoint, ...]
    curve: tuple[CurvePoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitalClass:
    """One class of the model."""

    kind: str
    sure: int
    perhaps: int
    points: tuple[DigitalPoint, ...]
    rules: tuple[DigitalRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """The same pictures, read in another way (see ``trainer.digital.shift``)."""

    words: str
    classes: tuple[DigitalClass, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitalEvaluation:
    """A model on digital pictures.

    Attributes
    ----------
    outlines : tuple of (str, int)
        Outlines of each kind.
    heights_mm : tuple of float
        Heights of the pictures by the spacing that they are read with: least, median, largest.
    too_high : int
        Pictures that would be higher than any detector (``LONGEST_DETECTOR_MM``).
    range_digital, range_film : RangeCheck or None
        Pictures outside the model's range; None where the model names none, or no film was given.
    tried : tuple of Tried
        What might bring the model back; empty where nothing was tried.
    """

    manifest: Manifest
    outlined: int
    normals: int
    outlines: tuple[tuple[str, int], ...]
    heights_mm: tuple[float, float, float]
    too_high: int
    classes: tuple[DigitalClass, ...]
    range_digital: RangeCheck | None
    range_film: RangeCheck | None
    tried: tuple[Tried, ...] = ()


def evaluate_digital(
    images: Sequence[CesmImage],
    detected: Sequence[DetectedImage],
    manifest: Manifest,
    *,
    range_digital: RangeCheck | None,
    range_film: RangeCheck | None,
    tried: Sequence[tuple[str, Sequence[DetectedImage]]] = (),
) -> DigitalEvaluation:
    """Measure a model on digital pictures that it has read.

    Parameters
    ----------
    images : sequence of CesmImage
        The pictures.
    detected : sequence of DetectedImage
        What was found in each, in the same order.
    tried : sequence of (str, sequence of DetectedImage)
        What was found when the pictures were read in other ways, and which.

    Raises
    ------
    DataError
        If there are no normal or no outlined pictures.
    """
    outlined, normals = _parted(images, detected)
    if not normals or not outlined:
        raise DataError(
            f"{len(outlined)} outlined and {len(normals)} normal pictures",
            expected="at least one of each",
            todo="complete the copy of the data",
        )
    heights = np.array([d.rows * d.spacing.row_mm for d in detected])
    kinds = Counter(lesion.kind for item in outlined for lesion in item.image.lesions)
    return DigitalEvaluation(
        manifest=manifest,
        outlined=len(outlined),
        normals=len(normals),
        outlines=tuple(sorted(kinds.items())),
        heights_mm=(float(heights.min()), float(np.median(heights)), float(heights.max())),
        too_high=int((heights > LONGEST_DETECTOR_MM).sum()),
        classes=_classes(outlined, normals, manifest),
        range_digital=range_digital,
        range_film=range_film,
        tried=tuple(
            Tried(words=words, classes=_classes(*_parted(images, found), manifest))
            for words, found in tried
        ),
    )


def sensitivity_curve(
    outlined: Sequence[ScoredImage],
    normals: Sequence[ScoredImage],
    rates: Sequence[float],
    *,
    rule: HitRule = PEAK_IN_BOX,
    draws: int = DRAWS,
    seed: int = SEED,
) -> tuple[CurvePoint, ...]:
    """Return the sensitivity to lesions at rates of marks an image on other, normal pictures.

    The threshold of a rate is the score of the first mark too many; a lesion is found by a higher
    one.  The interval draws the people of both sorts, each sort by itself.

    Parameters
    ----------
    outlined : sequence of ScoredImage
        Pictures with lesions; marks beside the lesions count for nothing.
    normals : sequence of ScoredImage
        Pictures without; every mark is a false one.
    rates : sequence of float
        Marks an image on the normal pictures.
    """
    best, of_lesion, people = _best_hits(outlined, rule)
    person, count = numbered([image.person for image in normals])
    scores = np.array([m.score for image in normals for m in image.marks], np.float64)
    order = np.argsort(-scores, kind="stable")
    of_mark = np.repeat(person, [len(image.marks) for image in normals])[order]
    false = np.append(scores[order], -np.inf)
    pictures = np.bincount(person, minlength=count)
    wanted = np.asarray(rates, np.float64)

    def at(
        lesions: NDArray[np.int64], normal: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        allowed = np.floor(wanted * int(normal @ pictures) + 1e-9)
        limits = false[np.searchsorted(np.cumsum(normal[of_mark]), allowed, side="right")]
        weight = lesions[of_lesion]
        found = (weight[:, None] * (best[:, None] > limits)).sum(axis=0)
        return found / weight.sum() if weight.sum() else np.full(len(wanted), np.nan), limits

    values, limits = at(np.ones(people, np.int64), np.ones(count, np.int64))
    both = zip(
        person_weights(people, draws=draws, seed=seed) if people else (),
        person_weights(count, draws=draws, seed=seed + 1),
        strict=False,
    )
    sampled = np.array([at(lesions, normal)[0] for lesions, normal in both])
    sampled = sampled.reshape(-1, len(wanted))
    sampled = sampled[~np.isnan(sampled).any(axis=1)]
    nothing = np.full((2, len(wanted)), np.nan)
    low, high = np.percentile(sampled, PERCENTILES, axis=0) if len(sampled) else nothing
    return tuple(
        CurvePoint(threshold=t, false_marks_per_image=r, sensitivity=v, low=lo, high=hi)
        for t, r, v, lo, hi in np.stack([limits, wanted, values, low, high], axis=1).tolist()
    )


def _best_hits(
    images: Sequence[ScoredImage], rule: HitRule
) -> tuple[NDArray[np.float64], NDArray[np.intp], int]:
    """Return each lesion's best hit (minus infinity for none), its person, and how many people."""
    person, count = numbered([image.person for image in images]) if images else (np.empty(0), 0)
    found = [
        (max((m.score for m in image.marks if rule.holds(m, box)), default=-np.inf), int(number))
        for number, image in zip(person, images, strict=True)
        for box in image.boxes
    ]
    best = np.array([score for score, _ in found], np.float64)
    return best, np.array([number for _, number in found], np.intp), count


def _parted(
    images: Sequence[CesmImage], detected: Sequence[DetectedImage]
) -> tuple[list[DetectedImage], list[DetectedImage]]:
    """Return the outlined and the normal pictures."""
    pairs = list(zip(images, detected, strict=True))
    return [d for i, d in pairs if i.image.lesions], [d for i, d in pairs if i.is_normal]


def _classes(
    outlined: Sequence[DetectedImage], normals: Sequence[DetectedImage], manifest: Manifest
) -> tuple[DigitalClass, ...]:
    return tuple(_of_class(kind, outlined, normals, manifest) for kind in manifest.findings)


def _of_class(
    kind: str,
    outlined: Sequence[DetectedImage],
    normals: Sequence[DetectedImage],
    manifest: Manifest,
) -> DigitalClass:
    kinds = OUTLINES.get(kind, ())
    sure, perhaps = ([_scored(d, kind, kinds[n : n + 1]) for d in outlined] for n in (0, 1))
    both = [_scored(d, kind, kinds) for d in outlined]
    clean = [_scored(d, kind, ()) for d in normals]
    points = [p for p in manifest.operating_points if p.kind == kind]
    with_sure = [image for image in sure if image.boxes]
    most = int(_FARTHEST * len(clean))
    steps = [n / len(clean) for n in range(most + 1)]
    return DigitalClass(
        kind=kind,
        sure=sum(len(image.boxes) for image in sure),
        perhaps=sum(len(image.boxes) for image in perhaps),
        points=tuple(
            DigitalPoint(
                name=point.name,
                threshold=point.threshold,
                sure=_found(sure, point.threshold),
                perhaps=_found(perhaps, point.threshold),
                pictures=_found_pictures(both, point.threshold),
                false_marks=_marks(clean, point.threshold),
                marked_normals=_marked(clean, point.threshold),
            )
            for point in points
        ),
        rules=tuple(
            DigitalRule(
                key=key,
                rule=rule,
                at=sensitivity_curve(with_sure, clean, FALSE_MARKS, rule=rule),
                curve=sensitivity_curve(with_sure, clean, steps, rule=rule),
            )
            for key, rule in RULES
            if kinds
        ),
    )


def _scored(item: DetectedImage, kind: str, outlines: Sequence[str]) -> ScoredImage:
    return ScoredImage(
        person=item.image.person,
        marks=tuple(
            Mark(score=r.score, peak=r.peak, box=r.box) for r in item.regions if r.kind == kind
        ),
        boxes=tuple(lesion.box for lesion in item.image.lesions if lesion.kind in outlines),
    )


def _hit(image: ScoredImage, threshold: float) -> int:
    marks = [m for m in image.marks if m.score >= threshold]
    return sum(any(PEAK_IN_BOX.holds(m, box) for m in marks) for box in image.boxes)


def _found(images: Sequence[ScoredImage], threshold: float) -> Estimate:
    people = [image.person for image in images]
    found = [_hit(image, threshold) for image in images]
    return ratio(people, found, [len(image.boxes) for image in images])


def _found_pictures(images: Sequence[ScoredImage], threshold: float) -> Estimate:
    outlined = [image for image in images if image.boxes]
    people = [image.person for image in outlined]
    return ratio(people, [_hit(i, threshold) > 0 for i in outlined], np.ones(len(outlined)))


def _marks(images: Sequence[ScoredImage], threshold: float) -> Estimate:
    counts = [sum(m.score >= threshold for m in image.marks) for image in images]
    return ratio([image.person for image in images], counts, np.ones(len(images)))


def _marked(images: Sequence[ScoredImage], threshold: float) -> Estimate:
    marked = [any(m.score >= threshold for m in image.marks) for image in images]
    return ratio([image.person for image in images], marked, np.ones(len(images)))
