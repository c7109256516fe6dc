"""The results of one network on held-out patches: all figures together, and their files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.baselines import SIZE_ONLY
from trainer.bootstrap import Estimate
from trainer.charts import draw_confusion, draw_reliability, draw_roc
from trainer.curves import Reliability, Roc, drawn_classes, reliability, roc
from trainer.documents import markdown_table, write_csv, write_json, write_text
from trainer.metrics import (
    FEW_PEOPLE,
    OVERALL,
    Accuracy,
    Confusion,
    Paired,
    Subgroup,
    accuracy,
    compare_paired,
    confusion,
    judged_classes,
    subgroups,
)
from trainer.predictions import Predictions

METRICS = "metrics.json"
_HOW = (
    "Accuracy of a class is its recall; overall is the plain mean of the classes; figures are "
    "means over the folds. Intervals: 95 %, bootstrap over people."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What results are of; stands in every file.

    Attributes
    ----------
    name : str
        The network: the recipe's name.
    data : str
        What the patches are, in words.
    split : str
        How they were split, in words.
    """

    name: str
    data: str
    split: str

    @property
    def title(self) -> str:
        """One line for a picture."""
        return f"{self.name}: {self.data} ({self.split})"


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchResults:
    """Every figure of one network; ``above_size`` is network minus size-only baseline."""

    accuracy: Accuracy
    size_only: Accuracy
    above_size: Paired
    confusion: Confusion
    rocs: tuple[Roc, ...]
    reliabilities: tuple[Reliability, ...]
    subgroups: tuple[Subgroup, ...]


def measure(
    name: str, folds: Sequence[Predictions], baseline: Sequence[Predictions], *, background: str
) -> PatchResults:
    """Return the figures of a network's held-out predictions, beside the size-only baseline's.

    Raises
    ------
    DataError
        If a class is empty, or the two were not judged on the same rows.
    """
    judged = judged_classes(folds, background)
    drawn = drawn_classes(folds, judged)
    return PatchResults(
        accuracy=accuracy(folds, judged),
        size_only=accuracy(baseline, judged),
        above_size=compare_paired((name, folds), (SIZE_ONLY, baseline), judged),
        confusion=confusion(folds, judged),
        rocs=tuple(roc(folds, item) for item in drawn),
        reliabilities=tuple(reliability(folds, item) for item in drawn),
        subgroups=subgroups(folds, judged),
    )


def results_document(results: PatchResults, heading: Heading) -> dict[str, Any]:
    """Return the results as plain values for JSON."""
    return {
        "name": heading.name,
        "data": heading.data,
        "split": heading.split,
        "how": _HOW,
        "accuracy": accuracy_values(results.accuracy),
        "size_only": accuracy_values(results.size_only),
        "above_size_only": paired_values(results.above_size),
        "confusion": {
            "rows": list(results.confusion.rows),
            "columns": list(results.confusion.columns),
            "counts": [list(row) for row in results.confusion.counts],
        },
        "roc_area": {curve.name: estimate_values(curve.area) for curve in results.rocs},
        "calibration_error": {curve.name: curve.error for curve in results.reliabilities},
        "subgroups": [
            {
                "attribute": item.attribute,
                "group": item.group,
                "class": item.name,
                "rows": item.rows,
                "people": item.people,
                "accuracy": estimate_values(item.accuracy) if item.accuracy else None,
            }
            for item in results.subgroups
        ],
    }


def write_results(
    results: PatchResults, heading: Heading, out: Path, *, more: dict[str, Any]
) -> dict[str, Any]:
    """Write all files of one network's results and return the document of ``metrics.json``.

    Parameters
    ----------
    more : dict
        Further keys of the document.
    """
    document = results_document(results, heading) | more
    write_json(document, out / METRICS)
    write_text(_markdown(results, heading), out / "metrics.md")
    _write_confusion(results.confusion, heading, out / "confusion.csv")
    _write_subgroups(results.subgroups, heading, out / "subgroups.csv")
    draw_confusion(results.confusion, title=heading.title, file=out / "confusion.png")
    draw_roc(results.rocs, title=heading.title, file=out / "roc.png")
    draw_reliability(results.reliabilities, title=heading.title, file=out / "reliability.png")
    return document


def percent(figure: Estimate) -> str:
    """Return ``91.2 (90.1-92.3)``."""
    return f"{100 * figure.value:.1f} ({100 * figure.low:.1f}-{100 * figure.high:.1f})"


def ranking(paired: Paired) -> str:
    """Return in words whether the first of two is better."""
    if not paired.is_ranked:
        return "not ranked: the interval holds 0"
    return "better" if paired.difference.value > 0 else "worse"


