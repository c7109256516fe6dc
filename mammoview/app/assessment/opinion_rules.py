"""Rules of opinions and density: what each breast's category demands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mammoview.app.assessment.consistency import Facts, Issue, Rule, breast
from mammoview.app.assessment.lexicon import Suspicion
from mammoview.app.assessment.schemes import CategoryRule, Demand, FindingDemand
from mammoview.domain.assessment import Consequence, Opinion
from mammoview.domain.views import Laterality
from mammoview.words import translate


def opinion_issues(facts: Facts) -> Iterator[Issue]:
    """Look at every breast, the density, and breasts that no image shows."""
    for side in facts.sides:
        opinion = facts.statement.opinion(side)
        if opinion is None:
            yield _missing(side)
            continue
        rule = facts.scheme.rule(opinion.category)
        if rule is None:
            yield _unknown(facts, opinion)
            continue
        yield from _finding_demand(facts, opinion, rule)
        yield from _words(opinion, rule)
        yield from _against_terms(facts, side, rule)
    yield from _density(facts)
    for side in Laterality:
        if side not in facts.sides:
            yield _not_shown(side)


def _missing(side: Laterality) -> Issue:
    return Issue(
        rule=Rule.OPINION_MISSING,
        laterality=side,
        met=translate("Assessment", "no opinion of the {breast}").format(breast=breast(side)),
        expected=translate("Assessment", "a category for each breast that was read"),
        todo=translate("Assessment", "choose one"),
    )


def _unknown(facts: Facts, opinion: Opinion) -> Issue:
    codes = ", ".join(category.code for category in facts.scheme.scheme.categories)
    met = translate("Assessment", "category {code} of the {breast}, which {scheme} does not have")
    return Issue(
        rule=Rule.CATEGORY_UNKNOWN,
        laterality=opinion.laterality,
        met=met.format(
            code=opinion.category,
            breast=breast(opinion.laterality),
            scheme=facts.scheme.scheme.title,
        ),
        expected=translate("Assessment", "one of {codes}").format(codes=codes),
        todo=translate("Assessment", "choose one"),
    )


def _finding_demand(facts: Facts, opinion: Opinion, rule: CategoryRule) -> Iterator[Issue]:
    side, there = opinion.laterality, bool(facts.of_breast(opinion.laterality))
    if rule.finding is FindingDemand.NONE and there:
        yield _issue(
            Rule.FINDING_UNEXPECTED,
            side,
            rule,
            met=translate("Assessment", "{name} ({code}) for the {breast}, and a finding in it"),
            expected=translate("Assessment", "no finding with this category"),
            todo=translate("Assessment", "choose another category, or remove the finding"),
        )
    if there or rule.finding in (FindingDemand.NONE, FindingDemand.FREE):
        return
    met = translate("Assessment", "{name} ({code}) for the {breast}, and no finding in it")
    if rule.finding is FindingDemand.OR_REASON:
        if not opinion.reason.strip():
            yield _issue(
                Rule.FINDING_OR_REASON,
                side,
                rule,
                met=met,
                expected=translate("Assessment", "a finding, or in words what it is for"),
                todo=translate("Assessment", "outline the finding, or write the reason"),
            )
        return
    needed = rule.finding is FindingDemand.NEEDED
    yield _issue(
        Rule.FINDING_NEEDED if needed else Rule.FINDING_EXPECTED,
        side,
        rule,
        met=met,
        expected=translate("Assessment", "the finding that the category is of"),
        todo=translate("Assessment", "outline it, or choose another category"),
    )


def _words(opinion: Opinion, rule: CategoryRule) -> Iterator[Issue]:
    side = opinion.laterality
    if rule.reason is Demand.NEEDED and not opinion.reason.strip():
        yield _issue(
            Rule.REASON_NEEDED,
            side,
            rule,
            met=translate("Assessment", "{name} ({code}) for the {breast}, and no word about it"),
            expected=translate("Assessment", "what it is about: which view, which malignancy"),
            todo=translate("Assessment", "write the reason"),
        )
    if rule.consequence is Consequence.TECHNICAL_RECALL and not opinion.views:
        yield _issue(
            Rule.VIEWS_NEEDED,
            side,
            rule,
            met=translate("Assessment", "{name} ({code}) for the {breast}, of no view"),
            expected=translate("Assessment", "the views to be taken anew"),
            todo=translate("Assessment", "choose them"),
        )
    if rule.advice:
        yield _issue(
            Rule.ADVICE,
            side,
            rule,
            met=translate("Assessment", "{name} ({code}) for the {breast}"),
            expected=translate("Assessment", rule.advice),
            todo=translate("Assessment", "keep it, or choose another category"),
        )


def _against_terms(facts: Facts, side: Laterality, rule: CategoryRule) -> Iterator[Issue]:
    said = [pair for f in facts.of_breast(side) for pair in facts.lexicon.suspicions(f)]
    suspicious = [name for name, kind in said if kind is Suspicion.SUSPICIOUS]
    if rule.benign and suspicious:
        met = translate("Assessment", "{name} ({code}) for the {breast}, and in it: {terms}")
        yield _issue(
            Rule.SUSPICIOUS_BUT_BENIGN,
            side,
            rule,
            met=met,
            terms=suspicious,
            expected=translate("Assessment", "no suspicious descriptor with this category"),
            todo=translate("Assessment", "look again: keep it, or change one of the two"),
        )
    all_benign = said and all(
        any(kind is Suspicion.TYPICALLY_BENIGN for _, kind in facts.lexicon.suspicions(finding))
        for finding in facts.of_breast(side)
    )
    suspects = rule.finding is FindingDemand.NEEDED and rule.consequence is Consequence.RECALL
    if suspects and all_benign and not suspicious:
        met = translate("Assessment", "{name} ({code}) for the {breast}, and in it only: {terms}")
        yield _issue(
            Rule.BENIGN_BUT_SUSPICIOUS,
            side,
            rule,
            met=met,
            terms=[name for name, _ in said],
            expected=translate("Assessment", "a finding that is not typically benign"),
            todo=translate("Assessment", "look again: keep it, or change one of the two"),
        )


def _density(facts: Facts) -> Iterator[Issue]:
    scheme, density = facts.scheme, facts.statement.density
    codes = ", ".join(code for code, _ in scheme.scheme.densities)
    if not density and scheme.density is Demand.NEEDED:
        yield Issue(
            rule=Rule.DENSITY_MISSING,
            met=translate("Assessment", "no density of the breasts"),
            expected=translate("Assessment", "one of {codes}").format(codes=codes),
            todo=translate("Assessment", "choose one"),
        )
    if density and density not in dict(scheme.scheme.densities):
        met = translate("Assessment", "density {code}, which {scheme} does not have")
        yield Issue(
            rule=Rule.DENSITY_UNKNOWN,
            met=met.format(code=density, scheme=scheme.scheme.title),
            expected=translate("Assessment", "one of {codes}").format(codes=codes),
            todo=translate("Assessment", "choose one"),
        )


def _not_shown(side: Laterality) -> Issue:
    met = translate("Assessment", "no image of the {breast}: it is not assessed")
    return Issue(
        rule=Rule.BREAST_NOT_SHOWN,
        laterality=side,
        met=met.format(breast=breast(side)),
        expected=translate("Assessment", "both breasts, unless one was removed or not asked for"),
        todo=translate("Assessment", "look whether images are missing; the reason is on record"),
    )


def _issue(
    name: Rule,
    side: Laterality,
    category: CategoryRule,
    *,
    met: str,
    expected: str,
    todo: str,
    terms: Sequence[str] = (),
) -> Issue:
    """Return an issue of a breast; ``met`` names it, its category, and terms in it, each once."""
    said = met.format(
        name=translate("Assessment", category.name),
        code=category.code,
        breast=breast(side),
        terms=", ".join(translate("Assessment", term) for term in dict.fromkeys(terms)),
    )
    return Issue(rule=name, laterality=side, met=said, expected=expected, todo=todo)
