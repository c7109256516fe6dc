"""CAD reports of the worklist's studies: kept by place alone, opened with their study."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pydicom
import pytest

from mammoview.app.worklist import store
from mammoview.app.worklist.database import prepare
from mammoview.app.worklist.desk import WorklistOrder
from mammoview.app.worklist.importing import import_paths
from tests.builders.dicom import build_exam
from tests.builders.foreign_sr import Image, Seen, build_report
from tests.builders.media import zip_folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    where = tmp_path / "data" / "worklist.sqlite"
    assert prepare(where) == ""
    return where


def _exam(folder: Path, elements: dict[str, object] | None = None) -> Path:
    files = build_exam(folder)
    images = [Image(uid=str(pydicom.dcmread(file).SOPInstanceUID)) for file in files]
    return build_report(folder / "cad.dcm", files[0], images, [Seen(image=0)], elements=elements)


def _titles(path: Path) -> list[list[str]]:
    keys = [study.key for study in store.read_listing(path).studies]
    order = WorklistOrder(path, keys)
    exams = [order.load(key, lambda: False).examinations[0] for key in keys]
    return [[report.title for report in exam.cad_reports] for exam in exams]


def test_a_report_opens_with_its_study_and_is_no_refusal(path: Path, tmp_path: Path) -> None:
    _exam(tmp_path / "exam")
    assert import_paths(path, [tmp_path / "exam"]).refused == 0
    assert store.read_listing(path).refused == ()
    assert _titles(path) == [["Finder 7.2"]]
    assert import_paths(path, []).read == 0  # nothing changed


def test_a_report_in_an_archive_opens_too(path: Path, tmp_path: Path) -> None:
    _exam(tmp_path / "exam")
    import_paths(path, [zip_folder(tmp_path / "exam.zip", tmp_path / "exam")])
    assert _titles(path) == [["Finder 7.2"]]


def test_a_report_filed_under_another_study_opens_with_its_images(
    path: Path, tmp_path: Path
) -> None:
    _exam(tmp_path / "exam", {"StudyInstanceUID": "1.2.3"})
    import_paths(path, [tmp_path / "exam"])
    assert _titles(path) == [["Finder 7.2"]]


def test_a_report_that_is_gone_is_forgotten(path: Path, tmp_path: Path) -> None:
    report = _exam(tmp_path / "exam")
    import_paths(path, [tmp_path / "exam"])
    report.unlink()
    import_paths(path, [])
    assert _titles(path) == [[]]


def test_nothing_that_a_report_found_is_in_the_worklist(path: Path, tmp_path: Path) -> None:
    """Its place and its images, and no more: the list is read before any read is locked."""
    _exam(tmp_path / "exam")
    import_paths(path, [tmp_path / "exam"])
    with closing(sqlite3.connect(path)) as db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(cad_reports)")]
    assert columns == ["file", "member", "study", "image"]


def test_reports_that_an_older_program_refused_are_read_again(path: Path, tmp_path: Path) -> None:
    _exam(tmp_path / "exam")
    import_paths(path, [tmp_path / "exam"])
    with closing(sqlite3.connect(path)) as db:  # as version 2 left it
        (file,) = db.execute("SELECT DISTINCT file FROM cad_reports").fetchone()
        db.execute(
            "INSERT INTO refused VALUES (?, '', 'modality SR; expected a mammogram')", (file,)
        )
        db.execute("DROP TABLE cad_reports")
        db.execute("PRAGMA user_version = 2")
        db.commit()
    assert prepare(path) == ""
    assert import_paths(path, []).read == 1
    assert store.read_listing(path).refused == ()
    assert _titles(path) == [["Finder 7.2"]]
