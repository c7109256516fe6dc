from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D, ImagePoint, PixelSpacing, Pose
from mammoview.errors import ModelError
from mammoview.imaging.orientation import apply_pose
from mammoview.modelkit.manifest import Preprocessing
from mammoview.modelkit.preprocess import (
    BLOCK_PX,
    BY_BLOCK,
    BY_BOX,
    PIPELINE,
    network_input,
    to_grid,
)
from tests.builders.models import breast_values
from trainer.coco import read_coco
from trainer.pictures import read_picture
from trainer.recipe import read_recipe

SPEC = Preprocessing(pipeline=PIPELINE, mm_per_px=0.2, crop_margin_mm=5.0, assumed_height_mm=213.0)
SPACING = PixelSpacing(row_mm=0.1, col_mm=0.05, source="test")
POSES = [(flip, degrees) for flip in (False, True) for degrees in (0, 90, 180, 270)]
GOLDEN_SHAPES = {BY_BOX: (250, 95), BY_BLOCK: (250, 96)}
GOLDEN_MEANS = [
    [12.38, 0.0],
    [102.79, 35.08],
    [101.98, 95.18],
    [100.27, 101.11],
    [104.87, 103.45],
    [99.08, 86.59],
]


def breast(rows: int, cols: int) -> NDArray[np.float32]:
    return np.asarray(breast_values(rows, cols) / 65535, np.float32)


def dot(rows: int, cols: int, at: ImagePoint) -> NDArray[np.float32]:
    """A breast with one small bright disc."""
    r, c = np.mgrid[0:rows, 0:cols] + 0.5
    values = np.where(np.hypot((r - rows / 2) / (0.4 * rows), c / (0.7 * cols)) < 1, 0.4, 0.0)
    values[np.hypot(r - at.row, (c - at.col) / 2) < 12] = 1.0
    return np.asarray(values, np.float32)


def test_a_point_lands_where_the_affine_says() -> None:
    at = ImagePoint(col=333.0, row=412.0)
    grid = to_grid(dot(900, 1000, at), spacing=SPACING, spec=SPEC)
    bright = np.argwhere(grid.pixels > 200) + 0.5
    found = grid.to_image.apply(
        ImagePoint(col=float(bright[:, 1].mean()), row=float(bright[:, 0].mean()))
    )
    assert found.col == pytest.approx(at.col, abs=1)
    assert found.row == pytest.approx(at.row, abs=1)


def test_the_grid_has_the_spacing_of_the_manifest_whatever_the_image() -> None:
    """The same breast at two spacings gives the same grid."""
    fine = to_grid(breast(800, 600), spacing=SPACING, spec=SPEC)
    twice = np.repeat(np.repeat(breast(800, 600), 2, 0), 2, 1)
    half = replace(SPACING, row_mm=0.05, col_mm=0.025)
    finer = to_grid(twice, spacing=half, spec=SPEC)
    assert abs(fine.pixels.shape[0] - finer.pixels.shape[0]) <= 4
    assert abs(fine.to_image.yy) == pytest.approx(0.2 / 0.1, rel=0.01)
    assert abs(fine.to_image.xx) == pytest.approx(0.2 / 0.05, rel=0.01)


def test_without_spacing_the_height_is_assumed_and_said() -> None:
    grid = to_grid(breast(800, 600), spacing=None, spec=SPEC)
    assert abs(grid.to_image.yy) == pytest.approx(0.2 / (213.0 / 800), rel=0.01)
    assert abs(grid.to_image.xx) == pytest.approx(abs(grid.to_image.yy), rel=0.02)
    assert any("scale assumed" in note for note in grid.notes)
    assert not to_grid(breast(800, 600), spacing=SPACING, spec=SPEC).notes


def test_without_spacing_a_picture_that_is_stored_lying_has_the_same_scale() -> None:
    upright = to_grid(breast(800, 600), spacing=None, spec=SPEC)
    lying = to_grid(np.ascontiguousarray(breast(800, 600).T), spacing=None, spec=SPEC)
    assert np.abs(lying.pixels.astype(int) - upright.pixels).max() <= 1


def test_no_breast_means_the_whole_image_and_is_said() -> None:
    grid = to_grid(np.zeros((400, 300), np.float32), spacing=SPACING, spec=SPEC)
    assert any("breast not found" in note for note in grid.notes)


def test_an_unknown_pipeline_is_refused() -> None:
    with pytest.raises(ModelError, match="breast-grid-9"):
        to_grid(breast(100, 80), spacing=None, spec=replace(SPEC, pipeline="breast-grid-9"))


