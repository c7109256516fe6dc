"""Simulated clusters by size, number, diameter and contrast, with intervals by person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from trainer.bootstrap import Estimate, ratio
from trainer.labelled import SimulatedCluster
from trainer.metrics import FEW_PEOPLE

DIAMETER = "mean diameter"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCluster:
    """A simulated cluster and the best mark in its box.

    Attributes
    ----------
    score : float
        Minus infinity where no mark lies in the box.
    score_without : float
        The same box in the same mammogram without the cluster.
    """

    lesion_id: str
    person: str
    cluster: SimulatedCluster
    score: float
    score_without: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterGroup:
    """Sensitivity of one group at each operating point.

    Attributes
    ----------
    sensitivity, chance : tuple of (str, Estimate)
        Clusters hit, and the same boxes without their clusters; empty where fewer than
        ``FEW_PEOPLE`` people make up the group: too few to say.
    """

    attribute: str
    group: str
    clusters: int
    people: int
    sensitivity: tuple[tuple[str, Estimate], ...]
    chance: tuple[tuple[str, Estimate], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attribute:
    name: str
    unit: str
    limits: tuple[float, ...]
    value: Callable[[SimulatedCluster], float]

    def group(self, cluster: SimulatedCluster) -> tuple[int, str]:
        """Return place and name of the group; a limit belongs to the group above it."""
        place = int(np.searchsorted(self.limits, self.value(cluster), side="right"))
        names = [f"under {self.limits[0]:g}{self.unit}"]
        names += [f"{low:g} to under {high:g}{self.unit}" for low, high in pairwise(self.limits)]
        names.append(f"{self.limits[-1]:g}{self.unit} and more")
        return place, names[place]


# Round limits that give groups of some dozens in the sets that trainer.simulated draws.
_ATTRIBUTES = (
    _Attribute(
        name="extent, longer side",
        unit=" mm",
        limits=(8.0, 12.0, 16.0, 24.0),
        value=lambda c: max(c.extent_mm),
    ),
    _Attribute(
        name="number of calcifications",
        unit="",
        limits=(10.0, 20.0, 30.0, 50.0),
        value=lambda c: float(c.count),
    ),
    _Attribute(
        name=DIAMETER,
        unit=" mm",
        limits=(0.3, 0.4, 0.5, 0.6),
        value=lambda c: c.mean_diameter_mm,
    ),
    _Attribute(
        name="mean contrast",
        unit=" OD",
        limits=(0.2, 0.3, 0.4, 0.5),
        value=lambda c: c.mean_contrast_od,
    ),
    _Attribute(
        name="brightest pixel's gain, of the grey range",
        unit="",
        limits=(0.1, 0.2, 0.3, 0.4),
        value=lambda c: c.peak_grey,
    ),
)
_LEADING = "leading type"


def cluster_groups(
    clusters: Sequence[FoundCluster], points: Sequence[tuple[str, float]]
) -> tuple[ClusterGroup, ...]:
    """Return all groups that hold clusters, by attribute and from small to large.

    Parameters
    ----------
    points : sequence of (str, float)
        Name and threshold of each operating point.
    """
    groups: list[ClusterGroup] = []
    for attribute in _ATTRIBUTES:
        members: dict[tuple[int, str], list[FoundCluster]] = defaultdict(list)
        for item in clusters:
            members[attribute.group(item.cluster)].append(item)
        groups += [_group(attribute.name, key[1], members[key], points) for key in sorted(members)]
    for leading in sorted({item.cluster.leading_type for item in clusters}):
        of_type = [item for item in clusters if item.cluster.leading_type == leading]
        groups.append(_group(_LEADING, leading, of_type, points))
    return tuple(groups)


def _group(
    attribute: str, name: str, members: Sequence[FoundCluster], points: Sequence[tuple[str, float]]
) -> ClusterGroup:
    people = [item.person for item in members]
    shown = points if len(set(people)) >= FEW_PEOPLE else ()
    ones = np.ones(len(members))
    return ClusterGroup(
        attribute=attribute,
        group=name,
        clusters=len(members),
        people=len(set(people)),
        sensitivity=tuple(
            (point, ratio(people, [m.score >= at for m in members], ones)) for point, at in shown
        ),
        chance=tuple(
            (point, ratio(people, [m.score_without >= at for m in members], ones))
            for point, at in shown
        ),
    )
