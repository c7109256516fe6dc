"""The nipple's estimate, in stored pixels whichever way the image lies."""

from __future__ import annotations

import numpy as np
import pytest

from mammoview.domain.geometry import ImagePoint, PixelSpacing, Pose
from mammoview.domain.views import Laterality
from mammoview.imaging.nipple import estimate_nipple
from mammoview.imaging.orientation import apply_pose, pose_affine

_SHOWN = (120, 90)  # of the mask as displayed; one cell is 10 x 10 displayed pixels


def _shown_breast(laterality: Laterality) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Return half an ellipse whose tip is at row 50, 70 cells from the wall."""
    row, col = np.mgrid[0:120, 0:90] + 0.5
    depth = 90 - col if laterality is Laterality.RIGHT else col
    return np.asarray((depth / 70) ** 2 + ((row - 50) / 45) ** 2 < 1)


@pytest.mark.parametrize("laterality", list(Laterality))
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_it_is_the_farthest_place_from_the_wall(
    laterality: Laterality, flip: bool, degrees: int
) -> None:
    pose = Pose(flip_horizontal=flip, rotate_degrees=degrees, source="test")
    shape = (900, 1200) if degrees in (90, 270) else (1200, 900)
    back = Pose(flip_horizontal=False, rotate_degrees=-degrees % 360, source="test")
    stored, _ = apply_pose(_shown_breast(laterality), back)
    stored = stored[:, ::-1] if flip else stored
    shown, _ = apply_pose(stored, pose)
    assert (shown == _shown_breast(laterality)).all()
    spacing = PixelSpacing(row_mm=0.1, col_mm=0.1, source="test")
    for mm in (spacing, None):
        found = estimate_nipple(stored, shape=shape, pose=pose, laterality=laterality, spacing=mm)
        assert found is not None
        at = pose_affine(pose, *shape).apply(found)
        wanted = 900 - 700 if laterality is Laterality.RIGHT else 700
        assert at.col == pytest.approx(wanted, abs=15)
        assert at.row == pytest.approx(500, abs=10)


@pytest.mark.parametrize("mask", [np.ones((12, 9), np.bool_), np.zeros((12, 9), np.bool_)])
def test_no_breast_no_nipple(mask: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> None:
    assert _of(mask, Laterality.RIGHT) is None


def test_no_side_no_nipple() -> None:
    assert _of(_shown_breast(Laterality.LEFT), None) is None


def _of(
    mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], laterality: Laterality | None
) -> ImagePoint | None:
    pose = Pose(flip_horizontal=False, rotate_degrees=0, source="test")
    return estimate_nipple(mask, shape=(1200, 900), pose=pose, laterality=laterality, spacing=None)
