"""Every storage pose of every view is hung right, judged on the displayed pixels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mammoview.app.pixels.resolve import AGAINST_PIXELS, load_image
from mammoview.dicom.decode import decode_pixels
from mammoview.dicom.index import index_paths
from mammoview.domain.geometry import Pose
from mammoview.domain.study import Mammogram
from mammoview.imaging.breast import chest_wall_edge, find_breast
from mammoview.imaging.grayscale import default_voi, display_table, to_display, unit_values
from mammoview.imaging.orientation import apply_pose, pose_from_edge
from tests.builders.dicom import POSES, VIEWS, build_cbis, build_mg


def only(path: Path) -> Mammogram:
    index = index_paths([path])
    assert index.refused == ()
    (exam,) = index.examinations
    (mammogram,) = exam.mammograms
    return mammogram


def shown(mammogram: Mammogram) -> NDArray[np.uint8]:
    fmt = mammogram.pixel_format
    stored = decode_pixels(mammogram)
    grey = to_display(stored, display_table(fmt, default_voi(fmt), invert=False), fmt)
    assert mammogram.pose is not None
    return apply_pose(grey, mammogram.pose)[0]


def assert_upright(picture: NDArray[np.uint8], side: str, view: str) -> None:
    """Check what a reader sees: chest wall, markers and muscle, each at its place."""
    chest, outer = (-1, 0) if side == "R" else (0, -1)
    middle = picture.shape[0] // 2
    assert picture[middle, chest] > 80, "no tissue at the chest wall"
    assert picture[middle, outer] < 20, "no air at the side of the nipple"
    assert picture[0, outer] > 250, "the full marker belongs to the top"
    assert 140 < picture[-1, outer] < 165, "the half marker belongs to the bottom"
    upper = picture[picture.shape[0] // 6, chest]
    lower = picture[-picture.shape[0] // 6, chest]
    assert bool(upper > 165 and lower < 150) is (view == "MLO"), "the muscle belongs to the top"


@pytest.mark.parametrize(("side", "view"), VIEWS)
@pytest.mark.parametrize("pose", POSES)
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_every_storage_pose_is_hung_upright(
    tmp_path: Path, side: str, view: str, pose: tuple[bool, int], photometric: str
) -> None:
    path = build_mg(tmp_path / "a", laterality=side, view=view, pose=pose, photometric=photometric)
    mammogram = only(path)
    assert mammogram.pose is not None
    assert (mammogram.pose.flip_horizontal, mammogram.pose.rotate_degrees) == pose
    assert_upright(shown(mammogram), side, view)


@pytest.mark.parametrize(
    ("side", "orientation"), [("R", ["P", "L"]), ("L", ["A", "R"])], ids=["RMLO", "LMLO"]
)
def test_an_mlo_whose_columns_name_no_foot_is_not_turned_upside_down(
    tmp_path: Path, side: str, orientation: list[str]
) -> None:
    path = build_mg(
        tmp_path / "a", laterality=side, view="MLO", elements={"PatientOrientation": orientation}
    )
    assert_upright(shown(only(path)), side, "MLO")


def test_what_the_detector_already_turned_is_not_turned_again(tmp_path: Path) -> None:
    path = build_mg(
        tmp_path / "a",
        elements={"FieldOfViewRotation": 180, "FieldOfViewHorizontalFlip": "YES"},
    )
    mammogram = only(path)
    assert mammogram.pose is not None
    assert (mammogram.pose.flip_horizontal, mammogram.pose.rotate_degrees) == (False, 0)


@pytest.mark.parametrize(("side", "view"), VIEWS)
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_without_tags_the_pixels_bring_the_chest_wall_to_its_side(
    tmp_path: Path, side: str, view: str, flip: bool, photometric: str
) -> None:
    path = build_mg(
        tmp_path / "a",
        laterality=side,
        view=view,
        pose=(flip, 0),
        photometric=photometric,
        elements={"PatientOrientation": None},
    )
    mammogram = only(path)
    assert mammogram.pose_needs_pixels
    stored = decode_pixels(mammogram)
    breast = find_breast(unit_values(stored, mammogram.pixel_format))
    pose = pose_from_edge(chest_wall_edge(breast), mammogram.laterality.value)
    assert pose is not None
    assert (pose.flip_horizontal, pose.rotate_degrees) == (flip, 0)


def test_the_view_that_cbis_ddsm_writes_is_no_orientation(tmp_path: Path) -> None:
    mammogram = only(build_cbis(tmp_path / "a", view="MLO"))
    assert mammogram.pose is None
    assert mammogram.view.value == "MLO"
    assert mammogram.view.source == "PatientOrientation"


@pytest.mark.parametrize(("side", "view"), VIEWS)
@pytest.mark.parametrize("pose", POSES)
def test_a_header_that_the_pixels_contradict_is_said_and_no_other(
    tmp_path: Path, side: str, view: str, pose: tuple[bool, int]
) -> None:
    stored = only(build_mg(tmp_path / "a", laterality=side, view=view, pose=pose))
    settled, image = load_image(stored)
    assert (settled.pose, settled.warnings) == (stored.pose, stored.warnings)
    said = stored.pose
    assert said is not None
    for degrees in (90, 180, 270):  # what other headers would have said
        other = Pose(
            flip_horizontal=said.flip_horizontal,
            rotate_degrees=(said.rotate_degrees + degrees) % 360,
            source=said.source,
        )
        wrong, image = load_image(replace(stored, pose=other))
        assert wrong.warnings == (AGAINST_PIXELS,)
        assert image.pose.source == AGAINST_PIXELS
        assert image.pose.rotate_degrees == other.rotate_degrees
