"""verify-data: 0 for the whole collection as it is known, 1 for anything else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from mammoview.dicom.cbis_files import CbisKind
from tests.builders.cbis_tree import CbisTree, change_header
from trainer.cbis.check import CheckLine, State, check_files, check_tables, is_known
from trainer.cbis.index import CbisIndex, read_index, write_index
from trainer.cbis.join import join
from trainer.cbis.scan import UNREADABLE, ScannedFile
from trainer.cbis.tables import CaseRow, CaseTables, read_tables
from trainer.cli import main

# Sizes (rows, cols) of masks and images that differ in the collection.
_SIZES = {
    "P_00353_LEFT_CC_calcification_2": ((4688, 3088), (4624, 3056)),
    "P_00353_LEFT_MLO_calcification_2": ((4624, 3080), (4640, 3072)),
    "P_00145_LEFT_CC_mass_1": ((4386, 1789), (5041, 2056)),
    "P_00145_LEFT_MLO_mass_1": ((4373, 2155), (5026, 2476)),
    "P_00379_LEFT_MLO_mass_1": ((4686, 2820), (5386, 3241)),
    "P_00381_LEFT_CC_mass_1": ((4621, 2781), (5311, 3196)),
    "P_00381_LEFT_MLO_mass_1": ((4686, 3186), (5386, 3661)),
    "P_00699_RIGHT_CC_mass_1": ((4686, 3186), (5000, 3100)),
}
_PLAIN = (5000, 3000)


def _sizes(case: CaseRow) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the sizes of mask and image; every row of a mammogram has the same image."""
    of_image = {name.rpartition("_")[0].rpartition("_")[0]: s[1] for name, s in _SIZES.items()}
    image = of_image.get(case.mammogram, _PLAIN)
    return _SIZES.get(case.lesion_id, (image, image))[0], image


def _files_of(case: CaseRow) -> Iterator[ScannedFile]:
    mask, image = _sizes(case)
    yield ScannedFile(
        path=f"{case.image_patient_id}/{case.image_series_uid}/1-1.dcm",
        kind=CbisKind.FULL,
        series_uid=case.image_series_uid,
        sop_uid=case.image_series_uid + ".1",
        patient_id=case.image_patient_id,
        described=CbisKind.FULL,
        bits=16,
        rows=image[0],
        cols=image[1],
        size=1,
        mtime_ns=1,
        has_patient_id=True,
    )
    yield ScannedFile(
        path=f"{case.roi_patient_id}/{case.mask_series_uid}/1-2.dcm",
        kind=CbisKind.MASK,
        series_uid=case.mask_series_uid,
        sop_uid=case.mask_series_uid + ".2",
        patient_id=case.roi_patient_id,
        described=CbisKind.MASK,
        bits=8,
        rows=mask[0],
        cols=mask[1],
        mask_box=(700, 900, 1200, 1300),
        mask_area_px=100_000,
        size=1,
        mtime_ns=1,
        has_patient_id=True,
    )
    yield ScannedFile(
        path=f"{case.roi_patient_id}/{case.crop_series_uid}/1-1.dcm",
        kind=CbisKind.CROP,
        series_uid=case.crop_series_uid,
        sop_uid=case.crop_series_uid + ".3",
        patient_id=case.roi_patient_id,
        described=CbisKind.MASK,
        bits=16,
        rows=400,
        cols=500,
        size=1,
        mtime_ns=1,
        has_patient_id=True,
    )


@pytest.fixture(scope="module")
def tables(mammoview_data: Path) -> CaseTables:
    return read_tables(mammoview_data / "cbis-ddsm" / "csv")


@pytest.fixture(scope="module")
def files(tables: CaseTables) -> tuple[ScannedFile, ...]:
    """The files of the whole collection, as a scan would describe them."""
    return tuple({file.path: file for case in tables.rows for file in _files_of(case)}.values())


def _lines(tables: CaseTables, files: Sequence[ScannedFile]) -> dict[str, CheckLine]:
    joined = join(tables.rows, files)
    index = CbisIndex(
        format="mammoview-cbis-index/1",
        root="/nowhere",
        tables_sha256=tables.sha256,
        rows=joined.rows,
        files=joined.files,
    )
    lines = check_tables(tables.rows) + check_files(index)
    return {line.error: line for line in lines}


@pytest.fixture(scope="module")
def whole(tables: CaseTables, files: tuple[ScannedFile, ...]) -> dict[str, CheckLine]:
    return _lines(tables, files)


