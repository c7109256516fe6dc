"""The files of schemes, words and reasons: what ships is sound, and a wrong file is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from mammoview.app import resources
from mammoview.app.assessment.dismissals import load_dismissals, shipped_dismissals
from mammoview.app.assessment.lexicon import (
    Suspicion,
    descriptors_text,
    load_lexicon,
    shipped_lexicon,
)
from mammoview.app.assessment.schemes import (
    Demand,
    FindingDemand,
    category_name,
    density_name,
    load_scheme,
    shipped_scheme,
)
from mammoview.app.assessment.words import WORDS
from mammoview.domain.assessment import Consequence
from mammoview.domain.finding import FindingKind
from mammoview.errors import MissingPartError, SettingsError
from tests.builders.reads import finding


def test_bi_rads_has_its_categories_and_densities() -> None:
    scheme = shipped_scheme().scheme
    assert (scheme.id, scheme.title) == ("birads", "BI-RADS")
    codes = ["0", "1", "2", "3", "4", "4A", "4B", "4C", "5", "6"]
    assert [category.code for category in scheme.categories] == codes
    normal = [c.code for c in scheme.categories if c.consequence is Consequence.NORMAL]
    assert normal == ["1", "2"]
    assert [code for code, _ in scheme.densities] == ["a", "b", "c", "d"]
    assert shipped_scheme().density is Demand.NEEDED


@pytest.mark.parametrize("name", resources.assessment_schemes())
def test_every_shipped_scheme_is_sound(name: str) -> None:
    found = shipped_scheme(name)
    assert found.scheme.id == name
    for rule in found.rules:
        normal = rule.consequence is Consequence.NORMAL
        assert rule.benign == normal, "what is benign and what is normal is one thing"
        assert not (normal and rule.finding is FindingDemand.NEEDED)


def test_screening_in_europe_has_its_three_answers() -> None:
    assert "r1-r5" in resources.assessment_schemes()
    scheme = shipped_scheme("european").scheme
    assert [(c.code, c.consequence) for c in scheme.categories] == [
        ("N", Consequence.NORMAL),
        ("TR", Consequence.TECHNICAL_RECALL),
        ("R", Consequence.RECALL),
    ]


def test_names_are_said_and_unknown_codes_stay_as_they_are() -> None:
    scheme = shipped_scheme().scheme
    assert category_name(scheme, "4B") == "4B  Moderate suspicion for malignancy"
    assert category_name(scheme, "9") == "9"
    assert density_name(scheme, "a").startswith("a  almost")
    assert density_name(scheme, "x") == "x"
    reasons = shipped_dismissals()
    assert reasons.text("lymph-node") == "lymph node"
    assert reasons.text("a fold of the skin") == "a fold of the skin"


def test_the_lexicon_has_words_for_every_kind() -> None:
    lexicon = shipped_lexicon()
    for kind in FindingKind:
        assert lexicon.kind(kind).name
    mass = {axis.id: [term.id for term in axis.terms] for axis in lexicon.axes_of(FindingKind.MASS)}
    assert mass["shape"] == ["oval", "round", "irregular"]
    assert mass["margin"][-1] == "spiculated"
    calcification = {axis.id for axis in lexicon.axes_of(FindingKind.CALCIFICATION)}
    assert {"morphology", "distribution"} <= calcification
    assert lexicon.axes_of(FindingKind.SKIN_LESION) == ()


def test_what_a_finding_says_by_itself() -> None:
    lexicon = shipped_lexicon()
    assert lexicon.suspicions(finding()) == (("spiculated", Suspicion.SUSPICIOUS),)
    node = finding(kind=FindingKind.INTRAMAMMARY_LYMPH_NODE)
    assert lexicon.suspicions(node)[0] == ("Intramammary lymph node", Suspicion.TYPICALLY_BENIGN)
    assert descriptors_text(lexicon, finding()) == "Mass, spiculated"


def test_every_word_of_the_files_can_be_translated(repository: Path) -> None:
    said: set[str] = set()
    for name in resources.assessment_schemes():
        found = shipped_scheme(name)
        said |= {found.scheme.title, *(name for _, name in found.scheme.densities)}
        said |= {words for rule in found.rules for words in (rule.name, rule.advice) if words}
    lexicon = shipped_lexicon()
    said |= {rule.name for rule in lexicon.kinds} | {axis.name for axis in lexicon.axes}
    said |= {term.name for axis in lexicon.axes for term in axis.terms}
    said |= {words for _, words in shipped_dismissals().reasons}
    assert said == set(WORDS)


def _changed(tmp_path: Path, source: Path, old: str, new: str) -> Path:
    text = source.read_text("utf-8")
    assert old in text
    path = tmp_path / source.name
    path.write_text(text.replace(old, new, 1), "utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("schema = 1", "schema = 2", "schema 2"),
        ("schema = 1", "", "schema None"),
        ('title = "BI-RADS"', "title = 3", r"\$\.title"),
        ('title = "BI-RADS"', "", r"\$\.title is missing"),
        ('title = "BI-RADS"', 'title = "x"\nmore = 1', "unknown key"),
        ('consequence = "normal"', 'consequence = "fine"', r"categories\[1\]\.consequence"),
        ('finding = "none"', 'finding = "no"', r"categories\[1\]\.finding"),
        ("benign = true", "benign = 1", r"categories\[1\]\.benign"),
        ('code = "1"', 'code = "0"', "category '0' twice"),
        ('name = "Negative"', 'name = " "', "without a name"),
        ('a = "almost entirely fatty"', "a = 1", r"densities\.a"),
        ("[[categories]]", "[[categories", "TOMLDecodeError"),
    ],
)
def test_a_wrong_scheme_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = _changed(tmp_path, resources.assessment_scheme("birads"), old, new)
    with pytest.raises(SettingsError, match=said):
        load_scheme(path)


def test_a_scheme_without_a_way_to_recall_is_refused(tmp_path: Path) -> None:
    text = resources.assessment_scheme("european").read_text("utf-8")
    path = tmp_path / "lame.toml"
    path.write_text(text.replace('consequence = "recall"', 'consequence = "normal"'), "utf-8")
    with pytest.raises(SettingsError, match="no category that means recall"):
        load_scheme(path)
    path.write_text(
        text.replace('density = "free"', 'density = "needed"').partition("[densities]")[0]
        + "[densities]\n",
        "utf-8",
    )
    with pytest.raises(SettingsError, match="density that is needed"):
        load_scheme(path)
    with pytest.raises(SettingsError, match="FileNotFoundError"):
        load_scheme(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "asymmetry"', 'kind = "mass"', "'mass' twice"),
        ('    { kind = "skin-lesion", name = "Skin lesion", ', "    { ", "missing"),
        ('id = "margin"', 'id = "shape"', "axis 'shape' twice"),
        ('id = "oval"', 'id = "round"', "term of shape 'round' twice"),
        ('kinds = ["mass"]', 'kinds = ["lump"]', r"axes\[0\]\.kinds"),
        ('kinds = ["mass"]', "kinds = []", "no kind of shape"),
        ('suspicion = "neither"', 'suspicion = "none"', "suspicion"),
    ],
)
def test_a_wrong_lexicon_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        load_lexicon(_changed(tmp_path, resources.assessment("lexicon"), old, new))


def test_a_lexicon_that_lacks_a_kind_is_refused(tmp_path: Path) -> None:
    source = resources.assessment("lexicon")
    line = next(line for line in source.read_text("utf-8").splitlines() if "skin-lesion" in line)
    with pytest.raises(SettingsError, match="no entry for skin-lesion"):
        load_lexicon(_changed(tmp_path, source, line, ""))


def test_wrong_reasons_are_refused(tmp_path: Path) -> None:
    source = resources.assessment("dismissals")
    with pytest.raises(SettingsError, match="twice"):
        load_dismissals(_changed(tmp_path, source, "lymph node", "vessel"))
    path = tmp_path / "none.toml"
    path.write_text("schema = 1\n[reasons]\n", "utf-8")
    with pytest.raises(SettingsError, match="no reason"):
        load_dismissals(path)


def test_what_does_not_ship_is_said() -> None:
    with pytest.raises(MissingPartError, match="no scheme of opinions 'other'"):
        shipped_scheme("other")
