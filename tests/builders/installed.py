"""Models on a made machine: what is built, what is active, what is recorded, how it rots."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mammoview.app import resources
from mammoview.app.analysis import Analyst
from mammoview.app.models import records
from mammoview.modelkit.bundle import CARD, GOLDEN, MANIFEST, NETWORK
from tests.builders.models import build_bundle, build_manifest

SHIPPED_VERSION = "1.0"
SHIPPED = f"{resources.DEFAULT_MODEL}@{SHIPPED_VERSION}"


def build_model(folder: Path, name: str, version: str) -> Path:
    return build_bundle(folder, manifest=replace(build_manifest(), name=name, version=version))


def active() -> str:
    """What is opened where no model is named, in the words of the screen."""
    identity = Analyst(device="cpu").open().identity
    return f"{identity.name}@{identity.version}"


def outcomes() -> list[tuple[str, str, str]]:
    events = records.read_history().events
    return [(e.action, e.outcome, f"{e.model.name}@{e.model.version}") for e in events]


def flip(file: Path, at: int = -20) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)


FAULTS: dict[str, Callable[[Path], object]] = {
    "a byte of the network": lambda folder: flip(folder / NETWORK),
    "a byte of the golden arrays": lambda folder: flip(folder / GOLDEN),
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
