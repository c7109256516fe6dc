from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D, ImageBox
from mammoview.imaging.breast import Breast, Edge, chest_wall_edge, find_breast, grey_on_mask
from trainer.coco import read_coco
from trainer.pictures import read_picture
from trainer.recipe import read_recipe


def phantom(rows: int = 600, cols: int = 400) -> NDArray[np.float32]:
    """A breast against the left edge, a bright label top right, a film frame at the bottom."""
    r, c = np.mgrid[0:rows, 0:cols] + 0.5
    values = np.where(np.hypot((r - rows / 2) / (0.4 * rows), c / (0.7 * cols)) < 1, 0.5, 0.03)
    values[30:60, -90:-30] = 0.95
    values[-12:] = 1.0
    return values.astype(np.float32)


def test_the_breast_is_found_without_label_and_frame() -> None:
    breast = find_breast(phantom())
    assert breast.found
    assert breast.box.col0 == 0
    assert breast.box.col1 == pytest.approx(280, abs=5)
    assert breast.box.row0 == pytest.approx(60, abs=6)
    assert breast.box.row1 == pytest.approx(540, abs=6)
    assert not breast.mask.flags.writeable


@pytest.mark.parametrize(
    ("turn", "edge"),
    [
        (lambda a: a, Edge.LEFT),
        (np.fliplr, Edge.RIGHT),
        (lambda a: np.rot90(a, -1), Edge.TOP),
        (np.rot90, Edge.BOTTOM),
    ],
)
def test_the_chest_wall_is_the_edge_the_breast_lies_against(
    turn: Callable[[NDArray[np.float32]], NDArray[np.float32]], edge: Edge
) -> None:
    assert chest_wall_edge(find_breast(np.ascontiguousarray(turn(phantom())))) is edge


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_muscle_along_the_short_edge_is_no_chest_wall(degrees: int) -> None:
    """An arm over all of the upper edge: the detector's long side is at the chest wall."""
    row, col = np.mgrid[0:600, 0:400]
    picture = np.where((col / 200) ** 2 + ((row - 160) / 120) ** 2 < 1, 0.6, 0.02)
    picture = np.where(row < 80, 0.8, picture).astype(np.float32)
    edges = [Edge.LEFT, Edge.BOTTOM, Edge.RIGHT, Edge.TOP]  # as a quarter turn to the left goes
    turned = np.ascontiguousarray(np.rot90(picture, degrees // 90))
    assert chest_wall_edge(find_breast(turned)) is edges[degrees // 90]


def test_a_slanted_white_strip_at_the_edge_is_no_breast() -> None:
    """It touches the breast, and is longer than it; where it ends the picture is tissue or air."""
    values = phantom()
    rows, cols = values.shape
    depth = 5 + np.arange(rows) * 20 // rows
    values[np.arange(cols)[None] < depth[:, None]] = 1.0
    breast = find_breast(values)
    cols_found = np.flatnonzero(breast.mask.any(axis=0))
    at = (np.arange(breast.mask.shape[0]) + 0.5) * breast.to_image.yy
    first = np.argmax(breast.mask, axis=1) * breast.to_image.xx
    held = breast.mask.any(axis=1)
    assert breast.box.row0 == pytest.approx(60, abs=8)
    assert cols_found.size > 80
    off = first[held] - np.interp(at[held], np.arange(rows), depth)
    assert off.min() > -3  # none of it is breast
    assert np.median(off) < 6  # and no more than a cell or two of the breast went with it


def test_bright_tissue_that_fades_from_the_chest_wall_stays() -> None:
    values = phantom()
    fade = np.clip(1 - np.arange(values.shape[1]) / 60, 0, 1) * 0.5
    values[values == 0.5] += np.broadcast_to(fade, values.shape)[values == 0.5]
    breast = find_breast(values)
    middle = breast.mask[breast.mask.shape[0] // 3 : breast.mask.shape[0] * 2 // 3]
    assert middle[:, 0].all()


def test_nothing_but_air_is_no_breast() -> None:
    breast = find_breast(np.zeros((300, 200), np.float32))
    assert not breast.found
    assert breast.mask.all()
    assert (breast.box.col1, breast.box.row1) == (200, 300)
    assert chest_wall_edge(breast) is None


def test_a_breast_in_the_middle_has_no_chest_wall() -> None:
    r, c = np.mgrid[0:300, 0:300] + 0.5
    disc = np.asarray(np.hypot(r - 150, c - 150) < 90, np.float32)
    assert chest_wall_edge(find_breast(disc)) is None


def test_real_masses_lie_in_the_breast(mammoview_data: Path, repository: Path) -> None:
    """Of every 25th training picture: what the mask loses, the reader never sees marked."""
    data = read_recipe(repository / "resources" / "recipes" / "review-mass.toml").data
    lost = total = 0
    for image in read_coco(mammoview_data / "cbis-ddsm" / "mass-800" / "train")[::25]:
        breast = find_breast(read_picture(image.file, data).values)
        to_mask = breast.to_image.inverse()
        for lesion in image.lesions:
            box = to_mask.apply_box(lesion.box)
            part = breast.mask[int(box.row0) : int(box.row1) + 1, int(box.col0) : int(box.col1) + 1]
            total += 1
            lost += part.mean() < 0.5
    assert total > 45
    assert lost <= 0.04 * total


@pytest.mark.parametrize("deep", [1, 2, 8, 9, 10, 17, 19, 121, 130])
def test_a_cell_of_the_mask_holds_the_mean_of_its_pixels(deep: int) -> None:
    """Whatever number of rows a cell is deep: they are added by eights, and then the rest."""
    values = np.random.default_rng(deep).random((5 * deep, 12), dtype=np.float32)
    breast = Breast(
        mask=np.ones((5, 3), np.bool_),
        to_image=Affine2D.scale_translate(col_scale=4.0, row_scale=float(deep), col0=0.0, row0=0.0),
        box=ImageBox(col0=0.0, row0=0.0, col1=12.0, row1=5.0 * deep),
        found=True,
    )
    means = values.reshape(5, deep, 3, 4).mean(axis=(1, 3), dtype=np.float64)
    np.testing.assert_allclose(grey_on_mask(values, breast), means, rtol=1e-6)
