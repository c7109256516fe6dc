"""From a heatmap to suspicious regions: peaks kept apart, each with its extent and outline.

The map is taken as it is: a network's reach is many cells, so that its map is smooth already, and
the score of a region is the calibrated value that the threshold was set on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D, ImageBox, ImagePoint, PixelSpacing
from mammoview.domain.prediction import Heatmap, Region
from mammoview.imaging.breast import Breast
from mammoview.imaging.itk import sitk
from mammoview.inference.odds import log_odds
from mammoview.inference.outline import trace_outline

# Two peaks nearer than this are one lesion: half of a common mass.
APART_MM = 10.0
# Hysteresis: a region reaches as far as the map stays above this share of its peak.
EXTENT_SHARE = 0.5
# Beyond so many candidates of a class nothing is worth a look.
MOST = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class _Peak:
    """A local maximum: position in continuous cell coordinates, its cells' index, its score."""

    col: float
    row: float
    cell: tuple[int, int]
    score: float


def find_regions(
    heatmap: Heatmap,
    *,
    breast: Breast,
    threshold: float,
    cell_mm: float,
    rows: int,
    cols: int,
    spacing: PixelSpacing | None = None,
) -> tuple[Region, ...]:
    """Return the candidate regions of one class, best first.

    Parameters
    ----------
    heatmap : Heatmap
        Calibrated scores.
    breast : Breast
        Cells whose area does not touch the mask are left out; there is no margin, since masses
        do touch the chest wall.
    threshold : float
        Score from which a region is flagged.
    cell_mm : float
        Millimetres from cell to cell.
    rows, cols : int
        Size of the stored image; boxes and outlines end there.
    spacing : PixelSpacing or None
        Of the stored image; without it regions have no size in mm.

    Returns
    -------
    tuple of Region
        Every local maximum that is not within ``APART_MM`` of a higher one, at most ``MOST``.
    """
    inside = cells_in_breast(heatmap, breast)
    peaks = _kept_apart(_peaks(heatmap.values, inside), APART_MM / cell_mm)
    bounds = ImageBox(col0=0.0, row0=0.0, col1=float(cols), row1=float(rows))
    regions = []
    for peak in peaks:
        extent = _extent(heatmap.values, inside, peak, peaks)
        outline = trace_outline(heatmap.values, extent, EXTENT_SHARE * peak.score)
        points = tuple(_at(heatmap.to_image, col, row, bounds) for col, row in outline)
        top = _at(heatmap.to_image, peak.col, peak.row, bounds)
        regions.append(
            Region(
                kind=heatmap.kind,
                score=peak.score,
                peak=top,
                box=_box_around((*points, top)),
                outline=points,
                flagged=peak.score >= threshold,
                size_mm=size_mm(points, spacing) if spacing is not None else None,
            )
        )
    return tuple(regions)


