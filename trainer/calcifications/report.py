"""The folder of an evaluation of calcifications: document, card section, tables and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from mammoview.modelkit.bundle import NETWORK
from trainer.bootstrap import Estimate, estimate_document
from trainer.calcifications.charts import draw_froc
from trainer.calcifications.digital import DigitalCalcifications
from trainer.calcifications.evaluation import KIND, CalcificationEvaluation, PointFigures
from trainer.calcifications.grids import SMALL_MM, GridFigures, finest_first
from trainer.calcifications.groups import ClusterGroup
from trainer.card.sections import SectionName, section_of, write_section
from trainer.card.tables import figure, with_interval
from trainer.documents import markdown_table, write_bytes, write_csv, write_json
from trainer.froc import PEAK_IN_BOX, Froc, froc_document
from trainer.metrics import FEW_PEOPLE

DOCUMENT = "calcifications.json"
_PICTURES = "$MAMMOVIEW_DATA/cbis-ddsm/mass-800"
_CLUSTER_HEADER = (
    *("lesion", "score of the hit", "score without the cluster", "count"),
    *("height mm", "width mm", "mean diameter mm", "mean contrast OD"),
    *("brightest pixel's gain", "leading type"),
)
_GROUP_HEADER = (
    *("attribute", "group", "clusters", "people", "operating point"),
    *("sensitivity", "ci95 low", "ci95 high", "without the clusters"),
)
_GRID_RATES = (0.25, 0.5, 1.0)
_SOURCES = (
    ("simulated", "real mammograms, each with one simulated cluster"),
    ("without", "the same mammograms as they were, no known calcification"),
    ("real", "mammograms in the official calcification tables, places not known"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalcificationReport:
    """What is written: the evaluation, and what was measured beside it (None, empty: was not).

    ``on_validation`` says that the pictures are those of a run's validation people.
    """

    evaluation: CalcificationEvaluation
    digital: DigitalCalcifications | None = None
    grids: tuple[GridFigures, ...] = ()
    on_validation: bool = False


def write_folder(report: CalcificationReport, folder: Path) -> None:
    """Write all files but the picture of missed clusters; those of an earlier time go."""
    evaluation = report.evaluation
    write_json(calcification_document(report), folder / DOCUMENT)
    section = section_of(
        SectionName.CALCIFICATIONS,
        evaluation.manifest,
        text=calcification_markdown(report),
        commands=_commands(report),
    )
    write_section(section, folder)
    write_csv(_CLUSTER_HEADER, _cluster_rows(evaluation), folder / "clusters.csv")
    write_csv(_GROUP_HEADER, _group_rows(evaluation.groups), folder / "groups.csv")
    write_bytes(draw_froc(evaluation), folder / "froc.png")


def calcification_document(report: CalcificationReport) -> dict[str, Any]:
    """Return the document of ``evaluate calcifications --json``; real and simulated apart."""
    evaluation = report.evaluation
    manifest = evaluation.manifest
    return {
        "model": {
            "name": manifest.name,
            "version": manifest.version,
            "network_sha256": dict(manifest.hashes).get(NETWORK) or None,
        },
        "part": "validation people of the run" if report.on_validation else "all pictures given",
        "caveats": [caveat.text for caveat in manifest.caveats if caveat.kind == KIND],
        "pictures": {
            name: {"what": dict(_SOURCES)[name], "images": images, "people": people}
            for name, images, people in evaluation.pictures
        },
        "people_known_to_the_model": evaluation.people_known,
        "fewest_people_in_a_group": FEW_PEOPLE,
        "grid_mm_per_px": manifest.preprocessing.mm_per_px,
        "simulated": _simulated_document(evaluation),
        "real": _real_document(evaluation),
        "digital": _digital_document(report.digital) if report.digital else None,
        "grids": [_grid_document(item) for item in finest_first(report.grids)],
    }


def calcification_markdown(report: CalcificationReport) -> str:
    """Return the section of the model card."""
    evaluation = report.evaluation
    caveats = [c.text for c in evaluation.manifest.caveats if c.kind == KIND]
    lines = ["### Calcifications", ""]
    lines += [f"**{text[0].upper()}{text[1:]}.**" for text in caveats] + [""] * bool(caveats)
    if report.on_validation:
        lines += ["Validation people of the run, not the test set.", ""]
    lines += [_pictures_line(evaluation), ""]
    lines += ["#### Simulated clusters in real mammograms", ""]
    lines += [*_froc_lines(evaluation), "", *_point_lines(evaluation.points), ""]
    lines += [*_group_lines(evaluation), ""]
    if report.grids:
        lines += [*_grid_lines(evaluation, report.grids), ""]
    lines += _real_lines(evaluation)
    if report.digital:
        lines += ["", *_digital_lines(report.digital)]
    return "\n".join(lines)


def summary_lines(evaluation: CalcificationEvaluation) -> list[str]:
    """Return the main figures in words."""
    lines = [_pictures_line(evaluation)]
    for point in evaluation.points:
        found, false = _words(point.found_simulated), _words(point.false_without)
        lines.append(
            f"{point.name}: simulated clusters found {found}, the same places without them "
            f"{_words(point.found_without)}; {false} false marks a real image without known "
            f"calcifications; real calcifications: images flagged {_words(point.flagged_real)}"
        )
    lines.append(f"image-level area, real: {_words(evaluation.areas.real)}")
    lines.append(f"image-level area, simulated: {_words(evaluation.areas.simulated)}")
    return lines


def _commands(report: CalcificationReport) -> tuple[str, str]:
    """Return what makes the section again, from the shared data."""
    words = [
        "mammoview-train evaluate calcifications BUNDLE --simulated SIMULATED",
        f"--untouched {_PICTURES}/{'train' if report.on_validation else 'test'}",
        "--calcification-csv $MAMMOVIEW_DATA/cbis-ddsm/csv",
    ]
    if report.digital:
        words.append("--digital $MAMMOVIEW_DATA/cdd-cesm")
    if report.grids:
        words.append("--grid " + " ".join(f"{g.mm_per_px:g}" for g in finest_first(report.grids)))
    if report.evaluation.people_known is not None:
        words.append("--run RUN")
    if report.on_validation:
        words.append("--validation")
    simulate = (
        f"mammoview-train simulate {_PICTURES}/test "
        "--calcification-csv $MAMMOVIEW_DATA/cbis-ddsm/csv --out SIMULATED"
    )
    return simulate, " ".join([*words, "--out FOLDER"])


def _pictures_line(evaluation: CalcificationEvaluation) -> str:
    parts = [
        f"{images} {dict(_SOURCES)[name]} ({people} people)"
        for name, images, people in evaluation.pictures
    ]
    known = evaluation.people_known
    if known is None:
        told = "Whether the model knows these people is not told"
    elif known:
        told = f"{known} of the people were trained on, or set thresholds: no test"
    else:
        told = "None of these people were trained or tuned on"
    return f"Pictures: {'; '.join(parts)}. {told}."


def _froc_lines(evaluation: CalcificationEvaluation) -> list[str]:
    header = ["false marks an image, at most"]
    header += [f"{r.rule.text}; false marks in the simulated pictures" for r in evaluation.rules]
    header.append(f"{PEAK_IN_BOX.text}; false marks in the real pictures")
    frocs = [*(r.froc for r in evaluation.rules), evaluation.froc_real]
    rows = [
        [f"{rate:g}", *(with_interval(_at(froc, n)) for froc in frocs)]
        for n, (rate, _) in enumerate(frocs[0].sensitivity_at)
    ]
    said = "Share of the simulated clusters found. Intervals: 95 %, bootstrap over people."
    return [said, "", markdown_table(header, rows)]


def _point_lines(points: Sequence[PointFigures]) -> list[str]:
    header = (
        *("operating point", "threshold", "simulated clusters found"),
        *("the same places without the clusters", "false marks a simulated image"),
    )
    rows = [
        [
            f"`{p.name}`",
            figure(p.threshold, digits=3),
            _words(p.found_simulated),
            _words(p.found_without),
            _words(p.false_simulated),
        ]
        for p in points
    ]
    return [markdown_table(header, rows)]


def _group_lines(evaluation: CalcificationEvaluation) -> list[str]:
    names = [point.name for point in evaluation.points]
    header = ["simulated clusters", "clusters", "people", *(f"found at `{n}`" for n in names)]
    rows: list[list[str]] = []
    for attribute, groups in groupby(evaluation.groups, key=lambda group: group.attribute):
        for group in groups:
            found = dict(group.sensitivity)
            cells = [_words(found[n]) if found else "too few people" for n in names]
            who = [f"{attribute}: {group.group}", str(group.clusters), str(group.people)]
            rows.append([*who, *cells])
    said = (
        "Extent is what was drawn, not its box; diameter and contrast (optical density before "
        "blur, resampling and JPEG) are means over a cluster's calcifications. The network's grid "
        f"is {evaluation.manifest.preprocessing.mm_per_px:g} mm; the pictures themselves have "
        f"{evaluation.picture_mm[0]:.2g} x {evaluation.picture_mm[1]:.2g} mm pixels (assumed), so "
        "what a finer grid would add on native images cannot be measured on them."
    )
    return [markdown_table(header, rows), "", said]


def _grid_lines(evaluation: CalcificationEvaluation, grids: Sequence[GridFigures]) -> list[str]:
    own = evaluation.manifest.preprocessing.mm_per_px
    rates = [rate for rate, _ in grids[0].every.sensitivity_at]
    shown = [rates.index(rate) for rate in _GRID_RATES]
    header = ["grid"]
    for which in ("all", f"mean diameter under {SMALL_MM:g} mm"):
        header += [f"{which}, at {rates[n]:g}" for n in shown]
    rows = [
        [
            f"{item.mm_per_px:g} mm" + (" (the model's)" if item.mm_per_px == own else ""),
            *(with_interval(_at(froc, n)) for froc in (item.every, item.small) for n in shown),
        ]
        for item in finest_first(grids)
    ]
    said = (
        "The same network on other grids: simulated clusters found "
        f"({grids[0].every.lesions}, of them {grids[0].small.lesions} with a mean diameter under "
        f"{SMALL_MM:g} mm), at false marks a real image without known calcifications."
    )
    return [said, "", markdown_table(header, rows)]


def _real_lines(evaluation: CalcificationEvaluation) -> list[str]:
    of = {name: (images, people) for name, images, people in evaluation.pictures}
    header = (
        *("operating point", "false marks a real image", "of them in a mass's box"),
        *("such images with a mark", "real calcifications: images with a mark"),
    )
    rows = [
        [
            f"`{p.name}`",
            _words(p.false_without),
            _words(p.in_masses),
            _words(p.flagged_without),
            _words(p.flagged_real),
        ]
        for p in evaluation.points
    ]
    areas = evaluation.areas
    others = "; ".join(f"by the {kind} score {_words(v)}" for kind, v in areas.real_by_others)
    return [
        "#### Real pictures",
        "",
        f"False marks: {of['without'][0]} real images without known calcifications "
        f"({of['without'][1]} people; {evaluation.with_mass} with a mass). Real calcifications: "
        f"{of['real'][0]} images ({of['real'][1]} people), place not known.",
        "",
        markdown_table(header, rows),
        "",
        "Area under the image-level ROC, images with real calcifications against those without "
        f"known ones: **{_words(areas.real)}**"
        + (f" (the same images {others})" if others else "")
        + f". For comparison, simulated clusters against the same images without them: "
        f"{_words(areas.simulated)}.",
    ]


def _digital_lines(digital: DigitalCalcifications) -> list[str]:
    names = [name for name, _ in digital.flagged_normals]
    rows = []
    for n, picture in enumerate(digital.pictures, start=1):
        cells = [
            "in an outline"
            if name in picture.marked_at
            else ("elsewhere" if name in picture.flagged_at else "no")
            for name in names
        ]
        rows.append([f"{n}: {picture.findings.replace('|', '/')}", figure(picture.score), *cells])
    counts = ", ".join(
        f"{count} of {digital.normals} at `{name}`" for name, count in digital.flagged_normals
    )
    header = ("findings in words", "best score", *(f"marked at `{name}`" for name in names))
    return [
        "#### Digital pictures (real; an anecdote)",
        "",
        f"CDD-CESM, {len(digital.pictures)} pictures whose findings name calcifications; outlines "
        "carry no class and mix lesions. Area under the image-level ROC against "
        f"{digital.normals} normal breasts: {_words(digital.area)}; of {digital.others} pictures "
        f"with other findings alone: {_words(digital.area_of_others)}. Normal breasts with a mark: "
        f"{counts}.",
        "",
        markdown_table(header, rows),
    ]


def _cluster_rows(evaluation: CalcificationEvaluation) -> Iterable[tuple[object, ...]]:
    for item in evaluation.clusters:
        c = item.cluster
        yield (
            item.lesion_id,
            _known(item.score),
            _known(item.score_without),
            c.count,
            *c.extent_mm,
            c.mean_diameter_mm,
            c.mean_contrast_od,
            c.peak_grey,
            c.leading_type,
        )


def _known(score: float) -> float | None:
    return score if score >= 0.0 else None


def _group_rows(groups: Sequence[ClusterGroup]) -> Iterable[tuple[object, ...]]:
    for group in groups:
        who = (group.attribute, group.group, group.clusters, group.people)
        if not group.sensitivity:
            yield (*who, "too few people", None, None, None, None)
        for (name, found), (_, chance) in zip(group.sensitivity, group.chance, strict=True):
            yield (*who, name, found.value, found.low, found.high, chance.value)


def _simulated_document(evaluation: CalcificationEvaluation) -> dict[str, Any]:
    return {
        "clusters": len(evaluation.clusters),
        "false_marks_of_simulated_pictures": {
            rule.key: froc_document(rule.froc, rule.rule) for rule in evaluation.rules
        },
        "false_marks_of_real_pictures": {"froc": froc_document(evaluation.froc_real, PEAK_IN_BOX)},
        "operating_points": {p.name: _simulated_point(p) for p in evaluation.points},
        "groups": [_group(group) for group in evaluation.groups],
        "image_level_area": estimate_document(evaluation.areas.simulated),
    }


def _real_document(evaluation: CalcificationEvaluation) -> dict[str, Any]:
    areas = evaluation.areas
    return {
        "operating_points": {p.name: _real_point(p) for p in evaluation.points},
        "image_level_area": estimate_document(areas.real),
        "image_level_area_by_other_classes": {
            kind: estimate_document(value) for kind, value in areas.real_by_others
        },
        "pictures": [
            {"mammogram": r.mammogram, "score": r.score, "flagged_at": list(r.flagged_at)}
            for r in evaluation.real
        ],
    }


def _grid_document(item: GridFigures) -> dict[str, Any]:
    return {
        "mm_per_px": item.mm_per_px,
        "clusters": item.every.lesions,
        "froc": froc_document(item.every, PEAK_IN_BOX),
        "small_clusters": item.small.lesions,
        "small_mean_diameter_below_mm": SMALL_MM,
        "froc_of_small_clusters": froc_document(item.small, PEAK_IN_BOX),
    }


def _digital_document(digital: DigitalCalcifications) -> dict[str, Any]:
    return {
        "normals": digital.normals,
        "pictures_with_other_findings": digital.others,
        "image_level_area": estimate_document(digital.area),
        "image_level_area_of_other_findings": estimate_document(digital.area_of_others),
        "normals_marked": dict(digital.flagged_normals),
        "pictures": [
            {
                "file": p.file,
                "findings": p.findings,
                "named": list(p.named),
                "score": p.score,
                "flagged_at": list(p.flagged_at),
                "mark_in_an_outline_at": list(p.marked_at),
            }
            for p in digital.pictures
        ],
    }


def _simulated_point(point: PointFigures) -> dict[str, Any]:
    return {
        "threshold": point.threshold,
        "sensitivity": estimate_document(point.found_simulated),
        "same_places_without_the_clusters": estimate_document(point.found_without),
        "false_marks_per_image": estimate_document(point.false_simulated),
    }


def _real_point(point: PointFigures) -> dict[str, Any]:
    return {
        "threshold": point.threshold,
        "false_marks_per_image": estimate_document(point.false_without),
        "share_of_them_in_masses": estimate_document(point.in_masses),
        "images_without_known_calcifications_marked": estimate_document(point.flagged_without),
        "images_with_real_calcifications_marked": estimate_document(point.flagged_real),
    }


def _group(group: ClusterGroup) -> dict[str, Any]:
    return {
        "attribute": group.attribute,
        "group": group.group,
        "clusters": group.clusters,
        "people": group.people,
        "too_small": not group.sensitivity,
        "sensitivity": {name: estimate_document(value) for name, value in group.sensitivity}
        or None,
        "same_places_without_the_clusters": {n: estimate_document(v) for n, v in group.chance}
        or None,
    }


def _at(froc: Froc, n: int) -> dict[str, Any]:
    _, low, high = froc.ci95[n]
    return {"mean": froc.sensitivity_at[n][1], "ci95": [low, high]}


def _words(estimate: Estimate) -> str:
    return with_interval(estimate_document(estimate))
