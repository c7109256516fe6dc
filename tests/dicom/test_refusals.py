"""What cannot be opened is refused by name, one by one, and the rest opens."""

from __future__ import annotations

import logging
import os
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import UID

from mammoview.dicom.decode import decode_pixels
from mammoview.dicom.header import Header
from mammoview.dicom.index import index_paths
from mammoview.dicom.technique import read_technique
from mammoview.domain.technique import Technique
from tests.builders.dicom import (
    DEFLATED,
    NATIVE_SYNTAXES,
    SECONDARY_CAPTURE,
    TRANSFER_SYNTAXES,
    build_cbis,
    build_exam,
    build_mg,
)
from tests.builders.media import zip_folder


def reason(path: Path) -> str:
    """Return why a file beside a whole examination is refused, and check that the rest opens."""
    index = index_paths([path.parent])
    assert [len(exam.mammograms) for exam in index.examinations] == [4]
    (refused,) = index.refused
    assert refused.file == path
    assert "; expected " in refused.reason
    return refused.reason


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build_exam(tmp_path)
    return tmp_path


def cut(path: Path, share: float) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])


@pytest.mark.parametrize("syntax", TRANSFER_SYNTAXES)
@pytest.mark.parametrize("share", [0.05, 0.5, 0.99])
def test_truncated_file(folder: Path, syntax: str, share: float) -> None:
    path = build_mg(folder / "x", transfer_syntax=syntax)
    cut(path, share)
    said = reason(path)
    if share > 0.4:
        assert "cut short" in said or "ends early" in said


@pytest.mark.parametrize("syntax", [s for s in NATIVE_SYNTAXES if s != DEFLATED])
def test_pixel_data_shorter_than_the_image(folder: Path, syntax: str) -> None:
    path = build_mg(folder / "x", transfer_syntax=syntax, elements={"Rows": 240})
    assert reason(path).startswith("21600 bytes of pixel data, cut short; expected 43200 bytes")


def test_a_deflated_file_with_an_address_in_its_meta_header_opens(tmp_path: Path) -> None:
    path = build_mg(tmp_path / "x", transfer_syntax=DEFLATED)
    ds = pydicom.dcmread(path)
    ds.file_meta.SourcePresentationAddress = "dicom://sender.example:11112/"  # UR: a long one
    ds.save_as(path)
    (exam,) = index_paths([path]).examinations
    assert decode_pixels(exam.mammograms[0]).shape == (120, 90)


def test_deflated_pixel_data_shorter_than_the_image(folder: Path) -> None:
    path = build_mg(folder / "x", transfer_syntax=DEFLATED, elements={"Rows": 240})
    assert "21600 bytes of pixel data, cut short" in reason(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "an empty file"),
        (b"PK\x03\x04" + b"\0" * 300, "a zip archive"),
        (b"just a text about mammograms\n" * 20, "not DICOM"),
        (b"\x08\x00" + bytes(range(7, 250)) * 3, ""),
        (b"\0" * 128 + b"DICM", ""),
        (b"\0" * 128 + b"DICM" + b"\xff" * 600, ""),
        (b"\x02\x00\x10\x00UI\x04\x001.2\0", "not DICOM"),
    ],
)
def test_content_that_is_no_image(folder: Path, content: bytes, said: str) -> None:
    path = folder / "looks-like.dcm"
    path.write_bytes(content)
    assert said in reason(path)


@pytest.mark.parametrize(
    ("elements", "said"),
    [
        ({"Modality": "CT", "SOPClassUID": SECONDARY_CAPTURE}, "modality CT"),
        ({"Modality": None, "SOPClassUID": SECONDARY_CAPTURE}, "without Modality"),
        ({"QualityControlImage": "YES"}, "quality control image"),
        ({"NumberOfFrames": 57}, "21600 bytes of pixel data, cut short"),
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, "a colour image (RGB"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "a colour image (PALETTE COLOR"),
        ({"Rows": 0}, "without Rows and Columns"),
        ({"BitsStored": 7, "HighBit": 6}, "7 bits stored"),
        ({"BitsAllocated": 32}, "bits stored in 32"),
        ({"HighBit": 10}, "HighBit 10"),
        ({"SOPInstanceUID": None}, "without SOPInstanceUID"),
        ({"SeriesDescription": "ROI mask images"}, "a crop"),
        ({"SOPClassUID": "1.2.840.10008.1.3.10"}, "a DICOMDIR"),
    ],
)
def test_image_that_is_not_read(folder: Path, elements: dict[str, object], said: str) -> None:
    assert said in reason(build_mg(folder / "x", elements=elements))


