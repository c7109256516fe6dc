"""What the list shows and in which order; the worklist at work; and what the log may know."""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mammoview.app import logs
from mammoview.app.worklist import desk, importing, store, thumbnails
from mammoview.app.worklist.arrange import (
    NEWEST_FIRST,
    Column,
    SortKey,
    arrange,
    clicked,
    haystack,
    sort_of,
    sort_text,
)
from mammoview.app.worklist.database import prepare
from mammoview.app.worklist.desk import Worklist
from mammoview.app.worklist.importing import import_paths
from mammoview.app.worklist.values import Imported, Listing, Study
from mammoview.domain.reading import Role
from mammoview.domain.views import Slot
from mammoview.errors import WorklistError
from mammoview.review.arbitration import settle
from mammoview.review.standing import Reading
from tests.builders.desk import Mailbox
from tests.builders.dicom import build_exam, build_mg
from tests.builders.pairs import POLICY, SCHEMES, read_to_final
from tests.builders.reads import OTHER, READER, log_at


def study(key: str, **changes: object) -> Study:
    values: dict[str, object] = {
        "key": key,
        "name": f"Name^{key}",
        "patient_id": f"ID-{key}",
        "birth_date": "19600101",
        "date": "20240115",
        "accession": "",
        "slots": frozenset(Slot),
        "extra": (),
        "images": 4,
        "aside": False,
        "source": "exams",
        "reachable": True,
    }
    return Study(**{**values, **changes})  # type: ignore[arg-type]


def keys(*studies: Study, text: str = "", sort: tuple[SortKey, ...] = ()) -> str:
    found = arrange(studies, [haystack(each) for each in studies], text=text, sort=sort)
    return "".join(each.key for each in found)


MANY = (
    study("a", name="Müller^Ängela", date="20231231"),
    study("b", date="20240101", reading=Reading.SIGNED, accession="A-2024"),
    study("c", date="20240630", slots=frozenset({Slot.RCC}), extra=("L ML",)),
    study("d", date="20240701", reading=Reading.IN_PROGRESS, reachable=False),
    study("e", date="", name="Read^Unread"),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "abcde"),
        ("muller ANGELA", "a"),
        ("2024-01..2024-06", "bc"),
        ("2024-06-30..2024-07-01", "cd"),
        ("..2023", "a"),
        ("2024-07..", "d"),
        ("unread", "ace"),
        ("started", "d"),
        ("read", "b"),
        ('"read"', "e"),
        ("missing", "c"),
        ("unreachable", "d"),
        ("l ml", "c"),
        ("a-2024", "b"),
        ("unread 2024-01..", "c"),
        ('"unclosed', ""),
        ("..", ""),
    ],
)
def test_a_filter_finds(text: str, found: str) -> None:
    assert keys(*MANY, text=text) == found


def test_sorting_is_by_several_columns_and_leaves_equal_ones_alone() -> None:
    one, two = study("1", name="B", date="20240101"), study("2", name="A", date="20240101")
    three, four = study("3", name="A", date="20230101"), study("4", name="B", date="")
    by_date = SortKey(column=Column.DATE)
    down = SortKey(column=Column.DATE, descending=True)
    by_name = SortKey(column=Column.PATIENT)
    assert keys(one, two, three, four, sort=(by_date,)) == "3124"
    assert keys(one, two, three, four, sort=(down,)) == "1234", "nothing known comes last"
    assert keys(one, two, three, four, sort=(by_name, by_date)) == "3214"
    assert keys(one, two, three, four, sort=(down, by_name)) == "2134"


def test_a_click_comes_first_and_the_ones_before_stay_behind_it() -> None:
    sort = clicked(NEWEST_FIRST, Column.STATE)
    assert sort_text(sort) == "state -date patient"
    assert sort_text(clicked(sort, Column.STATE)) == "-state -date patient"
    assert sort_text(clicked(sort, Column.SOURCE)) == "source state -date"
    assert sort_of(sort_text(sort)) == sort
    assert sort_of("-nonsense") == NEWEST_FIRST


