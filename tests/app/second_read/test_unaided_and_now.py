"""Unaided beside final: every difference is said in words, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mammoview.app.assessment.schemes import shipped_scheme
from mammoview.app.second_read.unaided_and_now import Line, compared, place_text
from mammoview.domain.assessment import Opinion, Statement
from mammoview.domain.finding import Depth, Finding, FindingKind, Quadrant
from mammoview.domain.views import Laterality
from tests.builders.reads import finding

R, L = Laterality.RIGHT, Laterality.LEFT
BEFORE = Statement(
    findings=(finding("f1"),),
    opinions=(Opinion(laterality=R, category="4B"), Opinion(laterality=L, category="1")),
    density="b",
)


def lines(now: Statement) -> dict[str, Line]:
    scheme = shipped_scheme().scheme
    return {line.what: line for line in compared(BEFORE, now, scheme=scheme, sides=(R, L))}


def differing(now: Statement) -> dict[str, str]:
    return {what: line.difference for what, line in lines(now).items() if line.difference}


def test_the_same_differs_in_nothing() -> None:
    assert list(lines(BEFORE)) == ["Right breast", "Left breast", "Density", "Finding 1"]
    assert differing(BEFORE) == {}
    assert lines(BEFORE)["Right breast"].now == "4B  Moderate suspicion for malignancy"


def test_another_opinion_is_said_with_its_reason() -> None:
    recalled = Opinion(laterality=L, category="0", reason="the mark showed it")
    now = replace(BEFORE, opinions=(BEFORE.opinions[0], recalled))
    assert differing(now) == {"Left breast": "CHANGED, because: the mark showed it"}
    line = lines(now)["Left breast"]
    assert line.before == "1  Negative"
    assert line.now.endswith("the mark showed it")


def test_other_words_alone_are_no_other_opinion() -> None:
    worded = replace(BEFORE.opinions[0], reason="as I said")
    now = replace(BEFORE, opinions=(worded, BEFORE.opinions[1]))
    assert differing(now) == {}
    assert "as I said" in lines(now)["Right breast"].now


def test_other_views_to_take_anew_are_another_opinion() -> None:
    named = replace(BEFORE.opinions[0], views=("RCC",), reason="blurred")
    now = replace(BEFORE, opinions=(named, BEFORE.opinions[1]))
    assert differing(now) == {"Right breast": "CHANGED, because: blurred"}


def test_the_density() -> None:
    assert differing(replace(BEFORE, density="d")) == {"Density": "CHANGED"}
    assert lines(replace(BEFORE, density=""))["Density"].now == "not said"


def test_new_and_removed_findings() -> None:
    now = replace(BEFORE, findings=(finding("f2", FindingKind.ASYMMETRY),))
    assert differing(now) == {"Finding 1": "NEW", "Finding, taken back": "REMOVED"}
    assert lines(now)["Finding 1"].before == "—"
    assert lines(now)["Finding, taken back"].now == "—"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": FindingKind.ASYMMETRY}, "kind"),
        ({"descriptors": ()}, "descriptors"),
        ({"size_mm": 12.0}, "size"),
        ({"clock": 10, "quadrant": Quadrant.UPPER_OUTER}, "place"),
        ({"depth": Depth.ANTERIOR}, "place"),
        ({"views": ()}, "outlines"),
        ({"comment": "new"}, "comment"),
        ({"comment": "new", "size_mm": 1.0}, "size, comment"),
    ],
)
def test_what_of_a_finding_has_changed(changes: dict[str, object], said: str) -> None:
    other: Finding = replace(finding("f1"), **changes)  # type: ignore[arg-type]
    assert differing(replace(BEFORE, findings=(other,))) == {"Finding 1": f"CHANGED: {said}"}


def test_a_place_in_words() -> None:
    placed = replace(finding(), quadrant=Quadrant.UPPER_OUTER, clock=10, depth=Depth.POSTERIOR)
    assert place_text(placed) == "right breast, upper outer, 10 o'clock, posterior third"
    assert place_text(finding()) == "right breast"
