"""Two reads of one examination side by side, in words: what an arbitrator decides between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mammoview.app.assessment.finding_rules import QUADRANTS
from mammoview.app.assessment.lexicon import finding_kind_text
from mammoview.app.assessment.schemes import shipped_schemes
from mammoview.app.second_read.texts import side_name
from mammoview.app.workspace import Workspace
from mammoview.domain.assessment import Consequence, Scheme, Statement
from mammoview.domain.finding import Finding
from mammoview.domain.reading import Disposition, Role
from mammoview.domain.views import Laterality
from mammoview.review.read import Read
from mammoview.review.states import ReadState
from mammoview.words import translate


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that both reads say; ``differs`` where they say it differently."""

    what: str
    said: tuple[str, ...]
    differs: bool


def reads_of(ws: Workspace) -> tuple[Read, ...]:
    """Return the reads that stand side by side on this screen, as they were opened; else none."""
    part = ws.read
    if part.read is None or not part.others:
        return ()
    both = (*part.others, part.read)
    return tuple(sorted(both, key=lambda read: list(Role).index(read.opened.role)))


def decides(ws: Workspace) -> bool:
    """Tell whether the reader decides between two reads now."""
    read = ws.read.read
    arbitrates = ws.read.role is Role.ARBITRATOR
    return arbitrates and read is not None and read.state is ReadState.ARBITRATION


def heads(ws: Workspace) -> tuple[str, ...]:
    """Return whose reads they are: by their place, for names are no argument."""
    places = {
        Role.FIRST: translate("Read", "First"),
        Role.SECOND: translate("Read", "Second"),
        Role.ARBITRATOR: translate("Read", "Third"),
    }
    you = translate("Read", "You")
    return tuple(
        you if read.reader == ws.read.reader.id else places[read.opened.role]
        for read in reads_of(ws)
    )


def lines(ws: Workspace) -> tuple[Line, ...]:
    """Return what the reads say, a line each, before and after the reveal."""
    reads, schemes = reads_of(ws), shipped_schemes()
    if not reads:
        return ()
    found = []
    for side in reads[-1].opened.sides:
        name = side_name(side)
        before = translate("Read", "{side}, unaided").format(side=name)
        found.append(_line(before, [_opinion(r, r.unaided, side, schemes) for r in reads]))
        final = translate("Read", "{side}, final").format(side=name)
        found.append(_line(final, [_opinion(r, r.now, side, schemes) for r in reads]))
        reasons = [_reason(r, side) for r in reads]
        if any(reasons):
            found.append(_line(translate("Read", "{side}, why").format(side=name), reasons))
        findings = translate("Read", "{side}, findings").format(side=name)
        found.append(_line(findings, [_findings(r, side) for r in reads]))
    found.append(_line(translate("Read", "Density"), [r.now.density or "–" for r in reads]))
    found.append(_line(translate("Read", "Computer's marks"), [_answers(r) for r in reads]))
    return tuple(found)


def why(ws: Workspace) -> str:
    """Return why an arbitrator was asked; empty where none was."""
    reads = reads_of(ws) or ((ws.read.read,) if ws.read.read is not None else ())
    asked = next((read.arbitration for read in reads if read.arbitration is not None), None)
    if asked is None:
        return ""
    line = (
        translate("Read", "Discordant: {reason}")
        if asked.discordant
        else translate("Read", "Sent to an arbitrator: {reason}")
    )
    return line.format(reason=asked.reason)


def _line(what: str, said: Sequence[str]) -> Line:
    return Line(what=what, said=tuple(said), differs=len(set(said)) > 1)


def _opinion(
    read: Read, statement: Statement | None, side: Laterality, schemes: dict[str, Scheme]
) -> str:
    opinion = statement.opinion(side) if statement is not None else None
    if opinion is None:
        return "–"
    scheme = schemes.get(read.opened.scheme)
    category = scheme.category(opinion.category) if scheme is not None else None
    said = opinion.category
    if category is not None:
        said = f"{said} · {consequence_text(category.consequence)}"
    if opinion.views:
        anew = translate("Read", "anew: {views}").format(views=", ".join(opinion.views))
        said = f"{said} ({anew})"
    return said


def consequence_text(consequence: Consequence) -> str:
    """Return what follows for the woman, in words."""
    return {
        Consequence.NORMAL: translate("Read", "normal"),
        Consequence.TECHNICAL_RECALL: translate("Read", "technical recall"),
        Consequence.RECALL: translate("Read", "recall"),
    }[consequence]


def _reason(read: Read, side: Laterality) -> str:
    opinion = read.now.opinion(side)
    return opinion.reason if opinion is not None else ""


def _findings(read: Read, side: Laterality) -> str:
    said = [finding_text(f) for f in read.now.findings if f.laterality is side]
    return "; ".join(said) or "–"


def finding_text(finding: Finding) -> str:
    """Return a finding in short: what it is, its size, where it lies."""
    parts = [finding_kind_text(finding.kind)]
    if finding.size_mm > 0:
        parts.append(translate("Read", "{mm:.0f} mm").format(mm=finding.size_mm))
    if finding.quadrant:
        parts.append(translate("Assessment", QUADRANTS[finding.quadrant]))
    return ", ".join(parts)


def _answers(read: Read) -> str:
    if read.revealed is None:
        return "–"
    counts = Counter(answer.disposition for answer in read.disposed)
    said = (
        (counts[Disposition.AGREE], translate("Read", "{n} agreed")),
        (counts[Disposition.DUPLICATE], translate("Read", "{n} found before")),
        (counts[Disposition.DISMISS], translate("Read", "{n} dismissed")),
    )
    return ", ".join(text.format(n=n) for n, text in said if n) or translate("Read", "none")
