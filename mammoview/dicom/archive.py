"""Members of zip archives, read into memory and never onto the disk.

Unpacking into a private temporary folder was the other way.  It leaves patient data behind when
the program is killed or the power fails, until somebody starts it again, and no program can
promise that; memory ends with the process.  The price is that a member is inflated twice, once
for its header and once for its pixels: about 0.1 s for each view of 30 megabytes.  A member is
read whole even for its header, so that a wrong checksum is known before a reader relies on the
examination; each thread holds one member at a time.

Source: PKWARE APPNOTE 6.3 (zip), PS3.12 V (ZIP file media).
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from mammoview.dicom.content import START_BYTES, check_start, is_bomb, open_regular
from mammoview.errors import DicomError
from mammoview.words import translate

_LOCAL_HEADER_BYTES = 30
_ENCRYPTED = 0x1
_METHODS = MappingProxyType(
    {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz", 99: "AES encryption"}
)
_READ_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PIECE_BYTES = 1 << 20
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,  # a password is wanted, or something zipfile does not do
    ValueError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedMember:
    """A member that is not read: its printable name, and why."""

    name: str
    error: DicomError


class Archive:
    """An open zip archive; `read` may be called from several threads.

    Attributes
    ----------
    names : tuple of str
        Members that can be tried, in the archive's order; ``/`` between folders.
    refused : tuple of RefusedMember
        Members that are not: encrypted, too large, packed by a method that is not read, named
        outside the archive, or named twice.
    """

    def __init__(self, opened: zipfile.ZipFile) -> None:
        self._opened = opened
        self._members: dict[str, zipfile.ZipInfo] = {}
        refused = []
        for info in opened.infolist():
            if info.is_dir():
                continue
            name = _plain_name(info)
            try:
                _check(info, name, self._members)
            except DicomError as error:
                refused.append(RefusedMember(name=name, error=error))
            else:
                self._members[name] = info
        self.names = tuple(self._members)
        self.refused = tuple(refused)

    @property
    def all_names(self) -> tuple[str, ...]:
        """Every member, tried or not."""
        return (*self.names, *(member.name for member in self.refused))

    def read(self, name: str) -> io.BytesIO:
        """Return a member that starts like DICOM, whole, its checksum compared.

        It is inflated piece by piece and never further than its size in the list of members, so
        that a wrong size there cannot fill the memory.

        Raises
        ------
        DicomError
            If there is no such member, it is not DICOM, or it is damaged.
        """
        info = self._members.get(name)
        if info is None:
            raise DicomError(
                translate("Files", "a member that is not in the zip archive (any more)"),
                expected=translate("Files", "the archive as it was opened"),
                todo=translate("Files", "open the archive again"),
            )
        try:
            with self._opened.open(info) as stream:
                piece = stream.read(START_BYTES)
                check_start(piece)  # before the rest is inflated
                content = io.BytesIO()
                while piece:
                    content.write(piece)
                    piece = stream.read(_PIECE_BYTES)
        except _UNREADABLE as error:
            raise _damaged(error) from None
        if content.tell() != info.file_size:
            raise _damaged(None)
        content.seek(0)
        return content


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a zip archive and read its list of members.

    Raises
    ------
    DicomError
        If it cannot be read, or two members share bytes.
    """
    with open_regular(path) as stream:
        try:
            opened = zipfile.ZipFile(stream)
        except _UNREADABLE as error:
            raise DicomError(
                translate(
                    "Files", "a zip archive whose list of files cannot be read ({kind})"
                ).format(kind=type(error).__name__),
                expected=translate("Files", "a whole zip archive in one part"),
                todo=translate(
                    "Files", "copy or download it again, or unpack it and pass the folder"
                ),
            ) from None
        with opened:
            _check_apart(opened.infolist())
            yield Archive(opened)


def _plain_name(info: zipfile.ZipInfo) -> str:
    """Return a member's name with ``/`` between folders, empty steps left out, printable.

    Some Windows programs write backslashes, against APPNOTE 4.4.17.1.
    """
    printable = "".join(
        c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in info.filename
    )
    parts = printable.replace("\\", "/").split("/")
    return "/".join(part for part in parts if part not in ("", "."))


def _check(info: zipfile.ZipInfo, name: str, known: dict[str, zipfile.ZipInfo]) -> None:
    written = info.filename.replace("\\", "/")
    if written.startswith("/") or ".." in written.split("/") or re.match("[A-Za-z]:", written):
        raise _refused(
            translate("Files", "a member named as a place outside the archive"),
            translate("Files", "names inside it"),
        )
    if not name or name in known:
        raise _refused(
            translate("Files", "a second member of the same name"),
            translate("Files", "each name once"),
        )
    if info.flag_bits & _ENCRYPTED:
        raise _refused(
            translate("Files", "an encrypted member"),
            translate("Files", "a zip archive without password"),
        )
    if info.compress_type not in _READ_METHODS:
        method = _METHODS.get(info.compress_type, f"method {info.compress_type}")
        raise _refused(
            translate("Files", "a member packed with {method}").format(method=method),
            translate("Files", "members stored or deflated"),
        )
    if is_bomb(info.file_size, info.compress_size):
        ratio = info.file_size / max(1, info.compress_size)
        raise _refused(
            translate(
                "Files",
                "a member that unpacks to {mib} MiB, {ratio:.0f} times its size (a zip bomb?)",
            ).format(mib=info.file_size >> 20, ratio=ratio),
            translate("Files", "an image"),
        )


def _check_apart(infos: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse an archive whose members share bytes: a bomb that no ratio of a member shows."""
    for first, second in pairwise(sorted(infos, key=lambda info: info.header_offset)):
        if first.header_offset + _LOCAL_HEADER_BYTES + first.compress_size > second.header_offset:
            raise _refused(
                translate("Files", "a zip archive whose members share bytes (a zip bomb?)"),
                translate("Files", "them apart"),
            )


def _refused(met: str, expected: str) -> DicomError:
    return DicomError(
        met,
        expected=expected,
        todo=translate("Files", "unpack it yourself if you trust it, and pass the folder"),
    )


def _damaged(error: Exception | None) -> DicomError:
    why = (
        translate("Files", "it is shorter than it says")
        if error is None
        else str(type(error).__name__)
    )
    if isinstance(error, zipfile.BadZipFile) and "CRC" in str(error):
        why = translate("Files", "wrong checksum (CRC-32)")
    return DicomError(
        translate("Files", "a damaged member of a zip archive: {why}").format(why=why),
        expected=translate("Files", "the bytes that were packed"),
        todo=translate("Files", "copy or download the archive again from its source"),
    )
