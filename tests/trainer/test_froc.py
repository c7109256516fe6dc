"""The scorer on cases worked out by hand."""

from __future__ import annotations

import math

import pytest

from mammoview.domain.geometry import ImageBox, ImagePoint
from trainer.froc import Mark, ScoredImage, score_froc, threshold_at

BOX = ImageBox(col0=10, row0=10, col1=20, row1=20)
OTHER = ImageBox(col0=40, row0=40, col1=50, row1=50)


def mark(score: float, col: float, row: float) -> Mark:
    return Mark(score=score, peak=ImagePoint(col=col, row=row))


def image(person: str, marks: list[Mark], boxes: list[ImageBox]) -> ScoredImage:
    return ScoredImage(person=person, marks=tuple(marks), boxes=tuple(boxes))


def sensitivities(images: list[ScoredImage]) -> dict[float, float]:
    return dict(score_froc(images, draws=20).sensitivity_at)


def test_three_of_three_hits_are_one_even_at_the_lowest_score() -> None:
    images = [image(str(n), [mark(0.1, 15, 15)], [BOX]) for n in range(3)]
    assert set(sensitivities(images).values()) == {1.0}


def test_a_worked_case() -> None:
    # Four images, three lesions.  By falling score: hit .9, false .8, hit .7, false .6, false .5,
    # hit .4.  One false mark is allowed at 0.25 an image, two at 0.5, four at 1.
    images = [
        image("a", [mark(0.9, 15, 15), mark(0.8, 30, 30)], [BOX]),
        image("b", [mark(0.7, 15, 15), mark(0.6, 0, 0)], [BOX]),
        image("c", [mark(0.5, 0, 0), mark(0.4, 45, 45)], [OTHER]),
        image("d", [], []),
    ]
    found = sensitivities(images)
    assert found[0.25] == pytest.approx(2 / 3)  # down to .6, the second false mark
    assert found[0.5] == pytest.approx(2 / 3)  # down to .5, the third
    assert found[1.0] == pytest.approx(1.0)
    assert score_froc(images, draws=20).pointing_game == pytest.approx(2 / 3)


def test_two_marks_in_one_lesion_are_one_hit_and_no_false_mark() -> None:
    images = [image("a", [mark(0.9, 15, 15), mark(0.8, 16, 16)], [BOX, OTHER])]
    found = score_froc(images, draws=20)
    assert found.lesions == 2
    assert dict(found.sensitivity_at)[4.0] == pytest.approx(0.5)


def test_a_mark_on_the_border_hits_and_one_beside_it_does_not() -> None:
    assert sensitivities([image("a", [mark(0.9, 20, 10)], [BOX])])[4.0] == 1.0
    assert sensitivities([image("a", [mark(0.9, 20.01, 10)], [BOX])])[4.0] == 0.0


def test_marks_of_equal_score_enter_together() -> None:
    # The hit ties with the first false mark too many: it does not count.
    images = [image("a", [mark(0.5, 15, 15), mark(0.5, 0, 0)], [BOX])]
    assert sensitivities(images)[0.25] == 0.0
    assert sensitivities(images)[1.0] == 1.0


def test_images_without_lesions_raise_the_number_allowed() -> None:
    marks = [mark(0.9, 0, 0), mark(0.8, 15, 15)]
    alone = [image("a", marks, [BOX])]
    assert sensitivities(alone)[0.25] == 0.0
    assert sensitivities([*alone, *(image(str(n), [], []) for n in range(3))])[0.25] == 1.0


def test_no_lesion_gives_no_figure() -> None:
    assert math.isnan(sensitivities([image("a", [mark(0.9, 0, 0)], [])])[1.0])


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


def test_the_threshold_keeps_the_false_marks_within_the_rate() -> None:
    images = [
        image("a", [mark(0.9, 0, 0), mark(0.6, 15, 15), mark(0.5, 0, 0)], [BOX]),
        image("b", [mark(0.7, 0, 0)], []),
    ]
    for rate, kept in ((0.5, 1), (1.0, 2), (1.5, 3), (9.0, 3)):
        threshold = threshold_at(images, rate)
        false = [m.score for i in images for m in i.marks if m.peak.col == 0]
        assert sum(score >= threshold for score in false) == kept
