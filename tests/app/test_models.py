"""Installing, activating, going back: nothing unchecked, nothing unrecorded, never no model."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mammoview.app import analysis, commands, model_records, models, resources
from mammoview.app.analysis import Analyst
from mammoview.app.models import InstallOutcome
from mammoview.app.reading import ReadingDesk
from mammoview.errors import (
    MammoviewError,
    MissingPartError,
    ModelError,
    SettingsError,
    UsageError,
)
from mammoview.modelkit.bundle import CARD, GOLDEN, LIMITS, MANIFEST, NETWORK, open_bundle
from tests.builders.desk import Mailbox
from tests.builders.dicom import build_exam
from tests.builders.models import build_bundle, build_manifest, build_network

SHIPPED_VERSION = "1.0"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sound bundles, made once: the shipped one and two versions of another."""
    folder = tmp_path_factory.mktemp("built")
    for name, version in (
        (resources.DEFAULT_MODEL, SHIPPED_VERSION),
        ("tiny", "1"),
        ("tiny", "2"),
    ):
        _build(folder / f"{name}-{version}", name, version)
    return folder


@pytest.fixture(autouse=True)
def shipped(tmp_path: Path, built: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that ships a tiny model under the name of the real one."""
    root = tmp_path / "resources"
    shutil.copytree(repository / "resources" / "hanging", root / "hanging")
    name = resources.DEFAULT_MODEL
    monkeypatch.setattr(resources, "shipped_root", lambda: root)
    return shutil.copytree(built / f"{name}-{SHIPPED_VERSION}", root / "models" / name)


@pytest.fixture
def source(tmp_path: Path, built: Path) -> Path:
    """A bundle of version 1 that is not installed yet."""
    return shutil.copytree(built / "tiny-1", tmp_path / "tiny-1")


def _build(folder: Path, name: str, version: str) -> Path:
    return build_bundle(folder, manifest=replace(build_manifest(), name=name, version=version))


def active() -> str:
    """What is opened where no model is named, in the words of the screen."""
    identity = Analyst(device="cpu").open().identity
    return f"{identity.name}@{identity.version}"


def outcomes() -> list[tuple[str, str, str]]:
    events = model_records.read_history().events
    return [(e.action, e.outcome, f"{e.model.name}@{e.model.version}") for e in events]


SHIPPED = f"{resources.DEFAULT_MODEL}@{SHIPPED_VERSION}"


# -- installing ---------------------------------------------------------------------------------


def test_a_fresh_machine_has_the_shipped_model_and_no_record(user_folders: Path) -> None:
    (known,) = models.known_models()
    assert (known.active, known.problem, known.choice.origin) == (True, "", "shipped")
    assert active() == SHIPPED
    assert not (user_folders / "data").exists()


def test_an_installed_model_stands_in_the_users_data_folder(
    tmp_path: Path, user_folders: Path
) -> None:
    source = _build(tmp_path / "new", "tiny", "0.1.0+site.1")
    sha256 = open_bundle(source).identity.sha256
    done = models.install(source)
    assert done.outcome is InstallOutcome.INSTALLED
    place = user_folders / "data" / "mammoview" / "models" / "tiny" / f"0.1.0+site.1-{sha256[:12]}"
    assert done.folder == place
    assert {p.name for p in place.iterdir()} == set(LIMITS)
    assert all((place / name).read_bytes() == (source / name).read_bytes() for name in LIMITS)
    assert active() == SHIPPED  # installed is not active
    assert [p.name for p in models.models_folder().iterdir()] == ["tiny"]
    assert outcomes() == [("install", "accepted", "tiny@0.1.0+site.1")]


def test_installing_twice_is_an_answer(source: Path) -> None:
    first, second = models.install(source), models.install(source)
    assert second.outcome is InstallOutcome.ALREADY
    assert second.folder == first.folder
    assert len(models.known_models()) == 2


def test_a_rotten_copy_is_repaired_by_installing_again(source: Path) -> None:
    place = models.install(source).folder
    (place / CARD).write_text("rot", "utf-8")
    assert models.install(source).outcome is InstallOutcome.REPAIRED
    assert models.check(place) == open_bundle(source).identity
    assert models.install(source).outcome is InstallOutcome.ALREADY
    assert [p.name for p in models.models_folder().iterdir()] == ["tiny"]


def test_the_shipped_model_needs_no_installing(shipped: Path) -> None:
    assert models.install(shipped).outcome is InstallOutcome.SHIPS
    assert len(models.known_models()) == 1


@pytest.mark.parametrize("name", ["tiny", resources.DEFAULT_MODEL])
def test_one_version_has_one_content(tmp_path: Path, source: Path, name: str) -> None:
    models.install(source)
    version = "1" if name == "tiny" else SHIPPED_VERSION
    manifest = replace(build_manifest(), name=name, version=version, licence="another")
    other = build_bundle(tmp_path / "other", manifest=manifest)
    with pytest.raises(ModelError, match="--version"):
        models.install(other)
    assert len(models.known_models()) == 2
    assert outcomes()[-1] == ("install", "refused", f"{name}@{version}")


def _flip(file: Path, at: int = -20) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)


FAULTS: dict[str, Callable[[Path], object]] = {
    "a byte of the network": lambda folder: _flip(folder / NETWORK),
    "a byte of the golden arrays": lambda folder: _flip(folder / GOLDEN),
    "a word of the card": lambda folder: (folder / CARD).write_text("Use it on patients.\n"),
    "no network": lambda folder: (folder / NETWORK).unlink(),
    "no manifest": lambda folder: (folder / MANIFEST).unlink(),
    "an unknown key": lambda folder: (folder / MANIFEST).write_text(
        json.dumps(json.loads((folder / MANIFEST).read_text()) | {"clinical": True})
    ),
    "another threshold": lambda folder: (folder / MANIFEST).write_text(
        (folder / MANIFEST).read_text().replace('"threshold": 0.5', '"threshold": 0.4')
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_damaged_bundle_never_lands(source: Path, fault: str) -> None:
    FAULTS[fault](source)
    with pytest.raises(ModelError):
        models.install(source)
    assert not list(models.models_folder().iterdir())
    assert [(action, outcome) for action, outcome, _ in outcomes()] == [("install", "refused")]
    assert active() == SHIPPED


def test_a_network_that_fails_its_golden_outputs_never_lands(tmp_path: Path) -> None:
    """Hashes and manifest are sound; only running it shows the fault."""
    wrong = build_bundle(tmp_path / "wrong", network=_swapped())
    open_bundle(wrong)
    with pytest.raises(ModelError, match="map's range"):
        models.install(wrong)
    assert not list(models.models_folder().iterdir())
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
        models.install(source)
    assert not list(models.models_folder().iterdir())


def test_no_model_may_call_itself_shipped(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="'shipped'"):
        models.install(_build(tmp_path / "b", "shipped", "1"))


def test_a_missing_bundle_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        models.install(tmp_path / "nowhere")


# -- zips ---------------------------------------------------------------------------------------


def _zip(source: Path, to: Path, *, top: str = "") -> Path:
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in source.iterdir():
            archive.write(file, top + file.name)
    return to


@pytest.mark.parametrize("top", ["", "tiny-1/"])
def test_a_zip_is_installed(tmp_path: Path, source: Path, top: str) -> None:
    done = models.install(_zip(source, tmp_path / "b.zip", top=top))
    assert models.check(done.folder).name == "tiny"


@pytest.mark.parametrize("name", ["../../evil", "/evil", "a/../../evil", "..\\evil"])
def test_a_zip_that_points_outside_is_refused(tmp_path: Path, source: Path, name: str) -> None:
    packed = _zip(source, tmp_path / "b.zip")
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(name, "evil")
    with pytest.raises(ModelError, match="outside"):
        models.install(packed)
    assert not list(tmp_path.rglob("*evil*"))


def test_a_zip_that_grows_beyond_its_limit_is_refused(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = _zip(source, tmp_path / "b.zip")
    monkeypatch.setitem(LIMITS, NETWORK, 100)
    with pytest.raises(ModelError, match="more than 100 bytes"):
        models.install(packed)


@pytest.mark.parametrize("fault", ["no zip", "cut", "no network", "two bundles", "too deep"])
def test_a_zip_that_holds_no_bundle_is_refused(tmp_path: Path, source: Path, fault: str) -> None:
    packed = tmp_path / "b.zip"
    if fault == "no network":
        (source / NETWORK).unlink()
    _zip(source, packed, top="a/b/" if fault == "too deep" else "a/")
    if fault == "no zip":
        packed.write_bytes(b"no zip")
    elif fault == "cut":
        _flip(packed, at=200)
    elif fault == "two bundles":
        with zipfile.ZipFile(packed, "a") as archive:
            archive.writestr("b/manifest.json", "{}")
    with pytest.raises(ModelError):
        models.install(packed)
    assert not list(models.models_folder().iterdir())
    assert [outcome for _, outcome, _ in outcomes()] == ["refused"]


# -- activating and going back ------------------------------------------------------------------


@pytest.fixture
def two(built: Path) -> None:
    """Two installed versions."""
    for version in ("1", "2"):
        models.install(built / f"tiny-{version}")


@pytest.mark.usefixtures("two")
def test_rollbacks_walk_back_to_the_shipped_model() -> None:
    for named in ("tiny@1", "tiny@2"):
        models.activate(named)
        assert active() == named
    for expected in ("tiny@1", SHIPPED):
        switched = models.rollback()
        assert switched is not None
        assert active() == expected
    assert models.rollback() is None
    assert active() == SHIPPED
    assert outcomes()[2:] == [
        ("activate", "accepted", "tiny@1"),
        ("activate", "accepted", "tiny@2"),
        ("rollback", "accepted", "tiny@1"),
        ("rollback", "accepted", SHIPPED),
    ]


@pytest.mark.usefixtures("two")
def test_activating_the_active_one_adds_no_step_back() -> None:
    models.activate("tiny@1")
    again = models.activate("tiny@1")
    assert again.before == again.after
    models.rollback()
    assert active() == SHIPPED


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("named", [models.SHIPPED, resources.DEFAULT_MODEL, SHIPPED])
def test_the_shipped_model_is_activated_by_name(named: str) -> None:
    models.activate("tiny@2")
    models.activate(named)
    assert active() == SHIPPED
    models.rollback()
    assert active() == "tiny@2"


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("named", ["tiny", "tiny@3", "huge", "", "@", "tiny@1-"])
def test_a_name_stands_for_one_model_or_is_refused(named: str) -> None:
    with pytest.raises(UsageError):
        models.activate(named)
    assert active() == SHIPPED


def test_a_name_alone_will_do_where_there_is_one_version(source: Path) -> None:
    models.install(source)
    models.activate("tiny")
    assert active() == "tiny@1"


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("fault", FAULTS)
def test_what_has_rotted_on_the_disk_is_not_activated(fault: str) -> None:
    models.activate("tiny@1")
    FAULTS[fault](models.find_folder("tiny@2"))
    with pytest.raises(ModelError):
        models.activate("tiny@2")
    assert active() == "tiny@1"
    assert outcomes()[-1] == ("activate", "refused", "tiny@2")
    problems = {m.choice.version: m.problem for m in models.known_models()}
    assert problems["2"]
    assert not problems["1"]


@pytest.mark.usefixtures("two")
def test_golden_outputs_are_run_at_each_activation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that computes otherwise since the installation leaves every hash sound."""
    from mammoview.inference.session import Session

    run = Session.run
    monkeypatch.setattr(
        Session, "run", lambda self, image: tuple(1.1 * a for a in run(self, image))
    )
    with pytest.raises(ModelError, match="map's range"):
        models.activate("tiny@1")
    monkeypatch.undo()
    assert not (model_records.data_folder() / model_records.ACTIVE).exists()


@pytest.mark.usefixtures("two")
def test_a_sound_bundle_in_the_wrong_place_is_not_activated() -> None:
    one, two = models.find_folder("tiny@1"), models.find_folder("tiny@2")
    shutil.rmtree(two)
    shutil.copytree(one, two)
    with pytest.raises(ModelError, match="another model"):
        models.activate("tiny@2")
    assert active() == SHIPPED


@pytest.mark.usefixtures("two")
def test_a_rollback_checks_as_well_and_leaves_a_way_out() -> None:
    models.activate("tiny@1")
    models.activate("tiny@2")
    _flip(models.find_folder("tiny@1") / NETWORK)
    with pytest.raises(ModelError):
        models.rollback()
    assert active() == "tiny@2"
    assert outcomes()[-1] == ("rollback", "refused", "tiny@1")
    models.activate(models.SHIPPED)
    assert active() == SHIPPED


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("fault", [*FAULTS, "gone"])
def test_a_damaged_active_model_is_said_and_nothing_takes_its_place(fault: str) -> None:
    models.activate("tiny@1")
    folder = models.find_folder("tiny@1")
    if fault == "gone":
        shutil.rmtree(folder)
    else:
        FAULTS[fault](folder)
    with pytest.raises(ModelError, match="mammoview model rollback") as refusal:
        Analyst(device="cpu").open()
    assert "tiny 1" in str(refusal.value)
    (row,) = [m for m in models.known_models() if m.active]
    assert row.problem
    models.rollback()
    assert active() == SHIPPED


def test_a_damaged_shipped_model_names_the_installation(shipped: Path) -> None:
    _flip(shipped / NETWORK)
    with pytest.raises(ModelError, match="pip install --force-reinstall mammoview"):
        Analyst(device="cpu").open()


def test_a_program_without_a_model_says_so(shipped: Path) -> None:
    shutil.rmtree(shipped)
    with pytest.raises(MissingPartError, match=resources.DEFAULT_MODEL):
        Analyst(device="cpu").open()


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("content", ["", "{}", "null", '{"schema": 2}', "\x00"])
def test_a_damaged_record_is_said_and_activating_is_the_way_out(content: str) -> None:
    models.activate("tiny@1")
    (model_records.data_folder() / model_records.ACTIVE).write_text(content, "utf-8")
    for act in (Analyst(device="cpu").open, models.rollback, models.known_models):
        with pytest.raises(ModelError, match="model activate shipped"):
            act()
    models.activate(models.SHIPPED)
    assert active() == SHIPPED
    assert model_records.read_history().events[-1].active_before.origin == "unknown"


# -- the record ---------------------------------------------------------------------------------


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
    _flip(models.find_folder("tiny@1") / NETWORK)
    file = model_records.data_folder() / model_records.HISTORY
    file.unlink()
    file.mkdir()
    with pytest.raises(ModelError, match=r"model.onnx.*could not be recorded"):
        models.activate("tiny@1")


# -- broken off between any two steps -----------------------------------------------------------

STEPS = ((os, "fsync"), (Path, "replace"), (Path, "rename"), (Path, "mkdir"))


class Killed(BaseException):
    """The process ends here; no handler of the program may catch it."""


class Breaker:
    """Fails the n-th of the steps that touch the disk."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int, error: BaseException) -> None:
        self.left, self.error = at, error
        for place, name in STEPS:
            monkeypatch.setattr(place, name, self._breaking(getattr(place, name)))

    def _breaking(self, step: Callable[..., object]) -> Callable[..., object]:
        def run(*args: object, **kwargs: object) -> object:
            self.left -= 1
            if self.left == 0:
                raise self.error
            return step(*args, **kwargs)

        return run


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("error", [FULL, Killed()], ids=["full disk", "kill"])
def test_broken_off_anywhere_one_of_the_two_is_active(error: BaseException) -> None:
    models.activate("tiny@1")
    seen = set()
    for at in range(1, 20):
        with pytest.MonkeyPatch.context() as patch:
            breaker = Breaker(patch, at, error)
            try:
                models.activate("tiny@2")
            except (SettingsError, Killed):
                assert active() in {"tiny@1", "tiny@2"}
            else:
                assert active() == "tiny@2"
        accepted = [e for e in model_records.read_history().events if e.outcome == "accepted"]
        if active() == "tiny@2":  # whatever is active has been recorded
            assert accepted[-1].model.version == "2"
        seen.add(active())
        models.activate("tiny@1")
        assert active() == "tiny@1"
        if breaker.left > 0:
            break
    else:
        pytest.fail("more steps than were tried")
    assert at > 3
    assert seen == {"tiny@1", "tiny@2"}
    leftover = {p.name for p in model_records.data_folder().iterdir()}
    assert leftover == {"models", "models.lock", model_records.ACTIVE, model_records.HISTORY}


@pytest.mark.parametrize("error", [FULL, Killed()], ids=["full disk", "kill"])
def test_an_installation_broken_off_anywhere_leaves_nothing_half(
    source: Path, error: BaseException
) -> None:
    for at in range(1, 40):
        with pytest.MonkeyPatch.context() as patch:
            breaker = Breaker(patch, at, error)
            with contextlib.suppress(SettingsError, Killed):
                models.install(source)
        assert all(not m.problem for m in models.known_models())
        shutil.rmtree(models.models_folder(), ignore_errors=True)
        if breaker.left > 0:
            break
    else:
        pytest.fail("more steps than were tried")
    assert at > 6


_CHILD = """
import os, sys
from pathlib import Path
from mammoview.app import models, resources
resources.shipped_root = lambda: Path(sys.argv[1])
replace = Path.replace
def dying(self, target):
    if sys.argv[2] == "after":
        replace(self, target)
    os._exit(9)
Path.replace = dying
models.activate("tiny@2")
"""


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(("moment", "expected"), [("before", "tiny@1"), ("after", "tiny@2")])
def test_a_killed_process_leaves_the_old_or_the_new_model(
    tmp_path: Path, moment: str, expected: str
) -> None:
    models.activate("tiny@1")
    words = [sys.executable, "-c", _CHILD, str(tmp_path / "resources"), moment]
    assert subprocess.run(words, timeout=60, check=False).returncode == 9
    assert active() == expected
    assert outcomes()[-1] == ("activate", "accepted", "tiny@2")
    models.activate("tiny@1")  # the lock has ended with the process
    assert active() == "tiny@1"


# -- what shows it ------------------------------------------------------------------------------


@pytest.mark.usefixtures("two")
def test_the_status_strip_names_the_active_model() -> None:
    from mammoview.ui.status_strip import device_text

    models.activate("tiny@2")
    ws = analysis.model_opened(commands.empty(), Analyst(device="cpu").open())
    assert device_text(ws).startswith("tiny 2 ·")


@pytest.mark.usefixtures("two")
def test_a_window_says_that_the_active_model_is_damaged(tmp_path: Path) -> None:
    models.activate("tiny@1")
    _flip(models.find_folder("tiny@1") / NETWORK)
    mailbox = Mailbox()
    desk = ReadingDesk(deliver=mailbox.post, analyst=Analyst(device="cpu"))
    build_exam(tmp_path / "exam")
    desk.open_paths([tmp_path / "exam"])
    try:
        mailbox.run_until(lambda: "model rollback" in desk.workspace.analysis.message)
        assert "tiny 1" in desk.workspace.analysis.message
        assert desk.workspace.prediction is None
    finally:
        desk.shutdown()


@pytest.mark.usefixtures("two")
def test_a_refused_activation_is_recorded_with_the_hash_of_what_stands_there() -> None:
    sha256 = open_bundle(models.find_folder("tiny@1")).identity.sha256
    _flip(models.find_folder("tiny@1") / NETWORK)
    with pytest.raises(ModelError):
        models.activate("tiny@1")
    assert model_records.read_history().events[-1].model.sha256 == sha256


def test_every_refusal_is_an_error_of_the_program(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for source in (tmp_path / "empty", tmp_path):
        with pytest.raises(MammoviewError):
            models.install(source)
