"""The edge of the pectoral muscle, in stored pixels whichever way the image lies."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mammoview.app.landmarks import muscle_in
from mammoview.app.pixels.resolve import load_image
from mammoview.dicom.index import index_paths
from mammoview.domain.geometry import Pose
from mammoview.domain.views import Laterality, Projection
from mammoview.imaging.orientation import apply_pose, pose_affine
from mammoview.imaging.pectoral import PectoralEstimate, estimate_pectoral

_ROWS, _COLS = 300, 220
_PLAIN = Pose(flip_horizontal=False, rotate_degrees=0, source="test")
Picture = tuple[NDArray[np.float32], NDArray[np.bool_]]


def oblique(*, degrees: float = 25.0, muscle: float = 0.8, at_top: float = 90.0) -> Picture:
    """Return grey and mask of a left breast with a muscle whose edge leaves the wall so far."""
    row, col = np.mgrid[0:_ROWS, 0:_COLS] + 0.5
    mask = (col < 110) & (row < 150) | ((col / 180) ** 2 + ((row - 170) / 110) ** 2 < 1)
    in_muscle = col < at_top - row * math.tan(math.radians(degrees))
    tissue = 0.5 + np.random.default_rng(4).normal(0.0, 0.02, mask.shape)
    grey = np.where(mask, np.where(in_muscle, muscle, tissue), 0.02)
    return grey.astype(np.float32), mask


def found(picture: Picture, pose: Pose, laterality: Laterality) -> PectoralEstimate | None:
    shape = (picture[0].shape[0] * 10, picture[0].shape[1] * 10)
    return estimate_pectoral(*picture, shape=shape, pose=pose, laterality=laterality)


@pytest.mark.parametrize("laterality", list(Laterality))
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("degrees", [15.0, 33.0])
def test_it_is_where_the_muscle_ends_in_all_poses(
    laterality: Laterality, flip: bool, turns: int, degrees: float
) -> None:
    shown = oblique(degrees=degrees)
    if laterality is Laterality.RIGHT:
        shown = shown[0][:, ::-1], shown[1][:, ::-1]
    pose = Pose(flip_horizontal=flip, rotate_degrees=90 * turns, source="test")
    back = Pose(flip_horizontal=False, rotate_degrees=-90 * turns % 360, source="test")
    grey, mask = apply_pose(shown[0], back)[0], apply_pose(shown[1], back)[0]
    stored = (grey[:, ::-1], mask[:, ::-1]) if flip else (grey, mask)
    line = found(stored, pose, laterality)
    assert line is not None
    assert not line.doubtful
    to_shown = pose_affine(pose, stored[0].shape[0] * 10, stored[0].shape[1] * 10)
    upper, lower = to_shown.apply(line.upper), to_shown.apply(line.lower)
    wall = _COLS * 10.0 if laterality is Laterality.RIGHT else 0.0
    assert upper.row == pytest.approx(0.0, abs=1e-6)
    assert abs(upper.col - wall) == pytest.approx(900.0, abs=40.0)
    sloped = math.degrees(math.atan2(abs(lower.col - upper.col), lower.row - upper.row))
    assert sloped == pytest.approx(degrees, abs=2.0)


def test_without_a_muscle_there_is_no_sure_line() -> None:
    line = found(oblique(muscle=0.5), _PLAIN, Laterality.LEFT)
    assert line is None or line.doubtful


def test_no_side_or_no_breast_no_muscle() -> None:
    grey, mask = oblique()
    shape = (_ROWS, _COLS)
    for breast, side in ((mask, None), (np.ones_like(mask), Laterality.LEFT)):
        got = estimate_pectoral(grey, breast, shape=shape, pose=_PLAIN, laterality=side)
        assert got is None


def test_the_real_oblique_views_have_their_muscles(
    demo_exam_p00820: list[Path], demo_exam_p00173: list[Path]
) -> None:
    """Angle to the wall and where the edge meets the top, share of the width, as a reader sees."""
    seen = {
        ("P_00820", "R MLO"): (19.0, 0.25), ("P_00820", "L MLO"): (17.5, 0.23),
        ("P_00173", "R MLO"): (26.0, 0.31), ("P_00173", "L MLO"): (20.0, 0.28),
    }  # fmt: skip
    for person, files in (("P_00820", demo_exam_p00820), ("P_00173", demo_exam_p00173)):
        for header in index_paths(files).examinations[0].mammograms:
            view, image = load_image(header)
            line = muscle_in(view, image)
            if view.view.value is not Projection.MLO:
                assert line is None
                continue
            assert line is not None
            assert not line.doubtful, view.label
            rows, cols = image.stored.shape
            to_shown = pose_affine(image.pose, rows, cols)
            upper, lower = to_shown.apply(line.upper), to_shown.apply(line.lower)
            wall = cols if view.laterality.value is Laterality.RIGHT else 0
            across = abs(lower.col - upper.col)
            sloped = math.degrees(math.atan2(across, lower.row - upper.row))
            degrees, share = seen[person, view.label]
            assert sloped == pytest.approx(degrees, abs=3.0), view.label
            assert abs(upper.col - wall) / cols == pytest.approx(share, abs=0.04), view.label
