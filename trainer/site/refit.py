"""Refit of a model's scores and thresholds on a site's own images; the network stays as it is.

Labelled pictures give new scores and thresholds.  Examinations without any finding give thresholds
alone: every mark on them is a false one, and how often a mark is right cannot be learnt there.

Figures "after" are held out: of five parts, without splitting a person, each is judged by what
was fitted on the other four.  On the very images of a fit a threshold keeps to its rate by
construction, which says nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from mammoview.errors import DataError, UsageError
from mammoview.modelkit.bundle import VERSION_RULE, Bundle, write_bundle
from mammoview.modelkit.manifest import Calibration, Manifest, OperatingPoint
from trainer.bootstrap import Estimate, ratio
from trainer.calibrate import (
    FEWEST_MARKS,
    calibrate,
    expected_calibration_error,
    neutralised,
    operating_points,
    recalibrated,
)
from trainer.detect import DetectedImage, scored
from trainer.froc import ScoredImage, hits
from trainer.metrics import FEW_PEOPLE
from trainer.site.reading import SiteReading

FOLDS = 5
_SEED = 1
_SITE = re.compile(r"(?P<base>.+[+.]site\.)(?P<number>\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """What a refit changes: the score of each class, and the thresholds on it."""

    calibration: tuple[Calibration, ...]
    points: tuple[OperatingPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PointFigures:
    """One operating point on a site's images; sensitivity is NaN where nothing is labelled."""

    threshold: float
    false_marks: Estimate
    sensitivity: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class PointRefit:
    """One operating point: the rate it is set for, and what it gave before and gives now."""

    name: str
    rate: float
    before: PointFigures
    after: PointFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRefit:
    """One class: its score's formula and error, and its operating points.

    The expected calibration error is NaN where nothing is labelled.
    """

    kind: str
    before: Calibration
    after: Calibration
    error_before: float
    error_after: float
    points: tuple[PointRefit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refit:
    """A refit: the new description, what it was made on, and figures before and after."""

    old_version: str
    manifest: Manifest
    is_labelled: bool
    images: int
    people: int
    lesions: int
    made_on: date
    classes: tuple[ClassRefit, ...]


_Fit = Callable[[Sequence[DetectedImage]], Scoring]


def refit(manifest: Manifest, reading: SiteReading, *, version: str | None = None) -> Refit:
    """Fit scores (where labelled) and thresholds anew on what the model found.

    Parameters
    ----------
    manifest : Manifest
        Of the model that made the reading.
    reading : SiteReading
        What it found.
    version : str or None
        Of the new model; None: see :func:`next_version`.

    Raises
    ------
    UsageError
        If the version is the old one, or cannot name an installed model.
    DataError
        If there are too few images, people, hits or false marks.
    """
    new_version = checked_version(manifest, version)
    _require_enough(manifest, reading)
    fit = _labelled_fit(manifest) if reading.is_labelled else _normal_fit(manifest)
    after = fit(reading.detected)
    images = len(reading.detected)
    whose = "labelled pictures" if reading.is_labelled else "images without a finding"
    what = "scores and thresholds" if reading.is_labelled else "thresholds"
    new = replace(
        manifest,
        version=new_version,
        calibration=after.calibration,
        operating_points=after.points,
        trained_on=f"{manifest.trained_on}; {what} refitted on {images} {whose} of a site",
        hashes=(),
    )
    return Refit(
        old_version=manifest.version,
        manifest=new,
        is_labelled=reading.is_labelled,
        images=images,
        people=reading.people,
        lesions=sum(
            len(image.boxes) for k in manifest.findings for image in scored(reading.detected, k)
        ),
        made_on=datetime.now(UTC).date(),
        classes=_figures(manifest, after, reading, fit),
    )


def write_refit(bundle: Bundle, out: Path, result: Refit, card: str) -> Bundle:
    """Write the new bundle: the same network and golden outputs, a new manifest and card.

    Raises
    ------
    ModelError
        If something stands there already, or the bundle would not open.
    """
    return write_bundle(
        out,
        manifest=result.manifest,
        onnx_bytes=bundle.network,
        golden=bundle.golden,
        card=card,
    )


def checked_version(manifest: Manifest, version: str | None) -> str:
    """Return the version of a refit, so that a wrong one is known before images are read.

    Raises
    ------
    UsageError
        If it is the old one, or cannot name an installed model.
    """
    new = next_version(manifest.version) if version is None else version
    if new == manifest.version or VERSION_RULE.fullmatch(new) is None:
        raise UsageError(
            f"version {new!r:.80}",
            expected="64 letters, digits, '.', '_', '+', '-' at most, and another version than "
            f"that of the model ({manifest.version!r:.80})",
            todo="give another one with --version, or leave it away",
        )
    return new


def next_version(version: str) -> str:
    """Return ``0.1.0+site.1`` for ``0.1.0``, and ``0.1.0+site.2`` for that."""
    if match := _SITE.fullmatch(version):
        return f"{match['base']}{int(match['number']) + 1}"
    return f"{version}{'.' if '+' in version else '+'}site.1"


# -- what is enough -----------------------------------------------------------------------------


def fewest_images(manifest: Manifest) -> int:
    """Return how many images the strictest threshold needs.

    It stands on the false marks above it: with ten of them chance moves their number, and so the
    rate, by some 60 % either way (95 % of a Poisson count); with fewer it tells nothing.
    """
    rates = [p.false_marks_per_image for p in manifest.operating_points]
    strictest = min((rate for rate in rates if rate > 0), default=1.0)
    return math.ceil(FEWEST_MARKS / strictest)


def _require_enough(manifest: Manifest, reading: SiteReading) -> None:
    images, people, least = len(reading.detected), reading.people, fewest_images(manifest)
    if images < least or people < FEW_PEOPLE:
        raise DataError(
            f"{images} images of {people} people could be read",
            expected=f"at least {least} images of {FEW_PEOPLE} people: the strictest threshold "
            f"then stands on {FEWEST_MARKS} false marks, and with fewer chance alone moves its "
            "rate by more than 60 % either way",
            todo="give more images",
        )
    if not reading.is_labelled:
        return
    for kind in manifest.findings:
        found = sum(int(hits(image).sum()) for image in scored(reading.detected, kind))
        if found < 2 * FEWEST_MARKS:
            raise DataError(
                f"{found} marks of {kind} hit a lesion of the labelled pictures",
                expected=f"at least {2 * FEWEST_MARKS}: each part of the people is judged by a "
                f"fit on the others, which needs {FEWEST_MARKS} of them",
                todo=f"give more pictures with {kind}, or refit thresholds alone with --normals",
            )


# -- fitting ------------------------------------------------------------------------------------


def _labelled_fit(manifest: Manifest) -> _Fit:
    """Fit scores and thresholds; the model's own scores are undone first."""

    def fit(detected: Sequence[DetectedImage]) -> Scoring:
        neutral = neutralised(detected, manifest.calibration)
        calibration = tuple(calibrate(neutral, kind) for kind in manifest.findings)
        points = _points(manifest, recalibrated(neutral, calibration))
        return Scoring(calibration=calibration, points=points)

    return fit


def _normal_fit(manifest: Manifest) -> _Fit:
    """Fit thresholds alone."""

    def fit(detected: Sequence[DetectedImage]) -> Scoring:
        points = _points(manifest, detected)
        return Scoring(calibration=manifest.calibration, points=points)

    return fit


def _points(manifest: Manifest, detected: Sequence[DetectedImage]) -> tuple[OperatingPoint, ...]:
    """Return the model's operating points, in their order, with the thresholds of these images."""
    rates = {point.name: point.false_marks_per_image for point in manifest.operating_points}
    points = operating_points(detected, manifest.findings, tuple(rates.items()))
    by_key = {(point.name, point.kind): point for point in points}
    return tuple(by_key[point.name, point.kind] for point in manifest.operating_points)


# -- figures ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """Some images with their scores, and the thresholds that apply to them."""

    detected: tuple[DetectedImage, ...]
    thresholds: dict[tuple[str, str], float]


def _figures(
    manifest: Manifest, after: Scoring, reading: SiteReading, fit: _Fit
) -> tuple[ClassRefit, ...]:
    old = Scoring(calibration=manifest.calibration, points=manifest.operating_points)
    before = (_judged(manifest, old, reading.detected),)
    held_out = _held_out(manifest, reading, fit)
    return tuple(_class_refit(kind, old, after, before, held_out) for kind in manifest.findings)


def _held_out(manifest: Manifest, reading: SiteReading, fit: _Fit) -> tuple[_Judged, ...]:
    """Judge each part of the people by what was fitted on the others."""
    part_of = parts_by_person(item.image.person for item in reading.detected)
    judged = []
    for part in range(FOLDS):
        others = [item for item in reading.detected if part_of[item.image.person] != part]
        own = [item for item in reading.detected if part_of[item.image.person] == part]
        judged.append(_judged(manifest, fit(others), own))
    return tuple(judged)


def parts_by_person(people: Iterable[str]) -> dict[str, int]:
    """Return the part, 0 to ``FOLDS - 1``, of each person: about as many people in each."""
    names = sorted(set(people))
    order = np.random.default_rng(_SEED).permutation(len(names))
    return {names[at]: place % FOLDS for place, at in enumerate(order)}


def _judged(manifest: Manifest, by: Scoring, detected: Sequence[DetectedImage]) -> _Judged:
    """Score images that the model of the manifest has read by another scoring."""
    if by.calibration != manifest.calibration:
        neutral = neutralised(detected, manifest.calibration)
        detected = recalibrated(neutral, by.calibration)
    thresholds = {(point.name, point.kind): point.threshold for point in by.points}
    return _Judged(detected=tuple(detected), thresholds=thresholds)


def _class_refit(
    kind: str, old: Scoring, new: Scoring, before: Sequence[_Judged], after: Sequence[_Judged]
) -> ClassRefit:
    def calibration_of(scoring: Scoring) -> Calibration:
        return next(item for item in scoring.calibration if item.kind == kind)

    names = {point.name: point for point in new.points if point.kind == kind}
    return ClassRefit(
        kind=kind,
        before=calibration_of(old),
        after=calibration_of(new),
        error_before=_error(before, kind),
        error_after=_error(after, kind),
        points=tuple(
            PointRefit(
                name=name,
                rate=point.false_marks_per_image,
                before=_at(before, (name, kind), _threshold(old, name, kind)),
                after=_at(after, (name, kind), point.threshold),
            )
            for name, point in names.items()
        ),
    )


def _threshold(scoring: Scoring, name: str, kind: str) -> float:
    return next(p.threshold for p in scoring.points if (p.name, p.kind) == (name, kind))


def _error(judged: Sequence[_Judged], kind: str) -> float:
    images = [image for part in judged for image in scored(part.detected, kind)]
    if not any(image.boxes for image in images):
        return math.nan
    return expected_calibration_error(images)


def _at(judged: Sequence[_Judged], key: tuple[str, str], threshold: float) -> PointFigures:
    """Return false marks and sensitivity, each part at its own threshold; people are drawn."""
    people: list[str] = []
    false: list[int] = []
    found: list[int] = []
    lesions: list[int] = []
    for part in judged:
        for image in scored(part.detected, key[1]):
            flagged = _flagged(image, part.thresholds[key])
            people.append(image.person)
            false.append(int((~hits(flagged)).sum()))
            found.append(sum(any(b.contains(m.peak) for m in flagged.marks) for b in image.boxes))
            lesions.append(len(image.boxes))
    return PointFigures(
        threshold=threshold,
        false_marks=ratio(people, false, np.ones(len(people))),
        sensitivity=ratio(people, found, lesions),
    )


def _flagged(image: ScoredImage, threshold: float) -> ScoredImage:
    return replace(image, marks=tuple(m for m in image.marks if m.score >= threshold))
