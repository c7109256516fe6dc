"""Sections of the model card that evaluation commands write: ``section.md`` beside their document.

A section says in its first line which model it was measured on, so that the card of one model never
shows the figures of another, and ends with the commands that make its figures again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mammoview.errors import DataError
from mammoview.modelkit.bundle import NETWORK
from mammoview.modelkit.manifest import Manifest
from trainer.documents import write_text

SECTION = "section.md"
REFITTED = "## Refitted on a site's own images"
_NO_NETWORK = "none"
_MARK = re.compile(
    r"<!-- mammoview section (?P<name>[a-z]+): (?P<model>[^>\n]*?), "
    rf"network (?P<network>[0-9a-f]{{64}}|{_NO_NETWORK}) -->\n"
)


class SectionName(StrEnum):
    """What a section tells of, in the order in which they stand in the card."""

    ABLATION = "ablation"
    CALIBRATION = "calibration"
    CALCIFICATIONS = "calcifications"
    DIGITAL = "digital"
    SITE = "site"
    MARKS = "marks"
    PASSES = "passes"
    VIEWS = "views"
    RIVALS = "rivals"
    SPEED = "speed"
    FIGURES = "figures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the card.

    Attributes
    ----------
    name : SectionName
        Its place in the card; one section a name.
    model : str
        Name and version of the model it was measured on; of an ablation, in words what was.
    network_sha256 : str
        Of the model's network; empty where several networks were measured.
    text : str
        Markdown: a ``### Title`` line, then text, tables and ``####`` titles.
    commands : tuple of str
        What makes the figures again, data by their place below ``$MAMMOVIEW_DATA``.
    """

    name: SectionName
    model: str
    network_sha256: str
    text: str
    commands: tuple[str, ...]


def section_of(
    name: SectionName, manifest: Manifest, *, text: str, commands: Sequence[str]
) -> Section:
    """Return a section measured on the model of a bundle."""
    return Section(
        name=name,
        model=f"{manifest.name} {manifest.version}",
        network_sha256=dict(manifest.hashes).get(NETWORK, ""),
        text=text,
        commands=tuple(commands),
    )


def write_section(section: Section, folder: Path) -> Path:
    """Write a section as ``section.md`` into the folder of its evaluation; return the file."""
    file = folder / SECTION
    write_text(section_text(section), file)
    return file


def section_text(section: Section) -> str:
    """Return a section as its file holds it."""
    mark = (
        f"<!-- mammoview section {section.name}: {section.model}, "
        f"network {section.network_sha256 or _NO_NETWORK} -->"
    )
    again = ["Again:", "", "```", *section.commands, "```"] if section.commands else []
    return "\n".join([mark, section.text.strip("\n"), "", *again]).rstrip("\n") + "\n"


def section_in_card(section: Section) -> str:
    """Return a section as it stands in a card."""
    return f"{section.text}\n\nMeasured on {section.model}."


def read_section(place: Path) -> Section:
    """Return the section of an evaluation, given its folder or the file itself.

    The commands stay in the text.

    Raises
    ------
    DataError
        If there is none, or its first line is not that of a section.
    """
    file = place / SECTION if place.is_dir() else place
    try:
        text = file.read_text(encoding="utf-8")
        found = _MARK.match(text)
        name = SectionName(found["name"]) if found else None
    except (OSError, ValueError) as error:
        raise _no_section(file, f"{type(error).__name__}: {error}") from error
    if found is None or name is None:
        raise _no_section(file, "its first line names no section and model")
    network = found["network"]
    return Section(
        name=name,
        model=found["model"],
        network_sha256="" if network == _NO_NETWORK else network,
        text=text[found.end() :].strip("\n"),
        commands=(),
    )


def refit_sections(card: str) -> str:
    """Return what refits have written into a card, the newest first; empty where none was."""
    parts = ("\n" + card).split("\n## ")[1:]
    kept = ["## " + part.strip("\n") for part in parts if f"## {part.splitlines()[0]}" == REFITTED]
    return "\n\n".join(kept)


def _no_section(file: Path, why: str) -> DataError:
    return DataError(
        f"{file} cannot be used ({why})",
        expected=f"the {SECTION} that an evaluation command wrote, or its folder",
        todo="run the evaluation again with --out FOLDER",
    )
