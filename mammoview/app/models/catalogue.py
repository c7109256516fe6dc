"""The models of this machine: shipped ones, installed ones, and which of them is active.

Nothing is installed or activated unchecked: strict manifest, hashes, and the golden outputs
through the viewer's own session on the CPU.  What is active is opened wherever no other model is
named; where it cannot be used that is said, and no other takes its place by itself.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from mammoview.app import resources
from mammoview.app.models import records as records
from mammoview.app.models.bundle_files import fill, read_files
from mammoview.app.models.records import (
    PASSED,
    Action,
    ActiveModel,
    ModelChoice,
    ModelEvent,
    Outcome,
)
from mammoview.domain.prediction import ModelIdentity
from mammoview.errors import MammoviewError, ModelError, SettingsError, UsageError
from mammoview.modelkit.bundle import MANIFEST, VERSION_RULE, Bundle, open_bundle
from mammoview.modelkit.manifest import decode_manifest
from mammoview.whole_file import sync_folder

if TYPE_CHECKING:
    from mammoview.inference.session import Session

# The word for the program's own default model, whatever its name.
SHIPPED = "shipped"

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_PART = ".part-"


class InstallOutcome(StrEnum):
    """What an installation came to."""

    INSTALLED = "installed"
    ALREADY = "already installed"
    REPAIRED = "repaired"
    SHIPS = "ships with the program"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A bundle that passed the check, and where it stands now."""

    outcome: InstallOutcome
    choice: ModelChoice
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """What was active and what is active now; the same where nothing had to change."""

    before: ModelChoice
    after: ModelChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownModel:
    """A model on this machine; ``problem`` is empty where manifest and hashes are sound."""

    choice: ModelChoice
    folder: Path
    active: bool
    problem: str


# -- which models there are ---------------------------------------------------------------------


def models_folder() -> Path:
    """Return where installed models stand: ``NAME/VERSION-SHA12``."""
    return records.data_folder() / "models"


def active_choice() -> ModelChoice:
    """Return what is active.

    Raises
    ------
    ModelError
        If the record of it cannot be read.
    """
    return records.read_active(_default()).active


def known_models() -> tuple[KnownModel, ...]:
    """Return shipped and installed models, and the active one even where its folder is gone.

    Raises
    ------
    ModelError
        If the record of the active model cannot be read.
    """
    active = active_choice()
    choices = [*_shipped(), *_installed()]
    if not any(choice.is_same(active) for choice in choices):
        choices.append(active)
    return tuple(_known(choice, is_active=choice.is_same(active)) for choice in choices)


def folder_of(choice: ModelChoice) -> Path:
    """Return where a model stands, or would stand.

    Raises
    ------
    MissingPartError
        If it is a shipped one that this build lacks.
    """
    if choice.origin == "shipped":
        return resources.shipped_bundle(choice.name)
    return models_folder() / choice.name / choice.folder_name


def find_folder(named: str | None) -> Path:
    """Return the folder of a bundle: the active one, a folder, ``NAME`` or ``NAME@VERSION``.

    Raises
    ------
    UsageError
        If there is none, or a name stands for several.
    """
    if named is None:
        return folder_of(active_choice())
    return Path(named) if Path(named).is_dir() else folder_of(find_choice(named))


def find_choice(named: str) -> ModelChoice:
    """Return the model that ``shipped``, ``NAME`` or ``NAME@VERSION`` stands for.

    Raises
    ------
    UsageError
        If there is none, or a name stands for several.
    """
    if named == SHIPPED:
        return _default()
    name, _, version = named.partition("@")
    found = [c for c in (*_shipped(), *_installed()) if c.name == name]
    if version:
        found = [c for c in found if c.version == version]
    if len(found) == 1:
        return found[0]
    choices = ", ".join(f"{c.name}@{c.version}" for c in found)
    raise UsageError(
        f"{named!r} stands for {choices}" if found else f"no model {named!r} on this machine",
        expected="one of them" if found else "a name that mammoview model list shows",
        todo="name one with its version" if found else "install it first: mammoview model install",
    )


# -- opening and checking -----------------------------------------------------------------------


def open_model(bundle: Path | None, *, device: str) -> Session:
    """Open a bundle, or the active model where None is named.

    ONNX Runtime is imported only here, after the window is on the screen.

    Raises
    ------
    ModelError
        If it must not be used; where it is the active one, with the way back.
    MissingPartError, InferenceError
        See ``Session.open``; or the active one is a shipped model that this build lacks.
    """
    from mammoview.inference.session import Session

    if bundle is not None:
        return Session.open(open_bundle(bundle), device=device)
    choice = active_choice()
    try:
        return Session.open(_open_pinned(choice), device=device)
    except ModelError as error:
        raise ModelError(
            f"the active model {choice.label} cannot be used: {error.met}",
            expected=error.expected,
            todo="run mammoview model rollback, or mammoview model activate shipped"
            if choice.origin == "installed"
            else "install mammoview again: pip install --force-reinstall mammoview",
        ) from error


