"""Marks are kept: in order, for ever, whatever happens to the program and the disk."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from mammoview.domain.annotation import Annotation, MarkKind
from mammoview.domain.geometry import ImagePoint
from mammoview.errors import ReviewError
from mammoview.review import marks
from mammoview.review.marks import MarkAction, MarkEvent, MarkStore
from tests.builders.marks import length_mark

A_TIME = "2026-01-01T00:00:00.000+00:00"


def event(mark: Annotation, action: MarkAction = MarkAction.ADD) -> MarkEvent:
    return MarkEvent(utc=A_TIME, action=action, mark=mark)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "marks.sqlite"


@pytest.fixture
def store(path: Path) -> MarkStore:
    return MarkStore(path, wait_s=0.05)


def ids(store: MarkStore, *uids: str) -> list[str]:
    return [mark.id for mark in store.read(uids or ("1.2.3.RCC",)).items]


def test_a_mark_comes_back_as_it_was(store: MarkStore) -> None:
    marks = (
        replace(length_mark("a"), label='ä "quoted" – text', frame=7),
        Annotation(
            id="b",
            sop_instance_uid="1.2.3.RCC",
            frame=None,
            kind=MarkKind.NIPPLE,
            points=(ImagePoint(col=1 / 3, row=2e-7),),
        ),
    )
    store.append([event(mark) for mark in marks])
    assert store.read(["1.2.3.RCC"]).items == marks


def test_the_last_event_counts_and_a_deleted_mark_can_still_be_found(
    store: MarkStore, path: Path
) -> None:
    store.append([event(length_mark("a")), event(length_mark("b"))])
    store.append([event(length_mark("a", col=50), MarkAction.CHANGE)])
    store.append([event(length_mark("b"), MarkAction.DELETE)])
    assert store.read(["1.2.3.RCC"]).items == (length_mark("a", col=50),)
    store.append([event(length_mark("b"))])
    assert ids(store) == ["a", "b"]
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT seq, utc, mark_id, action FROM mark_event").fetchall()
    assert [row[2:] for row in rows] == [
        ("a", "add"), ("b", "add"), ("a", "change"), ("b", "delete"), ("b", "add"),
    ]  # fmt: skip
    assert rows[0][:2] == (1, A_TIME)


def test_all_events_of_a_call_are_kept_or_none(store: MarkStore) -> None:
    store.append([event(length_mark("a"))])
    broken = replace(event(length_mark("c")), utc=None)  # type: ignore[arg-type]
    with pytest.raises(ReviewError, match="cannot be used"):
        store.append([event(length_mark("b")), broken])
    assert ids(store) == ["a"]


def test_only_the_images_asked_for(store: MarkStore) -> None:
    store.append([event(length_mark(uid, uid=uid)) for uid in ("1", "2", "3")])
    assert ids(store, "3", "1") == ["1", "3"]
    assert ids(store, *(str(n) for n in range(40_000))) == ["1", "2", "3"]


def test_readers_are_blind_to_each_others_marks(store: MarkStore) -> None:
    for name, reader in (("a", "reader-a"), ("b", "reader-b"), ("l", "local")):
        store.append([replace(event(length_mark(name)), reader=reader)])
    seen = {
        reader: [mark.id for mark in store.read(["1.2.3.RCC"], reader).items]
        for reader in ("reader-a", "reader-b", "local")
    }
    assert seen == {"reader-a": ["a", "l"], "reader-b": ["b", "l"], "local": ["l"]}
    gone = replace(event(length_mark("l"), MarkAction.DELETE), reader="reader-a")
    store.append([gone])
    assert [mark.id for mark in store.read(["1.2.3.RCC"], "reader-a").items] == ["a"]
    assert [mark.id for mark in store.read(["1.2.3.RCC"], "reader-b").items] == ["b", "l"]


def test_marks_from_before_readers_were_told_apart_are_the_local_readers(
    store: MarkStore, path: Path
) -> None:
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as db:
        db.executescript(marks._SCHEMA_SQL)
        db.execute(
            "INSERT INTO mark_event (utc, mark_id, sop_instance_uid, action, payload)"
            " VALUES (?, 'old', '1.2.3.RCC', 'add', ?)",
            (A_TIME, marks._to_json(length_mark("old"))),
        )
        db.execute("PRAGMA user_version = 1")
        db.commit()
    store.append([replace(event(length_mark("new")), reader="reader-a")])
    assert [m.id for m in store.read(["1.2.3.RCC"], "reader-a").items] == ["old", "new"]
    assert ids(store) == ["old"]


def test_without_a_file_there_are_no_marks_and_none_is_made(store: MarkStore, path: Path) -> None:
    assert ids(store) == []
    assert not path.parent.exists()


def test_events_are_never_changed_or_taken_out(store: MarkStore, path: Path) -> None:
    store.append([event(length_mark("a"))])
    with closing(sqlite3.connect(path)) as db:
        for statement in ("DELETE FROM mark_event", "UPDATE mark_event SET payload = ''"):
            with pytest.raises(sqlite3.IntegrityError, match="never"):
                db.execute(statement)


def test_every_commit_waits_for_the_disk(store: MarkStore, path: Path) -> None:
    store.append([event(length_mark("a"))])
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    with store._open() as db:
        assert db.execute("PRAGMA synchronous").fetchone() == (2,), "FULL"


@pytest.mark.parametrize(
    "payload",
    ["{", '{"version": 2}', '{"version": 1, "kind": "spiral", "frame": null, "points": []}', "[]"],
)
def test_what_is_not_understood_is_counted_and_kept(
    store: MarkStore, path: Path, payload: str
) -> None:
    store.append([event(length_mark("a"))])
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "INSERT INTO mark_event (utc, mark_id, sop_instance_uid, action, payload)"
            " VALUES ('', 'b', '1.2.3.RCC', 'add', ?)",
            (payload,),
        )
    found = store.read(["1.2.3.RCC"])
    assert [mark.id for mark in found.items] == ["a"]
    assert found.not_understood == 1


def test_a_file_of_a_newer_version_is_left_alone(store: MarkStore, path: Path) -> None:
    store.append([event(length_mark("a"))])
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version=9")
    for use in (lambda: store.read(["1"]), lambda: store.append([event(length_mark("b"))])):
        with pytest.raises(ReviewError, match="form 9"):
            use()


def test_what_is_no_database_is_told_and_not_touched(store: MarkStore, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database at all" * 100)
    before = path.read_bytes()
    with pytest.raises(ReviewError, match="a damaged file of marks"):
        store.append([event(length_mark("a"))])
    assert path.read_bytes() == before


def test_two_windows_write_to_one_file(path: Path) -> None:
    def write(name: str) -> None:
        store = MarkStore(path, wait_s=30.0)
        for number in range(15):
            store.append([event(length_mark(f"{name}{number}"))])

    threads = [threading.Thread(target=write, args=(name,)) for name in "xy"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = ids(MarkStore(path))
    assert sorted(found) == sorted(f"{name}{n}" for name in "xy" for n in range(15))
    for name in "xy":
        assert [i for i in found if i[0] == name] == [f"{name}{n}" for n in range(15)], "in order"
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


# -- the disk says no -------------------------------------------------------------------------


def test_a_locked_file_is_told_and_works_again(store: MarkStore, path: Path) -> None:
    store.append([event(length_mark("a"))])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ReviewError, match="another program holds"):
            store.append([event(length_mark("b"))])
        other.execute("ROLLBACK")
    store.append([event(length_mark("b"))])
    assert ids(store) == ["a", "b"]


def test_a_folder_that_cannot_be_made_is_told_without_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = MarkStore(tmp_path / "file" / "marks.sqlite")
    with pytest.raises(ReviewError, match="file of marks") as caught:
        store.append([event(length_mark("a"))])
    assert str(tmp_path) not in str(caught.value)


_AS_NOBODY = """
import os, sys
from pathlib import Path
from mammoview.errors import ReviewError
from tests.review.test_marks import MarkStore, event, length_mark
if os.geteuid() == 0:
    os.seteuid(65534)
