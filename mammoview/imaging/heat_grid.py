"""A heatmap on another grid: each pixel of it takes the score at its centre."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D
from mammoview.domain.prediction import Heatmap


def scores_on_grid(
    heatmap: Heatmap, to_stored: Affine2D, shape: tuple[int, int]
) -> NDArray[np.float32]:
    """Return the score at the centre of each pixel of a grid, 0 where the map does not reach.

    A centre is mapped to stored pixels and from there, through the inverse of ``to_image``, to
    continuous cells of the map, whose values stand at ``(j + 0.5, i + 0.5)``: nothing moves by half
    a cell.  Between them it is linear; beyond the outermost ones the edge cell goes on.

    Parameters
    ----------
    heatmap : Heatmap
        The map, in any of the eight poses to the grid.
    to_stored : Affine2D
        Continuous points of the grid to stored pixels.
    shape : (int, int)
        Rows and columns of the grid.

    Returns
    -------
    ndarray of float32, ``shape``

    Raises
    ------
    ValueError
        If the map lies askew on the grid.
    """
    to_cells = to_stored.then(heatmap.to_image.inverse())
    rows, cols = shape
    high, wide = heatmap.values.shape
    if to_cells.xy == 0.0 and to_cells.yx == 0.0:
        along_rows = _weights(rows, to_cells.yy, to_cells.y0, high)
        along_cols = _weights(cols, to_cells.xx, to_cells.x0, wide)
        return np.asarray(along_rows @ heatmap.values @ along_cols.T, np.float32)
    if to_cells.xx == 0.0 and to_cells.yy == 0.0:
        along_rows = _weights(rows, to_cells.xy, to_cells.x0, wide)
        along_cols = _weights(cols, to_cells.yx, to_cells.y0, high)
        return np.asarray(along_rows @ heatmap.values.T @ along_cols.T, np.float32)
    raise ValueError("a heatmap that lies askew on its image")


def _weights(count: int, step: float, start: float, cells: int) -> NDArray[np.float32]:
    """Return what each cell weighs at each of ``count`` centres, ``(count, cells)``."""
    at = step * (np.arange(count) + 0.5) + start
    between = np.clip(at - 0.5, 0.0, cells - 1.0)
    near = 1.0 - np.abs(between[:, None] - np.arange(cells)[None, :])
    weights = np.maximum(near, 0.0)
    weights[(at < 0) | (at > cells)] = 0.0
    return np.asarray(weights, np.float32)
