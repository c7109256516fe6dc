"""IoU and Dice on shapes whose areas are known."""

from __future__ import annotations

import math
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray

from mammoview.domain.geometry import ImageBox, ImagePoint, PixelSpacing
from mammoview.domain.prediction import Region
from tests.builders.dicom import build_mg
from trainer.detect import DetectedImage, scored
from trainer.labelled import LabelledBox, LabelledImage
from trainer.overlap import Reference, best_means, measure_overlaps, overlap_means

BOX = ImageBox(col0=100, row0=200, col1=200, row1=300)
# Sampling at 128 x 128 points: the length of the outline over the area, in points.
CLOSE = 0.02


def region(box: ImageBox, score: float, kind: str = "mass") -> Region:
    """A region whose outline is its box, and whose peak is the middle."""
    corners = (
        ImagePoint(col=box.col0, row=box.row0),
        ImagePoint(col=box.col1, row=box.row0),
        ImagePoint(col=box.col1, row=box.row1),
        ImagePoint(col=box.col0, row=box.row1),
    )
    return Region(kind=kind, score=score, peak=box.centre(), box=box, outline=corners, flagged=True)


def lesion(box: ImageBox = BOX, *, kind: str = "mass", mask: Path | None = None) -> LabelledBox:
    return LabelledBox(kind=kind, box=box, lesion_id=f"{kind}-{box.col0:g}", mask=mask)


def detected(
    lesions: list[LabelledBox], regions: list[Region], *, person: str = "00001"
) -> DetectedImage:
    image = LabelledImage(
        file=Path(f"{person}_LEFT_CC.png"),
        person=person,
        laterality="L",
        view="CC",
        lesions=tuple(lesions),
    )
    spacing = PixelSpacing(row_mm=0.2, col_mm=0.2, source="made")
    return DetectedImage(image=image, regions=tuple(regions), rows=500, cols=400, spacing=spacing)


def write_mask(file: Path, mask: NDArray[np.bool_]) -> Path:
    file.write_bytes(imagecodecs.png_encode(mask.astype(np.uint8) * 255))
    return file


