"""The range of the training pictures: of those alone, and wide enough for others like them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray

from mammoview.domain.geometry import ImageBox
from mammoview.modelkit.bundle import open_bundle
from mammoview.modelkit.input_range import FEATURES
from mammoview.modelkit.manifest import Preprocessing
from mammoview.modelkit.preprocess import PIPELINE
from tests.builders.models import build_manifest
from trainer import input_range
from trainer.input_range import check_range, ranges, training_ranges
from trainer.labelled import LabelledBox, LabelledImage
from trainer.recipe import DataRecipe
from trainer.sources import read_labelled
from trainer.synthetic import breast_picture

DATA = DataRecipe(assumed_height_mm=213.0, assumed_width_mm=213.0, validation_share=0.2)
SPEC = Preprocessing(pipeline=PIPELINE, mm_per_px=0.8, crop_margin_mm=5.0, assumed_height_mm=213.0)

_BOX = ImageBox(col0=100, row0=110, col1=140, row1=150)

Make = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


def same(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return picture


def darker(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return picture // 2


def pictures(
    folder: Path, count: int, *, seed: int = 0, change: Make = same
) -> list[LabelledImage]:
    folder.mkdir(parents=True, exist_ok=True)
    images = []
    for n in range(seed, seed + count):
        file = folder / f"{n:03d}.png"
        values = breast_picture([(120.0, 130.0, 15.0)], seed=n, size=260)
        noisy = values + np.random.default_rng(n).integers(0, 9, values.shape, np.uint8)
        file.write_bytes(imagecodecs.png_encode(change(noisy)))
        from_box = LabelledBox(kind="mass", box=_BOX, lesion_id=f"{folder.name}-{n}")
        images.append(
            LabelledImage(file=file, person=str(n), laterality="L", view="CC", lesions=(from_box,))
        )
    return images


def test_training_pictures_and_others_like_them_are_inside(tmp_path: Path) -> None:
    found = ranges(pictures(tmp_path / "train", 60), DATA, SPEC)
    assert [item.feature for item in found] == [feature.name for feature in FEATURES]
    assert all(item.low < item.high for item in found)
    manifest = replace(build_manifest(), preprocessing=SPEC, input_range=found)
    others = pictures(tmp_path / "others", 20, seed=100)
    inside = check_range(others, DATA, manifest)
    assert inside is not None
    assert inside.images == 20
    assert inside.outside <= 1  # some of so many do lie beyond the range of sixty
    dark = check_range(pictures(tmp_path / "dark", 5, change=darker), DATA, manifest)
    assert dark is not None
    assert dark.outside == 5
    assert dict(dark.by_feature)["median_grey"] == 5


def test_only_pictures_that_were_trained_on_make_the_range(tmp_path: Path) -> None:
    train = pictures(tmp_path / "train", 50)
    held_out = pictures(tmp_path / "held", 50, change=darker)
    described = {"training": [image.lesions[0].lesion_id for image in train]}
    found = training_ranges(described, [*held_out, *train], DATA, SPEC)
    assert found == ranges(train, DATA, SPEC)
    assert found != ranges([*held_out, *train], DATA, SPEC)


def test_few_pictures_make_no_range_and_nothing_is_checked(tmp_path: Path) -> None:
    few = pictures(tmp_path / "few", 3)
    assert ranges(few, DATA, SPEC) == ()
    assert check_range(few, DATA, build_manifest()) is None


def test_of_many_pictures_an_even_part_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = pictures(tmp_path / "train", 60)
    monkeypatch.setattr(input_range, "MOST_PICTURES", 20)
    assert ranges(images, DATA, SPEC) != ()
    assert ranges(images, DATA, SPEC) == ranges(images[::-1], DATA, SPEC)


def test_real_film_is_inside_and_digital_outside(
    mammoview_data: Path, demo_exam_p00820: list[Path], shipped_bundle: Path
) -> None:
    """Held-out pictures of the same films, native files of the same films, and digital ones."""
    spec = open_bundle(shipped_bundle).manifest.preprocessing
    recipe = DataRecipe(assumed_height_mm=213.0, assumed_width_mm=128.0, validation_share=0.2)
    film = mammoview_data / "cbis-ddsm" / "mass-800"
    train = read_labelled(film / "train")
    found = ranges(train[:: len(train) // 50][:50], recipe, spec)
    manifest = replace(build_manifest(), preprocessing=spec, input_range=found)
    native = [
        LabelledImage(file=file, person="native", laterality="L", view="CC", lesions=())
        for file in demo_exam_p00820
    ]
    digital = read_labelled(mammoview_data / "cdd-cesm")[::12]
    for images, least, most in (
        (read_labelled(film / "test")[::25], 0, 1),
        (native, 0, 0),
        (digital, len(digital), len(digital)),
    ):
        check = check_range(images, recipe, manifest)
        assert check is not None
        assert least <= check.outside <= most, check
