"""Schemes of opinions: the answers that a site gives, and what each of them demands.

Files in ``resources/assessment/schemes``; their names are the ids that settings and reads hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from mammoview.app import resources
from mammoview.app.assessment.files import bad_file, check_once, read_file
from mammoview.domain.assessment import Category, Consequence, Scheme
from mammoview.words import translate

DEFAULT_SCHEME = "birads"


class FindingDemand(StrEnum):
    """Whether a category goes with a finding in that breast."""

    NEEDED = "needed"
    OR_REASON = "or-reason"
    EXPECTED = "expected"
    FREE = "free"
    NONE = "none"


class Demand(StrEnum):
    """Whether something must be said."""

    NEEDED = "needed"
    FREE = "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRule:
    """One category of a file: what `domain.assessment.Category` holds, and what goes with it.

    Attributes
    ----------
    code, name, consequence : str, str, Consequence
        As in `Category`.
    finding : FindingDemand
        Whether a finding in that breast goes with it.
    reason : Demand
        Whether words must go with it.
    benign : bool
        Whether a suspicious descriptor contradicts it.
    advice : str
        What the reader is told on choosing it; empty: nothing.
    """

    code: str
    name: str
    consequence: Consequence
    finding: FindingDemand
    reason: Demand
    benign: bool
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpinionScheme:
    """A scheme and its demands; ``density`` tells whether the density must be said."""

    scheme: Scheme
    rules: tuple[CategoryRule, ...]
    density: Demand

    def rule(self, code: str) -> CategoryRule | None:
        """Return what goes with a category; None where the scheme has none such."""
        return next((rule for rule in self.rules if rule.code == code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    title: str
    density: Demand
    categories: tuple[CategoryRule, ...]
    densities: tuple[tuple[str, str], ...]


def load_scheme(path: Path) -> OpinionScheme:
    """Read a scheme.

    Raises
    ------
    SettingsError
        If the file is damaged, names a category twice, or lacks one that means normal or recall.
    """
    file = read_file(path, _File)
    check_once(path, "category", tuple(rule.code for rule in file.categories))
    check_once(path, "name", tuple(rule.name for rule in file.categories))
    there = {rule.consequence for rule in file.categories}
    lacking = {Consequence.NORMAL, Consequence.RECALL} - there
    if lacking:
        raise bad_file(path, f"no category that means {min(lacking)}", "one at least")
    if file.density is Demand.NEEDED and not file.densities:
        raise bad_file(path, "a density that is needed, and none to choose", "[densities]")
    return OpinionScheme(
        scheme=_scheme(path.stem, file), rules=file.categories, density=file.density
    )


@cache
def shipped_scheme(name: str = DEFAULT_SCHEME) -> OpinionScheme:
    """Return a scheme that ships with the program.

    Raises
    ------
    MissingPartError
        If there is none of that name.
    SettingsError
        If its file is damaged.
    """
    return load_scheme(resources.assessment_scheme(name))


def shipped_schemes() -> dict[str, Scheme]:
    """Return all schemes that ship with the program, by their ids."""
    return {name: shipped_scheme(name).scheme for name in resources.assessment_schemes()}


def category_name(scheme: Scheme, code: str) -> str:
    """Return a category as it is said: ``4B moderate suspicion``; the code where it is unknown."""
    found = scheme.category(code)
    return f"{code}  {translate('Assessment', found.name)}" if found else code


def density_name(scheme: Scheme, code: str) -> str:
    """Return a density as it is said; the code where it is unknown."""
    name = dict(scheme.densities).get(code)
    return f"{code}  {translate('Assessment', name)}" if name else code


def _scheme(name: str, file: _File) -> Scheme:
    return Scheme(
        id=name,
        title=file.title,
        categories=tuple(
            Category(code=rule.code, name=rule.name, consequence=rule.consequence)
            for rule in file.categories
        ),
        densities=file.densities,
    )
