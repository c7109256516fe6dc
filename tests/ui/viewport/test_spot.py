"""The same place in another view, in numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mammoview.app.marks.breast_place import SET_BY_READER
from mammoview.domain.geometry import ImageBox, ImagePoint
from mammoview.domain.views import Place, Slot
from mammoview.ui.viewport.placement import Subject
from mammoview.ui.viewport.spot import Found, Lie, level, mirrored, other_view_of, twin_of
from tests.ui.viewport import scene


def lie(name: str, *, right: bool, nipple: tuple[float, float] | None, width: float = 100.0) -> Lie:
    """An image of 200 mm height; ``nipple`` is (mm from the wall, row)."""
    subject = Subject(
        width=width,
        height=200.0,
        breast=ImageBox(col0=0.0, row0=0.0, col1=width, row1=200.0),
        unit="mm",
        pixel_width=0.1,
        pixel_height=0.1,
        wall_right=right,
    )
    plain = Lie(name=name, subject=subject, nipple=None, mid_row=100.0)
    return replace(plain, nipple=plain.at(from_wall=nipple[0], row=nipple[1])) if nipple else plain


R_CC = lie("R CC", right=True, nipple=(80.0, 90.0))
L_CC = lie("L CC", right=False, nipple=(70.0, 120.0), width=140.0)
R_MLO = lie("R MLO", right=True, nipple=(90.0, 130.0), width=120.0)


def found(result: Found | str) -> Found:
    assert isinstance(result, Found), result
    return result


def test_the_twin_lies_as_far_from_the_wall_and_from_the_level_of_the_nipple() -> None:
    twin = found(mirrored(R_CC.at(from_wall=30.0, row=102.0), R_CC, L_CC))
    assert twin.place == ImagePoint(col=30.0, row=132.0)
    assert twin.words == "L CC mirrored: 30 mm from the wall, 12 mm below the nipple (estimated)"
    back = found(mirrored(twin.place, L_CC, R_CC)) if twin.place else None
    assert back is not None
    assert back.place == R_CC.at(from_wall=30.0, row=102.0)


def test_without_an_outline_the_twin_stands_at_the_same_height_and_says_so() -> None:
    bare = replace(L_CC, nipple=None, mid_row=110.0)
    twin = found(mirrored(R_CC.at(from_wall=30.0, row=102.0), R_CC, bare))
    assert twin.place == ImagePoint(col=30.0, row=112.0)
    assert "at this height of the screen" in twin.words


def test_a_twin_off_the_other_image_says_so() -> None:
    narrow = lie("L CC", right=False, nipple=(15.0, 100.0), width=20.0)
    assert found(mirrored(R_CC.at(from_wall=60.0, row=90.0), R_CC, narrow)).words.endswith(
        "outside the image"
    )


def test_without_spacing_there_is_neither_twin_nor_level() -> None:
    pixels = replace(L_CC, subject=replace(L_CC.subject, unit="px"))
    at = R_CC.at(from_wall=30.0, row=102.0)
    assert mirrored(at, R_CC, pixels) == "no twin: no spacing in L CC"
    assert level(at, pixels, R_MLO, in_cc=True) == "no level line: no spacing in L CC"


def test_a_spot_in_the_cc_becomes_an_arc_round_the_nipple_of_the_mlo() -> None:
    """Straight back from the nipple, whatever the height of the spot."""
    result = found(level(R_CC.at(from_wall=35.0, row=140.0), R_CC, R_MLO, in_cc=True))
    nipple = R_MLO.nipple
    assert nipple is not None
    radii = [np.hypot(*(line - [nipple.col, nipple.row]).T) for line in result.lines]
    assert [radius.mean() for radius in radii] == pytest.approx([45.0, 35.0, 55.0])
    assert all(np.ptp(radius) < 1e-9 for radius in radii)
    assert all((line[:, 0] >= nipple.col - 1e-9).all() for line in result.lines)  # wallwards
    assert result.words == (
        "R MLO: 45 mm from the nipple (estimated), muscle not known, dashed ±10 mm"
    )


# The edge of a muscle that leaves the wall by 30 degrees: deep is the way along (cos 30, sin 30),
# backwards and up.
BACK, UP = np.cos(np.radians(30)), np.sin(np.radians(30))


def with_muscle(plain: Lie) -> Lie:
    """Draw the edge from 90 mm off the wall above down to the wall."""
    upper = plain.at(from_wall=90.0, row=0.0)
    lower = plain.at(from_wall=0.0, row=90.0 * BACK / UP)
    return replace(plain, muscle=(upper, lower))


@pytest.mark.parametrize("right", [True, False])
def test_with_its_muscle_the_mlo_is_measured_along_the_posterior_nipple_line(right: bool) -> None:
    cc = lie("CC", right=right, nipple=(80.0, 90.0))
    mlo = with_muscle(lie("MLO", right=right, nipple=(90.0, 130.0), width=120.0))
    assert mlo.nipple is not None
    result = found(level(cc.at(from_wall=35.0, row=140.0), cc, mlo, in_cc=True))
    for line, deep in zip(result.lines, (45.0, 35.0, 55.0), strict=True):
        for col, row in line:
            at = ImagePoint(col=col, row=row)
            back, up = mlo.from_wall(mlo.nipple) - mlo.from_wall(at), mlo.nipple.row - at.row
            assert back * BACK + up * UP == pytest.approx(deep)
    assert result.words == (
        "MLO: 45 mm behind the nipple (estimated), at right angles to the muscle (estimated), "
        "dashed ±10 mm"
    )
    # And the other way: as far up along the muscle as one likes, the depth stays the same.
    for along in (-30.0, 0.0, 50.0):
        spot = mlo.at(
            from_wall=90.0 - 45.0 * BACK + along * UP, row=130.0 - 45.0 * UP - along * BACK
        )
        in_cc = found(level(spot, mlo, cc, in_cc=False))
        cols = {round(cc.from_wall(ImagePoint(col=c, row=0.0)), 6) for c, _ in in_cc.lines[0]}
        assert cols == {35.0}


def test_in_front_of_the_nipple_is_told_along_the_muscle_too() -> None:
    mlo = with_muscle(R_MLO)
    low_and_deep = mlo.at(from_wall=80.0, row=130.0 + 30.0)  # 10 mm back, 30 mm down
    assert level(low_and_deep, mlo, R_CC, in_cc=False) == "no level line: in front of the nipple"
    assert isinstance(level(low_and_deep, R_MLO, R_CC, in_cc=False), Found)


def test_a_spot_in_the_mlo_becomes_a_line_along_the_wall_of_the_cc() -> None:
    spot = R_MLO.at(from_wall=90.0 - 30.0, row=130.0 - 40.0)
    result = found(level(spot, R_MLO, R_CC, in_cc=False))
    depths = [
        80.0 - R_CC.from_wall(ImagePoint(col=c, row=0.0))
        for c, _ in (line[0] for line in result.lines)
    ]
    assert depths == pytest.approx([50.0, 40.0, 60.0])
    assert all(line[0, 0] == line[1, 0] for line in result.lines)


def test_no_line_in_front_of_the_nipple_or_without_one() -> None:
    assert level(R_CC.at(from_wall=95.0, row=90.0), R_CC, R_MLO, in_cc=True) == (
        "no level line: in front of the nipple"
    )
    bare = replace(R_MLO, nipple=None)
    said = level(R_CC.at(from_wall=20.0, row=90.0), R_CC, bare, in_cc=True)
    assert isinstance(said, str)
    assert said == "no level line: the nipple is not known in R MLO"


def test_one_estimate_makes_the_whole_estimated() -> None:
    by_hand = [replace(lie, source=SET_BY_READER) for lie in (R_CC, R_MLO)]
    at = R_CC.at(from_wall=35.0, row=140.0)
    assert "(set by the reader)" in found(level(at, *by_hand, in_cc=True)).words
    assert "(estimated)" in found(level(at, R_CC, by_hand[1], in_cc=True)).words
    assert "(estimated)" in found(mirrored(at, by_hand[0], L_CC)).words


def test_near_the_nipple_the_inner_border_is_left_out() -> None:
    near = found(level(R_CC.at(from_wall=75.0, row=90.0), R_CC, R_MLO, in_cc=True))
    assert len(near.lines) == 2


def test_partners_are_of_the_same_examination_and_kind() -> None:
    panes = [scene.pane(slot, scene.image(scene.bright(60, 40))) for slot in Slot]
    rcc, lcc, rmlo, _ = panes
    prior = replace(lcc, place=Place(slot=Slot.LCC, prior=True))
    displaced = replace(lcc, place=Place(slot=Slot.LCC, displaced=True))
    assert twin_of(rcc, tuple(panes)) is lcc
    assert twin_of(rcc, (rcc, prior, displaced, rmlo)) is None
    assert twin_of(prior, (rcc, prior)) is None
    assert other_view_of(rcc, tuple(panes)) is rmlo
    assert other_view_of(rmlo, tuple(panes)) is rcc
    assert other_view_of(prior, tuple(panes)) is None
    assert twin_of(scene.empty_pane(Slot.RCC), tuple(panes)) is None
