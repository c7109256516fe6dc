"""The folder of an evaluation: ``metrics.json``, its tables (CSV) and pictures (PNG)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.documents import write_bytes, write_csv, write_json
from trainer.evaluate import ClassResult, Evaluation, RuleResult
from trainer.froc import FALSE_MARKS
from trainer.subgroups import LesionGroup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# False marks an image that the picture reaches from and to.
_AXIS = (0.125, 8.0)
_CURVE_HEADER = (
    *("class", "hit rule", "threshold", "false marks per image"),
    *("sensitivity", "ci95 low", "ci95 high"),
)
_GROUP_HEADER = (
    *("class", "attribute", "group", "lesions", "images", "people"),
    *("figure", "value", "ci95 low", "ci95 high"),
)
_OVERLAP_HEADER = (
    *("class", "lesion", "picture", "reference", "score of the hit"),
    *("IoU", "Dice", "best IoU", "best Dice", "set aside"),
)


def write_evaluation_folder(evaluation: Evaluation, folder: Path) -> None:
    """Write all files; those of an earlier evaluation are replaced."""
    write_json(evaluation.document(), folder / "metrics.json")
    write_csv(
        _CURVE_HEADER,
        _curve_rows(evaluation),
        folder / "froc.csv",
    )
    write_csv(
        _GROUP_HEADER,
        _group_rows(evaluation),
        folder / "subgroups.csv",
    )
    write_csv(
        _OVERLAP_HEADER,
        _overlap_rows(evaluation),
        folder / "overlap.csv",
    )
    write_bytes(draw_froc(evaluation), folder / "froc.png")
    draw_mark_reliability(evaluation, folder / "reliability.png")


def draw_mark_reliability(evaluation: Evaluation, file: Path) -> None:
    """Draw how often marks of a score are right, a curve a class."""
    from trainer.charts import draw_reliability
    from trainer.curves import Reliability

    name, version = evaluation.model
    draw_reliability(
        [
            Reliability(
                name=result.kind,
                bins=result.reliability.bins,
                error=result.reliability.all_marks.error.value,
            )
            for result in evaluation.classes
            if result.reliability.bins
        ],
        title=f"{name} {version}: {evaluation.images} pictures, {evaluation.people} people",
        file=file,
        given="score of a mark",
        came="share of such marks that hit a lesion",
    )


def draw_froc(evaluation: Evaluation) -> bytes:
    """Return a PNG: a curve a class and hit rule, with its 95 % band."""
    from matplotlib.figure import Figure

    from trainer.charts import png_of

    count = len(evaluation.classes)
    figure = Figure(figsize=(6.0 * count, 5.0), layout="constrained")
    panels = figure.subplots(1, count, squeeze=False)[0]
    for panel, result in zip(panels, evaluation.classes, strict=True):
        _draw_class(panel, result)
    name, version = evaluation.model
    figure.suptitle(f"{name} {version}: {evaluation.images} pictures, {evaluation.people} people")
    return png_of(figure, dpi=150)


def _draw_class(axes: Axes, result: ClassResult) -> None:
    from trainer.charts import COLOURS

    for rule, colour in zip(result.rules, COLOURS, strict=False):
        if rule.curve:
            _draw_curve(axes, rule, colour)
    for point in result.points:
        axes.plot(
            point.false_marks.value, point.sensitivity.value, "o", color="black", markersize=4
        )
    axes.set_xscale("log", base=2)
    axes.set_xlim(*_AXIS)
    axes.set_xticks([*FALSE_MARKS, _AXIS[1]], [f"{rate:g}" for rate in (*FALSE_MARKS, _AXIS[1])])
    axes.set_ylim(0.0, 1.0)
    axes.set_xlabel("false marks an image")
    axes.set_ylabel("sensitivity")
    axes.set_title(f"{result.kind}: {result.rules[0].froc.lesions} lesions")
    axes.grid(alpha=0.3)
    if any(rule.curve for rule in result.rules):
        axes.legend(
            loc="lower right", title="hit rule; band: 95 % by person; dots: operating points"
        )


def _draw_curve(axes: Axes, result: RuleResult, colour: str) -> None:
    # The last corner holds to the right: beyond it there are no marks.
    points = [*result.curve, result.curve[-1]]
    rates = [*(p.false_marks_per_image for p in result.curve), _AXIS[1]]
    shown = [min(max(rate, _AXIS[0] / 2), 2 * _AXIS[1]) for rate in rates]  # log of 0 is none
    values, low, high = (
        [getattr(p, key) for p in points] for key in ("sensitivity", "low", "high")
    )
    axes.step(shown, values, where="post", color=colour, label=result.rule.text)
    axes.fill_between(shown, low, high, step="post", color=colour, alpha=0.2, linewidth=0)


def _curve_rows(evaluation: Evaluation) -> Iterator[tuple[object, ...]]:
    for result in evaluation.classes:
        for rule in result.rules:
            for point in rule.curve:
                yield (
                    result.kind,
                    rule.rule.text,
                    point.threshold,
                    point.false_marks_per_image,
                    point.sensitivity,
                    point.low,
                    point.high,
                )


def _group_rows(evaluation: Evaluation) -> Iterator[tuple[object, ...]]:
    for result in evaluation.classes:
        for group in result.groups:
            yield from _rows_of_group(result.kind, group)


def _rows_of_group(kind: str, group: LesionGroup) -> Iterator[tuple[object, ...]]:
    """One row a figure; one without figures for a group that is too small."""
    who = (kind, group.attribute, group.group, group.lesions, group.images, group.people)
    if group.pointing_game is None:
        yield (*who, "too few people", None, None, None)
        return
    for name, value in group.sensitivity:
        yield (*who, f"sensitivity at {name}", value.value, value.low, value.high)
    game = group.pointing_game
    yield (*who, "pointing game", game.value, game.low, game.high)


def _overlap_rows(evaluation: Evaluation) -> Iterator[tuple[object, ...]]:
    for result in evaluation.classes:
        for item in result.overlaps:
            hit = item.hit if math.isfinite(item.hit_score) and not item.set_aside else None
            best = item.best if not item.set_aside else None
            yield (
                item.kind,
                item.lesion_id,
                item.picture,
                item.reference.value,
                item.hit_score if math.isfinite(item.hit_score) else None,
                hit.iou if hit else None,
                hit.dice if hit else None,
                best.iou if best else None,
                best.dice if best else None,
                item.set_aside,
            )
