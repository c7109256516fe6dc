from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D, ImagePoint, Pose
from mammoview.domain.prediction import Heatmap
from mammoview.imaging.heat_grid import scores_on_grid
from mammoview.imaging.orientation import pose_affine

ROWS, COLS, CELL = 60, 40, 4.0


def _plane(pose: Pose) -> Heatmap:
    """Return a map that lies in a pose on its image and holds ``(col + 2 row) / 1000`` of it."""
    shown_cols, shown_rows = (ROWS, COLS) if pose.rotate_degrees in (90, 270) else (COLS, ROWS)
    shape = (int(shown_rows / CELL), int(shown_cols / CELL))
    to_shown = Affine2D.scale_translate(col_scale=CELL, row_scale=CELL, col0=0.0, row0=0.0)
    to_image = to_shown.then(pose_affine(pose, ROWS, COLS).inverse())
    values = np.empty(shape, np.float32)
    for i, j in np.ndindex(shape):
        at = to_image.apply(ImagePoint(col=j + 0.5, row=i + 0.5))
        values[i, j] = (at.col + 2 * at.row) / 1000
    return Heatmap(kind="mass", values=values, to_image=to_image)


def _wanted() -> NDArray[np.float64]:
    row, col = np.mgrid[0:ROWS, 0:COLS] + 0.5
    return np.asarray((col + 2 * row) / 1000)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_slope_comes_out_as_itself_in_every_pose(flip: bool, degrees: int) -> None:
    heatmap = _plane(Pose(flip_horizontal=flip, rotate_degrees=degrees, source="test"))
    found = scores_on_grid(heatmap, Affine2D.identity(), (ROWS, COLS))
    inside = (slice(2, -2), slice(2, -2))  # beyond the outermost centres the edge goes on
    assert np.abs(found - _wanted())[inside].max() < 1e-6


def test_nothing_stands_where_the_map_does_not_reach() -> None:
    to_image = Affine2D.scale_translate(col_scale=CELL, row_scale=CELL, col0=8.0, row0=20.0)
    ones = Heatmap(kind="mass", values=np.ones((5, 4), np.float32), to_image=to_image)
    found = scores_on_grid(ones, Affine2D.identity(), (ROWS, COLS))
    wanted = np.zeros((ROWS, COLS))
    wanted[20:40, 8:24] = 1.0
    assert np.array_equal(found, wanted)


def test_a_map_askew_is_refused() -> None:
    askew = Affine2D(xx=1.0, xy=0.2, x0=0.0, yx=0.0, yy=1.0, y0=0.0)
    heatmap = Heatmap(kind="mass", values=np.ones((2, 2), np.float32), to_image=askew)
    with pytest.raises(ValueError, match="askew"):
        scores_on_grid(heatmap, Affine2D.identity(), (4, 4))
