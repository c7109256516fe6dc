from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D, ImageBox, ImagePoint
from mammoview.imaging.breast import Breast
from mammoview.inference.cam import heatmaps
from mammoview.inference.regions import find_regions
from mammoview.inference.session import Session
from mammoview.modelkit.manifest import Manifest
from tests.builders.models import build_manifest

GRID_TO_IMAGE = Affine2D.scale_translate(col_scale=4.0, row_scale=4.0, col0=100.0, row0=40.0)


def _shift_of_peaks(tiny: Session, manifest: Manifest) -> NDArray[np.float64]:
    """Return the mean (col, row) shift, cells, of peaks from blobs moved over a whole cell."""
    shifts = []
    for move in range(32):
        col, row = 200.0 + move, 150.0 + (7 * move) % 32
        at_row, at_col = np.mgrid[0:352, 0:448] + 0.5
        image = np.exp(-((at_row - row) ** 2 + (at_col - col) ** 2) / (2 * 20.0**2))
        cam, _ = tiny.run(image[None, None].astype(np.float32))
        heatmap = heatmaps(cam, manifest=manifest, grid_to_image=GRID_TO_IMAGE)[0]
        everywhere = Breast(
            mask=np.ones((1, 1), np.bool_),
            to_image=Affine2D.scale_translate(
                col_scale=2000.0, row_scale=2000.0, col0=0.0, row0=0.0
            ),
            box=ImageBox(col0=0.0, row0=0.0, col1=2000.0, row1=2000.0),
            found=False,
        )
        best = find_regions(
            heatmap, breast=everywhere, threshold=0.5, cell_mm=12.8, rows=2000, cols=2000
        )[0]
        blob = GRID_TO_IMAGE.apply(ImagePoint(col=col, row=row))
        shifts.append((best.peak.col - blob.col, best.peak.row - blob.row))
    return np.array(shifts) / (32 * 4.0)


def test_peaks_follow_a_blob_moved_by_0_to_31_pixels(tiny: Session) -> None:
    shifts = _shift_of_peaks(tiny, tiny.manifest)
    assert np.abs(shifts.mean(axis=0)).max() < 0.25
    assert np.abs(shifts).max() < 0.25


@pytest.mark.parametrize("offset", [0.0, 32.0])
def test_an_offset_off_by_half_a_stride_shows(tiny: Session, offset: float) -> None:
    wrong = replace(
        tiny.manifest, map_geometry=replace(tiny.manifest.map_geometry, offset_px=offset)
    )
    shifts = _shift_of_peaks(tiny, wrong)
    np.testing.assert_allclose(np.abs(shifts.mean(axis=0)), 0.5, atol=0.1)


def test_scores_are_the_calibrated_margin_over_the_background() -> None:
    manifest = build_manifest(findings=("mass", "calcification"))
    cam = np.array([[[1.0]], [[2.5]], [[-1.0]]], np.float32)
    mass, calcification = heatmaps(cam, manifest=manifest, grid_to_image=Affine2D.identity())
    assert (mass.kind, calcification.kind) == ("mass", "calcification")
    assert mass.values[0, 0] == pytest.approx(1 / (1 + np.exp(-(2 * 1.5 - 1))))
    assert calcification.values[0, 0] == pytest.approx(1 / (1 + np.exp(-(2 * -2.0 - 1))))


def test_channels_are_found_by_name() -> None:
    manifest = build_manifest(findings=("mass", "calcification"))
    turned = replace(manifest, classes=("calcification", "background", "mass"))
    cam = np.array([[[1.0]], [[2.5]], [[-1.0]]], np.float32)
    plain = heatmaps(cam, manifest=manifest, grid_to_image=Affine2D.identity())
    other = heatmaps(cam[[2, 0, 1]], manifest=turned, grid_to_image=Affine2D.identity())
    scores = {heatmap.kind: float(heatmap.values[0, 0]) for heatmap in plain}
    assert {heatmap.kind: float(heatmap.values[0, 0]) for heatmap in other} == scores


def test_a_map_without_findings_stays_dark() -> None:
    rng = np.random.default_rng(1)
    cam = np.zeros((2, 9, 9), np.float32)
    cam[0] = 4.0
    cam[1] = rng.normal(0, 0.1, (9, 9))
    (heatmap,) = heatmaps(cam, manifest=build_manifest(), grid_to_image=Affine2D.identity())
    assert heatmap.values.max() < 0.01


def test_extreme_scores_stay_in_range_and_in_order() -> None:
    cam = np.zeros((2, 1, 6), np.float32)
    cam[1, 0] = [-1e30, -40.0, -3.0, 0.0, 3.0, 1e30]
    (heatmap,) = heatmaps(cam, manifest=build_manifest(), grid_to_image=Affine2D.identity())
    values = heatmap.values[0]
    assert values.min() >= 0
    assert values.max() <= 1
    assert (np.diff(values) >= 0).all()
    assert not heatmap.values.flags.writeable


def test_cells_lie_where_stride_offset_and_grid_put_them() -> None:
    manifest = build_manifest()
    odd = replace(manifest, map_geometry=replace(manifest.map_geometry, offset_px=0.5))
    cam = np.zeros((2, 3, 3), np.float32)
    (heatmap,) = heatmaps(cam, manifest=odd, grid_to_image=GRID_TO_IMAGE)
    at = heatmap.to_image.apply(ImagePoint(col=2.5, row=0.5))
    assert (at.col, at.row) == (100 + 4 * 64.5, 40 + 4 * 0.5)
