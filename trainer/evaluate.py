"""FROC, pointing game, overlap, subgroups and calibration of a bundle on labelled pictures."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mammoview.errors import DataError
from mammoview.modelkit.bundle import NETWORK
from mammoview.modelkit.manifest import Manifest
from trainer.bootstrap import Estimate, estimate_document, ratio
from trainer.detect import DetectedImage, scored
from trainer.froc import (
    BOX_OVERLAP,
    PEAK_IN_BOX,
    CurvePoint,
    Froc,
    HitRule,
    ScoredImage,
    froc_curve,
    froc_document,
    pointing_game,
    score_froc,
)
from trainer.metrics import FEW_PEOPLE
from trainer.overlap import (
    RASTER_TEXT,
    LesionOverlap,
    OverlapMeans,
    Reference,
    best_means,
    measure_overlaps,
    overlap_means,
)
from trainer.reliability import MarkReliability, curve_document, figures_document, mark_reliability
from trainer.subgroups import LesionGroup, lesion_groups

RULES = (("froc", PEAK_IN_BOX), ("froc_iou", BOX_OVERLAP))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """One class by one hit rule: ``key`` names it in the document."""

    key: str
    rule: HitRule
    froc: Froc
    curve: tuple[CurvePoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PointResult:
    """What one operating point gives: sensitivity, and false marks an image."""

    name: str
    threshold: float
    sensitivity: Estimate
    false_marks: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassResult:
    """Everything measured of one class of the model."""

    kind: str
    rules: tuple[RuleResult, ...]
    pointing_game: Estimate
    reliability: MarkReliability
    points: tuple[PointResult, ...]
    overlaps: tuple[LesionOverlap, ...]
    groups: tuple[LesionGroup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A model on labelled pictures.

    Attributes
    ----------
    classes : tuple of ClassResult
        In the order of the model's findings, those without lesions in the data as well.
    network_sha256 : str
        Of the model's network; empty for a model that is not in a bundle yet.
    labels_sha256 : str
        Of the names of the pictures and all their lesions: what the figures hold for.
    mammograms : tuple of str
        Names of the pictures, sorted.
    other_lesions : tuple of (str, int)
        Lesions of kinds that the model does not know; a mark on one is a false mark.
    spacing : tuple of (str, int)
        Where the pictures' scale, and with it the size groups, come from; and how many pictures.
    passes : str
        How often a picture went through the network (``inference.passes``).
    views_together : str
        What rescored the regions in the light of the other views; empty: each view alone.
    """

    model: tuple[str, str]
    network_sha256: str
    labels_sha256: str
    images: int
    people: int
    mammograms: tuple[str, ...]
    classes: tuple[ClassResult, ...]
    other_lesions: tuple[tuple[str, int], ...]
    spacing: tuple[tuple[str, int], ...]
    passes: str = "one"
    views_together: str = ""

    @property
    def absent(self) -> tuple[str, ...]:
        """Classes of the model that no lesion of the data has."""
        return tuple(item.kind for item in self.classes if not item.rules[0].froc.lesions)

    def document(self) -> dict[str, Any]:
        """Return the document of ``evaluate images --json`` (see the contract).

        Its headline is that of the first class with lesions.
        """
        per_class = {item.kind: _class_document(item) for item in self.classes}
        first = next((c.kind for c in self.classes if c.kind not in self.absent), None)
        headline = per_class[first or self.classes[0].kind]
        name, version = self.model
        return {
            "model": {
                "name": name,
                "version": version,
                "network_sha256": self.network_sha256 or None,
            },
            "labels_sha256": self.labels_sha256,
            "passes": self.passes,
            "views_together": self.views_together or None,
            "froc": headline["froc"],
            "pointing_game": headline["pointing_game"],
            "per_class": per_class,
            "images": self.images,
            "people": self.people,
            "mammograms": list(self.mammograms),
            "lesions": sum(item.rules[0].froc.lesions for item in self.classes),
            "absent_classes": list(self.absent),
            "other_lesions": dict(self.other_lesions),
            "spacing": dict(self.spacing),
            "fewest_people_in_a_subgroup": FEW_PEOPLE,
        }


def evaluate(detected: Sequence[DetectedImage], manifest: Manifest) -> dict[str, Any]:
    """Return the document of ``evaluate images --json``; see :func:`evaluate_images`."""
    return evaluate_images(detected, manifest).document()


def evaluate_images(detected: Sequence[DetectedImage], manifest: Manifest) -> Evaluation:
    """Measure a model on pictures that it has read.

    Raises
    ------
    DataError
        If there are no pictures.
    """
    if not detected:
        raise DataError(
            "no labelled pictures", expected="at least one", todo="check the data folder"
        )
    kinds = [lesion.kind for item in detected for lesion in item.image.lesions]
    others = [kind for kind in kinds if kind not in manifest.findings]
    return Evaluation(
        model=(manifest.name, manifest.version),
        network_sha256=dict(manifest.hashes).get(NETWORK, ""),
        labels_sha256=_labels_sha256(detected),
        images=len(detected),
        people=len({item.image.person for item in detected}),
        mammograms=tuple(sorted(item.image.mammogram for item in detected)),
        classes=tuple(_of_class(detected, kind, manifest) for kind in manifest.findings),
        other_lesions=tuple(sorted(Counter(others).items())),
        spacing=tuple(sorted(Counter(item.spacing.source for item in detected).items())),
    )


