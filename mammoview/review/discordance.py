"""Whether two readers say different things of an examination, and whether another one decides.

What makes reads discordant and who then decides is a policy in a file (``resources/arbitration``).
Everything here is a function of the final reads and of the schemes that their categories are from:
two reads that are concordant to one program are so to any.  What readers drew, described or wrote
makes no difference by itself: only what follows for the woman does.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from mammoview.domain.assessment import Category, Consequence, Opinion, Scheme
from mammoview.domain.views import Laterality
from mammoview.errors import ReviewError, SettingsError
from mammoview.review.read import Read

SCHEMA = 1
_GRAVEST_LAST = (Consequence.NORMAL, Consequence.TECHNICAL_RECALL, Consequence.RECALL)
_WORDS = MappingProxyType(
    {
        Consequence.NORMAL: "normal",
        Consequence.TECHNICAL_RECALL: "technical recall",
        Consequence.RECALL: "recall",
    }
)


class Rule(StrEnum):
    """What can make two reads discordant."""

    CONSEQUENCE = "consequence"
    RECALL_BREASTS = "recall-breasts"
    RECALL_CATEGORIES = "recall-categories"
    TECHNICAL_RECALL_VIEWS = "technical-recall-views"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Which examinations an arbitrator decides.

    Attributes
    ----------
    id, title : str
        The name of the file, and for the reader.
    discordant : bool
        Whether discordant reads are arbitrated.
    always : tuple of Consequence
        Reads that end so are arbitrated whatever the other says.
    rules : tuple of Rule
        What makes two reads discordant.
    """

    id: str
    title: str
    discordant: bool
    always: tuple[Consequence, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a policy says of final reads: ``reasons`` are for the reader, a clause each."""

    discordant: bool
    arbitrate: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What a read says of one breast."""

    side: Laterality
    category: Category
    views: frozenset[str]


_Conclusion = Mapping[Laterality, _Said]


def judge(policy: Policy, reads: Sequence[Read], schemes: Mapping[str, Scheme]) -> Judgement:
    """Tell whether final reads of one examination are discordant, and whether they are arbitrated.

    Parameters
    ----------
    policy : Policy
        The rules.
    reads : sequence of Read
        One or two; which comes first makes no difference to whether they differ.
    schemes : mapping of str to Scheme
        Those that the reads name.

    Raises
    ------
    ReviewError
        If they are of different examinations or readers' own, or a category is in no scheme.
    """
    _check_pair(reads)
    said = [_conclusion(read, schemes) for read in reads]
    differences: tuple[str, ...] = ()
    if len(said) == 2:
        differences = tuple(text for rule in policy.rules for text in _RULES[rule](*said))
    ends = {_end(conclusion) for conclusion in said}
    always = tuple(
        f"a read ends in {_WORDS[end]}, which is always arbitrated"
        for end in policy.always
        if end in ends
    )
    arbitrate = bool(always) or (policy.discordant and bool(differences))
    return Judgement(
        discordant=bool(differences), arbitrate=arbitrate, reasons=(*differences, *always)
    )


def load_policy(path: Path) -> Policy:
    """Read a policy file.

    Raises
    ------
    SettingsError
        If it cannot be read, is of another schema, or names an unknown key, rule or consequence.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _bad(path, type(error).__name__, "valid TOML") from error
    wanted = {"schema", "title", "discordant", "always", "rules"}
    if set(content) != wanted:
        raise _bad(path, f"the keys {', '.join(sorted(content))}", ", ".join(sorted(wanted)))
    if type(content["schema"]) is not int or content["schema"] != SCHEMA:
        raise _bad(path, f"schema {content['schema']!r}", f"schema {SCHEMA}")
    if not isinstance(content["title"], str) or not content["title"].strip():
        raise _bad(path, "no title", "some words")
    if not isinstance(content["discordant"], bool):
        raise _bad(path, f"discordant = {content['discordant']!r}", "true or false")
    always = _members(path, content["always"], "always", tuple(Consequence)[1:])
    rules = _members(path, content["rules"], "rules", tuple(Rule))
    if content["discordant"] and not rules:
        raise _bad(path, "no rules", "at least one, or discordant = false")
    return Policy(
        id=path.stem,
        title=content["title"],
        discordant=content["discordant"],
        always=tuple(map(Consequence, always)),
        rules=tuple(map(Rule, rules)),
    )


# -- the rules: each yields what differs, a clause a breast -------------------------------------


def _by_consequence(one: _Conclusion, other: _Conclusion) -> Iterator[str]:
    if _end(one) is not _end(other):
        yield f"{_WORDS[_end(one)]} against {_WORDS[_end(other)]}"


def _by_recalled_breasts(one: _Conclusion, other: _Conclusion) -> Iterator[str]:
    if _both(one, other, Consequence.RECALL):
        for a, b in _breasts(one, other):
            if a.category.consequence is not b.category.consequence:
                yield f"{a.side} breast: {_named(a)} against {_named(b)}"


def _by_recall_categories(one: _Conclusion, other: _Conclusion) -> Iterator[str]:
    if _both(one, other, Consequence.RECALL):
        for a, b in _breasts(one, other):
            recalls = {a.category.consequence, b.category.consequence} == {Consequence.RECALL}
            if recalls and a.category.code != b.category.code:
                yield f"{a.side} breast: {a.category.code} against {b.category.code}"


def _by_views(one: _Conclusion, other: _Conclusion) -> Iterator[str]:
    both_end_so = _both(one, other, Consequence.TECHNICAL_RECALL)
    for a, b in _breasts(one, other):
        technical = [s.category.consequence is Consequence.TECHNICAL_RECALL for s in (a, b)]
        differ = a.views != b.views if all(technical) else any(technical) and both_end_so
        if differ:
            yield f"{a.side} breast: {_views(a)} anew against {_views(b)}"


_RULES: Mapping[Rule, Callable[[_Conclusion, _Conclusion], Iterator[str]]] = MappingProxyType(
    {
        Rule.CONSEQUENCE: _by_consequence,
        Rule.RECALL_BREASTS: _by_recalled_breasts,
        Rule.RECALL_CATEGORIES: _by_recall_categories,
        Rule.TECHNICAL_RECALL_VIEWS: _by_views,
    }
)


# -- helpers ------------------------------------------------------------------------------------


def _check_pair(reads: Sequence[Read]) -> None:
    if not 1 <= len(reads) <= 2:
        raise _wrong(f"{len(reads)} reads", "one or two")
    if len({read.opened.exam_key for read in reads}) > 1:
        raise _wrong("reads of different examinations", "two of one examination")
    if len({read.reader for read in reads}) < len(reads):
        raise _wrong("two reads of one reader", "reads of two readers")
    if len({frozenset(read.opened.sides) for read in reads}) > 1:
        raise _wrong("reads of different breasts", "two of the same breasts")


def _conclusion(read: Read, schemes: Mapping[str, Scheme]) -> _Conclusion:
    scheme = schemes.get(read.opened.scheme)
    if scheme is None:
        raise _wrong(f"the unknown scheme {read.opened.scheme!r}", "one that is installed")
    return {side: _said(side, read.now.opinion(side), scheme) for side in sorted(read.opened.sides)}


def _said(side: Laterality, opinion: Opinion | None, scheme: Scheme) -> _Said:
    category = scheme.category(opinion.category) if opinion else None
    if opinion is None or category is None:
        raise _wrong(f"a read without a known category of the {side} breast", "a final read")
    return _Said(side=side, category=category, views=frozenset(opinion.views))


def _end(conclusion: _Conclusion) -> Consequence:
    """Return what follows for the woman: the gravest of what follows for each breast."""
    found = {said.category.consequence for said in conclusion.values()}
    return max(found, key=_GRAVEST_LAST.index)


def _both(one: _Conclusion, other: _Conclusion, end: Consequence) -> bool:
    return _end(one) is end and _end(other) is end


def _breasts(one: _Conclusion, other: _Conclusion) -> list[tuple[_Said, _Said]]:
    return [(one[side], other[side]) for side in one]


def _named(said: _Said) -> str:
    return f"{said.category.code} ({_WORDS[said.category.consequence]})"


def _views(said: _Said) -> str:
    if said.category.consequence is not Consequence.TECHNICAL_RECALL:
        return "none"
    return ", ".join(sorted(said.views)) or "views that are not named"


def _members(path: Path, given: object, key: str, known: Sequence[StrEnum]) -> list[str]:
    if not isinstance(given, list) or len(set(map(str, given))) < len(given):
        raise _bad(path, f"{key} = {given!r}", "a list that names each once")
    unknown = [item for item in given if item not in [str(member) for member in known]]
    if unknown:
        raise _bad(path, f"{unknown[0]!r} in {key}", "one of " + ", ".join(known))
    return given


def _wrong(met: str, expected: str) -> ReviewError:
    return ReviewError(met, expected=expected, todo="nothing was compared; report it")


def _bad(path: Path, met: str, expected: str) -> SettingsError:
    return SettingsError(
        f"arbitration policy {path.name}: {met}",
        expected=expected,
        todo="correct the file, or restore the one that ships with mammoview",
    )