def test_the_whole_collection_is_known(
    whole: dict[str, CheckLine], files: tuple[ScannedFile, ...]
) -> None:
    assert len(files) == 10239
    assert is_known(whole.values())
    assert whole["full mammograms"].found == 3103
    assert whole["rows with image, mask and crop"].found == 3568
    assert whole["mask and image of different size"].found == 8
    assert whole["... by 50/43.5 in both axes"].found == 5
    assert whole["... by anything else, in people known for it"].cases == (
        "P_00699_RIGHT_CC_mass_1",
        "P_00353_LEFT_CC_calcification_2",
        "P_00353_LEFT_MLO_calcification_2",
    )
    unchecked = [line.error for line in whole.values() if line.state is State.NOT_CHECKED]
    assert unchecked == [
        "tables swap the files of crop and mask",  # no file has the tables' names
        "files gone since the index was made",  # the data folder is not there
    ]


def _planted(
    tables: CaseTables, files: tuple[ScannedFile, ...], path_end: str, **changes: object
) -> dict[str, CheckLine]:
    at = next(i for i, file in enumerate(files) if file.path.endswith(path_end))
    changed = replace(files[at], **changes)  # type: ignore[arg-type]
    return _lines(tables, [*files[:at], changed, *files[at + 1 :]])


@pytest.mark.parametrize(
    ("end", "changes", "error"),
    [
        ("1-2.dcm", {"rows": 4000}, "... by anything else, in others"),
        ("1-2.dcm", {"kind": CbisKind.UNKNOWN, "reason": "grey"}, "files of unknown kind"),
        ("1-2.dcm", {"patient_id": "Mass-Test_P_00002_LEFT"}, "PatientID contradicts the tables"),
        ("1-2.dcm", {"series_uid": "1.2"}, "images that no row names"),
        ("1-2.dcm", {"mask_box": ()}, "empty masks"),
        ("1-2.dcm", {"kind": UNREADABLE, "reason": "cut"}, "files that cannot be read"),
        ("1-1.dcm", {"kind": CbisKind.CROP}, "rows without image"),
        ("1-2.dcm", {"kind": CbisKind.FULL, "bits": 16}, "rows without mask"),
        ("1-1.dcm", {"bits": 8, "kind": CbisKind.MASK}, "files that fit nowhere in their series"),
    ],
)  # fmt: skip
def test_an_unknown_state_is_named(
    tables: CaseTables,
    files: tuple[ScannedFile, ...],
    end: str,
    changes: dict[str, object],
    error: str,
) -> None:
    lines = _planted(tables, files, end, **changes)
    assert not is_known(lines.values())
    assert lines[error].state is State.UNKNOWN
    assert lines[error].is_listed


def test_a_missing_and_an_unlike_file(
    tables: CaseTables, files: tuple[ScannedFile, ...], whole: dict[str, CheckLine]
) -> None:
    lines = _lines(tables, files[1:])
    unknown = {line.error for line in lines.values() if line.state is State.UNKNOWN}
    assert unknown >= {"full mammograms", "files of the collection", "rows without image"}
    copy = replace(files[0], path="z/copy.dcm")
    assert is_known(_lines(tables, [*files, copy]).values())
    unlike = replace(copy, rows=10)
    lines = _lines(tables, [*files, unlike])
    assert lines["... that differ from it"].state is State.UNKNOWN


def test_rows_off_the_known_counts(tables: CaseTables) -> None:
    lines = {line.error: line for line in check_tables(tables.rows[:-1])}
    assert lines["rows of calc-test"].state is State.UNKNOWN
    assert lines["rows of mass-test"].state is State.KNOWN


def test_two_files_of_one_mammogram(tables: CaseTables, files: tuple[ScannedFile, ...]) -> None:
    counts: dict[str, list[str]] = {}
    for row in tables.rows:
        counts.setdefault(row.mammogram, []).append(row.image_series_uid)
    second = next(uids[-1] for uids in counts.values() if len(set(uids)) == 2)
    lines = _planted(tables, files, f"{second}/1-1.dcm", rows=4990)
    assert lines["two files of one mammogram differ in size"].state is State.UNKNOWN


# ----------------------------------------------------------------------------------- the commands


