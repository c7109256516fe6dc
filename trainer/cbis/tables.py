"""The four case-description tables of CBIS-DDSM, read strictly.

One row is one abnormality in one mammogram.  Source: the tables as published with the collection
CBIS-DDSM (The Cancer Imaging Archive, doi:10.7937/K9/TCIA.2016.7O02S9CY) and their known errors.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from mammoview.errors import DataError
from trainer.labelled import SIDES, lesion_id

OFFICIAL_SETS = ("mass-train", "mass-test", "calc-train", "calc-test")
OFFICIAL_NAMES = {
    "mass-train": "mass_case_description_train_set.csv",
    "mass-test": "mass_case_description_test_set.csv",
    "calc-train": "calc_case_description_train_set.csv",
    "calc-test": "calc_case_description_test_set.csv",
}
PATHOLOGIES = ("MALIGNANT", "BENIGN", "BENIGN_WITHOUT_CALLBACK")
_COMMON = (
    "patient_id",
    "left or right breast",
    "image view",
    "abnormality id",
    "abnormality type",
    "assessment",
    "pathology",
    "subtlety",
)
_IMAGE, _CROP, _MASK = "image file path", "cropped image file path", "ROI mask file path"
_DENSITY = ("breast_density", "breast density")
_DESCRIBED = {
    "mass": ("mass shape", "mass margins"),
    "calcification": ("calc type", "calc distribution"),
}
_SET_KINDS = {"mass": "mass", "calc": "calcification"}
_PATH = re.compile(
    r"(?P<patient>(?P<kind>Mass|Calc)-(?P<part>Training|Test)_(?P<view>P_\d{5}_(?:LEFT|RIGHT)_(?:CC|MLO))"
    r"(?:_(?P<number>\d+))?)/(?P<study>[\d.]+)/(?P<series>[\d.]+)/(?P<file>[^/]+\.dcm)"
)
_PERSON = re.compile(r"P_\d{5}")
_FROM = "the tables from the collection's page (The Cancer Imaging Archive, CBIS-DDSM)"


class RowFlag(StrEnum):
    """What is odd about a row that is kept."""

    DENSITY_UNKNOWN = "density 0"
    SUBTLETY_UNKNOWN = "subtlety 0"
    ASSESSMENT_INCOMPLETE = "assessment 0"
    MALIGNANT_CALLED_BENIGN = "BI-RADS 1-2 but malignant"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """One abnormality in one mammogram.

    Attributes
    ----------
    table, row : str, int
        Name of the table, and place in it as a spreadsheet counts: the header is row 1.
    person : str
        ``P_00001``.
    laterality, view, kind : str
        ``L`` or ``R``; ``CC`` or ``MLO``; ``mass`` or ``calcification``.
    abnormality : int
        Number of the abnormality in this mammogram and table, from 1.
    pathology : str
        ``MALIGNANT``, ``BENIGN`` or ``BENIGN_WITHOUT_CALLBACK``.
    density, subtlety, assessment : int
        BI-RADS density 1-4, subtlety 1-5, BI-RADS assessment 0-5; 0 means not known.
    official : str
        Official set: ``mass-train``, ``mass-test``, ``calc-train`` or ``calc-test``.
    image_series_uid, crop_series_uid, mask_series_uid : str
        Series of the mammogram, of the crop and of the mask; mostly crop and mask share one.
    image_file, crop_file, mask_file : str
        File names in the table's path cells; crop and mask are swapped in some rows.
    shape, margins : str
        Of a mass, in BI-RADS words joined by hyphens; empty for calcifications.
    calcification_type, distribution : str
        Of calcifications; empty for a mass.
    flags : tuple of str
        What is odd, and kept: :class:`RowFlag`.
    """

    table: str
    row: int
    person: str
    laterality: str
    view: str
    kind: str
    abnormality: int
    pathology: str
    density: int
    subtlety: int
    assessment: int
    official: str
    image_series_uid: str
    crop_series_uid: str
    mask_series_uid: str
    image_file: str
    crop_file: str
    mask_file: str
    shape: str
    margins: str
    calcification_type: str
    distribution: str
    flags: tuple[str, ...]

    @property
    def mammogram(self) -> str:
        """Name of the mammogram: ``P_00001_LEFT_CC``."""
        return f"{self.person}_{SIDES[self.laterality]}_{self.view}"

    @property
    def lesion_id(self) -> str:
        """Name of the abnormality in every index, cache and split."""
        return lesion_id(self.mammogram, self.kind, self.abnormality)

    @property
    def image_patient_id(self) -> str:
        """PatientID that the mammogram's header should hold."""
        kind, part = self.official.split("-")
        return f"{kind.title()}-{'Training' if part == 'train' else 'Test'}_{self.mammogram}"

    @property
    def roi_patient_id(self) -> str:
        """PatientID that the headers of crop and mask should hold."""
        return f"{self.image_patient_id}_{self.abnormality}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTables:
    """All rows, in the order mass train, mass test, calc train, calc test.

    ``files`` are the four tables in that order; ``sha256`` is the hash over their bytes.
    """

    rows: tuple[CaseRow, ...]
    files: tuple[Path, ...]
    sha256: str


