"""The table of a comparison as CSV, JSON, Markdown and PNG, the paper's own figures beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from mammoview.errors import DataError
from trainer.baselines import SIZE_ONLY
from trainer.bootstrap import Estimate
from trainer.charts import BarGroup, draw_bars
from trainer.documents import markdown_table, write_csv, write_json, write_text
from trainer.metrics import OVERALL, Accuracy, Paired, accuracy, compare_paired, judged_classes
from trainer.parts import FinishedParts
from trainer.results import accuracy_values, paired_values, percent, points, ranking

NAME = "comparison"
PAPER = "paper, their split"
# Table II of Xi, Shu and Goubran (2018), arXiv 1803.01906: mean accuracy over five folds in per
# cent, and hours on a TITAN X.
PAPER_TABLE = (
    ("AlexNet", "alexnet", (("calcification", 88.81), ("mass", 93.64), (OVERALL, 91.23)), 1.0),
    ("VGGNet", "vgg", (("calcification", 92.42), ("mass", 92.64), (OVERALL, 92.53)), 8.0),
    ("GoogLeNet", "googlenet", (("calcification", 87.14), ("mass", 95.06), (OVERALL, 91.10)), 2.0),
    ("ResNet", "resnet", (("calcification", 90.22), ("mass", 93.39), (OVERALL, 91.80)), 4.0),
)
_HOW = (
    "Accuracy of a class is its recall; overall is the plain mean of the classes; figures are "
    "means over the held-out parts. Intervals: 95 %, bootstrap over people. Hours: mean of a run. "
    "p is not corrected for the number of comparisons."
)
_PAPER_SAYS = (
    "The paper's figures (Xi, Shu and Goubran 2018, arXiv 1803.01906, Table II) are of real "
    "CBIS-DDSM patches, its own split without intervals, and a TITAN X: they stand beside, not in "
    "comparison."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One network's row of the table; ``above_size`` is network minus size-only baseline."""

    name: str
    backbone: str
    weights: str
    accuracy: Accuracy
    above_size: Paired
    hours: float
    devices: tuple[str, ...]
    size_mib: float
    parameters: int
    parts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All networks of a comparison.

    Attributes
    ----------
    data, split : str
        What the patches are and how they were split, in words.
    size_only : Accuracy
        Of the baseline, on the rows of the network with the most finished parts.
    pairs : tuple of Paired
        Every two networks, on the parts that both have finished.
    """

    data: str
    split: str
    classes: tuple[str, ...]
    rows: tuple[Row, ...]
    size_only: Accuracy
    pairs: tuple[Paired, ...]


def gather(networks: Sequence[FinishedParts]) -> Comparison:
    """Make the table of some cross-validations.

    Raises
    ------
    DataError
        If they are not of the same split and classes.
    """
    first = max(networks, key=lambda item: len(item.parts))
    for item in networks:
        if item.crossval.split_sha256 != first.crossval.split_sha256:
            raise DataError(
                f"{item.crossval.recipe.name} and {first.crossval.recipe.name} have other splits",
                expected="one split for all networks of a comparison",
                todo="compare them in folders of their own",
            )
    judged = {_judged(item) for item in networks}
    if len(judged) > 1:
        raise DataError(
            f"networks of other classes: {'; '.join(', '.join(names) for names in judged)}",
            expected="the same classes in all networks of a comparison",
            todo="compare them in folders of their own",
        )
    classes = _judged(first)
    return Comparison(
        data=first.crossval.caption,
        split=first.split_words,
        classes=classes,
        rows=tuple(_row(item, classes) for item in networks),
        size_only=accuracy(first.size_only, classes),
        pairs=tuple(pair for a, b in combinations(networks, 2) for pair in _paired(a, b, classes)),
    )


def write_comparison(found: Comparison, out: Path) -> dict[str, Any]:
    """Write the table in all forms and return the document of ``comparison.json``."""
    document = _document(found)
    write_json(document, out / f"{NAME}.json")
    header, rows = _csv_rows(found)
    write_csv(header, rows, out / f"{NAME}.csv")
    _write_pairs(found, out / f"{NAME}_pairs.csv")
    write_text(_markdown(found), out / f"{NAME}.md")
    _draw(found, out / f"{NAME}.png")
    return document


def _judged(item: FinishedParts) -> tuple[str, ...]:
    background = item.crossval.recipe.network.background
    return tuple(sorted(judged_classes(item.predictions, background)))


def _row(item: FinishedParts, classes: tuple[str, ...]) -> Row:
    begun = item.crossval
    name = begun.recipe.name
    return Row(
        name=name,
        backbone=begun.recipe.network.backbone,
        weights=begun.weights,
        accuracy=accuracy(item.predictions, classes),
        above_size=compare_paired((name, item.predictions), (SIZE_ONLY, item.size_only), classes),
        hours=sum(part.seconds for part in item.parts) / len(item.parts) / 3600.0,
        devices=tuple(dict.fromkeys(part.device for part in item.parts)),
        size_mib=item.parts[0].size_mib,
        parameters=item.parts[0].parameters,
        parts=f"{len(item.parts)} of {len(begun.parts)}",
    )


def _paired(a: FinishedParts, b: FinishedParts, classes: tuple[str, ...]) -> tuple[Paired, ...]:
    """Compare two networks on the parts that both have; nothing where they share none."""
    shared = {part.part for part in a.parts} & {part.part for part in b.parts}
    if not shared:
        return ()
    sides = [
        (item.crossval.recipe.name, [fold for fold in item.predictions if fold.part in shared])
        for item in (a, b)
    ]
    return (compare_paired(sides[0], sides[1], classes),)


def _figures(found: Accuracy) -> dict[str, Estimate]:
    return dict(found.classes) | {OVERALL: found.overall}


def _weights_words(weights: str) -> str:
    """Return ``none``, ``imagenet`` or the start of a file's hash."""
    return f"file {weights[:8]}" if len(weights) == 64 else weights


