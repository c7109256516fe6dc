"""What a result says in words, in the window's language: the same in the report and in pictures.

Codes of DICOM objects and the document for programs stay English: see `mammoview.words`.
"""

from __future__ import annotations

from datetime import datetime

from mammoview.app.assessment.dismissals import shipped_dismissals
from mammoview.app.assessment.lexicon import finding_kind_text, shipped_lexicon
from mammoview.app.kinds import kind_text
from mammoview.domain.assessment import Opinion, Scheme
from mammoview.domain.finding import Finding
from mammoview.domain.reading import CadMark, Disposition, MarkAnswer, ReadReport
from mammoview.domain.study import Mammogram
from mammoview.domain.views import Laterality
from mammoview.words import QT_TRANSLATE_NOOP, translate

RESEARCH_ONLY = QT_TRANSLATE_NOOP(
    "Report", "Research use only: not a medical device, not for diagnosis."
)
SIDES = {
    Laterality.RIGHT: QT_TRANSLATE_NOOP("Report", "right"),
    Laterality.LEFT: QT_TRANSLATE_NOOP("Report", "left"),
}


def research_only_text() -> str:
    """Return what stands on everything that leaves the program, for people."""
    return translate("Report", RESEARCH_ONLY)


def preliminary_text() -> str:
    """Return what stands on a report that nobody has signed."""
    return translate("Report", "PRELIMINARY: nobody has signed this read.")


def side_text(side: Laterality) -> str:
    """Return a side in a word."""
    return translate("Report", SIDES[side])


def category_text(scheme: Scheme, opinion: Opinion | None) -> str:
    """Return an opinion with its name, ``4B moderate suspicion``; a dash where there is none."""
    if opinion is None:
        return "–"
    found = scheme.category(opinion.category)
    name = translate("Assessment", found.name) if found else ""
    said = f"{opinion.category} {name}".strip()
    return f"{said} ({', '.join(opinion.views)})" if opinion.views else said


def density_text(scheme: Scheme, code: str) -> str:
    """Return a breast density with its name."""
    if not code:
        return "–"
    name = dict(scheme.densities).get(code)
    return f"{code} {translate('Assessment', name)}" if name else code


def descriptors_text(finding: Finding) -> str:
    """Return the descriptors of a finding, ``Shape: irregular, Margin: spiculated``.

    The words are the lexicon's; what it does not know (any more) stands as it was written down.
    """
    return ", ".join(_descriptor(axis, term) for axis, term in finding.descriptors)


def _descriptor(axis: str, term: str) -> str:
    known = shipped_lexicon().axis(axis)
    word = known.term(term) if known is not None else None
    name = translate("Assessment", known.name) if known is not None else axis
    return f"{name}: {translate('Assessment', word.name) if word is not None else term}"


def size_text(size_mm: tuple[float, ...]) -> str:
    """Return one size or two in millimetres; empty where none is known."""
    return f"{' x '.join(f'{size:.1f}' for size in size_mm)} mm" if size_mm else ""


def answer_text(report: ReadReport, answer: MarkAnswer | None) -> str:
    """Return what the reader said of a mark: ``dismissed: vessel``."""
    if answer is None:
        return translate("Report", "not answered")
    reason = shipped_dismissals().text(answer.reason) if answer.reason else ""
    said = _answer(report, answer)
    return f"{said}: {reason}" if reason else said


def _answer(report: ReadReport, answer: MarkAnswer) -> str:
    if answer.disposition is Disposition.AGREE:
        return translate("Report", "agreed")
    if answer.disposition is Disposition.DISMISS:
        return translate("Report", "dismissed")
    number = finding_number(report, answer.finding_id)
    if not number:
        return translate("Report", "same as a finding, withdrawn since")
    return translate("Report", "same as finding {number}").format(number=number)


def finding_number(report: ReadReport, finding_id: str) -> int:
    """Return the number of a finding in the report, from 1; 0 where it is none of it."""
    ids = [finding.id for finding in report.final.findings]
    return ids.index(finding_id) + 1 if finding_id in ids else 0


def history_text(report: ReadReport, finding: Finding) -> str:
    """Return how a finding stands to the unaided read."""
    before = report.unaided.finding(finding.id) if report.unaided else None
    if before is None:
        return translate("Report", "added after the reveal")
    if before == finding:
        return translate("Report", "unaided")
    return translate("Report", "unaided, changed since")


def withdrawn(report: ReadReport) -> tuple[Finding, ...]:
    """Return the findings of the unaided read that the reader has taken back since."""
    if report.unaided is None:
        return ()
    return tuple(f for f in report.unaided.findings if report.final.finding(f.id) is None)


def mark_label(mark: CadMark) -> str:
    """Return a mark in a word and its score, ``mass 0.63``; a mark without one has its word."""
    said = kind_text(mark.kind)
    return f"{said} {mark.score:.2f}" if mark.scored else said


def finding_label(number: int, finding: Finding) -> str:
    """Return what stands beside a finding on an image: ``2 Mass``."""
    return f"{number} {finding_kind_text(finding.kind)}"


def cad_label(report: ReadReport, number: int, mark: CadMark) -> str:
    """Return what stands beside a mark on an image: ``CAD 1: mass 0.63, agreed``."""
    return translate("Report", "CAD {number}: {mark}, {answer}").format(
        number=number, mark=mark_label(mark), answer=answer_text(report, report.answer_to(mark.id))
    )


def notice_text(report: ReadReport) -> str:
    """Return what stands on an image beside which nothing else says it."""
    said = (preliminary_text() if report.preliminary else "", research_only_text())
    return "  ".join(filter(None, said))


def image_label(report: ReadReport, sop_instance_uid: str) -> str:
    """Return side and view of an image of the read; its number where two have the same."""
    labels = [image.label for image in report.images]
    at = [image.sop_instance_uid for image in report.images].index(sop_instance_uid)
    several = labels.count(labels[at]) > 1
    if not several:
        return labels[at]
    return translate("Report", "{view} (image {number})").format(view=labels[at], number=at + 1)


def file_label(image: Mammogram) -> str:
    """Return side and view for a file name: never a word that is not the program's own."""
    side = image.laterality.value or "X"
    return "-".join([side, image.view.value or "X", *image.view.modifiers])


def time_text(at: str) -> str:
    """Return a time of the log as it is read: UTC, to the second; a dash where there is none."""
    if not at:
        return "–"
    return f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M:%S} UTC"


def sides(report: ReadReport) -> tuple[Laterality, ...]:
    """Return the breasts that anything is said of, the right one first."""
    said = {o.laterality for o in report.final.opinions}
    said |= {o.laterality for o in report.unaided.opinions} if report.unaided else set()
    return tuple(side for side in Laterality if side in said)
