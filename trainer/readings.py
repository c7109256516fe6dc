"""Several readings of the same pictures by one model, and what each gains on the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mammoview.modelkit.bundle import NETWORK
from mammoview.modelkit.manifest import Manifest
from trainer.bootstrap import Estimate, estimate_document
from trainer.card.tables import with_interval
from trainer.detect import DetectedImage, scored
from trainer.documents import markdown_table
from trainer.evaluate import RULES, PointResult, at_threshold
from trainer.froc import FALSE_MARKS, Froc, score_froc, sensitivity_gain


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedReading:
    """The same pictures read in one way: its name, and what that way is in words."""

    name: str
    text: str
    detected: tuple[DetectedImage, ...]


def compare_readings(readings: Sequence[NamedReading], manifest: Manifest) -> dict[str, Any]:
    """Return the document of several readings: FROC of each, and its gain on the first.

    Gains are judged on the same draws of people, see :func:`trainer.froc.sensitivity_gain`.
    Classes that no lesion of the pictures has are left out.
    """
    pictures = readings[0].detected
    present = {lesion.kind for item in pictures for lesion in item.image.lesions}
    return {
        "model": {
            "name": manifest.name,
            "version": manifest.version,
            "network_sha256": dict(manifest.hashes).get(NETWORK) or None,
        },
        "images": len(pictures),
        "people": len({item.image.person for item in pictures}),
        "readings": {reading.name: reading.text for reading in readings},
        "per_class": {
            kind: _of_class(readings, kind, manifest)
            for kind in manifest.findings
            if kind in present
        },
    }


def readings_text(document: dict[str, Any]) -> str:
    """Return the document as Markdown: one table for each class and hit rule."""
    parts = [f"{document['images']} pictures of {document['people']} people."]
    for name, text in document["readings"].items():
        parts.append(f"- {name}: {text}")
    for kind, found in document["per_class"].items():
        for key, rule in RULES:
            rows = [_row(name, reading[key]) for name, reading in found["readings"].items()]
            parts += [
                "",
                f"#### {kind}, {found['lesions']} lesions; hit: {rule.text}",
                "",
                "Sensitivity at false marks an image, and the gain on the first row:",
                "",
                markdown_table(["reading", *(f"{rate:g}" for rate in FALSE_MARKS)], rows),
            ]
        parts += ["", "At the operating points as they stand in the model:", ""]
        points = list(next(iter(found["readings"].values()))["operating_points"])
        rows = [
            [
                name,
                *(
                    f"{with_interval(reading['operating_points'][point]['sensitivity'])} at "
                    f"{with_interval(reading['operating_points'][point]['false_marks'])}"
                    for point in points
                ),
            ]
            for name, reading in found["readings"].items()
        ]
        parts.append(markdown_table(["sensitivity at false marks an image", *points], rows))
    return "\n".join(parts)


def _of_class(readings: Sequence[NamedReading], kind: str, manifest: Manifest) -> dict[str, Any]:
    first = scored(readings[0].detected, kind)
    points = [(p.name, p.threshold) for p in manifest.operating_points if p.kind == kind]
    found: dict[str, Any] = {}
    for reading in readings:
        images = scored(reading.detected, kind)
        found[reading.name] = {
            **{
                key: _froc(
                    score_froc(images, rule=rule), sensitivity_gain(first, images, rule=rule)
                )
                for key, rule in RULES
            },
            "operating_points": {
                name: _point(at_threshold(images, name, threshold)) for name, threshold in points
            },
        }
    return {"lesions": sum(len(image.boxes) for image in first), "readings": found}


def _froc(froc: Froc, gain: Sequence[tuple[float, Estimate]]) -> dict[str, Any]:
    return {
        "sensitivity_at": {
            f"{rate:g}": {"mean": value, "ci95": [low, high]}
            for (rate, value), (_, low, high) in zip(froc.sensitivity_at, froc.ci95, strict=True)
        },
        "gain_at": {f"{rate:g}": estimate_document(value) for rate, value in gain},
    }


def _point(point: PointResult) -> dict[str, Any]:
    return {
        "sensitivity": estimate_document(point.sensitivity),
        "false_marks": estimate_document(point.false_marks),
    }


def _row(name: str, froc: dict[str, Any]) -> list[str]:
    cells = []
    for rate, value in froc["sensitivity_at"].items():
        gain = froc["gain_at"][rate]
        low, high = gain["ci95"]
        told = (
            ""
            if gain["mean"] == low == high == 0
            else (f", {gain['mean']:+.2f} ({low:+.2f} to {high:+.2f})")
        )
        cells.append(with_interval(value) + told)
    return [name, *cells]
