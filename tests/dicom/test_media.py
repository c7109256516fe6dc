"""A DICOMDIR stands for the files that it lists; what is missing is named, the rest opens."""

from __future__ import annotations

import gc
from pathlib import Path

import pydicom
import pytest
from pydicom.fileset import FileSet

from mammoview.dicom.index import index_paths
from mammoview.dicom.media import Names
from mammoview.domain.study import ExamIndex
from mammoview.errors import DicomError
from tests.builders.dicom import build_exam, build_mg
from tests.builders.media import build_dicomdir

IDS = [("DICOM", f"IM{number}") for number in range(4)]


def medium(
    root: Path, *, names: tuple[str, ...] = ("DICOM/IM0", "DICOM/IM1", "DICOM/IM2", "DICOM/IM3")
) -> Path:
    """Write four views under given names and a DICOMDIR that lists IDS."""
    for path, name in zip(build_exam(root), names, strict=True):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        path.rename(root / name)
    return build_dicomdir(root / "DICOMDIR", IDS)


def views(index: ExamIndex) -> int:
    return sum(len(exam.mammograms) for exam in index.examinations)


def test_a_dicomdir_given_itself_opens_what_it_lists_and_nothing_else(tmp_path: Path) -> None:
    directory = medium(tmp_path)
    build_mg(tmp_path / "beside", study="2")
    index = index_paths([directory])
    assert views(index) == 4
    assert index.refused == ()
    assert index.examinations[0].mammograms[0].file == tmp_path / "DICOM" / "IM0"


def test_a_medium_opens_each_file_once_listed_or_not(tmp_path: Path) -> None:
    directory = medium(tmp_path)
    build_mg(tmp_path / "unlisted", study="2")
    told: list[tuple[int, int]] = []
    index = index_paths([tmp_path, directory], on_progress=lambda *step: told.append(step))
    assert views(index) == 5
    assert index.refused == ()
    assert told[-1] == (6, 6)


def test_a_dicomdir_named_before_its_files(tmp_path: Path) -> None:
    directory = medium(tmp_path)
    index = index_paths([directory, tmp_path / "DICOM", tmp_path / "DICOM" / "IM2"])
    assert views(index) == 4
    assert index.refused == ()


@pytest.mark.parametrize("given", ["DICOMDIR", "."])
def test_missing_files_are_named_one_by_one(tmp_path: Path, given: str) -> None:
    medium(tmp_path)
    (tmp_path / "DICOM" / "IM1").unlink()
    (tmp_path / "DICOM" / "IM3").unlink()
    index = index_paths([tmp_path / given])
    assert views(index) == 2
    assert [r.file for r in index.refused] == [tmp_path / "DICOM" / f"IM{i}" for i in (1, 3)]
    assert all("DICOMDIR lists and that is not there" in r.reason for r in index.refused)


@pytest.mark.parametrize(
    "names",
    [
        ("dicom/im0", "dicom/im1", "dicom/im2", "dicom/im3"),
        ("DICOM/IM0;1", "DICOM/IM1.;1", "DICOM/im2.", "DICOM/IM3"),
        ("Dicom/Im0.;1", "Dicom/iM1", "Dicom/im2;2", "Dicom/IM3."),
    ],
)
def test_names_as_cds_are_mounted(tmp_path: Path, names: tuple[str, ...]) -> None:
    directory = medium(tmp_path, names=names)
    index = index_paths([directory])
    assert index.refused == ()
    assert views(index) == 4
    assert views(index_paths([tmp_path])) == 4


def test_a_name_as_written_wins_and_two_that_differ_alike_are_refused() -> None:
    assert Names(["im1", "IM1", "Im1"]).find("IM1") == "IM1"
    with pytest.raises(DicomError, match="differ only in case"):
        Names(["im1", "Im1"]).find("IM1")


