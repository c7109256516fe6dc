"""What outlines tell of a finding: as a reader would measure it, and never more than they do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mammoview.app.marks import marking
from mammoview.app.second_read.finding_place import Estimate, described, estimate
from mammoview.app.workspace import Workspace
from mammoview.domain.annotation import MarkKind
from mammoview.domain.finding import Depth, Finding, FindingKind, FindingView, Quadrant
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.views import Laterality, Slot
from tests.builders.hung import COLS, hung
from tests.builders.marks import point_mark

R, L = Laterality.RIGHT, Laterality.LEFT
WS = hung()  # frozen: read-only for all tests


def box(
    slot: Slot, deep: float, up: float, *, width: float = 60, height: float = 80
) -> FindingView:
    """Return an outline so many pixels behind and above the tip of the breast."""
    col = COLS - 700 + deep if slot.laterality is R else 700 - deep
    row = 500 - up
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    outline = tuple(
        ImagePoint(col=col + x * width / 2, row=row + y * height / 2) for x, y in corners
    )
    return FindingView(sop_instance_uid=f"1.2.3.{slot}", outline=outline)


def both(side: Laterality, deep: float, outer: float, upper: float) -> tuple[FindingView, ...]:
    return box(Slot(f"{side}CC"), deep, outer), box(Slot(f"{side}MLO"), deep, upper)


def told(outlines: tuple[FindingView, ...], side: Laterality, ws: Workspace = WS) -> Estimate:
    return estimate(outlines, side, ws.views, ws.marks)


def test_two_views_tell_quadrant_hour_depth_and_size() -> None:
    found = told(both(R, 300, 200, 350), R)
    assert (found.quadrant, found.clock, found.depth) == (
        Quadrant.UPPER_OUTER,
        11,
        Depth.MIDDLE,
    )
    assert found.size_mm == 10.0  # the diagonal of 6 x 8 mm
    size, cc, mlo = found.notes
    assert size == "10.0 mm: longest diameter in R CC (at detector)"
    assert cc.startswith("R CC: ")
    assert cc.endswith("mm from the nipple (estimated), outer half, middle third")
    assert mlo.endswith("upper half, middle third")


def test_the_same_place_in_the_left_breast() -> None:
    found = told(both(L, 300, 200, 350), L)
    assert (found.quadrant, found.clock, found.depth) == (Quadrant.UPPER_OUTER, 1, Depth.MIDDLE)


@given(
    deep=st.integers(min_value=10, max_value=690),
    outer=st.integers(min_value=-400, max_value=400),
    upper=st.integers(min_value=-400, max_value=400),
)
def test_mirrored_breasts_tell_mirrored_places(deep: int, outer: int, upper: int) -> None:
    right, left = told(both(R, deep, outer, upper), R), told(both(L, deep, outer, upper), L)
    assert right.quadrant is left.quadrant
    assert right.size_mm == left.size_mm
    assert right.clock == ((12 - left.clock or 12) if left.clock else 0)
    assert right.depth is left.depth


def test_one_view_makes_nothing_up() -> None:
    found = told(both(R, 650, 200, 350)[:1], R)
    assert (found.quadrant, found.clock) == (Quadrant.UNKNOWN, 0)
    assert found.depth is Depth.POSTERIOR
    assert "outer half" in found.notes[-1]


def test_an_outline_on_the_other_breast_tells_nothing() -> None:
    found = told((both(R, 300, 200, 350)[0], both(L, 300, 200, 350)[1]), R)
    assert found.clock == 0
    assert all("L MLO" not in note for note in found.notes)
    assert told((), R) == Estimate()


def test_pixels_alone_give_a_quadrant_and_no_hour_or_millimetres() -> None:
    ws = hung(spacing=None)
    found = told(both(R, 300, 200, 350), R, ws)
    assert (found.size_mm, found.clock, found.quadrant) == (0.0, 0, Quadrant.UPPER_OUTER)
    assert found.depth is Depth.MIDDLE
    assert all("mm" not in note for note in found.notes)


def test_the_readers_own_nipple_goes_first() -> None:
    nipple = point_mark(MarkKind.NIPPLE, COLS - 700, 100, uid="1.2.3.RCC")
    ws = marking.add(WS, nipple)
    found = told(both(R, 300, 200, 350), R, ws)
    assert "(set by the reader), inner half" in found.notes[1]
    assert found.quadrant is Quadrant.UPPER_INNER


def test_a_spot_has_a_place_and_no_size() -> None:
    spots = tuple(
        replace(view, outline=(ImagePoint(col=view.outline[0].col, row=view.outline[0].row),))
        for view in both(R, 300, 200, 350)
    )
    found = told(spots, R)
    assert found.size_mm == 0.0
    assert found.quadrant is Quadrant.UPPER_OUTER


@pytest.mark.parametrize("field", ["quadrant", "clock", "depth", "size_mm"])
def test_what_the_reader_chose_stays(field: str) -> None:
    before, now = told(both(R, 300, 200, 350)[:1], R), told(both(R, 300, 200, 350), R)
    own = {"quadrant": Quadrant.CENTRAL, "clock": 6, "depth": Depth.ANTERIOR, "size_mm": 4.5}
    made = Finding(
        id="f",
        laterality=R,
        kind=FindingKind.MASS,
        views=both(R, 300, 200, 350),
        quadrant=before.quadrant,
        clock=before.clock,
        depth=before.depth,
        size_mm=before.size_mm,
    )
    chosen = described(replace(made, **{field: own[field]}), before, now)  # type: ignore[arg-type]
    for name in own:
        expected = own[name] if name == field else getattr(now, name)
        assert getattr(chosen, name) == expected
