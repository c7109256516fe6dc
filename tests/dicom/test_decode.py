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

from mammoview.dicom import syntaxes
from mammoview.dicom.coarse import decode_coarse
from mammoview.dicom.decode import decode_pixels
from mammoview.dicom.frames import open_frames
from mammoview.dicom.index import index_paths
from mammoview.domain.study import Mammogram
from mammoview.errors import DicomError
from tests.builders.dicom import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_EXTENDED,
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


def encoded(
    path: Path,
    stored: NDArray[np.integer],
    syntax: str,
    stream: bytes,
    *,
    bits: int = 12,
    fragments: int = 1,
) -> Path:
    """Write a mammogram whose pixels are a given stream."""
    ds = pydicom.dcmread(build_mg(path, stored=stored, bits=bits))
    ds.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    ds.PixelData = encapsulate([stream], fragments_per_frame=fragments)
    ds["PixelData"].VR = "OB"
    pydicom.dcmwrite(path, ds)
    return path


def test_every_syntax_of_the_table_is_tested() -> None:
    lossy = {JPEG_BASELINE, JPEG_EXTENDED}
    assert set(syntaxes.TRANSFER_SYNTAXES) == {*TRANSFER_SYNTAXES, *lossy}
    assert {s.codec for s in syntaxes.TRANSFER_SYNTAXES.values()} == set(syntaxes.Codec)


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
    ds = pydicom.dcmread(path)
    ds.add_new(0x60020102, "US", high_bit + 1 if high_bit < 15 else 3)
    ds.save_as(path)
    assert np.array_equal(decode_pixels(only(path)), expected)


@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, RLE, JPEG_LOSSLESS, JPEG_2000_LOSSLESS])
def test_values_of_more_bits_than_the_header_says_are_no_picture(
    tmp_path: Path, syntax: str
) -> None:
    path = build_mg(tmp_path / "a", stored=values(14, False), bits=14, transfer_syntax=syntax)
    ds = pydicom.dcmread(path)
    ds.BitsStored, ds.HighBit = 12, 11
    ds.save_as(path)
    with pytest.raises(DicomError, match="more than the 12 bits stored"):
        decode_pixels(only(path))


def test_what_a_lossy_encoding_overshoots_stays_bright(tmp_path: Path) -> None:
    stored = values(12, False)
    stored[3::7, 2::5] += 200
    path = build_mg(tmp_path / "a", stored=stored, bits=13, transfer_syntax=JPEG_2000)
    ds = pydicom.dcmread(path)
    ds.BitsStored, ds.HighBit = 12, 11
    ds.save_as(path)
    assert np.array_equal(decode_pixels(only(path)), np.minimum(stored, 4095))


@pytest.mark.parametrize("high_bit", [11, 15])
def test_signs_drawn_out_over_all_bits_are_no_other_values(tmp_path: Path, high_bit: int) -> None:
    expected = values(12, True)
    path = build_mg(
        tmp_path / "a",
        stored=expected << (high_bit - 11),
        signed=True,
        elements={"HighBit": high_bit},
    )
    assert np.array_equal(decode_pixels(only(path)), expected)


@pytest.mark.parametrize("value", [0, 4095])
@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, JPEG_LOSSLESS])
def test_an_empty_image_is_no_picture_without_findings(
    tmp_path: Path, syntax: str, value: int
) -> None:
    stored = np.full((120, 90), value, np.uint16)
    path = build_mg(tmp_path / "a", stored=stored, transfer_syntax=syntax)
    with pytest.raises(DicomError, match="an empty image"):
        decode_pixels(only(path))
    stored[60, 45] = 7
    decode_pixels(only(build_mg(tmp_path / "a", stored=stored, transfer_syntax=syntax)))


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


@pytest.mark.parametrize("fragments", [1, 3])
def test_pixels_without_their_delimiter_are_read_and_the_image_says_so(
    tmp_path: Path, fragments: int
) -> None:
    expected = values(12, False)
    stream = bytes(imagecodecs.ljpeg_encode(expected, bitspersample=12))
    path = encoded(tmp_path / "a", expected, JPEG_LOSSLESS_SV1, stream, fragments=fragments)
    whole = path.read_bytes()
    delimiter = whole.rfind(b"\xfe\xff\xdd\xe0")
    assert len(whole) == delimiter + 8
    path.write_bytes(whole[:delimiter])
    mammogram = only(path)
    assert "pixel data without its end mark: the file ends there" in mammogram.warnings
    assert np.array_equal(decode_pixels(mammogram), expected)
    path.write_bytes(whole[: delimiter - 2])
    (refused,) = index_paths([path]).refused
    assert "2 bytes of its pixel data are missing" in refused.reason


