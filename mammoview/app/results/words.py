"""What a result says in words: the same ones in the report, in pictures and in files."""

from __future__ import annotations

from datetime import datetime

from mammoview.app.assessment.lexicon import shipped_lexicon
from mammoview.domain.assessment import Opinion, Scheme
from mammoview.domain.finding import Finding
from mammoview.domain.reading import CadMark, Disposition, MarkAnswer, ReadReport
from mammoview.domain.study import Mammogram
from mammoview.domain.views import Laterality

RESEARCH_ONLY = "Research use only: not a medical device, not for diagnosis."
PRELIMINARY = "PRELIMINARY: nobody has signed this read."
SIDES = {Laterality.RIGHT: "right", Laterality.LEFT: "left"}
_ANSWERS = {
    Disposition.AGREE: "agreed",
    Disposition.DISMISS: "dismissed",
    Disposition.DUPLICATE: "same as finding",
}


def plain(word: str) -> str:
    """Return a word of the lexicon as it is said: ``fine pleomorphic``."""
    return word.replace("-", " ")


def category_text(scheme: Scheme, opinion: Opinion | None) -> str:
    """Return an opinion with its name, ``4B moderate suspicion``; a dash where there is none."""
    if opinion is None:
        return "–"
    found = scheme.category(opinion.category)
    said = f"{opinion.category} {found.name}" if found else opinion.category
    return f"{said} ({', '.join(opinion.views)})" if opinion.views else said


def density_text(scheme: Scheme, code: str) -> str:
    """Return a breast density with its name."""
    if not code:
        return "–"
    name = dict(scheme.densities).get(code)
    return f"{code} {name}" if name else code


def descriptors_text(finding: Finding) -> str:
    """Return the descriptors of a finding, ``shape irregular, margin spiculated``.

    The words are the lexicon's; what it does not know (any more) stands as it was written down.
    """
    return ", ".join(_descriptor(axis, term) for axis, term in finding.descriptors)


def _descriptor(axis: str, term: str) -> str:
    known = shipped_lexicon().axis(axis)
    word = known.term(term) if known is not None else None
    name = known.name.lower() if known is not None else plain(axis)
    return f"{name} {word.name if word is not None else plain(term)}"


def position_text(finding: Finding) -> str:
    """Return where in the breast a finding is, ``upper outer, 10 o'clock, middle third``."""
    return ", ".join(
        filter(
            None,
            (
                plain(finding.quadrant),
                f"{finding.clock} o'clock" if finding.clock else "",
                f"{finding.depth} third" if finding.depth else "",
            ),
        )
    )


def size_text(size_mm: tuple[float, ...]) -> str:
    """Return one size or two in millimetres; empty where none is known."""
    return f"{' x '.join(f'{size:.1f}' for size in size_mm)} mm" if size_mm else ""


def answer_text(report: ReadReport, answer: MarkAnswer | None) -> str:
    """Return what the reader said of a mark: ``dismissed: vessel``."""
    if answer is None:
        return "not answered"
    said = _ANSWERS[answer.disposition]
    if answer.disposition is Disposition.DUPLICATE:
        number = finding_number(report, answer.finding_id)
        said = f"{said} {number}" if number else f"{said}, withdrawn since"
    return f"{said}: {answer.reason}" if answer.reason else said


def finding_number(report: ReadReport, finding_id: str) -> int:
    """Return the number of a finding in the report, from 1; 0 where it is none of it."""
    ids = [finding.id for finding in report.final.findings]
    return ids.index(finding_id) + 1 if finding_id in ids else 0


def history_text(report: ReadReport, finding: Finding) -> str:
    """Return how a finding stands to the unaided read."""
    before = report.unaided.finding(finding.id) if report.unaided else None
    if before is None:
        return "added after the reveal"
    return "unaided" if before == finding else "unaided, changed since"


def withdrawn(report: ReadReport) -> tuple[Finding, ...]:
    """Return the findings of the unaided read that the reader has taken back since."""
    if report.unaided is None:
        return ()
    return tuple(f for f in report.unaided.findings if report.final.finding(f.id) is None)


def mark_label(mark: CadMark) -> str:
    """Return a mark in a word and its score, ``mass 0.63``; a mark without one has its word."""
    return f"{mark.kind} {mark.score:.2f}" if mark.scored else mark.kind


def image_label(report: ReadReport, sop_instance_uid: str) -> str:
    """Return side and view of an image of the read; its number where two have the same."""
    labels = [image.label for image in report.images]
    at = [image.sop_instance_uid for image in report.images].index(sop_instance_uid)
    several = labels.count(labels[at]) > 1
    return f"{labels[at]} (image {at + 1})" if several else labels[at]


def file_label(image: Mammogram) -> str:
    """Return side and view for a file name: never a word that is not the program's own."""
    side = image.laterality.value or "X"
    return "-".join([side, image.view.value or "X", *image.view.modifiers])


def time_text(at: str) -> str:
    """Return a time of the log as it is read: UTC, to the second; a dash where there is none."""
    if not at:
        return "–"
    return f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M:%S} UTC"


def date_text(digits: str) -> str:
    """Return a DICOM date as ``2024-01-02``; as it is where it is no date."""
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if len(digits) == 8 else digits


def changed(report: ReadReport, side: Laterality) -> bool:
    """Tell whether the opinion of a breast is another one than before the reveal."""
    before = report.unaided.opinion(side) if report.unaided else None
    now = report.final.opinion(side)
    if before is None or now is None:
        return before is not now
    return (before.category, set(before.views)) != (now.category, set(now.views))


def sides(report: ReadReport) -> tuple[Laterality, ...]:
    """Return the breasts that anything is said of, the right one first."""
    said = {o.laterality for o in report.final.opinions}
    said |= {o.laterality for o in report.unaided.opinions} if report.unaided else set()
    return tuple(side for side in Laterality if side in said)
