"""What the worklist says is wrong, and that it says so no longer than it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mammoview.app.worklist import desk, store
from mammoview.app.worklist.desk import Worklist
from mammoview.app.worklist.values import Imported, Listing
from mammoview.errors import WorklistError
from tests.builders.desk import Mailbox


class Held:
    """Stands in for work of the store that fails until it is let go."""

    def __init__(self, what: str, result: object) -> None:
        self.what, self.result, self.held = what, result, True

    def __call__(self, *_args: object, **_options: object) -> object:
        if self.held:
            raise WorklistError(self.what, expected="a free one", todo="wait")
        return self.result


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def worklist(tmp_path: Path, mailbox: Mailbox) -> Iterator[Worklist]:
    found = Worklist(deliver=mailbox.post, path=tmp_path / "data" / "worklist.sqlite")
    found.start(rescan=False)
    mailbox.run_until(lambda: found.state.ready)
    yield found
    found.shutdown()


def test_a_good_list_ends_what_was_said_of_a_bad_one(
    worklist: Worklist, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = Held("a list that is held", Listing())
    monkeypatch.setattr(store, "read_listing", listing)
    worklist.refresh()
    mailbox.run_until(lambda: "held" in worklist.state.problem)
    listing.held = False
    worklist.refresh()
    mailbox.run_until(lambda: not worklist.state.problem)


def test_what_was_not_kept_is_said_until_something_is(
    worklist: Worklist, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list is read anew after it, and that must not hide it."""
    keeping = Held("a disk that is full", None)
    monkeypatch.setattr(store, "set_aside", keeping)
    worklist.put_aside(["a"], True)
    mailbox.run_until(lambda: "full" in worklist.state.problem)
    before = worklist.state.listing
    worklist.refresh()
    mailbox.run_until(lambda: worklist.state.listing is not before)
    assert "full" in worklist.state.problem
    keeping.held = False
    worklist.put_aside(["a"], True)
    mailbox.run_until(lambda: not worklist.state.problem)


def test_a_folder_of_any_bytes_is_declined(
    worklist: Worklist, mailbox: Mailbox, tmp_path: Path
) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/f\xff\xfe"))
    worklist.decline([odd])
    database = tmp_path / "data" / "worklist.sqlite"
    mailbox.run_until(lambda: bool(store.kept_paths(database, "declined")))
    assert not worklist.state.problem
    again = Worklist(deliver=mailbox.post, path=database)
    again.start(rescan=False)
    mailbox.run_until(lambda: again.state.ready)
    assert again.state.declined == {odd}
    again.shutdown()


def test_an_import_that_failed_is_said_until_one_ends_well(
    worklist: Worklist, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    importing = Held("an import that broke off", Imported())
    monkeypatch.setattr(desk, "import_paths", importing)
    worklist.import_paths(())
    mailbox.run_until(lambda: "broke off" in worklist.state.problem)
    worklist.filter("a")
    worklist.refresh()
    monkeypatch.setattr(store, "read_listing", Held("a list that is held", Listing()))
    worklist.refresh()
    mailbox.run_until(lambda: "held" in worklist.state.problem)
    assert "broke off" in worklist.state.problem, "one trouble does not hide another"
    importing.held = False
    worklist.import_paths(())
    mailbox.run_until(lambda: "broke off" not in worklist.state.problem)
    assert "held" in worklist.state.problem