# -- at work ------------------------------------------------------------------------------------


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def worklist(mailbox: Mailbox, tmp_path: Path) -> Iterator[Worklist]:
    worklist = Worklist(deliver=mailbox.post, path=tmp_path / "data" / "worklist.sqlite")
    yield worklist
    worklist.shutdown()


def shown(worklist: Worklist) -> str:
    return "".join(study.name[0] for study in worklist.state.shown)


def imported(worklist: Worklist, mailbox: Mailbox, folder: Path, names: str) -> None:
    for name in names:
        build_exam(folder / name, person=f"{name}^Test")
    worklist.start()
    mailbox.run_until(lambda: worklist.state.ready)
    worklist.import_paths([folder])
    mailbox.run_until(lambda: worklist.state.task is None and shown(worklist) == names)


def test_the_next_unread_study_goes_round_the_end(
    worklist: Worklist, mailbox: Mailbox, tmp_path: Path
) -> None:
    imported(worklist, mailbox, tmp_path / "in", "ABC")
    a, b, c = worklist.state.shown
    assert worklist.next_unread(None) == a
    assert worklist.next_unread(a.key) == b
    assert worklist.next_unread(c.key) == a
    assert worklist.toggle_aside([a.key, b.key]) is True
    found = worklist.next_unread(c.key)
    assert found is not None
    assert found.key == c.key
    worklist.put_aside([c.key], aside=True)
    assert worklist.next_unread(c.key) is None
    mailbox.run_until(lambda: all(s.aside for s in store.read_listing(worklist._path).studies))
    assert worklist.toggle_aside([a.key, b.key, c.key]) is False
    assert worklist.next_unread(None) is not None
    assert worklist.toggle_aside(["no study"]) is None
    mailbox.run_until(lambda: not any(s.aside for s in store.read_listing(worklist._path).studies))


def test_how_far_a_reading_is_comes_from_the_read_log_by_reader(
    worklist: Worklist, mailbox: Mailbox, tmp_path: Path
) -> None:
    imported(worklist, mailbox, tmp_path / "in", "ABC")
    a, b, _ = worklist.state.shown
    log = log_at(tmp_path)
    read_to_final(log, "4B", "1", exam_key=a.key)
    read_to_final(log, "1", "1", exam_key=b.key)
    worklist = again(worklist, mailbox, tmp_path / "reads.sqlite")
    worklist.seat(READER)
    mailbox.run_until(lambda: readings(worklist) == ["to sign", "to sign", "unread"])
    assert worklist.next_unread(a.key) == worklist.state.shown[2]
    worklist.seat(OTHER)
    second = "waits for second read"
    mailbox.run_until(lambda: readings(worklist) == [second, second, "unread"])
    assert worklist.next_unread(None) == worklist.state.shown[0]
    assert worklist.state.unread == 3
    assert worklist.toggle_aside([a.key, b.key]) is None, "its log says how far it is"
    worklist.filter("arbitration")
    assert shown(worklist) == ""
    worklist.filter("second")
    assert shown(worklist) == "AB"
    worklist.filter("")
    for key, right in ((a.key, "1"), (b.key, "2")):
        read = read_to_final(log, right, "1", reader=OTHER, role=Role.SECOND, exam_key=key)
        settle(log, read.read_id, OTHER, policy=POLICY, schemes=SCHEMES, double=True)
    worklist.refresh()
    mailbox.run_until(lambda: readings(worklist) == ["discordant", "to sign", "unread"])
    worklist.seat("reader-c")
    mailbox.run_until(
        lambda: readings(worklist) == ["waits for arbitration", "read by others", "unread"]
    )
    assert worklist.next_unread(a.key) == worklist.state.shown[2]
    worklist.filter("arbitration")
    assert worklist.next_unread(None) == worklist.state.shown[0]
    worklist.shutdown()
    log.close()