@pytest.mark.parametrize(
    ("uid", "name"),
    [
        ("1.2.840.10008.1.2.4.53", "JPEG Spectral Selection"),
        ("1.2.840.10008.1.2.4.100", "MPEG2"),
        ("1.2.840.10008.1.2.4.94", "JPIP"),
    ],
)
def test_transfer_syntax_that_is_not_read(folder: Path, uid: str, name: str) -> None:
    path = build_mg(folder / "x", transfer_syntax="1.2.840.10008.1.2.5")
    ds = pydicom.dcmread(path)
    ds.file_meta.TransferSyntaxUID = UID(uid)
    pydicom.dcmwrite(path, ds)
    said = reason(path)
    assert name in said
    assert uid in said
    assert "High-Throughput JPEG 2000" in said  # among what is read
    assert "send the image uncompressed" in said


def test_native_pixels_in_a_compressed_syntax(folder: Path) -> None:
    path = build_mg(folder / "x")
    raw = path.read_bytes()
    old, new = b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0"
    assert raw.count(old) == 1
    path.write_bytes(raw.replace(old, new))
    assert "native pixel data in transfer syntax RLE" in reason(path)


@pytest.mark.parametrize(("extract", "said"), [("mask", "an ROI mask"), ("crop", "a crop")])
@pytest.mark.parametrize("elements", [{}, {"SeriesDescription": None}])
def test_extract_of_cbis_ddsm(
    folder: Path, extract: str, said: str, elements: dict[str, object]
) -> None:
    assert said in reason(build_cbis(folder / "x", extract=extract, elements=elements))


def test_second_copy_of_an_image(folder: Path) -> None:
    copy = folder / "zz-copy"
    copy.write_bytes((folder / "LCC.dcm").read_bytes())
    assert "second copy" in reason(copy)


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "archive"])
def test_other_pixels_under_one_identifier_are_no_copy(tmp_path: Path, packed: bool) -> None:
    """One of them was processed anew; which is right nobody here can know."""
    files = build_exam(tmp_path / "in")
    ds = pydicom.dcmread(files[1])
    ds.PixelData = bytes(reversed(ds.PixelData))
    ds.save_as(tmp_path / "in" / "zz-other")
    where = zip_folder(tmp_path / "in.zip", tmp_path / "in") if packed else tmp_path / "in"
    index = index_paths([where])
    (refused,) = index.refused
    assert refused.file.name == "zz-other"
    assert "another version of an image already opened" in refused.reason
    views = index.examinations[0].mammograms
    warned = [v.file.name for v in views if any("other content" in said for said in v.warnings)]
    assert warned == ["LCC.dcm"]
    assert [v.file.name for v in views if v.doubts] == warned


def test_data_set_without_pixels(folder: Path) -> None:
    path = build_mg(folder / "x")
    ds = pydicom.dcmread(path)
    del ds.PixelData
    pydicom.dcmwrite(path, ds)
    assert "ends before PixelData" in reason(path)


def broken_link(path: Path) -> None:
    path.symlink_to("nowhere")


def self_link(path: Path) -> None:
    path.symlink_to(path.name)


@pytest.mark.parametrize("make", [broken_link, self_link, os.mkfifo])
def test_what_cannot_be_opened(folder: Path, make: Callable[[Path], None]) -> None:
    path = folder / "odd"
    make(path)
    assert reason(path)


def test_path_that_is_not_there(folder: Path) -> None:
    index = index_paths([folder / "absent", folder])
    assert [exam.missing_slots for exam in index.examinations] == [()]
    assert "cannot be read" in index.refused[0].reason


def test_folder_that_cannot_be_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = folder / "locked"
    locked.mkdir()
    iterdir = Path.iterdir

    def deny(path: Path) -> object:
        if path.name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return iterdir(path)

    monkeypatch.setattr(Path, "iterdir", deny)
    said = reason(locked)
    assert "cannot be listed (Permission denied)" in said
    assert str(folder) not in said