@pytest.mark.parametrize(
    "file_id", [("..", "secret"), ("DICOM", "..", "..", "secret"), ("../secret",), ("C:", "secret")]
)
def test_a_file_id_never_leaves_the_medium(tmp_path: Path, file_id: tuple[str, ...]) -> None:
    build_mg(tmp_path / "secret")
    (tmp_path / "cd" / "DICOM").mkdir(parents=True)
    directory = build_dicomdir(tmp_path / "cd" / "DICOMDIR", [file_id])
    index = index_paths([directory])
    assert views(index) == 0
    assert "leaves the medium" in index.refused[0].reason


def test_an_absolute_file_id_is_looked_for_on_the_medium(tmp_path: Path) -> None:
    secret = build_mg(tmp_path / "secret")
    (tmp_path / "cd").mkdir()
    directory = build_dicomdir(tmp_path / "cd" / "DICOMDIR", [(str(secret),)])
    index = index_paths([directory])
    assert views(index) == 0
    assert "not there" in index.refused[0].reason


def test_slashes_inside_a_component_and_records_out_of_use(tmp_path: Path) -> None:
    medium(tmp_path)
    ids = ["/".join(file_id) for file_id in IDS]
    directory = build_dicomdir(
        tmp_path / "DICOMDIR", [(name,) for name in ids[:3]], not_in_use=[(ids[3],), ("GONE",)]
    )
    index = index_paths([directory])
    assert views(index) == 3
    assert index.refused == ()


def test_a_listed_file_that_is_damaged_is_refused_and_the_rest_opens(tmp_path: Path) -> None:
    directory = medium(tmp_path)
    cut = tmp_path / "DICOM" / "IM2"
    cut.write_bytes(cut.read_bytes()[:-60])
    index = index_paths([directory])
    assert views(index) == 3
    assert [(r.file, "cut short" in r.reason) for r in index.refused] == [(cut, True)]


def test_directories_that_list_each_other_end(tmp_path: Path) -> None:
    (tmp_path / "SUB").mkdir()
    build_dicomdir(tmp_path / "SUB" / "DICOMDIR", [("DICOMDIR",)])
    directory = build_dicomdir(tmp_path / "DICOMDIR", [("DICOMDIR",), ("SUB", "DICOMDIR")])
    index = index_paths([directory])
    assert index.examinations == ()
    assert index.refused == ()


@pytest.mark.parametrize("share", [0.3, 0.6, 0.8, 0.97])
@pytest.mark.parametrize("undefined_length", [False, True])
def test_a_dicomdir_cut_short_is_refused_and_the_files_open(
    tmp_path: Path, share: float, undefined_length: bool
) -> None:
    directory = build_dicomdir(medium(tmp_path), IDS, undefined_length=undefined_length)
    assert index_paths([tmp_path]).refused == ()
    raw = directory.read_bytes()
    directory.write_bytes(raw[: int(len(raw) * share)])
    index = index_paths([tmp_path])
    assert views(index) == 4
    assert [r.file for r in index.refused] == [directory]


@pytest.mark.filterwarnings("ignore:Implicitly cleaning up:ResourceWarning")
def test_a_file_set_that_pydicom_wrote(tmp_path: Path) -> None:
    files = FileSet()
    for number, path in enumerate(build_exam(tmp_path / "exam"), start=1):
        data = pydicom.dcmread(path)
        data.StudyTime, data.StudyID, data.AccessionNumber = "101112", "1", ""
        data.SeriesNumber, data.InstanceNumber = 1, number
        files.add(data)
    files.write(tmp_path / "cd")
    del files  # it holds a temporary folder
    gc.collect()
    index = index_paths([tmp_path / "cd" / "DICOMDIR"])
    assert views(index) == 4
    assert index.refused == ()


def test_a_dicomdir_whose_records_have_no_known_kind_is_refused(tmp_path: Path) -> None:
    directory = medium(tmp_path)
    raw = directory.read_bytes()
    at = raw.index(b"\x04\x00\x20\x12SQ")
    directory.write_bytes(raw[: at + 4] + b"\x53\x17" + raw[at + 6 :])
    index = index_paths([tmp_path])
    assert [refusal.file for refusal in index.refused] == [directory]
    assert views(index) == 4