def test_a_read_log_that_cannot_be_read_is_said_and_hides_no_study(
    worklist: Worklist, mailbox: Mailbox, tmp_path: Path
) -> None:
    imported(worklist, mailbox, tmp_path / "in", "AB")
    bad = tmp_path / "reads.sqlite"
    bad.write_bytes(b"no database, but long enough to be taken for one" * 40)
    worklist = again(worklist, mailbox, bad)
    assert shown(worklist) == "AB"
    assert "read log" in worklist.state.problem
    worklist.shutdown()


def readings(worklist: Worklist) -> list[str]:
    return [str(study.reading) for study in worklist.state.shown]


def again(worklist: Worklist, mailbox: Mailbox, reads: Path) -> Worklist:
    """Open the same list once more, with a read log and two readers for each examination."""
    other = Worklist(deliver=mailbox.post, path=worklist._path, reads=reads, double=True)
    other.start(rescan=False)
    mailbox.run_until(lambda: other.state.ready)
    return other


def test_what_was_filtered_by_is_there_again_and_in_no_setting(
    worklist: Worklist, mailbox: Mailbox, tmp_path: Path, user_folders: Path
) -> None:
    imported(worklist, mailbox, tmp_path / "in", "AB")
    worklist.filter("b^test")
    worklist.filter("A Test")
    assert shown(worklist) == "A"
    again = Worklist(deliver=mailbox.post, path=worklist._path)
    mailbox.run_until(lambda: store.kept(worklist._path, "filter") == "A Test")
    again.start(rescan=False)
    mailbox.run_until(lambda: again.state.ready)
    assert (again.state.text, shown(again)) == ("A Test", "A")
    again.shutdown()
    written = [path for path in user_folders.rglob("*") if path.is_file()]
    assert not any(b"A Test" in path.read_bytes() for path in written)


def test_a_look_at_the_start_finds_what_changed(
    worklist: Worklist, mailbox: Mailbox, tmp_path: Path
) -> None:
    imported(worklist, mailbox, tmp_path / "in", "A")
    build_exam(tmp_path / "in" / "B", person="B^Test")
    again = Worklist(deliver=mailbox.post, path=worklist._path)
    again.start()
    mailbox.run_until(lambda: shown(again) == "AB")
    again.shutdown()


