"""The same place in another view: mirrored in the other breast, or as far from the nipple.

Everything here is in the units of a pane (see `frame`), which are millimetres where the spacing is
known; without millimetres two images have no common measure, and no place is given.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mammoview.app.marks.breast_place import DOUBTFUL, ESTIMATED
from mammoview.app.workspace import Pane
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.views import Projection
from mammoview.imaging.position import deep_from, direction_down
from mammoview.ui.viewport.placement import Subject
from mammoview.words import translate

# Distances from the nipple agree so well between CC and MLO (the posterior nipple line rule: its
# lengths in a well positioned pair are within about 1 cm; Eklund and Cardenosa, Radiol Clin North
# Am 1992;30:21-53).
TOLERANCE_MM = 10.0
_OTHER_VIEW: dict[Projection | None, Projection] = {
    Projection.CC: Projection.MLO,
    Projection.MLO: Projection.CC,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lie:
    """How an image lies in its pane: its size and wall, its nipple, the row at mid-height.

    ``nipple`` is in units, None where it is not known, and ``source`` says who tells it; so are
    the two places of the edge of the pectoral ``muscle``.  ``mid_row`` is the unit row shown at the
    middle of the pane.
    """

    name: str
    subject: Subject
    nipple: ImagePoint | None
    mid_row: float
    source: str = ESTIMATED
    muscle: tuple[ImagePoint, ImagePoint] | None = None
    muscle_source: str = ESTIMATED

    @property
    def back(self) -> float:
        """1 where the chest wall is on the right, -1 where it is on the left."""
        return 1.0 if self.subject.wall_right else -1.0

    @property
    def along(self) -> tuple[float, float]:
        """The way down the muscle's edge; where that is not known, down the chest wall."""
        if self.muscle is None:
            return 0.0, 1.0
        upper, lower = self.muscle
        return direction_down((upper.col, upper.row), (lower.col, lower.row))

    def behind_nipple(self, at: ImagePoint) -> float:
        """Return how deep a place lies behind the nipple, which must be known."""
        assert self.nipple is not None
        offset = (at.col - self.nipple.col, at.row - self.nipple.row)
        return deep_from(offset, self.along, self.back)

    def from_wall(self, at: ImagePoint) -> float:
        """Return how far a place lies from the image's chest-wall edge."""
        return self.subject.width - at.col if self.subject.wall_right else at.col

    def at(self, *, from_wall: float, row: float) -> ImagePoint:
        """Return the place so far from the chest-wall edge."""
        col = self.subject.width - from_wall if self.subject.wall_right else from_wall
        return ImagePoint(col=col, row=row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A place or line in another view, in its units, and the words for what it stands on.

    ``lines`` are polylines ``(n, 2)`` of (col, row): the middle one first, then the borders of the
    tolerance.  ``place`` is None for a line.
    """

    words: str
    place: ImagePoint | None = None
    lines: tuple[NDArray[np.float64], ...] = ()


def twin_of(pane: Pane, panes: tuple[Pane, ...]) -> Pane | None:
    """Return the pane with the same view of the other breast, of the same examination."""
    return next((p for p in panes if _pair(p, pane) and p.side is not pane.side), None)


def other_view_of(pane: Pane, panes: tuple[Pane, ...]) -> Pane | None:
    """Return the pane with the MLO of a CC, or the CC of an MLO, of the same breast."""
    wanted = _OTHER_VIEW.get(_view(pane))
    return next(
        (
            p
            for p in panes
            if _view(p) is wanted is not None
            and p.side is pane.side is not None
            and p.place.prior == pane.place.prior
            and p.place.displaced == pane.place.displaced
        ),
        None,
    )


def mirrored(at: ImagePoint, here: Lie, there: Lie) -> Found | str:
    """Return the mirrored place in the other breast, or why there is none.

    It lies as far from the chest-wall edge of the image, and as far above or below the nipple;
    where a nipple is not known, at the same height of the screen.

    Parameters
    ----------
    at : ImagePoint
        The spot, in units of ``here``.
    here, there : Lie
        Of the image pointed at, and of the other breast's.
    """
    refusal = _without_mm(here, there)
    if refusal:
        return translate("Spot", "no twin: {reason}").format(reason=refusal)
    depth = here.from_wall(at)
    if here.nipple is not None and there.nipple is not None:
        below = at.row - here.nipple.row
        row = there.nipple.row + below
        height = (
            translate("Spot", "{mm} mm below the nipple ({source})")
            if below >= 0
            else translate("Spot", "{mm} mm above the nipple ({source})")
        ).format(mm=f"{abs(below):.0f}", source=_source(here, there))
    else:
        row = there.mid_row + at.row - here.mid_row
        height = translate("Spot", "at this height of the screen (no nipple known)")
    place = there.at(from_wall=depth, row=row)
    subject = there.subject
    inside = 0 <= place.col <= subject.width and 0 <= place.row <= subject.height
    words = translate("Spot", "{view} mirrored: {mm} mm from the wall, {height}")
    words = words.format(view=there.name, mm=f"{depth:.0f}", height=height)
    if not inside:
        words = translate("Spot", "{words}: outside the image").format(words=words)
    return Found(place=place, words=words)


def level(at: ImagePoint, here: Lie, there: Lie, *, in_cc: bool) -> Found | str:
    """Return the line of the same depth behind the nipple in the other view of the breast.

    Depth is measured from the nipple straight back: in a CC towards the chest wall, in an MLO along
    the posterior nipple line, at right angles to the pectoral muscle.  What lies so far back is a
    line along the wall, or along the muscle.  Where the muscle's edge is not known, the straight
    distance stands in for the depth in the MLO, and what lies so far is an arc round the nipple; a
    spot far from the nipple's level may then lie off it by more than the tolerance that is drawn.

    Parameters
    ----------
    at : ImagePoint
        The spot, in units of ``here``.
    here, there : Lie
        Of the view pointed at, and of the other.
    in_cc : bool
        Whether the spot is in the CC.
    """
    refusal = _without_mm(here, there)
    if refusal:
        return translate("Spot", "no level line: {reason}").format(reason=refusal)
    for lie in (here, there):
        if lie.nipple is None:
            said = translate("Spot", "no level line: the nipple is not known in {view}")
            return said.format(view=lie.name)
    assert here.nipple is not None
    mlo = there if in_cc else here
    depth = here.behind_nipple(at)
    if depth < 0:
        return translate("Spot", "no level line: in front of the nipple")
    straight = math.hypot(at.col - here.nipple.col, at.row - here.nipple.row)
    distance = depth if in_cc or mlo.muscle is not None else straight
    drawn = [distance, distance - TOLERANCE_MM, distance + TOLERANCE_MM]
    make = _arc if in_cc and mlo.muscle is None else _along
    return Found(
        lines=tuple(make(there, far) for far in drawn if far >= 0),
        words=_level_words(distance, here, there, mlo),
    )


def _level_words(distance: float, here: Lie, there: Lie, mlo: Lie) -> str:
    if mlo.muscle is not None:
        words = translate(
            "Spot",
            "{view}: {mm} mm behind the nipple ({source}), at right angles to the muscle "
            "({muscle}), dashed ±{tolerance} mm",
        )
    else:
        words = translate(
            "Spot",
            "{view}: {mm} mm from the nipple ({source}), muscle not known, dashed ±{tolerance} mm",
        )
    return words.format(
        view=there.name,
        mm=f"{distance:.0f}",
        tolerance=f"{TOLERANCE_MM:.0f}",
        source=_source(here, there),
        muscle=translate("Marks", mlo.muscle_source),
    )


def _source(here: Lie, there: Lie) -> str:
    """Return who tells the nipples: one estimate makes the whole estimated."""
    sources = (here.source, there.source)
    worst = next((source for source in (DOUBTFUL, ESTIMATED) if source in sources), here.source)
    return translate("Marks", worst)


def _arc(lie: Lie, distance: float) -> NDArray[np.float64]:
    """Return the half circle round the nipple on the side of the chest wall."""
    assert lie.nipple is not None
    angle = np.linspace(-np.pi / 2, np.pi / 2, 91)
    back = distance * np.cos(angle) * (1.0 if lie.subject.wall_right else -1.0)
    return np.column_stack([lie.nipple.col + back, lie.nipple.row + distance * np.sin(angle)])


def _along(lie: Lie, distance: float) -> NDArray[np.float64]:
    """Return the line along the wall or the muscle, so far behind the nipple."""
    assert lie.nipple is not None
    (right, down), size = lie.along, lie.subject
    middle = np.array([lie.nipple.col, lie.nipple.row])
    middle += lie.back * distance * np.array([down, -right])
    reach = size.width + size.height  # farther than any edge of the image
    return np.array([middle + way * reach * np.array([right, down]) for way in (-1.0, 1.0)])


def _pair(one: Pane, other: Pane) -> bool:
    return (
        one is not other
        and _view(one) is not None
        and one.side is not None
        and other.side is not None
        and _view(one) is _view(other)
        and one.place.prior == other.place.prior
        and one.place.displaced == other.place.displaced
    )


def _view(pane: Pane) -> Projection | None:
    return pane.mammogram.view.value if pane.mammogram is not None else None


def _without_mm(here: Lie, there: Lie) -> str:
    without = [lie.name for lie in (here, there) if lie.subject.unit != "mm"]
    said = translate("Spot", "no spacing in {views}")
    return said.format(views=", ".join(without)) if without else ""
