"""Whether a mammogram looks like those that a model was trained on: a few features of its grid.

The features are plain figures of the breast on the grid that the network sees (grey level,
contrast, fine detail, sharpness, size), so that a sentence can say what differs.  The manifest
holds the range of each in training; an image outside any of them is analysed all the same, and
the result says so.  Film-trained networks lose much on digital images (Wang et al. 2020,
"Inconsistent performance of deep learning models on mammogram classification", J Am Coll Radiol
17:796-803): the reader has to know.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mammoview.errors import ModelError
from mammoview.modelkit.manifest import FeatureRange, Manifest
from mammoview.modelkit.preprocess import Grid

# The breast without its skin line and without cells that are half air.
_SKIN_MM = 3.0
_COARSE_PX = 4
_FEWEST_PX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One figure of an image's grid.

    Attributes
    ----------
    name : str
        As in ``FeatureRange.feature``.
    words : str
        What it is, for the screen.
    unit : str
        Empty for a plain number; grey values are of 0..1.
    """

    name: str
    words: str
    unit: str


FEATURES = (
    Feature(name="dark_grey", words="dark tissue (5 % quantile of grey)", unit=""),
    Feature(name="median_grey", words="median grey", unit=""),
    Feature(name="bright_grey", words="bright tissue (95 % quantile of grey)", unit=""),
    Feature(name="contrast", words="contrast (95 % less 5 % quantile)", unit=""),
    Feature(name="fine_detail", words="noise and fine detail", unit=""),
    Feature(name="sharpness", words="sharpness", unit=""),
    Feature(name="breast_area_cm2", words="breast area", unit=" cm²"),
)
_BY_NAME = {feature.name: feature for feature in FEATURES}


def input_features(grid: Grid, mm_per_px: float) -> tuple[tuple[str, float], ...]:
    """Return each of ``FEATURES`` of an image, by name.

    Grey values are those of the breast less its outermost 3 mm.  ``fine_detail`` is the mean
    absolute second difference of neighbouring pixels, along rows and columns; ``sharpness`` the
    mean difference of neighbours over that of pixels four apart.

    Parameters
    ----------
    grid : Grid
        What the network sees.
    mm_per_px : float
        Spacing of the grid.
    """
    inside = _breast_pixels(grid, mm_per_px)
    grey = grid.pixels.astype(np.int16)
    dark, median, bright = (_quantile(grid.pixels[inside], q) for q in (0.05, 0.5, 0.95))
    near, far = (_mean_step(grey, inside, apart) for apart in (1, _COARSE_PX))
    values = {
        "dark_grey": dark,
        "median_grey": median,
        "bright_grey": bright,
        "contrast": bright - dark,
        "fine_detail": _mean_curvature(grey, inside),
        "sharpness": near / far if far > 0 else 0.0,
        "breast_area_cm2": float(inside.sum()) * mm_per_px**2 / 100.0,
    }
    return tuple((feature.name, values[feature.name]) for feature in FEATURES)


def outside_range(grid: Grid, manifest: Manifest) -> tuple[str, ...] | None:
    """Return a sentence for each feature that lies outside the training range.

    Empty: the image is like those of training.  None: the model's manifest names no ranges, so
    nothing is known.

    Raises
    ------
    ModelError
        If the manifest names a feature that this program does not have.
    """
    if not manifest.input_range:
        return None
    values = dict(input_features(grid, manifest.preprocessing.mm_per_px))
    outside = outside_features(values, manifest.input_range)
    return tuple(_sentence(values[item.feature], item) for item in outside)


def outside_features(
    values: Mapping[str, float], ranges: Sequence[FeatureRange]
) -> tuple[FeatureRange, ...]:
    """Return the ranges outside which the values lie; see :func:`outside_range`.

    Raises
    ------
    ModelError
        If a range is of a feature that this program does not have.
    """
    for item in ranges:
        if item.feature not in values:
            raise ModelError(
                f"the model knows the range of {item.feature!r}",
                expected=f"one of {', '.join(values)}",
                todo="install a model made for this version of mammoview",
            )
    return tuple(item for item in ranges if not item.low <= values[item.feature] <= item.high)


