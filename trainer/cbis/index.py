"""The index of a CBIS-DDSM download: every row, every file, and the mammograms to learn from."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from mammoview.domain.geometry import ImageBox
from mammoview.errors import DataError
from mammoview.modelkit.codec import CodecError, Pairs, decode, encode
from trainer.cbis.join import IndexedFile, IndexedRow, Role, join
from trainer.cbis.scan import JOURNAL, scan_folder
from trainer.cbis.tables import OFFICIAL_SETS, read_tables
from trainer.documents import write_text
from trainer.labelled import LabelledBox, LabelledImage

INDEX = "index.json"
_FORMAT: Literal["mammoview-cbis-index/1"] = "mammoview-cbis-index/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class CbisIndex:
    """What an index file holds.

    Attributes
    ----------
    root : str
        The data folder; every path is below it.
    tables_sha256 : str
        Hash of the four tables.
    rows : tuple of IndexedRow
        Every row of the tables, used or set aside with its reasons.
    files : tuple of IndexedFile
        Every file below the data folder.
    """

    format: Literal["mammoview-cbis-index/1"]
    root: str
    tables_sha256: str
    rows: tuple[IndexedRow, ...]
    files: tuple[IndexedFile, ...]

    @property
    def sha256(self) -> str:
        """Hash of rows and files: the same wherever the data folder lies, and whenever copied."""
        return _hash(encode(self))

    def images(self) -> tuple[LabelledImage, ...]:
        """Return the distinct mammograms with at least one lesion that can be used.

        A mammogram that stands in the mass and in the calcification set comes once, with the
        lesions of both.  Boxes are in pixels of its file.  A mammogram all of whose rows are set
        aside (its masks are missing, say) is left out, see :meth:`mammograms_left_out`; a mask
        file may have another size than its image, see ``mask_fit``.
        """
        return tuple(self._image(rows) for rows in self._by_mammogram() if _used(rows))

    def mammograms_left_out(self) -> tuple[str, ...]:
        """Return the mammograms whose file is there, but without any lesion that can be used."""
        return tuple(
            rows[0].case.mammogram
            for rows in self._by_mammogram()
            if rows[0].image and not _used(rows)
        )

    def mammograms_half_used(self) -> tuple[str, ...]:
        """Return the mammograms of :meth:`images` that hold a lesion which is set aside too.

        Where that lesion lies is not known: what is unmarked there is not sure to be healthy.
        """
        return tuple(
            rows[0].case.mammogram
            for rows in self._by_mammogram()
            if 0 < len(_used(rows)) < len(rows)
        )

    def _by_mammogram(self) -> tuple[tuple[IndexedRow, ...], ...]:
        rows: dict[str, list[IndexedRow]] = defaultdict(list)
        for row in self.rows:
            rows[row.case.mammogram].append(row)
        return tuple(tuple(rows[name]) for name in sorted(rows))

    def _image(self, rows: tuple[IndexedRow, ...]) -> LabelledImage:
        case = rows[0].case
        sets = {row.case.official for row in rows}
        return LabelledImage(
            file=Path(self.root) / rows[0].image,
            person=case.person,
            laterality=case.laterality,
            view=case.view,
            lesions=tuple(self._lesion(row) for row in _used(rows)),
            density=next((row.case.density for row in rows if row.case.density), 0),
            official=tuple(name for name in OFFICIAL_SETS if name in sets),
        )

    def _lesion(self, row: IndexedRow) -> LabelledBox:
        col0, row0, col1, row1 = row.box
        return LabelledBox(
            kind=row.case.kind,
            box=ImageBox(col0=col0, row0=row0, col1=col1, row1=row1),
            lesion_id=row.case.lesion_id,
            pathology=row.case.pathology,
            subtlety=row.case.subtlety,
            mask=Path(self.root) / row.mask,
        )


def build_index(
    data: Path, *, out: Path, csv: Path | None = None, workers: int | None = None
) -> CbisIndex:
    """Index a download and write ``index.json`` into a folder.

    A killed run is started again with the same ``out`` and goes on where it stopped.

    Parameters
    ----------
    data : Path
        Folder of the download, in any of the collection's layouts.
    out : Path
        Folder for the index and the journal of files already read.
    csv : Path, optional
        Folder with the four tables; found below ``data`` if left out.
    workers : int, optional
        Processes; as many as cores if left out.

    Raises
    ------
    DataError
        If tables or folder are missing or broken, or no file belongs to any row.
    """
    tables = read_tables(csv or data)
    scanned = scan_folder(data, journal=out / JOURNAL, workers=workers, leave_out=out)
    joined = join(tables.rows, scanned)
    placed = [f for f in joined.files if f.role in (Role.IMAGE, Role.MASK, Role.CROP)]
    if not placed:
        images = sum(file.is_image for file in scanned)
        raise DataError(
            f"tables without images: {data} holds {images} DICOM images, and none is of a series "
            f"that the tables name",
            expected="the images of CBIS-DDSM beside its tables",
            todo="pass the folder that the images were downloaded into, and --csv for the tables",
        )
    index = CbisIndex(
        format=_FORMAT,
        root=str(data.resolve()),
        tables_sha256=tables.sha256,
        rows=joined.rows,
        files=joined.files,
    )
    write_index(index, out)
    return index


def write_index(index: CbisIndex, folder: Path) -> Path:
    """Write ``index.json`` whole or not at all; return the file."""
    file = folder / INDEX
    document: dict[str, Any] = encode(index)
    document["sha256"] = _hash(document)
    write_text(json.dumps(document, separators=(",", ":")) + "\n", file)
    return file


def read_index(path: Path, *, data: Path | None = None) -> CbisIndex:
    """Read an index, strictly.

    Parameters
    ----------
    path : Path
        ``index.json`` or its folder.
    data : Path, optional
        The data folder, where it has moved since.

    Raises
    ------
    DataError
        If there is none, or it was cut short, changed or written by another version.
    """
    file = path / INDEX if path.is_dir() else path
    try:
        text = file.read_text(encoding="utf-8")
        members = json.loads(text, object_pairs_hook=Pairs)
        index = decode(CbisIndex, Pairs(pair for pair in members if pair[0] != "sha256"))
        document = json.loads(text)
    except (OSError, ValueError, TypeError) as error:
        raise _broken(file, f"({_said(error)})") from error
    if document.get("sha256") != _hash(document):
        raise _broken(file, "(its hash is not that of its content)")
    return index if data is None else replace(index, root=str(data.resolve()))


def _hash(document: dict[str, Any]) -> str:
    """Return the hash of tables, rows and files, without where they lie and when they were made."""
    files = [{**item, "file": {**item["file"], "mtime_ns": 0}} for item in document["files"]]
    content = [document["tables_sha256"], document["rows"], files]
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, CodecError) else type(error).__name__


def _broken(file: Path, met: str) -> DataError:
    return DataError(
        f"no usable index {file} {met}",
        expected=f"an index that was written whole ({_FORMAT})",
        todo=f"make it with: mammoview-train index DATA --out {file.parent}",
    )


def _used(rows: tuple[IndexedRow, ...]) -> tuple[IndexedRow, ...]:
    return tuple(row for row in rows if row.is_used)
