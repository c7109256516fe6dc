"""The four case-description tables: the real ones counted, and planted faults refused."""

from __future__ import annotations

import csv
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from mammoview.errors import DataError
from tests.builders.cbis_tree import build_cbis_tree
from trainer.cbis.tables import OFFICIAL_NAMES, CaseTables, RowFlag, read_tables


@pytest.fixture(scope="module")
def real(mammoview_data: Path) -> CaseTables:
    return read_tables(mammoview_data / "cbis-ddsm" / "csv")


def test_rows_people_and_sets(real: CaseTables) -> None:
    assert len(real.rows) == 3568
    assert len({row.person for row in real.rows}) == 1566
    assert Counter(row.official for row in real.rows) == {
        "mass-train": 1318,
        "mass-test": 378,
        "calc-train": 1546,
        "calc-test": 326,
    }
    assert Counter(row.kind for row in real.rows) == {"calcification": 1872, "mass": 1696}
    assert Counter(row.pathology for row in real.rows) == {
        "MALIGNANT": 1457,
        "BENIGN": 1429,
        "BENIGN_WITHOUT_CALLBACK": 682,
    }
    assert len({row.lesion_id for row in real.rows}) == 3568


def test_mammograms_and_what_stands_in_two_sets(real: CaseTables) -> None:
    of_kind = {
        kind: {row.mammogram for row in real.rows if row.kind == kind}
        for kind in ("calcification", "mass")
    }
    assert (len(of_kind["calcification"]), len(of_kind["mass"])) == (1511, 1592)
    assert len(of_kind["calcification"] & of_kind["mass"]) == 71
    assert len(of_kind["calcification"] | of_kind["mass"]) == 3032
    assert len({row.image_series_uid for row in real.rows}) == 3103
    parts, people, views = defaultdict(set), defaultdict(set), defaultdict(set)
    for row in real.rows:
        parts[row.mammogram].add(row.official.split("-")[1])
        people[row.person].add(row.official.split("-")[1])
        views[row.person].add((row.laterality, row.view))
    assert sum(len(p) == 2 for p in parts.values()) == 29
    assert sum(len(p) == 2 for p in people.values()) == 31
    assert sum(len(v) == 4 for v in views.values()) == 105
    assert sum(len({side for side, _ in v}) == 1 for v in views.values()) == 1424


def test_series_and_flags(real: CaseTables) -> None:
    split = [row for row in real.rows if row.crop_series_uid != row.mask_series_uid]
    assert len(split) == 104
    flags = Counter(flag for row in real.rows for flag in row.flags)
    assert flags == {
        RowFlag.DENSITY_UNKNOWN: 2,
        RowFlag.SUBTLETY_UNKNOWN: 2,
        RowFlag.ASSESSMENT_INCOMPLETE: 238,
        RowFlag.MALIGNANT_CALLED_BENIGN: 5,
    }


def test_a_row_is_read_whole(real: CaseTables) -> None:
    row = real.rows[0]
    assert (row.person, row.laterality, row.view, row.kind) == ("P_00001", "L", "CC", "mass")
    assert (row.abnormality, row.density, row.assessment, row.subtlety) == (1, 3, 4, 4)
    assert row.shape == "IRREGULAR-ARCHITECTURAL_DISTORTION"
    assert (row.margins, row.calcification_type, row.distribution) == ("SPICULATED", "", "")
    assert row.lesion_id == "P_00001_LEFT_CC_mass_1"
    assert row.image_patient_id == "Mass-Training_P_00001_LEFT_CC"
    assert row.roi_patient_id == "Mass-Training_P_00001_LEFT_CC_1"
    assert row.mask_file == "000001.dcm"  # the cell ends with a newline
    assert (row.table, row.row) == ("mass_case_description_train_set.csv", 2)


# ------------------------------------------------------------------------------- planted faults


Change = Callable[[list[list[str]]], None]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    return build_cbis_tree(folder, people=12, quirks=False, rows=120, cols=90).csv


@pytest.fixture
def copy(small: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "download" / "tables"
    shutil.copytree(small, folder)
    return folder


def _change(folder: Path, official: str, change: Change) -> None:
    file = folder / OFFICIAL_NAMES[official]
    with file.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    change(rows)
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)


def _set(row: int, column: str, value: str) -> Change:
    def change(rows: list[list[str]]) -> None:
        rows[row - 1][rows[0].index(column)] = value

    return change


def test_tables_are_found_below_a_download_under_any_name(copy: Path) -> None:
    before = read_tables(copy)
    (copy / OFFICIAL_NAMES["calc-test"]).rename(copy.parent / "Calc-Test-Description.CSV")
    (copy / "metadata.csv").write_text("Series UID,Collection\n1.2,CBIS-DDSM\n")
    shutil.copyfile(copy / OFFICIAL_NAMES["mass-test"], copy.parent / "a copy.csv")
    found = read_tables(copy.parent)
    assert [r.lesion_id for r in found.rows] == [r.lesion_id for r in before.rows]
    assert found.sha256 == before.sha256
    assert [file.name for file in found.files][3] == "Calc-Test-Description.CSV"


