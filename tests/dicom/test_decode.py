"""Stored values are exact in every encoding, depth and sign."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.encaps import encapsulate

from mammoview.dicom.decode import decode_pixels
from mammoview.dicom.index import index_paths
from mammoview.domain.study import Mammogram
from mammoview.errors import DicomError
from tests.builders.dicom import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    JPEG_2000_LOSSLESS,
    JPEG_LOSSLESS,
    JPEG_LOSSLESS_SV1,
    NATIVE_SYNTAXES,
    RLE,
    TRANSFER_SYNTAXES,
    build_mg,
)

KINDS = [(8, False), (8, True), (12, False), (12, True), (14, False), (16, False), (16, True)]


def only(path: Path) -> Mammogram:
    index = index_paths([path])
    assert index.refused == ()
    return index.examinations[0].mammograms[0]


def values(bits: int, signed: bool, rows: int = 37, cols: int = 53) -> NDArray[np.integer]:
    """Return an odd-sized image that holds the extremes and is different in every corner."""
    low = -(1 << (bits - 1)) if signed else 0
    high = low + (1 << bits) - 1
    image = np.linspace(low, high, rows * cols).round().reshape(rows, cols)
    image[3::7, 2::5] = high
    image[4::7, 1::5] = low
    return image.astype(f"{'i' if signed else 'u'}{1 if bits == 8 else 2}")


@pytest.mark.parametrize("syntax", TRANSFER_SYNTAXES)
@pytest.mark.parametrize(("bits", "signed"), KINDS)
def test_every_encoding_gives_the_stored_values(
    tmp_path: Path, syntax: str, bits: int, signed: bool
) -> None:
    expected = values(bits, signed)
    path = build_mg(
        tmp_path / "a", stored=expected, bits=bits, signed=signed, transfer_syntax=syntax
    )
    assert pydicom.dcmread(path).file_meta.TransferSyntaxUID == syntax
    decoded = decode_pixels(only(path))
    assert decoded.dtype == expected.dtype
    assert np.array_equal(decoded, expected)
    assert not decoded.flags.writeable


@pytest.mark.parametrize("syntax", [*NATIVE_SYNTAXES, RLE])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("high_bit", [11, 15])
def test_overlay_bits_around_the_stored_bits_are_taken_off(
    tmp_path: Path, syntax: str, signed: bool, high_bit: int
) -> None:
    expected = values(12, signed)
    shift = high_bit - 11
    words = (expected.view(np.uint16) & 0x0FFF) << shift
    overlay = np.where(np.arange(words.size).reshape(words.shape) % 3, 0, 0xFFFF).astype(np.uint16)
    words |= overlay & ~np.uint16(0x0FFF << shift)
    path = build_mg(
        tmp_path / "a",
        stored=words,
        transfer_syntax=syntax,
        elements={"HighBit": high_bit, "PixelRepresentation": int(signed)},
    )
    assert np.array_equal(decode_pixels(only(path)), expected)


def test_big_endian_words_of_two_8_bit_pixels_are_unswapped(tmp_path: Path) -> None:
    expected = values(8, False, rows=10, cols=6)
    path = build_mg(tmp_path / "a", stored=expected, bits=8, transfer_syntax=EXPLICIT_BIG)
    raw = path.read_bytes()
    swapped = expected.reshape(-1, 2)[:, ::-1].tobytes()
    assert raw.count(expected.tobytes()) == 1
    assert raw.count(b"OB\0\0") == 2  # FileMetaInformationVersion and PixelData
    at = raw.rindex(b"OB\0\0")
    raw = raw[:at] + b"OW" + raw[at + 2 :]
    path.write_bytes(raw.replace(expected.tobytes(), swapped))
    assert np.array_equal(decode_pixels(only(path)), expected)


def test_jpeg_2000_that_says_signed_itself_is_read_as_the_header_says(tmp_path: Path) -> None:
    expected = values(12, True)
    path = build_mg(tmp_path / "a", stored=expected, signed=True)
    ds = pydicom.dcmread(path)
    stream = imagecodecs.jpeg2k_encode(
        expected, codecformat="J2K", reversible=True, bitspersample=12
    )
    ds.file_meta.TransferSyntaxUID = pydicom.uid.UID(JPEG_2000_LOSSLESS)
    ds.PixelData = encapsulate([bytes(stream)])
    ds["PixelData"].VR = "OB"
    pydicom.dcmwrite(path, ds)
    assert np.array_equal(decode_pixels(only(path)), expected)


@pytest.mark.parametrize("syntax", [JPEG_LOSSLESS, JPEG_LOSSLESS_SV1])
def test_a_frame_in_many_fragments_is_joined(tmp_path: Path, syntax: str) -> None:
    expected = values(12, False)
    path = build_mg(tmp_path / "a", stored=expected)
    ds = pydicom.dcmread(path)
    stream = bytes(imagecodecs.ljpeg_encode(expected, bitspersample=12))
    ds.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    ds.PixelData = encapsulate([stream], fragments_per_frame=3)
    ds["PixelData"].VR = "OB"
    pydicom.dcmwrite(path, ds)
    assert np.array_equal(decode_pixels(only(path)), expected)


@pytest.mark.parametrize("syntax", [s for s in TRANSFER_SYNTAXES if s not in NATIVE_SYNTAXES])
def test_a_damaged_stream_is_a_dicom_error(tmp_path: Path, syntax: str) -> None:
    path = build_mg(tmp_path / "a", stored=values(12, False), transfer_syntax=syntax)
    ds = pydicom.dcmread(path)
    whole = pydicom.encaps.get_frame(ds.PixelData, 0, number_of_frames=1)
    ds.PixelData = encapsulate([whole[: len(whole) // 2]])
    ds["PixelData"].VR = "OB"
    pydicom.dcmwrite(path, ds)
    with pytest.raises(DicomError, match="cannot be decoded"):
        decode_pixels(only(path))


def test_a_stream_of_another_size_is_a_dicom_error(tmp_path: Path) -> None:
    path = build_mg(
        tmp_path / "a",
        stored=values(12, False),
        transfer_syntax=JPEG_LOSSLESS,
        elements={"Rows": 36},
    )
    with pytest.raises(DicomError, match="frame of shape"):
        decode_pixels(only(path))


def test_a_file_that_is_gone_is_a_dicom_error(tmp_path: Path) -> None:
    path = build_mg(tmp_path / "Doe^Jane")
    mammogram = only(path)
    path.unlink()
    with pytest.raises(DicomError, match="cannot be read") as caught:
        decode_pixels(mammogram)
    assert "Doe" not in str(caught.value)


def test_a_file_that_became_shorter_is_a_dicom_error(tmp_path: Path) -> None:
    path = build_mg(tmp_path / "a", transfer_syntax=EXPLICIT_LITTLE)
    mammogram = only(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DicomError, match="cut short: 100 bytes"):
        decode_pixels(mammogram)


def test_two_images_are_decoded_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    views = [only(build_mg(tmp_path / name, transfer_syntax=RLE)) for name in "ab"]
    together = threading.Barrier(2, timeout=20)  # passed only by two threads inside the decoder
    decode = imagecodecs.dicomrle_decode

    def waiting(*args: object) -> object:
        together.wait()
        return decode(*args)

    monkeypatch.setattr(imagecodecs, "dicomrle_decode", waiting)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(decode_pixels, views)
    assert np.array_equal(first, second)
