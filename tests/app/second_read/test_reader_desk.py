"""Who sits at the desk, and that nobody does whom nothing vouches for."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from mammoview.app.second_read.reader_desk import ReaderDesk
from mammoview.review.readers import LOCAL_READER, Cost
from tests.builders.desk import Mailbox

PIN = "7319"


CHEAP = Cost(n=16, r=1, p=1)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def desk(mailbox: Mailbox, tmp_path: Path) -> Iterator[ReaderDesk]:
    desk = ReaderDesk(tmp_path / "data" / "readers.sqlite", deliver=mailbox.post, cost=CHEAP)
    yield desk
    desk.shutdown()


def started(desk: ReaderDesk, mailbox: Mailbox) -> None:
    desk.start()
    mailbox.run_until(lambda: desk.state.ready)


def answered(desk: ReaderDesk, mailbox: Mailbox) -> None:
    assert desk.state.busy
    mailbox.run_until(lambda: not desk.state.busy)


def closed(desk: ReaderDesk) -> bool:
    return desk.state.closed


def test_without_profiles_one_local_reader_sits_here(
    desk: ReaderDesk, mailbox: Mailbox, tmp_path: Path
) -> None:
    assert closed(desk), "until it has been looked for"
    started(desk, mailbox)
    assert desk.state.reader == LOCAL_READER
    assert not desk.state.has_pin
    desk.lock()
    desk.sign_out()
    assert not closed(desk), "there is no PIN to open it with"
    assert not (tmp_path / "data").exists(), "a site without profiles has no file of them"


def test_where_nobody_can_tell_who_reads_here_nobody_sits_down(
    desk: ReaderDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The data folder may not be entered: it was the end of the program at its start."""

    def deny(self: Path, *args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    with monkeypatch.context() as closed_folder:
        closed_folder.setattr(Path, "stat", deny)
        desk.start()
    assert closed(desk)
    assert "cannot be looked into (Permission denied)" in desk.state.problem


def test_the_first_profile_is_at_the_desk_and_later_ones_are_not(
    desk: ReaderDesk, mailbox: Mailbox
) -> None:
    started(desk, mailbox)
    desk.add("Anna Ash", PIN)
    answered(desk, mailbox)
    anna = desk.state.reader
    assert anna is not None
    assert (anna.name, desk.state.has_pin, desk.state.closed) == ("Anna Ash", True, False)
    desk.add("Bert", "4711")
    answered(desk, mailbox)
    assert desk.state.reader == anna
    assert [profile.name for profile in desk.state.active] == ["Anna Ash", "Bert"]


def test_signing_out_locking_and_switching(desk: ReaderDesk, mailbox: Mailbox) -> None:
    started(desk, mailbox)
    for name, pin in (("Anna", PIN), ("Bert", "4711")):
        desk.add(name, pin)
        answered(desk, mailbox)
    anna, bert = desk.state.profiles
    desk.lock()
    assert closed(desk)
    assert desk.state.reader == anna.identity
    desk.set_active(bert.id, active=False)
    assert not desk.state.busy, "who locked cannot be made to do anything"
    desk.sign_in(anna.id, "wrong")
    answered(desk, mailbox)
    assert desk.state.locked
    assert "not this reader's" in desk.state.message
    desk.sign_in(anna.id, PIN)
    answered(desk, mailbox)
    assert not closed(desk)
    desk.lock()
    desk.sign_in(bert.id, "4711")
    answered(desk, mailbox)
    assert desk.state.reader == bert.identity
    desk.sign_out()
    assert closed(desk)
    assert desk.state.locked is False, "nobody is signed in: it is no lock of anybody's"


def test_profiles_of_the_last_run_ask_for_a_pin(
    desk: ReaderDesk, mailbox: Mailbox, tmp_path: Path
) -> None:
    started(desk, mailbox)
    desk.add("Anna", PIN)
    answered(desk, mailbox)
    again = ReaderDesk(tmp_path / "data" / "readers.sqlite", deliver=mailbox.post, cost=CHEAP)
    started(again, mailbox)
    assert closed(again)
    again.sign_in(again.state.profiles[0].id, PIN)
    answered(again, mailbox)
    assert not closed(again)
    again.shutdown()


def test_pin_and_profiles_are_changed_by_who_is_at_the_desk(
    desk: ReaderDesk, mailbox: Mailbox
) -> None:
    started(desk, mailbox)
    desk.change_pin("", "new-pin")
    assert not desk.state.busy, "the local reader has none"
    for name, pin in (("Anna", PIN), ("Bert", "4711")):
        desk.add(name, pin)
        answered(desk, mailbox)
    anna, bert = desk.state.profiles
    desk.change_pin(PIN, "new-pin")
    answered(desk, mailbox)
    desk.set_active(anna.id, active=False)
    assert "another reader" in desk.state.message
    desk.set_active(bert.id, active=False)
    answered(desk, mailbox)
    assert desk.state.active == (anna,)
    desk.sign_out()
    desk.sign_in(bert.id, "4711")
    answered(desk, mailbox)
    assert closed(desk)
    desk.sign_in(anna.id, "new-pin")
    answered(desk, mailbox)
    assert desk.state.reader == anna.identity


def test_a_damaged_file_lets_nobody_sit_down(
    desk: ReaderDesk, mailbox: Mailbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "readers.sqlite").write_bytes(b"no database at all, but long " * 80)
    with caplog.at_level(logging.DEBUG):
        started(desk, mailbox)
    assert closed(desk)
    assert "list of readers" in desk.state.problem