def _paper_rows(found: Comparison) -> list[tuple[str, str, dict[str, float], float]]:
    """Return the paper's figures, where the classes are the paper's."""
    if found.classes != ("calcification", "mass"):
        return []
    return [(name, prefix, dict(values), hours) for name, prefix, values, hours in PAPER_TABLE]


def _document(found: Comparison) -> dict[str, Any]:
    return {
        "data": found.data,
        "split": found.split,
        "how": _HOW,
        "networks": [
            {
                "name": row.name,
                "backbone": row.backbone,
                "weights": row.weights,
                "accuracy": accuracy_values(row.accuracy),
                "above_size_only": paired_values(row.above_size),
                "hours_a_run": row.hours,
                "devices": list(row.devices),
                "size_mib": row.size_mib,
                "parameters": row.parameters,
                "parts": row.parts,
            }
            for row in found.rows
        ],
        "size_only": accuracy_values(found.size_only),
        "pairs": [paired_values(pair) for pair in found.pairs],
        "paper": {
            "what": f"{PAPER}. {_PAPER_SAYS}",
            "networks": [
                {"name": name, "accuracy_percent": values, "hours": hours}
                for name, _, values, hours in _paper_rows(found)
            ],
        },
    }


def _csv_rows(found: Comparison) -> tuple[list[str], list[list[object]]]:
    names = [*found.classes, OVERALL]
    header = ["data", "split", "source", "network", "backbone", "weights"]
    for name in names:
        header += [name, f"{name} low", f"{name} high"]
    header += ["hours a run", "device", "size MiB", "parameters", "parts"]

    def figures(measured: Accuracy) -> list[object]:
        by_name = _figures(measured)
        return [v for n in names for v in (by_name[n].value, by_name[n].low, by_name[n].high)]

    known: list[object] = [found.data, found.split]
    rows: list[list[object]] = [
        [
            *(*known, "measured", row.name, row.backbone, row.weights),
            *figures(row.accuracy),
            *(row.hours, " / ".join(row.devices), row.size_mib, row.parameters, row.parts),
        ]
        for row in found.rows
    ]
    rows.append([*known, SIZE_ONLY, SIZE_ONLY, None, None, *figures(found.size_only), *[None] * 5])
    for name, _, values, hours in _paper_rows(found):
        theirs = [cell for n in names for cell in (values[n] / 100.0, None, None)]
        row = ["CBIS-DDSM", PAPER, PAPER, name, None, None, *theirs, hours, "TITAN X"]
        rows.append([*row, *[None] * 3])
    return header, rows


def _write_pairs(found: Comparison, file: Path) -> None:
    header = ["data", "first", "second", "difference", "low", "high", "p", "verdict", "patches"]
    pairs = [*(row.above_size for row in found.rows), *found.pairs]
    rows = [
        [
            *(found.data, pair.first, pair.second),
            *(pair.difference.value, pair.difference.low, pair.difference.high),
            *(pair.p, ranking(pair), pair.rows),
        ]
        for pair in pairs
    ]
    write_csv(header, rows, file)


def _markdown(found: Comparison) -> str:
    names = [*found.classes, OVERALL]
    header = ["network", *(f"{name}, %" for name in names), f"above {SIZE_ONLY}, points"]
    rows = [
        [
            row.name,
            *(percent(_figures(row.accuracy)[name]) for name in names),
            points(row.above_size.difference),
            f"{row.hours:.3g}",
            f"{row.size_mib:.0f}",
            f"{row.parameters / 1e6:.1f}",
            _weights_words(row.weights),
            row.parts,
        ]
        for row in found.rows
    ]
    size_only = _figures(found.size_only)
    rows.append([f"{SIZE_ONLY} baseline", *(percent(size_only[n]) for n in names), *["–"] * 6])
    rows += [
        [f"{name} ({PAPER})", *(f"{values[n]:.2f}" for n in names), "–", f"{hours:g}", *["–"] * 4]
        for name, _, values, hours in _paper_rows(found)
    ]
    pairs = [
        [
            f"{pair.first} minus {pair.second}",
            points(pair.difference),
            f"{pair.p:.3f}",
            str(pair.rows),
            ranking(pair),
        ]
        for pair in found.pairs
    ]
    devices = dict.fromkeys(name for row in found.rows for name in row.devices)
    parts = [
        "# Networks compared",
        f"Data: {found.data}. Split: {found.split}. {found.size_only.rows} patches of "
        f"{found.size_only.people} people. {_HOW} Trained on: {'; '.join(devices)}.",
        *([_PAPER_SAYS] if _paper_rows(found) else []),
        markdown_table(
            [*header, "hours a run", "MiB", "million parameters", "weights", "parts"], rows
        ),
        "## Two by two, overall",
        markdown_table(["", "points", "p", "patches", "verdict"], pairs),
    ]
    return "\n\n".join(parts if pairs else parts[:-2]) + "\n"


def _draw(found: Comparison, file: Path) -> None:
    paper = _paper_rows(found)
    groups = [
        BarGroup(
            name=row.name,
            bars=tuple(_figures(row.accuracy).items()),
            reference=tuple(
                (name, value / 100.0)
                for _, prefix, values, _ in paper
                if row.backbone.startswith(prefix)
                for name, value in values.items()
            ),
        )
        for row in found.rows
    ]
    size_only = tuple(_figures(found.size_only).items())
    groups.append(BarGroup(name=f"{SIZE_ONLY} baseline", bars=size_only, reference=()))
    draw_bars(groups, title=f"{found.data} ({found.split})", reference=PAPER, file=file)
