"""The frames of a multi-frame image: where each lies, and one decoded at a time.

A tomosynthesis volume of 60 slices is 600 MB of stored values, so no more than the frame asked for
is read.  Source: PS3.5 A.4 (fragments and offset tables), PS3.3 C.7.6.3.1.8 (extended offset
table).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from mammoview.dicom.content import open_regular
from mammoview.dicom.decode import decode_bytes
from mammoview.dicom.layout import PixelLayout, check_pixels, read_layout
from mammoview.dicom.source import DicomFile, PixelBytes, Span, open_again, read_spans
from mammoview.dicom.syntaxes import Codec
from mammoview.domain.study import Mammogram
from mammoview.errors import DicomError
from mammoview.words import translate

# A stream starts with SOI, SOC or a JP2 signature box; a fragment that does not goes on with one.
_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  ")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrameSource:
    """Where the frames of one image lie.

    Attributes
    ----------
    path : Path
        The file.
    held : bytes or None
        The whole data set where no file can be read at any place: a member of a zip archive, or a
        deflated data set.
    stamp : (int, int)
        Size and time of the file when it was looked through.
    spans : tuple of tuple of Span
        The bytes of each frame.
    """

    path: Path
    held: bytes | None
    stamp: tuple[int, int]
    layout: PixelLayout
    is_words: bool
    spans: tuple[tuple[Span, ...], ...]

    @property
    def held_bytes(self) -> int:
        """How much memory it takes beside its frames."""
        return len(self.held) if self.held else 0


def open_frames(mammogram: Mammogram) -> FrameSource:
    """Find the frames of an image; its header is read again.

    Raises
    ------
    DicomError
        If the file has gone or changed, or the frames cannot be told apart.
    """
    with open_again(mammogram) as file:
        layout = read_layout(file.header, file.transfer_syntax)
        pixels = file.find_pixels()
        check_pixels(layout, pixels)
        stream = file.stream
        return FrameSource(
            path=mammogram.file,
            held=stream.getvalue() if isinstance(stream, io.BytesIO) else None,
            stamp=(0, 0) if isinstance(stream, io.BytesIO) else _stamp(mammogram.file),
            layout=layout,
            is_words=pixels.is_words,
            spans=frame_spans(file, layout, pixels),
        )


def read_frame(source: FrameSource, frame: int) -> NDArray[np.generic]:
    """Read and decode one frame.

    Parameters
    ----------
    source : FrameSource
        See `open_frames`.
    frame : int
        Its number, from 1.

    Returns
    -------
    ndarray of uint8, uint16, int8 or int16, (rows, cols), read-only
        Stored values.

    Raises
    ------
    DicomError
        If the file has gone or changed, or the frame cannot be decoded.
    """
    data = _read(source, source.spans[frame - 1])
    try:
        return decode_bytes(data, source.layout, is_words=source.is_words)
    except DicomError as error:
        raise DicomError(
            translate("Files", "frame {frame} of {frames}: {met}").format(
                frame=frame, frames=source.layout.frames, met=error.met
            ),
            expected=error.expected,
            todo=error.todo,
        ) from None


def frame_spans(
    file: DicomFile, layout: PixelLayout, pixels: PixelBytes
) -> tuple[tuple[Span, ...], ...]:
    """Return the bytes of each frame of an open file.

    Raises
    ------
    DicomError
        If there are fewer frames than the header says, or nothing tells them apart.
    """
    count = layout.frames
    if layout.codec is Codec.NATIVE:
        (offset, _), length = pixels.spans[0], layout.native_length
        return tuple(((offset + length * frame, length),) for frame in range(count))
    if count == 1:
        return (pixels.spans,)
    if len(pixels.spans) < count:
        raise _unclear(
            translate("Files", "{spans} fragments for {count} frames").format(
                spans=len(pixels.spans), count=count
            ),
            translate("Files", "one or more for each"),
        )
    starts = [offset - pixels.spans[0][0] for offset, _ in pixels.spans]
    for table in (_extended_table(file), _basic_table(file.stream, pixels), None):
        if table is not None and len(table) == count and set(table) <= set(starts):
            return _grouped(pixels.spans, [starts.index(at) for at in table])
    if len(pixels.spans) == count:
        return tuple((span,) for span in pixels.spans)
    if layout.codec is not Codec.RLE:  # a frame in RLE is one fragment (PS3.5 G.2)
        firsts = [n for n, span in enumerate(pixels.spans) if _is_start(file.stream, span)]
        if len(firsts) == count and firsts[0] == 0:
            return _grouped(pixels.spans, firsts)
    raise _unclear(
        translate(
            "Files", "{spans} fragments for {count} frames and no offset table that fits"
        ).format(spans=len(pixels.spans), count=count),
        translate("Files", "an offset table, or one fragment for each frame"),
    )


def _grouped(spans: Sequence[Span], firsts: Sequence[int]) -> tuple[tuple[Span, ...], ...]:
    """Put the fragments of each frame together; ``firsts`` are the first of each."""
    ends = [*firsts[1:], len(spans)]
    groups = tuple(tuple(spans[first:end]) for first, end in zip(firsts, ends, strict=True))
    if firsts[0] != 0 or not all(groups):
        raise _unclear(
            translate("Files", "an offset table that is not in order"),
            translate("Files", "the frames in order"),
        )
    return groups


def _basic_table(stream: BinaryIO, pixels: PixelBytes) -> tuple[int, ...] | None:
    """Return the basic offset table: places of the frames' first items; None where it is empty."""
    if pixels.table is None or pixels.table[1] < 4:
        return None
    data = read_spans(stream, [pixels.table])
    return struct.unpack(f"<{len(data) // 4}L", data[: len(data) // 4 * 4])


def _extended_table(file: DicomFile) -> tuple[int, ...] | None:
    """Return the extended offset table (7FE0,0001), whose places have 64 bits."""
    data = file.header.binary("ExtendedOffsetTable")
    if not data:
        return None
    return struct.unpack(f"<{len(data) // 8}Q", data[: len(data) // 8 * 8])


def _is_start(stream: BinaryIO, span: Span) -> bool:
    stream.seek(span[0])
    return stream.read(min(span[1], 8)).startswith(_STARTS)


def _read(source: FrameSource, spans: Sequence[Span]) -> bytes:
    if source.held is not None:
        return read_spans(io.BytesIO(source.held), spans)
    with open_regular(source.path) as stream:
        if _stamp(source.path) != source.stamp:
            raise DicomError(
                translate("Files", "a file that was changed while it was open"),
                expected=translate("Files", "the file as it was opened"),
                todo=translate("Files", "open it again"),
            )
        return read_spans(stream, spans)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (-1, -1)  # gone: opening it says so
    return found.st_size, found.st_mtime_ns


def _unclear(met: str, expected: str) -> DicomError:
    return DicomError(
        translate("Files", "a multi-frame image with {met}").format(met=met),
        expected=expected,
        todo=translate("Files", "copy or export the file again from its source"),
    )
