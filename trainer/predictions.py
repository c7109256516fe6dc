"""Held-out predictions of patches: the value, and its CSV file."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from mammoview.errors import DataError
from trainer.cache import GridLesion, GridRecord
from trainer.documents import write_csv

PREDICTIONS = "predictions.csv"
_PROBABILITY = "p:"


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchPrediction:
    """What a network says of the patch around one lesion, and what is known of the lesion.

    Attributes
    ----------
    label : str
        Name of the class that is right.
    probabilities : tuple of float
        In the order of the network's classes; they sum to one.
    pathology : str
        As in the CSVs of CBIS-DDSM; empty where it is not known.
    density, subtlety : int
        0 where it is not known.
    width_px, height_px : float
        Of the lesion's box in the stored picture.
    mean_grey : float
        Mean of the box, 0..1.
    """

    lesion_id: str
    person: str
    mammogram: str
    view: str
    kind: str
    label: str
    probabilities: tuple[float, ...]
    pathology: str
    density: int
    subtlety: int
    width_px: float
    height_px: float
    mean_grey: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """The predictions of one held-out part."""

    part: str
    classes: tuple[str, ...]
    rows: tuple[PatchPrediction, ...]


_KINDS = {f.name: f.type for f in fields(PatchPrediction) if f.name != "probabilities"}


def write_predictions(predictions: Predictions, file: Path) -> None:
    """Write predictions as CSV; floats in full, so that reading gives the same values."""
    header = [*_KINDS, *(f"{_PROBABILITY}{name}" for name in predictions.classes)]
    rows = [
        [*(_cell(getattr(row, name)) for name in _KINDS), *map(repr, row.probabilities)]
        for row in predictions.rows
    ]
    write_csv(header, rows, file)


def read_predictions(file: Path, *, part: str) -> Predictions:
    """Read what :func:`write_predictions` wrote.

    Raises
    ------
    DataError
        If a column is missing or unknown, a cell is no number, or the probabilities are none.
    """
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            header, *lines = csv.reader(stream, strict=True)
        if header[: len(_KINDS)] != list(_KINDS):
            raise ValueError(f"columns {', '.join(header[: len(_KINDS)])}")
        names = header[len(_KINDS) :]
        if len(names) < 2 or not all(name.startswith(_PROBABILITY) for name in names):
            raise ValueError(f"probability columns {', '.join(names)}")
        classes = tuple(name.removeprefix(_PROBABILITY) for name in names)
        rows = tuple(_row(line, classes) for line in lines)
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(
            f"predictions {file} cannot be read ({type(error).__name__}: {error})",
            expected=f"a {PREDICTIONS} of mammoview-train crossval",
            todo="delete the part's folder and run crossval again",
        ) from error
    return Predictions(part=part, classes=classes, rows=rows)


def _cell(value: object) -> object:
    return repr(value) if isinstance(value, float) else value


def _row(line: list[str], classes: tuple[str, ...]) -> PatchPrediction:
    if len(line) != len(_KINDS) + len(classes):
        raise ValueError(f"a row of {len(line)} cells")
    known = dict(zip(_KINDS, line, strict=False))
    text = {name: value for name, value in known.items() if _KINDS[name] == "str"}
    whole = {name: int(value) for name, value in known.items() if _KINDS[name] == "int"}
    real = {name: float(value) for name, value in known.items() if _KINDS[name] == "float"}
    probabilities = tuple(float(value) for value in line[len(_KINDS) :])
    if not all(0.0 <= p <= 1.0 for p in probabilities) or not math.isclose(
        sum(probabilities), 1.0, abs_tol=1e-3
    ):
        raise ValueError(f"probabilities {probabilities} of {known['lesion_id']}")
    if text["label"] not in classes:
        raise ValueError(f"label {text['label']!r} of {known['lesion_id']}")
    return PatchPrediction(**text, **whole, **real, probabilities=probabilities)  # type: ignore[arg-type]


def prediction_of(
    record: GridRecord, lesion: GridLesion, label: str, probabilities: Iterable[float]
) -> PatchPrediction:
    """Return what was said of a lesion, with all that the cache knows of it."""
    return PatchPrediction(
        lesion_id=lesion.lesion_id,
        person=record.person,
        mammogram=record.mammogram,
        view=record.view,
        kind=lesion.kind,
        label=label,
        probabilities=tuple(probabilities),
        pathology=lesion.pathology,
        density=record.density,
        subtlety=lesion.subtlety,
        width_px=lesion.width_px,
        height_px=lesion.height_px,
        mean_grey=lesion.mean_grey,
    )