def cells_in_breast(heatmap: Heatmap, breast: Breast) -> NDArray[np.bool_]:
    """Tell which cells of a heatmap overlap the breast: bool array like ``heatmap.values``."""
    h, w = heatmap.values.shape
    if not breast.found:
        return np.ones((h, w), np.bool_)
    to_mask = heatmap.to_image.then(breast.to_image.inverse())
    corners = np.stack(np.meshgrid(np.arange(w + 1.0), np.arange(h + 1.0)))
    matrix = to_mask.matrix()
    at = np.einsum("ij,jrc->irc", matrix[:, :2], corners) + matrix[:, 2, None, None]
    quads = np.stack([at[:, :-1, :-1], at[:, :-1, 1:], at[:, 1:, :-1], at[:, 1:, 1:]])
    # A cell that ends where a mask cell begins, up to rounding, does not overlap it.
    first = np.floor(quads.min(axis=0) + 1e-6).astype(int)
    last = np.ceil(quads.max(axis=0) - 1e-6).astype(int)
    total = np.pad(breast.mask.astype(np.int64).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    limit = np.array(breast.mask.shape[::-1])[:, None, None]
    (c0, r0), (c1, r1) = np.clip(first, 0, limit), np.clip(last, 0, limit)
    counts = total[r1, c1] - total[r0, c1] - total[r1, c0] + total[r0, c0]
    return np.asarray(counts > 0)


def _peaks(values: NDArray[np.float32], inside: NDArray[np.bool_]) -> list[_Peak]:
    """Return the local maxima among the cells inside, best first; a plateau counts once."""
    masked = np.where(inside, values, -np.inf)
    padded = np.pad(masked, 1, constant_values=-np.inf)
    h, w = values.shape
    around = np.stack([padded[i : i + h, j : j + w] for i in range(3) for j in range(3)])
    high = inside & (masked >= around.max(axis=0))
    plateaus = _label(high)
    peaks = []
    for label in range(1, int(plateaus.max(initial=0)) + 1):
        cells = np.argwhere(plateaus == label)
        score = float(values[tuple(cells[0])])
        if score <= 0 or _has_higher_neighbour(padded, cells, score):
            continue
        tops = np.array([_refined(values, inside, (int(r), int(c))) for r, c in cells])
        row, col = tops.mean(axis=0).tolist()
        nearest = cells[np.argmin(((cells + 0.5 - (row, col)) ** 2).sum(axis=1))]
        cell = (int(nearest[0]), int(nearest[1]))
        peaks.append(_Peak(col=col, row=row, cell=cell, score=score))
    return sorted(peaks, key=lambda peak: (-peak.score, peak.row, peak.col))


def _has_higher_neighbour(
    padded: NDArray[np.floating], cells: NDArray[np.intp], score: float
) -> bool:
    return any(padded[r : r + 3, c : c + 3].max() > score for r, c in cells)


def _refined(
    values: NDArray[np.float32], inside: NDArray[np.bool_], cell: tuple[int, int]
) -> tuple[float, float]:
    """Return (row, col) of a peak between the cells: a parabola's top on each axis."""
    r, c = cell
    row = _top(values, inside, [(r - 1, c), (r, c), (r + 1, c)])
    col = _top(values, inside, [(r, c - 1), (r, c), (r, c + 1)])
    return r + 0.5 + row, c + 0.5 + col


def _top(
    values: NDArray[np.float32], inside: NDArray[np.bool_], cells: list[tuple[int, int]]
) -> float:
    """Return the top of the parabola through the log-odds of three cells; 0 at the map's edge.

    The middle one is not below its neighbours, so the top lies within half a cell of it.
    """
    h, w = values.shape
    if not all(0 <= r < h and 0 <= c < w and inside[r, c] for r, c in cells):
        return 0.0
    before, here, after = (log_odds(float(values[cell])) for cell in cells)
    bend = (before + after) - 2 * here
    return 0.5 * (before - after) / bend if bend < 0 else 0.0


def _kept_apart(peaks: list[_Peak], cells: float) -> list[_Peak]:
    """Drop peaks that lie within a distance of a better one."""
    kept: list[_Peak] = []
    for peak in peaks:
        if all((peak.col - k.col) ** 2 + (peak.row - k.row) ** 2 >= cells**2 for k in kept):
            kept.append(peak)
    return kept[:MOST]


def _extent(
    values: NDArray[np.float32], inside: NDArray[np.bool_], peak: _Peak, peaks: list[_Peak]
) -> NDArray[np.bool_]:
    """Return the cells of a region: connected, high enough, and nearer to no other peak."""
    row, col = np.mgrid[0 : values.shape[0], 0 : values.shape[1]] + 0.5
    own = (row - peak.row) ** 2 + (col - peak.col) ** 2
    reach = inside & (values >= EXTENT_SHARE * peak.score)
    for other in peaks:
        if other is not peak:
            reach &= own <= (row - other.row) ** 2 + (col - other.col) ** 2 + 1e-9
    return _joined(reach, peak.cell)


def _joined(cells: NDArray[np.bool_], start: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the cells that hang together with one over their sides, that one among them.

    Regions have few cells each: walking them takes less than labelling all of the map's parts.
    """
    found = np.zeros_like(cells)
    found[start] = True
    waiting = [start]
    while waiting:
        r, c = waiting.pop()
        for near in ((r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)):
            is_on_map = 0 <= near[0] < cells.shape[0] and 0 <= near[1] < cells.shape[1]
            if is_on_map and cells[near] and not found[near]:
                found[near] = True
                waiting.append(near)
    return found


def _label(cells: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Return the parts that hang together over sides or corners, numbered from 1."""
    image = sitk.GetImageFromArray(cells.astype(np.uint8))
    return np.asarray(sitk.GetArrayFromImage(sitk.ConnectedComponent(image, True)), np.uint32)


def size_mm(outline: Sequence[ImagePoint], spacing: PixelSpacing) -> tuple[float, float]:
    """Return how long an outline is and how wide across that, in mm.

    The length is the greatest distance of two of its points, the width its reach at right angles
    to that, as lesions are measured on a film.

    Parameters
    ----------
    outline : sequence of ImagePoint
        Corners of a polygon, stored pixels.
    spacing : PixelSpacing
        Of the stored image.
    """
    points = np.array([(p.col * spacing.col_mm, p.row * spacing.row_mm) for p in outline])
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    first, second = np.unravel_index(int(apart.argmax()), apart.shape)
    length = float(apart[first, second])
    if length == 0.0:
        return 0.0, 0.0
    across = np.array([[0.0, -1.0], [1.0, 0.0]]) @ (points[second] - points[first]) / length
    return length, float(np.ptp(points @ across))


def _box_around(points: Sequence[ImagePoint]) -> ImageBox:
    cols, rows = [point.col for point in points], [point.row for point in points]
    return ImageBox(col0=min(cols), row0=min(rows), col1=max(cols), row1=max(rows))


def _at(to_image: Affine2D, col: float, row: float, bounds: ImageBox) -> ImagePoint:
    point = to_image.apply(ImagePoint(col=col, row=row))
    return ImagePoint(
        col=min(max(point.col, bounds.col0), bounds.col1),
        row=min(max(point.row, bounds.row0), bounds.row1),
    )
