"""What a file is by its first bytes, and the refusals that need no DICOM library.

Source: PS3.10 7.1 (preamble and DICM), PKWARE APPNOTE 4.3 (zip signatures).
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import BinaryIO

from mammoview.errors import DicomError
from mammoview.words import translate

START_BYTES = 132  # preamble and DICM
_BARE_STARTS = (b"\x02\x00", b"\x08\x00", b"\x00\x08")
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")  # plain, empty, split in parts
_MOST_BYTES = 2 << 30
_BOMB_BYTES = 128 << 20
_BOMB_RATIO = 200
_OTHER_ARCHIVES = (
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"BZh", "bzip2"),
)


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading.

    Raises
    ------
    DicomError
        If it is none, or cannot be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise DicomError(
                translate("Files", "something that is not a regular file"),
                expected=translate("Files", "a DICOM file"),
                todo=translate("Files", "pass the files or the folder of the examination"),
            )
        return path.open("rb")
    except OSError as error:
        # The error's own text holds the path, and the path may hold a name.
        raise DicomError(
            translate("Files", "a file that cannot be read ({error})").format(
                error=error.strerror or type(error).__name__
            ),
            expected=translate("Files", "a readable file"),
            todo=translate("Files", "check that it exists and that you may read it"),
        ) from None


def read_start(stream: BinaryIO) -> bytes:
    """Return the first bytes of a file; rewinds the stream."""
    start = stream.read(START_BYTES)
    stream.seek(0)
    return start


def is_zip(start: bytes) -> bool:
    """Tell whether a file that starts so is a zip archive."""
    return start.startswith(_ZIP_STARTS)


def check_start(start: bytes) -> None:
    """Refuse by the first bytes what cannot be a DICOM file.

    Parameters
    ----------
    start : bytes
        The first ``START_BYTES`` of it, or all where there are fewer.

    Raises
    ------
    DicomError
        For an empty file, an archive, and anything else that is not DICOM.
    """
    if not start:
        raise DicomError(
            translate("Files", "an empty file"),
            expected=translate("Files", "a DICOM file"),
            todo=translate("Files", "copy the file again from its source"),
        )
    kind = "zip" if is_zip(start) else ""
    kind = next((name for magic, name in _OTHER_ARCHIVES if start.startswith(magic)), kind)
    if kind:
        raise DicomError(
            translate("Files", "a {kind} archive where an image was expected").format(kind=kind),
            expected=translate("Files", "DICOM files, or one zip archive of them"),
            todo=translate("Files", "unpack it and pass the folder"),
        )
    if start[128:132] != b"DICM" and start[:2] not in _BARE_STARTS:
        raise not_dicom()


def is_bomb(size: int, packed: int) -> bool:
    """Tell whether so many bytes, packed into so few, can be no image.

    The first limit is four times the largest tomosynthesis volumes, uncompressed; a black image of
    26 megapixels shrinks a thousandfold, but stays below the second.
    """
    return size > _MOST_BYTES or (size > _BOMB_BYTES and size > _BOMB_RATIO * packed)


def truncated(met: str) -> DicomError:
    """Return the refusal of a file of which a part is missing."""
    return DicomError(
        met,
        expected=translate("Files", "a whole file"),
        todo=translate("Files", "copy or export the file again from its source"),
    )


def not_dicom() -> DicomError:
    """Return the refusal of a file that is something else."""
    return DicomError(
        translate("Files", "a file that is not DICOM"),
        expected=translate("Files", "a DICOM mammogram"),
        todo=translate("Files", "leave this file out, or export the images as DICOM"),
    )
