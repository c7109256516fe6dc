"""A card with parts of it measured anew, where the run's folder that wrote it is gone.

A bundle travels without its run.  What another evaluation writes takes its place by its title; all
else of the card stays as it is.
"""

from __future__ import annotations

import re
from pathlib import Path

from mammoview.errors import UsageError
from mammoview.modelkit.bundle import CARD, Bundle, open_bundle
from trainer.card.model_card import Measured, require_same_network, with_card
from trainer.card.sections import SectionName, section_in_card
from trainer.card.speed import speed_text

_SPEED = "### Speed and memory\n"
_LIMITS = "## Limits\n"
_PART = re.compile(r"^(?=#{2,3} )", re.MULTILINE)
# Where one of these is new, what the card says of its limits changes too.
_SAID_AMONG_LIMITS = (SectionName.CALCIFICATIONS, SectionName.DIGITAL)


def amend_card(folder: Path, measured: Measured) -> Bundle:
    """Put sections and speed into the card of a bundle; nothing else of the bundle changes.

    Raises
    ------
    UsageError
        If a section was measured on another network, two are of one name, or one would change
        what the card says elsewhere.
    ModelError
        If the bundle does not open.
    """
    bundle = open_bundle(folder)
    require_same_network(bundle.manifest, measured)
    card = amended((bundle.folder / CARD).read_text("utf-8"), measured)
    return with_card(bundle, card)


def amended(card: str, measured: Measured) -> str:
    """Return a card's text with sections and speed put in, each in the place of its forerunner.

    Raises
    ------
    UsageError
        See :func:`amend_card`.
    """
    parts = _PART.split(card)
    for section in measured.sections:
        is_new = _put(parts, section_in_card(section))
        if is_new and section.name in _SAID_AMONG_LIMITS:
            raise UsageError(
                f"the card has no section {section.name} yet, and its limits hang on it",
                expected="a section that the card has, or one that stands for itself",
                todo="write the card anew with --run RUN and the sections of all evaluations",
            )
    if measured.speed:
        _put(parts, speed_text(measured.speed))
    return "".join(parts)


def _put(parts: list[str], text: str) -> bool:
    """Put a part where one of its title stands, else before speed and limits; tell if it is new."""
    title = text.splitlines(keepends=True)[0]
    text = text.strip("\n") + "\n\n"
    titles = [part.splitlines(keepends=True)[0] if part else "" for part in parts]
    if title in titles:
        parts[titles.index(title)] = text
        return False
    at = next((n for n, met in enumerate(titles) if met in (_SPEED, _LIMITS)), len(parts))
    parts.insert(at, text)
    return True
