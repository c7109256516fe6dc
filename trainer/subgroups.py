"""Sensitivity and pointing game of groups of lesions, with intervals by person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mammoview.domain.geometry import ImageBox
from trainer.bootstrap import Estimate, ratio
from trainer.detect import DetectedImage, best_hit, lesions_of, scored
from trainer.froc import pointing_game
from trainer.labelled import LabelledBox
from trainer.metrics import FEW_PEOPLE, UNKNOWN

ALL = "all"
# Longer side of a lesion's box, mm: half the common mass, the common mass, above it.
SIZES_MM = (10.0, 20.0, 30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionGroup:
    """Figures of one group of lesions of one class.

    Attributes
    ----------
    attribute, group : str
        Such as ``density`` and ``3``.
    lesions, images, people : int
        What makes it up.
    sensitivity : tuple of (str, Estimate)
        At each operating point; empty where fewer than ``FEW_PEOPLE`` people make up the group:
        too few to say.
    pointing_game : Estimate or None
        Over the images that hold lesions of the group: whether the best mark lies in any lesion
        of the class.  None where there are too few people.
    """

    attribute: str
    group: str
    lesions: int
    images: int
    people: int
    sensitivity: tuple[tuple[str, Estimate], ...]
    pointing_game: Estimate | None

    @property
    def is_too_small(self) -> bool:
        """Whether there are too few people for figures."""
        return self.pointing_game is None


_Found = tuple[DetectedImage, LabelledBox]


def lesion_groups(
    detected: Iterable[DetectedImage], kind: str, points: Sequence[tuple[str, float]]
) -> tuple[LesionGroup, ...]:
    """Return the groups of the lesions of one class.

    Parameters
    ----------
    points : sequence of (str, float)
        Name and threshold of each operating point.
    """
    groups: dict[tuple[str, str], list[_Found]] = defaultdict(list)
    for item in detected:
        for lesion in lesions_of(item, kind):
            for key in _keys(item, lesion):
                groups[key].append((item, lesion))
    order = {name: n for n, name in enumerate(dict.fromkeys(name for name, _ in groups))}
    return tuple(
        _group(key, groups[key], kind, points)
        for key in sorted(groups, key=lambda key: (order[key[0]], _rank(key[1])))
    )


def size_group(longer_mm: float) -> str:
    """Return the name of the size group that a lesion's longer side falls in."""
    names = [f"under {SIZES_MM[0]:g} mm"]
    names += [f"{a:g} to {b:g} mm" for a, b in pairwise(SIZES_MM)]
    names.append(f"{SIZES_MM[-1]:g} mm and more")
    return names[int(np.searchsorted(SIZES_MM, longer_mm, side="right"))]


def _keys(item: DetectedImage, lesion: LabelledBox) -> list[tuple[str, str]]:
    return [
        (ALL, ALL),
        ("pathology", lesion.pathology or UNKNOWN),
        ("density", str(item.image.density or UNKNOWN)),
        ("subtlety", str(lesion.subtlety or UNKNOWN)),
        ("view", item.image.view),
        ("size", size_group(_longer_mm(item, lesion.box))),
    ]


def _rank(group: str) -> tuple[bool, bool, str]:
    """Sort by name, the smallest size first and what is not known last."""
    return group == UNKNOWN, not group.startswith("under"), group


def _longer_mm(item: DetectedImage, box: ImageBox) -> float:
    return max(
        (box.col1 - box.col0) * item.spacing.col_mm, (box.row1 - box.row0) * item.spacing.row_mm
    )


def _group(
    key: tuple[str, str], found: Sequence[_Found], kind: str, points: Sequence[tuple[str, float]]
) -> LesionGroup:
    people = [item.image.person for item, _ in found]
    images = {id(item): item for item, _ in found}
    too_small = len(set(people)) < FEW_PEOPLE
    best = np.array([_best_score(item, lesion, kind) for item, lesion in found])
    return LesionGroup(
        attribute=key[0],
        group=key[1],
        lesions=len(found),
        images=len(images),
        people=len(set(people)),
        sensitivity=()
        if too_small
        else tuple((name, ratio(people, best >= at, np.ones(len(best)))) for name, at in points),
        pointing_game=None if too_small else pointing_game(scored(images.values(), kind)),
    )


def _best_score(item: DetectedImage, lesion: LabelledBox, kind: str) -> float:
    hit = best_hit(item, lesion, kind)
    return hit.score if hit is not None else -np.inf
