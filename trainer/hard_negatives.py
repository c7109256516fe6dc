"""Places that a trained network takes for lesions and that are none, to be trained on again.

The file that ``mammoview-train mine`` writes and ``fit --hard-negatives`` reads.  Places lie on the
grids of one patch cache and hold for that cache alone.  Numpy and the standard library alone, so
that a bare GPU machine can train with it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mammoview.domain.geometry import ImageBox, ImagePoint
from mammoview.errors import DataError
from mammoview.modelkit.codec import CodecError, decode, encode
from trainer.cache import GridCache, GridRecord
from trainer.documents import write_json

_FORMAT: Literal["mammoview-hard-negatives/1"] = "mammoview-hard-negatives/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class HardPlace:
    """A false mark on a training picture.

    Attributes
    ----------
    record : int
        Number of the picture in the cache.
    mammogram : str
        Its name, for the reader of the file.
    kind, score
        Class and score of the mark, by the network that made it.
    col, row : float
        Its peak in continuous coordinates of the record's grid.
    """

    record: int
    mammogram: str
    kind: str
    score: float
    col: float
    row: float

    @property
    def point(self) -> ImagePoint:
        """Its peak on the record's grid."""
        return ImagePoint(col=self.col, row=self.row)


@dataclass(frozen=True, slots=True, kw_only=True)
class HardNegatives:
    """False marks of one network on the training pictures of one cache, best first.

    Attributes
    ----------
    cache_sha256, checkpoint_sha256 : str
        Of the cache, and of the checkpoint that made the marks.
    pictures : int
        How many training pictures were looked through.
    places : tuple of HardPlace
    """

    format: Literal["mammoview-hard-negatives/1"] = _FORMAT
    cache_sha256: str
    checkpoint_sha256: str
    pictures: int
    places: tuple[HardPlace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HardShare:
    """Places to draw background patches around, and for which share of those patches."""

    places: tuple[HardPlace, ...]
    share: float


def write_hard_negatives(found: HardNegatives, file: Path) -> None:
    """Write the file, whole or not at all."""
    write_json(encode(found), file)


def read_hard_negatives(file: Path) -> HardNegatives:
    """Read the file that ``mine`` wrote.

    Raises
    ------
    DataError
        If it cannot be read or is of another shape.
    """
    try:
        return decode(HardNegatives, json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, CodecError) as error:
        raise DataError(
            f"hard negatives {file} cannot be read ({type(error).__name__}: {error})",
            expected="the file that mammoview-train mine wrote",
            todo="write it again with: mammoview-train mine RUN --cache CACHE --out FILE",
        ) from error


def check_hard_negatives(
    found: HardNegatives, cache: GridCache, training: Collection[int], *, is_grid: bool
) -> None:
    """Refuse places that are of another cache, or on pictures that do not train.

    Parameters
    ----------
    training : collection of int
        Numbers of the training records.
    is_grid : bool
        Whether the recipe cuts patches from whole grids.

    Raises
    ------
    DataError
        If they cannot be trained on.
    """
    if not is_grid:
        raise DataError(
            "hard negatives for a recipe that cuts no patches from whole grids",
            expected='sampling = "grid"',
            todo="leave --hard-negatives out, or use another recipe",
        )
    if found.cache_sha256 != cache.sha256:
        raise DataError(
            f"the hard negatives were mined on another cache than {cache.folder}",
            expected="places on the grids of the cache that is trained on",
            todo="mine them again with: mammoview-train mine RUN --cache " + str(cache.folder),
        )
    if not found.places:
        raise DataError(
            "a list of no hard negatives", expected="at least one", todo="mine more pictures"
        )
    known = set(training)
    if outside := sorted({p.mammogram for p in found.places if p.record not in known}):
        raise DataError(
            f"{len(outside)} pictures of the hard negatives do not train ({outside[0]}, ...)",
            expected="places on training pictures alone: validation would not be held out",
            todo="mine with a run of the same split",
        )


def is_clear(record: GridRecord, point: ImagePoint, by_px: float) -> bool:
    """Tell whether a place is farther than ``by_px`` grid pixels from every lesion's box."""
    return all(_distance(lesion.box, point) > by_px for lesion in record.lesions)


def best_first(places: Sequence[HardPlace], most: int) -> tuple[HardPlace, ...]:
    """Return the places by falling score, at most so many."""
    ordered = sorted(places, key=lambda place: (-place.score, place.record, place.row, place.col))
    return tuple(ordered[:most])


def _distance(box: ImageBox, point: ImagePoint) -> float:
    """Return the distance of a place from a box in pixels, 0 inside."""
    across = max(box.col0 - point.col, point.col - box.col1, 0.0)
    down = max(box.row0 - point.row, point.row - box.row1, 0.0)
    return float((across**2 + down**2) ** 0.5)
