"""Pictures that hold real calcifications, by the official tables: they take no simulated ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.cbis.tables import read_tables
from trainer.labelled import LabelledImage, plain_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """Pictures that may take a simulated cluster, and how many may not."""

    images: tuple[LabelledImage, ...]
    left_out: int


def known_calcifications(folder: Path) -> frozenset[str]:
    """Return the mammograms of the calcification tables, as pictures are named: 00016_LEFT_CC.

    Raises
    ------
    DataError
        If the tables are missing or broken.
    """
    rows = read_tables(folder).rows
    return frozenset(plain_name(r.mammogram) for r in rows if r.kind == "calcification")


def sift(images: Sequence[LabelledImage], calcified: frozenset[str]) -> Sifted:
    """Leave out the pictures that hold real calcifications."""
    kept = tuple(i for i in images if plain_name(i.mammogram) not in calcified)
    return Sifted(images=kept, left_out=len(images) - len(kept))