def test_the_tables_alone(mammoview_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify-data", "--csv", str(mammoview_data / "cbis-ddsm" / "csv")]) == 0
    said = capsys.readouterr().out
    assert "20 of 48 lines checked: as the collection is known to be" in said
    assert "same mammogram in mass and calc sets" in said


def test_a_whole_collection_by_command(
    tables: CaseTables,
    files: tuple[ScannedFile, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    joined = join(tables.rows, files)
    index = CbisIndex(
        format="mammoview-cbis-index/1",
        root=str(tmp_path / "not-mounted"),
        tables_sha256=tables.sha256,
        rows=joined.rows,
        files=joined.files,
    )
    write_index(index, tmp_path)
    assert main(["verify-data", str(tmp_path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["known"] is True
    by_name = {line["error"]: line for line in document["lines"]}
    assert by_name["files of the collection"]["found"] == 10239
    assert by_name["files of the collection"]["state"] == "ok"
    known = by_name["... by anything else, in people known for it"]
    assert "P_00353_LEFT_CC_calcification_2" in known["cases"]
    # The same index beside a data folder that holds nothing any more.
    (tmp_path / "empty").mkdir()
    assert main(["verify-data", str(tmp_path), "--data", str(tmp_path / "empty")]) == 1
    assert "files gone since the index was made" in capsys.readouterr().out


def test_index_and_verify_by_command(
    odd_tree: CbisTree, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "index")
    assert main(["index", str(odd_tree.folder), "--out", out, "--workers", "1", "--json"]) == 0
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert "index: 100%" in said.err
    assert document["rows"]["set_aside"] == 1
    assert document["rows"]["reasons"] == {"mask and image differ in shape": 1}
    assert document["mammograms"]["half_used"] == 1
    assert document["sha256"] == read_index(Path(out)).sha256
    assert main(["verify-data", out]) == 1
    table = {
        line.split("  ")[0].strip(): line
        for line in capsys.readouterr().out.splitlines()
        if "  " in line
    }
    assert table
    assert main(["verify-data", out, "--json"]) == 1
    lines = {item["error"]: item for item in json.loads(capsys.readouterr().out)["lines"]}
    found = {
        "same mammogram in mass and calc sets": 2,
        "... of which on both sides of the official split": 1,
        "people in train and test": 2,
        "rows naming two series for crop and mask": 1,
        "density 0": 1,
        "subtlety 0": 1,
        "assessment 0": 1,
        "BI-RADS 1-2 but malignant": 1,
        "tables swap the files of crop and mask": 1,
        "headers without SeriesDescription": 3,
        "mask and image of different size": 3,
        "... by 50/43.5 in both axes": 2,
        "... by anything else, in people known for it": 1,
        "crop and mask in one series": len(odd_tree.abnormalities) - 1,
        "files that cannot be read": 0,
    }
    assert {name: lines[name]["found"] for name in found} == found


def test_the_real_exams_of_the_package_are_incomplete(
    demo_exam_p00820: list[Path],
    demo_exam_p00173: list[Path],
    mammoview_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = demo_exam_p00820[0].parents[1]
    assert data == demo_exam_p00173[0].parents[1]
    csv = str(mammoview_data / "cbis-ddsm" / "csv")
    out = tmp_path / "index"
    assert main(["index", str(data), "--csv", csv, "--out", str(out), "--workers", "2"]) == 0
    assert "8 left out (every row of theirs is set aside)" in capsys.readouterr().out
    index = read_index(out)
    assert index.images() == ()
    joined = {row.image for row in index.rows if row.image}
    real = {path.relative_to(data).as_posix() for path in (*demo_exam_p00820, *demo_exam_p00173)}
    assert joined == real
    boxes = json.loads((mammoview_data / "cbis-ddsm" / "native-exam-boxes.json").read_text())
    assert {row.image: row.case.image_patient_id for row in index.rows if row.image} == {
        name: box["cbis"] for name, box in boxes.items()
    }
    for row in index.rows:
        whys = [reason.why for reason in row.set_aside]
        expected = ["mask missing", "crop missing"]
        assert whys == (expected if row.image else ["image missing", *expected])
    assert main(["verify-data", str(out), "--json"]) == 1
    lines = {item["error"]: item for item in json.loads(capsys.readouterr().out)["lines"]}
    assert lines["full mammograms"]["found"] == 8
    assert lines["rows without mask"]["found"] == 3568
    assert lines["files that cannot be read"]["found"] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["verify-data"], 2, "one of the arguments"),
        (["verify-data", "{tmp}"], 3, "no usable index"),
        (["verify-data", "--csv", "{tmp}"], 3, "no mass_case_description_train_set.csv"),
        (["index", "{tmp}/none", "--out", "{tmp}/out"], 3, "no folder"),
        (["index", "{tmp}", "--out", "{tmp}/out", "--workers", "0"], 2, "argument --workers: '0'"),
    ],
)
def test_wrong_usage_is_an_answer(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    said: str,
) -> None:
    given = [argument.replace("{tmp}", str(tmp_path)) for argument in arguments]
    try:
        met = main(given)
    except SystemExit as error:  # argparse
        met = int(error.code or 0)
    assert met == code
    assert said in capsys.readouterr().err


def test_a_contradiction_is_shown(
    plain_tree: CbisTree, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = change_header(plain_tree.abnormalities[0].files["mask"], PatientID="Nobody")
    shutil.copyfile(path, path.with_name("copy.dcm"))
    out = str(tmp_path / "index")
    assert main(["index", str(plain_tree.folder), "--out", out, "--workers", "1"]) == 0
    assert main(["verify-data", out]) == 1
    said = capsys.readouterr().out
    listed = said[said.index("PatientID contradicts the tables:") :]
    assert "its PatientID is not one of CBIS-DDSM" in listed
    assert "Nobody" not in said