def _sentence(value: float, item: FeatureRange) -> str:
    feature = _BY_NAME[item.feature]
    side = "below" if value < item.low else "above"
    return (
        f"{feature.words} {value:.3g}{feature.unit} is {side} the training images' "
        f"{item.low:.3g} to {item.high:.3g}{feature.unit}"
    )


def _breast_pixels(grid: Grid, mm_per_px: float) -> NDArray[np.bool_]:
    """Return which pixels of the grid lie in the breast, its outermost millimetres left off.

    The edge that the image cuts (the chest wall) is no skin and stays.
    """
    breast = grid.breast
    to_mask = grid.to_image.then(breast.to_image.inverse())  # it may flip and turn
    cell_mm = mm_per_px / math.sqrt(abs(to_mask.xx * to_mask.yy - to_mask.xy * to_mask.yx))
    kept = _eroded(breast.mask, max(1, round(_SKIN_MM / cell_mm)))
    rows, cols = (np.arange(size) + 0.5 for size in grid.pixels.shape)
    if abs(to_mask.xx) < abs(to_mask.xy):  # turned: the grid's rows lie along the mask's columns
        kept = kept.T
        at_row, at_col = to_mask.xy * rows + to_mask.x0, to_mask.yx * cols + to_mask.y0
    else:
        at_row, at_col = to_mask.yy * rows + to_mask.y0, to_mask.xx * cols + to_mask.x0
    row_in = (at_row >= 0) & (at_row < kept.shape[0])
    col_in = (at_col >= 0) & (at_col < kept.shape[1])
    inside = np.zeros(grid.pixels.shape, np.bool_)
    inside[np.ix_(row_in, col_in)] = kept[
        np.ix_(at_row[row_in].astype(np.intp), at_col[col_in].astype(np.intp))
    ]
    return inside


def _eroded(mask: NDArray[np.bool_], cells: int) -> NDArray[np.bool_]:
    wide = np.pad(mask, cells, mode="edge").astype(np.uint8)
    from mammoview.imaging.itk import sitk  # heavy: the window is there before it is needed

    small = sitk.GetArrayFromImage(
        sitk.BinaryErode(sitk.GetImageFromArray(wide), [cells, cells], sitk.sitkBall, 0, 1, False)
    )
    kept = small[cells:-cells, cells:-cells].astype(np.bool_)
    return kept if kept.sum() >= _FEWEST_PX else mask


def _quantile(pixels: NDArray[np.uint8], share: float) -> float:
    """Return a quantile of grey values 0..1; 0 where there are none."""
    if not pixels.size:
        return 0.0
    below = np.cumsum(np.bincount(pixels, minlength=256))
    return float(np.searchsorted(below, math.ceil(share * int(below[-1])))) / 255.0


def _mean_step(grey: NDArray[np.int16], inside: NDArray[np.bool_], apart: int) -> float:
    """Return the mean absolute difference of pixels some pixels apart, both in the breast."""
    rows = np.abs(grey[apart:] - grey[:-apart])[inside[apart:] & inside[:-apart]]
    cols = np.abs(grey[:, apart:] - grey[:, :-apart])[inside[:, apart:] & inside[:, :-apart]]
    return _mean(rows, cols)


def _mean_curvature(grey: NDArray[np.int16], inside: NDArray[np.bool_]) -> float:
    rows = np.abs(grey[2:] - 2 * grey[1:-1] + grey[:-2])[inside[2:] & inside[:-2]]
    cols = np.abs(grey[:, 2:] - 2 * grey[:, 1:-1] + grey[:, :-2])[inside[:, 2:] & inside[:, :-2]]
    return _mean(rows, cols)


def _mean(rows: NDArray[np.int16], cols: NDArray[np.int16]) -> float:
    """Return the mean over both axes, as grey values 0..1; 0 where there are none."""
    count = rows.size + cols.size
    total = int(rows.sum(dtype=np.int64)) + int(cols.sum(dtype=np.int64))
    return total / 255.0 / count if count else 0.0
