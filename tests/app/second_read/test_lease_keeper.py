"""The examination at the desk is held while it is there, and free when it is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mammoview.app.second_read.lease_keeper import LeaseKeeper
from mammoview.errors import MammoviewError
from mammoview.review.leases import BeingReadError, LeaseBook
from tests.builders.desk import Mailbox

A, B = "reader-a", "reader-b"


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


class Desk:
    """A keeper, and what it has said."""

    def __init__(self, path: Path, mailbox: Mailbox) -> None:
        self.keeper = LeaseKeeper(path, deliver=mailbox.post, beat_s=0.02)
        self.said: list[str] = []
        self.mailbox = mailbox

    def hold(self, exam_key: str, reader: str, reason: str = "") -> None:
        self.keeper.hold(
            exam_key,
            reader,
            reason=reason,
            on_held=lambda: self.said.append(f"held {exam_key}"),
            on_refused=self._refused,
            on_lost=lambda: self.said.append(f"lost {exam_key}"),
        )

    def _refused(self, error: MammoviewError) -> None:
        assert isinstance(error, BeingReadError)
        self.said.append(f"by {error.by}")

    def hears(self, said: str) -> None:
        self.mailbox.run_until(lambda: bool(self.said) and self.said[-1] == said)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "leases.sqlite"


@pytest.fixture
def desks(path: Path, mailbox: Mailbox) -> Iterator[tuple[Desk, Desk]]:
    two = Desk(path, mailbox), Desk(path, mailbox)
    yield two
    for desk in two:
        desk.keeper.shutdown()


def test_the_next_examination_frees_the_last_one(desks: tuple[Desk, Desk]) -> None:
    mine, other = desks
    mine.hold("exam-1", A)
    mine.hears("held exam-1")
    other.hold("exam-1", B)
    other.hears(f"by {A}")
    mine.hold("exam-2", A)
    mine.hears("held exam-2")
    other.hold("exam-1", B)
    other.hears("held exam-1")
    mine.keeper.shutdown()
    other.hold("exam-2", B)
    other.hears("held exam-2")


def test_who_is_taken_over_hears_of_it_and_it_is_noted(
    desks: tuple[Desk, Desk], path: Path
) -> None:
    mine, other = desks
    mine.hold("exam-1", A)
    mine.hears("held exam-1")
    other.hold("exam-1", B, "left for lunch")
    other.hears("held exam-1")
    mine.hears("lost exam-1")
    book = LeaseBook(path)
    assert [taken.reason for taken in book.takeovers()] == ["left for lunch"]
    book.close()


def test_letting_go_is_enough(desks: tuple[Desk, Desk], mailbox: Mailbox, path: Path) -> None:
    mine, _ = desks
    mine.hold("exam-1", A)
    mine.hears("held exam-1")
    mine.keeper.let_go()
    book = LeaseBook(path)
    mailbox.run_until(lambda: is_free(book, "exam-1"))
    book.close()


def is_free(book: LeaseBook, exam_key: str) -> bool:
    """Tell whether nobody else reads an examination."""
    try:
        book.take(exam_key, B)
    except BeingReadError:
        return False
    return True
