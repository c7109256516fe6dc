"""The views of an examination together: each region's score in the light of the other views.

A lesion keeps about its distance from the nipple in CC and MLO; healthy tissue that looks
suspicious in one view seldom has a counterpart at that distance in the other.  Where the other view
shows something strong, and not there, it contradicts.  The same is asked of the other breast at the
mirrored place.  How much either says is fitted (``trainer.views``), stored in a file, and off
unless that file is named.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D
from mammoview.domain.prediction import Region
from mammoview.errors import ModelError
from mammoview.imaging.breast import Edge, chest_wall_edge
from mammoview.inference.odds import from_log_odds, log_odds
from mammoview.inference.passes import Passes
from mammoview.modelkit.bundle import NETWORK
from mammoview.modelkit.codec import CodecError, Pairs, decode
from mammoview.modelkit.manifest import Calibration, Manifest
from mammoview.modelkit.preprocess import Grid

FORMAT: Literal["mammoview-views/1"] = "mammoview-views/1"
# The nipple is where the breast reaches farthest: the middle of its outermost millimetres.
_NIPPLE_MM = 1.5


class Partner(StrEnum):
    """Which other view speaks for or against a region."""

    SAME_BREAST = "same-breast"
    OTHER_BREAST = "other-breast"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerRule:
    """What one kind of other view changes, on the log-odds of a score.

    It adds ``weight * contradiction + intercept``; see :func:`contradiction`.
    """

    partner: Literal["same-breast", "other-breast"]
    tolerance_mm: float
    weight: float
    intercept: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRules:
    """The rules of one class, and the calibration whose scores they were fitted on."""

    calibration: Calibration
    partners: tuple[PartnerRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewsTogether:
    """How the views of an examination change each other's scores, for one model.

    Attributes
    ----------
    network_sha256 : str
        Of the network that gave the scores.
    passes : str
        How the pictures went through it: other passes give other scores.
    classes : tuple of KindRules
        A class without partners keeps its scores.
    fitted_on : str
        The pictures, in words.
    """

    format: Literal["mammoview-views/1"]
    network_sha256: str
    passes: Literal["one", "flips", "scales", "all"]
    classes: tuple[KindRules, ...]
    fitted_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamView:
    """One view of an examination with its regions.

    ``laterality`` is ``L`` or ``R``, ``projection`` ``CC`` or ``MLO``.  A view of anything else,
    or without ``to_breast_mm`` (see :func:`breast_frame`), has no partner.
    """

    laterality: str
    projection: str
    to_breast_mm: Affine2D | None
    regions: tuple[Region, ...]


def breast_frame(grid: Grid, mm_per_px: float) -> Affine2D | None:
    """Return the map of stored pixels to millimetres from the nipple.

    The first coordinate grows towards the chest wall, the second along it.  None where breast or
    chest wall was not found.

    Parameters
    ----------
    grid : Grid
        The image on a model's grid, with its breast.
    mm_per_px : float
        Of the grid.
    """
    breast = grid.breast
    wall = chest_wall_edge(breast)
    if wall is None:
        return None
    scale = Affine2D.scale_translate(col_scale=mm_per_px, row_scale=mm_per_px, col0=0.0, row0=0.0)
    to_mm = grid.to_image.inverse().then(scale)
    to_mm = to_mm.then(_towards(wall, to_mm))
    depth, along = _cell_centres(breast.mask, breast.to_image.then(to_mm))
    tip = depth < depth.min() + _NIPPLE_MM
    nipple = Affine2D.scale_translate(
        col_scale=1.0,
        row_scale=1.0,
        col0=-float(depth.min()),
        row0=-float(np.median(along[tip])),
    )
    return to_mm.then(nipple)


def partners_of(view: ExamView, exam: Sequence[ExamView], partner: Partner) -> tuple[ExamView, ...]:
    """Return the views of an examination that speak on a view, as that kind of partner."""
    if view.to_breast_mm is None or {view.projection} - {"CC", "MLO"}:
        return ()
    same = partner is Partner.SAME_BREAST
    return tuple(
        other
        for other in exam
        if other.to_breast_mm is not None
        and {view.laterality, other.laterality} <= {"L", "R"}
        and {view.projection, other.projection} <= {"CC", "MLO"}
        and (view.laterality == other.laterality) is same
        and (view.projection != other.projection) is same
    )


def contradiction(
    region: Region, view: ExamView, others: Sequence[ExamView], rule: PartnerRule
) -> float:
    """Return how much partners speak against a region: 0 (not at all) to 1.

    The best score of their regions of the class, less the best one once each is weighted by how
    well its place agrees, a Gaussian of ``tolerance_mm``: of the distance from the nipple in the
    same breast, of the place itself, whichever way the images lie, in the other.
    """
    best = agreeing = 0.0
    here = _place(view, region)
    for other in others:
        for candidate in other.regions:
            if candidate.kind == region.kind:
                apart = _apart(here, _place(other, candidate), Partner(rule.partner))
                agreement = math.exp(-0.5 * (apart / rule.tolerance_mm) ** 2)
                best = max(best, candidate.score)
                agreeing = max(agreeing, candidate.score * agreement)
    return best - agreeing


def rescored(
    exam: Sequence[ExamView], together: ViewsTogether, thresholds: dict[str, float]
) -> tuple[tuple[Region, ...], ...]:
    """Return the regions of each view with their scores in the light of the other views.

    A region whose view has no partner stays as it is.  One that is rescored keeps its first score
    in ``score_one_view``; its place and outline stay.

    Parameters
    ----------
    exam : sequence of ExamView
        All views of one examination, as each was read alone.
    together : ViewsTogether
        The fitted rules.
    thresholds : dict of str to float
        Score of each class from which a region is flagged.
    """
    rules = {item.calibration.kind: item.partners for item in together.classes}
    return tuple(
        tuple(
            sorted(
                (_rescored(r, view, exam, rules.get(r.kind, ()), thresholds) for r in view.regions),
                key=lambda region: -region.score,
            )
        )
        for view in exam
    )


def read_views_together(file: Path, manifest: Manifest, passes: Passes) -> ViewsTogether:
    """Read fitted rules and refuse those of another model, calibration or way through the network.

    Raises
    ------
    ModelError
        If the file cannot be read or was not fitted on scores like those of this model.
    """
    try:
        node = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=Pairs)
        together = decode(ViewsTogether, node)
    except (OSError, ValueError, RecursionError, CodecError) as error:
        raise ModelError(
            f"views {file.name} cannot be read ({type(error).__name__}: {error})",
            expected=f"a file of format {FORMAT}",
            todo="make it with: mammoview-train views BUNDLE --run RUN --data DATA --out FILE",
        ) from error
    for met, wanted, what in (
        (together.network_sha256, dict(manifest.hashes)[NETWORK], "another network"),
        (tuple(k.calibration for k in together.classes), manifest.calibration, "other scores"),
        (together.passes, passes.value, f"--passes {together.passes}"),
    ):
        if met != wanted:
            raise ModelError(
                f"views {file.name} were fitted on {what}",
                expected=f"{manifest.name} {manifest.version} as it is, --passes {passes}",
                todo="fit them again with mammoview-train views, or leave them away",
            )
    return together


def _rescored(
    region: Region,
    view: ExamView,
    exam: Sequence[ExamView],
    rules: Sequence[PartnerRule],
    thresholds: dict[str, float],
) -> Region:
    odds = log_odds(region.score)
    change, asked = 0.0, False
    for rule in rules:
        others = partners_of(view, exam, Partner(rule.partner))
        if others:
            asked = True
            change += rule.weight * contradiction(region, view, others, rule) + rule.intercept
    if not asked:
        return region
    score = float(from_log_odds(odds + change))
    return replace(
        region,
        score=score,
        flagged=score >= thresholds[region.kind],
        score_one_view=region.score,
    )


def _place(view: ExamView, region: Region) -> tuple[float, float]:
    assert view.to_breast_mm is not None  # a view without one is nobody's partner
    at = view.to_breast_mm.apply(region.peak)
    return at.col, at.row


def _apart(a: tuple[float, float], b: tuple[float, float], partner: Partner) -> float:
    """Return how far two places are apart, millimetres, as far as two views can tell."""
    if partner is Partner.SAME_BREAST:
        return math.hypot(*a) - math.hypot(*b)
    return math.hypot(a[0] - b[0], abs(a[1]) - abs(b[1]))


def _towards(wall: Edge, to_mm: Affine2D) -> Affine2D:
    """Return the turn after which the first coordinate grows towards an edge of the image.

    ``to_mm`` maps stored pixels to the millimetres that are turned, however those lie.
    """
    col, row = {
        Edge.LEFT: (-1.0, 0.0),
        Edge.RIGHT: (1.0, 0.0),
        Edge.TOP: (0.0, -1.0),
        Edge.BOTTOM: (0.0, 1.0),
    }[wall]
    x, y = to_mm.xx * col + to_mm.xy * row, to_mm.yx * col + to_mm.yy * row
    length = math.hypot(x, y)
    x, y = x / length, y / length
    return Affine2D(xx=x, xy=y, x0=0.0, yx=-y, yy=x, y0=0.0)


def _cell_centres(mask: NDArray[np.bool_], to_mm: Affine2D) -> NDArray[np.float64]:
    """Return the positions (2, n) of the centres of the cells of a mask."""
    row, col = np.nonzero(mask)
    matrix = to_mm.matrix()
    return np.asarray(matrix[:, :2] @ np.stack([col + 0.5, row + 0.5]) + matrix[:, 2:], np.float64)
