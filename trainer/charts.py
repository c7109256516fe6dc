"""Pictures of results as PNG: bars with intervals, confusion, ROC, reliability.

Drawn with matplotlib's objects, no global state.  Colours after Okabe and Ito (2008), told apart
by colour-blind readers; what a colour says stands in the legend or axis too.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from trainer.bootstrap import Estimate
from trainer.curves import Reliability, Roc
from trainer.documents import write_bytes
from trainer.metrics import Confusion

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
_GREY = "#666666"
_DPI = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class BarGroup:
    """The bars of one network.

    Attributes
    ----------
    bars : tuple of (str, Estimate)
        Class and figure, 0..1; the same classes in every group.
    reference : tuple of (str, float)
        Figures of others for the same classes, 0..1, drawn as open diamonds; may be empty.
    """

    name: str
    bars: tuple[tuple[str, Estimate], ...]
    reference: tuple[tuple[str, float], ...]


def draw_bars(groups: Sequence[BarGroup], *, title: str, reference: str, file: Path) -> None:
    """Draw accuracies of networks side by side, each with its interval.

    Parameters
    ----------
    reference : str
        What the diamonds are, for the legend.
    """
    classes = [name for name, _ in groups[0].bars]
    figure, axes = _figure(title, width=max(6.4, 1.6 * len(groups) + 1.5))
    width = 0.8 / len(classes)
    for n, name in enumerate(classes):
        at = np.arange(len(groups)) + (n - (len(classes) - 1) / 2) * width
        figures = [dict(group.bars)[name] for group in groups]
        axes.bar(
            at,
            [100 * f.value for f in figures],
            width * 0.92,
            yerr=100 * np.array([_arms(f) for f in figures]).T,
            color=COLOURS[n],
            ecolor="black",
            capsize=3,
            label=name,
        )
        theirs = [dict(group.reference).get(name, np.nan) for group in groups]
        if not np.isnan(theirs).all():
            axes.plot(at, 100 * np.array(theirs), "D", mfc="white", mec="black", ms=5, zorder=3)
    if any(group.reference for group in groups):
        axes.plot([], [], "D", mfc="white", mec="black", ms=5, label=reference)
    axes.set_xticks(range(len(groups)), [group.name for group in groups], rotation=15)
    lowest = min(f.low for group in groups for _, f in group.bars if not np.isnan(f.low))
    bottom = min(40.0, 10 * np.floor(10 * lowest))
    axes.set_ylabel(f"accuracy, %, from {bottom:.0f}")
    axes.set_ylim(bottom, 100.0)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=4, frameon=False)
    save_png(figure, file)


def draw_confusion(confusion: Confusion, *, title: str, file: Path) -> None:
    """Draw the confusion matrix: counts, and shares of each row by shade."""
    counts = np.array(confusion.counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = _figure(title, width=2.6 + 1.3 * len(confusion.columns))
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
    for row, column in np.ndindex(counts.shape):
        axes.text(
            column,
            row,
            f"{counts[row, column]}\n{shares[row, column]:.1%}",
            ha="center",
            va="center",
            color="white" if shares[row, column] > 0.5 else "black",
        )
    axes.set_xticks(range(len(confusion.columns)), confusion.columns, rotation=15)
    axes.set_yticks(range(len(confusion.rows)), confusion.rows)
    axes.set_xlabel("taken for")
    axes.set_ylabel("is")
    save_png(figure, file)


def draw_roc(curves: Sequence[Roc], *, title: str, file: Path) -> None:
    """Draw ROC curves, one class against the rest each."""
    figure, axes = _figure(title)
    axes.plot([0, 1], [0, 1], ":", color=_GREY, label="chance")
    for n, curve in enumerate(curves):
        area = curve.area
        label = f"{curve.name}: area {area.value:.3f} ({area.low:.3f}-{area.high:.3f})"
        axes.plot(curve.false_rate, curve.true_rate, color=COLOURS[n], label=label)
    axes.set_xlabel("share of the rest taken for the class")
    axes.set_ylabel("share of the class found")
    _square(axes)
    _legend_below(axes)
    save_png(figure, file)


def draw_reliability(
    curves: Sequence[Reliability],
    *,
    title: str,
    file: Path,
    given: str = "probability given",
    came: str = "share that is of the class",
) -> None:
    """Draw how often probabilities come true; the size of a point grows with its rows.

    Parameters
    ----------
    given, came : str
        What the axes are.
    """
    figure, axes = _figure(title)
    axes.plot([0, 1], [0, 1], ":", color=_GREY, label="as it should be")
    for n, curve in enumerate(curves):
        x, y = [b.probability for b in curve.bins], [b.share.value for b in curve.bins]
        rows = np.array([b.count for b in curve.bins])
        arms = np.array([_arms(b.share) for b in curve.bins]).T
        label = f"{curve.name}: expected calibration error {curve.error:.3f}"
        axes.errorbar(x, y, yerr=arms, color=COLOURS[n], capsize=3, label=label)
        axes.scatter(x, y, s=15 + 180 * rows / rows.sum(), color=COLOURS[n])
    axes.set_xlabel(given)
    axes.set_ylabel(came)
    _square(axes)
    _legend_below(axes)
    save_png(figure, file)


def draw_training(epochs: Sequence[Mapping[str, float]], *, title: str, file: Path) -> None:
    """Draw loss and accuracy of a run over its epochs.

    Parameters
    ----------
    epochs : sequence of mapping
        Rows of the run's ``metrics.json``.
    """
    figure = Figure(figsize=(8.0, 3.6), layout="constrained")
    figure.suptitle(title)
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for colour, side in zip(COLOURS, ("train", "validation"), strict=False):
            rows = [row for row in epochs if f"{side}/{name}" in row]
            at = [row["epoch"] + 1 for row in rows]
            values = [row[f"{side}/{name}"] for row in rows]
            label = "training, last batch" if side == "train" else "validation"
            axes.plot(at, values, "o-", ms=3, color=colour, label=label)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel("epoch")
        axes.set_ylabel(name)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    save_png(figure, file)


def png_of(figure: Figure, *, dpi: float | str = "figure") -> bytes:
    """Return a picture as PNG."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=dpi)
    return content.getvalue()


def save_png(figure: Figure, file: Path, *, dpi: float | str = "figure") -> None:
    """Write a picture as PNG, whole or not at all."""
    write_bytes(png_of(figure, dpi=dpi), file)


def _figure(title: str, *, width: float = 5.6) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, 5.2), dpi=_DPI, layout="constrained")
    figure.suptitle(title, fontsize=10, wrap=True)
    return figure, figure.add_subplot()


def _square(axes: Axes) -> None:
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    axes.set_aspect("equal")
    axes.grid(alpha=0.3)


def _legend_below(axes: Axes) -> None:
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=1, frameon=False)


def _arms(figure: Estimate) -> tuple[float, float]:
    """Return the lengths of an interval's arms below and above; none where there is none."""
    arms = figure.value - figure.low, figure.high - figure.value
    return (0.0, 0.0) if np.isnan(arms).any() else (max(0.0, arms[0]), max(0.0, arms[1]))
