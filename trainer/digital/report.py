"""The folder of an evaluation on digital pictures: document, card section and curve."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mammoview.errors import DataError
from mammoview.modelkit.bundle import NETWORK
from mammoview.modelkit.manifest import Manifest
from trainer.bootstrap import Estimate, estimate_document
from trainer.card.sections import SectionName, section_of, write_section
from trainer.card.tables import figure, with_interval
from trainer.digital.evaluation import (
    LONGEST_DETECTOR_MM,
    DigitalClass,
    DigitalEvaluation,
    DigitalPoint,
    DigitalRule,
)
from trainer.documents import markdown_table, write_bytes, write_csv, write_json
from trainer.froc import FALSE_MARKS, CurvePoint
from trainer.input_range import RangeCheck

DOCUMENT = "digital.json"
COMMANDS = (
    "mammoview-train evaluate images BUNDLE --data $MAMMOVIEW_DATA/cbis-ddsm/mass-800/test "
    "--out FILM",
    "mammoview-train evaluate digital BUNDLE --data $MAMMOVIEW_DATA/cdd-cesm "
    "--film $MAMMOVIEW_DATA/cbis-ddsm/mass-800/test --film-metrics FILM/metrics.json --remedies "
    "--out FOLDER",
)
_HEIGHTS = ("least", "median", "largest")
_CURVE_HEADER = (
    *("class", "hit rule", "threshold", "marks per normal picture"),
    *("sensitivity", "ci95 low", "ci95 high"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmClass:
    """The same class on film, out of the document of ``evaluate images``: figures as they stand.

    ``points`` are (name, sensitivity, false marks an image); ``sensitivity_at`` is by the peak in
    the box, as (false marks an image, sensitivity).
    """

    kind: str
    images: int
    lesions: int
    points: tuple[tuple[str, float | None, float | None], ...]
    sensitivity_at: tuple[tuple[str, float | None], ...]


def read_film(file: Path, manifest: Manifest) -> tuple[FilmClass, ...]:
    """Read the figures of the same model on film.

    Raises
    ------
    DataError
        If the file is none of ``evaluate images``, or was measured on another network.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        measured = document["model"]["network_sha256"]
        found = tuple(_film_class(document, kind) for kind in manifest.findings)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"film figures {file} cannot be read ({type(error).__name__}: {error})",
            expected="metrics.json of mammoview-train evaluate images on the same bundle",
            todo="make it, or leave --film-metrics away",
        ) from error
    if measured != dict(manifest.hashes).get(NETWORK):
        raise DataError(
            f"film figures {file} are of another network",
            expected=f"those of {manifest.name} {manifest.version}",
            todo="run mammoview-train evaluate images on this bundle",
        )
    return found


def write_folder(evaluation: DigitalEvaluation, film: tuple[FilmClass, ...], folder: Path) -> None:
    """Write document, section, curve and picture; those of an earlier time go."""
    write_json(digital_document(evaluation, film), folder / DOCUMENT)
    write_section(
        section_of(
            SectionName.DIGITAL,
            evaluation.manifest,
            text=digital_markdown(evaluation, film),
            commands=COMMANDS,
        ),
        folder,
    )
    write_csv(_CURVE_HEADER, _curve_rows(evaluation), folder / "froc.csv")
    write_bytes(draw_curves(evaluation, film), folder / "froc.png")


def digital_document(evaluation: DigitalEvaluation, film: tuple[FilmClass, ...]) -> dict[str, Any]:
    """Return the document of ``evaluate digital --json``."""
    manifest = evaluation.manifest
    return {
        "model": {
            "name": manifest.name,
            "version": manifest.version,
            "network_sha256": dict(manifest.hashes).get(NETWORK),
        },
        "outlined_pictures": evaluation.outlined,
        "normal_pictures": evaluation.normals,
        "outlines": dict(evaluation.outlines),
        "heights_mm": dict(zip(_HEIGHTS, evaluation.heights_mm, strict=True)),
        "higher_than_any_detector": evaluation.too_high,
        "per_class": {item.kind: _class_document(item) for item in evaluation.classes},
        "input_range": {
            "digital": _range_document(evaluation.range_digital),
            "film": _range_document(evaluation.range_film),
        },
        "tried": {
            item.words: {of.kind: _class_document(of) for of in item.classes}
            for item in evaluation.tried
        },
        "film": {
            item.kind: {
                "images": item.images,
                "lesions": item.lesions,
                "operating_points": {
                    name: {"sensitivity": found, "false_marks_per_image": false}
                    for name, found, false in item.points
                },
                "sensitivity_at": dict(item.sensitivity_at),
            }
            for item in film
        },
    }


