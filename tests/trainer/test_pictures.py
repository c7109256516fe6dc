"""What a labelled picture may be, and what is refused: damage must not look like tissue."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mammoview.errors import DataError
from tests.builders.pictures import breast_picture, build_pictures
from trainer.coco import read_coco
from trainer.overlap import _UnusableMaskError, read_mask
from trainer.pictures import each_picture, read_picture
from trainer.recipe import DataRecipe

DATA = DataRecipe(assumed_height_mm=200.0, assumed_width_mm=120.0, validation_share=0.2)


@pytest.fixture(scope="module")
def pixels() -> NDArray[np.uint8]:
    return breast_picture([], seed=3, size=200)


def saved(pixels: NDArray[np.uint8], file: Path, mode: str = "L") -> Path:
    Image.fromarray(pixels).convert(mode).save(file)
    return file


@pytest.mark.parametrize("share", [0.3, 0.6, 0.99])
def test_a_jpeg_that_was_cut_short_is_no_picture(
    pixels: NDArray[np.uint8], tmp_path: Path, share: float
) -> None:
    """libjpeg makes up the missing rows in grey, without an error."""
    whole = saved(pixels, tmp_path / "00001_LEFT_CC.jpg")
    assert read_picture(whole, DATA).values.shape == pixels.shape
    content = whole.read_bytes()
    cut = tmp_path / "00002_LEFT_CC.jpg"
    cut.write_bytes(content[: int(share * len(content))])
    assert imagecodecs.imread(cut).shape == pixels.shape
    with pytest.raises(DataError, match="cut short"):
        read_picture(cut, DATA)
    with pytest.raises(_UnusableMaskError, match="cut short"):
        read_mask(cut)


def test_a_jpeg_may_hold_a_thumbnail_and_bytes_after_its_end(
    pixels: NDArray[np.uint8], tmp_path: Path
) -> None:
    plain = saved(pixels, tmp_path / "a.jpg").read_bytes()
    thumbnail = saved(pixels[::8, ::8], tmp_path / "b.jpg").read_bytes()
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2) + thumbnail
    both = tmp_path / "c.jpg"
    both.write_bytes(plain[:2] + segment + plain[2:] + b"\0" * 40)
    expected = read_picture(tmp_path / "a.jpg", DATA).values
    np.testing.assert_array_equal(read_picture(both, DATA).values, expected)
    both.write_bytes((plain[:2] + segment + plain[2:])[:-200])
    with pytest.raises(DataError, match="cut short"):
        read_picture(both, DATA)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA"])
def test_grey_is_grey_however_it_is_stored(
    pixels: NDArray[np.uint8], tmp_path: Path, mode: str
) -> None:
    values = read_picture(saved(pixels, tmp_path / "a.png", mode), DATA).values
    np.testing.assert_allclose(values, pixels / 255.0, atol=1e-6)


def test_a_coloured_mark_in_a_picture_is_refused(pixels: NDArray[np.uint8], tmp_path: Path) -> None:
    drawn = np.stack([pixels] * 3, axis=2)
    drawn[40:44, 30:60] = (255, 0, 0)
    file = tmp_path / "a.png"
    Image.fromarray(drawn).save(file)
    with pytest.raises(DataError, match="colour in it"):
        read_picture(file, DATA)


def test_what_is_no_picture_of_grey_is_refused_in_words(
    pixels: NDArray[np.uint8], tmp_path: Path
) -> None:
    (tmp_path / "empty.png").write_bytes(b"")
    with pytest.raises(DataError, match="the file is empty"):
        read_picture(tmp_path / "empty.png", DATA)
    with pytest.raises(DataError, match="FileNotFoundError"):
        read_picture(tmp_path / "none.png", DATA)
    floats = saved(pixels, tmp_path / "floats.tif", "F")
    with pytest.raises(DataError, match=r"float32 of shape .*expected 8 or 16 bit grey"):
        read_picture(floats, DATA)


def test_all_pictures_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    images = read_coco(build_pictures(tmp_path / "data", people=4))
    assert [image for image, _ in each_picture(images, DATA, said="read")] == list(images)
    for image in images[1::2]:
        image.file.write_bytes(b"no picture")
    seen = each_picture(images, DATA, said="read")
    assert next(seen)[0] == images[0]
    with pytest.raises(DataError) as refused:
        next(seen)  # the third is of no use any more
    said = str(refused.value)
    assert said.startswith("2 of 4 pictures")
    assert [image.file.name in said for image in images] == [False, True, False, True]
