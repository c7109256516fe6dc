"""One examination, one reader at a time: also over two programs, and after one was killed."""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mammoview.errors import ReviewError
from mammoview.review.leases import BEAT_S, LEASE_S, BeingReadError, LeaseBook
from tests.builders.programs import started
from tests.review.test_readers import Clock

A, B = "reader-a", "reader-b"
Open = Callable[[], LeaseBook]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def program(tmp_path: Path, clock: Clock) -> Iterator[Open]:
    """Open the file as one more program."""
    opened: list[LeaseBook] = []

    def program() -> LeaseBook:
        opened.append(LeaseBook(tmp_path / "leases.sqlite", now=clock))
        return opened[-1]

    yield program
    for book in opened:
        book.close()


def test_an_examination_is_read_by_one_at_a_time(program: Open) -> None:
    mine, other = program(), program()
    mine.take("exam-1", A)
    mine.take("exam-1", A)
    for reader in (B, A):  # the same reader in another window as well
        with pytest.raises(BeingReadError, match="being read by another") as caught:
            other.take("exam-1", reader)
        assert caught.value.by == A
    other.take("exam-2", B)
    with pytest.raises(BeingReadError) as caught:
        mine.take("exam-2", A)
    assert caught.value.by == B


def test_a_beat_in_time_keeps_it_and_silence_frees_it(program: Open, clock: Clock) -> None:
    mine, other = program(), program()
    mine.take("exam-1", A)
    for _ in range(10):
        clock.go(BEAT_S)
        assert mine.renew("exam-1")
    clock.go(LEASE_S - 1)
    with pytest.raises(BeingReadError):
        other.take("exam-1", B)
    clock.go(2)
    other.take("exam-1", B)
    assert not mine.renew("exam-1"), "who slept learns that it is gone"
    assert 2 * BEAT_S < LEASE_S, "one lost beat costs nothing"


def test_a_clock_that_is_put_back_neither_frees_nor_holds_for_ever(
    program: Open, clock: Clock
) -> None:
    mine, other = program(), program()
    mine.take("exam-1", A)
    clock.go(-1)
    with pytest.raises(BeingReadError):
        other.take("exam-1", B)
    clock.go(-86_400)
    other.take("exam-1", B)


def test_taking_over_needs_a_reason_that_is_kept(program: Open, tmp_path: Path) -> None:
    mine, other = program(), program()
    mine.take("exam-1", A)
    with pytest.raises(BeingReadError):
        other.take("exam-1", B, reason="  ")
    other.take("exam-1", B, reason=" left for lunch ")
    assert not mine.renew("exam-1")
    (taken,) = other.takeovers()
    assert (taken.exam_key, taken.from_reader, taken.by_reader) == ("exam-1", A, B)
    assert taken.reason == "left for lunch"
    with sqlite3.connect(tmp_path / "leases.sqlite") as db:
        for change in ("DELETE FROM takeovers", "UPDATE takeovers SET reason = ''"):
            with pytest.raises(sqlite3.IntegrityError, match="never"):
                db.execute(change)


def test_closing_gives_everything_back(program: Open, tmp_path: Path, clock: Clock) -> None:
    other = LeaseBook(tmp_path / "leases.sqlite", now=clock)
    other.take("exam-1", A)
    other.take("exam-2", A)
    other.close()
    book = program()
    book.take("exam-1", B)
    book.take("exam-2", B)


def test_two_programs_on_one_file_and_one_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "leases.sqlite"
    first = started("tests.review.holding", path, "exam-1", A)
    assert first.stdout is not None
    assert first.stdin is not None
    assert first.stdout.readline() == "taken\n"
    second = started("tests.review.holding", path, "exam-1", B)
    said, _ = second.communicate("", timeout=30)
    assert said == f"by {A}\n"
    first.stdin.write("\n")
    first.stdin.flush()
    assert first.stdout.readline() == "kept\n"
    first.kill()
    first.wait(30)
    first.stdin.close()
    first.stdout.close()
    later = LeaseBook(path, now=lambda: datetime.now(UTC) + timedelta(seconds=LEASE_S + 1))
    with pytest.raises(BeingReadError):
        LeaseBook(path).take("exam-1", B)
    later.take("exam-1", B)
    later.close()


def test_a_refusal_comes_whole_from_a_worker() -> None:
    error = BeingReadError(A)
    again = pickle.loads(pickle.dumps(error))
    assert (again.by, str(again)) == (A, str(error))


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "leases.sqlite").mkdir()
    with pytest.raises(ReviewError, match="list of examinations being read"):
        LeaseBook(tmp_path / "leases.sqlite")
