"""Installing: nothing unchecked lands, and what has landed is recorded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mammoview.app import resources
from mammoview.app.models import catalogue
from mammoview.app.models.catalogue import InstallOutcome
from mammoview.errors import MammoviewError, ModelError, UsageError
from mammoview.modelkit.bundle import CARD, LIMITS, open_bundle
from tests.builders.installed import FAULTS, SHIPPED, SHIPPED_VERSION, active, build_model, outcomes
from tests.builders.models import build_bundle, build_manifest, build_network


def test_a_fresh_machine_has_the_shipped_model_and_no_record(user_folders: Path) -> None:
    (known,) = catalogue.known_models()
    assert (known.active, known.problem, known.choice.origin) == (True, "", "shipped")
    assert active() == SHIPPED
    assert not (user_folders / "data").exists()


def test_an_installed_model_stands_in_the_users_data_folder(
    tmp_path: Path, user_folders: Path
) -> None:
    source = build_model(tmp_path / "new", "tiny", "0.1.0+site.1")
    sha256 = open_bundle(source).identity.sha256
    done = catalogue.install(source)
    assert done.outcome is InstallOutcome.INSTALLED
    place = user_folders / "data" / "mammoview" / "models" / "tiny" / f"0.1.0+site.1-{sha256[:12]}"
    assert done.folder == place
    assert {p.name for p in place.iterdir()} == set(LIMITS)
    assert all((place / name).read_bytes() == (source / name).read_bytes() for name in LIMITS)
    assert active() == SHIPPED  # installed is not active
    assert [p.name for p in catalogue.models_folder().iterdir()] == ["tiny"]
    assert outcomes() == [("install", "accepted", "tiny@0.1.0+site.1")]


def test_installing_twice_is_an_answer(source: Path) -> None:
    first, second = catalogue.install(source), catalogue.install(source)
    assert second.outcome is InstallOutcome.ALREADY
    assert second.folder == first.folder
    assert len(catalogue.known_models()) == 2


def test_a_rotten_copy_is_repaired_by_installing_again(source: Path) -> None:
    place = catalogue.install(source).folder
    (place / CARD).write_text("rot", "utf-8")
    assert catalogue.install(source).outcome is InstallOutcome.REPAIRED
    assert catalogue.check(place) == open_bundle(source).identity
    assert catalogue.install(source).outcome is InstallOutcome.ALREADY
    assert [p.name for p in catalogue.models_folder().iterdir()] == ["tiny"]


def test_the_shipped_model_needs_no_installing(shipped: Path) -> None:
    assert catalogue.install(shipped).outcome is InstallOutcome.SHIPS
    assert len(catalogue.known_models()) == 1


@pytest.mark.parametrize("name", ["tiny", resources.DEFAULT_MODEL])
def test_one_version_has_one_content(tmp_path: Path, source: Path, name: str) -> None:
    catalogue.install(source)
    version = "1" if name == "tiny" else SHIPPED_VERSION
    manifest = replace(build_manifest(), name=name, version=version, licence="another")
    other = build_bundle(tmp_path / "other", manifest=manifest)
    with pytest.raises(ModelError, match="--version"):
        catalogue.install(other)
    assert len(catalogue.known_models()) == 2
    assert outcomes()[-1] == ("install", "refused", f"{name}@{version}")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_damaged_bundle_never_lands(source: Path, fault: str) -> None:
    FAULTS[fault](source)
    with pytest.raises(ModelError):
        catalogue.install(source)
    assert not list(catalogue.models_folder().iterdir())
    assert [(action, outcome) for action, outcome, _ in outcomes()] == [("install", "refused")]
    assert active() == SHIPPED


def test_a_network_that_fails_its_golden_outputs_never_lands(tmp_path: Path) -> None:
    """Hashes and manifest are sound; only running it shows the fault."""
    wrong = build_bundle(tmp_path / "wrong", network=_swapped())
    open_bundle(wrong)
    with pytest.raises(ModelError, match="map's range"):
        catalogue.install(wrong)
    assert not list(catalogue.models_folder().iterdir())
    assert outcomes() == [("install", "refused", "wrong@")]


def _swapped() -> bytes:
    """A network of the right shape with another mean: every cell lies higher."""
    mean = np.array(0.25, np.float32).tobytes()
    sound = build_network()
    assert sound.count(mean) >= 1
    return sound.replace(mean, np.array(0.2, np.float32).tobytes(), 1)


@pytest.mark.parametrize("version", ["../../1", "1/2", "1@2", ".hidden", "x" * 65, "1 2"])
def test_a_version_that_cannot_name_a_folder_is_refused(tmp_path: Path, version: str) -> None:
    source = build_bundle(tmp_path / "b", manifest=replace(build_manifest(), version=version))
    with pytest.raises(ModelError, match="version"):
        catalogue.install(source)
    assert not list(catalogue.models_folder().iterdir())


def test_no_model_may_call_itself_shipped(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="'shipped'"):
        catalogue.install(build_model(tmp_path / "b", "shipped", "1"))


def test_a_missing_bundle_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        catalogue.install(tmp_path / "nowhere")


def test_every_refusal_is_an_error_of_the_program(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for source in (tmp_path / "empty", tmp_path):
        with pytest.raises(MammoviewError):
            catalogue.install(source)
