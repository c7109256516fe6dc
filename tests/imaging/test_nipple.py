"""The nipple's estimate, in stored pixels whichever way the image lies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mammoview.app.landmarks import nipple_in
from mammoview.app.pixels.resolve import load_image
from mammoview.dicom.index import index_paths
from mammoview.domain.geometry import PixelSpacing, Pose
from mammoview.domain.views import Laterality
from mammoview.imaging.nipple import NippleEstimate, estimate_nipple
from mammoview.imaging.nipple_bump import find_bump
from mammoview.imaging.orientation import apply_pose, pose_affine

_SHOWN = (120, 90)  # of the mask as displayed; one cell is 10 x 10 displayed pixels


def _shown_breast(laterality: Laterality) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Return half an ellipse whose tip is at row 50, 70 cells from the wall."""
    row, col = np.mgrid[0:120, 0:90] + 0.5
    depth = 90 - col if laterality is Laterality.RIGHT else col
    return np.asarray((depth / 70) ** 2 + ((row - 50) / 45) ** 2 < 1)


@pytest.mark.parametrize("laterality", list(Laterality))
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_it_is_the_farthest_place_from_the_wall(
    laterality: Laterality, flip: bool, degrees: int
) -> None:
    pose = Pose(flip_horizontal=flip, rotate_degrees=degrees, source="test")
    shape = (900, 1200) if degrees in (90, 270) else (1200, 900)
    back = Pose(flip_horizontal=False, rotate_degrees=-degrees % 360, source="test")
    stored, _ = apply_pose(_shown_breast(laterality), back)
    stored = stored[:, ::-1] if flip else stored
    shown, _ = apply_pose(stored, pose)
    assert (shown == _shown_breast(laterality)).all()
    spacing = PixelSpacing(row_mm=0.1, col_mm=0.1, source="test")
    for mm in (spacing, None):
        found = estimate_nipple(stored, shape=shape, pose=pose, laterality=laterality, spacing=mm)
        assert found is not None
        assert not found.doubtful
        at = pose_affine(pose, *shape).apply(found.place)
        wanted = 900 - 700 if laterality is Laterality.RIGHT else 700
        assert at.col == pytest.approx(wanted, abs=15)
        assert at.row == pytest.approx(500, abs=10)


@pytest.mark.parametrize("mask", [np.ones((12, 9), np.bool_), np.zeros((12, 9), np.bool_)])
def test_no_breast_no_nipple(mask: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> None:
    assert _of(mask, Laterality.RIGHT) is None


def test_no_side_no_nipple() -> None:
    assert _of(_shown_breast(Laterality.LEFT), None) is None


def _of(
    mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], laterality: Laterality | None
) -> NippleEstimate | None:
    pose = Pose(flip_horizontal=False, rotate_degrees=0, source="test")
    return estimate_nipple(mask, shape=(1200, 900), pose=pose, laterality=laterality, spacing=None)


# -- breasts of many shapes ---------------------------------------------------------------------

Depth = Callable[[float], float]
_HIGH, _WIDE, _CELL_PX = 190, 120, 10


