"""The patch cache: what ``to_grid`` made of every picture, memory-mapped.

A cache is a folder of three files: ``grids.bin`` (uint8 pixels of all grids, one after another),
``breasts.bin`` (uint8 0/1, the breast at one cell every ``BREAST_STEP`` grid pixels) and
``index.json``.  It needs numpy alone to read, so that a bare GPU machine can train from it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import ImageBox
from mammoview.errors import DataError

BREAST_STEP = 16
INDEX = "index.json"
GRIDS = "grids.bin"
BREASTS = "breasts.bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class GridLesion:
    """A lesion: class and box in continuous grid coordinates."""

    kind: str
    box: ImageBox


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRecord:
    """One picture in the cache: where its bytes start, its shape and its lesions."""

    name: str
    person: str
    laterality: str
    view: str
    rows: int
    cols: int
    grid_at: int
    breast_at: int
    lesions: tuple[GridLesion, ...]

    @property
    def breast_shape(self) -> tuple[int, int]:
        """Rows and columns of the breast cells."""
        return -(-self.rows // BREAST_STEP), -(-self.cols // BREAST_STEP)


class GridCache:
    """Read-only view of a cache folder.

    Raises
    ------
    DataError
        If the folder holds no complete cache.
    """

    def __init__(self, folder: Path) -> None:
        document = _read_index(folder)
        self.folder = folder
        self.preprocessing: dict[str, Any] = document["preprocessing"]
        self.sha256: str = document["sha256"]
        self.records: tuple[GridRecord, ...] = tuple(_record(v) for v in document["records"])
        self._grids = np.memmap(folder / GRIDS, dtype=np.uint8, mode="r")
        self._breasts = np.memmap(folder / BREASTS, dtype=np.uint8, mode="r")

    def grid(self, record: GridRecord) -> NDArray[np.uint8]:
        """Return the pixels (rows, cols) of one picture."""
        end = record.grid_at + record.rows * record.cols
        return self._grids[record.grid_at : end].reshape(record.rows, record.cols)

    def breast(self, record: GridRecord) -> NDArray[np.bool_]:
        """Return the breast cells of one picture, one every ``BREAST_STEP`` grid pixels."""
        rows, cols = record.breast_shape
        end = record.breast_at + rows * cols
        return self._breasts[record.breast_at : end].reshape(rows, cols).astype(np.bool_)


def write_index(
    folder: Path, *, records: Sequence[GridRecord], preprocessing: dict[str, Any]
) -> None:
    """Write ``index.json`` last, with the hash of both data files: its presence means complete."""
    digest = hashlib.sha256()
    for name in (GRIDS, BREASTS):
        with (folder / name).open("rb") as stream:
            while block := stream.read(1 << 22):
                digest.update(block)
    document = {
        "preprocessing": preprocessing,
        "sha256": digest.hexdigest(),
        "records": [_record_values(record) for record in records],
    }
    partial = folder / (INDEX + ".part")
    partial.write_text(json.dumps(document), encoding="utf-8")
    partial.replace(folder / INDEX)


def _read_index(folder: Path) -> dict[str, Any]:
    try:
        document = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"no complete patch cache in {folder} ({type(error).__name__})",
            expected=f"{INDEX}, {GRIDS} and {BREASTS}",
            todo="make it with: mammoview-train prepare DATA --out " + str(folder),
        ) from error
    last = document["records"][-1] if document["records"] else None
    needed = last["grid_at"] + last["rows"] * last["cols"] if last else 0
    grids = folder / GRIDS
    if not grids.is_file() or grids.stat().st_size < needed:
        raise DataError(
            f"{GRIDS} in {folder} is cut short",
            expected=f"{needed} bytes",
            todo="delete the folder and run mammoview-train prepare again",
        )
    return dict(document)


def _record_values(record: GridRecord) -> dict[str, Any]:
    values: dict[str, Any] = {
        name: getattr(record, name) for name in GridRecord.__slots__ if name != "lesions"
    }
    values["lesions"] = [
        [item.kind, item.box.col0, item.box.row0, item.box.col1, item.box.row1]
        for item in record.lesions
    ]
    return values


def _record(values: dict[str, Any]) -> GridRecord:
    lesions = tuple(
        GridLesion(kind=kind, box=ImageBox(col0=col0, row0=row0, col1=col1, row1=row1))
        for kind, col0, row0, col1, row1 in values["lesions"]
    )
    return GridRecord(**{**values, "lesions": lesions})
