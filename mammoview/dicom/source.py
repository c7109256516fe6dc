"""From a file to its header and to the bytes of its pixels, without reading the pixels.

A file is known by its content: the DICM preamble, or a data set that starts with group 0002 or
0008 and has a SOPClassUID.  Source: PS3.10 7.1 (file format), PS3.5 A (transfer syntaxes).
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pydicom
from pydicom.dataset import FileDataset
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32

from mammoview.dicom.archive import open_archive
from mammoview.dicom.content import (
    check_start,
    is_bomb,
    not_dicom,
    open_regular,
    read_start,
    truncated,
)
from mammoview.dicom.header import Header, quiet_pydicom
from mammoview.domain.study import Mammogram
from mammoview.errors import DicomError
from mammoview.words import translate

_DEFLATED = "1.2.840.10008.1.2.1.99"
_EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
_EXPLICIT_BIG = "1.2.840.10008.1.2.2"
_IMPLICIT_LITTLE = "1.2.840.10008.1.2"
_SEALED = (
    "StudyInstanceUID",
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "ImageLaterality",
    "Laterality",
    "ViewPosition",
    "PatientOrientation",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "PhotometricInterpretation",
    "BitsStored",
)
_DICOMDIR = "1.2.840.10008.1.3.10"
_PREAMBLE = 132  # and DICM
_SYNTAX_WITHIN = 2048
_PIECE_BYTES = 1 << 20
_UNDEFINED = 0xFFFFFFFF
_ITEM = (0xFFFE, 0xE000)
_SEQUENCE_END = (0xFFFE, 0xE0DD)


Span = tuple[int, int]  # offset in the stream, and length


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelBytes:
    """Where the bytes of PixelData (7FE0,0010) lie in the stream.

    ``spans`` are ``(offset, length)``: one for native pixels, one a fragment for encapsulated
    ones without the basic offset table; ``table`` is the span of that table.  ``is_words`` is
    True for VR OW.  ``is_closed`` is False where the file ends after a whole fragment, without the
    delimiter that says so.
    """

    encapsulated: bool
    is_words: bool
    spans: tuple[Span, ...]
    table: Span | None = None
    is_closed: bool = True

    @property
    def length(self) -> int:
        """Bytes in all spans together."""
        return sum(length for _, length in self.spans)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DicomFile:
    """An open DICOM file: its header, its transfer syntax, and the stream of its data set.

    ``pixels_at`` is where the element after the header starts: PixelData, or the file's end.
    """

    header: Header
    transfer_syntax: str
    media_class: str
    implicit: bool
    stream: BinaryIO
    pixels_at: int

    @property
    def is_directory(self) -> bool:
        """True for a DICOMDIR, which holds no image and lists other files (PS3.3 F)."""
        return self.header.text("SOPClassUID") == _DICOMDIR or self.media_class == _DICOMDIR

    def find_pixels(self) -> PixelBytes:
        """Find the pixel bytes and check that the file holds them all, without reading them.

        Raises
        ------
        DicomError
            If there are none, or the file is cut short.
        """
        self.stream.seek(self.pixels_at)
        return _find_pixels(self.stream, implicit=self.implicit, little=self.header.little_endian)


def read_spans(stream: BinaryIO, spans: Sequence[Span]) -> bytes:
    """Read the bytes of some spans, joined.

    Raises
    ------
    DicomError
        If the stream has become shorter since the spans were found.
    """
    parts = []
    for offset, length in spans:
        stream.seek(offset)
        parts.append(stream.read(length))
    if sum(map(len, parts)) != sum(length for _, length in spans):
        raise truncated(translate("Files", "pixel data that ends early"))
    return parts[0] if len(parts) == 1 else b"".join(parts)


@contextmanager
def open_dicom(path: Path, archive: Path | None = None) -> Iterator[DicomFile]:
    """Open a file that is to hold an image, and parse its header.

    Parameters
    ----------
    path : Path
        The file; of a member of an archive, the archive's path with the member's name after it.
    archive : Path, optional
        The zip archive that holds it; the member is read into memory, never onto the disk.

    Raises
    ------
    DicomError
        If the file cannot be read, is not DICOM, or is a directory or archive of others.
    """
    with _stream_of(path, archive) as stream:
        file = parse_dicom(stream)
        if file.is_directory:
            raise DicomError(
                translate("Files", "a DICOMDIR, which only lists other files"),
                expected=translate("Files", "a DICOM image"),
                todo=translate("Files", "pass one of the images, or open the whole medium"),
            )
        yield file


@contextmanager
def open_again(mammogram: Mammogram) -> Iterator[DicomFile]:
    """Open the file of an image whose header was read before.

    Another disc may lie in the drive by now, with files of the same names: the pixels of one woman
    must not stand under the name of another.

    Parameters
    ----------
    mammogram : Mammogram
        An image of the index.

    Raises
    ------
    DicomError
        As `open_dicom`, or if the file holds another image.
    """
    with open_dicom(mammogram.file, mammogram.archive) as file:
        expected = mammogram.uid_in_file or mammogram.sop_instance_uid
        another = file.header.text("SOPInstanceUID") != expected
        if another or mammogram.seal not in ("", seal_of(file.header)):
            raise DicomError(
                translate("Files", "a file that holds another image than when it was opened")
                if another
                else translate("Files", "a file whose header was changed since it was opened"),
                expected=translate("Files", "the image whose header was read"),
                todo=translate("Files", "open the examination again"),
            )
        yield file


def seal_of(header: Header) -> str:
    """Return a digest of what a header says of whose image it is and how it lies.

    An archive that corrects a name, or a side, writes the file anew under the same identifier.
    """
    said = (header.unsplit_text(keyword) for keyword in _SEALED)
    return hashlib.sha256("\0".join(said).encode("utf-8", "surrogateescape")).hexdigest()


def same_bytes(one: Mammogram, other: Mammogram) -> bool:
    """Tell whether two images lie in files of the same bytes.

    Raises
    ------
    DicomError
        If one cannot be read.
    """
    with _stream_of(one.file, one.archive) as a, _stream_of(other.file, other.archive) as b:
        while piece := a.read(_PIECE_BYTES):
            if piece != b.read(len(piece)):
                return False
        return not b.read(1)


def parse_dicom(stream: BinaryIO) -> DicomFile:
    """Parse the header of an open file, which may be a DICOMDIR.

    Raises
    ------
    DicomError
        If it is not DICOM, or its header cannot be parsed.
    """
    check_start(read_start(stream))
    plain = _inflated(stream)
    stream.seek(0)
    with quiet_pydicom():
        return _located(_parse(stream), stream, plain)


def _stream_of(path: Path, archive: Path | None) -> BinaryIO:
    if archive is None:
        return open_regular(path)
    with open_archive(archive) as members:
        return members.read(path.relative_to(archive).as_posix())


def _parse(stream: BinaryIO) -> FileDataset:
    try:
        dataset = pydicom.dcmread(stream, stop_before_pixels=True, force=True)
        sop_class = str(dataset.get("SOPClassUID", ""))
        media_class = str(dataset.file_meta.get("MediaStorageSOPClassUID", ""))
    except Exception as error:  # pydicom raises what the bytes make it raise
        raise DicomError(
            translate("Files", "a header that cannot be parsed ({kind})").format(
                kind=type(error).__name__
            ),
            expected=translate("Files", "a DICOM data set"),
            todo=translate("Files", "copy or export the file again from its source"),
        ) from None
    if not sop_class and media_class != _DICOMDIR:
        raise not_dicom()
    return dataset


def _located(dataset: FileDataset, stream: BinaryIO, plain: BinaryIO | None) -> DicomFile:
    """Note where the header ends, which is where the stream stands now.

    ``plain`` is what a deflated data set holds.
    """
    implicit, little = dataset.original_encoding
    if implicit is None or little is None:
        raise not_dicom()
    syntax = str(dataset.file_meta.get("TransferSyntaxUID", "")) or _guessed(implicit, little)
    if plain is not None:
        stream = plain
        _skip_header(plain)
    return DicomFile(
        header=Header(dataset, little_endian=little),
        transfer_syntax=syntax,
        media_class=str(dataset.file_meta.get("MediaStorageSOPClassUID", "")),
        implicit=implicit,
        stream=stream,
        pixels_at=stream.tell(),
    )


def _guessed(implicit: bool, little: bool) -> str:
    """Return the transfer syntax of a data set without meta header, as it was parsed."""
    if implicit:
        return _IMPLICIT_LITTLE
    return _EXPLICIT_LITTLE if little else _EXPLICIT_BIG


def _inflated(stream: BinaryIO) -> BinaryIO | None:
    """Return the inflated data set of a file that holds a deflated one (PS3.5 A.5), else None.

    pydicom inflates as far as the bytes lead, which may be any memory.
    """
    start = stream.read(_SYNTAX_WITHIN)
    stream.seek(0)
    if _DEFLATED.encode() not in start:
        return None
    end = _meta_end(stream)
    stream.seek(0)
    if _DEFLATED.encode() not in stream.read(end):
        return None
    packed, plain = stream.read(), io.BytesIO()
    inflating = zlib.decompressobj(-zlib.MAX_WBITS)
    piece = packed
    try:
        while not inflating.eof and (part := inflating.decompress(piece, _PIECE_BYTES)):
            plain.write(part)
            piece = inflating.unconsumed_tail
            if is_bomb(plain.tell(), len(packed)):
                raise DicomError(
                    translate("Files", "a deflated data set that is no image (a bomb?)"),
                    expected=translate("Files", "an image"),
                    todo=translate("Files", "leave this file out"),
                )
    except zlib.error:
        inflating = zlib.decompressobj()  # nothing that was inflated counts
    if not inflating.eof:
        raise truncated(translate("Files", "a deflated data set that ends early or is damaged"))
    plain.seek(0)
    return plain


def _meta_end(stream: BinaryIO) -> int:
    """Return where the meta header ends, by its elements: its length is often written wrong."""
    at = _PREAMBLE if read_start(stream)[128:132] == b"DICM" else 0
    while True:
        stream.seek(at)
        head = stream.read(12)
        if len(head) < 12 or head[:2] != b"\x02\x00":
            return at
        long = head[4:6].decode("ascii", "replace") in EXPLICIT_VR_LENGTH_32
        length = struct.unpack_from("<L", head, 8) if long else struct.unpack_from("<H", head, 6)
        at += (12 if long else 8) + length[0]


def _skip_header(plain: BinaryIO) -> None:
    """Leave an inflated data set at its pixels."""
    pydicom.filereader.read_dataset(
        plain,
        is_implicit_VR=False,
        is_little_endian=True,
        stop_when=lambda tag, _vr, _length: tag == 0x7FE00010,
    )


def _find_pixels(stream: BinaryIO, *, implicit: bool, little: bool) -> PixelBytes:
    order = "<" if little else ">"
    group, element = _read(stream, f"{order}HH", translate("Files", "it ends before PixelData"))
    if (group, element) != (0x7FE0, 0x0010):
        raise DicomError(
            translate("Files", "a data set without PixelData"),
            expected=translate("Files", "an image"),
            todo=translate("Files", "leave this file out"),
        )
    words = True
    if not implicit:
        words = stream.read(2) == b"OW"
        stream.read(2)
    (length,) = _read(stream, f"{order}L", translate("Files", "it ends before PixelData"))
    if length == _UNDEFINED:
        (table, *fragments), is_closed = _items(stream)
        return PixelBytes(
            encapsulated=True,
            is_words=False,
            spans=tuple(fragments),
            table=table,
            is_closed=is_closed,
        )
    offset = stream.tell()
    _check_inside(stream, offset + length)
    return PixelBytes(encapsulated=False, is_words=words, spans=((offset, length),))


def _items(stream: BinaryIO) -> tuple[tuple[Span, ...], bool]:
    """Walk the items of encapsulated pixels to their delimiter: offset table first (PS3.5 A.4).

    Some writers leave the delimiter off.  Whether fragments are missing then, the number of frames
    tells, and the decoders, which take no stream that ends early.
    """
    spans: list[Span] = []
    while True:
        if len(spans) > 1 and _is_at_end(stream):
            return tuple(spans), False
        group, element, length = _read(
            stream, "<HHL", translate("Files", "pixel data that ends early")
        )
        if (group, element) == _SEQUENCE_END:
            return tuple(spans) or ((stream.tell(), 0),), True
        if (group, element) != _ITEM:
            raise DicomError(
                translate("Files", "encapsulated pixel data with a damaged item"),
                expected=translate("Files", "a sequence of fragments"),
                todo=translate("Files", "copy or export the file again from its source"),
            )
        offset = stream.tell()
        _check_inside(stream, offset + length)
        spans.append((offset, length))
        stream.seek(offset + length)


def _is_at_end(stream: BinaryIO) -> bool:
    return stream.tell() == _size(stream)


def _size(stream: BinaryIO) -> int:
    here = stream.tell()
    size = stream.seek(0, os.SEEK_END)
    stream.seek(here)
    return size


def _check_inside(stream: BinaryIO, end: int) -> None:
    size = _size(stream)
    if end > size:
        raise truncated(
            translate(
                "Files", "a file cut short: {size} bytes of its pixel data are missing"
            ).format(size=end - size)
        )


def _read(stream: BinaryIO, layout: str, met: str) -> tuple[int, ...]:
    """Unpack numbers from the stream."""
    raw = stream.read(struct.calcsize(layout))
    if len(raw) < struct.calcsize(layout):
        raise truncated(translate("Files", "a file cut short: {met}").format(met=met))
    return struct.unpack(layout, raw)
