"""Which model is active, and who made it so: one small file replaced whole, one log that grows.

``active-model.json`` holds the active choice and the way back; it is written beside its place and
moved there in one step, so that a kill leaves the old choice or the new one.  Where there is no
such file the shipped model is active.  ``model-history.jsonl`` is only ever appended to, a line an
event, forced to the disk before what it tells of takes effect.
"""

from __future__ import annotations

import errno
import getpass
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeVar

import platformdirs

from mammoview.domain.prediction import ModelIdentity
from mammoview.errors import ModelError
from mammoview.modelkit.codec import CodecError, Pairs, decode, encode
from mammoview.whole_file import write_whole

SCHEMA = 1
ACTIVE = "active-model.json"
HISTORY = "model-history.jsonl"
PASSED = "passed"
_LOCK = "models.lock"
_DIGITS = 12  # of a hash, in the name of a folder

Action = Literal["install", "activate", "rollback"]
Outcome = Literal["accepted", "refused", "failed"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """A model on this machine.

    Attributes
    ----------
    origin : {"shipped", "installed", "unknown"}
        A shipped model is named alone: which bytes it has is the program's matter, and changes
        with its updates.  An installed one is pinned by its hash.  ``unknown`` stands in the
        history alone, for what could not be read.
    name, version, sha256 : str
        Of the manifest; empty where unknown.
    """

    origin: Literal["shipped", "installed", "unknown"]
    name: str
    version: str
    sha256: str

    @property
    def label(self) -> str:
        """Name and version, for a line of text."""
        return f"{self.name} {self.version}".strip()

    @property
    def folder_name(self) -> str:
        """Name of an installed model's folder, inside the folder of its name."""
        return f"{self.version}-{self.sha256[:_DIGITS]}"

    def is_same(self, other: ModelChoice) -> bool:
        """Tell whether both are one model; a shipped one is what the program ships now."""
        if "shipped" in (self.origin, other.origin):
            return (self.origin, self.name) == (other.origin, other.name)
        labels = (self.name, self.version), (other.name, other.version)
        return labels[0] == labels[1] and self.is_same_content(other)

    def is_same_content(self, other: ModelChoice) -> bool:
        """Tell whether the hashes agree, as far as the name of a folder holds them."""
        return self.sha256[:_DIGITS] == other.sha256[:_DIGITS]

    def is_pinned_to(self, identity: ModelIdentity) -> bool:
        """Tell whether a bundle is this model; a damaged one's hash is known by its beginning."""
        labels = (self.name, self.version), (identity.name, identity.version)
        return labels[0] == labels[1] and identity.sha256.startswith(self.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveModel:
    """The active choice, and those before it, the latest last: the way back."""

    schema: int
    active: ModelChoice
    before: tuple[ModelChoice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEvent:
    """What somebody did, or tried to do.

    Attributes
    ----------
    when : str
        UTC, ISO 8601, to the second.
    who : str
        Name of the user's account.
    action : {"install", "activate", "rollback"}
        What was asked for.
    outcome : {"accepted", "refused", "failed"}
        ``accepted`` is written before the change, ``failed`` after a change that the machine
        would not make; after ``refused`` and ``failed`` everything is as before.
    model : ModelChoice
        What it was asked for.
    active_before : ModelChoice
        What was active then.
    check : str
        ``passed``, or what was wrong.
    """

    when: str
    who: str
    action: Action
    outcome: Outcome
    model: ModelChoice
    active_before: ModelChoice
    check: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The events, oldest first, and the numbers of the lines that cannot be read."""

    events: tuple[ModelEvent, ...]
    damaged_lines: tuple[int, ...]


def data_folder() -> Path:
    """Return where this user's models and their records are."""
    return platformdirs.user_data_path("mammoview", appauthor=False)


def read_active(fallback: ModelChoice) -> ActiveModel:
    """Return what is active; ``fallback`` where nothing has ever been activated.

    Raises
    ------
    ModelError
        If the record is there and cannot be understood: no model is taken by guess.
    """
    file = data_folder() / ACTIVE
    try:
        record = _decoded(ActiveModel, file.read_text("utf-8"))
    except FileNotFoundError:
        return ActiveModel(schema=SCHEMA, active=fallback, before=())
    except (OSError, ValueError) as error:
        raise _unreadable(str(error)) from error
    if record.schema != SCHEMA:
        raise _unreadable(f"schema {record.schema}")
    return record


def write_active(record: ActiveModel) -> None:
    """Replace the record in one step.

    Raises
    ------
    OSError
        If it cannot be written; the old one is as it was.
    """
    text = json.dumps(encode(record), indent=1, ensure_ascii=False)
    write_whole(text.encode(), data_folder() / ACTIVE)


def append_event(event: ModelEvent) -> None:
    """Append an event and force it to the disk.

    Raises
    ------
    OSError
        If it cannot be written whole.
    """
    line = json.dumps(encode(event), ensure_ascii=False).encode() + b"\n"
    # Unbuffered: what was refused once must not reach the disk when the file is closed.
    with (data_folder() / HISTORY).open("ab+", buffering=0) as stream:
        if stream.seek(0, os.SEEK_END):  # a line that was cut off must not swallow this one
            stream.seek(-1, os.SEEK_END)
            line = line if stream.read(1) == b"\n" else b"\n" + line
        if stream.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(stream.fileno())


def read_history() -> History:
    """Return every event that can be read, and where the others stand.

    Raises
    ------
    ModelError
        If the file cannot be read at all.
    """
    file = data_folder() / HISTORY
    try:
        lines = file.read_bytes().split(b"\n")
    except FileNotFoundError:
        return History(events=(), damaged_lines=())
    except OSError as error:
        raise ModelError(
            f"{file} cannot be read ({error.strerror})",
            expected="the record of models",
            todo="make it readable",
        ) from error
    events, damaged = [], []
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            events.append(_decoded(ModelEvent, line.decode()))
        except ValueError:
            damaged.append(number)
    return History(events=tuple(events), damaged_lines=tuple(damaged))


def now() -> str:
    """Return the time as the history tells it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def account() -> str:
    """Return the name of the account that this process runs under."""
    if sys.platform == "win32":
        return getpass.getuser()
    import pwd

    try:  # not the environment's word for it, which anybody can set
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


@contextmanager
def alone() -> Iterator[None]:
    """Let one process at a time change models; the lock ends with the process that holds it.

    Raises
    ------
    OSError
        If the user's data folder cannot be written.
    """
    folder = data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("a+b") as stream:
        if sys.platform == "win32":
            import msvcrt

            stream.seek(0)
            msvcrt.locking(stream.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _decoded(kind: type[T], text: str) -> T:
    """Decode one JSON text strictly; every fault is a ValueError."""
    try:
        return decode(kind, json.loads(text, object_pairs_hook=Pairs))
    except (CodecError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _unreadable(why: str) -> ModelError:
    return ModelError(
        f"the record of the active model cannot be read ({data_folder() / ACTIVE}: {why:.200})",
        expected="what mammoview model activate wrote",
        todo="run mammoview model activate shipped, or activate the model that you want",
    )
