"""The shipped model on real lesions: where its map lies, and that it follows them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D, ImageBox
from mammoview.imaging.breast import Breast
from mammoview.inference.cam import heatmaps
from mammoview.inference.regions import find_regions
from mammoview.inference.session import Session
from mammoview.modelkit.bundle import open_bundle
from mammoview.modelkit.preprocess import network_input, to_grid
from trainer.coco import read_coco
from trainer.pictures import read_picture
from trainer.recipe import read_recipe

WINDOW = 512
SHIFTS = (0, 7, 15, 23, 31)
LESIONS = 48


@pytest.fixture(scope="module")
def session(shipped_bundle: Path) -> Session:
    return Session.open(open_bundle(shipped_bundle), device="cpu")


@pytest.fixture(scope="module")
def lesions(
    session: Session, mammoview_data: Path, repository: Path
) -> list[tuple[NDArray[np.uint8], ImageBox]]:
    """Grids of real pictures, each with the box of a lesion clear of the picture's border."""
    data = read_recipe(repository / "resources" / "recipes" / "review.toml").data
    found = []
    for image in read_coco(mammoview_data / "cbis-ddsm" / "mass-800" / "test"):
        box = image.lesions[0].box
        inside = box.col0 > 120 and box.col1 < 680 and box.row0 > 120 and box.row1 < 680
        if len(image.lesions) == 1 and inside:
            picture = read_picture(image.file, data)
            spec = session.manifest.preprocessing
            grid = to_grid(picture.values, spacing=picture.spacing, spec=spec)
            found.append((grid.pixels, grid.to_image.inverse().apply_box(box)))
        if len(found) == LESIONS:
            return found
    raise AssertionError("the data has fewer lesions than that")


def window(
    grid: NDArray[np.uint8], box: ImageBox, shift: int
) -> tuple[NDArray[np.uint8], ImageBox]:
    """Cut a window around a lesion, moved by ``shift`` pixels right and down inside it."""
    margin = np.pad(grid, WINDOW)
    middle = box.centre()
    row0 = round(middle.row) + WINDOW // 2 - shift
    col0 = round(middle.col) + WINDOW // 2 - shift
    move = Affine2D.scale_translate(
        col_scale=1, row_scale=1, col0=float(WINDOW - col0), row0=float(WINDOW - row0)
    )
    return margin[row0 : row0 + WINDOW, col0 : col0 + WINDOW], move.apply_box(box)


def peak_offset(
    session: Session, pixels: NDArray[np.uint8], box: ImageBox
) -> tuple[float, float] | None:
    """Return peak minus lesion centre (col, row) of the best mark in the box, grid pixels."""
    cam, _ = session.run(network_input(pixels))
    everything = Breast(
        mask=np.ones((16, 16), np.bool_),
        to_image=Affine2D.scale_translate(
            col_scale=WINDOW / 16, row_scale=WINDOW / 16, col0=0, row0=0
        ),
        box=ImageBox(col0=0, row0=0, col1=WINDOW, row1=WINDOW),
        found=True,
    )
    manifest = session.manifest
    maps = heatmaps(cam, manifest=manifest, grid_to_image=Affine2D.identity())
    heatmap = next(item for item in maps if item.kind == "mass")
    stride_mm = manifest.map_geometry.stride_px * manifest.preprocessing.mm_per_px
    regions = find_regions(
        heatmap, breast=everything, threshold=0.5, cell_mm=stride_mm, rows=WINDOW, cols=WINDOW
    )
    reach = 1.5 * manifest.map_geometry.stride_px
    near = [
        r
        for r in regions
        if box.col0 - reach < r.peak.col < box.col1 + reach
        and box.row0 - reach < r.peak.row < box.row1 + reach
    ]
    if not near or near[0].score < 0.1:
        return None
    middle = box.centre()
    return near[0].peak.col - middle.col, near[0].peak.row - middle.row


def test_peaks_lie_on_real_lesions_and_follow_them(
    session: Session, lesions: list[tuple[NDArray[np.uint8], ImageBox]]
) -> None:
    """Peaks lie a quarter cell from the centres at most, on both axes, at every shift.

    The median: in a lesion of several centimetres the peak may lie at its denser end.
    """
    quarter = session.manifest.map_geometry.stride_px / 4
    offsets = [
        [peak_offset(session, *window(grid, box, shift)) for shift in SHIFTS]
        for grid, box in lesions
    ]
    seen = np.array([row for row in offsets if None not in row], np.float64)
    assert len(seen) >= LESIONS // 2
    middle = np.median(seen, axis=(0, 1))
    assert np.abs(middle).max() < quarter, f"the map lies {middle} grid pixels off"
    for number, shift in enumerate(SHIFTS):
        moved = np.median(seen[:, number], axis=0)
        assert np.abs(moved).max() < quarter, f"at a shift of {shift}: {moved}"
    drift = seen - seen.mean(axis=1, keepdims=True)  # of each lesion's peak against the lesion
    assert float(np.abs(drift).mean()) < quarter
