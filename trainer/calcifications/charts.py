"""Curves of simulated clusters, and sensitivity by their mean diameter, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from trainer.calcifications.evaluation import CalcificationEvaluation
from trainer.calcifications.groups import DIAMETER, ClusterGroup
from trainer.charts import COLOURS, png_of
from trainer.evaluate import RuleResult
from trainer.froc import PEAK_IN_BOX, Froc

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_froc(evaluation: CalcificationEvaluation) -> bytes:
    """Return a PNG: simulated clusters against false marks, by rule, and the groups beside it."""
    figure = Figure(figsize=(12.0, 5.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    _draw_curves(left, evaluation.rules, evaluation.froc_real)
    _draw_diameters(right, evaluation.groups)
    manifest = evaluation.manifest
    figure.suptitle(
        f"{manifest.name} {manifest.version}: SIMULATED calcifications; research use only"
    )
    return png_of(figure, dpi=150)


def _draw_curves(axes: Axes, rules: Sequence[RuleResult], real: Froc) -> None:
    for result, colour in zip(rules, COLOURS, strict=False):
        _draw_froc(axes, result.froc, f"{result.rule.text}; false marks: simulated", colour)
    _draw_froc(axes, real, f"{PEAK_IN_BOX.text}; false marks: real", COLOURS[2])
    axes.set_xscale("log", base=2)
    rates = [rate for rate, _ in real.sensitivity_at]
    axes.set_xticks(rates, [f"{rate:g}" for rate in rates])
    axes.set_ylim(0.0, 1.0)
    axes.set_xlabel("false marks an image")
    axes.set_ylabel("share of simulated clusters found")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", title="hit rule; bars: 95 % by person", fontsize=8)


def _draw_froc(axes: Axes, froc: Froc, label: str, colour: str) -> None:
    rates = [rate for rate, _ in froc.sensitivity_at]
    values = [value for _, value in froc.sensitivity_at]
    arms = [[v - low, high - v] for v, (_, low, high) in zip(values, froc.ci95, strict=True)]
    below, above = zip(*arms, strict=True)
    axes.errorbar(
        rates,
        values,
        yerr=[[max(v, 0.0) for v in below], [max(v, 0.0) for v in above]],
        fmt="o-",
        markersize=4,
        capsize=3,
        color=colour,
        label=label,
    )


def _draw_diameters(axes: Axes, groups: Sequence[ClusterGroup]) -> None:
    shown = [g for g in groups if g.attribute == DIAMETER and g.sensitivity]
    names = [name for name, _ in shown[0].sensitivity] if shown else []
    for name, colour in zip(names, COLOURS, strict=False):
        found = [dict(group.sensitivity)[name] for group in shown]
        axes.plot(range(len(shown)), [e.value for e in found], "o-", color=colour, label=name)
        axes.fill_between(
            range(len(shown)),
            [e.low for e in found],
            [e.high for e in found],
            color=colour,
            alpha=0.15,
            linewidth=0,
        )
    axes.set_xticks(
        range(len(shown)), [f"{g.group}\n{g.clusters} clusters" for g in shown], fontsize=8
    )
    axes.set_ylim(0.0, 1.0)
    axes.set_xlabel("mean diameter of a cluster's calcifications")
    axes.grid(alpha=0.3)
    if names:
        axes.legend(loc="lower right", title="operating point; band: 95 %", fontsize=8)
    else:
        axes.text(0.5, 0.5, "too few people", ha="center", transform=axes.transAxes)
