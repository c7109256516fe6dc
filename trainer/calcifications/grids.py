"""The same network on coarser and finer grids: whether its own grid is enough for small clusters.

The network was trained on its own grid, with sizes jittered; on another one every calcification is
larger or smaller to it, and a picture no sharper than it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace

from mammoview.errors import UsageError
from mammoview.inference.session import Session
from trainer.calcifications.evaluation import CalcificationRegions, against_real
from trainer.froc import Froc, score_froc
from trainer.labelled import SimulatedCluster

SMALL_MM = 0.4
_FINEST_MM, _COARSEST_MM = 0.05, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GridFigures:
    """Simulated clusters against the false marks of real pictures, on one grid.

    Attributes
    ----------
    small : Froc
        Clusters whose calcifications have a mean diameter under ``SMALL_MM``.
    """

    mm_per_px: float
    every: Froc
    small: Froc


def on_grid(session: Session, mm_per_px: float) -> Session:
    """Return the same network for pictures on another grid; its thresholds are not for that one.

    Raises
    ------
    UsageError
        If the grid is out of reason.
    """
    if not _FINEST_MM <= mm_per_px <= _COARSEST_MM:
        raise UsageError(
            f"grid {mm_per_px:g} mm",
            expected=f"{_FINEST_MM:g} to {_COARSEST_MM:g} mm a pixel",
            todo="choose another",
        )
    other = copy(session)
    preprocessing = replace(session.manifest.preprocessing, mm_per_px=mm_per_px)
    other.manifest = replace(session.manifest, preprocessing=preprocessing)
    return other


def grid_figures(found: CalcificationRegions, mm_per_px: float) -> GridFigures:
    """Measure what was found on one grid."""
    return GridFigures(
        mm_per_px=mm_per_px,
        every=score_froc(against_real(found)),
        small=score_froc(against_real(found, wanted=_is_small)),
    )


def finest_first(figures: Sequence[GridFigures]) -> tuple[GridFigures, ...]:
    """Return figures in the order of a table."""
    return tuple(sorted(figures, key=lambda item: item.mm_per_px))


def _is_small(cluster: SimulatedCluster) -> bool:
    return cluster.mean_diameter_mm < SMALL_MM
