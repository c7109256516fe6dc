from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mammoview.domain.geometry import PixelSpacing
from mammoview.errors import DataError
from tests.trainer.simulated.synthetic import TABLE, breast_picture
from trainer.simulated.clusters import PITCH_MM, draw_cluster
from trainer.simulated.film import (
    FULL_SCALE_DENSITY,
    Jpeg,
    encode_jpeg,
    expose,
    grey_of,
    read_jpeg,
)

SPACING = PixelSpacing(row_mm=0.27, col_mm=0.16, source="test")


def test_no_density_is_lost_in_shrinking_wherever_the_pixels_cut() -> None:
    density = np.zeros((40, 60), np.float32)
    density[10:20, 30:34] = 0.7
    for at in ((20.0, 30.0), (20.37, 30.81)):
        grey, _ = grey_of(density, at=at, shape=(80, 120), spacing=SPACING, gain=1.1)
        drawn = density.sum() * PITCH_MM**2 * 1.1 / FULL_SCALE_DENSITY
        assert grey.sum() * SPACING.row_mm * SPACING.col_mm == pytest.approx(drawn, rel=1e-4)


def test_a_part_of_a_pixel_moves_the_drawing_by_so_much() -> None:
    density = np.zeros((40, 60), np.float32)
    density[18:22, 28:32] = 1.0
    for shift in (0.0, 0.3, 0.9):
        grey, _ = grey_of(
            density, at=(20.0 + shift, 30.0 - shift), shape=(80, 120), spacing=SPACING, gain=1.0
        )
        row = (grey.sum(axis=1) * (np.arange(80) + 0.5)).sum() / grey.sum()
        col = (grey.sum(axis=0) * (np.arange(120) + 0.5)).sum() / grey.sum()
        assert row == pytest.approx(20.0 + shift + 1.0 / SPACING.row_mm, abs=0.05)
        assert col == pytest.approx(30.0 - shift + 1.5 / SPACING.col_mm, abs=0.05)


def test_the_box_holds_everything_and_is_tight() -> None:
    for seed in range(12):
        rng = np.random.default_rng(seed)
        cluster = draw_cluster(rng, height_mm=7.0, width_mm=6.0)
        at = tuple(10.0 + rng.random(2))
        grey, box = grey_of(
            cluster.density, at=(at[0], at[1]), shape=(60, 80), spacing=SPACING, gain=1.0
        )
        rows, cols = np.flatnonzero(grey.any(axis=1)), np.flatnonzero(grey.any(axis=0))
        assert (rows[0], cols[0]) == (int(np.floor(box.row0)), int(np.floor(box.col0)))
        assert rows[-1] + 1 == int(np.ceil(box.row1))
        assert cols[-1] + 1 == int(np.ceil(box.col1))


def test_film_saturates_and_never_wraps() -> None:
    pixels = np.array([[250, 10, 0]], np.uint8)
    grey = np.array([[0.5, 0.1, 0.0]], np.float32)
    assert expose(pixels, grey).tolist() == [[255, 36, 0]]


def test_a_picture_keeps_its_quantisation_table(tmp_path: Path) -> None:
    source = tmp_path / "a.jpg"
    Image.fromarray(breast_picture(1)).save(source, "JPEG", qtables=[list(TABLE)])
    jpeg = read_jpeg(source)
    again = tmp_path / "b.jpg"
    again.write_bytes(encode_jpeg(jpeg))
    assert read_jpeg(again).table == jpeg.table == TABLE
    difference = read_jpeg(again).pixels.astype(int) - jpeg.pixels.astype(int)
    # The same table on the same blocks: only rounding, or grey cut at its ends, changes anything.
    assert np.abs(difference).mean() < 0.05
    other = Jpeg(pixels=jpeg.pixels, table=(16,) * 64)
    (tmp_path / "c.jpg").write_bytes(encode_jpeg(other))
    assert read_jpeg(tmp_path / "c.jpg").table == (16,) * 64


def test_what_is_no_grey_jpeg_is_refused_by_name(tmp_path: Path) -> None:
    colour = tmp_path / "colour.jpg"
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(colour, "JPEG")
    png = tmp_path / "grey.png"
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(png)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    for file in (colour, png, broken, tmp_path / "absent.jpg"):
        with pytest.raises(DataError, match=file.name):
            read_jpeg(file)
