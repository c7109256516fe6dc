"""All rules together: what blocks the lock and the final opinion, and what is only said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mammoview.app.assessment.consistency import Facts, Issue, Rule, breast
from mammoview.app.assessment.finding_rules import finding_issues
from mammoview.app.assessment.opinion_rules import opinion_issues
from mammoview.domain.assessment import Consequence, Statement
from mammoview.domain.reading import CadMark, Disposition, MarkAnswer
from mammoview.domain.views import Laterality
from mammoview.words import COUNTED, translate

_ORDER = tuple(Rule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aided:
    """What came after the reveal: the locked statement, the marks and their answers."""

    unaided: Statement
    shown: tuple[CadMark, ...]
    answers: tuple[MarkAnswer, ...]


def issues_of(facts: Facts, aided: Aided | None = None) -> tuple[Issue, ...]:
    """Return what the rules find: errors first, then hints, each in the order of `Rule`.

    Parameters
    ----------
    facts : Facts
        What is said, and of what.
    aided : Aided or None
        After the reveal, for the final opinion; None before it.
    """
    found = [*opinion_issues(facts), *finding_issues(facts)]
    if aided is not None:
        found += aided_issues(facts, aided)
    return tuple(sorted(found, key=lambda issue: _ORDER.index(issue.rule)))


def aided_issues(facts: Facts, aided: Aided) -> Iterator[Issue]:
    """Look at the answers to the marks, and at what has changed since the lock."""
    yield from _unanswered(aided)
    yield from _changes(facts, aided)
    yield from _agreed(facts, aided)


def _unanswered(aided: Aided) -> Iterator[Issue]:
    answered = {answer.mark_id for answer in aided.answers}
    count = sum(mark.id not in answered for mark in aided.shown)
    if count:
        yield Issue(
            rule=Rule.MARK_UNANSWERED,
            met=translate("Assessment", "%n mark(s) without an answer", "", COUNTED, count),
            expected=translate("Assessment", "agree, dismiss or same finding, for each"),
            todo=translate("Assessment", "step through the marks"),
        )


def _changes(facts: Facts, aided: Aided) -> Iterator[Issue]:
    for side in facts.sides:
        before, now = aided.unaided.opinion(side), facts.statement.opinion(side)
        if before is None or now is None or now.reason.strip():
            continue
        if before.answer != now.answer:
            met = translate("Assessment", "another opinion of the {breast}, without a reason")
            yield Issue(
                rule=Rule.CHANGE_WITHOUT_REASON,
                laterality=side,
                met=met.format(breast=breast(side)),
                expected=translate("Assessment", "why it is not the unaided one any more"),
                todo=translate("Assessment", "write the reason"),
            )


def _agreed(facts: Facts, aided: Aided) -> Iterator[Issue]:
    """Point at a breast that is called normal though a mark in it was agreed with."""
    agreed = {a.mark_id for a in aided.answers if a.disposition is Disposition.AGREE}
    uids = {mark.sop_instance_uid for mark in aided.shown if mark.id in agreed}
    sides = {i.laterality.value for i in facts.images if i.sop_instance_uid in uids}
    for side in _in_order(sides, facts):
        opinion = facts.statement.opinion(side)
        category = opinion and facts.scheme.scheme.category(opinion.category)
        if category and category.consequence is Consequence.NORMAL:
            met = translate("Assessment", "a mark in the {breast} agreed with, and “{name}”")
            yield Issue(
                rule=Rule.AGREED_BUT_NORMAL,
                laterality=side,
                met=met.format(breast=breast(side), name=translate("Assessment", category.name)),
                expected=translate("Assessment", "an opinion that agrees with it"),
                todo=translate("Assessment", "look again: keep it, or change one of the two"),
            )


def _in_order(sides: Iterable[Laterality | None], facts: Facts) -> tuple[Laterality, ...]:
    return tuple(side for side in facts.sides if side in sides)
