from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mammoview.domain.geometry import Affine2D, PixelSpacing
from mammoview.errors import ModelError
from mammoview.modelkit.golden import (
    CAM_TOLERANCE,
    Golden,
    compare_outputs,
    compare_preprocessing,
    decode_golden,
    encode_golden,
    record_golden,
)
from mammoview.modelkit.manifest import MapGeometry
from tests.builders.models import breast_values, build_manifest, build_network, run_bytes

MANIFEST = build_manifest()


@pytest.fixture(scope="module")
def golden() -> Golden:
    network = build_network()
    return record_golden(
        MANIFEST,
        values=breast_values(),
        spacing=PixelSpacing(row_mm=0.4, col_mm=0.4, source="Pixel Spacing"),
        run=lambda image: run_bytes(network, image),
    )


def _moved(array: Any, by: int, axis: int) -> Any:
    return np.roll(array, by, axis=axis)


def test_survives_its_file_byte_for_byte(golden: Golden, tmp_path: Path) -> None:
    content = encode_golden(golden)
    again = decode_golden(content)
    assert encode_golden(again) == content
    assert again.spacing == golden.spacing
    assert again.cell_to_image == golden.cell_to_image
    np.testing.assert_array_equal(again.cam, golden.cam)
    assert not again.cam.flags.writeable
    assert decode_golden(encode_golden(replace(golden, spacing=None))).spacing is None


def test_what_was_recorded_compares(golden: Golden) -> None:
    compare_preprocessing(golden, MANIFEST)
    compare_outputs(golden, cam=golden.cam, logits=golden.logits)


def test_small_differences_of_a_processor_pass(golden: Golden) -> None:
    noise = 0.5 * CAM_TOLERANCE * np.ptp(golden.cam)
    compare_outputs(golden, cam=golden.cam + np.float32(noise), logits=golden.logits)
    one_off = np.where(golden.grid > 0, golden.grid - 1, 0).astype(np.uint8)
    compare_preprocessing(replace(golden, grid=one_off), MANIFEST)


@pytest.mark.parametrize(
    "fault",
    [
        lambda cam: cam[::-1],
        lambda cam: cam[:, ::-1],
        lambda cam: cam[:, :, ::-1],
        lambda cam: _moved(cam, 1, 1),
        lambda cam: _moved(cam, 1, 2),
        lambda cam: 1.02 * cam,
        lambda cam: np.full_like(cam, np.nan),
        lambda cam: cam[:, 1:],
    ],
    ids=["swapped", "flipped", "mirrored", "down", "right", "scaled", "nan", "smaller"],
)
def test_a_wrong_map_fails(golden: Golden, fault: Any) -> None:
    with pytest.raises(ModelError, match="cam"):
        compare_outputs(golden, cam=fault(golden.cam), logits=golden.logits)


def test_wrong_logits_fail(golden: Golden) -> None:
    with pytest.raises(ModelError, match="logits"):
        compare_outputs(golden, cam=golden.cam, logits=golden.logits[::-1])


@pytest.mark.parametrize(("by", "axis"), [(1, 0), (1, 1), (-1, 0), (-1, 1)])
def test_a_grid_shifted_by_one_pixel_fails(golden: Golden, by: int, axis: int) -> None:
    with pytest.raises(ModelError, match="grey levels"):
        compare_preprocessing(replace(golden, grid=_moved(golden.grid, by, axis)), MANIFEST)


def test_another_scale_fails(golden: Golden) -> None:
    other = replace(MANIFEST.preprocessing, mm_per_px=0.41)
    with pytest.raises(ModelError, match="grid of"):
        compare_preprocessing(golden, replace(MANIFEST, preprocessing=other))


def test_half_a_stride_of_offset_fails(golden: Golden) -> None:
    shifted = MapGeometry(stride_px=32, offset_px=0.0, halo_px=64)
    with pytest.raises(ModelError, match="the map lies 16 pixels off"):
        compare_preprocessing(golden, replace(MANIFEST, map_geometry=shifted))


def test_a_grid_that_lies_elsewhere_fails(golden: Golden) -> None:
    shift = Affine2D.scale_translate(col_scale=1.0, row_scale=1.0, col0=0.0, row0=1.0)
    moved = replace(golden, cell_to_image=golden.cell_to_image.then(shift))
    with pytest.raises(ModelError, match="pixels off"):
        compare_preprocessing(moved, MANIFEST)


@pytest.mark.parametrize(
    "fault",
    [
        {"cam": np.zeros((2, 3, 3), np.float32)},
        {"image": np.zeros((1, 1, 5, 5), np.float32)},
        {"grid": np.zeros((4, 4), np.float32)},
        {"logits": np.zeros(3, np.float32)},
        {"logits": np.full(2, 1e3, np.float32)},
    ],
)
def test_arrays_that_do_not_belong_together_are_not_written(
    golden: Golden, fault: dict[str, Any]
) -> None:
    with pytest.raises(ModelError, match=r"golden\.npz"):
        encode_golden(replace(golden, **fault))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip", b"\x93NUMPY"])
def test_a_damaged_file_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match=r"golden\.npz cannot be read"):
        decode_golden(content)


def test_a_truncated_file_is_refused(golden: Golden) -> None:
    content = encode_golden(golden)
    with pytest.raises(ModelError, match=r"golden\.npz cannot be read"):
        decode_golden(content[: len(content) // 2])
