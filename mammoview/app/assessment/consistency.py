"""Whether what a reader says holds together: named rules, each a pure function.

An error blocks the lock and the final opinion; a hint is shown and blocks nothing.  What a category
demands and what a term says by itself is data (`schemes`, `lexicon`); here it is compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from mammoview.app.assessment.lexicon import Lexicon, shipped_lexicon
from mammoview.app.assessment.schemes import OpinionScheme
from mammoview.domain.assessment import Statement
from mammoview.domain.finding import Finding
from mammoview.domain.study import Mammogram
from mammoview.domain.views import Laterality
from mammoview.words import QT_TRANSLATE_NOOP, translate


class Severity(StrEnum):
    """What follows from an issue."""

    ERROR = "error"
    HINT = "hint"


class Rule(StrEnum):
    """The names of the rules, in the order in which their issues are shown."""

    OPINION_MISSING = "opinion-missing"
    CATEGORY_UNKNOWN = "category-unknown"
    FINDING_NEEDED = "finding-needed"
    FINDING_OR_REASON = "finding-or-reason"
    FINDING_UNEXPECTED = "finding-unexpected"
    REASON_NEEDED = "reason-needed"
    VIEWS_NEEDED = "views-needed"
    DENSITY_MISSING = "density-missing"
    DENSITY_UNKNOWN = "density-unknown"
    OTHER_BREAST = "other-breast"
    CLOCK_AGAINST_QUADRANT = "clock-against-quadrant"
    TERM_UNKNOWN = "term-unknown"
    MARK_UNANSWERED = "mark-unanswered"
    CHANGE_WITHOUT_REASON = "change-without-reason"
    SUSPICIOUS_BUT_BENIGN = "suspicious-but-benign"
    BENIGN_BUT_SUSPICIOUS = "benign-but-suspicious"
    AGREED_BUT_NORMAL = "agreed-but-normal"
    FINDING_EXPECTED = "finding-expected"
    ADVICE = "advice"
    ONE_VIEW = "one-view"
    ASYMMETRY_IN_TWO_VIEWS = "asymmetry-in-two-views"
    SIZE_MISSING = "size-missing"
    PLACE_MISSING = "place-missing"
    TERM_MISSING = "term-missing"
    BREAST_NOT_SHOWN = "breast-not-shown"


_HINTS = frozenset(
    {
        Rule.SUSPICIOUS_BUT_BENIGN,
        Rule.BENIGN_BUT_SUSPICIOUS,
        Rule.AGREED_BUT_NORMAL,
        Rule.FINDING_EXPECTED,
        Rule.ADVICE,
        Rule.ONE_VIEW,
        Rule.ASYMMETRY_IN_TWO_VIEWS,
        Rule.SIZE_MISSING,
        Rule.PLACE_MISSING,
        Rule.TERM_MISSING,
        Rule.BREAST_NOT_SHOWN,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """What a rule found: what was met, what was expected and what to do.

    ``laterality`` and ``finding_id`` say where; None and empty where it is about neither.
    """

    rule: Rule
    met: str
    expected: str
    todo: str
    laterality: Laterality | None = None
    finding_id: str = ""

    @property
    def severity(self) -> Severity:
        """What follows from it."""
        return Severity.HINT if self.rule in _HINTS else Severity.ERROR

    @property
    def short(self) -> str:
        """What was met and what to do, for where there is little room."""
        return translate("Assessment", "{met}: {todo}").format(met=self.met, todo=self.todo)

    @property
    def text(self) -> str:
        """All of it in one line."""
        said = translate("Assessment", "{met}; expected {expected}; {todo}")
        return said.format(met=self.met, expected=self.expected, todo=self.todo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the rules look at.

    Attributes
    ----------
    statement : Statement
        What the reader says.
    images : tuple of Mammogram
        What was read.
    sides : tuple of Laterality
        The breasts that an opinion is due of.
    scheme : OpinionScheme
        The answers of the site.
    lexicon : Lexicon
        The words for findings.
    """

    statement: Statement
    images: tuple[Mammogram, ...]
    sides: tuple[Laterality, ...]
    scheme: OpinionScheme
    lexicon: Lexicon

    def of_breast(self, side: Laterality) -> tuple[Finding, ...]:
        """Return the findings in a breast."""
        return tuple(f for f in self.statement.findings if f.laterality is side)

    def images_of(self, finding: Finding) -> tuple[Mammogram, ...]:
        """Return the images that show a finding."""
        uids = {view.sop_instance_uid for view in finding.views}
        return tuple(image for image in self.images if image.sop_instance_uid in uids)


def facts_of(
    statement: Statement,
    *,
    images: Sequence[Mammogram],
    sides: Sequence[Laterality],
    scheme: OpinionScheme,
) -> Facts:
    """Return the facts of a statement, with the lexicon that ships with the program."""
    return Facts(
        statement=statement,
        images=tuple(images),
        sides=tuple(sides),
        scheme=scheme,
        lexicon=shipped_lexicon(),
    )


def blocks(issues: Sequence[Issue]) -> bool:
    """Tell whether an issue forbids to go on."""
    return any(issue.severity is Severity.ERROR for issue in issues)


BREASTS = {
    Laterality.RIGHT: QT_TRANSLATE_NOOP("Assessment", "right breast"),
    Laterality.LEFT: QT_TRANSLATE_NOOP("Assessment", "left breast"),
}
_TITLES = {
    Laterality.RIGHT: QT_TRANSLATE_NOOP("Assessment", "Right breast"),
    Laterality.LEFT: QT_TRANSLATE_NOOP("Assessment", "Left breast"),
}


def breast(side: Laterality) -> str:
    """Return the name of a breast, within a sentence."""
    return translate("Assessment", BREASTS[side])


def breast_title(side: Laterality) -> str:
    """Return the name of a breast, standing alone."""
    return translate("Assessment", _TITLES[side])


def finding_title(facts: Facts, finding: Finding) -> str:
    """Return how a finding is called: its number, kind and side."""
    number = facts.statement.findings.index(finding) + 1
    kind = translate("Assessment", facts.lexicon.kind(finding.kind).name)
    said = translate("Assessment", "finding {number} ({kind}, {breast})")
    return said.format(number=number, kind=kind, breast=breast(finding.laterality))
