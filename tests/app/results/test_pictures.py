"""Where marks come to lie on pictures: found again by their colour, in every pose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mammoview import words
from mammoview.app.pixels.resolve import load_image
from mammoview.app.results.pictures import picture_of
from mammoview.app.results.report_pdf import report_pdf
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.reading import ReadReport
from mammoview.domain.study import Mammogram
from mammoview.imaging import marked_picture
from mammoview.imaging.orientation import pose_affine
from tests.builders.dicom import build_exam, build_mg
from tests.builders.kept import examination
from tests.builders.reports import report

POSES = [(flip, degrees) for flip in (False, True) for degrees in (0, 90, 180, 270)]


def _spot_alone(image: Mammogram, at: ImagePoint) -> ReadReport:
    """Return a read with one calcification mark at a place, and nothing else drawn."""
    whole = report([image])
    mark = replace(whole.shown[1], peak=at, outline=())
    return replace(
        whole,
        shown=(mark,),
        answers=(),
        annotations=(),
        final=replace(whole.final, findings=()),
    )


@pytest.mark.parametrize("pose", POSES)
def test_a_mark_lies_where_its_place_comes_to_hang(tmp_path: Path, pose: tuple[bool, int]) -> None:
    build_mg(tmp_path / "a.dcm", rows=400, cols=300, pose=pose)
    (mammogram,) = examination(tmp_path).mammograms
    settled, image = load_image(mammogram)
    at = ImagePoint(col=90.0, row=250.0)
    picture = picture_of(
        _spot_alone(settled, at), settled, image, voi=None, long_side_px=200, in_words=False
    )
    colour = np.array(marked_picture.CAD_CALCIFICATION)
    near = np.abs(picture.astype(int) - colour).max(axis=2) < 40
    rows, cols = np.nonzero(near)
    shown = pose_affine(image.pose, 400, 300).apply(at)
    # The label stands at the right of the sign: its left part is the sign.
    assert shown.row / 2 == pytest.approx(rows.mean(), abs=4)
    assert cols.min() == pytest.approx(shown.col / 2 - 0.011 * 200, abs=2.5)


def test_a_label_that_is_too_long_is_broken_and_not_cut(tmp_path: Path) -> None:
    build_mg(tmp_path / "a.dcm", rows=400, cols=300)
    (mammogram,) = examination(tmp_path).mammograms
    settled, image = load_image(mammogram)
    read = _spot_alone(settled, ImagePoint(col=295.0, row=5.0))
    picture = picture_of(read, settled, image, voi=None, long_side_px=400, in_words=True)
    assert picture.shape == (400, 300, 3)
    colour = np.array(marked_picture.CAD_CALCIFICATION)
    _, cols = np.nonzero(np.abs(picture.astype(int) - colour).max(axis=2) < 40)
    assert cols.max() < 300
    assert cols.min() < 200  # it went to the other side of its mark


def test_a_word_longer_than_the_picture_is_broken_and_not_cut(tmp_path: Path) -> None:
    """A notice without a space, as some languages have it, is whole on the picture."""
    build_mg(tmp_path / "a.dcm", rows=400, cols=300)
    (mammogram,) = examination(tmp_path).mammograms
    settled, image = load_image(mammogram)
    read = _spot_alone(settled, ImagePoint(col=150.0, row=200.0))
    words.use(lambda context, text, comment, n: "W" * 120 if "Research use" in text else "")
    try:
        picture = picture_of(read, settled, image, voi=None, long_side_px=400, in_words=True)
    finally:
        words.use(None)
    caution = np.abs(picture.astype(int) - np.array((255, 190, 90))).max(axis=2) < 60
    rows, cols = np.nonzero(caution)
    assert 0 < cols.min() < cols.max() < 299
    assert rows.max() - rows.min() > 20, "more than one line"


def test_report_has_numbered_pages_and_is_the_same_each_time(tmp_path: Path) -> None:
    build_exam(tmp_path)
    images = examination(tmp_path).mammograms
    read = report(images)
    grey = np.full((60, 40, 3), 90, np.uint8)
    pictures = [(image.slot or "", grey) for image in images]
    made = report_pdf(read, pictures)
    assert made.startswith(b"%PDF-")
    assert made.count(b"/Type /Page\n") == 2
    assert made == report_pdf(read, pictures)
    assert b"Phantom" not in made  # not in a title or another field that a file list shows


def test_a_long_report_goes_on_over_pages(tmp_path: Path) -> None:
    build_exam(tmp_path)
    read = report(examination(tmp_path).mammograms)
    marks = tuple(replace(read.shown[0], id=f"m{n}") for n in range(200))
    made = report_pdf(replace(read, shown=marks, answers=()), [])
    assert made.count(b"/Type /Page\n") >= 4