def test_shutdown_in_the_middle_of_an_import_is_clean(
    worklist: Worklist, mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The leak guard of the suite fails this test if a thread outlives it."""
    started = threading.Event()
    real = importing._results

    def noted(*args: object) -> Iterator[store.FileResult]:
        started.set()
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "_results", noted)
    build_exam(tmp_path / "in")
    worklist.import_paths([tmp_path / "in"])
    assert started.wait(20)
    worklist.shutdown()
    before = worklist.state
    mailbox.run_posted()
    assert worklist.state is before


def test_the_log_and_the_cache_know_no_patient(
    worklist: Worklist, mailbox: Mailbox, tmp_path: Path
) -> None:
    session = logs.start(tmp_path / "log", level=logging.DEBUG)
    try:
        folder = tmp_path / "Poisoned^Petra"
        build_exam(folder / "exam", person="Poisoned^Petra")
        (folder / "Poisoned.txt").write_text("x", "utf-8")
        assert imported_paths(worklist, mailbox, folder) == 1
        key = worklist.state.shown[0].key
        drawn: list[object] = []
        worklist.draw(key, drawn.append)
        mailbox.run_until(lambda: bool(drawn))
    finally:
        session.close()
    assert "worklist: 5 files met" in session.file.read_text("utf-8")
    cached = list(thumbnails.cache_folder().iterdir())
    assert len(cached) == 1
    said = session.file.read_text("utf-8") + cached[0].name
    for word in ("poisoned", "petra", "19600101", key):
        assert word not in said.lower()
        assert word.encode() not in cached[0].read_bytes().lower()


def imported_paths(worklist: Worklist, mailbox: Mailbox, folder: Path) -> int:
    worklist.start()
    mailbox.run_until(lambda: worklist.state.ready)
    worklist.import_paths([folder])
    mailbox.run_until(lambda: worklist.state.task is None and bool(worklist.state.shown))
    return len(worklist.state.shown)


def test_a_thumbnail_is_a_mean_of_what_it_stands_for() -> None:
    stripes = np.zeros((1280, 420), np.uint8)
    stripes[::2] = 200
    small = thumbnails._within(stripes, (128, 84))
    assert small.shape == (128, 42)
    assert np.ptp(small) <= 8
    assert abs(int(small.mean()) - 100) <= 1


def test_a_thumbnail_shows_the_image_that_is_read(tmp_path: Path) -> None:
    path, folder = tmp_path / "w" / "worklist.sqlite", tmp_path / "in"
    build_exam(folder)
    prepare(path)
    import_paths(path, [folder])
    (listed,) = store.read_listing(path).studies
    alone = thumbnails.strip(
        store.images_for(path, listed.key), tmp_path / "one", cancelled=lambda: False
    )
    later = {"LossyImageCompression": "01", "ContentTime": "235959"}
    dark = np.zeros((120, 90), np.uint16)
    dark[60:, :45] = 100
    build_mg(folder / "copy", stored=dark, elements=later)
    import_paths(path, [folder])
    images = store.images_for(path, listed.key)
    both = thumbnails.strip(images, tmp_path / "two", cancelled=lambda: False)
    assert len(images) == 5
    assert alone is not None
    assert both is not None
    assert np.array_equal(alone, both)


def test_a_full_disk_keeps_no_half_of_a_thumbnail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would fill it further, each time that the list is looked at."""

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    thumbnails._keep(np.zeros((8, 8), np.uint8), tmp_path / "cache" / "a.png")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_thumbnail_is_kept_until_the_image_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, folder = tmp_path / "w" / "worklist.sqlite", tmp_path / "in"
    files = build_exam(folder)
    prepare(path)
    import_paths(path, [folder])
    (listed,) = store.read_listing(path).studies
    images = store.images_for(path, listed.key)
    first = thumbnails.strip(images, tmp_path / "cache", cancelled=lambda: False)
    made = list((tmp_path / "cache").iterdir())
    assert first is not None
    assert first.shape == (128, 336)
    monkeypatch.setattr(thumbnails, "_make", lambda *args: None)
    again = thumbnails.strip(images, tmp_path / "cache", cancelled=lambda: False)
    assert again is not None
    assert np.array_equal(first, again)
    files[0].write_bytes(files[0].read_bytes() + b"\0\0")
    assert thumbnails.strip(images, tmp_path / "cache", cancelled=lambda: False) is None
    monkeypatch.setattr(thumbnails, "_MOST_BYTES", 0)
    thumbnails._shrink(tmp_path / "cache")
    assert made
    assert not any((tmp_path / "cache").iterdir())


def test_a_list_that_cannot_be_read_now_leaves_the_import_its_bar(
    worklist: Worklist, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    worklist.start(rescan=False)
    mailbox.run_until(lambda: worklist.state.ready)
    go_on = threading.Event()

    def slow(*_args: object, **_options: object) -> Imported:
        assert go_on.wait(10.0)
        return Imported()

    def held(_path: Path) -> Listing:
        raise WorklistError("a list that is held", expected="a free one", todo="wait")

    monkeypatch.setattr(desk, "import_paths", slow)
    monkeypatch.setattr(store, "read_listing", held)
    worklist.import_paths(())
    worklist.refresh()
    mailbox.run_until(lambda: "held" in worklist.state.problem)
    assert worklist.state.task is not None, "it still runs, and Esc must stop it"
    go_on.set()
    mailbox.run_until(lambda: worklist.state.task is None)