def _laid(
    depth: Depth, *, noise: float, seed: int
) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Return the mask of a right breast so deep at each row, its outline a little rough."""
    rough = np.random.default_rng(seed).normal(0.0, noise, _HIGH)
    deep = np.array([depth(row + 0.5) for row in range(_HIGH)])
    cells = np.round(np.clip(np.where(deep > 0, deep + rough, 0.0), 0, _WIDE - 1)).astype(int)
    return np.asarray(np.arange(_WIDE)[None, :] >= _WIDE - cells[:, None])


def _round(deep: float, half_height: float, power: float, tip: float = 95.0) -> Depth:
    def depth(row: float) -> float:
        left = 1.0 - abs((row - tip) / half_height) ** power
        return float(deep * max(0.0, left) ** (1.0 / power))

    return depth


def _hanging(deep: float, top: float, tip: float = 115.0, lower: float = 50.0) -> Depth:
    """As an MLO that hangs straight: nearly as deep at the top as at the nipple, then a corner."""

    def depth(row: float) -> float:
        if row <= tip:
            return top + (deep - top) * row / tip
        return max(0.0, deep * (1.0 - (row - tip) / lower))

    return depth


def _row_of(
    mask: np.ndarray[tuple[int, int], np.dtype[np.bool_]],
    skin: np.ndarray[tuple[int, int], np.dtype[np.bool_]] | None = None,
) -> tuple[float, bool]:
    found = estimate_nipple(
        mask,
        skin=skin,
        shape=(_HIGH * _CELL_PX, _WIDE * _CELL_PX),
        pose=Pose(flip_horizontal=False, rotate_degrees=0, source="test"),
        laterality=Laterality.RIGHT,
        spacing=None,
    )
    assert found is not None
    return found.place.row / _CELL_PX, found.doubtful


@pytest.mark.parametrize("power", [2.0, 2.6], ids=["ellipse", "fuller"])
@pytest.mark.parametrize(("deep", "half_height"), [(40, 60), (60, 60), (70, 45), (80, 70)])
def test_a_round_outline_has_no_corner_that_leads_astray(
    deep: float, half_height: float, power: float
) -> None:
    """What is found for a corner in a rough round outline would lie 20 to 40 rows away."""
    for seed in range(10):
        row, _ = _row_of(_laid(_round(deep, half_height, power), noise=0.4, seed=seed))
        assert row == pytest.approx(95.0, abs=13.0)


@pytest.mark.parametrize("top", [62.0, 60.0, 56.0])
def test_a_breast_that_hangs_straight_has_its_nipple_where_the_outline_turns(top: float) -> None:
    """The outermost place of the first is at its top, far from the nipple."""
    for seed in range(10):
        row, doubtful = _row_of(_laid(_hanging(58.0, top), noise=0.4, seed=seed))
        assert row == pytest.approx(115.0, abs=6.0)
        assert not doubtful


def _with_nipple(
    mask: np.ndarray[tuple[int, int], np.dtype[np.bool_]], row: int, *, high: int, out: int
) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Return a breast with a nipple so many cells high that stands out by so many."""
    pointed = mask.copy()
    for at in range(row - high // 2, row + high // 2 + 1):
        pointed[at, int(mask[at].argmax()) - out : int(mask[at].argmax())] = True
    return pointed


@pytest.mark.parametrize("row", [95, 125])
def test_a_nipple_that_stands_out_goes_before_the_outermost_place(row: int) -> None:
    mask = _with_nipple(_laid(_round(70.0, 70.0, 2.0), noise=0.3, seed=3), row, high=8, out=5)
    found, doubtful = _row_of(mask)
    assert found == pytest.approx(row, abs=5.0)
    assert not doubtful


def test_a_nipple_that_only_the_skin_shows_is_found() -> None:
    """As faint as the skin beside the breast, it is not in the mask of the breast."""
    mask = _laid(_round(70.0, 70.0, 2.0), noise=0.3, seed=3)
    skin = np.kron(_with_nipple(mask, 125, high=8, out=5), np.ones((2, 2), np.bool_))
    assert _row_of(mask)[0] == pytest.approx(95.0, abs=13.0)
    assert _row_of(mask, skin)[0] == pytest.approx(125.0, abs=5.0)


def test_of_two_places_that_stand_out_alike_neither_is_a_nipple() -> None:
    mask = _laid(_round(70.0, 70.0, 2.0), noise=0.3, seed=3)
    once = _with_nipple(mask, 60, high=8, out=5)
    assert find_bump(once[:, ::-1]) is not None
    assert find_bump(_with_nipple(once, 130, high=8, out=5)[:, ::-1]) is None


def test_neither_an_arm_above_the_breast_nor_a_film_border_is_its_nipple() -> None:
    mask = _laid(_round(60.0, 60.0, 2.0, tip=120.0), noise=0.3, seed=3)
    mask[:40, -85:] = True
    mask[-2:, :] = True
    assert _row_of(mask)[0] == pytest.approx(120.0, abs=13.0)


def test_an_outline_that_does_not_tell_is_doubtful() -> None:
    flat = _laid(_round(30.0, 85.0, 4.0), noise=0.0, seed=0)
    assert _row_of(flat)[1]


def test_the_real_views_have_their_nipples(
    demo_exam_p00820: list[Path], demo_exam_p00173: list[Path]
) -> None:
    """Share of the picture's height where a reader sees it.

    The breast of R MLO of P_00173 hangs straight, and the nipple of its L MLO is faint beside it.
    """
    seen = {
        ("P_00820", "R CC"): 0.537, ("P_00820", "L CC"): 0.554,
        ("P_00820", "R MLO"): 0.663, ("P_00820", "L MLO"): 0.587,
        ("P_00173", "R CC"): 0.509, ("P_00173", "L CC"): 0.472,
        ("P_00173", "R MLO"): 0.602, ("P_00173", "L MLO"): 0.675,
    }  # fmt: skip
    for person, files in (("P_00820", demo_exam_p00820), ("P_00173", demo_exam_p00173)):
        for header in index_paths(files).examinations[0].mammograms:
            view, image = load_image(header)
            rows, cols = image.stored.shape
            found = nipple_in(view, image)
            assert found is not None
            shown = pose_affine(image.pose, rows, cols).apply(found.place).row / rows
            assert shown == pytest.approx(seen[person, view.label], abs=0.02), view.label
            assert not found.doubtful, view.label
