"""Flips and a second scale: every pass lies on the cells of the plain one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mammoview.domain.geometry import PixelSpacing
from mammoview.inference.passes import (
    SECOND_SCALE,
    Passes,
    averaged,
    averaged_maps,
    maps_of_passes,
    plan,
)
from mammoview.inference.predictor import read_values
from mammoview.inference.session import Session
from mammoview.modelkit.manifest import Manifest, MapGeometry
from mammoview.modelkit.preprocess import network_input, to_grid
from tests.builders.models import breast_values, build_manifest

SPACING = PixelSpacing(row_mm=0.4, col_mm=0.4, source="made")


class Ramp:
    """A network that tells at each cell's centre how bright the image is there."""

    def __init__(self, geometry: MapGeometry) -> None:
        self.geometry = geometry
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        self.shapes.append(image.shape[2:])
        stride, offset = self.geometry.stride_px, self.geometry.offset_px
        at = [np.arange(-(-side // stride)) * stride + offset - 0.5 for side in image.shape[2:]]
        rows, cols = (np.clip(a, 0, side - 1) for a, side in zip(at, image.shape[2:], strict=True))
        around = [
            image[0, 0][np.ix_(up(rows).astype(int), aside(cols).astype(int))]
            for up in (np.floor, np.ceil)
            for aside in (np.floor, np.ceil)
        ]
        mean = np.mean(np.stack(around).astype(np.float64), axis=0, keepdims=True)
        return np.asarray(np.round(mean, 6), np.float32)  # whatever the order of the four


def ramp_values(rows: int = 480, cols: int = 320) -> NDArray[np.float32]:
    """Half a disc against the left edge whose grey falls to the right and grows downwards."""
    row, col = np.mgrid[0:rows, 0:cols] + 0.5
    breast = ((row - rows / 2) / (0.45 * rows)) ** 2 + (col / (0.8 * cols)) ** 2 < 1
    grey = 0.5 + 0.4 * row / rows - 0.3 * col / cols
    return np.asarray(np.where(breast, grey, 0.0), np.float32)


def manifest_of(stride: int, offset: float) -> Manifest:
    return replace(
        build_manifest(stride=stride),
        map_geometry=MapGeometry(stride_px=stride, offset_px=offset, halo_px=64),
    )


@pytest.mark.parametrize(("stride", "offset"), [(32, 16.0), (16, 7.5), (16, 8.0), (8, 0.5)])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_each_pass_lies_on_the_cells_of_the_plain_one(
    stride: int, offset: float, turns: int
) -> None:
    manifest = manifest_of(stride, offset)
    values = np.ascontiguousarray(np.rot90(ramp_values(), turns))
    grid = to_grid(values, spacing=SPACING, spec=manifest.preprocessing)
    plain, *others = maps_of_passes(
        Ramp(manifest.map_geometry),
        grid,
        values,
        spacing=SPACING,
        manifest=manifest,
        passes=Passes.ALL,
    )
    # Well inside the breast the brightness is a ramp: a shift by half a pixel would be seen.
    inside = plain[0] > 0.3
    for axis in (0, 1):
        for shift in (-2, -1, 1, 2):
            inside &= np.roll(plain[0], shift, axis) > 0.3
    inside[[0, 1, -1, -2]] = inside[:, [0, 1, -1, -2]] = False
    assert inside.sum() > 5
    one_pixel = 0.4 / 480
    for one, maps in zip(plan(Passes.ALL)[1:], others, strict=True):
        assert maps.shape == plain.shape
        tolerance = one_pixel / 2 if one.scale == 1 else 3 * one_pixel
        assert np.abs(maps - plain)[0][inside].max() < tolerance + 1 / 255


@pytest.mark.parametrize(("stride", "offset"), [(32, 16.0), (16, 7.5), (16, 8.0)])
@pytest.mark.parametrize("shape", [(128, 192), (135, 190), (97, 161)])
def test_mirrored_passes_are_never_interpolated(
    stride: int, offset: float, shape: tuple[int, int]
) -> None:
    manifest = manifest_of(stride, offset)
    values = ramp_values()
    grid = to_grid(values, spacing=SPACING, spec=manifest.preprocessing)
    noise = np.random.default_rng(3).integers(0, 256, shape).astype(np.uint8)
    plain, *others = maps_of_passes(
        Ramp(manifest.map_geometry),
        replace(grid, pixels=noise),
        values,
        spacing=SPACING,
        manifest=manifest,
        passes=Passes.FLIPS,
    )
    assert len(others) == 3
    for maps in others:  # beyond the grid is black: the last cells may see it
        np.testing.assert_array_equal(maps[:, :-1, :-1], plain[:, :-1, :-1])


def test_one_pass_is_what_the_network_gives_and_is_asked_once() -> None:
    manifest = manifest_of(32, 16.0)
    network = Ramp(manifest.map_geometry)
    grid = to_grid(ramp_values(), spacing=SPACING, spec=manifest.preprocessing)
    found = averaged_maps(
        network, grid, ramp_values(), spacing=SPACING, manifest=manifest, passes=Passes.ONE
    )
    assert network.shapes == [grid.pixels.shape]
    once = Ramp(manifest.map_geometry)(network_input(grid.pixels))
    np.testing.assert_array_equal(found, once)


def test_the_second_grid_is_coarser_and_costs_less() -> None:
    manifest = manifest_of(32, 16.0)
    network = Ramp(manifest.map_geometry)
    grid = to_grid(ramp_values(), spacing=SPACING, spec=manifest.preprocessing)
    averaged_maps(
        network, grid, ramp_values(), spacing=SPACING, manifest=manifest, passes=Passes.SCALES
    )
    first, second = (np.prod(shape) for shape in network.shapes)
    assert second / first == pytest.approx(SECOND_SCALE**-2, abs=0.15)


def test_each_way_is_a_part_of_all_passes() -> None:
    everything = plan(Passes.ALL)
    assert len(set(everything)) == 8
    for way, count in ((Passes.ONE, 1), (Passes.FLIPS, 4), (Passes.SCALES, 2)):
        assert len(plan(way)) == count
        assert set(plan(way)) <= set(everything)
        assert plan(way)[0] == everything[0]


def test_maps_are_averaged_before_anything_else() -> None:
    maps = [np.full((2, 1, 1), value, np.float32) for value in (1, 2, 6)]
    assert averaged(maps, (0, 2))[0, 0, 0] == 3.5
    assert averaged(maps, (1,)) is maps[1]


@pytest.mark.parametrize("passes", list(Passes))
def test_the_mass_is_found_where_it_is(tiny: Session, passes: Passes) -> None:
    values = (breast_values() / 65535).astype(np.float32)
    reading = read_values(tiny, values, spacing=SPACING, operating_point=None, passes=passes)
    best = next(region for region in reading.regions if region.kind == "mass")
    assert (best.peak.col, best.peak.row) == pytest.approx((0.3 * 320, 0.4 * 480), abs=8)
    assert reading.notes == (
        () if passes is Passes.ONE else (f"{passes.text}; the thresholds were set on one pass",)
    )