def test_another_image_under_the_same_identifier_is_no_copy(folder: Path) -> None:
    uid = pydicom.dcmread(folder / "LCC.dcm").SOPInstanceUID
    other = build_mg(folder / "x", laterality="R", view="MLO", elements={"SOPInstanceUID": uid})
    assert "another image under the SOPInstanceUID" in reason(other)


@pytest.mark.parametrize("value", ["nan", "inf", "1e400", "-1", "2.5"])
@pytest.mark.parametrize("keyword", ["Rows", "BitsAllocated", "BitsStored"])
def test_a_number_written_as_text_is_refused_and_the_others_open(
    folder: Path, keyword: str, value: str
) -> None:
    path = build_mg(folder / "x")
    raw = path.read_bytes()
    at = raw.index(struct.pack("<HH2sH", *_tag(keyword), b"US", 2))
    text = value.encode().ljust(6)
    path.write_bytes(raw[: at + 4] + b"DS" + b"\6\0" + text + raw[at + 10 :])
    index = index_paths([folder])
    assert [refusal.file.name for refusal in index.refused] == ["x"]
    assert len(index.examinations[0].mammograms) == 4


def _tag(keyword: str) -> tuple[int, int]:
    tag = pydicom.tag.Tag(keyword)
    return tag.group, tag.element


def test_an_image_whose_photometric_interpretation_is_missing(folder: Path) -> None:
    said = reason(build_mg(folder / "x", elements={"PhotometricInterpretation": None}))
    assert said.startswith("an image whose PhotometricInterpretation is missing or unknown")


def deflated(path: Path, *, zeros: int, length_off: int = 0) -> None:
    """Write an image anew, with so many bytes after its pixels and a wrong length of its meta."""
    raw = path.read_bytes()
    start = 144 + pydicom.dcmread(path).file_meta.FileMetaInformationGroupLength
    packing = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = packing.compress(zlib.decompress(raw[start:], -zlib.MAX_WBITS))
    body += b"".join(packing.compress(bytes(1 << 20)) for _ in range(zeros >> 20))
    meta = raw[:140] + struct.pack("<L", start - 144 + length_off) + raw[144:start]
    path.write_bytes(meta + body + packing.flush())


def test_a_deflated_bomb_is_inflated_no_further_than_an_image(folder: Path) -> None:
    path = build_mg(folder / "x", transfer_syntax=DEFLATED)
    deflated(path, zeros=256 << 20)
    tracemalloc.start()
    said = reason(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "a bomb" in said
    assert most < 240 << 20


@pytest.mark.parametrize("length_off", [-20, 0, 60])
def test_a_deflated_image_with_a_wrong_length_of_its_meta_header(
    tmp_path: Path, length_off: int
) -> None:
    path = build_mg(tmp_path / "x", transfer_syntax=DEFLATED)
    before = pydicom.dcmread(path).pixel_array
    deflated(path, zeros=1 << 20, length_off=length_off)
    (exam,) = index_paths([path]).examinations
    assert np.array_equal(decode_pixels(exam.mammograms[0]), before)


@pytest.mark.parametrize("at", [0.5, 0.9])
def test_a_damaged_deflated_image_is_refused_by_name(folder: Path, at: float) -> None:
    path = build_mg(folder / "x", transfer_syntax=DEFLATED)
    raw = bytearray(path.read_bytes())
    raw[int(len(raw) * at) :] = bytes(b ^ 0x5A for b in raw[int(len(raw) * at) :])
    path.write_bytes(raw)
    assert reason(path)


def test_a_header_that_nobody_thought_of_does_not_stop_the_others(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = build_mg(folder / "x", rows=33)

    def trips(header: Header) -> Technique:
        if header.integer("Rows") == 33:
            raise LookupError(header.text("PatientName"))
        return read_technique(header)

    monkeypatch.setattr("mammoview.dicom.attributes.read_technique", trips)
    with caplog.at_level(logging.DEBUG):
        said = reason(path)
    assert said.startswith("a header that cannot be understood (LookupError)")
    assert "Phantom" not in said + caplog.text
