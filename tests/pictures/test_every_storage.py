"""Whatever pose, VOI, polarity, padding and sign: one image pixel is the standard's grey."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.builders.dicom import VIEWS
from tests.pictures.conftest import WriteExam
from tests.pictures.phantom import picture_of
from tests.pictures.screen import Canvas, beside_the_wall, shoot
from tests.pictures.storage import Storage, grey_by_standard, mixed_storages

EXAMS = mixed_storages(24)
SMALL = [picture_of(view, 280, 200) for view in VIEWS]

# One grey level is rounding; one pixel in a thousand may differ more, for a text over the image.
_MOST_LEVELS = 1
_MOST_PIXELS = 0.001


def levels(way: Storage) -> tuple[object, ...]:
    """Return how each property of a storage is set."""
    return (way.pose, way.kind, way.photometric, way.padding, way.signed, way.slope)


def test_every_pair_of_properties_is_met() -> None:
    ways = [(view, *levels(way)) for exam in EXAMS for view, way in zip(VIEWS, exam, strict=True)]
    for one, other in combinations(range(len(ways[0])), 2):
        met = {(way[one], way[other]) for way in ways}
        assert met == set(product({way[one] for way in ways}, {way[other] for way in ways}))


@pytest.mark.parametrize("first", range(0, len(EXAMS), 6))
def test_one_to_one_is_the_standards_grey(
    canvas: Canvas, write_exam: WriteExam, first: int
) -> None:
    for exam in EXAMS[first : first + 6]:
        check_grey(canvas, shoot(write_exam(exam, SMALL)), exam)


def check_grey(canvas: Canvas, shot: NDArray[np.int64], exam: tuple[Storage, ...]) -> None:
    for view, way, picture in zip(VIEWS, exam, SMALL, strict=True):
        wanted = grey_by_standard(picture, way)
        seen = beside_the_wall(canvas.pane(shot, view), wanted, right=view[0] == "R")
        off = np.abs(seen - wanted) > _MOST_LEVELS
        assert off.mean() <= _MOST_PIXELS, f"{view} {way}: {off.mean():.1%} of the pixels differ"


def test_inverted_tissue_changes_and_padding_stays_black(
    canvas: Canvas, write_exam: WriteExam
) -> None:
    for exam in EXAMS[::5]:
        check_inverted(canvas, shoot(write_exam(exam, SMALL), invert=True), exam)


def check_inverted(canvas: Canvas, shot: NDArray[np.int64], exam: tuple[Storage, ...]) -> None:
    for view, way, picture in zip(VIEWS, exam, SMALL, strict=True):
        wanted = grey_by_standard(picture, way, invert=True)
        compared = np.ones_like(wanted, np.bool_) if way.padded else picture > 0.05
        pane = canvas.pane(shot, view)
        seen = beside_the_wall(pane, wanted, right=view[0] == "R")
        off = np.abs(seen - wanted) > _MOST_LEVELS
        assert off[compared].mean() <= _MOST_PIXELS, f"{view} {way}"
        away = np.s_[:, :20] if view[0] == "R" else np.s_[:, -20:]
        assert seen[away][:20].max() == 0, f"{view} {way}: the air is bright"
