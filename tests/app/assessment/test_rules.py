"""Every rule: broken it is found and says what to do, kept it is silent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mammoview.app.assessment.checks import Aided, issues_of
from mammoview.app.assessment.consistency import (
    Facts,
    Issue,
    Rule,
    Severity,
    blocks,
    facts_of,
)
from mammoview.app.assessment.schemes import shipped_scheme
from mammoview.domain.assessment import Opinion, Statement
from mammoview.domain.finding import Depth, Finding, FindingKind, FindingView, Quadrant
from mammoview.domain.geometry import ImagePoint, PixelSpacing
from mammoview.domain.reading import Disposition, MarkAnswer
from mammoview.domain.views import Laterality, Slot, SourcedView, ViewModifier
from tests.builders import reads
from tests.builders.desk import mammogram

R, L = Laterality.RIGHT, Laterality.LEFT
_MM = PixelSpacing(row_mm=0.1, col_mm=0.1, source="test")
IMAGES = tuple(mammogram(slot, spacing=_MM) for slot in Slot)


def mass(side: Laterality = R, **changes: object) -> Finding:
    """Return a mass that is wholly described, in both views."""
    clock = 10 if side is R else 2
    found = Finding(
        id=f"{side}-mass",
        laterality=side,
        kind=FindingKind.MASS,
        views=tuple(view(Slot(f"{side}{name}")) for name in ("CC", "MLO")),
        descriptors=(("shape", "oval"), ("margin", "circumscribed")),
        size_mm=9.0,
        quadrant=Quadrant.UPPER_OUTER,
        clock=clock,
        depth=Depth.MIDDLE,
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def view(slot: Slot) -> FindingView:
    point = ImagePoint(col=10.0, row=10.0)
    return FindingView(sop_instance_uid=f"1.2.3.{slot}", outline=(point,))


def facts(
    right: str = "1",
    left: str = "1",
    *findings: Finding,
    scheme: str = "birads",
    density: str = "b",
    reason: str = "",
) -> Facts:
    """Return what a reader says of both breasts; ``reason`` goes with the right one."""
    opinions = [
        Opinion(laterality=side, category=code, reason=reason if side is R else "")
        for side, code in ((R, right), (L, left))
        if code
    ]
    statement = Statement(findings=findings, opinions=tuple(opinions), density=density)
    return facts_of(statement, images=IMAGES, sides=(R, L), scheme=shipped_scheme(scheme))


def said(given: Facts, aided: Aided | None = None) -> list[Rule]:
    return [issue.rule for issue in issues_of(given, aided)]


def one(given: Facts, rule: Rule) -> Issue:
    """Return the only issue, and see that it says all of what an error must say."""
    issues = issues_of(given)
    assert [issue.rule for issue in issues] == [rule]
    assert issues[0].met
    assert issues[0].expected
    assert issues[0].todo
    assert issues[0].text.startswith(issues[0].met)
    return issues[0]


def test_what_holds_together_is_silent() -> None:
    assert said(facts()) == []
    assert said(facts("2", "1", mass())) == []
    suspicious = mass(descriptors=(("shape", "irregular"), ("margin", "spiculated")))
    assert said(facts("4B", "1", suspicious)) == []
    assert said(facts("N", "N", scheme="european", density="")) == []
    assert not blocks(issues_of(facts()))


# -- opinions ---------------------------------------------------------------------------------


def test_each_breast_needs_an_opinion() -> None:
    issue = one(facts("1", ""), Rule.OPINION_MISSING)
    assert (issue.laterality, issue.severity) == (L, Severity.ERROR)
    assert "left breast" in issue.met
    assert blocks(issues_of(facts("1", "")))


def test_a_category_is_one_of_the_scheme() -> None:
    issue = one(facts("1", "R2"), Rule.CATEGORY_UNKNOWN)
    assert "4A, 4B, 4C" in issue.expected
    assert issue.severity is Severity.ERROR


@pytest.mark.parametrize("code", ["3", "4A", "4B", "4C", "5"])
def test_a_suspicion_needs_its_finding(code: str) -> None:
    found = said(facts(code))
    assert Rule.FINDING_NEEDED in found
    assert Rule.FINDING_NEEDED in said(facts(code, "2", mass(L))), "one in the other breast"
    assert Rule.FINDING_NEEDED not in said(facts(code, "1", mass()))


@pytest.mark.parametrize(("scheme", "code"), [("birads", "0"), ("european", "R")])
def test_a_recall_needs_a_finding_or_its_reason(scheme: str, code: str) -> None:
    normal = "1" if scheme == "birads" else "N"
    issue = one(facts(code, normal, scheme=scheme), Rule.FINDING_OR_REASON)
    assert (issue.laterality, issue.severity) == (R, Severity.ERROR)
    assert said(facts(code, normal, scheme=scheme, reason="priors needed")) == []
    assert one(facts(code, normal, scheme=scheme, reason="  "), Rule.FINDING_OR_REASON)
    assert said(facts(code, normal, mass(), scheme=scheme)) == []


@pytest.mark.parametrize(("scheme", "code"), [("birads", "1"), ("r1-r5", "R1")])
def test_nothing_found_goes_with_no_finding(scheme: str, code: str) -> None:
    issue = one(facts(code, code, mass(), scheme=scheme), Rule.FINDING_UNEXPECTED)
    assert (issue.laterality, issue.severity) == (R, Severity.ERROR)
    assert said(facts(code, code, scheme=scheme)) == []


def test_a_benign_category_of_nothing_is_hinted_at() -> None:
    assert one(facts("2"), Rule.FINDING_EXPECTED).severity is Severity.HINT


def test_a_known_malignancy_needs_words() -> None:
    issue = next(i for i in issues_of(facts("6", "1", mass())) if i.rule is Rule.REASON_NEEDED)
    assert issue.severity is Severity.ERROR
    assert said(facts("6", "1", mass(), reason="proven in March")) == []
    assert said(facts("6", reason="occult, proven in March")) == [Rule.FINDING_EXPECTED]


def test_a_technical_recall_says_what_for() -> None:
    blurred = facts("TR", "N", scheme="european", reason="motion")
    assert one(blurred, Rule.VIEWS_NEEDED).severity is Severity.ERROR
    named = replace(blurred.statement.opinions[0], views=("RMLO",))
    opinions = (named, blurred.statement.opinions[1])
    blurred = replace(blurred, statement=replace(blurred.statement, opinions=opinions))
    assert said(blurred) == []
    without = replace(blurred.statement, opinions=(replace(named, reason=""), opinions[1]))
    assert one(replace(blurred, statement=without), Rule.REASON_NEEDED)


@pytest.mark.parametrize("code", ["3", "4"])
def test_advice_is_given(code: str) -> None:
    issue = one(facts(code, "1", mass()), Rule.ADVICE)
    assert issue.severity is Severity.HINT


@pytest.mark.parametrize(
    "terms",
    [
        (("shape", "oval"), ("margin", "spiculated")),
        (("shape", "irregular"), ("margin", "circumscribed")),
    ],
)
def test_a_suspicious_word_in_a_benign_breast(terms: tuple[tuple[str, str], ...]) -> None:
    issue = one(facts("2", "1", mass(descriptors=terms)), Rule.SUSPICIOUS_BUT_BENIGN)
    assert issue.severity is Severity.HINT
    assert "spiculated" in issue.met or "irregular" in issue.met


def test_fine_linear_branching_is_not_benign() -> None:
    terms = (("morphology", "fine-linear-branching"), ("distribution", "segmental"))
    calcifications = mass(kind=FindingKind.CALCIFICATION, descriptors=terms)
    assert said(facts("2", "1", calcifications)) == [Rule.SUSPICIOUS_BUT_BENIGN]
    assert said(facts("4C", "1", calcifications)) == []
    assert said(facts("N", "N", calcifications, scheme="european", density="")) == [
        Rule.SUSPICIOUS_BUT_BENIGN
    ]


def test_a_distortion_is_suspicious_by_itself() -> None:
    distortion = mass(kind=FindingKind.ARCHITECTURAL_DISTORTION, descriptors=())
    assert said(facts("2", "1", distortion)) == [Rule.SUSPICIOUS_BUT_BENIGN]


def test_a_suspicion_of_benign_things_alone() -> None:
    vascular = mass(
        kind=FindingKind.CALCIFICATION,
        descriptors=(("morphology", "vascular"), ("distribution", "linear")),
    )
    assert one(facts("4B", "1", vascular), Rule.BENIGN_BUT_SUSPICIOUS).severity is Severity.HINT
    assert said(facts("4B", "1", vascular, mass(id="other"))) == []
    assert said(facts("0", "1", vascular)) == []


def test_the_density_is_said_where_the_scheme_asks() -> None:
    assert one(facts(density=""), Rule.DENSITY_MISSING).severity is Severity.ERROR
    assert one(facts(density="e"), Rule.DENSITY_UNKNOWN).severity is Severity.ERROR
    assert said(facts("N", "N", scheme="european", density="")) == []


def test_a_breast_without_images_is_pointed_at() -> None:
    both = facts("1", "")
    alone = replace(both, sides=(R,), images=IMAGES[:1])
    issue = one(alone, Rule.BREAST_NOT_SHOWN)
    assert (issue.laterality, issue.severity) == (L, Severity.HINT)


# -- findings ---------------------------------------------------------------------------------


def test_a_finding_is_outlined_in_its_own_breast() -> None:
    views = (view(Slot.RCC), view(Slot.LMLO))
    found = issues_of(facts("2", "1", mass(views=views)))
    assert [i.rule for i in found] == [Rule.OTHER_BREAST]
    assert (found[0].severity, found[0].finding_id) == (Severity.ERROR, "R-mass")
    assert "L MLO" in found[0].met


@pytest.mark.parametrize("side", list(Laterality))
@pytest.mark.parametrize("hour", range(1, 13))
def test_hour_and_quadrant_fit_on_both_sides(side: Laterality, hour: int) -> None:
    right, left = ("2", "1") if side is R else ("1", "2")
    fitting = {
        quadrant
        for quadrant in Quadrant
        if said(facts(right, left, mass(side, clock=hour, quadrant=quadrant))) == []
    }
    as_left = hour if side is L else 12 - hour or 12  # the left breast's 3 is outer
    outer = as_left in (12, 1, 2, 3, 4, 5, 6)
    inner = as_left in (6, 7, 8, 9, 10, 11, 12)
    upper, lower = as_left in (9, 10, 11, 12, 1, 2, 3), as_left in (3, 4, 5, 6, 7, 8, 9)
    expected = {Quadrant.CENTRAL, Quadrant.RETROAREOLAR, Quadrant.UNKNOWN}
    expected |= {Quadrant.UPPER_OUTER, Quadrant.AXILLARY_TAIL} if upper and outer else set()
    expected |= {Quadrant.UPPER_INNER} if upper and inner else set()
    expected |= {Quadrant.LOWER_OUTER} if lower and outer else set()
    expected |= {Quadrant.LOWER_INNER} if lower and inner else set()
    assert fitting == expected


def test_an_hour_against_the_quadrant_says_which_fit() -> None:
    issue = one(facts("2", "1", mass(clock=2)), Rule.CLOCK_AGAINST_QUADRANT)
    assert issue.severity is Severity.ERROR
    assert issue.expected == "upper inner, which is 2 o'clock in the right breast"


@pytest.mark.parametrize(
    "terms", [(("margin", "fuzzy"),), (("morphology", "amorphous"),), (("colour", "grey"),)]
)
def test_words_come_from_the_lexicon(terms: tuple[tuple[str, str], ...]) -> None:
    described = mass(descriptors=(("shape", "oval"), ("margin", "circumscribed"), *terms))
    found = said(facts("0", "1", described))
    assert Rule.TERM_UNKNOWN in found


def test_what_the_atlas_asks_is_asked() -> None:
    issue = one(facts("0", "1", mass(descriptors=(("shape", "oval"),))), Rule.TERM_MISSING)
    assert (issue.severity, issue.finding_id) == (Severity.HINT, "R-mass")
    assert issue.met == "finding 1 (Mass, right breast) without Margin"


@pytest.mark.parametrize(("seen", "other"), [(Slot.RCC, "MLO"), (Slot.RMLO, "CC")])
def test_the_other_view_is_asked_for(seen: Slot, other: str) -> None:
    alone = mass(views=(view(seen),))
    issue = one(facts("2", "1", alone), Rule.ONE_VIEW)
    assert issue.severity is Severity.HINT
    assert issue.met.endswith(f"not in {other}")
    there = facts("2", "1", alone)
    one_image = replace(there, images=(*IMAGES[1::2], mammogram(seen, spacing=_MM)))
    assert said(one_image) == [], "no second view of that breast was taken"
    assert said(facts("2", "1", mass())) == []


def test_an_asymmetry_is_of_one_view_and_a_focal_one_of_two() -> None:
    def asymmetry(term: str, *slots: Slot) -> Facts:
        views = tuple(view(slot) for slot in slots)
        terms = (("type", term),)
        return facts("2", "1", mass(kind=FindingKind.ASYMMETRY, descriptors=terms, views=views))

    assert said(asymmetry("asymmetry", Slot.RCC)) == []
    assert said(asymmetry("focal", Slot.RCC, Slot.RMLO)) == []
    assert said(asymmetry("focal", Slot.RCC)) == [Rule.ONE_VIEW]
    found = asymmetry("asymmetry", Slot.RCC, Slot.RMLO)
    assert one(found, Rule.ASYMMETRY_IN_TWO_VIEWS).severity is Severity.HINT


def test_a_skin_lesion_is_not_looked_for_in_the_other_view() -> None:
    lesion = mass(kind=FindingKind.SKIN_LESION, descriptors=(), views=(view(Slot.RCC),))
    assert said(facts("2", "1", lesion)) == []


def test_the_size_is_asked_for_where_there_are_millimetres() -> None:
    unmeasured = facts("2", "1", mass(size_mm=0.0))
    assert one(unmeasured, Rule.SIZE_MISSING).severity is Severity.HINT
    in_px = replace(unmeasured, images=tuple(mammogram(slot) for slot in Slot))
    assert said(in_px) == []
    node = mass(kind=FindingKind.INTRAMAMMARY_LYMPH_NODE, descriptors=(), size_mm=0.0)
    assert said(facts("2", "1", node)) == []


def test_the_place_is_asked_for() -> None:
    nowhere = mass(quadrant=Quadrant.UNKNOWN, clock=0)
    assert one(facts("2", "1", nowhere), Rule.PLACE_MISSING).severity is Severity.HINT
    assert said(facts("2", "1", replace(nowhere, clock=10))) == []
    assert said(facts("2", "1", replace(nowhere, quadrant=Quadrant.CENTRAL))) == []


def test_a_magnified_view_is_still_a_view_of_its_direction() -> None:
    modified = (ViewModifier.SPOT_COMPRESSION,)
    shown = SourcedView(value=Slot.RMLO.projection, modifiers=modified, source="test")
    spot = replace(mammogram(Slot.RMLO, uid="1.2.3.spot", view=shown), slot=None)
    point = (ImagePoint(col=1.0, row=1.0),)
    views = (view(Slot.RCC), FindingView(sop_instance_uid="1.2.3.spot", outline=point))
    given = facts("2", "1", mass(views=views))
    assert said(replace(given, images=(*IMAGES, spot))) == []


# -- after the reveal -------------------------------------------------------------------------


def aided(unaided: str = "1", *answers: MarkAnswer) -> Aided:
    return Aided(
        unaided=facts(unaided).statement,
        shown=(replace(reads.mark(), sop_instance_uid="1.2.3.RCC"),),
        answers=answers,
    )


AGREED = MarkAnswer(mark_id="m1", disposition=Disposition.AGREE, reason="", finding_id="")


def test_every_mark_is_answered() -> None:
    issue = issues_of(facts(), aided())[0]
    assert (issue.rule, issue.severity) == (Rule.MARK_UNANSWERED, Severity.ERROR)
    assert issue.met == "1 mark without an answer"
    assert said(facts(), aided("1", reads.dismissed())) == []


def test_a_changed_opinion_needs_its_reason() -> None:
    dismissed = aided("2", reads.dismissed())
    issue = issues_of(facts("1"), dismissed)[0]
    assert (issue.rule, issue.laterality) == (Rule.CHANGE_WITHOUT_REASON, R)
    assert issue.severity is Severity.ERROR
    assert said(facts("1", reason="it is a vessel"), dismissed) == []
    assert said(facts("1"), aided("1", reads.dismissed())) == []
    other_views = facts("1").statement
    first = replace(other_views.opinions[0], views=("RCC",))
    other_views = replace(other_views, opinions=(first, other_views.opinions[1]))
    given = replace(facts("1"), statement=other_views)
    assert said(given, aided("1", reads.dismissed())) == [Rule.CHANGE_WITHOUT_REASON]


def test_agreeing_with_a_mark_and_calling_the_breast_normal() -> None:
    issue = issues_of(facts(), aided("1", AGREED))[0]
    assert (issue.rule, issue.laterality) == (Rule.AGREED_BUT_NORMAL, R)
    assert issue.severity is Severity.HINT
    recalled = facts("0", reason="the mark showed it")
    assert said(recalled, aided("0", AGREED)) == []


def test_errors_come_before_hints() -> None:
    found = issues_of(facts("2", "", mass(R, clock=2, size_mm=0.0), density=""), aided())
    severities = [issue.severity for issue in found]
    assert severities == sorted(severities, key=list(Severity).index)
    assert {Severity.ERROR, Severity.HINT} == set(severities)


def test_every_rule_is_tried_here() -> None:
    source = Path(__file__).read_text("utf-8")
    missing = [rule.name for rule in Rule if f"Rule.{rule.name}" not in source]
    assert not missing
