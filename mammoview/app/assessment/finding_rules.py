"""Rules of findings: the right breast, terms that the lexicon has, a place, a size, both views."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mammoview.app.assessment.consistency import Facts, Issue, Rule, breast, finding_title
from mammoview.domain.finding import Finding, FindingKind, Quadrant
from mammoview.domain.study import Mammogram
from mammoview.imaging.position import AXIAL, UPRIGHT, quadrants_at
from mammoview.words import QT_TRANSLATE_NOOP, translate

QUADRANTS = {
    Quadrant.UPPER_OUTER: QT_TRANSLATE_NOOP("Assessment", "upper outer"),
    Quadrant.UPPER_INNER: QT_TRANSLATE_NOOP("Assessment", "upper inner"),
    Quadrant.LOWER_OUTER: QT_TRANSLATE_NOOP("Assessment", "lower outer"),
    Quadrant.LOWER_INNER: QT_TRANSLATE_NOOP("Assessment", "lower inner"),
    Quadrant.CENTRAL: QT_TRANSLATE_NOOP("Assessment", "central"),
    Quadrant.RETROAREOLAR: QT_TRANSLATE_NOOP("Assessment", "retroareolar"),
    Quadrant.AXILLARY_TAIL: QT_TRANSLATE_NOOP("Assessment", "axillary tail"),
    Quadrant.UNKNOWN: QT_TRANSLATE_NOOP("Assessment", "not known"),
}
# Where it lies at the skin or is an associated sign, a second view is not looked for.
_IN_ONE_VIEW = frozenset({FindingKind.SKIN_LESION, FindingKind.ASSOCIATED_FEATURE})
_OF_ONE_VIEW = ("type", "asymmetry")
_ANY_HOUR = (Quadrant.CENTRAL, Quadrant.RETROAREOLAR, Quadrant.UNKNOWN)


def finding_issues(facts: Facts) -> Iterator[Issue]:
    """Look at every finding by itself."""
    for finding in facts.statement.findings:
        yield from _other_breast(facts, finding)
        yield from _clock(facts, finding)
        yield from _terms(facts, finding)
        yield from _views(facts, finding)
        yield from _size(facts, finding)
        yield from _place(facts, finding)


def _other_breast(facts: Facts, finding: Finding) -> Iterator[Issue]:
    for image in facts.images_of(finding):
        if image.laterality.value not in (None, finding.laterality):
            met = translate("Assessment", "{finding} is outlined in the image {view}")
            yield _issue(
                Rule.OTHER_BREAST,
                facts,
                finding,
                met=met.format(finding=finding_title(facts, finding), view=image.label),
                expected=translate("Assessment", "images of the same breast"),
                todo=translate("Assessment", "take that outline away, or begin another finding"),
            )


def _clock(facts: Facts, finding: Finding) -> Iterator[Issue]:
    if not finding.clock:
        return
    fitting = quadrants_at(finding.clock, finding.laterality)
    tail = finding.quadrant is Quadrant.AXILLARY_TAIL and Quadrant.UPPER_OUTER in fitting
    if not tail and finding.quadrant not in (*fitting, *_ANY_HOUR):
        met = translate("Assessment", "{finding} lies at {hour} o'clock and {quadrant}")
        where = translate("Assessment", " or ").join(
            translate("Assessment", QUADRANTS[quadrant]) for quadrant in fitting
        )
        expected = translate("Assessment", "{where}, which is {hour} o'clock in the {breast}")
        yield _issue(
            Rule.CLOCK_AGAINST_QUADRANT,
            facts,
            finding,
            met=met.format(
                finding=finding_title(facts, finding),
                hour=finding.clock,
                quadrant=translate("Assessment", QUADRANTS[finding.quadrant]),
            ),
            expected=expected.format(
                where=where, hour=finding.clock, breast=breast(finding.laterality)
            ),
            todo=translate("Assessment", "correct the hour, the quadrant or the side"),
        )


def _terms(facts: Facts, finding: Finding) -> Iterator[Issue]:
    axes = facts.lexicon.axes_of(finding.kind)
    said = {axis for axis, _ in finding.descriptors}
    for axis_id, term_id in finding.descriptors:
        axis = next((axis for axis in axes if axis.id == axis_id), None)
        if axis is None or axis.term(term_id) is None:
            met = translate("Assessment", "{finding} is said to be “{axis}: {term}”")
            yield _issue(
                Rule.TERM_UNKNOWN,
                facts,
                finding,
                met=met.format(finding=finding_title(facts, finding), axis=axis_id, term=term_id),
                expected=translate("Assessment", "a word of the lexicon for this kind"),
                todo=translate("Assessment", "choose another word"),
            )
    lacking = [axis.name for axis in axes if axis.asked and axis.id not in said]
    if lacking:
        names = ", ".join(translate("Assessment", name) for name in lacking)
        met = translate("Assessment", "{finding} without {axes}")
        yield _issue(
            Rule.TERM_MISSING,
            facts,
            finding,
            met=met.format(finding=finding_title(facts, finding), axes=names),
            expected=translate("Assessment", "each of them, as the atlas asks"),
            todo=translate("Assessment", "describe it"),
        )


def _views(facts: Facts, finding: Finding) -> Iterator[Issue]:
    """Look whether the other view of the breast shows it too."""
    of_breast = (i for i in facts.images if i.laterality.value is finding.laterality)
    shown, there = _groups(facts.images_of(finding)), _groups(of_breast)
    one_view_kind = _OF_ONE_VIEW in finding.descriptors
    if len(shown) == 1 and len(there) == 2 and not one_view_kind:
        if finding.kind in _IN_ONE_VIEW:
            return
        other = _CC if shown == {_UPRIGHT} else _UPRIGHT
        met = translate("Assessment", "{finding} is in one view alone, not in {other}")
        yield _issue(
            Rule.ONE_VIEW,
            facts,
            finding,
            met=met.format(finding=finding_title(facts, finding), other=other),
            expected=translate("Assessment", "both views, where it is seen in both"),
            todo=translate("Assessment", "link it in the other view, or keep it"),
        )
    if len(shown) == 2 and one_view_kind:
        yield _issue(
            Rule.ASYMMETRY_IN_TWO_VIEWS,
            facts,
            finding,
            met=translate("Assessment", "{finding}, an asymmetry, is in two views").format(
                finding=finding_title(facts, finding)
            ),
            expected=translate("Assessment", "a focal asymmetry: it is seen in both views"),
            todo=translate("Assessment", "choose another type, or take one outline away"),
        )


def _size(facts: Facts, finding: Finding) -> Iterator[Issue]:
    in_mm = any(image.spacing is not None for image in facts.images_of(finding))
    if finding.size_mm <= 0 and in_mm and facts.lexicon.kind(finding.kind).measured:
        yield _issue(
            Rule.SIZE_MISSING,
            facts,
            finding,
            met=translate("Assessment", "{finding} without a size").format(
                finding=finding_title(facts, finding)
            ),
            expected=translate("Assessment", "its longest diameter in mm"),
            todo=translate("Assessment", "outline it, or type the size"),
        )


def _place(facts: Facts, finding: Finding) -> Iterator[Issue]:
    if finding.quadrant is Quadrant.UNKNOWN and not finding.clock:
        yield _issue(
            Rule.PLACE_MISSING,
            facts,
            finding,
            met=translate("Assessment", "{finding} without quadrant and hour").format(
                finding=finding_title(facts, finding)
            ),
            expected=translate("Assessment", "where in the breast it is"),
            todo=translate("Assessment", "choose a quadrant or an hour"),
        )


_CC, _UPRIGHT = "CC", "MLO"


def _groups(images: Iterable[Mammogram]) -> set[str]:
    """Return which of the two directions of view are among images; parts of a breast are none."""
    found = set()
    for image in images:
        if image.view.value in AXIAL:
            found.add(_CC)
        elif image.view.value in UPRIGHT:
            found.add(_UPRIGHT)
    return found


def _issue(
    rule: Rule, facts: Facts, finding: Finding, *, met: str, expected: str, todo: str
) -> Issue:
    return Issue(
        rule=rule,
        laterality=finding.laterality,
        finding_id=finding.id,
        met=met,
        expected=expected,
        todo=todo,
    )