def digital_markdown(evaluation: DigitalEvaluation, film: tuple[FilmClass, ...]) -> str:
    """Return the card's section."""
    kinds = ", ".join(f"{count} {kind}" for kind, count in evaluation.outlines)
    lines = [
        "### Digital mammograms",
        "",
        f"CDD-CESM (Khaled et al. 2022, CC BY 4.0): {evaluation.outlined} digital CC pictures with "
        f"outlines and {evaluation.normals} normal ones, read as they are; the model was trained "
        "on film. Outlines carry no class: one counts as a mass where masses are all that the "
        f"picture's findings name, else apart ({kinds}). Hit: peak in the outline's box. False "
        "marks are those on normal pictures; film has none, there they are marks outside all "
        "boxes. No threshold was set on these pictures.",
        "",
        _scale_words(evaluation),
    ]
    by_kind = {item.kind: item for item in film}
    for item in evaluation.classes:
        lines += ["", *_class_lines(item, by_kind.get(item.kind))]
    lines += ["", *_range_lines(evaluation)]
    return "\n".join([*lines, *_tried_lines(evaluation)])


def summary_lines(evaluation: DigitalEvaluation) -> list[str]:
    """Return the figures in words, for the terminal."""
    lines = []
    for item in evaluation.classes:
        lines.append(f"{item.kind}: {item.sure} outlines, {item.perhaps} more that may be")
        lines += [
            f"  {p.name}: found {_words(p.sure)}, {_words(p.false_marks)} marks a normal picture"
            for p in item.points
        ]
    return [*lines, *(line.replace("**", "") for line in _range_lines(evaluation))]


def draw_curves(evaluation: DigitalEvaluation, film: tuple[FilmClass, ...]) -> bytes:
    """Return a PNG: sensitivity against marks on normal pictures, film's figures beside."""
    from matplotlib.figure import Figure

    from trainer.charts import COLOURS, png_of

    drawn = Figure(figsize=(6.0, 5.0), layout="constrained")
    axes = drawn.subplots()
    curves = [(item.kind, rule) for item in evaluation.classes for rule in item.rules if item.sure]
    for (kind, rule), colour in zip(curves, COLOURS, strict=False):
        rates = [max(p.false_marks_per_image, 0.0625) for p in rule.curve]
        label = f"digital {kind}: {rule.rule.text}"
        axes.step(
            rates, [p.sensitivity for p in rule.curve], where="post", color=colour, label=label
        )
        low, high = [p.low for p in rule.curve], [p.high for p in rule.curve]
        axes.fill_between(rates, low, high, step="post", color=colour, alpha=0.2, linewidth=0)
    for item in film:
        known = [(float(rate), value) for rate, value in item.sensitivity_at if value is not None]
        if known:
            axes.plot(*zip(*known, strict=True), "D--", color="black", label=f"film {item.kind}")
    axes.set_xscale("log", base=2)
    axes.set_xlim(0.125, 8.0)
    axes.set_xticks([*FALSE_MARKS, 8.0], [f"{rate:g}" for rate in (*FALSE_MARKS, 8.0)])
    axes.set_ylim(0.0, 1.0)
    axes.set_xlabel("marks a normal picture (film: false marks an image)")
    axes.set_ylabel("sensitivity to outlined masses")
    axes.grid(alpha=0.3)
    if curves or film:
        axes.legend(loc="lower right")
    drawn.suptitle(
        f"{evaluation.manifest.name} {evaluation.manifest.version}: {evaluation.outlined} outlined "
        f"and {evaluation.normals} normal digital pictures"
    )
    return png_of(drawn, dpi=150)


def _film_class(document: dict[str, Any], kind: str) -> FilmClass:
    found = document["per_class"][kind]
    return FilmClass(
        kind=kind,
        images=int(document["images"]),
        lesions=int(found["lesions"]),
        points=tuple(
            (name, point["sensitivity"], point["false_marks_per_image"])
            for name, point in found["operating_points"].items()
        ),
        sensitivity_at=tuple(found["froc"]["sensitivity_at"].items()),
    )


def _class_lines(item: DigitalClass, film: FilmClass | None) -> list[str]:
    header = ["operating point", "marks a normal picture", "normal pictures with a mark"]
    if item.sure:
        header += [
            f"found of {item.sure} outlines",
            f"of {item.perhaps} that may be",
            "pictures with one found",
        ]
    if film is not None:
        header += ["film: sensitivity", "film: false marks an image"]
    rows = [_point_row(point, item, film) for point in item.points]
    lines = [f"#### {item.kind.capitalize()}", "", markdown_table(header, rows)]
    return [*lines, "", *_curve_lines(item, film)] if item.sure else lines


def _point_row(point: DigitalPoint, item: DigitalClass, film: FilmClass | None) -> list[str]:
    cells = [point.name, _words(point.false_marks), _words(point.marked_normals)]
    if item.sure:
        cells += [_words(point.sure), _words(point.perhaps), _words(point.pictures)]
    if film is not None:
        known = {name: (found, false) for name, found, false in film.points}
        cells += [figure(value) for value in known.get(point.name, (None, None))]
    return cells


