"""Outline of a part of a map, by marching squares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_Point = tuple[float, float]
# A square of four cell centres has the corners 0 1 / 3 2 and the edges top, right, bottom, left
# (0 to 3).  For each pattern of corners inside (bit i: corner i): the edges that a line joins.
# Where two opposite corners are inside, they stay apart.
_LINES: tuple[tuple[tuple[int, int], ...], ...] = (
    (),
    ((3, 0),),
    ((0, 1),),
    ((3, 1),),
    ((1, 2),),
    ((3, 0), (1, 2)),
    ((0, 2),),
    ((3, 2),),
    ((2, 3),),
    ((2, 0),),
    ((0, 1), (2, 3)),
    ((2, 1),),
    ((1, 3),),
    ((1, 0),),
    ((0, 3),),
    (),
)
_CORNERS = ((0, 0), (0, 1), (1, 1), (1, 0))


def trace_outline(
    values: NDArray[np.float32], inside: NDArray[np.bool_], level: float
) -> tuple[_Point, ...]:
    """Return the outer outline of a connected set of cells where a map crosses a level.

    Parameters
    ----------
    values : ndarray of float32, (h, w)
        The map.
    inside : ndarray of bool, (h, w)
        A set of cells, connected over their sides, with values of ``level`` or more.
    level : float
        Above 0.  Cells outside the set, and beyond the map, are taken as 0 where they are
        above the level.

    Returns
    -------
    tuple of (col, row)
        A closed polygon, last point not repeated, continuous cell coordinates (the centre of cell
        ``(i, j)`` is ``(j + 0.5, i + 0.5)``).
    """
    rows, cols = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    r0, c0 = int(rows[0]) - 1, int(cols[0]) - 1
    part = (slice(r0 + 1, int(rows[-1]) + 1), slice(c0 + 1, int(cols[-1]) + 1))
    mask = np.pad(inside[part], 1)
    padded = np.pad(values.astype(np.float64), 1)
    field = padded[r0 + 1 : r0 + 1 + mask.shape[0], c0 + 1 : c0 + 1 + mask.shape[1]].copy()
    field[~mask & (field >= level)] = 0.0
    loops = _loops(_segments(field, mask, level))
    outer = max(loops, key=lambda loop: abs(_area(loop)))
    return tuple((c0 + 0.5 + col, r0 + 0.5 + row) for col, row in outer)


def _segments(
    field: NDArray[np.float64], mask: NDArray[np.bool_], level: float
) -> dict[_Point, list[_Point]]:
    """Return, for each crossing of a cell-to-cell line, the crossings it is joined to."""
    joined: dict[_Point, list[_Point]] = {}
    for r in range(mask.shape[0] - 1):
        for c in range(mask.shape[1] - 1):
            pattern = sum(bool(mask[r + i, c + j]) << k for k, (i, j) in enumerate(_CORNERS))
            for first, second in _LINES[pattern]:
                a = _crossing(field, r, c, first, level)
                b = _crossing(field, r, c, second, level)
                joined.setdefault(a, []).append(b)
                joined.setdefault(b, []).append(a)
    return joined


def _crossing(field: NDArray[np.float64], r: int, c: int, edge: int, level: float) -> _Point:
    """Return where the level lies on an edge of a square, strictly between its two ends."""
    (i0, j0), (i1, j1) = sorted((_CORNERS[edge], _CORNERS[(edge + 1) % 4]))
    a, b = field[r + i0, c + j0], field[r + i1, c + j1]
    share = float(np.clip((level - a) / (b - a), 1e-3, 1 - 1e-3))
    return (c + j0 + share * (j1 - j0), r + i0 + share * (i1 - i0))


def _loops(joined: dict[_Point, list[_Point]]) -> list[list[_Point]]:
    """Walk the closed lines; each crossing joins exactly two lines."""
    left = dict.fromkeys(joined)
    loops: list[list[_Point]] = []
    while left:
        start = next(iter(left))
        loop: list[_Point] = []
        here: _Point | None = start
        while here is not None:
            loop.append(here)
            del left[here]
            here = next((point for point in joined[here] if point in left), None)
        loops.append(loop)
    return loops


def _area(loop: list[_Point]) -> float:
    points = np.array(loop)
    ahead = np.roll(points, -1, axis=0)
    return float((points[:, 0] * ahead[:, 1] - points[:, 1] * ahead[:, 0]).sum()) / 2
