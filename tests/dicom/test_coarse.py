"""The coarse picture in a JPEG 2000 stream: the stored values at a quarter of the size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mammoview.dicom.coarse import decode_coarse
from mammoview.dicom.decode import decode_pixels
from mammoview.dicom.index import index_paths
from mammoview.domain.study import Mammogram
from tests.builders.dicom import (
    EXPLICIT_LITTLE,
    HTJ2K_SYNTAXES,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    build_mg,
)


def _indexed(path: Path) -> Mammogram:
    return index_paths([path]).examinations[0].mammograms[0]


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("syntax", [JPEG_2000_LOSSLESS, JPEG_2000])
def test_it_is_the_image_at_a_quarter_of_its_size(bits: int, syntax: str, tmp_path: Path) -> None:
    smooth = np.add.outer(np.linspace(0, 1, 203), np.linspace(0, 1, 154)) / 2
    stored = np.round(smooth * (2**bits - 1)).astype(np.uint8 if bits == 8 else np.uint16)
    path = build_mg(tmp_path / "a.dcm", bits=bits, stored=stored, transfer_syntax=syntax)
    view = _indexed(path)
    assert view.holds_coarse
    coarse = decode_coarse(view)
    whole = decode_pixels(view)
    assert coarse is not None
    assert coarse.dtype == whole.dtype
    assert coarse.shape == (51, 39)
    assert not coarse.flags.writeable
    means = whole[:200, :152].reshape(50, 4, 38, 4).mean(axis=(1, 3))
    # A value of the wavelet's small image stands for the place of its first pixel.
    assert np.abs(coarse[:50, :38] - means).max() < 0.03 * (2**bits - 1)


def test_signed_values_have_none(tmp_path: Path) -> None:
    path = build_mg(tmp_path / "a.dcm", signed=True, transfer_syntax=JPEG_2000_LOSSLESS)
    assert decode_coarse(_indexed(path)) is None


@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, *HTJ2K_SYNTAXES])
def test_other_encodings_are_not_asked(syntax: str, tmp_path: Path) -> None:
    view = _indexed(build_mg(tmp_path / "a.dcm", transfer_syntax=syntax))
    assert not view.holds_coarse
    assert decode_coarse(view) is None


def test_a_stream_that_cannot_be_decoded_has_none(tmp_path: Path) -> None:
    path = build_mg(tmp_path / "a.dcm", transfer_syntax=JPEG_2000_LOSSLESS)
    view = _indexed(path)
    data = bytearray(path.read_bytes())
    start = data.find(b"\xff\x4f\xff\x51")
    data[start + 45 : start + 120] = bytes(75)
    path.write_bytes(bytes(data))
    assert decode_coarse(view) is None
