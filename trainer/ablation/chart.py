"""The curves of an ablation's rows: a panel a class, by the rule that a peak lies in the box."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from trainer.ablation.measure import AblationRow
from trainer.charts import COLOURS, save_png
from trainer.detect import scored
from trainer.froc import FALSE_MARKS, PEAK_IN_BOX, froc_curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CHART = "froc.png"
_STYLES = ("-", "--", ":")


def draw_ablation(rows: Sequence[AblationRow], file: Path) -> None:
    """Draw the FROC of each row, up to four false marks an image, and write it as PNG."""
    lesions = [x for item in rows[0].detected for x in item.image.lesions]
    known = dict.fromkeys(kind for row in rows for kind in row.manifest.findings)
    kinds = [kind for kind in known if any(x.kind == kind for x in lesions)]
    figure = Figure(figsize=(5.5 * len(kinds), 5.5), layout="constrained")
    panels = figure.subplots(1, len(kinds), squeeze=False)[0]
    for panel, kind in zip(panels, kinds, strict=True):
        simulated = all(x.simulated is not None for x in lesions if x.kind == kind)
        _draw_class(panel, rows, kind)
        panel.set_title(f"{'simulated ' if simulated else ''}{kind}")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False, fontsize=8)
    figure.suptitle(f"{len(rows[0].detected)} validation pictures; hit: {PEAK_IN_BOX.text}")
    save_png(figure, file, dpi=150)


def _draw_class(axes: Axes, rows: Sequence[AblationRow], kind: str) -> None:
    for number, row in enumerate(rows):
        # The band is told by the table: one draw of people costs nothing.
        curve = froc_curve(scored(row.detected, kind), draws=1)
        rates = [0.0, *(point.false_marks_per_image for point in curve)]
        values = [0.0, *(point.sensitivity for point in curve)]
        axes.plot(
            [*rates, max(rates[-1], FALSE_MARKS[-1])],
            [*values, values[-1]],
            drawstyle="steps-post",
            color=COLOURS[number % len(COLOURS)],
            linestyle=_STYLES[number // len(COLOURS) % len(_STYLES)],
            label=row.name,
        )
    axes.set_xlim(0.0, FALSE_MARKS[-1])
    axes.set_ylim(0.0, 1.0)
    axes.set_xlabel("false marks an image")
    axes.set_ylabel("sensitivity")
    axes.grid(alpha=0.3)
