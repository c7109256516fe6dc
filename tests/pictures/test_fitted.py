"""Images made smaller than stored: the mean grey under each screen pixel, at the right place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mammoview.app.workspace import FitMode
from tests.builders.dicom import POSES, VIEWS
from tests.pictures.conftest import WriteExam
from tests.pictures.phantom import picture_of, scaled
from tests.pictures.screen import Canvas, shoot
from tests.pictures.storage import Kind, Storage, grey_by_standard, mixed_storages

_TAKEN = mixed_storages(5)
_ROWS, _COLS = 840, 600
_PICTURES = [picture_of(view, _ROWS, _COLS) for view in VIEWS]

# Smooth scaling treats an edge a little otherwise than a mean over each screen pixel does.
_MOST_MEAN_LEVELS = 0.7
# From one pose to another only blocks that touch padding may differ.
_MOST_PIXELS_BETWEEN_POSES = 0.02
_SHIFTS_PX = [(0.0, 0.0), (0.5, 0.0), (-0.5, 0.0), (0.0, 0.5), (0.0, -0.5)]


def covered(canvas: Canvas, shot: NDArray[np.int64], view: tuple[str, str]) -> NDArray[np.int64]:
    """Return the four fifths next to the chest wall of an image whose rows fill its pane.

    The line of the scale reaches into the last fifth.
    """
    pane = canvas.pane(shot, view)
    cols = (canvas.middle_row - canvas.top) * _COLS // _ROWS * 4 // 5
    return pane[:, -cols:] if view[0] == "R" else pane[:, :cols]


def check(
    canvas: Canvas,
    shot: NDArray[np.int64],
    ways: tuple[Storage, ...],
    pictures: Sequence[NDArray[np.float64]],
) -> None:
    """Compare the whole images of a snapshot with means over screen pixels, here and shifted."""
    for view, way, picture in zip(VIEWS, ways, pictures, strict=True):
        factor = (canvas.middle_row - canvas.top) / picture.shape[0]
        grey, seen = grey_by_standard(picture, way), covered(canvas, shot, view)
        error, *shifted = (
            np.abs(
                scaled(grey, factor, seen.shape, right=view[0] == "R", shift_px=by) - seen
            ).mean()
            for by in _SHIFTS_PX
        )
        assert error <= _MOST_MEAN_LEVELS, f"{view} {way}"
        assert error < min(shifted), f"{view} {way}: it is shifted"


def test_all_poses_and_functions_are_taken() -> None:
    ways = [way for exam in _TAKEN for way in exam]
    assert {way.pose for way in ways} == set(POSES)
    assert {way.kind for way in ways} == set(Kind)


def test_fitted_is_the_mean_under_each_screen_pixel_in_every_pose(
    canvas: Canvas, write_exam: WriteExam
) -> None:
    for ways in _TAKEN:
        posed = shoot(write_exam(ways, _PICTURES), fit=FitMode.IMAGE)
        check(canvas, posed, ways, _PICTURES)
        upright = tuple(replace(way, pose=(False, 0)) for way in ways)
        canonical = shoot(write_exam(upright, _PICTURES), fit=FitMode.IMAGE)
        for view, way in zip(VIEWS, ways, strict=True):
            one, other = (covered(canvas, shot, view) for shot in (posed, canonical))
            differ = np.abs(one - other) > 1
            assert differ.mean() <= _MOST_PIXELS_BETWEEN_POSES, f"{view} {way}"


def test_much_smaller_than_stored_is_still_in_place(canvas: Canvas, write_exam: WriteExam) -> None:
    pictures = [picture_of(view, 1757, 1255) for view in VIEWS]
    shot = shoot(write_exam(_TAKEN[0], pictures), fit=FitMode.IMAGE)
    check(canvas, shot, _TAKEN[0], pictures)