def square_mask(rows: int = 500, cols: int = 400) -> NDArray[np.bool_]:
    mask = np.zeros((rows, cols), np.bool_)
    mask[rows * 2 // 5 : rows * 3 // 5, cols // 4 : cols // 2] = True
    return mask


def test_a_square_over_its_ellipse() -> None:
    # The ellipse fills pi/4 of its box: IoU pi/4, Dice 2 (pi/4) / (1 + pi/4).
    (found,) = measure_overlaps([detected([lesion()], [region(BOX, 0.9)])], "mass")
    assert found.reference is Reference.ELLIPSE
    assert found.hit.iou == pytest.approx(math.pi / 4, abs=CLOSE)
    assert found.hit.dice == pytest.approx(2 * math.pi / (4 + math.pi), abs=CLOSE)
    assert found.hit_score == 0.9


def test_a_mask_is_taken_for_what_it_is(tmp_path: Path) -> None:
    mask = write_mask(tmp_path / "mask.png", square_mask())
    half = ImageBox(col0=100, row0=200, col1=150, row1=300)
    regions = [region(BOX, 0.4), region(half, 0.9)]
    (found,) = measure_overlaps([detected([lesion(mask=mask)], regions)], "mass")
    assert found.reference is Reference.MASK
    assert found.hit.iou == pytest.approx(0.5, abs=CLOSE)  # the higher score, not the better fit
    assert found.hit.dice == pytest.approx(2 / 3, abs=CLOSE)
    assert found.best.iou == pytest.approx(1.0, abs=CLOSE)


@pytest.mark.parametrize("scale", [50 / 43.5, 43.5 / 50])
def test_a_mask_at_the_scanners_other_pitch_is_laid_over(tmp_path: Path, scale: float) -> None:
    rows, cols = round(500 * scale), round(400 * scale)
    mask = write_mask(tmp_path / "mask.png", square_mask(rows, cols))
    (found,) = measure_overlaps([detected([lesion(mask=mask)], [region(BOX, 0.9)])], "mass")
    assert found.reference is Reference.MASK
    assert found.hit.iou > 0.96


def test_a_mask_that_does_not_fit_is_set_aside_by_name(tmp_path: Path) -> None:
    wide = write_mask(tmp_path / "wide.png", square_mask(500, 460))
    empty = write_mask(tmp_path / "empty.png", np.zeros((500, 400), np.bool_))
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    no_dicom = tmp_path / "1-1.dcm"
    no_dicom.write_bytes(b"no picture")
    for file, said in (
        (wide, "460 x 500 pixels for a mammogram of 400 x 500"),
        (empty, "no pixel is set"),
        (broken, "cannot be decoded"),
        (no_dicom, "not DICOM"),
        (tmp_path / "gone.dcm", "cannot be read"),
    ):
        (found,) = measure_overlaps([detected([lesion(mask=file)], [region(BOX, 0.9)])], "mass")
        assert found.reference is Reference.NONE
        assert file.name in found.set_aside
        assert said in found.set_aside


def test_a_dicom_mask_is_read(tmp_path: Path) -> None:
    stored = square_mask().astype(np.uint8) * 255
    file = build_mg(tmp_path / "1-1.dcm", bits=8, stored=stored)
    (found,) = measure_overlaps([detected([lesion(mask=file)], [region(BOX, 0.9)])], "mass")
    assert found.reference is Reference.MASK, found.set_aside
    assert found.hit.iou == pytest.approx(1.0, abs=CLOSE)


def test_a_region_of_another_class_never_hits() -> None:
    item = detected([lesion(), lesion(kind="calcification")], [region(BOX, 0.9, "calcification")])
    (missed,) = measure_overlaps([item], "mass")
    assert missed.hit_score == -math.inf
    assert missed.hit.iou == missed.best.iou == 0.0
    (hit,) = measure_overlaps([item], "calcification")
    assert hit.hit_score == 0.9
    assert [len(image.marks) for image in scored([item], "mass")] == [0]
    assert [len(image.boxes) for image in scored([item], "mass")] == [1]


def test_the_best_achievable_needs_no_hit() -> None:
    # The peak is beside the box, and yet the two overlap by a quarter of each.
    beside = ImageBox(col0=175, row0=200, col1=275, row1=300)
    (found,) = measure_overlaps([detected([lesion()], [region(beside, 0.9)])], "mass")
    assert found.hit_score == -math.inf
    assert found.hit.iou == 0.0
    assert found.best.iou > 0.05


def test_shapes_without_area_cover_nothing() -> None:
    flat = ImageBox(col0=100, row0=200, col1=100, row1=300)
    point = Region(kind="mass", score=0.9, peak=BOX.centre(), box=BOX, outline=(), flagged=True)
    for given, box in (([region(BOX, 0.9)], flat), ([point], BOX), ([region(flat, 0.9)], BOX)):
        (found,) = measure_overlaps([detected([lesion(box)], given)], "mass")
        assert found.best.iou == 0.0


def test_means_over_hit_and_over_all(tmp_path: Path) -> None:
    # Two of three lesions are hit, with IoU 1 and 0.5; at 0.8 only the first is.
    mask = write_mask(tmp_path / "mask.png", square_mask())
    half = ImageBox(col0=100, row0=200, col1=150, row1=300)
    items = [
        detected([lesion(mask=mask)], [region(BOX, 0.9)], person="00001"),
        detected([lesion(mask=mask)], [region(half, 0.7)], person="00002"),
        detected([lesion(mask=mask)], [], person="00003"),
    ]
    overlaps = measure_overlaps(items, "mass")
    low = overlap_means(overlaps, 0.5)
    assert low.hits == 2
    assert low.iou_hit.value == pytest.approx(0.75, abs=CLOSE)
    assert low.iou_all.value == pytest.approx(0.5, abs=CLOSE)
    assert low.dice_hit.value == pytest.approx((1 + 2 / 3) / 2, abs=CLOSE)
    assert low.iou_all.low < low.iou_all.value < low.iou_all.high
    high = overlap_means(overlaps, 0.8)
    assert high.hits == 1
    assert high.iou_hit.value == pytest.approx(1.0, abs=CLOSE)
    assert high.iou_all.value == pytest.approx(1 / 3, abs=CLOSE)
    assert best_means(overlaps)[0].value == pytest.approx(0.5, abs=CLOSE)
    none = overlap_means(overlaps, 0.95)
    assert none.hits == 0
    assert math.isnan(none.iou_hit.value)
    assert none.iou_all.value == 0.0
