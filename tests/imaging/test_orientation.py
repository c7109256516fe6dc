"""The eight poses: pixels, affine maps and the rule that picks one."""

from __future__ import annotations

import numpy as np
import pytest

from mammoview.domain.geometry import ImagePoint, Pose
from mammoview.domain.views import Laterality, Projection
from mammoview.imaging.breast import Edge
from mammoview.imaging.orientation import (
    apply_pose,
    pose_affine,
    pose_from_edge,
    pose_from_patient_orientation,
    posed_shape,
)
from tests.builders.dicom import POSES, VIEWS, laid_directions, lay

R, L = Laterality.RIGHT, Laterality.LEFT


def pose(flip: bool, degrees: int) -> Pose:
    return Pose(flip_horizontal=flip, rotate_degrees=degrees, source="test")


@pytest.mark.parametrize(("flip", "degrees"), POSES)
def test_flip_comes_first_and_the_turn_is_clockwise(flip: bool, degrees: int) -> None:
    stored = np.array([[1, 2, 3], [4, 5, 6]])
    by_hand = {
        (False, 0): [[1, 2, 3], [4, 5, 6]],
        (False, 90): [[4, 1], [5, 2], [6, 3]],
        (False, 180): [[6, 5, 4], [3, 2, 1]],
        (False, 270): [[3, 6], [2, 5], [1, 4]],
        (True, 0): [[3, 2, 1], [6, 5, 4]],
        (True, 90): [[6, 3], [5, 2], [4, 1]],
        (True, 180): [[4, 5, 6], [1, 2, 3]],
        (True, 270): [[1, 4], [2, 5], [3, 6]],
    }[flip, degrees]
    shown, _ = apply_pose(stored, pose(flip, degrees))
    assert shown.tolist() == by_hand
    assert shown.shape == posed_shape(pose(flip, degrees), 2, 3)
    assert np.shares_memory(shown, stored)


@pytest.mark.parametrize(("flip", "degrees"), POSES)
def test_affine_maps_agree_with_the_pixels(flip: bool, degrees: int) -> None:
    stored = np.arange(5 * 8).reshape(5, 8)
    shown, to_stored = apply_pose(stored, pose(flip, degrees))
    to_shown = pose_affine(pose(flip, degrees), 5, 8)
    for (row, col), value in np.ndenumerate(shown):
        at = to_stored.apply(ImagePoint(col=col + 0.5, row=row + 0.5))
        assert stored[int(at.row), int(at.col)] == value
        assert (at.row % 1, at.col % 1) == (0.5, 0.5)
        back = to_shown.apply(at)
        assert (back.row, back.col) == (row + 0.5, col + 0.5)


@pytest.mark.parametrize(("side", "view"), VIEWS)
@pytest.mark.parametrize(("flip", "degrees"), POSES)
def test_patient_orientation_gives_the_pose_that_undoes_the_storage(
    side: str, view: str, flip: bool, degrees: int
) -> None:
    directions = laid_directions(side, view, (flip, degrees))
    found = pose_from_patient_orientation(*directions, Laterality(side), Projection(view))
    assert found is not None
    assert found.source == "PatientOrientation"
    upright = np.arange(12).reshape(3, 4)
    stored = lay(upright.astype(float), (flip, degrees))
    assert np.array_equal(apply_pose(stored, found)[0], upright)


@pytest.mark.parametrize(
    ("rows_dir", "cols_dir", "side", "view", "expected"),
    [
        ("P", "L", R, "CC", (False, 0)),
        ("A", "R", L, "CC", (False, 0)),
        ("P", "FL", R, "MLO", (False, 0)),
        ("A", "FR", L, "MLO", (False, 0)),
        ("P", "L", R, "MLO", (False, 0)),  # a real Hologic RMLO
        ("A", "R", L, "MLO", (False, 0)),
        ("P", "F", R, "MLO", (False, 0)),
        ("P", "LF", R, "MLO", (False, 0)),
        ("A", "L", R, "MLO", (True, 0)),
        ("A", "R", R, "MLO", (False, 180)),
        ("P", "R", R, "MLO", (True, 180)),
        ("A", "HR", R, "MLO", (False, 180)),
        ("P", "F", R, "ML", (False, 0)),
        ("A", "F", L, "LM", (False, 0)),
        ("A", "R", L, "XCCL", (False, 0)),
        ("F", "A", R, "ML", (False, 90)),
    ],
)
def test_headers_met_in_real_files(
    rows_dir: str, cols_dir: str, side: Laterality, view: str, expected: tuple[bool, int]
) -> None:
    found = pose_from_patient_orientation(rows_dir, cols_dir, side, Projection(view))
    assert found is not None
    assert (found.flip_horizontal, found.rotate_degrees) == expected


@pytest.mark.parametrize(
    ("rows_dir", "cols_dir", "side", "view"),
    [
        ("P", "", R, "CC"),  # no vertical axis
        ("P", "F", R, "CC"),  # head and foot are not in the plane of a CC view
        ("P", "L", R, "ML"),  # the vertical axis of ML is head to foot
        ("P", "A", R, "CC"),
        ("L", "F", R, "MLO"),  # no chest wall
        ("P", "L", None, "CC"),
        ("P", "L", R, None),
    ],
)
def test_what_does_not_tell_both_axes_gives_no_pose(
    rows_dir: str, cols_dir: str, side: Laterality | None, view: str | None
) -> None:
    projection = None if view is None else Projection(view)
    assert pose_from_patient_orientation(rows_dir, cols_dir, side, projection) is None


@pytest.mark.parametrize("side", [R, L])
@pytest.mark.parametrize("edge", list(Edge))
def test_the_chest_wall_is_brought_to_its_side(edge: Edge, side: Laterality) -> None:
    row, col = np.mgrid[0:6, 0:4]
    at_edge = {
        Edge.LEFT: col == 0,
        Edge.RIGHT: col == 3,
        Edge.TOP: row == 0,
        Edge.BOTTOM: row == 5,
    }
    stored = at_edge[edge].astype(float)
    found = pose_from_edge(edge, side)
    assert found is not None
    assert found.source == "chest wall found in the image"
    shown, _ = apply_pose(stored, found)
    assert shown[:, -1 if side is R else 0].all()
    assert shown.sum() == stored.sum()


@pytest.mark.parametrize("side", [R, L])
@pytest.mark.parametrize("edge", [Edge.LEFT, Edge.RIGHT])
def test_up_stays_up_when_only_the_edge_is_known(edge: Edge, side: Laterality) -> None:
    found = pose_from_edge(edge, side)
    assert found is not None
    shown, _ = apply_pose(np.arange(6).reshape(3, 2), found)
    assert set(shown[0].tolist()) == {0, 1}


def test_no_edge_or_no_side_gives_no_pose() -> None:
    assert pose_from_edge(None, R) is None
    assert pose_from_edge(Edge.LEFT, None) is None
