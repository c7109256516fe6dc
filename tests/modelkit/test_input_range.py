"""An image unlike those of training is recognised, and the sentence says by what."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D, ImageBox, PixelSpacing
from mammoview.errors import ModelError
from mammoview.imaging.breast import Breast
from mammoview.modelkit.input_range import FEATURES, input_features, outside_range
from mammoview.modelkit.manifest import FeatureRange, Preprocessing
from mammoview.modelkit.preprocess import PIPELINE, Grid, to_grid
from tests.builders.models import build_manifest

SPEC = Preprocessing(pipeline=PIPELINE, mm_per_px=0.2, crop_margin_mm=5.0, assumed_height_mm=213.0)
SPACING = PixelSpacing(row_mm=0.2, col_mm=0.2, source="test")
_CELL = 5


def grid_of(pixels: NDArray[np.uint8], mask: NDArray[np.bool_], *, shift: float = 0.0) -> Grid:
    """A grid whose image is itself, moved by ``shift`` pixels; a mask cell covers 5 x 5."""
    breast = Breast(
        mask=mask,
        to_image=Affine2D.scale_translate(col_scale=_CELL, row_scale=_CELL, col0=0.0, row0=0.0),
        box=ImageBox(col0=0.0, row0=0.0, col1=1.0, row1=1.0),
        found=True,
    )
    to_image = Affine2D.scale_translate(col_scale=1.0, row_scale=1.0, col0=shift, row0=shift)
    return Grid(pixels=pixels, to_image=to_image, breast=breast, notes=())


def features(grid: Grid) -> dict[str, float]:
    return dict(input_features(grid, SPEC.mm_per_px))


def film(seed: int = 1, size: int = 600) -> NDArray[np.float32]:
    """A soft textured breast on the left edge, grey 0..1."""
    rng = np.random.default_rng(seed)
    row, col = np.mgrid[0:size, 0:size] + 0.5
    breast = np.hypot((row - size / 2) / (0.42 * size), col / (0.7 * size)) < 1
    coarse = np.kron(rng.random((size // 20, size // 20)), np.ones((20, 20)))
    return np.asarray(
        np.where(breast, 0.4 + 0.2 * coarse + rng.normal(0, 0.004, (size, size)), 0.0), np.float32
    )


def read(values: NDArray[np.float32], *, mm: float = 0.2) -> dict[str, float]:
    spacing = PixelSpacing(row_mm=mm, col_mm=mm, source="test")
    return features(to_grid(values, spacing=spacing, spec=SPEC))


FILM = read(film())
RANGES = tuple(
    FeatureRange(feature=name, low=0.8 * value, high=1.25 * value) for name, value in FILM.items()
)
MANIFEST = replace(build_manifest(), preprocessing=SPEC, input_range=RANGES)


def test_grey_values_and_area_are_those_of_the_breast_alone() -> None:
    pixels = np.full((100, 100), 255, np.uint8)
    mask = np.zeros((20, 20), np.bool_)
    mask[:, :10] = True
    pixels[:, :50] = 51
    found = features(grid_of(pixels, mask))
    assert found["dark_grey"] == found["median_grey"] == found["bright_grey"] == 0.2
    assert found["contrast"] == found["fine_detail"] == found["sharpness"] == 0.0
    # 3 mm, or 15 pixels, of skin are left off on the one side that is no edge of the image.
    assert found["breast_area_cm2"] == pytest.approx(100 * 35 * 0.04 / 100)


def test_fine_detail_and_sharpness_are_the_differences_of_neighbours() -> None:
    whole = np.ones((20, 20), np.bool_)
    step = np.tile(np.arange(100) % 2 * 10, (100, 1))  # columns of 0 and 10
    found = features(grid_of(np.asarray(step, np.uint8), whole))
    assert found["fine_detail"] == pytest.approx(20 / 255 / 2, rel=0.01)  # none along columns
    ramp = np.asarray(np.tile(np.arange(100), (100, 1)), np.uint8)
    assert features(grid_of(ramp, whole))["fine_detail"] == 0.0
    assert features(grid_of(ramp, whole))["sharpness"] == pytest.approx(1 / 4, rel=0.05)


def test_quantiles_are_those_of_numpy() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (100, 100), np.uint8)
    found = features(grid_of(pixels, np.ones((20, 20), np.bool_)))
    for name, share in (("dark_grey", 0.05), ("median_grey", 0.5), ("bright_grey", 0.95)):
        wanted = float(np.quantile(pixels, share, method="inverted_cdf"))
        assert found[name] == pytest.approx(wanted / 255)


def test_what_lies_beyond_the_image_counts_for_nothing() -> None:
    """A grid may be filled up beyond the image: no breast is there."""
    pixels = np.full((100, 100), 200, np.uint8)
    pixels[:40], pixels[:, :40] = 0, 0
    found = features(grid_of(pixels, np.ones((20, 20), np.bool_), shift=-40.0))
    assert found["dark_grey"] == pytest.approx(200 / 255)
    assert found["breast_area_cm2"] == pytest.approx(60 * 60 * 0.04 / 100)


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("flip", [False, True])
def test_the_pose_of_the_stored_image_changes_little(turns: int, flip: bool) -> None:
    turned = np.rot90(film()[:, ::-1] if flip else film(), turns)
    found = read(np.ascontiguousarray(turned))
    assert found == pytest.approx(FILM, rel=0.05)


def _noisy(values: NDArray[np.float32]) -> NDArray[np.float32]:
    noise = np.random.default_rng(9).normal(0, 0.02, values.shape)
    return np.asarray(np.where(values > 0, values + noise, 0), np.float32)


@pytest.mark.parametrize(
    ("changed", "words", "side"),
    [
        (_noisy(film()), "noise and fine detail", "above"),
        (np.asarray(0.5 * film(), np.float32), "median grey", "below"),
        (np.asarray(np.clip(1.9 * film(), 0, 1), np.float32), "bright tissue", "above"),
        (np.asarray(np.where(film() > 0, 1.3 - film(), 0), np.float32), "dark tissue", "above"),
        (np.asarray(film() ** 3, np.float32), "dark tissue", "below"),
    ],
    ids=["noise", "dark", "bright", "inverted", "gamma"],
)
def test_an_image_unlike_training_is_told_by_what(
    changed: NDArray[np.float32], words: str, side: str
) -> None:
    said = outside_range(to_grid(changed, spacing=SPACING, spec=SPEC), MANIFEST)
    assert said
    assert any(text.startswith(words) and f" is {side} the training" in text for text in said)


def test_a_wrong_scale_shows_in_the_size_of_the_breast() -> None:
    double = PixelSpacing(row_mm=0.4, col_mm=0.4, source="test")
    said = outside_range(to_grid(film(), spacing=double, spec=SPEC), MANIFEST)
    assert any(text.startswith("breast area") and "cm²" in text for text in said or ())


def test_another_image_of_the_same_sort_is_inside() -> None:
    assert outside_range(to_grid(film(seed=2), spacing=SPACING, spec=SPEC), MANIFEST) == ()


def test_a_model_without_ranges_knows_nothing() -> None:
    grid = to_grid(film(), spacing=SPACING, spec=SPEC)
    assert outside_range(grid, replace(MANIFEST, input_range=())) is None


def test_a_feature_that_this_program_does_not_have_is_refused() -> None:
    grid = to_grid(film(), spacing=SPACING, spec=SPEC)
    alien = FeatureRange(feature="mood", low=0.0, high=1.0)
    with pytest.raises(ModelError, match="mood"):
        outside_range(grid, replace(MANIFEST, input_range=(*RANGES, alien)))


def test_an_image_without_a_breast_has_features_too() -> None:
    """Nothing but air, or a frame: the sentences come, no division by nothing."""
    flat = to_grid(np.zeros((300, 200), np.float32), spacing=SPACING, spec=SPEC)
    assert all(np.isfinite(list(features(flat).values())))
    assert outside_range(flat, MANIFEST)


def test_every_feature_has_words() -> None:
    assert [feature.name for feature in FEATURES] == list(FILM)
    assert all(feature.words for feature in FEATURES)
