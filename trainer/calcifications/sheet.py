"""Missed simulated clusters as a picture to look at, beside the same places without them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import ImageBox
from trainer.calcifications.evaluation import CalcificationEvaluation, CalcificationPictures
from trainer.calcifications.groups import FoundCluster
from trainer.labelled import LabelledImage
from trainer.pictures import Picture, read_labelled_picture
from trainer.recipe import DataRecipe

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 10
_AROUND_MM = 8.0
_COLUMNS = 5


def write_missed(
    evaluation: CalcificationEvaluation,
    pictures: CalcificationPictures,
    data: DataRecipe,
    file: Path,
) -> None:
    """Draw clusters missed at the model's most lenient operating point; nothing if none are."""
    from matplotlib.figure import Figure

    from trainer.charts import save_png

    point = min(evaluation.points, key=lambda p: p.threshold)
    missed = choose_missed(evaluation.clusters, point.threshold)
    if not missed:
        return
    where = _places(pictures)
    rows = -(-len(missed) // _COLUMNS)
    figure = Figure(figsize=(3.2 * _COLUMNS, 6.9 * rows), layout="constrained")
    panels = figure.subplots(2 * rows, _COLUMNS, squeeze=False)
    for axes in panels.flat:
        axes.set_axis_off()
    for n, item in enumerate(missed):
        row, column = divmod(n, _COLUMNS)
        drawn, bare, box = where[item.lesion_id]
        _draw_pair(panels[2 * row][column], panels[2 * row + 1][column], drawn, bare, box, data)
        panels[2 * row][column].set_title(_caption(item), fontsize=8)
    total = sum(c.score < point.threshold for c in evaluation.clusters)
    figure.suptitle(
        f"SIMULATED clusters missed at '{point.name}': {len(missed)} of {total}, from the smallest "
        "mean diameter to the largest; below each, the same place without it. Research use only"
    )
    save_png(figure, file, dpi=110)


def choose_missed(
    clusters: Sequence[FoundCluster], threshold: float, count: int = SHOWN
) -> tuple[FoundCluster, ...]:
    """Return missed clusters spread evenly from the smallest mean diameter to the largest."""
    missed = sorted(
        (c for c in clusters if c.score < threshold),
        key=lambda c: (c.cluster.mean_diameter_mm, c.lesion_id),
    )
    kept = np.unique(np.linspace(0, len(missed) - 1, min(count, len(missed))).round().astype(int))
    return tuple(missed[n] for n in kept)


def _places(
    pictures: CalcificationPictures,
) -> dict[str, tuple[LabelledImage, LabelledImage, ImageBox]]:
    return {
        lesion.lesion_id: (drawn, bare, lesion.box)
        for drawn, bare in zip(pictures.simulated, pictures.without, strict=True)
        for lesion in drawn.lesions
    }


def _draw_pair(
    above: Axes,
    below: Axes,
    drawn: LabelledImage,
    bare: LabelledImage,
    box: ImageBox,
    data: DataRecipe,
) -> None:
    """Draw one place with and without its cluster, in the same grey window and in true shape."""
    picture = read_labelled_picture(drawn, data)
    crops = [_crop(p, box) for p in (picture, read_labelled_picture(bare, data))]
    low, high = np.percentile(np.stack([c.ravel() for c in crops]), [0.5, 99.8])
    spacing = picture.spacing
    aspect = spacing.row_mm / spacing.col_mm if spacing else 1.0
    for axes, crop in zip((above, below), crops, strict=True):
        axes.imshow(crop, cmap="gray", vmin=low, vmax=high, aspect=aspect)


def _crop(picture: Picture, box: ImageBox) -> NDArray[np.float32]:
    spacing = picture.spacing
    by_row, by_col = (
        (_AROUND_MM / spacing.row_mm, _AROUND_MM / spacing.col_mm) if spacing else (40.0, 40.0)
    )
    rows, cols = picture.values.shape
    top, bottom = max(int(box.row0 - by_row), 0), min(int(box.row1 + by_row), rows)
    left, right = max(int(box.col0 - by_col), 0), min(int(box.col1 + by_col), cols)
    return picture.values[top:bottom, left:right]


def _caption(item: FoundCluster) -> str:
    c = item.cluster
    score = f"best mark {item.score:.2f}" if item.score >= 0.0 else "no mark"
    return (
        f"{item.lesion_id.rsplit('_', 2)[0]}: {c.count} {c.leading_type}\n"
        f"{max(c.extent_mm):.0f} mm, mean {c.mean_diameter_mm:.2f} mm, "
        f"{c.mean_contrast_od:.2f} OD, {score}"
    )