@pytest.mark.parametrize("syntax", [JPEG_LOSSLESS, JPEG_LOSSLESS_SV1])
def test_a_frame_in_many_fragments_is_joined(tmp_path: Path, syntax: str) -> None:
    expected = values(12, False)
    stream = bytes(imagecodecs.ljpeg_encode(expected, bitspersample=12))
    path = encoded(tmp_path / "a", expected, syntax, stream, fragments=3)
    assert np.array_equal(decode_pixels(only(path)), expected)


@pytest.mark.parametrize("predictor", range(1, 8))
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_every_predictor_of_jpeg_lossless(tmp_path: Path, predictor: int, bits: int) -> None:
    expected = values(bits, False)
    stream = imagecodecs.jpeg8_encode(
        expected, lossless=True, predictor=predictor, bitspersample=bits
    )
    path = encoded(tmp_path / "a", expected, JPEG_LOSSLESS, bytes(stream), bits=bits)
    assert np.array_equal(decode_pixels(only(path)), expected)


@pytest.mark.parametrize(
    ("syntax", "bits"), [(JPEG_BASELINE, 8), (JPEG_EXTENDED, 8), (JPEG_EXTENDED, 12)]
)
def test_lossy_jpeg_is_close_to_what_was_encoded_and_says_so(
    tmp_path: Path, syntax: str, bits: int
) -> None:
    row, col = np.mgrid[0:37, 0:53] / 53
    top = (1 << bits) - 1
    expected = (top * (0.5 + 0.4 * np.sin(6 * row) * np.cos(4 * col))).astype(f"u{(bits + 7) // 8}")
    expected[0, 0], expected[0, 1] = 0, top
    stream = bytes(imagecodecs.jpeg8_encode(expected, level=100, bitspersample=bits))
    mammogram = only(encoded(tmp_path / "a", expected, syntax, stream, bits=bits))
    decoded = decode_pixels(mammogram)
    assert decoded.dtype == expected.dtype
    assert np.abs(decoded.astype(int) - expected).max() <= 2
    assert [w for w in mammogram.warnings if "may have lost detail" in w]


@pytest.mark.parametrize("said", ["00", "01"])
def test_what_the_header_says_of_lossy_compression_is_believed(tmp_path: Path, said: str) -> None:
    path = build_mg(
        tmp_path / "a", transfer_syntax=JPEG_2000, elements={"LossyImageCompression": said}
    )
    warned = ["lossy compression: the pixels are not those of the detector"] * (said == "01")
    assert list(only(path).warnings) == warned


@pytest.mark.parametrize("syntax", [JPEG_BASELINE, JPEG_EXTENDED, JPEG_LOSSLESS])
@pytest.mark.parametrize("tail", [b"", bytes(2), b"after the end"])
def test_a_jpeg_without_its_end_is_refused_and_one_with_more_is_not(
    tmp_path: Path, syntax: str, tail: bytes
) -> None:
    expected = values(8, False)
    lossless = syntax == JPEG_LOSSLESS
    whole = bytes(imagecodecs.jpeg8_encode(expected, level=100, lossless=lossless))
    more = encoded(tmp_path / "a", expected, syntax, whole + tail, bits=8)
    assert decode_pixels(only(more)).shape == expected.shape
    cut = encoded(tmp_path / "b", expected, syntax, whole[:-40] + tail, bits=8)
    with pytest.raises(DicomError, match="cannot be decoded"):
        decode_pixels(only(cut))


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


def test_a_file_that_holds_another_image_by_now_is_refused(tmp_path: Path) -> None:
    """As where a reader put the next disc into the drive: its files have the same names."""
    path = build_mg(tmp_path / "IM1", transfer_syntax=JPEG_2000)
    view = only(path)
    build_mg(tmp_path / "other", person="Phantom^Two", transfer_syntax=JPEG_2000).rename(path)
    for read in (decode_pixels, decode_coarse, open_frames):
        with pytest.raises(DicomError, match="another image than when it was opened"):
            read(view)


@pytest.mark.parametrize(
    ("element", "value"),
    [("PatientID", "Another"), ("ImageLaterality", "L"), ("PatientOrientation", ["A", "R"])],
)
def test_a_file_whose_header_was_corrected_meanwhile_is_refused(
    tmp_path: Path, element: str, value: object
) -> None:
    """Under the same identifier: what is on the screen would be the old name, or side."""
    path = build_mg(tmp_path / "a", transfer_syntax=JPEG_2000)
    view = only(path)
    build_mg(path, transfer_syntax=JPEG_2000, elements={element: value})
    for read in (decode_pixels, decode_coarse, open_frames):
        with pytest.raises(DicomError, match="header was changed since it was opened"):
            read(view)
    assert decode_pixels(only(path)).shape == (view.rows, view.cols)


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

    def waiting(data: bytes, kind: np.dtype[np.generic], *, out: memoryview) -> bytes | bytearray:
        together.wait()
        return decode(data, kind, out=out)

    monkeypatch.setattr(imagecodecs, "dicomrle_decode", waiting)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(decode_pixels, views)
    assert np.array_equal(first, second)
