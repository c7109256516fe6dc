"""The words for findings: which axes a kind of finding has, and which terms an axis.

The file is ``resources/assessment/lexicon.toml``.  Source: ACR BI-RADS Atlas, 5th edition (2013).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from mammoview.app import resources
from mammoview.app.assessment.files import bad_file, check_once, read_file
from mammoview.domain.finding import Finding, FindingKind
from mammoview.words import translate


class Suspicion(StrEnum):
    """What a term says by itself."""

    SUSPICIOUS = "suspicious"
    TYPICALLY_BENIGN = "typically-benign"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One word of an axis."""

    id: str
    name: str
    suspicion: Suspicion


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """What can be said of some kinds of finding.

    Attributes
    ----------
    id, name : str
        For the log, and for the reader.
    kinds : tuple of FindingKind
        Of which findings it is said.
    asked : bool
        Whether such a finding is not described without it.
    several : bool
        Whether more than one term may hold.
    terms : tuple of Term
        In the order of the atlas.
    """

    id: str
    name: str
    kinds: tuple[FindingKind, ...]
    asked: bool
    several: bool
    terms: tuple[Term, ...]

    def term(self, name: str) -> Term | None:
        """Return a term by its id; None where the axis has none such."""
        return next((term for term in self.terms if term.id == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRule:
    """A kind of finding: its name, whether its size is asked for, and what it says by itself."""

    kind: FindingKind
    name: str
    measured: bool
    suspicion: Suspicion


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """All kinds and axes, in the order in which they are offered."""

    title: str
    kinds: tuple[KindRule, ...]
    axes: tuple[Axis, ...]

    def kind(self, kind: FindingKind) -> KindRule:
        """Return what is known of a kind; every kind has an entry."""
        return next(rule for rule in self.kinds if rule.kind is kind)

    def axes_of(self, kind: FindingKind) -> tuple[Axis, ...]:
        """Return what can be said of a kind."""
        return tuple(axis for axis in self.axes if kind in axis.kinds)

    def axis(self, name: str) -> Axis | None:
        """Return an axis by its id; None where there is none such."""
        return next((axis for axis in self.axes if axis.id == name), None)

    def suspicions(self, finding: Finding) -> tuple[tuple[str, Suspicion], ...]:
        """Return what kind and terms of a finding say by themselves, each with its name."""
        said = [(self.kind(finding.kind).name, self.kind(finding.kind).suspicion)]
        for axis_id, term_id in finding.descriptors:
            axis = self.axis(axis_id)
            term = axis.term(term_id) if axis else None
            if term is not None:
                said.append((term.name, term.suspicion))
        return tuple((name, kind) for name, kind in said if kind is not Suspicion.NEITHER)


def load_lexicon(path: Path) -> Lexicon:
    """Read a lexicon.

    Raises
    ------
    SettingsError
        If the file is damaged, lacks a kind of finding, or names an axis or a term twice.
    """
    lexicon = read_file(path, Lexicon)
    check_once(path, "kind", tuple(rule.kind for rule in lexicon.kinds))
    lacking = [kind for kind in FindingKind if kind not in {rule.kind for rule in lexicon.kinds}]
    if lacking:
        raise bad_file(path, f"no entry for {', '.join(lacking)}", "one for each kind of finding")
    check_once(path, "axis", tuple(axis.id for axis in lexicon.axes))
    for axis in lexicon.axes:
        check_once(path, f"term of {axis.id}", tuple(term.id for term in axis.terms))
        check_once(path, f"kind of {axis.id}", axis.kinds)
    return lexicon


@cache
def shipped_lexicon() -> Lexicon:
    """Return the lexicon that ships with the program.

    Raises
    ------
    SettingsError
        If its file is damaged.
    """
    return load_lexicon(resources.assessment("lexicon"))


def finding_kind_text(kind: FindingKind) -> str:
    """Return a kind of finding in the words of the lexicon: ``Architectural distortion``."""
    return translate("Assessment", shipped_lexicon().kind(kind).name)


def descriptors_text(lexicon: Lexicon, finding: Finding) -> str:
    """Return kind and descriptors in words: ``Mass, irregular, spiculated``."""
    names = [translate("Assessment", lexicon.kind(finding.kind).name)]
    for axis_id, term_id in finding.descriptors:
        axis = lexicon.axis(axis_id)
        term = axis.term(term_id) if axis else None
        names.append(translate("Assessment", term.name) if term else term_id)
    return ", ".join(names)