def read_tables(folder: Path) -> CaseTables:
    """Read the four tables found in a folder or anywhere below it.

    A table is known by its official name or by its columns; its set by its path cells.

    Raises
    ------
    DataError
        If a table is missing or there twice with different content, lacks a column, or holds an
        unknown value, a broken path, a row whose path says something else than its columns, or
        the same abnormality twice.
    """
    found: dict[str, tuple[Path, bytes, tuple[CaseRow, ...]]] = {}
    for file, content in _candidates(folder):
        rows = tuple(_read_table(file, content))
        official = rows[0].official
        mixed = next((row for row in rows if row.official != official), None)
        if mixed is not None:
            raise DataError(
                f"table {file}, row {mixed.row}: a row of {mixed.official} among {official}",
                expected="one set a table",
                todo=f"copy again {_FROM}",
            )
        if official in found and found[official][1] != content:
            raise DataError(
                f"two different tables of the set {official}: {found[official][0]} and {file}",
                expected="each of the four tables once",
                todo="remove the one that is not the official table",
            )
        found.setdefault(official, (file, content, rows))
    missing = [OFFICIAL_NAMES[name] for name in OFFICIAL_SETS if name not in found]
    if missing:
        raise DataError(
            f"no {', '.join(missing)} in {folder} or below it",
            expected="the four case-description tables of CBIS-DDSM",
            todo=f"put there {_FROM}, or name the folder that holds them",
        )
    tables = [found[name] for name in OFFICIAL_SETS]
    rows = tuple(row for table in tables for row in table[2])
    _check_together(rows)
    digest = hashlib.sha256()
    for _, content, _ in tables:
        digest.update(hashlib.sha256(content).digest())
    return CaseTables(rows=rows, files=tuple(t[0] for t in tables), sha256=digest.hexdigest())