@pytest.mark.parametrize(
    ("change", "met", "expected"),
    [
        (_set(1, "subtlety", "subtle"), r"row 1\) lacks the column 'subtlety'", "mass table"),
        (_set(1, "breast_density", "dense"), "'breast_density' or 'breast density'", "mass table"),
        (_set(1, "mass margins", "margins"), "lacks the column 'mass margins'", "mass table"),
        (_set(7, "pathology", "UNSURE"), "row 7: pathology 'UNSURE'", "MALIGNANT, BENIGN"),
        (_set(7, "left or right breast", "BOTH"), "row 7: left or right", "LEFT, RIGHT"),
        (_set(7, "image view", "ML"), "row 7: image view 'ML'", "CC, MLO"),
        (_set(7, "breast_density", "5"), "row 7: breast_density '5'", "0, 1, 2, 3, 4"),
        (_set(7, "subtlety", ""), "row 7: subtlety ''", "one of 0"),
        (_set(7, "assessment", "6"), "row 7: assessment '6'", "one of 0"),
        (_set(7, "abnormality id", "0"), "row 7: abnormality id '0'", "one of 1"),
        (_set(7, "abnormality type", "calcification"), "row 7: abnormality type", "mass"),
        (_set(7, "patient_id", "00004"), "row 7: patient_id '00004'", "P_00001"),
        (_set(7, "ROI mask file path", "a/b.dcm"), "row 7: ROI mask file path", "PatientID/"),
        (_set(7, "patient_id", "P_00002"), "row 7: image file path names Mass-T", "to agree"),
        (_set(7, "abnormality id", "9"), "row 7: cropped image file path names", "to agree"),
        (lambda rows: rows[6].pop(), "row 7: another number of cells", "one cell each"),
        (lambda rows: rows[6].append("more"), "row 7: another number of cells", "one cell each"),
        (lambda rows: rows.append(rows[6]), r"P_\S+ again .first in .*, row 7", "once"),
        (lambda rows: rows.__delitem__(slice(1, None)), "has no rows", "its abnormalities"),
    ],
)
def test_a_planted_fault_is_named(copy: Path, change: Change, met: str, expected: str) -> None:
    _change(copy, "mass-train", change)
    with pytest.raises(DataError, match=met) as caught:
        read_tables(copy)
    assert OFFICIAL_NAMES["mass-train"] in caught.value.met
    assert expected in caught.value.expected
    assert "copy again" in caught.value.todo


def test_a_row_of_another_set_is_refused(copy: Path) -> None:
    def swap(rows: list[list[str]]) -> None:
        rows[6] = [cell.replace("Mass-Training", "Calc-Training") for cell in rows[6]]

    _change(copy, "mass-train", swap)
    with pytest.raises(DataError, match=r"row 7: image file path names Calc-Training.*\(mass\)"):
        read_tables(copy)


def test_a_row_of_the_other_part_is_refused(copy: Path) -> None:
    def swap(rows: list[list[str]]) -> None:
        rows[6] = [cell.replace("Mass-Training", "Mass-Test") for cell in rows[6]]

    _change(copy, "mass-train", swap)
    with pytest.raises(DataError, match=r"row 7: a row of mass-test among mass-train"):
        read_tables(copy)


def test_a_missing_table_is_named(copy: Path) -> None:
    (copy / OFFICIAL_NAMES["mass-test"]).unlink()
    with pytest.raises(DataError, match=f"no {OFFICIAL_NAMES['mass-test']} in") as caught:
        read_tables(copy.parent)
    assert "Cancer Imaging Archive" in caught.value.todo


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no folder"):
        read_tables(tmp_path / "none")


def test_two_different_tables_of_one_set_are_refused(copy: Path) -> None:
    shutil.copyfile(copy / OFFICIAL_NAMES["mass-test"], copy / "older.csv")
    _change(copy, "mass-test", _set(2, "subtlety", "1"))
    with pytest.raises(DataError, match="two different tables of the set mass-test"):
        read_tables(copy)


def test_binary_content_is_refused(copy: Path) -> None:
    (copy / OFFICIAL_NAMES["mass-test"]).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="cannot be read"):
        read_tables(copy)


def test_another_series_for_one_mammogram_is_refused(copy: Path) -> None:
    def other(rows: list[list[str]]) -> None:
        column = rows[0].index("image file path")
        last = next(i for i, r in enumerate(rows) if i and r[column] == rows[i - 1][column])
        patient, study, _, file = rows[last][column].split("/")
        rows[last][column] = f"{patient}/{study}/1.2.3/{file}"

    _change(copy, "mass-train", other)
    with pytest.raises(DataError, match="another image series for P_"):
        read_tables(copy)
