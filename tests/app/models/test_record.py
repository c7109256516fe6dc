"""The record of models: who, when, what, from what; nothing happens unrecorded."""

from __future__ import annotations

import pytest

from mammoview.app.models import catalogue, records
from mammoview.errors import ModelError, SettingsError
from mammoview.modelkit.bundle import NETWORK, open_bundle
from tests.builders.installed import SHIPPED, active, flip


@pytest.mark.usefixtures("two")
def test_the_record_says_who_when_what_and_from_what() -> None:
    catalogue.activate("tiny@1")
    catalogue.activate("tiny@2")
    event = records.read_history().events[-1]
    assert event.who == records.account() != ""
    assert event.when.endswith("+00:00")
    installed = open_bundle(catalogue.find_folder("tiny@2")).identity
    assert (event.model.name, event.model.version, event.model.sha256) == (
        installed.name,
        installed.version,
        installed.sha256,
    )
    before = open_bundle(catalogue.find_folder("tiny@1")).identity
    assert event.active_before.sha256 == before.sha256
    assert event.check == records.PASSED


def test_the_account_is_not_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    known = records.account()
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert records.account() == known


@pytest.mark.usefixtures("two")
def test_the_history_only_grows_and_a_cut_line_swallows_no_other() -> None:
    file = records.data_folder() / records.HISTORY
    before = file.read_bytes()
    with file.open("ab") as stream:
        stream.write(b'{"when": "20')
    catalogue.activate("tiny@1")
    assert file.read_bytes().startswith(before)
    history = records.read_history()
    assert history.damaged_lines == (3,)
    assert [e.action for e in history.events] == ["install", "install", "activate"]


@pytest.mark.usefixtures("two")
def test_nothing_is_switched_that_cannot_be_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    file = records.data_folder() / records.HISTORY
    kept = file.read_bytes()
    file.unlink()
    file.mkdir()
    with pytest.raises(SettingsError, match="what was active is active"):
        catalogue.activate("tiny@1")
    assert active() == SHIPPED
    file.rmdir()
    file.write_bytes(kept)


@pytest.mark.usefixtures("two")
def test_a_refusal_that_cannot_be_recorded_says_both() -> None:
    flip(catalogue.find_folder("tiny@1") / NETWORK)
    file = records.data_folder() / records.HISTORY
    file.unlink()
    file.mkdir()
    with pytest.raises(ModelError, match=r"model.onnx.*could not be recorded"):
        catalogue.activate("tiny@1")


@pytest.mark.usefixtures("two")
def test_a_refused_activation_is_recorded_with_the_hash_of_what_stands_there() -> None:
    sha256 = open_bundle(catalogue.find_folder("tiny@1")).identity.sha256
    flip(catalogue.find_folder("tiny@1") / NETWORK)
    with pytest.raises(ModelError):
        catalogue.activate("tiny@1")
    assert records.read_history().events[-1].model.sha256 == sha256
