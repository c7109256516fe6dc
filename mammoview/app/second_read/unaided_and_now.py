"""What was said unaided beside what is said now, line by line, with every difference in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mammoview.app.assessment.consistency import breast, breast_title
from mammoview.app.assessment.lexicon import Lexicon, descriptors_text, shipped_lexicon
from mammoview.app.assessment.schemes import category_name, density_name
from mammoview.app.second_read.finding_place import position_text
from mammoview.domain.assessment import Opinion, Scheme, Statement
from mammoview.domain.finding import Finding
from mammoview.domain.views import Laterality
from mammoview.words import translate


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that was said: what it is of, before, now, and how the two differ.

    ``difference`` is empty where they do not.
    """

    what: str
    before: str
    now: str
    difference: str = ""


def compared(
    before: Statement, now: Statement, *, scheme: Scheme, sides: Sequence[Laterality]
) -> tuple[Line, ...]:
    """Return both statements, a line each for breast, density and finding.

    Parameters
    ----------
    before, now : Statement
        The unaided statement, and the one that is to be final.
    scheme : Scheme
        The answers that the opinions are taken from.
    sides : sequence of Laterality
        The breasts that were read.
    """
    return (
        *_opinions(before, now, scheme, sides),
        _density(before, now, scheme),
        *_findings(before, now),
    )


def _opinions(
    before: Statement, now: Statement, scheme: Scheme, sides: Sequence[Laterality]
) -> Iterator[Line]:
    for side in sides:
        first, last = before.opinion(side), now.opinion(side)
        changed = before.answer(side) != now.answer(side)
        difference = translate("Compare", "CHANGED") if changed else ""
        if changed and last is not None and last.reason:
            said = translate("Compare", "CHANGED, because: {reason}")
            difference = said.format(reason=last.reason)
        yield Line(
            what=breast_title(side),
            before=opinion_text(first, scheme),
            now=opinion_text(last, scheme),
            difference=difference,
        )


def opinion_text(opinion: Opinion | None, scheme: Scheme) -> str:
    """Return an opinion in words, with the views to be taken anew and the reason."""
    if opinion is None:
        return translate("Compare", "no opinion")
    parts = (category_name(scheme, opinion.category), ", ".join(opinion.views), opinion.reason)
    return " · ".join(filter(None, parts))


def _density(before: Statement, now: Statement, scheme: Scheme) -> Line:
    first, last = (density_name(scheme, s.density) for s in (before, now))
    nothing = translate("Compare", "not said")
    return Line(
        what=translate("Compare", "Density"),
        before=first or nothing,
        now=last or nothing,
        difference="" if first == last else translate("Compare", "CHANGED"),
    )


def _findings(before: Statement, now: Statement) -> Iterator[Line]:
    lexicon = shipped_lexicon()
    numbers = {finding.id: number for number, finding in enumerate(now.findings, start=1)}
    gone = [finding for finding in before.findings if finding.id not in numbers]
    for finding in now.findings:
        earlier = before.finding(finding.id)
        said = translate("Compare", "Finding {number}").format(number=numbers[finding.id])
        difference = ""
        if earlier is None:
            difference = translate("Compare", "NEW")
        elif earlier != finding:
            difference = _differing(earlier, finding)
        yield Line(
            what=said,
            before=finding_text(earlier, lexicon) if earlier else "—",
            now=finding_text(finding, lexicon),
            difference=difference,
        )
    for finding in gone:
        yield Line(
            what=translate("Compare", "Finding, taken back"),
            before=finding_text(finding, lexicon),
            now="—",
            difference=translate("Compare", "REMOVED"),
        )


def _differing(earlier: Finding, finding: Finding) -> str:
    fields = (
        (translate("Compare", "kind"), earlier.kind is not finding.kind),
        (translate("Compare", "descriptors"), earlier.descriptors != finding.descriptors),
        (translate("Compare", "size"), earlier.size_mm != finding.size_mm),
        (
            translate("Compare", "place"),
            (earlier.quadrant, earlier.clock, earlier.depth)
            != (finding.quadrant, finding.clock, finding.depth),
        ),
        (translate("Compare", "outlines"), earlier.views != finding.views),
        (translate("Compare", "comment"), earlier.comment != finding.comment),
    )
    names = ", ".join(name for name, differs in fields if differs)
    return translate("Compare", "CHANGED: {fields}").format(fields=names)


def finding_text(finding: Finding, lexicon: Lexicon) -> str:
    """Return a finding in words: kind and descriptors, side and place, size, comment."""
    parts = (
        descriptors_text(lexicon, finding),
        place_text(finding),
        f"{finding.size_mm:.1f} mm" if finding.size_mm else "",
        finding.comment,
    )
    return " · ".join(filter(None, parts))


def place_text(finding: Finding) -> str:
    """Return where a finding is: side, quadrant, hour, depth, as far as they were said."""
    return ", ".join(filter(None, (breast(finding.laterality), position_text(finding))))
