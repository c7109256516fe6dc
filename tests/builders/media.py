"""Media of examinations: a DICOMDIR over files, and zip archives whole and broken."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, generate_uid

_DIRECTORY = "1.2.840.10008.1.3.10"


def build_dicomdir(
    path: Path,
    file_ids: Iterable[Sequence[str]],
    *,
    not_in_use: Iterable[Sequence[str]] = (),
    undefined_length: bool = False,
) -> Path:
    """Write a DICOMDIR with one IMAGE record for each File ID below a patient's record."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.1")
    data.file_meta.MediaStorageSOPClassUID = UID(_DIRECTORY)
    data.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[str(path)])
    data.FileSetID = "PHANTOM"
    patient = Dataset()
    patient.DirectoryRecordType, patient.RecordInUseFlag = "PATIENT", 0xFFFF
    patient.PatientName = "Phantom^One"
    records = [patient]
    for in_use, ids in ((0xFFFF, file_ids), (0, not_in_use)):
        for file_id in ids:
            record = Dataset()
            record.DirectoryRecordType, record.RecordInUseFlag = "IMAGE", in_use
            with disable_value_validation():  # wrong ones are made on purpose
                record.ReferencedFileID = list(file_id)
            records.append(record)
    data.DirectoryRecordSequence = records
    data["DirectoryRecordSequence"].is_undefined_length = undefined_length
    with disable_value_validation():
        data.save_as(path, enforce_file_format=True)
    return path


def build_zip(
    path: Path, members: Iterable[tuple[str, bytes]], *, method: int = zipfile.ZIP_DEFLATED
) -> Path:
    """Write an archive; names go in as they are."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return path


def zip_folder(path: Path, folder: Path, *, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Pack every file below a folder."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    members = [(file.relative_to(folder).as_posix(), file.read_bytes()) for file in files]
    return build_zip(path, members, method=method)


def patch_member(
    path: Path,
    name: str,
    *,
    flags: int | None = None,
    method: int | None = None,
    size: int | None = None,
    crc_off: int = 0,
    byte_off: int | None = None,
) -> None:
    """Break one member: its flags, method, size or checksum in both headers, or a packed byte."""
    raw = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(name)
        local, central = info.header_offset, archive.start_dir
    while raw[central + 46 : central + 46 + len(name)] != name.encode():
        lengths = struct.unpack_from("<HHH", raw, central + 28)
        central += 46 + sum(lengths)
    for at, first in ((local, 6), (central, 8)):
        if flags is not None:
            struct.pack_into("<H", raw, at + first, flags)
        if method is not None:
            struct.pack_into("<H", raw, at + first + 2, method)
        struct.pack_into("<L", raw, at + first + 8, info.CRC ^ crc_off)
        if size is not None:
            struct.pack_into("<L", raw, at + first + 16, size)
    if byte_off is not None:
        start = local + 30 + sum(struct.unpack_from("<HH", raw, local + 26))
        raw[start + byte_off] ^= 0xFF
    path.write_bytes(raw)
