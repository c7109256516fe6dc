"""Pictures looked at as pixels: bars as high as their figures, cells as dark as their shares."""

from __future__ import annotations

import math
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.bootstrap import Estimate
from trainer.charts import (
    COLOURS,
    BarGroup,
    draw_bars,
    draw_confusion,
    draw_reliability,
    draw_roc,
)
from trainer.curves import Reliability, ReliabilityBin, Roc
from trainer.metrics import Confusion


def estimate(value: float, half: float = 0.02) -> Estimate:
    return Estimate(value=value, low=value - half, high=value + half)


def pixels(file: Path) -> NDArray[np.uint8]:
    assert not list(file.parent.glob("*.part"))
    return np.asarray(imagecodecs.png_decode(file.read_bytes()))[..., :3]


def count(picture: NDArray[np.uint8], colour: str) -> int:
    wanted = np.array([int(colour[n : n + 2], 16) for n in (1, 3, 5)])
    return int((np.abs(picture.astype(int) - wanted).max(axis=-1) < 4).sum())


def test_bars_are_as_high_as_their_figures(tmp_path: Path) -> None:
    """The axis begins at 40 %: 90 % stands five times as high as 50 %."""
    group = BarGroup(
        name="net", bars=(("calcification", estimate(0.9)), ("mass", estimate(0.5))), reference=()
    )
    draw_bars([group], title="made", reference="paper", file=tmp_path / "bars.png")
    picture = pixels(tmp_path / "bars.png")[:690]  # above the legend's patches
    high, low = count(picture, COLOURS[0]), count(picture, COLOURS[1])
    assert high / low == pytest.approx(5.0, rel=0.15)


def test_a_reference_and_a_missing_interval_are_drawn(tmp_path: Path) -> None:
    bars = (("mass", Estimate(value=0.8, low=math.nan, high=math.nan)),)
    plain, marked = (
        BarGroup(name="net", bars=bars, reference=reference) for reference in ((), (("mass", 0.7),))
    )
    for name, group in (("plain", plain), ("marked", marked)):
        other = BarGroup(name="other", bars=(("mass", estimate(0.6)),), reference=())
        draw_bars([group, other], title="made", reference="paper", file=tmp_path / f"{name}.png")
    sizes = [count(pixels(tmp_path / f"{name}.png"), COLOURS[0]) for name in ("plain", "marked")]
    assert sizes[1] < sizes[0]  # the white diamond covers a piece of the bar


def test_a_confusion_cell_is_dark_by_its_share(tmp_path: Path) -> None:
    found = Confusion(rows=("a", "b"), columns=("a", "b"), counts=((90, 10), (50, 50)))
    draw_confusion(found, title="made", file=tmp_path / "confusion.png")
    picture = pixels(tmp_path / "confusion.png")
    assert picture.min() < 60
    empty = Confusion(rows=("a", "b"), columns=("a", "b"), counts=((0, 0), (0, 0)))
    draw_confusion(empty, title="made", file=tmp_path / "empty.png")
    assert pixels(tmp_path / "empty.png").mean() > picture.mean()


def test_curves_are_drawn_each_in_its_colour(tmp_path: Path) -> None:
    rocs = [
        Roc(name=name, false_rate=(0.0, 0.2, 1.0), true_rate=(0.0, y, 1.0), area=estimate(0.8))
        for name, y in (("a", 0.9), ("b", 0.6))
    ]
    draw_roc(rocs, title="made", file=tmp_path / "roc.png")
    bins = tuple(
        ReliabilityBin(count=10, probability=p, share=estimate(p, half=0.1)) for p in (0.2, 0.8)
    )
    curves = [Reliability(name=name, bins=bins, error=0.1) for name in ("a", "b")]
    draw_reliability(curves[:1], title="made", file=tmp_path / "reliability.png")
    roc, trust = (pixels(tmp_path / name) for name in ("roc.png", "reliability.png"))
    assert min(count(roc, COLOURS[0]), count(roc, COLOURS[1])) > 100
    assert count(trust, COLOURS[0]) > 100
    assert count(trust, COLOURS[1]) == 0


def test_no_global_figure_is_left(tmp_path: Path) -> None:
    from matplotlib._pylab_helpers import Gcf

    draw_roc([], title="made", file=tmp_path / "roc.png")
    assert not Gcf.get_all_fig_managers()
