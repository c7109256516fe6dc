"""Two breasts are laid side by side as their outlines agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mammoview.app.pixels.resolve import load_image
from mammoview.dicom.index import index_paths
from mammoview.domain.views import Slot
from mammoview.imaging.orientation import apply_pose
from mammoview.imaging.side_by_side import drop_of_second


def _breast(rows: int, top: float, high: float, deep: float = 40.0) -> NDArray[np.bool_]:
    """Return half an ellipse on the left border, from ``top`` on and ``high`` rows high."""
    row, col = np.mgrid[:rows, :60] + 0.5
    inside = ((row - top - high / 2) / (high / 2)) ** 2 + (col / deep) ** 2 <= 1.0
    return np.asarray(inside, np.bool_)


@pytest.mark.parametrize("drop", [-30, -7, 0, 1, 12, 25])
def test_the_same_breast_farther_down(drop: int) -> None:
    first, second = _breast(160, 40, 90), _breast(160, 40 + drop, 90)
    assert drop_of_second(first, 1.5, second, 1.5) == pytest.approx(1.5 * drop)


def test_masks_of_other_cells_and_other_images() -> None:
    """Half the cells in an image that is cut off above the breast."""
    first = _breast(160, 40, 90)
    second = first[20:140:2, ::2]
    assert drop_of_second(first, 1.0, second, 2.0) == pytest.approx(-20.0, abs=1.0)


@pytest.mark.parametrize("rows", [1, 8, 30])
def test_an_image_of_another_scale_is_laid_somewhere(rows: int) -> None:
    """As where one of two spacings is ten times the other."""
    large, small = _breast(160, 30, 100), np.ones((rows, 4), bool)
    assert abs(drop_of_second(large, 1.0, small, 1.0)) <= 160.0
    assert abs(drop_of_second(small, 1.0, large, 1.0)) <= 160.0


def test_a_smaller_breast_lies_in_the_middle_of_a_larger_one() -> None:
    first, second = _breast(160, 30, 100), _breast(160, 35, 70, deep=28.0)
    assert drop_of_second(first, 1.0, second, 1.0) == pytest.approx(-10.0, abs=1.5)


def test_a_bump_on_a_straight_breast_moves_nothing() -> None:
    first = np.zeros((160, 60), bool)
    first[30:130, :40] = True
    second = first.copy()
    first[45:50, :42] = True  # the outermost points lie 65 rows apart
    second[110:115, :42] = True
    assert drop_of_second(first, 1.0, second, 1.0) == pytest.approx(0.0, abs=2.0)


def test_the_sides_of_a_real_examination(demo_exam_p00173: list[Path]) -> None:
    """Its R MLO hangs straight: the outermost points of both sides lie 660 rows apart."""
    (exam,) = index_paths(demo_exam_p00173).examinations
    masks = {}
    for view in exam.mammograms:
        if view.slot in (Slot.RMLO, Slot.LMLO):
            _, image = load_image(view)
            mask, _ = apply_pose(image.breast, image.pose)
            height = image.stored.shape[0] / mask.shape[0]
            masks[view.slot] = (mask[:, ::-1] if view.slot is Slot.RMLO else mask, height)
    drop = drop_of_second(*masks[Slot.RMLO], *masks[Slot.LMLO])
    assert 100 < drop < 380
