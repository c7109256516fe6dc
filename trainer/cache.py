"""The patch cache: what ``to_grid`` made of every picture, in memory-mapped shards.

A cache is a folder of pairs ``shard-0000.bin`` (uint8: the pixels of a grid, then its breast
cells, one record after another) and ``shard-0000.json`` (its records and its hash), and
``index.json``, which is written last: its presence means complete.  It needs numpy alone to read,
so that a bare GPU machine can train from it.

A record is a whole mammogram on the recipe's grid, or (``sampling = "roi"``) the square around one
lesion.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import ImageBox
from mammoview.errors import DataError
from trainer.documents import file_sha256, replace_whole, write_json

BREAST_STEP = 16
INDEX = "index.json"
FORMAT = "mammoview patch cache 2"
_NO_BREAST = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class GridLesion:
    """A lesion in a record.

    Attributes
    ----------
    box : ImageBox
        In continuous coordinates of the record's grid.
    width_px, height_px : float
        Of the box in the stored picture.
    mean_grey : float
        Mean grey value (0..1) in the box.
    kind, lesion_id, pathology, subtlety
        See ``trainer.labelled.LabelledBox``.
    """

    kind: str
    box: ImageBox
    lesion_id: str
    pathology: str
    subtlety: int
    width_px: float
    height_px: float
    mean_grey: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRecord:
    """One grid in the cache: its shape, its shard, where its bytes start there, its lesions."""

    name: str
    mammogram: str
    person: str
    laterality: str
    view: str
    density: int
    rows: int
    cols: int
    shard: int
    grid_at: int
    breast_at: int
    lesions: tuple[GridLesion, ...]

    @property
    def breast_shape(self) -> tuple[int, int]:
        """Rows and columns of the breast cells, one every ``BREAST_STEP`` grid pixels."""
        return -(-self.rows // BREAST_STEP), -(-self.cols // BREAST_STEP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """What a shard's ``.json`` tells: its records, and the pictures refused with the reason."""

    sha256: str
    records: tuple[GridRecord, ...]
    refused: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PreparedGrid:
    """A record's pixels before they are in a shard; ``breast`` is None for a lesion's square."""

    record: GridRecord
    pixels: NDArray[np.uint8]
    breast: NDArray[np.bool_] | None


class GridCache:
    """Read-only view of a cache folder.

    Attributes
    ----------
    settings : dict
        What of the recipe the pixels depend on (see ``trainer.prepare.cache_settings``).
    source : str
        What the pictures are, in words for the model card.
    sha256 : str
        Over all shards.
    records : tuple of GridRecord
    shards : tuple of ndarray of uint8
        The bytes of each shard, memory-mapped.

    Raises
    ------
    DataError
        If the folder holds no complete cache.
    """

    def __init__(self, folder: Path) -> None:
        document = _read_json(folder / INDEX, folder)
        if document.get("format") != FORMAT:
            raise DataError(
                f"{folder / INDEX} has format {document.get('format')!r}",
                expected=FORMAT,
                todo="delete the folder and run mammoview-train prepare again",
            )
        self.folder = folder
        try:
            self.settings: dict[str, Any] = dict(document["settings"])
            self.source = str(document["source"])
            self.sha256 = str(document["sha256"])
            self._hashes: tuple[str, ...] = tuple(map(str, document["shards"]))
        except (KeyError, TypeError, ValueError) as error:
            raise _incomplete(folder, f"{INDEX}: {type(error).__name__} {error}") from error
        described = [read_shard(folder, number) for number in range(len(self._hashes))]
        for number, (shard, sha256) in enumerate(zip(described, self._hashes, strict=True)):
            if shard.sha256 != sha256:
                raise _damaged(folder, number, "is of another cache")
        self.records = tuple(record for shard in described for record in shard.records)
        self.shards = tuple(_map(folder, n, s.records) for n, s in enumerate(described))

    def grid(self, record: GridRecord) -> NDArray[np.uint8]:
        """Return the pixels (rows, cols) of one record."""
        return self._bytes(record.shard, record.grid_at, (record.rows, record.cols))

    def breast(self, record: GridRecord) -> NDArray[np.bool_]:
        """Return the breast cells of one record, one every ``BREAST_STEP`` grid pixels."""
        return self._bytes(record.shard, record.breast_at, record.breast_shape).astype(np.bool_)

    def verify(self) -> None:
        """Read every shard and compare its hash.

        Raises
        ------
        DataError
            If a shard is not what ``prepare`` wrote; names it.
        """
        for number, expected in enumerate(self._hashes):
            if file_sha256(self.folder / shard_name(number)) != expected:
                raise _damaged(self.folder, number, "has been changed")

    def _bytes(self, shard: int, start: int, shape: tuple[int, int]) -> NDArray[np.uint8]:
        return self.shards[shard][start : start + shape[0] * shape[1]].reshape(shape)