def check(folder: Path) -> ModelIdentity:
    """Check a bundle whole: manifest, hashes, and golden outputs on the CPU.

    Raises
    ------
    MammoviewError
        If anything is not as it was at export.
    """
    return _check(open_bundle(folder))


def _check(bundle: Bundle) -> ModelIdentity:
    from mammoview.inference.session import Session

    Session.open(bundle, device="cpu")
    return bundle.identity


def _open_pinned(choice: ModelChoice) -> Bundle:
    """Open a chosen bundle; an installed one must be the one that was chosen, to the byte."""
    bundle = open_bundle(folder_of(choice))
    if choice.origin == "installed" and not choice.is_pinned_to(bundle.identity):
        raise ModelError(
            f"{folder_of(choice)} holds another model than {choice.label}",
            expected=f"SHA-256 {choice.sha256}",
            todo="install the model again",
        )
    return bundle


# -- changing -----------------------------------------------------------------------------------


def install(source: Path) -> Installed:
    """Copy a bundle into the user's data folder, checked there before it gets its place.

    Parameters
    ----------
    source : Path
        Folder of a bundle, or a zip of one.

    Raises
    ------
    UsageError
        If there is no such folder or file.
    ModelError
        If the bundle must not be used, or another one has its name and version.
    SettingsError
        If the user's data folder cannot be written.
    """
    if not source.exists():
        raise UsageError(
            f"{source} is not there",
            expected="the folder of a bundle, or a zip of one",
            todo="export one: mammoview-train export",
        )
    with _changing(), _workplace() as place:
        new = place / "new"
        refused = ModelChoice(origin="unknown", name=source.name, version="", sha256="")
        with _refusals("install", refused):
            fill(new, read_files(source))
            choice = _installable(check(new))
        for shipped in _shipped():
            if shipped.sha256 == choice.sha256:
                folder = folder_of(shipped)
                return Installed(outcome=InstallOutcome.SHIPS, choice=shipped, folder=folder)
        with _refusals("install", choice):
            _refuse_another_of_that_version(choice)
        return _put_in_place(new, choice)


def activate(named: str) -> Switched:
    """Check a model once more, record who activates it, then make it the active one.

    Raises
    ------
    UsageError
        If no one model has that name.
    MammoviewError
        If it does not pass the check, or the record cannot be written; nothing has changed then.
    """
    with _changing():
        wanted = find_choice(named)
        with _refusals("activate", wanted):
            after = _checked(wanted)
        try:
            record = records.read_active(_default())
        except ModelError:  # activating is the way out of a damaged record
            record = ActiveModel(schema=records.SCHEMA, active=_active_or_unknown(), before=())
        before = record.before
        if record.active.origin != "unknown" and not record.active.is_same(after):
            before = (*before, record.active)
        _switch("activate", replace(record, active=after, before=before))
        return Switched(before=record.active, after=after)


def rollback() -> Switched | None:
    """Make the model active that was so before, checked once more; None: there is none before.

    Raises
    ------
    MammoviewError
        As :func:`activate`.
    """
    with _changing():
        record = records.read_active(_default())
        if not record.before:
            return None
        with _refusals("rollback", record.before[-1]):
            after = _checked(record.before[-1])
        _switch("rollback", replace(record, active=after, before=record.before[:-1]))
        return Switched(before=record.active, after=after)


def _switch(action: Action, record: ActiveModel) -> None:
    """Record the change, then make it: a kill between the two leaves the old model active."""
    event = _event(action, "accepted", record.active, PASSED)
    records.append_event(event)
    try:
        records.write_active(record)
    except OSError as error:
        failed = replace(event, outcome="failed", check=f"not written ({error.strerror})")
        with suppress(OSError):  # the first one is on its way to the user
            records.append_event(failed)
        raise


def _checked(choice: ModelChoice) -> ModelChoice:
    identity = _check(_open_pinned(choice))
    return replace(choice, version=identity.version, sha256=identity.sha256)


def _installable(identity: ModelIdentity) -> ModelChoice:
    """Refuse names that cannot name a folder, or that mean something else."""
    for what, text, rule in (
        ("name", identity.name, _NAME),
        ("version", identity.version, VERSION_RULE),
    ):
        if rule.fullmatch(text) is None or text == SHIPPED:
            raise ModelError(
                f"{what} {text!r:.80} of the model",
                expected=f"64 letters, digits, '.', '_', '-' at most, '+' in a version; "
                f"not {SHIPPED!r}",
                todo=f"export it under another {what}",
            )
    return ModelChoice(
        origin="installed", name=identity.name, version=identity.version, sha256=identity.sha256
    )