def _curve_lines(item: DigitalClass, film: FilmClass | None) -> list[str]:
    header = ["sensitivity at marks a normal picture", *(f"{rate:g}" for rate in FALSE_MARKS)]
    rows = [
        [f"digital, {rule.rule.text}", *(_words(_estimate_at(point)) for point in rule.at)]
        for rule in item.rules
    ]
    if film is not None:
        known = dict(film.sensitivity_at)
        cells = [figure(known.get(f"{rate:g}")) for rate in FALSE_MARKS]
        rows.append([f"film, peak rule, {film.lesions} lesions", *cells])
    return [markdown_table(header, rows)]


def _range_lines(evaluation: DigitalEvaluation) -> list[str]:
    checks = [
        (name, check)
        for name, check in (
            ("digital", evaluation.range_digital),
            ("film", evaluation.range_film),
        )
        if check is not None
    ]
    if not checks:
        return ["The model names no range of its training images: nothing is recognised."]
    lines = ["Outside the range of the training images (analysed all the same, and said):"]
    for name, check in checks:
        by = ", ".join(f"{feature} {count}" for feature, count in check.by_feature if count)
        share = f"**{check.outside} of {check.images}** {name} pictures"
        lines.append(f"{share} ({by})." if by else f"{share}.")
    return [" ".join(lines)]


def _scale_words(evaluation: DigitalEvaluation) -> str:
    least, median, largest = evaluation.heights_mm
    words = (
        f"By the spacing that they are read with they are {least:.0f} to {largest:.0f} mm high "
        f"(median {median:.0f})"
    )
    if not evaluation.too_high:
        return f"{words}."
    return (
        f"{words}, {evaluation.too_high} of them higher than the largest detectors "
        f"({LONGEST_DETECTOR_MM:.0f} mm): that spacing is an assumption, and too large for these."
    )


def _tried_lines(evaluation: DigitalEvaluation) -> list[str]:
    """Return what was tried about the shift, a table each class with outlines."""
    if not evaluation.tried:
        return []
    return [
        "",
        "#### What was tried about the shift",
        "",
        "Sensitivity to outlined masses at marks a normal picture (peak rule), and marks a normal "
        "picture at each operating point. All rows are of the same pictures: the best of them is "
        "known with hindsight. None is done in the viewer, where the header tells the spacing.",
        *tried_tables(evaluation),
    ]


def tried_tables(evaluation: DigitalEvaluation) -> list[str]:
    """Return the pictures as they are read beside each other way, a table each class."""
    rates = [f"{rate:g}" for rate in FALSE_MARKS]
    points = dict.fromkeys(p.name for p in evaluation.manifest.operating_points)
    header = ["read", *(f"at {rate}" for rate in rates), *(f"marks, {name}" for name in points)]
    ways = (("as it is", evaluation.classes), *((t.words, t.classes) for t in evaluation.tried))
    lines: list[str] = []
    for kind in evaluation.manifest.findings:
        of_kind = [(words, item) for words, items in ways for item in items if item.kind == kind]
        rows = [_tried_row(words, item) for words, item in of_kind if item.sure]
        if rows:
            lines += ["", markdown_table(header, rows)]
    return lines


def _tried_row(words: str, item: DigitalClass) -> list[str]:
    found = [figure(point.sensitivity) for point in item.rules[0].at]
    return [words, *found, *(figure(point.false_marks.value) for point in item.points)]


def _words(estimate: Estimate) -> str:
    return with_interval(estimate_document(estimate))


def _estimate_at(point: CurvePoint) -> Estimate:
    return Estimate(value=point.sensitivity, low=point.low, high=point.high)


def _class_document(item: DigitalClass) -> dict[str, Any]:
    return {
        "outlines": item.sure,
        "outlines_that_may_be": item.perhaps,
        "operating_points": {
            point.name: {
                "threshold": point.threshold,
                "sensitivity": estimate_document(point.sure),
                "sensitivity_that_may_be": estimate_document(point.perhaps),
                "pictures_with_one_found": estimate_document(point.pictures),
                "marks_per_normal_picture": estimate_document(point.false_marks),
                "normal_pictures_with_a_mark": estimate_document(point.marked_normals),
            }
            for point in item.points
        },
        "sensitivity_at": {rule.key: _rule_document(rule) for rule in item.rules},
    }


def _rule_document(rule: DigitalRule) -> dict[str, Any]:
    return {
        "hit_rule": rule.rule.text,
        "at": {
            f"{p.false_marks_per_image:g}": {
                "threshold": p.threshold,
                **estimate_document(_estimate_at(p)),
            }
            for p in rule.at
        },
    }


def _range_document(check: RangeCheck | None) -> dict[str, Any] | None:
    if check is None:
        return None
    return {
        "images": check.images,
        "outside": check.outside,
        "by_feature": dict(check.by_feature),
    }


def _curve_rows(evaluation: DigitalEvaluation) -> Iterator[tuple[object, ...]]:
    for item in evaluation.classes:
        for rule in item.rules:
            for p in rule.curve:
                figures = (p.threshold, p.false_marks_per_image, p.sensitivity, p.low, p.high)
                yield (item.kind, rule.rule.text, *figures)
