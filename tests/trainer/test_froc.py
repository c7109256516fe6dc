"""The scorer on cases worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from mammoview.domain.geometry import ImageBox, ImagePoint
from trainer.bootstrap import person_weights, ratio
from trainer.froc import (
    BOX_OVERLAP,
    PEAK_IN_BOX,
    Mark,
    ScoredImage,
    box_iou,
    froc_curve,
    pointing_game,
    score_froc,
    threshold_at,
)

BOX = ImageBox(col0=10, row0=10, col1=20, row1=20)
OTHER = ImageBox(col0=40, row0=40, col1=50, row1=50)


def box(col0: float, row0: float, col1: float, row1: float) -> ImageBox:
    return ImageBox(col0=col0, row0=row0, col1=col1, row1=row1)


def mark(score: float, col: float, row: float) -> Mark:
    around = box(col - 5, row - 5, col + 5, row + 5)
    return Mark(score=score, peak=ImagePoint(col=col, row=row), box=around)


def image(person: str, marks: list[Mark], boxes: list[ImageBox]) -> ScoredImage:
    return ScoredImage(person=person, marks=tuple(marks), boxes=tuple(boxes))


def sensitivities(images: list[ScoredImage]) -> dict[float, float]:
    return dict(score_froc(images, draws=20).sensitivity_at)


# Four images, three lesions.  By falling score: hit .9, false .8, hit .7, false .6, false .5,
# hit .4.  One false mark is allowed at 0.25 an image, two at 0.5, four at 1.
WORKED = [
    image("a", [mark(0.9, 15, 15), mark(0.8, 30, 30)], [BOX]),
    image("b", [mark(0.7, 15, 15), mark(0.6, 0, 0)], [BOX]),
    image("c", [mark(0.5, 0, 0), mark(0.4, 45, 45)], [OTHER]),
    image("d", [], []),
]


def test_three_of_three_hits_are_one_even_at_the_lowest_score() -> None:
    images = [image(str(n), [mark(0.1, 15, 15)], [BOX]) for n in range(3)]
    assert set(sensitivities(images).values()) == {1.0}
    (corner,) = froc_curve(images, draws=20)
    assert (corner.threshold, corner.false_marks_per_image, corner.sensitivity) == (0.1, 0.0, 1.0)


def test_a_worked_case() -> None:
    found = sensitivities(WORKED)
    assert found[0.25] == pytest.approx(2 / 3)  # down to .6, the second false mark
    assert found[0.5] == pytest.approx(2 / 3)  # down to .5, the third
    assert found[1.0] == pytest.approx(1.0)
    assert score_froc(WORKED, draws=20).pointing_game == pytest.approx(2 / 3)


def test_the_curve_of_the_worked_case() -> None:
    corners = [
        (p.threshold, p.false_marks_per_image, p.sensitivity) for p in froc_curve(WORKED, draws=20)
    ]
    assert corners == [(0.9, 0.0, 1 / 3), (0.7, 0.25, 2 / 3), (0.4, 0.75, 1.0)]


def test_the_curve_goes_down_to_the_lowest_mark_of_all() -> None:
    images = [image("a", [mark(0.9, 15, 15), mark(0.3, 0, 0), mark(0.2, 0, 0)], [BOX, OTHER])]
    last = froc_curve(images, draws=20)[-1]
    assert (last.threshold, last.false_marks_per_image, last.sensitivity) == (0.2, 2.0, 0.5)


def test_a_curve_passes_through_the_table() -> None:
    table = score_froc(WORKED, draws=20).sensitivity_at
    curve = froc_curve(WORKED, draws=20)
    for rate, value in table:
        assert value == max(p.sensitivity for p in curve if p.false_marks_per_image <= rate)


def test_lesions_hit_at_one_rate_share_a_corner_whose_band_holds_it() -> None:
    hit = [image(str(n), [mark(0.9 - n / 100, 15, 15)], [BOX]) for n in range(6)]
    missed = [image(str(n), [mark(0.5, 0, 0)], [BOX]) for n in range(6, 12)]
    curve = froc_curve([*hit, *missed])
    assert [(p.false_marks_per_image, p.sensitivity) for p in curve] == [(0.0, 0.5), (0.5, 0.5)]
    assert curve[0].threshold == pytest.approx(0.85)
    assert all(p.low < p.sensitivity < p.high for p in curve)


def test_two_marks_in_one_lesion_are_one_hit_and_no_false_mark() -> None:
    images = [image("a", [mark(0.9, 15, 15), mark(0.8, 16, 16)], [BOX, OTHER])]
    found = score_froc(images, draws=20)
    assert found.lesions == 2
    assert dict(found.sensitivity_at)[0.25] == pytest.approx(0.5)


def test_a_mark_in_two_boxes_hits_both() -> None:
    images = [image("a", [mark(0.9, 15, 15), mark(0.8, 0, 0)], [BOX, box(12, 12, 30, 30)])]
    assert sensitivities(images)[0.25] == 1.0
    assert threshold_at([images], 0.0) > 0.8  # and is no false mark in either


def test_a_mark_on_the_border_hits_and_one_beside_it_does_not() -> None:
    assert sensitivities([image("a", [mark(0.9, 20, 10)], [BOX])])[4.0] == 1.0
    assert sensitivities([image("a", [mark(0.9, 20.01, 10)], [BOX])])[4.0] == 0.0


def test_marks_of_equal_score_enter_together() -> None:
    # The hit ties with the first false mark too many: it does not count.
    images = [image("a", [mark(0.5, 15, 15), mark(0.5, 0, 0)], [BOX])]
    assert sensitivities(images)[0.25] == 0.0
    assert sensitivities(images)[1.0] == 1.0
    (corner,) = froc_curve(images, draws=20)
    assert (corner.false_marks_per_image, corner.sensitivity) == (1.0, 1.0)


def test_images_without_lesions_raise_the_number_allowed() -> None:
    marks = [mark(0.9, 0, 0), mark(0.8, 15, 15)]
    alone = [image("a", marks, [BOX])]
    assert sensitivities(alone)[0.25] == 0.0
    assert sensitivities([*alone, *(image(str(n), [], []) for n in range(3))])[0.25] == 1.0


def test_marks_on_images_without_lesions_are_false() -> None:
    images = [image("a", [mark(0.5, 15, 15)], [BOX]), image("b", [mark(0.9, 15, 15)] * 2, [])]
    found = sensitivities(images)
    assert found[0.5] == 0.0
    assert found[1.0] == 1.0


def test_no_lesion_gives_no_figure() -> None:
    images = [image("a", [mark(0.9, 0, 0)], [])]
    assert math.isnan(sensitivities(images)[1.0])
    assert math.isnan(pointing_game(images).value)
    assert froc_curve(images) == ()


def test_no_mark_is_no_hit() -> None:
    images = [image("a", [], [BOX])]
    assert set(sensitivities(images).values()) == {0.0}
    assert pointing_game(images).value == 0.0
    assert froc_curve(images) == ()


def test_the_second_rule_asks_for_shared_area() -> None:
    # A mark's box of 10 x 10.  Moved by 6: 40 shared of 160, IoU 0.25; by 7: 30 of 170, 0.176.
    near, far = mark(0.9, 21, 15), mark(0.9, 22, 15)
    assert box_iou(near.box, BOX) == pytest.approx(0.25)
    assert box_iou(far.box, BOX) == pytest.approx(30 / 170)
    for given, hit in ((near, True), (far, False)):
        assert not PEAK_IN_BOX.holds(given, BOX)
        assert BOX_OVERLAP.holds(given, BOX) is hit
        found = score_froc([image("a", [given], [BOX])], rule=BOX_OVERLAP, draws=20)
        assert dict(found.sensitivity_at)[4.0] == float(hit)


def test_a_mark_with_its_peak_inside_may_be_much_too_large() -> None:
    large = replace(mark(0.9, 15, 15), box=box(-50, -50, 80, 80))
    images = [image("a", [large], [BOX])]
    assert dict(score_froc(images, draws=20).sensitivity_at)[0.25] == 1.0
    found = score_froc(images, rule=BOX_OVERLAP, draws=20)
    assert dict(found.sensitivity_at)[4.0] == 0.0


def test_boxes_without_area_share_nothing() -> None:
    assert box_iou(box(1, 1, 1, 1), box(1, 1, 1, 1)) == 0.0
    assert box_iou(BOX, box(20, 10, 30, 20)) == 0.0
    assert box_iou(BOX, BOX) == 1.0


def test_the_pointing_game_splits_a_tie() -> None:
    marks = [mark(0.9, 15, 15), mark(0.9, 0, 0), mark(0.8, 15, 15)]
    assert pointing_game([image("a", marks, [BOX])]).value == 0.5
    assert pointing_game([image("a", marks[::-1], [BOX])]).value == 0.5


def test_the_interval_holds_the_estimate_and_counts_people() -> None:
    images = [
        image(str(n // 2), [mark(n / 40, 15, 15) if n % 3 else mark(n / 40, 0, 0)], [BOX])
        for n in range(40)
    ]
    froc = score_froc(images, draws=300)
    for (rate, value), (same, low, high) in zip(froc.sensitivity_at, froc.ci95, strict=True):
        assert rate == same
        assert low <= value <= high
    assert froc.ci95[-1][2] - froc.ci95[-1][1] > 0.1


def test_the_bootstrap_draws_people_not_images() -> None:
    # One person with nine hits, one with a miss: a sample holds one, the other or both.
    images = [image("a", [mark(0.9, 15, 15)], [BOX])] * 9 + [image("b", [], [BOX])]
    found = {low_high for _, *ends in score_froc(images).ci95 for low_high in ends}
    assert found == {0.0, 1.0}
    alone = score_froc([replace(item, person=str(n)) for n, item in enumerate(images)])
    assert alone.ci95[0][1] > 0.5


def test_a_sample_holds_as_many_people_as_there_are() -> None:
    weights = person_weights(7, draws=50)
    assert weights.shape == (50, 7)
    assert set(weights.sum(axis=1).tolist()) == {7}
    assert np.array_equal(weights, person_weights(7, draws=50))


def test_a_ratio_leaves_out_samples_without_a_denominator() -> None:
    found = ratio(["a", "b"], [0.5, 0.0], [1.0, 0.0])
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)
    assert math.isnan(ratio(["a"], [1.0], [0.0]).value)
    assert math.isnan(ratio([], [], []).value)


def test_the_threshold_keeps_the_false_marks_within_the_rate() -> None:
    images = [
        image("a", [mark(0.9, 0, 0), mark(0.6, 15, 15), mark(0.5, 0, 0)], [BOX]),
        image("b", [mark(0.7, 0, 0)], []),
    ]
    for rate, kept in ((0.5, 1), (1.0, 2), (1.5, 3), (9.0, 3)):
        threshold = threshold_at([images], rate)
        false = [m.score for i in images for m in i.marks if m.peak.col == 0]
        assert sum(score >= threshold for score in false) == kept
