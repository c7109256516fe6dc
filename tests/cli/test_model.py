"""``mammoview model``: what it prints, which exit code it gives, and who else heeds it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mammoview.app import resources
from mammoview.app.models import catalogue
from mammoview.modelkit.bundle import CARD, NETWORK, open_bundle
from tests.builders.models import build_bundle, build_manifest
from tests.cli.conftest import Run


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """Another version of the tiny model."""
    manifest = replace(build_manifest(stride=8), version="2")
    return build_bundle(tmp_path / "second", stride=8, manifest=manifest)


def test_the_whole_way(command: Run, bundle: Path, second: Path) -> None:
    for folder in (bundle, second):
        done = command("model", "install", folder, "--json").document
        identity = open_bundle(folder).identity
        assert done["outcome"] == "installed"
        assert done["model"]["sha256"] == identity.sha256
        named = f"tiny@{identity.version}"
        switched = command("model", "activate", named, "--json").document
        assert switched["active"]["version"] == identity.version
        assert switched["changed"]
    assert switched["before"]["version"] == "1"
    rows = command("model", "list", "--json").document["models"]
    assert [(r["name"], r["version"], r["active"]) for r in rows][-2:] == [
        ("tiny", "1", False),
        ("tiny", "2", True),
    ]
    assert rows[0]["default"]
    assert not any(r["problem"] for r in rows)
    back = command("model", "rollback", "--json").document
    assert (back["before"]["version"], back["active"]["version"]) == ("2", "1")
    history = command("model", "list", "--history", "--json").document["history"]
    assert [e["action"] for e in history] == ["install", "activate"] * 2 + ["rollback"]
    assert all(e["who"] and e["when"] and e["outcome"] == "accepted" for e in history)


def test_installing_twice_says_so(command: Run, bundle: Path) -> None:
    assert "installed" in command("model", "install", bundle).out
    again = command("model", "install", bundle)
    assert again.code == 0
    assert "already installed" in again.out


@pytest.mark.parametrize("words", [["model", "rollback"], ["model", "rollback", "--json"]])
def test_nothing_to_go_back_to_is_a_no(command: Run, words: list[str]) -> None:
    answer = command(*words)
    assert answer.code == 1
    assert "nothing to go back to" in answer.err
    if "--json" in words:
        assert answer.document["active"]["name"] == resources.DEFAULT_MODEL
        assert not answer.document["changed"]


def test_a_damaged_bundle_is_refused_with_the_file_named(command: Run, bundle: Path) -> None:
    (bundle / CARD).write_text("changed", "utf-8")
    answer = command("model", "install", bundle)
    assert answer.code == 3
    assert CARD in answer.err
    assert command("model", "activate", "tiny").code == 2
    shown = command("model", "list", "--history").out
    assert "refused" in shown
    assert CARD in shown


def test_a_bundle_that_is_not_there_is_wrong_usage(command: Run, tmp_path: Path) -> None:
    answer = command("model", "install", tmp_path / "nowhere")
    assert answer.code == 2
    assert "nowhere" in answer.err


@pytest.mark.parametrize("action", ["show", "verify"])
def test_names_versions_and_folders_are_understood(command: Run, bundle: Path, action: str) -> None:
    command("model", "install", bundle)
    for named in ("tiny", "tiny@1", bundle, "shipped", resources.DEFAULT_MODEL):
        assert command("model", action, named).code == 0
    assert command("model", action, "tiny@9").code == 2


def test_without_a_name_the_active_one_is_meant(command: Run, bundle: Path) -> None:
    command("model", "install", bundle)
    command("model", "activate", "tiny")
    assert command("model", "show", "--json").document["manifest"]["name"] == "tiny"
    assert "tiny" in command("model", "verify", "--json").document["bundle"]


def test_the_active_model_is_what_analyze_and_the_doctor_use(
    command: Run, exam: Path, bundle: Path, tmp_path: Path
) -> None:
    command("model", "install", bundle)
    command("model", "activate", "tiny")
    answer = command("analyze", exam, "--out", tmp_path / "r", "--json", "--device", "cpu")
    sha256 = open_bundle(bundle).identity.sha256
    said = answer.document["model"]
    assert said == {"name": "tiny", "version": "1", "sha256": sha256, "caveats": []}
    checks = command("doctor", "--json").document["checks"]
    (model,) = [c for c in checks if c["part"] == "model"]
    assert model["seen"].startswith(f"tiny 1 (installed in {catalogue.models_folder()}")


def test_a_damaged_active_model_stops_analyze_and_the_doctor_says_so(
    command: Run, exam: Path, bundle: Path, tmp_path: Path
) -> None:
    command("model", "install", bundle)
    command("model", "activate", "tiny")
    (catalogue.find_folder("tiny") / NETWORK).write_bytes(b"rot")
    answer = command("analyze", exam, "--out", tmp_path / "r")
    assert answer.code == 3
    assert "mammoview model rollback" in answer.err
    assert not (tmp_path / "r").exists()
    doctor = command("doctor", "--json")
    (model,) = [c for c in doctor.document["checks"] if c["part"] == "model"]
    assert model["health"] == "missing"
    assert "mammoview model rollback" in model["todo"]
    assert doctor.code == 4
    listed = command("model", "list")
    assert listed.code == 0
    assert NETWORK in listed.out
    assert command("model", "rollback").code == 0
    assert command("model", "verify").code == 0
