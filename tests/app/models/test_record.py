"""The record of models: who, when, what, from what; nothing happens unrecorded."""

from __future__ import annotations

import pytest

from mammoview.app import model_records, models
from mammoview.errors import ModelError, SettingsError
from mammoview.modelkit.bundle import NETWORK, open_bundle
from tests.builders.installed import SHIPPED, active, flip


@pytest.mark.usefixtures("two")
def test_the_record_says_who_when_what_and_from_what() -> None:
    models.activate("tiny@1")
    models.activate("tiny@2")
    event = model_records.read_history().events[-1]
    assert event.who == model_records.account() != ""
    assert event.when.endswith("+00:00")
    installed = open_bundle(models.find_folder("tiny@2")).identity
    assert (event.model.name, event.model.version, event.model.sha256) == (
        installed.name,
        installed.version,
        installed.sha256,
    )
    before = open_bundle(models.find_folder("tiny@1")).identity
    assert event.active_before.sha256 == before.sha256
    assert event.check == model_records.PASSED


def test_the_account_is_not_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    known = model_records.account()
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert model_records.account() == known


@pytest.mark.usefixtures("two")
def test_the_history_only_grows_and_a_cut_line_swallows_no_other() -> None:
    file = model_records.data_folder() / model_records.HISTORY
    before = file.read_bytes()
    with file.open("ab") as stream:
        stream.write(b'{"when": "20')
    models.activate("tiny@1")
    assert file.read_bytes().startswith(before)
    history = model_records.read_history()
    assert history.damaged_lines == (3,)
    assert [e.action for e in history.events] == ["install", "install", "activate"]


@pytest.mark.usefixtures("two")
def test_nothing_is_switched_that_cannot_be_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    file = model_records.data_folder() / model_records.HISTORY
    kept = file.read_bytes()
    file.unlink()
    file.mkdir()
    with pytest.raises(SettingsError, match="what was active is active"):
        models.activate("tiny@1")
    assert active() == SHIPPED
    file.rmdir()
    file.write_bytes(kept)


@pytest.mark.usefixtures("two")
def test_a_refusal_that_cannot_be_recorded_says_both() -> None:
    flip(models.find_folder("tiny@1") / NETWORK)
    file = model_records.data_folder() / model_records.HISTORY
    file.unlink()
    file.mkdir()
    with pytest.raises(ModelError, match=r"model.onnx.*could not be recorded"):
        models.activate("tiny@1")


@pytest.mark.usefixtures("two")
def test_a_refused_activation_is_recorded_with_the_hash_of_what_stands_there() -> None:
    sha256 = open_bundle(models.find_folder("tiny@1")).identity.sha256
    flip(models.find_folder("tiny@1") / NETWORK)
    with pytest.raises(ModelError):
        models.activate("tiny@1")
    assert model_records.read_history().events[-1].model.sha256 == sha256
