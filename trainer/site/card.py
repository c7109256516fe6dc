"""What is said of a refit: a section of the model's card, and the document of ``--json``."""

from __future__ import annotations

import math
from typing import Any

from mammoview.modelkit.manifest import Manifest
from trainer.bootstrap import Estimate
from trainer.card.sections import REFITTED, Section, SectionName, section_of
from trainer.documents import markdown_table
from trainer.site.refit import ClassRefit, PointFigures, Refit


def refit_card(card: str, result: Refit) -> str:
    """Return a model's card with its new version and, before all else, what the refit changed."""
    lines = card.splitlines()
    first = next((n for n, line in enumerate(lines) if line.startswith("# ")), None)
    if first is not None:
        lines[first] = f"# {result.manifest.name} {result.manifest.version}"
    at = next((n for n, line in enumerate(lines) if line.startswith("## ")), len(lines))
    return "\n".join([*lines[:at], _section(result), "", *lines[at:]]).rstrip("\n") + "\n"


def refit_figures(manifest: Manifest, result: Refit) -> Section:
    """Return the figures of a refit as a section of the card of the model that was refitted.

    Parameters
    ----------
    manifest : Manifest
        Of that model.
    """
    option = "--data LABELLED" if result.is_labelled else "--normal-pictures NORMALS"
    parts = [
        "### Refitted on a site's own images",
        f"What a refit would give, on {_images(result)}. Figures after: held out, in five parts by "
        "person. Intervals: 95 %, bootstrap over people.",
    ]
    if result.is_labelled:
        parts.append(markdown_table(*_score_table(result)))
    parts.append(markdown_table(*_point_table(result)))
    command = f"mammoview-train calibrate BUNDLE {option} --out NEW --section FOLDER"
    text = "\n\n".join(parts)
    return section_of(SectionName.SITE, manifest, text=text, commands=[command])


def refit_document(result: Refit) -> dict[str, Any]:
    """Return the figures of a refit as plain values."""
    return {
        "model": {"name": result.manifest.name, "version": result.manifest.version},
        "before": {"version": result.old_version},
        "refitted_on": {
            "labelled": result.is_labelled,
            "images": result.images,
            "people": result.people,
            "lesions": result.lesions,
            "date": result.made_on.isoformat(),
        },
        "per_class": {item.kind: _class_document(item) for item in result.classes},
    }


def refit_lines(result: Refit) -> list[str]:
    """Return the figures of a refit in words."""
    lines = [f"{result.images} images of {result.people} people, {result.lesions} lesions"]
    for item in result.classes:
        if result.is_labelled:
            lines.append(
                f"{item.kind}: expected calibration error {item.error_before:.3f} -> "
                f"{item.error_after:.3f}"
            )
        lines += [
            f"{item.kind}, {point.name}: threshold {point.before.threshold:.3g} -> "
            f"{point.after.threshold:.3g}, false marks an image "
            f"{_words(point.before.false_marks)} -> {_words(point.after.false_marks)}"
            for point in item.points
        ]
    return lines


def _section(result: Refit) -> str:
    what = "Scores and thresholds" if result.is_labelled else "Thresholds alone"
    parts = [
        REFITTED,
        f"{what} of version {result.old_version} were refitted on {_images(result)}, "
        f"{result.made_on.isoformat()} (UTC). The network is the same to the byte. Every figure "
        f"and threshold in the sections below is of version {result.old_version} or older, but "
        "where they name this one.",
        "Figures after: held out, in five parts by person. Intervals: 95 %, bootstrap over people. "
        "Thresholds are set for the false marks of all classes together.",
    ]
    if result.is_labelled:
        parts.append(markdown_table(*_score_table(result)))
    parts.append(markdown_table(*_point_table(result)))
    if not result.is_labelled:
        parts.append(
            "How many lesions these thresholds find is not known: there was none in the images."
        )
    return "\n\n".join(parts)


def _images(result: Refit) -> str:
    if result.is_labelled:
        whose = f"{result.people} people with {result.lesions} lesions"
        return f"{result.images} labelled pictures of {whose}"
    return f"{result.images} images of {result.people} people without any finding"


def _score_table(result: Refit) -> tuple[tuple[str, ...], list[list[str]]]:
    header = ("class", "slope", "intercept", "calibration error before", "after")
    rows = [
        [
            item.kind,
            f"{item.before.slope:.3f} -> {item.after.slope:.3f}",
            f"{item.before.intercept:.3f} -> {item.after.intercept:.3f}",
            f"{item.error_before:.3f}",
            f"{item.error_after:.3f}",
        ]
        for item in result.classes
    ]
    return header, rows


def _point_table(result: Refit) -> tuple[tuple[str, ...], list[list[str]]]:
    header = ("operating point", "set for", "threshold", "false marks an image before", "after")
    found = ("sensitivity before", "after") if result.is_labelled else ()
    rows = []
    for item in result.classes:
        for point in item.points:
            row = [
                f"{item.kind}, {point.name}",
                f"{point.rate:g}",
                f"{point.before.threshold:.3g} -> {point.after.threshold:.3g}",
                _words(point.before.false_marks),
                _words(point.after.false_marks),
            ]
            if result.is_labelled:
                row += [_words(point.before.sensitivity), _words(point.after.sensitivity)]
            rows.append(row)
    return (*header, *found), rows


def _words(estimate: Estimate) -> str:
    if math.isnan(estimate.value):
        return "–"
    return f"{estimate.value:.2f} ({estimate.low:.2f}–{estimate.high:.2f})"


def _class_document(item: ClassRefit) -> dict[str, Any]:
    return {
        "slope": {"before": item.before.slope, "after": item.after.slope},
        "intercept": {"before": item.before.intercept, "after": item.after.intercept},
        "expected_calibration_error": {"before": item.error_before, "after": item.error_after},
        "operating_points": {
            point.name: {
                "set_for": point.rate,
                "before": _point_document(point.before),
                "after": _point_document(point.after),
            }
            for point in item.points
        },
    }


def _point_document(figures: PointFigures) -> dict[str, Any]:
    return {
        "threshold": figures.threshold,
        "false_marks_per_image": figures.false_marks.value,
        "false_marks_per_image_ci95": [figures.false_marks.low, figures.false_marks.high],
        "sensitivity": figures.sensitivity.value,
        "sensitivity_ci95": [figures.sensitivity.low, figures.sensitivity.high],
    }
