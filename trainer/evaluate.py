"""FROC, pointing game and calibration of a bundle on labelled pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mammoview.modelkit.manifest import Manifest
from trainer.calibrate import expected_calibration_error
from trainer.detect import DetectedImage, scored
from trainer.froc import HIT_RULE, Froc, score_froc


def evaluate(detected: Sequence[DetectedImage], manifest: Manifest) -> dict[str, Any]:
    """Return the document of ``evaluate images --json`` (see the contract)."""
    kinds = [k for k in manifest.findings if any(scored(detected, k))]
    per_class = {kind: _of_class(detected, kind, manifest) for kind in kinds}
    first = per_class[manifest.findings[0]]
    return {
        "model": {"name": manifest.name, "version": manifest.version},
        "froc": first["froc"],
        "pointing_game": first["pointing_game"],
        "per_class": per_class,
        "images": len(detected),
        "lesions": sum(len(item.image.lesions) for item in detected),
    }


def write_evaluation(document: dict[str, Any], file: Path) -> None:
    """Write the document so that a kill never leaves half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(file.name + ".part")
    partial.write_text(json.dumps(document, indent=1), encoding="utf-8")
    partial.replace(file)


def _of_class(detected: Sequence[DetectedImage], kind: str, manifest: Manifest) -> dict[str, Any]:
    images = scored(detected, kind)
    froc = score_froc(images)
    return {
        "froc": _froc_values(froc),
        "pointing_game": froc.pointing_game,
        "lesions": froc.lesions,
        "expected_calibration_error": expected_calibration_error(images),
        "operating_points": {
            point.name: _at_threshold(detected, kind, point.threshold)
            for point in manifest.operating_points
            if point.kind == kind
        },
    }


def _froc_values(froc: Froc) -> dict[str, Any]:
    return {
        "hit_rule": HIT_RULE,
        "sensitivity_at": {f"{rate:g}": value for rate, value in froc.sensitivity_at},
        "ci95": {f"{rate:g}": [low, high] for rate, low, high in froc.ci95},
    }


def _at_threshold(
    detected: Sequence[DetectedImage], kind: str, threshold: float
) -> dict[str, float]:
    found = total = false = 0
    for image in scored(detected, kind):
        marks = [m for m in image.marks if m.score >= threshold]
        found += sum(any(box.contains(m.peak) for m in marks) for box in image.boxes)
        false += sum(not any(box.contains(m.peak) for box in image.boxes) for m in marks)
        total += len(image.boxes)
    return {
        "threshold": threshold,
        "sensitivity": found / total if total else float("nan"),
        "false_marks_per_image": false / len(detected),
    }
