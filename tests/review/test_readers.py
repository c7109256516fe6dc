"""Profiles: whose PIN it is, what is kept of it, and how wrong ones are held up."""

from __future__ import annotations

import hmac
import logging
import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mammoview.errors import ReviewError
from mammoview.review import readers, sql
from mammoview.review.readers import Cost, ReaderBook

CHEAP = Cost(n=16, r=1, p=1)
PIN, OTHER_PIN = "7319", "hazel-wood"


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def go(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "readers.sqlite"


@pytest.fixture
def book(path: Path, clock: Clock) -> Iterator[ReaderBook]:
    book = ReaderBook(path, now=clock, cost=CHEAP)
    yield book
    book.close()


def test_a_reader_signs_in_with_their_own_pin_alone(book: ReaderBook) -> None:
    anna, bert = book.add(" Anna  Ash ", PIN), book.add("Bert", OTHER_PIN)
    assert anna.name == "Anna Ash"
    assert book.sign_in(anna.id, PIN) == anna
    assert book.sign_in(bert.id, OTHER_PIN).identity.name == "Bert"
    for reader, pin in ((anna, OTHER_PIN), (bert, PIN), (anna, ""), (anna, PIN + " ")):
        with pytest.raises(ReviewError, match="not this reader's"):
            book.sign_in(reader.id, pin)
    with pytest.raises(ReviewError, match="cannot sign in"):
        book.sign_in("nobody", PIN)


def test_the_file_is_its_owners_and_holds_no_pin(book: ReaderBook, path: Path) -> None:
    readers_of_one_pin = [book.add("Anna", OTHER_PIN), book.add("Bert", OTHER_PIN)]
    with sqlite3.connect(path) as db:
        kept = [row[0] for row in db.execute("SELECT pin FROM readers")]
    assert kept[0] != kept[1], "a salt of one's own"
    assert all(record.startswith("scrypt$16$1$1$") for record in kept)
    files = [file for file in path.parent.iterdir() if file.is_file()]
    assert all(OTHER_PIN.encode() not in file.read_bytes() for file in files)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len({reader.id for reader in readers_of_one_pin}) == 2


def test_a_hash_of_today_takes_a_guesser_time() -> None:
    cost = Cost()
    assert 128 * cost.n * cost.r * cost.p >= 32 * 2**20, "memory of one try, RFC 7914"


def test_pins_are_compared_in_constant_time(
    book: ReaderBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[int, int]] = []
    real = hmac.compare_digest

    def seen(found: bytes, wanted: bytes) -> bool:
        compared.append((len(found), len(wanted)))
        return real(found, wanted)

    monkeypatch.setattr(hmac, "compare_digest", seen)
    anna = book.add("Anna", PIN)
    with pytest.raises(ReviewError):
        book.sign_in(anna.id, "0000x")
    book.sign_in(anna.id, PIN)
    assert compared == [(32, 32), (32, 32)], "digests, whatever the PIN's length"


@pytest.mark.parametrize("pin", ["", "123", "1234", "9876", "0000", "aaaaaa", "abcd", "x" * 65])
def test_easy_pins_are_refused(book: ReaderBook, pin: str) -> None:
    with pytest.raises(ReviewError, match="too easy"):
        book.add("Anna", pin)
    assert book.profiles() == ()


@pytest.mark.parametrize("name", ["", "  ", "x" * 65])
def test_a_reader_has_a_name(book: ReaderBook, name: str) -> None:
    with pytest.raises(ReviewError, match="no name"):
        book.add(name, PIN)


def test_no_two_readers_of_one_name(book: ReaderBook) -> None:
    book.add("Anna", PIN)
    with pytest.raises(ReviewError, match="another reader has"):
        book.add("anna", OTHER_PIN)


def test_wrong_pins_wait_longer_and_longer_also_after_a_restart(
    book: ReaderBook, path: Path, clock: Clock
) -> None:
    anna = book.add("Anna", PIN)
    for _ in range(2):
        with pytest.raises(ReviewError, match="not this reader's"):
            book.sign_in(anna.id, "wrong")
    waits = []
    for _ in range(3):
        with pytest.raises(ReviewError, match="not this reader's"):
            book.sign_in(anna.id, "wrong")
        book.close()
        book = ReaderBook(path, now=clock, cost=CHEAP)
        waits.append(book.wait_s(anna.id))
        with pytest.raises(ReviewError, match="wrong PINs"):
            book.sign_in(anna.id, PIN)
        clock.go(waits[-1])
    assert waits == [5, 10, 20]
    assert book.sign_in(anna.id, PIN) == anna
    with pytest.raises(ReviewError, match=r"not this reader's.*try again"):
        book.sign_in(anna.id, "wrong")
    assert book.wait_s(anna.id) == 0, "a right PIN takes back what was counted"
    book.close()


def test_a_wait_has_an_end_even_if_the_clock_is_put_back(book: ReaderBook, clock: Clock) -> None:
    anna = book.add("Anna", PIN)
    for _ in range(30):
        with pytest.raises(ReviewError):
            book.sign_in(anna.id, "wrong")
        clock.go(book.wait_s(anna.id))
    with pytest.raises(ReviewError):
        book.sign_in(anna.id, "wrong")
    clock.go(-1e7)
    assert book.wait_s(anna.id) == 900


def test_a_try_counts_though_the_program_ends_before_the_answer(
    book: ReaderBook, path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = book.add("Anna", PIN)

    def killed(*args: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(readers, "_scrypt", killed)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            book.sign_in(anna.id, "guess")
    monkeypatch.undo()
    other = ReaderBook(path, now=clock, cost=CHEAP)
    assert other.wait_s(anna.id) == 5
    other.close()


def test_a_pin_is_changed_by_who_knows_it(book: ReaderBook) -> None:
    anna = book.add("Anna", PIN)
    with pytest.raises(ReviewError, match="not this reader's"):
        book.change_pin(anna.id, OTHER_PIN, "new-pin")
    with pytest.raises(ReviewError, match="same PIN"):
        book.change_pin(anna.id, PIN, PIN)
    with pytest.raises(ReviewError, match="too easy"):
        book.change_pin(anna.id, PIN, "1111")
    book.change_pin(anna.id, PIN, OTHER_PIN)
    assert book.sign_in(anna.id, OTHER_PIN) == anna


def test_a_profile_is_switched_off_and_never_taken_out(book: ReaderBook, path: Path) -> None:
    anna, bert = book.add("Anna", PIN), book.add("Bert", OTHER_PIN)
    book.set_active(anna.id, active=False)
    with pytest.raises(ReviewError, match="cannot sign in"):
        book.sign_in(anna.id, PIN)
    assert [(p.name, p.active) for p in book.profiles()] == [("Anna", False), ("Bert", True)]
    with pytest.raises(ReviewError, match="last reader"):
        book.set_active(bert.id, active=False)
    assert book.sign_in(bert.id, OTHER_PIN) == bert
    with sqlite3.connect(path) as db, pytest.raises(sqlite3.IntegrityError, match="never"):
        db.execute("DELETE FROM readers")
    book.set_active(anna.id, active=True)
    assert book.sign_in(anna.id, PIN) == anna


def test_an_older_hash_still_opens(path: Path, clock: Clock) -> None:
    old = ReaderBook(path, now=clock, cost=Cost(n=32, r=2, p=1))
    anna = old.add("Anna", PIN)
    old.close()
    new = ReaderBook(path, now=clock, cost=CHEAP)
    assert new.sign_in(anna.id, PIN) == anna
    new.close()


def test_neither_name_nor_pin_reaches_a_log(
    book: ReaderBook, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        anna = book.add("Zaphira Unusual", "poison-pin")
        said = []
        for pin in ("poison-pin", "other-pin", "other-pin", "other-pin", "other-pin"):
            try:
                book.sign_in(anna.id, pin)
            except ReviewError as error:
                said.append(str(error))
    assert len(said) == 4
    assert not [t for t in (*said, caplog.text) if "Zaphira" in t or "poison" in t or "other-" in t]


def test_a_damaged_record_is_said(book: ReaderBook, path: Path) -> None:
    anna = book.add("Anna", PIN)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE readers SET pin = 'plain'")
    with pytest.raises(ReviewError, match="cannot be understood"):
        book.sign_in(anna.id, "plain")


def test_a_file_of_another_version_or_none_at_all_is_refused(path: Path, tmp_path: Path) -> None:
    ReaderBook(path, cost=CHEAP).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 7")
    with pytest.raises(ReviewError, match="schema 7"):
        ReaderBook(path)
    broken = tmp_path / "broken.sqlite"
    broken.write_bytes(b"no database, but long enough to be taken for one" * 40)
    with pytest.raises(ReviewError, match="a damaged list of readers"):
        ReaderBook(broken)
    (tmp_path / "folder").mkdir()
    with pytest.raises(ReviewError, match="list of readers"):
        ReaderBook(tmp_path / "folder")


def test_a_file_that_another_program_holds_is_said(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "_PATIENCE_S", 0.05)
    book = ReaderBook(path, cost=CHEAP)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ReviewError, match="another program"):
        book.add("Anna", PIN)
    other.execute("ROLLBACK")
    other.close()
    assert book.add("Anna", PIN).active
    book.close()
