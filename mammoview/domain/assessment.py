"""What a reader concludes of a breast and of an examination, in a scheme that is data.

Source: ACR BI-RADS Atlas, 5th edition (2013), assessment categories and breast composition;
European screening practice (normal, technical recall, recall).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mammoview.domain.finding import Finding
from mammoview.domain.views import Laterality


class Consequence(StrEnum):
    """What a category means for the woman, which is what two readers agree or differ on."""

    NORMAL = "normal"
    TECHNICAL_RECALL = "technical-recall"
    RECALL = "recall"


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """One answer of a scheme: its ``code`` ("4A"), its name, and what follows from it."""

    code: str
    name: str
    consequence: Consequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """The answers that a site gives, and the densities that it grades.

    ``densities`` are ``(code, name)`` pairs; none where the scheme grades no density.
    """

    id: str
    title: str
    categories: tuple[Category, ...]
    densities: tuple[tuple[str, str], ...]

    def category(self, code: str) -> Category | None:
        """Return a category by its code; None where the scheme has none such."""
        return next((category for category in self.categories if category.code == code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """The assessment of one breast: the ``code`` of a category, and why it was chosen.

    ``views`` are those to be taken anew where the category is a technical recall, as slots
    ("RMLO").
    """

    laterality: Laterality
    category: str
    reason: str = ""
    views: tuple[str, ...] = ()

    @property
    def answer(self) -> tuple[str, frozenset[str]]:
        """What is said of the breast, without the reason: that may be worded anew."""
        return self.category, frozenset(self.views)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a reader says of an examination: findings, an opinion per breast, the density."""

    findings: tuple[Finding, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    density: str = ""

    def opinion(self, laterality: Laterality) -> Opinion | None:
        """Return the opinion of one breast; None where there is none yet."""
        return next((o for o in self.opinions if o.laterality is laterality), None)

    def answer(self, laterality: Laterality) -> tuple[str, frozenset[str]] | None:
        """Return what is said of one breast, without the reason; None for nothing."""
        opinion = self.opinion(laterality)
        return opinion.answer if opinion is not None else None

    def finding(self, finding_id: str) -> Finding | None:
        """Return a finding by its id; None where there is none such."""
        return next((f for f in self.findings if f.id == finding_id), None)


NOTHING_SAID = Statement()