def _labels_sha256(detected: Sequence[DetectedImage]) -> str:
    digest = hashlib.sha256()
    for item in sorted(detected, key=lambda item: item.image.mammogram):
        lesions = [
            [b.lesion_id, b.kind, b.box.col0, b.box.row0, b.box.col1, b.box.row1]
            for b in item.image.lesions
        ]
        digest.update(json.dumps([item.image.mammogram, lesions]).encode())
    return digest.hexdigest()


def _of_class(detected: Sequence[DetectedImage], kind: str, manifest: Manifest) -> ClassResult:
    images = scored(detected, kind)
    points = [(p.name, p.threshold) for p in manifest.operating_points if p.kind == kind]
    return ClassResult(
        kind=kind,
        rules=by_rules(images),
        pointing_game=pointing_game(images),
        reliability=mark_reliability(images),
        points=tuple(at_threshold(images, name, at) for name, at in points),
        overlaps=measure_overlaps(detected, kind),
        groups=lesion_groups(detected, kind, points),
    )


def by_rules(images: Sequence[ScoredImage]) -> tuple[RuleResult, ...]:
    """Return what the marks of one class give by each of ``RULES``."""
    return tuple(
        RuleResult(
            key=key,
            rule=rule,
            froc=score_froc(images, rule=rule),
            curve=froc_curve(images, rule=rule),
        )
        for key, rule in RULES
    )


def at_threshold(images: Sequence[ScoredImage], name: str, threshold: float) -> PointResult:
    """Return what marks of one class from a threshold on give."""
    people = [image.person for image in images]
    found, false = [], []
    for image in images:
        marks = [m for m in image.marks if m.score >= threshold]
        found.append(sum(any(box.contains(m.peak) for m in marks) for box in image.boxes))
        false.append(sum(not any(box.contains(m.peak) for box in image.boxes) for m in marks))
    return PointResult(
        name=name,
        threshold=threshold,
        sensitivity=ratio(people, found, [len(image.boxes) for image in images]),
        false_marks=ratio(people, false, np.ones(len(images))),
    )


def _class_document(item: ClassResult) -> dict[str, Any]:
    return {
        **{result.key: froc_document(result.froc, result.rule) for result in item.rules},
        "pointing_game": item.pointing_game.value,
        "pointing_game_ci95": _interval(item.pointing_game),
        "lesions": item.rules[0].froc.lesions,
        "expected_calibration_error": item.reliability.all_marks.error.value,
        "calibration": _reliability_document(item.reliability),
        "operating_points": {
            point.name: {
                "threshold": point.threshold,
                "sensitivity": point.sensitivity.value,
                "sensitivity_ci95": _interval(point.sensitivity),
                "false_marks_per_image": point.false_marks.value,
                "false_marks_per_image_ci95": _interval(point.false_marks),
            }
            for point in item.points
        },
        "overlap": _overlap_document(item),
        "subgroups": [_group_document(group) for group in item.groups],
    }


def _reliability_document(found: MarkReliability) -> dict[str, Any]:
    return {
        "all_marks": figures_document(found.all_marks),
        "shown_marks": figures_document(found.shown),
        "reliability": curve_document(found.bins),
    }


def _overlap_document(item: ClassResult) -> dict[str, Any]:
    document: dict[str, Any] = {"raster": RASTER_TEXT}
    for reference in (Reference.MASK, Reference.ELLIPSE):
        overlaps = [o for o in item.overlaps if o.reference is reference]
        if overlaps:
            document[reference.value] = _reference_document(overlaps, item.points)
    aside = [o for o in item.overlaps if o.reference is Reference.NONE]
    document["set_aside"] = {o.lesion_id: o.set_aside for o in aside}
    document["set_aside_count"] = len(aside)
    return document


def _reference_document(
    overlaps: Sequence[LesionOverlap], points: Sequence[PointResult]
) -> dict[str, Any]:
    iou, dice = best_means(overlaps)
    return {
        "lesions": len(overlaps),
        "operating_points": {
            point.name: _means_document(overlap_means(overlaps, point.threshold))
            for point in points
        },
        "best_achievable": {"iou": estimate_document(iou), "dice": estimate_document(dice)},
    }


def _means_document(means: OverlapMeans) -> dict[str, Any]:
    return {
        "hit": means.hits,
        "iou_of_hit": estimate_document(means.iou_hit),
        "iou_of_all": estimate_document(means.iou_all),
        "dice_of_hit": estimate_document(means.dice_hit),
        "dice_of_all": estimate_document(means.dice_all),
    }


def _group_document(group: LesionGroup) -> dict[str, Any]:
    game = group.pointing_game
    return {
        "attribute": group.attribute,
        "group": group.group,
        "lesions": group.lesions,
        "images": group.images,
        "people": group.people,
        "too_small": group.is_too_small,
        "sensitivity": {name: estimate_document(value) for name, value in group.sensitivity}
        or None,
        "pointing_game": estimate_document(game) if game is not None else None,
    }


def _interval(estimate: Estimate) -> list[float]:
    return [estimate.low, estimate.high]
