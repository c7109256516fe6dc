"""Splits by person, so that no woman stands on both sides."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def validation_people(people: Iterable[str], *, share: float, seed: int) -> frozenset[str]:
    """Choose people for validation by hash: the same people whatever the order or the others.

    Parameters
    ----------
    people : iterable of str
        Person keys; duplicates do not matter.
    share : float
        Expected share of people, 0..1.
    seed : int
        Another seed chooses other people.
    """
    return frozenset(p for p in people if _unit_hash(f"{seed}:{p}") < share)


def _unit_hash(text: str) -> float:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2.0**64
