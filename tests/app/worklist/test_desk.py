"""The worklist's index: what is imported, what is read again, what is kept, what is mended."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mammoview.app.worklist import database, importing, store
from mammoview.app.worklist.database import connected, prepare
from mammoview.app.worklist.importing import import_paths
from mammoview.app.worklist.values import Listing
from mammoview.dicom.index import index_images, index_paths
from mammoview.domain.views import Slot
from mammoview.errors import WorklistError
from tests.builders.dicom import build_exam, build_mg
from tests.builders.media import zip_folder
from tests.builders.tomo import build_tomo_exam


@pytest.fixture
def path(tmp_path: Path) -> Path:
    where = tmp_path / "data" / "mammoview" / "worklist.sqlite"
    assert prepare(where) == ""
    return where


def keys(listing: Listing) -> set[str]:
    return {study.key for study in listing.studies}


def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Note every file that is read."""
    read: list[Path] = []
    real = importing._results

    def noted(path: Path, *args: object) -> Iterator[store.FileResult]:
        read.append(path)
        return real(path, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "_results", noted)
    return read


def test_a_folder_is_listed_with_everything_the_table_shows(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "exams"
    build_exam(folder / "one", person="Doe^Jane")
    build_mg(folder / "one" / "extra.dcm", laterality="L", view="ML", person="Doe^Jane")
    (folder / "one" / "RMLO.dcm").unlink()
    (folder / "notes.txt").write_text("no image", "utf-8")
    done = import_paths(path, [folder])
    assert (done.files, done.read, done.refused) == (5, 5, 1)
    (study,) = store.read_listing(path).studies
    assert (study.who, study.birth_date, study.date) == ("Doe Jane", "19600101", "20240102")
    assert study.missing == (Slot.RMLO,)
    assert study.extra == ("L ML",)
    assert (study.images, study.aside, study.reachable) == (4, False, True)
    assert study.source == "exams"
    (refused,) = store.read_listing(path).refused
    assert refused.file == folder / "notes.txt"
    assert "DICOM" in refused.reason


def test_only_what_changed_is_read_again(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "exams"
    files = build_exam(folder, person="A")
    import_paths(path, [folder])
    read = reads(monkeypatch)
    assert import_paths(path, []).read == 0
    assert read == []
    build_mg(files[0], laterality="R", view="CC", person="B")
    os.utime(files[1], ns=(1, 1))
    files[2].unlink()
    done = import_paths(path, [])
    assert sorted(read) == sorted(files[:2])
    assert done.removed == 1
    assert {study.images for study in store.read_listing(path).studies} == {1, 2}


def test_an_archive_and_a_dicomdir_are_listed_and_open(path: Path, tmp_path: Path) -> None:
    build_exam(tmp_path / "one", person="A")
    archive = zip_folder(tmp_path / "one.zip", tmp_path / "one")
    import_paths(path, [archive])
    (study,) = store.read_listing(path).studies
    assert study.images == 4
    images = [(image.file, image.archive) for image in store.images_for(path, study.key)]
    (exam,) = index_images(images, cancelled=lambda: False).examinations
    assert exam == index_paths([archive]).examinations[0]


def test_priors_of_the_patient_open_with_the_study(path: Path, tmp_path: Path) -> None:
    build_exam(tmp_path / "in" / "now", person="A", study="2")
    build_exam(tmp_path / "in" / "then", person="A", study="1")
    build_exam(tmp_path / "in" / "other", person="B", study="1")
    import_paths(path, [tmp_path / "in"])
    wanted = index_paths([tmp_path / "in" / "now"]).examinations[0].key
    found = store.images_for(path, wanted)
    assert [image.study_key for image in found[:4]] == [wanted] * 4
    assert len(found) == 8


def test_an_import_that_was_cancelled_goes_on_where_it_stopped(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "exams"
    for number in range(3):
        build_exam(folder / str(number), person=f"P{number}")
    stop = threading.Event()
    done = import_paths(
        path,
        [folder],
        on_progress=lambda done, total: stop.set() if done == 5 else None,
        cancelled=stop.is_set,
    )
    assert done.cancelled
    read = reads(monkeypatch)
    import_paths(path, [folder])
    assert len(read) == 12 - 5
    assert len(store.read_listing(path).studies) == 3


def test_an_archive_that_was_read_in_part_is_read_again(path: Path, tmp_path: Path) -> None:
    build_exam(tmp_path / "one")
    archive = zip_folder(tmp_path / "one.zip", tmp_path / "one")
    left = iter(range(7))
    import_paths(path, [archive], cancelled=lambda: next(left, None) is None)
    assert store.read_listing(path).studies == ()
    import_paths(path, [archive])
    assert store.read_listing(path).studies[0].images == 4


def test_volumes_are_listed_as_what_they_are_also_in_a_list_of_an_older_program(
    path: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "exams"
    build_tomo_exam(folder)
    import_paths(path, [folder])
    assert store.read_listing(path).studies[0].extra == ("L CC TOMO", "R CC TOMO")
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE images SET label = 'R CC' WHERE slot = ''")
        db.execute("PRAGMA user_version = 3")
        db.commit()
    prepare(path)
    assert store.read_listing(path).studies[0].extra == ("R CC",)  # nothing is lost meanwhile
    import_paths(path, [])
    assert store.read_listing(path).studies[0].extra == ("L CC TOMO", "R CC TOMO")


def test_an_unplugged_folder_is_not_forgotten(path: Path, tmp_path: Path) -> None:
    folder, away = tmp_path / "usb", tmp_path / "away"
    build_exam(folder / "exam")
    import_paths(path, [folder])
    folder.rename(away)
    assert import_paths(path, []).not_reachable == ("usb",)
    (study,) = store.read_listing(path).studies
    assert not study.reachable
    folder.mkdir()  # the mount point alone
    assert import_paths(path, []).not_reachable == ("usb",)
    folder.rmdir()
    away.rename(folder)
    assert import_paths(path, []).not_reachable == ()
    (study,) = store.read_listing(path).studies
    assert study.reachable


def test_a_folder_unplugged_in_the_middle_of_an_import_is_no_folder_of_bad_files(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, away = tmp_path / "usb", tmp_path / "away"
    for number in range(3):
        build_exam(folder / str(number), person=f"P{number}")
    real = importing._results

    def unplugged(file: Path, *args: object) -> Iterator[store.FileResult]:
        if file.parent.name == "1" and folder.exists():
            folder.rename(away)
        yield from real(file, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "_results", unplugged)
    done = import_paths(path, [folder])
    listing = store.read_listing(path)
    assert done.refused == 0
    assert listing.refused == ()
    assert [study.images for study in listing.studies] == [4]
    assert not listing.roots[0].reachable
    away.rename(folder)
    monkeypatch.undo()
    assert import_paths(path, []).read == 8
    assert len(store.read_listing(path).studies) == 3


def test_what_was_put_aside_outlives_the_folder_and_the_database(
    path: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "exams"
    build_exam(folder)
    import_paths(path, [folder])
    (study,) = store.read_listing(path).studies
    store.set_aside(path, [study.key], aside=True)
    store.remove_root(path, folder)
    assert store.read_listing(path).studies == ()
    import_paths(path, [folder])
    assert store.read_listing(path).studies[0].aside
    path.write_bytes(b"this is no database " * 500)
    said = prepare(path)
    assert "kept as worklist.damaged-1.sqlite" in said
    assert "1 marks of studies were saved" in said
    import_paths(path, [folder])
    assert store.read_listing(path).studies[0].aside


def test_a_database_damaged_in_its_middle_keeps_its_folders(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "exams"
    folder.mkdir()
    for number in range(20):
        build_mg(folder / f"{number}.dcm", person=f"P{number}")
    import_paths(path, [folder])
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'images'").fetchone()
        (page,) = db.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as stream:
        stream.seek((root - 1) * page)
        stream.write(b"\xff" * page)
    assert "worklist was damaged" in prepare(path)
    assert [root.path for root in store.read_listing(path).roots] == [folder]
    import_paths(path, [])
    assert len(store.read_listing(path).studies) == 20


def test_a_worklist_of_the_first_version_is_brought_to_this_one(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(database._MIGRATIONS[0])
        db.execute("INSERT INTO states VALUES ('1.2', 'read', '')")
        db.execute("PRAGMA user_version = 1")
        db.commit()
    assert prepare(path) == ""
    store.keep(path, "filter", "2024")
    assert store.kept(path, "filter") == "2024"
    with connected(path) as db:
        assert db.execute("SELECT study FROM states").fetchall() == [("1.2",)]


def test_a_newer_worklist_is_left_alone(path: Path) -> None:
    with connected(path) as db:
        db.execute(f"PRAGMA user_version = {database.SCHEMA + 1}")
    with pytest.raises(WorklistError, match="newer mammoview"):
        prepare(path)


def test_another_program_that_holds_it_is_named(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_BUSY_S", 0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(WorklistError, match="another program holds"):
            store.set_aside(path, ["1.2"], aside=True)
        other.execute("ROLLBACK")
    store.set_aside(path, ["1.2"], aside=True)


def test_two_programs_on_one_worklist(path: Path, tmp_path: Path) -> None:
    """One imports while the other marks and lists; nothing fails and nothing is lost."""
    for name in "ab":
        (tmp_path / name).mkdir()
        for number in range(5):
            build_mg(tmp_path / name / f"{number}.dcm", person=f"{name}{number}")
    threads = [
        threading.Thread(target=import_paths, args=(path, [tmp_path / name])) for name in "ab"
    ]
    for thread in threads:
        thread.start()
    marked = 0
    end = time.monotonic() + 20
    while any(thread.is_alive() for thread in threads) and time.monotonic() < end:
        store.set_aside(path, [f"1.{marked}"], aside=True)
        store.read_listing(path)
        marked += 1
    for thread in threads:
        thread.join()
    assert len(store.read_listing(path).studies) == 10
    with connected(path) as db:
        assert db.execute("SELECT count(*) FROM states").fetchone() == (marked,)


@pytest.mark.skipif(os.name != "posix", reason="rights of another kind")
def test_only_the_owner_may_read_it(path: Path, tmp_path: Path) -> None:
    build_exam(tmp_path / "exams")
    import_paths(path, [tmp_path / "exams"])
    store.set_aside(path, ["1.2"], aside=True)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with connected(path) as db:
        db.execute("SELECT count(*) FROM images").fetchone()
        rights = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert rights == {0o600}


def test_a_path_of_any_bytes(path: Path, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/f\xff\xfe"))
    folder.mkdir()
    shutil.copy(build_mg(tmp_path / "a.dcm"), folder)
    import_paths(path, [folder])
    (study,) = store.read_listing(path).studies
    (image,) = store.images_for(path, study.key)
    assert image.file == folder / "a.dcm"


def test_paths_of_any_bytes_are_kept(path: Path) -> None:
    paths = tuple(Path(os.fsdecode(b"/f%41 \xff\n\xfe" + end)) for end in (b"", "ü山".encode()))
    store.keep_paths(path, "declined", paths)
    assert store.kept_paths(path, "declined") == paths
    assert store.kept_paths(path, "nothing") == ()


# -- any sequence of changes leaves the index as a fresh import would make it -------------------


class Changes(RuleBasedStateMachine):
    """Files come, change and go; at any time a look makes the index equal to the folder."""

    @initialize()
    def begin(self) -> None:
        self.home = Path(os.environ["WORKLIST_TEST_HOME"]) / f"{time.monotonic_ns()}"
        self.folder = self.home / "exams"
        self.folder.mkdir(parents=True)
        self.path = self.home / "worklist.sqlite"
        prepare(self.path)
        self.number = 0

    def _stamp(self, file: Path) -> None:
        self.number += 1
        os.utime(file, ns=(self.number, self.number))

    @rule(name=st.integers(0, 3), person=st.sampled_from("AB"))
    def write(self, name: int, person: str) -> None:
        file = self.folder / f"d{name % 2}" / f"{name}.dcm"
        file.parent.mkdir(exist_ok=True)
        build_mg(file, rows=8, cols=6, person=person)
        self._stamp(file)

    @rule(name=st.integers(0, 3))
    def spoil(self, name: int) -> None:
        file = self.folder / f"{name}.txt"
        file.write_text("x" * self.number, "utf-8")
        self._stamp(file)

    @rule()
    def pack(self) -> None:
        if files := sorted(self.folder.glob("d*/*.dcm")):
            archive = zip_folder(self.folder / "packed.zip", files[0].parent)
            self._stamp(archive)

    @precondition(lambda self: any(self.folder.iterdir()))
    @rule(which=st.integers(0, 9))
    def remove(self, which: int) -> None:
        entries = sorted(self.folder.iterdir())
        entry = entries[which % len(entries)]
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    @rule(after=st.integers(0, 3))
    def look_and_stop(self, after: int) -> None:
        left = iter(range(after))
        import_paths(self.path, [self.folder], cancelled=lambda: next(left, None) is None)

    @rule()
    def look(self) -> None:
        done = import_paths(self.path, [self.folder])
        listing = store.read_listing(self.path)
        if done.not_reachable:
            assert not any(self.folder.iterdir())
            return
        fresh = self.home / "fresh.sqlite"
        fresh.unlink(missing_ok=True)
        prepare(fresh)
        import_paths(fresh, [self.folder])
        again = store.read_listing(fresh)
        assert sorted(listing.studies, key=str) == sorted(again.studies, key=str)
        assert listing.refused == again.refused
        truth = index_paths([self.folder])
        assert keys(listing) == {exam.key for exam in truth.examinations}
        assert all(study.reachable for study in listing.studies)

    @invariant()
    def sound(self) -> None:
        if hasattr(self, "path"):
            assert prepare(self.path) == ""


def test_any_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKLIST_TEST_HOME", str(tmp_path))
    machine = Changes.TestCase
    machine.settings = settings(
        max_examples=10,
        stateful_step_count=10,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    machine("runTest").runTest()


def test_two_views_under_one_identifier_are_both_met(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    same = {"SOPInstanceUID": "1.2.3"}
    build_mg(folder / "a", elements=same)
    build_mg(folder / "b", laterality="L", view="MLO", elements=same)
    shutil.copy(folder / "a", folder / "copy of a")
    import_paths(path, [folder])
    (study,) = store.read_listing(path).studies
    images = store.images_for(path, study.key)
    assert len(images) == 2  # a copy is left out, another image is not
    index = index_images([(i.file, i.archive) for i in images], cancelled=lambda: False)
    assert ["another image" in refusal.reason for refusal in index.refused] == [True]