def _refuse_another_of_that_version(choice: ModelChoice) -> None:
    for other in (*_shipped(), *_installed()):
        same_label = (other.name, other.version) == (choice.name, choice.version)
        if same_label and not choice.is_same_content(other):
            raise ModelError(
                f"another model is {choice.label} already (SHA-256 {other.sha256[:12]}…)",
                expected="a name and version for one content alone",
                todo="export or calibrate it under another version (--version)",
            )


def _put_in_place(new: Path, choice: ModelChoice) -> Installed:
    """Rename the checked copy to its place; one that has rotted there is replaced."""
    folder = folder_of(choice)
    outcome = InstallOutcome.INSTALLED
    if folder.exists():
        try:
            check(folder)
            return Installed(outcome=InstallOutcome.ALREADY, choice=choice, folder=folder)
        except MammoviewError:
            outcome = InstallOutcome.REPAIRED
    records.append_event(_event("install", "accepted", choice, PASSED))
    folder.parent.mkdir(parents=True, exist_ok=True)
    if outcome is InstallOutcome.REPAIRED:
        folder.rename(new.with_name("rotten"))
    new.rename(folder)
    sync_folder(folder.parent)
    return Installed(outcome=outcome, choice=choice, folder=folder)


# -- the record ---------------------------------------------------------------------------------


@contextmanager
def _changing() -> Iterator[None]:
    """One change at a time; a disk that cannot be written is said, and nothing has changed."""
    try:
        with records.alone():
            yield
    except OSError as error:
        raise SettingsError(
            f"the models of this machine cannot be changed ({error.strerror}); what was active "
            "is active",
            expected=f"room and write access in {records.data_folder()}",
            todo="make room or access, then try again; see mammoview doctor",
        ) from error


@contextmanager
def _workplace() -> Iterator[Path]:
    """Give a folder beside the places of the models; what killed installs left is removed."""
    models_folder().mkdir(parents=True, exist_ok=True)
    for left in models_folder().glob(f"{_PART}*"):
        shutil.rmtree(left, ignore_errors=True)
    place = Path(tempfile.mkdtemp(prefix=_PART, dir=models_folder()))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _refusals(action: Action, model: ModelChoice) -> Iterator[None]:
    """Record a refusal before it is said."""
    try:
        yield
    except MammoviewError as error:
        try:
            records.append_event(_event(action, "refused", model, error.met))
        except OSError as unwritten:
            todo = f"{error.todo} (this attempt could not be recorded: {unwritten.strerror})"
            raise type(error)(error.met, expected=error.expected, todo=todo) from error
        raise


def _event(action: Action, outcome: Outcome, model: ModelChoice, result: str) -> ModelEvent:
    return ModelEvent(
        when=records.now(),
        who=records.account(),
        action=action,
        outcome=outcome,
        model=model,
        active_before=_active_or_unknown(),
        check=result,
    )


def _active_or_unknown() -> ModelChoice:
    try:
        return active_choice()
    except ModelError:
        return ModelChoice(origin="unknown", name="", version="", sha256="")


# -- places -------------------------------------------------------------------------------------


def _default() -> ModelChoice:
    default = next((c for c in _shipped() if c.name == resources.DEFAULT_MODEL), None)
    name = resources.DEFAULT_MODEL
    return default or ModelChoice(origin="shipped", name=name, version="", sha256="")


def _shipped() -> tuple[ModelChoice, ...]:
    return tuple(_shipped_choice(folder) for folder in resources.shipped_bundles())


def _shipped_choice(folder: Path) -> ModelChoice:
    """Name a shipped model by its manifest alone: nothing large is read here."""
    choice = ModelChoice(origin="shipped", name=folder.name, version="", sha256="")
    try:
        content = (folder / MANIFEST).read_bytes()
        version = decode_manifest(content.decode()).version
    except (OSError, ValueError, ModelError):  # its name finds it, and its problem is listed
        return choice
    return replace(choice, version=version, sha256=hashlib.sha256(content).hexdigest())


def _installed() -> tuple[ModelChoice, ...]:
    """Name what stands in the models' folder by the folders' names; nothing large is read."""
    return tuple(_installed_choice(f) for f in sorted(models_folder().glob("[!.]*/[!.]*-*")))


def _installed_choice(folder: Path) -> ModelChoice:
    version, _, digits = folder.name.rpartition("-")
    try:
        sha256 = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    except OSError:
        sha256 = ""
    return ModelChoice(
        origin="installed",
        name=folder.parent.name,
        version=version,
        sha256=sha256 if sha256.startswith(digits) else digits,
    )


def _known(choice: ModelChoice, *, is_active: bool) -> KnownModel:
    folder = models_folder()
    try:
        folder = folder_of(choice)
        identity = _open_pinned(choice).identity
    except MammoviewError as error:
        return KnownModel(choice=choice, folder=folder, active=is_active, problem=str(error))
    choice = replace(choice, version=identity.version, sha256=identity.sha256)
    return KnownModel(choice=choice, folder=folder, active=is_active, problem="")
