"""Tiles of a window's size that cover the breasts and nothing else, for reading at full resolution.

All breasts of a step are walked at once, at mirrored places: a tile is so far from every chest
wall, and so far below every nipple.  Lengths are pixels of the screen, at the one scale at which
every image pixel has a screen pixel of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SLACK_PX = 2.0  # a tile may be moved by so much to lie on whole pixels
_EPS = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outline:
    """One breast as it is displayed, laid with its chest wall on the left.

    ``cells`` is a bool array (rows, cols), column 0 at the chest wall; a cell is ``cell_width`` by
    ``cell_height`` pixels; the nipple is ``level`` pixels below the first row.
    """

    cells: NDArray[np.bool_]
    cell_width: float
    cell_height: float
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BreastTile:
    """Where a window lies, pixels of the screen.

    ``depth`` is the way from the chest wall to its near border; ``top`` that from the nipple's
    level down to its upper border, negative above.
    """

    depth: float
    top: float


@dataclass(frozen=True, slots=True)
class _Cells:
    """All breast cells of all outlines: near and far border, upper and lower border."""

    near: NDArray[np.float64]
    far: NDArray[np.float64]
    top: NDArray[np.float64]
    bottom: NDArray[np.float64]


def plan_breast_tiles(
    outlines: Iterable[Outline], *, width: float, height: float, overlap: float
) -> tuple[BreastTile, ...]:
    """Cover all breasts with windows of one size.

    Parameters
    ----------
    outlines : iterable of Outline
        The breasts.
    width, height : float
        Size of a window, pixels.
    overlap : float
        Least overlap of neighbours, and the air shown beyond the skin.  A cell must fit into it, so
        that each lies whole in some tile.

    Returns
    -------
    tuple of BreastTile
        Band by band from the top (the axilla of an MLO view, the lateral side of a CC view), to and
        fro, the first band away from the chest wall; every breast cell lies whole in some tile, and
        every tile has one.

    Raises
    ------
    ValueError
        If a window is no larger than two overlaps, or a cell larger than the overlap.
    """
    outlines = [outline for outline in outlines if outline.cells.any()]
    if not outlines:
        return ()
    largest = max(max(outline.cell_width, outline.cell_height) for outline in outlines)
    if min(width, height) <= 2 * overlap or largest + _SLACK_PX > overlap:
        raise ValueError(f"no tiles of {width} x {height} with overlap {overlap}")
    cells = _cells(outlines)
    first, last = float(cells.top.min()), float(cells.bottom.max())
    tiles: list[BreastTile] = []
    bands = _starts(first - overlap, last + overlap, height, overlap)
    for number, top in enumerate(bands):
        band = _band(cells, top, width=width, height=height, overlap=overlap)
        tiles += band if number % 2 == 0 else band[::-1]
    return tuple(tiles)


def _cells(outlines: Iterable[Outline]) -> _Cells:
    near, far, top, bottom = [], [], [], []
    for outline in outlines:
        row, col = np.nonzero(outline.cells)
        near.append(col * outline.cell_width)
        far.append((col + 1) * outline.cell_width)
        top.append(row * outline.cell_height - outline.level)
        bottom.append((row + 1) * outline.cell_height - outline.level)
    parts = [np.concatenate(part).astype(np.float64) for part in (near, far, top, bottom)]
    return _Cells(*parts)


def _band(
    cells: _Cells, top: float, *, width: float, height: float, overlap: float
) -> list[BreastTile]:
    """Return the tiles of one band, from the chest wall outwards."""
    whole = (cells.top >= top - _EPS) & (cells.bottom <= top + height + _EPS)
    if not whole.any():
        return []
    near, far = cells.near[whole], cells.far[whole]
    last = float(far.max()) + overlap
    first = 0.0 if last <= width else float(near.min())
    starts = [0.0] if last <= width else _starts(first, last, width, overlap)
    return [
        BreastTile(depth=max(0.0, start), top=top)
        for start in starts
        if ((near >= start - _EPS) & (far <= start + width + _EPS)).any()
    ]


def _starts(first: float, last: float, size: float, overlap: float) -> list[float]:
    """Return where windows begin that cover a length: evenly spread, one alone in its middle."""
    length = last - first
    if length <= size:
        return [first - (size - length) / 2]
    count = math.ceil((length - overlap) / (size - overlap))
    return [float(start) for start in np.linspace(first, last - size, count)]