try:
    MarkStore(Path(sys.argv[1])).append([event(length_mark("b"))])
except ReviewError as error:
    print(error.met)
"""

_ON_A_FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from mammoview.errors import ReviewError
from tests.review.test_marks import MarkStore, event, length_mark, replace
store = MarkStore(Path(sys.argv[1]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
kept = 0
for number in range(1000):
    try:
        store.append([event(replace(length_mark(f"m{number}"), label="x" * 2000))])
    except ReviewError as error:
        print(error.met)
        break
    kept += 1
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.append([event(length_mark("after"))])
print(kept)
"""


def _run(script: str, path: Path, repository: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        capture_output=True,
        text=True,
        cwd=repository,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.mark.skipif(sys.platform == "win32", reason="needs file modes of POSIX")
@pytest.mark.parametrize("folder_too", [False, True])
def test_a_read_only_file_or_folder_is_told(repository: Path, folder_too: bool) -> None:
    with TemporaryDirectory() as name:  # of pytest's own folders nobody else may see into
        folder = Path(name)
        path = folder / "marks.sqlite"
        store = MarkStore(path)
        store.append([event(length_mark("a"))])
        path.chmod(0o444)
        folder.chmod(0o555 if folder_too else 0o755)
        (said,) = _run(_AS_NOBODY, path, repository)
        folder.chmod(0o755)
        assert said == "a file of marks that may not be written"
        assert ids(store) == ["a"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of POSIX")
def test_a_full_disk_loses_nothing_that_was_acknowledged(path: Path, repository: Path) -> None:
    said, kept = _run(_ON_A_FULL_DISK, path, repository)
    assert said == "a file of marks that cannot be used (disk I/O error)"
    assert int(kept) > 3
    assert ids(MarkStore(path)) == [*(f"m{n}" for n in range(int(kept))), "after"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_at_random_moments_it_loses_no_acknowledged_mark(
    path: Path, repository: Path
) -> None:
    chance = random.Random(5)
    acknowledged: list[str] = []
    for number in range(4):
        program = [sys.executable, "-m", "tests.review.killing_marks", str(path), f"r{number}"]
        with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, cwd=repository) as run:
            assert run.stdout is not None
            told = [run.stdout.readline().strip() for _ in range(chance.randrange(1, 40))]
            run.send_signal(signal.SIGKILL)
            told += [line.strip() for line in run.stdout if line.endswith("\n")]
        acknowledged += told
    kept = ids(MarkStore(path), "1.2.3")
    assert set(acknowledged) <= set(kept)
    assert len(acknowledged) > 20
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
