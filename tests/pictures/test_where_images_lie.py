"""Breasts back to back without a gutter, right on the left, and one size in mm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mammoview.app.workspace import FitMode
from tests.builders.dicom import VIEWS
from tests.pictures.conftest import PLAIN
from tests.pictures.phantom import LINE_MM, MM_PER_PX, picture_of
from tests.pictures.screen import Canvas, shoot
from tests.pictures.storage import Storage, write

_BRIGHT = 225  # of the line along the chest wall, and of little else so near to it


def test_four_panes_meet_in_the_middle(canvas: Canvas, plain_shot: NDArray[np.int64]) -> None:
    rcc, lcc, rmlo, lmlo = PLAIN
    rows, cols = plain_shot[canvas.top : canvas.bottom], slice(canvas.left, canvas.right)
    middle = rows[:, canvas.middle_col - 1 : canvas.middle_col + 1]
    half = canvas.middle_row - canvas.top
    assert (middle[:half] == (rcc, lcc)).all(axis=1).mean() > 0.99
    assert (middle[half:] == (rmlo, lmlo)).all(axis=1).mean() > 0.99
    meeting = plain_shot[canvas.middle_row - 1 : canvas.middle_row + 1, cols].T
    assert (meeting[:, 0] > meeting[:, 1]).mean() > 0.99
    assert abs(2 * canvas.middle_col - canvas.left - canvas.right) <= 1
    assert abs(2 * canvas.middle_row - canvas.top - canvas.bottom) <= 1


@pytest.mark.parametrize(
    ("step", "left", "right"),
    [("cc-pair", 0, 1), ("mlo-pair", 2, 3), ("right", 0, 2), ("left", 1, 3)],
)
def test_two_panes_meet_in_the_middle(
    canvas: Canvas, plain_exam: Path, step: str, left: int, right: int
) -> None:
    shot = shoot(plain_exam, step=step)
    rows = shot[canvas.top : canvas.bottom]
    pair = rows[:, canvas.middle_col - 1 : canvas.middle_col + 1]
    meeting = pair == (PLAIN[left], PLAIN[right])
    assert meeting[:, 1].mean() > 0.99
    # The ruler of a left breast that hangs on the left stands at the middle, between the texts.
    eighth = len(meeting) // 8
    assert meeting[:eighth].mean() > 0.99
    assert meeting[-eighth:].mean() > 0.99


def test_a_line_has_one_length_in_all_panes(canvas: Canvas, tmp_path: Path) -> None:
    folder = tmp_path / "exam"
    folder.mkdir()
    for number, view in enumerate(VIEWS):
        finer = 1 + number  # the same breast, on detectors with smaller pixels
        picture = picture_of(view, 280 * finer, 200 * finer)
        file = folder / f"{''.join(view)}.dcm"
        write(file, view, picture, Storage(), mm_per_px=MM_PER_PX / finer)
    shot = shoot(folder, fit=FitMode.BREAST)
    lengths = [line_px(canvas.pane(shot, view), right=view[0] == "R") for view in VIEWS]
    assert max(lengths) - min(lengths) <= 2
    # The breast, 49 mm of the 56, is fitted to the pane: what is known of the size in mm.
    assert lengths[0] == pytest.approx(LINE_MM * (canvas.middle_row - canvas.top) / 49, rel=0.12)


def line_px(pane: NDArray[np.int64], *, right: bool) -> int:
    """Return the length of the longest bright vertical run in the tenth next to the chest wall."""
    cols = pane.shape[1] // 6
    strip = pane[:, -cols:] if right else pane[:, :cols]
    return max(_longest_run(column > _BRIGHT) for column in strip.T)


def _longest_run(bright: NDArray[np.bool_]) -> int:
    ends = np.flatnonzero(np.diff(np.concatenate([[0], bright.astype(np.int8), [0]])))
    return int((ends[1::2] - ends[::2]).max(initial=0))