@pytest.mark.parametrize("pipeline", [BY_BOX, BY_BLOCK])
def test_the_pipeline_still_gives_what_it_gave_when_it_was_named(pipeline: str) -> None:
    """Lock 3: another output needs another name.  Figures kept from the day of naming."""
    r, c = np.mgrid[0:500, 0:400] + 0.5
    inside = np.hypot((r - 250) / 200, c / 280) < 1
    values = np.where(inside, 0.4 + 0.2 * np.sin(r / 17) * np.cos(c / 23), 0.0)
    spec = replace(SPEC, pipeline=pipeline)
    if pipeline == BY_BLOCK:  # stored upside down, it has to be laid as it is kept here
        values = values[::-1, ::-1]
    grid = to_grid(values.astype(np.float32), spacing=SPACING, spec=spec)
    assert grid.pixels.shape == GOLDEN_SHAPES[pipeline]
    means = grid.pixels[:192, :64].reshape(6, 32, 2, 32).mean(axis=(1, 3))
    np.testing.assert_allclose(means, GOLDEN_MEANS, atol=1.0)


def test_the_network_gets_float_in_unit_range() -> None:
    image = network_input(np.array([[0, 255]], np.uint8))
    assert image.shape == (1, 1, 1, 2)
    assert image.dtype == np.float32
    assert image[0, 0, 0].tolist() == [0.0, 1.0]


def posed(
    values: NDArray[np.float32], flip: bool, degrees: int
) -> tuple[NDArray[np.float32], Affine2D]:
    """Return the picture as it is stored in another pose, and the map back."""
    return apply_pose(values, Pose(flip_horizontal=flip, rotate_degrees=degrees, source="test"))


@pytest.mark.parametrize(("flip", "degrees"), POSES)
@pytest.mark.parametrize("shape", [(800, 600), (801, 603), (555, 620)])
def test_a_picture_gives_the_same_grid_in_every_pose(
    flip: bool, degrees: int, shape: tuple[int, int]
) -> None:
    r, c = np.mgrid[0 : shape[0], 0 : shape[1]] + 0.5
    values = breast(*shape) * np.float32(0.5) * (1 + 0.3 * np.sin(r / 31 + c / 57)).astype("f4")
    grid = to_grid(values, spacing=SPACING, spec=SPEC)
    turned, back = posed(values, flip, degrees)
    spacing = SPACING
    if degrees in (90, 270):
        spacing = replace(SPACING, row_mm=SPACING.col_mm, col_mm=SPACING.row_mm)
    other = to_grid(turned, spacing=spacing, spec=SPEC)
    assert np.abs(other.pixels.astype(int) - grid.pixels).max() <= 1  # rounding of another order
    place = other.to_image.then(back).matrix()
    np.testing.assert_allclose(place, grid.to_image.matrix(), atol=1e-6)


def test_the_grid_keeps_its_place_when_the_breast_moves() -> None:
    values = np.pad(breast(600, 600), ((100, 100), (0, 0)))
    grid = to_grid(values, spacing=SPACING, spec=SPEC)
    for moved in (1, 6, -7):
        other = to_grid(np.roll(values, moved, axis=0), spacing=SPACING, spec=SPEC)
        step = (other.to_image.matrix() - grid.to_image.matrix())[:, 2]
        np.testing.assert_allclose(step % (BLOCK_PX * 0.2 / np.array([0.05, 0.1])), 0, atol=1e-6)
        np.testing.assert_allclose(other.to_image.matrix()[:, :2], grid.to_image.matrix()[:, :2])


def test_blocks_begin_at_the_corner_and_end_with_the_picture() -> None:
    grid = to_grid(breast(800, 600), spacing=SPACING, spec=SPEC)
    to_grid_px = grid.to_image.inverse()
    corners = [
        to_grid_px.apply(ImagePoint(col=col, row=row))
        for col in (0.0, 600.0)
        for row in (0.0, 800.0)
    ]
    for axis, size in (("row", grid.pixels.shape[0]), ("col", grid.pixels.shape[1])):
        start = min(getattr(point, axis) for point in corners)
        end = max(getattr(point, axis) for point in corners)
        assert start % BLOCK_PX == pytest.approx(0, abs=1e-6)
        assert size % BLOCK_PX == 0 or size == pytest.approx(end, abs=0.5)


def test_real_pictures_give_the_same_grid_in_every_pose(
    mammoview_data: Path, repository: Path
) -> None:
    data = read_recipe(repository / "resources" / "recipes" / "review.toml").data
    for image in read_coco(mammoview_data / "cbis-ddsm" / "mass-800" / "train")[::150]:
        picture = read_picture(image.file, data)
        grid = to_grid(picture.values, spacing=picture.spacing, spec=SPEC)
        for flip, degrees in POSES[2::2]:
            turned, _ = posed(picture.values, flip, degrees)
            other = to_grid(turned, spacing=picture.spacing, spec=SPEC)
            assert np.abs(other.pixels.astype(int) - grid.pixels).max() <= 1, image.file.name