def points(figure: Estimate) -> str:
    """Return a difference in points, ``+1.2 (-0.3 to +2.7)``."""
    return f"{100 * figure.value:+.1f} ({100 * figure.low:+.1f} to {100 * figure.high:+.1f})"


def accuracy_values(found: Accuracy) -> dict[str, Any]:
    """Return an accuracy as plain values."""
    return {
        "classes": {name: estimate_values(figure) for name, figure in found.classes},
        OVERALL: estimate_values(found.overall),
        "overall_by_fold": dict(found.overall_by_fold),
        "rows": found.rows,
        "people": found.people,
    }


def paired_values(paired: Paired) -> dict[str, Any]:
    """Return a comparison as plain values."""
    return {
        "first": paired.first,
        "second": paired.second,
        "difference": estimate_values(paired.difference),
        "p": paired.p,
        "ranked": paired.is_ranked,
        "rows": paired.rows,
    }


def estimate_values(figure: Estimate) -> dict[str, float]:
    """Return a figure as plain values."""
    return {"value": figure.value, "low": figure.low, "high": figure.high}


def _markdown(results: PatchResults, heading: Heading) -> str:
    found = results.accuracy
    folds = ", ".join(f"{part} {100 * value:.1f}" for part, value in found.overall_by_fold)
    parts = [
        f"# {heading.name}",
        f"Data: {heading.data}. Split: {heading.split}. {found.rows} patches of "
        f"{found.people} people. {_HOW}",
        _accuracy_table(results),
        f"Network minus {SIZE_ONLY} baseline, overall: {points(results.above_size.difference)} "
        f"points, p {results.above_size.p:.3f} ({ranking(results.above_size)}). Overall by fold: "
        f"{folds}.",
        "## One class against the rest",
        _curve_table(results),
        "## Confusion",
        _confusion_table(results.confusion),
        "## Subgroups",
        "All folds together.",
        _subgroup_table(results),
    ]
    return "\n\n".join(parts) + "\n"


def _accuracy_table(results: PatchResults) -> str:
    found, size = results.accuracy, results.size_only
    names = [*dict(found.classes), OVERALL]
    ours, theirs = (dict(figures.classes) | {OVERALL: figures.overall} for figures in (found, size))
    accuracies = [
        ["accuracy, %", *(percent(ours[name]) for name in names)],
        [f"{SIZE_ONLY} baseline, %", *(percent(theirs[name]) for name in names)],
    ]
    return markdown_table(["", *names], accuracies)


def _curve_table(results: PatchResults) -> str:
    curves = [
        [
            curve.name,
            f"{curve.area.value:.3f} ({curve.area.low:.3f}-{curve.area.high:.3f})",
            f"{trust.error:.3f}",
        ]
        for curve, trust in zip(results.rocs, results.reliabilities, strict=True)
    ]
    return markdown_table(["class", "area under the ROC", "calibration error"], curves)


def _confusion_table(found: Confusion) -> str:
    confused = [
        [name, *map(str, counts)] for name, counts in zip(found.rows, found.counts, strict=True)
    ]
    return markdown_table(["is \\ taken for", *found.columns], confused)


def _subgroup_table(results: PatchResults) -> str:
    groups = [
        [
            f"{item.attribute} {item.group}",
            item.name,
            str(item.rows),
            str(item.people),
            percent(item.accuracy) if item.accuracy else f"fewer than {FEW_PEOPLE} people",
        ]
        for item in results.subgroups
    ]
    return markdown_table(["subgroup", "class", "patches", "people", "accuracy, %"], groups)


def _write_confusion(found: Confusion, heading: Heading, file: Path) -> None:
    header = ["data", "network", "is", *(f"taken for {name}" for name in found.columns)]
    rows = [
        [heading.data, heading.name, name, *counts]
        for name, counts in zip(found.rows, found.counts, strict=True)
    ]
    write_csv(header, rows, file)


def _write_subgroups(found: Sequence[Subgroup], heading: Heading, file: Path) -> None:
    header = ["data", "network", "subgroup", "group", "class", "patches", "people"]
    rows: list[list[object]] = []
    for item in found:
        cells: list[object] = [None, None, None]
        if item.accuracy:
            cells = [item.accuracy.value, item.accuracy.low, item.accuracy.high]
        known = [item.attribute, item.group, item.name, item.rows, item.people]
        rows.append([heading.data, heading.name, *known, *cells])
    write_csv([*header, "accuracy", "low", "high"], rows, file)
