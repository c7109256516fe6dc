"""Reading every file under a folder once: in parallel, and so that a killed run goes on.

What was read is appended to a journal, one JSON line a file, known by relative path, size and time
of change.  Only headers are read, and of 8-bit images the pixels, one image a process at a time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mammoview.dicom.cbis_files import CbisFile, CbisKind, read_cbis_file
from mammoview.dicom.files import list_files
from mammoview.domain.geometry import ImageBox
from mammoview.errors import DataError, DicomError
from mammoview.modelkit.codec import CodecError, Pairs, decode, encode
from trainer.pool import process_pool

JOURNAL = "scan.jsonl"
UNREADABLE = "unreadable"
NOT_DICOM = "not DICOM"
_HEADER = {"format": "mammoview-cbis-scan/1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedFile:
    """One file under the data folder and what it is.

    Attributes
    ----------
    path : str
        Relative to the data folder, with forward slashes.
    size, mtime_ns : int
        Bytes, and time of the last change, by which a file is known again.
    kind : str
        ``full mammogram``, ``mask``, ``crop``, ``unknown``, ``unreadable`` or ``not DICOM``.
    reason : str
        Why it is unknown or unreadable.
    patient_id : str
        Only where it is one of CBIS-DDSM; ``has_patient_id`` tells it from a missing one.
    described : str
        The kind that SeriesDescription names; ``unknown`` where it names none.
    mask_box : tuple of int
        Of a mask with anything in it: ``col0, row0, col1, row1``, pixels of the mask, origin at
        the outer corner of the first pixel, end exclusive; else empty.
    mask_area_px : int
        Pixels set in a mask.
    """

    path: str
    size: int
    mtime_ns: int
    kind: str
    reason: str = ""
    series_uid: str = ""
    sop_uid: str = ""
    has_patient_id: bool = False
    patient_id: str = ""
    described: str = CbisKind.UNKNOWN.value
    bits: int = 0
    rows: int = 0
    cols: int = 0
    mask_box: tuple[int, ...] = ()
    mask_area_px: int = 0

    @property
    def is_image(self) -> bool:
        """Whether it is a DICOM image that could be read."""
        return self.kind not in (UNREADABLE, NOT_DICOM)

    def box(self) -> ImageBox | None:
        """Return the box of a mask in its own pixels; None where there is none."""
        if not self.mask_box:
            return None
        col0, row0, col1, row1 = self.mask_box
        return ImageBox(col0=col0, row0=row0, col1=col1, row1=row1)


def scan_folder(
    root: Path, *, journal: Path, workers: int | None = None, leave_out: Path | None = None
) -> tuple[ScannedFile, ...]:
    """Read every file under a folder, or take it from the journal if it has not changed.

    Parameters
    ----------
    root : Path
        The data folder; symbolic links are followed.
    journal : Path
        File to append to; a cut last line is forgotten.  Unreadable files are tried again.
    workers : int, optional
        Processes; as many as cores if left out, none but this one if 1.
    leave_out : Path, optional
        A folder that is no data (where the index goes).

    Returns
    -------
    tuple of ScannedFile
        Sorted by path.

    Raises
    ------
    DataError
        If the folder is not there, the journal is broken, or a process was killed.
    """
    if not root.is_dir():
        raise DataError(
            f"no folder {root}",
            expected="the folder of the download",
            todo="check the path; it holds a manifest folder, or one folder a patient or series",
        )
    done = read_journal(journal)
    known: list[ScannedFile] = []
    waiting: list[str] = []
    files, refused = _list(root, leave_out)
    for path, size, mtime_ns in files:
        before = done.get(path)
        if before is not None and (before.size, before.mtime_ns) == (size, mtime_ns):
            known.append(before)
        else:
            waiting.append(path)
    fresh = _scan(root, waiting, journal=journal, workers=workers, known=len(known))
    return tuple(sorted([*known, *fresh, *refused], key=lambda item: item.path))


def read_journal(journal: Path) -> dict[str, ScannedFile]:
    """Return what a journal holds, by path; later lines win, and a cut last line is cut off.

    Raises
    ------
    DataError
        If the file is not such a journal, or a line before the last is broken.
    """
    if not journal.exists():
        return {}
    try:
        content = journal.read_bytes()
        whole = content.rpartition(b"\n")[0]
        if len(whole) + 1 < len(content):
            with journal.open("r+b") as stream:
                stream.truncate(len(whole) + 1 if whole else 0)
        if not whole:
            return {}
        lines = whole.decode("utf-8").split("\n")
        if json.loads(lines[0]) != _HEADER:
            raise CodecError("line 1", lines[0][:60], json.dumps(_HEADER))
        items = [_decoded(line, number) for number, line in enumerate(lines[1:], start=2)]
    except (OSError, ValueError) as error:
        raise DataError(
            f"journal {journal} is broken ({error})",
            expected="what an earlier run of index wrote",
            todo="delete it: the files are then read again",
        ) from error
    return {item.path: item for item in items}


def _decoded(line: str, number: int) -> ScannedFile:
    return decode(ScannedFile, json.loads(line, object_pairs_hook=Pairs), f"line {number}")


def _list(
    root: Path, leave_out: Path | None
) -> tuple[list[tuple[str, int, int]], list[ScannedFile]]:
    """Return path, size and time of every file, and what cannot be listed or asked."""
    outside = leave_out.resolve() if leave_out else None
    paths, refusals = list_files([root], lambda: False)
    refused = [
        ScannedFile(
            path=r.file.relative_to(root).as_posix(),
            size=0,
            mtime_ns=0,
            kind=UNREADABLE,
            reason=r.reason,
        )
        for r in refusals
    ]
    files: list[tuple[str, int, int]] = []
    for path in paths:
        if outside is not None and path.resolve().is_relative_to(outside):
            continue
        name = path.relative_to(root).as_posix()
        try:
            status = path.stat()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            refused.append(
                ScannedFile(path=name, size=0, mtime_ns=0, kind=UNREADABLE, reason=reason)
            )
        else:
            files.append((name, status.st_size, status.st_mtime_ns))
    return files, refused


def _scan(
    root: Path, waiting: Sequence[str], *, journal: Path, workers: int | None, known: int
) -> list[ScannedFile]:
    journal.parent.mkdir(parents=True, exist_ok=True)
    fresh: list[ScannedFile] = []
    with journal.open("ab") as stream:
        if stream.tell() == 0:
            stream.write(_line(_HEADER))
        bar = tqdm(total=known + len(waiting), initial=known, desc="index", unit="file")
        with bar, process_pool(workers, items=len(waiting)) as each:
            for item in each(partial(scan_file, root), waiting):
                fresh.append(item)
                if item.kind != UNREADABLE:
                    stream.write(_line(encode(item)))
                    stream.flush()
                bar.update()
    return fresh


def _line(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def scan_file(root: Path, path: str) -> ScannedFile:
    """Read one file; one that cannot be read is part of the answer."""
    file = root / path
    try:
        status = file.stat()
        size, mtime_ns = status.st_size, status.st_mtime_ns
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return ScannedFile(path=path, size=0, mtime_ns=0, kind=UNREADABLE, reason=reason)
    try:
        return _scanned(path, size, mtime_ns, read_cbis_file(file))
    except DicomError as error:
        is_other = file.suffix.lower() != ".dcm" and not _has_preamble(file)
        return ScannedFile(
            path=path,
            size=size,
            mtime_ns=mtime_ns,
            kind=NOT_DICOM if is_other else UNREADABLE,
            reason="" if is_other else error.met,
        )


def _has_preamble(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return stream.read(132)[128:] == b"DICM"
    except OSError:
        return True  # what cannot be opened may well be an image


def _scanned(path: str, size: int, mtime_ns: int, file: CbisFile) -> ScannedFile:
    box = file.box
    return ScannedFile(
        path=path,
        size=size,
        mtime_ns=mtime_ns,
        kind=file.kind.value,
        reason=file.reason,
        series_uid=file.series_uid,
        sop_uid=file.sop_uid,
        has_patient_id=file.has_patient_id,
        patient_id=file.name.patient_id if file.name else "",
        described=file.described.value,
        bits=file.bits,
        rows=file.rows,
        cols=file.cols,
        mask_box=tuple(int(v) for v in (box.col0, box.row0, box.col1, box.row1)) if box else (),
        mask_area_px=file.area_px,
    )