def shard_name(number: int) -> str:
    """Return the file name of a shard's bytes."""
    return f"shard-{number:04d}.bin"


def write_shard(
    folder: Path,
    number: int,
    grids: Sequence[PreparedGrid],
    refused: Sequence[tuple[str, str]] = (),
) -> Shard:
    """Write one shard; its ``.json`` comes last, so no half shard counts."""
    file = folder / shard_name(number)
    digest = hashlib.sha256()
    records = []
    at = 0
    partial = file.with_name(file.name + ".part")
    with partial.open("wb") as stream:
        for item in grids:
            breast_at = _NO_BREAST if item.breast is None else at + item.pixels.size
            records.append(replace(item.record, shard=number, grid_at=at, breast_at=breast_at))
            for piece in (item.pixels, item.breast):
                if piece is not None:
                    content = piece.astype(np.uint8).tobytes()
                    digest.update(content)
                    stream.write(content)
                    at += len(content)
    replace_whole(partial, file)
    document = {
        "sha256": digest.hexdigest(),
        "bytes": at,
        "records": [_record_values(record) for record in records],
        "refused": [list(pair) for pair in refused],
    }
    write_json(document, file.with_suffix(".json"))
    return Shard(sha256=digest.hexdigest(), records=tuple(records), refused=tuple(refused))


def read_shard(folder: Path, number: int) -> Shard:
    """Return what is told of one shard; its bytes are not read.

    Raises
    ------
    DataError
        If the shard is missing, cut short or broken.
    """
    file = folder / shard_name(number)
    document = _read_json(file.with_suffix(".json"), folder)
    try:
        size = int(document["bytes"])
        shard = Shard(
            sha256=str(document["sha256"]),
            records=tuple(_record(values) for values in document["records"]),
            refused=tuple((str(name), str(reason)) for name, reason in document["refused"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(folder, number, f"has broken records ({error})") from error
    if not file.is_file() or file.stat().st_size != size:
        raise _damaged(folder, number, f"is missing or cut short, {size} bytes are needed")
    return shard


def write_index(
    folder: Path, *, hashes: Sequence[str], settings: dict[str, Any], source: str
) -> None:
    """Write ``index.json``: the cache is complete."""
    whole = hashlib.sha256("".join(hashes).encode()).hexdigest()
    document = {
        "format": FORMAT,
        "source": source,
        "settings": settings,
        "sha256": whole,
        "shards": list(hashes),
    }
    write_json(document, folder / INDEX)


def _read_json(file: Path, folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise _incomplete(folder, f"{file.name}: {type(error).__name__}") from error


def _map(folder: Path, number: int, records: Sequence[GridRecord]) -> NDArray[np.uint8]:
    # Copy on write: torch wants memory that could be written, and nothing ever is.
    if not records:
        return np.zeros(0, np.uint8)
    return np.memmap(folder / shard_name(number), dtype=np.uint8, mode="c")


def _incomplete(folder: Path, why: str) -> DataError:
    return DataError(
        f"no complete patch cache in {folder} ({why})",
        expected=f"{INDEX} and its shards",
        todo="make it with: mammoview-train prepare DATA --out " + str(folder),
    )


def _damaged(folder: Path, number: int, what: str) -> DataError:
    return DataError(
        f"{shard_name(number)} in {folder} {what}",
        expected="the shard as prepare wrote it",
        todo=f"delete {shard_name(number)}, its .json and {INDEX}, and run mammoview-train "
        "prepare again: the other shards are kept",
    )


def _record_values(record: GridRecord) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(record, name) for name in GridRecord.__slots__}
    values["lesions"] = [
        {name: getattr(item, name) for name in GridLesion.__slots__ if name != "box"}
        | {"box": [item.box.col0, item.box.row0, item.box.col1, item.box.row1]}
        for item in record.lesions
    ]
    return values


def _record(values: dict[str, Any]) -> GridRecord:
    lesions = tuple(_lesion(item) for item in values["lesions"])
    return GridRecord(**{**values, "lesions": lesions})


def _lesion(values: dict[str, Any]) -> GridLesion:
    col0, row0, col1, row1 = values["box"]
    box = ImageBox(col0=col0, row0=row0, col1=col1, row1=row1)
    return GridLesion(**{**values, "box": box})
