"""Boxes by running sums are what SimpleITK makes of the same boxes."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from mammoview.imaging.box_morphology import dilated, largest_part, opened


@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (4, 0), (0, 3), (7, 9)])
def test_they_are_the_usual_ones(rows: int, cols: int) -> None:
    mask = np.random.default_rng(2).random((60, 40)) < 0.6
    mask[10:40, 5:30] = True
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    grown = sitk.BinaryDilate(image, [cols, rows], sitk.sitkBox)
    assert (dilated(mask, rows=rows, cols=cols) == sitk.GetArrayFromImage(grown)).all()
    # Beyond the border is nothing: SimpleITK says the same of a picture with a black rim.
    rim = sitk.ConstantPad(image, [cols, rows], [cols, rows], 0)
    kept = sitk.BinaryMorphologicalOpening(rim, [cols, rows], sitk.sitkBox)
    inner = sitk.GetArrayFromImage(kept)[rows : rows + 60, cols : cols + 40]
    assert (opened(mask, rows=rows, cols=cols) == inner).all()


def test_a_strip_along_the_border_does_not_last() -> None:
    mask = np.zeros((40, 30), np.bool_)
    mask[:2, :] = True
    mask[10:30, :20] = True
    kept = opened(mask, rows=2, cols=0)
    assert not kept[:2].any()
    assert kept[10:30, :20].all()


def test_the_largest_part_is_kept_alone() -> None:
    mask = np.zeros((20, 20), np.bool_)
    mask[:3, :3] = True
    mask[8:15, 8:15] = True
    assert largest_part(mask).sum() == 49
    assert not largest_part(np.zeros((4, 4), np.bool_)).any()