def _candidates(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield every CSV that is, or should be, a case-description table."""
    if not folder.is_dir():
        raise DataError(
            f"no folder {folder}",
            expected="a folder with the four tables",
            todo=f"put there {_FROM}, or name the folder that holds them",
        )
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if not name.lower().endswith(".csv"):
                continue
            file = Path(parent) / name
            try:
                content = file.read_bytes()
            except OSError as error:
                raise DataError(
                    f"table {file} cannot be read ({error.strerror})",
                    expected="a readable file",
                    todo="check that you may read it",
                ) from error
            if name in OFFICIAL_NAMES.values() or b"abnormality id" in content.partition(b"\n")[0]:
                yield file, content


def _read_table(file: Path, content: bytes) -> Iterator[CaseRow]:
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        columns = tuple(reader.fieldnames or ())
        kind, density = _check_columns(file, columns)
        number = 1
        for number, cells in enumerate(reader, start=2):
            yield _row(_Cells(file=file, row=number, cells=cells), kind, density)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"table {file} cannot be read ({error})",
            expected="comma-separated text in UTF-8",
            todo=f"copy again {_FROM}",
        ) from error
    if number == 1:
        raise DataError(
            f"table {file} has no rows", expected="its abnormalities", todo=f"copy again {_FROM}"
        )


def _check_columns(file: Path, columns: tuple[str, ...]) -> tuple[str, str]:
    """Return the kind of a table, told by its columns, and the name of its density column."""
    masses, calcifications = (set(_DESCRIBED[kind]) & set(columns) for kind in _DESCRIBED)
    kind = "mass" if len(masses) >= len(calcifications) else "calcification"
    if not masses and not calcifications and file.name.startswith("calc"):
        kind = "calcification"
    needed = (*_COMMON, *_DESCRIBED[kind], _IMAGE, _CROP, _MASK)
    missing = [repr(name) for name in needed if name not in columns]
    density = next((name for name in _DENSITY if name in columns), None)
    if density is None:
        missing.append("'breast_density' or 'breast density'")
    if missing or density is None:
        raise DataError(
            f"table {file} (row 1) lacks the column {', '.join(missing)}",
            expected=f"the columns of a {kind} table",
            todo=f"copy again {_FROM}",
        )
    return kind, density


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """The cells of one row, read strictly."""

    file: Path
    row: int
    cells: Mapping[str | None, str | list[str] | None]

    def text(self, column: str) -> str:
        cell = self.cells[column]
        if None in self.cells or not isinstance(cell, str):
            raise self.wrong("another number of cells than the header has columns", "one cell each")
        return cell.strip()

    def one_of(self, column: str, known: Iterable[str]) -> str:
        value, terms = self.text(column), tuple(known)
        if value not in terms:
            raise self.wrong(f"{column} {value!r}", f"one of {', '.join(terms)}")
        return value

    def number(self, column: str, first: int, last: int) -> int:
        return int(self.one_of(column, map(str, range(first, last + 1))))

    def path(self, column: str) -> re.Match[str]:
        match = _PATH.fullmatch(self.text(column))
        if match is None:
            raise self.wrong(
                f"{column} {self.text(column)!r}",
                "PatientID/StudyInstanceUID/SeriesInstanceUID/file.dcm",
            )
        return match

    def wrong(self, met: str, expected: str) -> DataError:
        return DataError(
            f"table {self.file}, row {self.row}: {met}",
            expected=expected,
            todo=f"copy again {_FROM}",
        )


def _row(cells: _Cells, kind: str, density: str) -> CaseRow:
    person = cells.text("patient_id")
    if not _PERSON.fullmatch(person):
        raise cells.wrong(f"patient_id {person!r}", "a person like P_00001")
    image, crop, mask = (cells.path(column) for column in (_IMAGE, _CROP, _MASK))
    cells.one_of("abnormality type", (kind,))
    first, second = (cells.text(column) for column in _DESCRIBED[kind])
    row = CaseRow(
        table=cells.file.name,
        row=cells.row,
        person=person,
        laterality=cells.one_of("left or right breast", SIDES.values())[0],
        view=cells.one_of("image view", ("CC", "MLO")),
        kind=kind,
        abnormality=cells.number("abnormality id", 1, 99),
        pathology=cells.one_of("pathology", PATHOLOGIES),
        density=cells.number(density, 0, 4),
        subtlety=cells.number("subtlety", 0, 5),
        assessment=cells.number("assessment", 0, 5),
        official=f"{image['kind'].lower()}-{'train' if image['part'] == 'Training' else 'test'}",
        image_series_uid=image["series"],
        crop_series_uid=crop["series"],
        mask_series_uid=mask["series"],
        image_file=image["file"],
        crop_file=crop["file"],
        mask_file=mask["file"],
        shape=first if kind == "mass" else "",
        margins=second if kind == "mass" else "",
        calcification_type=first if kind == "calcification" else "",
        distribution=second if kind == "calcification" else "",
        flags=(),
    )
    _check_paths(cells, row, (image, crop, mask))
    return _flagged(row)


def _check_paths(cells: _Cells, row: CaseRow, paths: tuple[re.Match[str], ...]) -> None:
    """Refuse a row whose path cells name another view, abnormality or set than its columns."""
    wanted = (row.image_patient_id, row.roi_patient_id, row.roi_patient_id)
    for column, path, patient in zip((_IMAGE, _CROP, _MASK), paths, wanted, strict=True):
        if path["patient"] != patient or _SET_KINDS[path["kind"].lower()] != row.kind:
            raise cells.wrong(
                f"{column} names {path['patient']}, but the row's columns say {patient} "
                f"({row.kind})",
                "path and columns to agree",
            )


def _flagged(row: CaseRow) -> CaseRow:
    odd = {
        RowFlag.DENSITY_UNKNOWN: row.density == 0,
        RowFlag.SUBTLETY_UNKNOWN: row.subtlety == 0,
        RowFlag.ASSESSMENT_INCOMPLETE: row.assessment == 0,
        RowFlag.MALIGNANT_CALLED_BENIGN: row.assessment in (1, 2) and row.pathology == "MALIGNANT",
    }
    return replace(row, flags=tuple(flag.value for flag, is_met in odd.items() if is_met))


def _check_together(rows: tuple[CaseRow, ...]) -> None:
    """Refuse an abnormality named twice, and a mammogram with two series in one set."""
    lesions: dict[str, CaseRow] = {}
    images: dict[tuple[str, str], CaseRow] = {}
    for row in rows:
        first = lesions.setdefault(row.lesion_id, row)
        if first is not row:
            raise _second(row, first, f"the abnormality {row.lesion_id} again")
        first = images.setdefault((row.official, row.mammogram), row)
        if first.image_series_uid != row.image_series_uid:
            raise _second(row, first, f"another image series for {row.mammogram}")


def _second(row: CaseRow, first: CaseRow, met: str) -> DataError:
    return DataError(
        f"table {row.table}, row {row.row}: {met} (first in {first.table}, row {first.row})",
        expected="each abnormality once, and one image series a mammogram and set",
        todo=f"copy again {_FROM}",
    )
