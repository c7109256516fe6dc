"""One field of a finding set anew."""

from __future__ import annotations

import json

import pytest

from mammoview.app.assessment.lexicon import shipped_lexicon
from mammoview.app.second_read import editing
from mammoview.domain.finding import FindingKind
from mammoview.errors import ReviewError
from mammoview.review.events import FindingSet, content_text, parse_content
from mammoview.review.states import Action
from tests.builders.reads import finding

LEXICON = shipped_lexicon()


def test_another_kind_keeps_the_words_that_it_has_too() -> None:
    mass = editing.with_terms(finding(), "associated", ("skin-retraction",), LEXICON)
    other = editing.with_kind(mass, FindingKind.ARCHITECTURAL_DISTORTION, LEXICON)
    assert other.descriptors == (("associated", "skin-retraction"),)
    assert editing.with_kind(mass, FindingKind.SKIN_LESION, LEXICON).descriptors == ()


def test_words_stand_in_the_order_of_the_lexicon() -> None:
    mass = editing.with_terms(finding(), "shape", ("irregular",), LEXICON)
    assert mass.descriptors == (("shape", "irregular"), ("margin", "spiculated"))
    none = editing.with_terms(mass, "margin", (), LEXICON)
    assert none.descriptors == (("shape", "irregular"),)
    assert editing.terms_of(mass, "margin") == ("spiculated",)


def test_several_words_of_an_axis_are_kept_in_the_log() -> None:
    held = ("skin-retraction", "nipple-retraction")
    mass = editing.with_terms(finding(), "associated", held, LEXICON)
    content = FindingSet(finding=mass)
    text = content_text(content)
    assert parse_content(Action.SET_FINDING, text) == content
    assert editing.terms_of(mass, "associated") == held


@pytest.mark.parametrize(
    "descriptors", [{"margin": "spiculated"}, [["margin"]], [["margin", 3]], ["margin"], 7]
)
def test_descriptors_that_are_no_pairs_are_refused(descriptors: object) -> None:
    content = json.loads(content_text(FindingSet(finding=finding())))
    assert content["finding"]["descriptors"] == [["margin", "spiculated"]]
    content["finding"]["descriptors"] = descriptors
    with pytest.raises(ReviewError, match="descriptors"):
        parse_content(Action.SET_FINDING, json.dumps(content))
