"""Two final reads: when they differ, and what each policy makes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mammoview.domain.assessment import Consequence
from mammoview.domain.finding import FindingKind
from mammoview.errors import ReviewError, SettingsError
from mammoview.review.discordance import Judgement, Policy, Rule, judge, load_policy
from mammoview.review.read import Read
from tests.builders.pairs import RIGHT, SCHEME, SCHEMES, final
from tests.builders.reads import OTHER, finding

FILES = Path(__file__).parents[2] / "resources" / "arbitration"
NAMES = ("discordant-only", "all-recalls", "all-not-normal", "none")
POLICIES = {name: load_policy(FILES / f"{name}.toml") for name in NAMES}
CODES = [category.code for category in SCHEME.categories]
codes = st.sampled_from(CODES)
slots = st.sets(st.sampled_from(["RCC", "RMLO"])).map(tuple)


@st.composite
def final_reads(draw: st.DrawFn, reader: str) -> Read:
    return final(draw(codes), draw(codes), reader=reader, views=draw(slots))


def both(policy: Policy, one: Read, other: Read) -> Judgement:
    return judge(policy, (one, other), SCHEMES)


def of(right: str, left: str, *views: str) -> Read:
    return final(right, left, views=views)


def by_other(right: str, left: str, *views: str) -> Read:
    return final(right, left, reader=OTHER, views=views)


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (of("1", "1"), by_other("2", "1"), ()),
        (of("4B", "1"), by_other("0", "2"), ()),
        (of("4B", "1"), by_other("1", "1"), ("recall against normal",)),
        (of("T", "1", "RCC"), by_other("1", "1"), ("technical recall against normal",)),
        (of("T", "1", "RCC"), by_other("4B", "1"), ("technical recall against recall",)),
        (of("4B", "1"), by_other("1", "4B"),
         ("R breast: 4B (recall) against 1 (normal)", "L breast: 1 (normal) against 4B (recall)")),
        (of("T", "1", "RCC"), by_other("T", "1", "RCC"), ()),
        (of("T", "1", "RCC"), by_other("T", "1", "RMLO"),
         ("R breast: RCC anew against RMLO",)),
        (of("T", "1", "RCC"), by_other("T", "1"),
         ("R breast: RCC anew against views that are not named",)),
        (of("T", "1", "RCC"), by_other("1", "T"),
         ("R breast: RCC anew against none",
          "L breast: none anew against views that are not named")),
    ],
)  # fmt: skip
def test_what_makes_two_reads_discordant(one: Read, other: Read, said: tuple[str, ...]) -> None:
    judged = both(POLICIES["discordant-only"], one, other)
    assert sorted(judged.reasons) == sorted(said)
    assert judged.discordant is judged.arbitrate is bool(said)


@pytest.mark.parametrize(
    ("right", "of_other", "arbitrated_by"),
    [
        ("1", "1", set()),
        ("1", "4B", {"discordant-only", "all-recalls", "all-not-normal"}),
        ("4B", "4B", {"all-recalls", "all-not-normal"}),
        ("T", "T", {"all-not-normal"}),
        ("1", "T", {"discordant-only", "all-recalls", "all-not-normal"}),
    ],
)
def test_who_arbitrates_what(right: str, of_other: str, arbitrated_by: set[str]) -> None:
    found = {
        name
        for name, policy in POLICIES.items()
        if both(policy, of(right, "1"), by_other(of_other, "1")).arbitrate
    }
    assert found == arbitrated_by


def test_one_read_is_arbitrated_by_what_it_ends_in_alone() -> None:
    assert judge(POLICIES["all-recalls"], (of("4B", "1"),), SCHEMES).arbitrate
    for name in ("discordant-only", "none"):
        assert not judge(POLICIES[name], (of("4B", "1"),), SCHEMES).arbitrate


def test_a_stricter_site_compares_the_categories_of_a_recall() -> None:
    strict = replace(POLICIES["discordant-only"], rules=(Rule.RECALL_CATEGORIES,))
    judged = both(strict, of("4B", "1"), by_other("0", "2"))
    assert judged.reasons == ("R breast: 4B against 0",)


@given(final_reads("reader-a"), final_reads(OTHER))
def test_order_makes_no_difference(one: Read, other: Read) -> None:
    for policy in POLICIES.values():
        there, back = both(policy, one, other), both(policy, other, one)
        assert (there.discordant, there.arbitrate) == (back.discordant, back.arbitrate)
        assert len(there.reasons) == len(back.reasons)


@given(final_reads("reader-a"))
def test_nobody_differs_from_who_says_the_same(read: Read) -> None:
    for policy in POLICIES.values():
        judged = both(policy, read, replace(read, reader=OTHER))
        assert not judged.discordant
        assert judged.arbitrate is bool(_ends_in(read) & set(policy.always))


@given(final_reads("reader-a"), final_reads(OTHER))
def test_it_is_discordant_just_where_something_else_follows_for_the_woman(
    one: Read, other: Read
) -> None:
    """The rule once more, written another way: what happens to her differs, or it does not."""

    def follows(read: Read) -> object:
        by_breast = {o.laterality: _consequence(o.category) for o in read.now.opinions}
        ends = max(by_breast.values(), key=list(Consequence).index)
        views = {
            o.laterality: frozenset(o.views)
            for o in read.now.opinions
            if by_breast[o.laterality] is Consequence.TECHNICAL_RECALL
        }
        return ends, by_breast, views

    a, b = follows(one), follows(other)
    judged = both(POLICIES["discordant-only"], one, other)
    assert judged.discordant is (a != b)
    assert judged.arbitrate is judged.discordant
    assert bool(judged.reasons) is judged.discordant
    assert not both(POLICIES["none"], one, other).arbitrate


@given(final_reads("reader-a"), final_reads(OTHER), st.sampled_from(list(FindingKind)))
def test_what_is_drawn_described_and_worded_makes_no_difference(
    one: Read, other: Read, kind: FindingKind
) -> None:
    worded = tuple(replace(o, reason="looked long at it") for o in one.now.opinions)
    said = replace(one.now, findings=(finding("f1", kind),), opinions=worded, density="d")
    for policy in POLICIES.values():
        assert both(policy, replace(one, now=said), other) == both(policy, one, other)


@pytest.mark.parametrize(
    ("reads", "said"),
    [
        ((), "0 reads"),
        ((of("1", "1"), of("1", "1")), "one reader"),
        ((of("1", "1"), by_other("9", "1")), "without a known category of the R breast"),
        ((of("1", "1"), replace(by_other("1", "1"), opened=replace(
            of("1", "1").opened, exam_key="exam-2"))), "different examinations"),
        ((of("1", "1"), replace(by_other("1", "1"), opened=replace(
            of("1", "1").opened, sides=(RIGHT,)))), "different breasts"),
        ((replace(of("1", "1"), opened=replace(of("1", "1").opened, scheme="x")),), "'x'"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_said(reads: tuple[Read, ...], said: str) -> None:
    with pytest.raises(ReviewError, match=said):
        judge(POLICIES["discordant-only"], reads, SCHEMES)


def test_every_policy_that_ships_has_a_test() -> None:
    assert {path.stem for path in FILES.glob("*.toml")} == set(NAMES)
    assert POLICIES["none"].rules, "a site without arbitration still learns what differs"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("schema = 1", "schema = 2", "schema 2"),
        ("schema = 1", "schema = true", "schema True"),
        ('title = "All recalls"', 'title = " "', "title"),
        ("discordant = true", 'discordant = "yes"', "true or false"),
        ('always = ["recall"]', 'always = ["normal"]', "'normal' in always"),
        ('always = ["recall"]', 'always = ["recall", "recall"]', "each once"),
        ('"consequence", ', '"opinions", ', "'opinions' in rules"),
        ("schema = 1", "schema = 1\nextra = 1", "keys"),
        ("always =", "always", "TOMLDecodeError"),
        ("rules = [", "rules = [] #", "at least one"),
    ],
)
def test_a_wrong_policy_file_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (FILES / "all-recalls.toml").read_text("utf-8")
    assert old in text
    bad = tmp_path / "mine.toml"
    bad.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(SettingsError, match=said) as caught:
        load_policy(bad)
    assert "mine.toml" in str(caught.value)


def test_a_policy_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="FileNotFoundError"):
        load_policy(tmp_path / "no.toml")


def _consequence(code: str) -> Consequence:
    category = SCHEME.category(code)
    assert category is not None
    return category.consequence


def _ends_in(read: Read) -> set[Consequence]:
    found = {_consequence(o.category) for o in read.now.opinions}
    return {max(found, key=list(Consequence).index)}
