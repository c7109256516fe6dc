"""How a mammogram may be stored, and what the standard says that the screen must then show.

Nothing here is the program's: poses are laid by the builders, grey values follow the formulas of
PS3.3 C.11.2.1.2 (LINEAR), C.11.2.1.3 (SIGMOID, LINEAR_EXACT), C.11.2.1.1 (VOI LUT), C.11.1
(Rescale) and C.7.5.1.1.2 (padding) in plain numpy.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.builders.dicom import POSES, VIEWS, build_mg, lay, lut

_SIGN = 2048  # what a signed image of 12 bits has less
_MIRROR = 3600  # MONOCHROME1 stores this less the value
_PADDING = {"none": None, "value": (3044, 3044), "range": (0, 30)}
_AIR = 0.05  # darker parts of a picture are air, and padded


class Kind(StrEnum):
    """What turns values grey."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"
    LUT = "LUT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """One way to store a picture; ``pose`` is what display must apply."""

    pose: tuple[bool, int] = (False, 0)
    kind: Kind = Kind.SIGMOID
    photometric: str = "MONOCHROME2"
    padding: str = "none"
    signed: bool = False
    slope: float = 1.0
    intercept: float = 0.0

    @property
    def inverse(self) -> bool:
        return self.photometric == "MONOCHROME1"

    @property
    def padded(self) -> tuple[int, int] | None:
        """First and last padding value, as stored."""
        values = _PADDING[self.padding]
        less = _SIGN if self.signed else 0
        return (values[0] - less, values[1] - less) if values else None


def mixed_storages(exams: int) -> list[tuple[Storage, ...]]:
    """Return poses x VOIs x polarities x paddings by chance, four views an exam, none twice.

    48 examinations would hold them all; half of them meet every pair of properties.
    """
    chance = random.Random(1)
    ways = [
        Storage(
            pose=pose,
            kind=kind,
            photometric=photometric,
            padding=padding,
            signed=chance.random() < 0.5,
            slope=slope,
            intercept=-300.0 * (slope - 1.0),
        )
        for pose, kind, photometric, padding in product(
            POSES, Kind, ("MONOCHROME1", "MONOCHROME2"), _PADDING
        )
        for slope in [chance.choice([1.0, 2.0])]
    ]
    chance.shuffle(ways)
    return list(zip(*[iter(ways)] * len(VIEWS), strict=True))[:exams]


# --- from picture to file ------------------------------------------------------------------------


def stored_values(picture: NDArray[np.float64], way: Storage) -> NDArray[np.int16]:
    """Return the upright stored values of a picture 0..1.

    The linear functions differ by half a value: their pictures span so few values that it shows.
    """
    first, span = (1500, 60) if _is_narrow(way.kind) else (700, 2200)
    values = first + np.rint(picture * span).astype(np.int64)
    if way.inverse:
        values = _MIRROR - values
    values -= _SIGN if way.signed else 0
    if way.padded is not None:
        low, high = way.padded
        air = np.flatnonzero(picture < _AIR)
        values.flat[air] = low + np.arange(air.size) % (high - low + 1)
    return values.astype(np.int16)


def write(
    path: Path,
    view: tuple[str, str],
    picture: NDArray[np.float64],
    way: Storage,
    *,
    mm_per_px: float = 0.2,
) -> Path:
    """Store a picture of one view (side, projection) in a file."""
    values: NDArray[np.integer] = stored_values(picture, way)
    laid = lay(values if way.signed else values.astype(np.uint16), way.pose)
    elements: dict[str, object] = {
        "RescaleSlope": way.slope,
        "RescaleIntercept": way.intercept,
    }
    if way.kind is Kind.LUT:
        first, entries = _lut_of(way)
        elements["VOILUTSequence"] = [lut(entries.tolist(), first=first, bits=12)]
    else:
        centre, width = _window_of(way)
        elements |= {"WindowCenter": centre, "WindowWidth": width, "VOILUTFunction": way.kind.value}
    return build_mg(
        path,
        laterality=view[0],
        view=view[1],
        pose=way.pose,
        photometric=way.photometric,
        signed=way.signed,
        padding=way.padded,
        spacing=(mm_per_px, mm_per_px),
        stored=laid,
        elements=elements,
    )


def _is_narrow(kind: Kind) -> bool:
    return kind in (Kind.LINEAR, Kind.LINEAR_EXACT)


def _window_of(way: Storage) -> tuple[float, float]:
    """Return centre and width in rescaled values."""
    centre, width = (1528, 41) if _is_narrow(way.kind) else (1700, 1400)
    return _rescaled(_MIRROR - centre if way.inverse else centre, way), width * way.slope


def _lut_of(way: Storage) -> tuple[int, NDArray[np.int64]]:
    """Return the first mapped value and 12-bit entries that are no straight line."""
    low, high = (800, 2700) if not way.inverse else (_MIRROR - 2700, _MIRROR - 800)
    first, last = int(_rescaled(low, way)), int(_rescaled(high, way))
    return first, np.rint(4095 * np.linspace(0, 1, last - first + 1) ** 0.6).astype(np.int64)


def _rescaled(value: float, way: Storage) -> float:
    return way.slope * (value - (_SIGN if way.signed else 0)) + way.intercept


# --- from the standard to the screen -------------------------------------------------------------


def grey_by_standard(
    picture: NDArray[np.float64], way: Storage, *, invert: bool = False
) -> NDArray[np.int64]:
    """Return the grey 0..255 of every upright pixel; padding is black in either polarity."""
    stored = stored_values(picture, way).astype(np.float64)
    x = way.slope * stored + way.intercept
    y = _through_lut(x, way) if way.kind is Kind.LUT else _through_window(x, way)
    if way.inverse != invert:
        y = 1 - y
    grey = np.floor(255 * y + 0.5).astype(np.int64)
    if way.padded is not None:
        grey[(stored >= way.padded[0]) & (stored <= way.padded[1])] = 0
    return grey


def _through_window(x: NDArray[np.float64], way: Storage) -> NDArray[np.float64]:
    c, w = _window_of(way)
    if way.kind is Kind.SIGMOID:
        return 1 / (1 + np.exp(-4 * (x - c) / w))
    if way.kind is Kind.LINEAR:
        below, above = x <= c - 0.5 - (w - 1) / 2, x > c - 0.5 + (w - 1) / 2
        between = (x - (c - 0.5)) / (w - 1) + 0.5
    else:
        below, above = x <= c - w / 2, x > c + w / 2
        between = (x - c) / w + 0.5
    return np.select([below, above], [0.0, 1.0], between)


def _through_lut(x: NDArray[np.float64], way: Storage) -> NDArray[np.float64]:
    first, entries = _lut_of(way)
    at = np.clip(x - first, 0, entries.size - 1).astype(np.int64)
    return entries[at] / 4095
