"""The tables of the report: what stands in which row, and nothing of how it looks.

Names of columns and rows are in the language of the window; what was said stands as it was said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mammoview.app.assessment.consistency import breast_title
from mammoview.app.assessment.lexicon import finding_kind_text
from mammoview.app.kinds import kind_text, logged_caveat
from mammoview.app.patient_words import patient_name, patient_number
from mammoview.app.priors import display_date
from mammoview.app.results.words import (
    answer_text,
    category_text,
    density_text,
    descriptors_text,
    history_text,
    image_label,
    side_text,
    sides,
    size_text,
    time_text,
    withdrawn,
)
from mammoview.app.second_read.finding_place import position_text
from mammoview.domain.assessment import NOTHING_SAID, Opinion
from mammoview.domain.finding import Finding
from mammoview.domain.prediction import AnalysisStatus
from mammoview.domain.reading import AnalysisOutcome, Decision, ReadingMode, ReadReport, Role
from mammoview.domain.views import Laterality
from mammoview.words import QT_TRANSLATE_NOOP, translate

Row = tuple[str, ...]

_PAIRS = (0.15, 0.36, 0.14, 0.35)

_MODES = {
    ReadingMode.SECOND_READ: QT_TRANSLATE_NOOP(
        "Report", "second read: unaided opinion locked before the computer's marks"
    ),
    ReadingMode.CONCURRENT: QT_TRANSLATE_NOOP(
        "Report", "concurrent: the computer's marks were on the screen from the start"
    ),
    ReadingMode.ASK_SPOT: QT_TRANSLATE_NOOP(
        "Report", "ask about a spot: the computer answered for asked spots before the lock"
    ),
}
_STATUS = {
    AnalysisStatus.ANALYZED: QT_TRANSLATE_NOOP("Report", "analysed"),
    AnalysisStatus.NOT_SUPPORTED: QT_TRANSLATE_NOOP("Report", "not analysed"),
    AnalysisStatus.FAILED: QT_TRANSLATE_NOOP("Report", "failed"),
}
_ROLES = {
    Role.FIRST: QT_TRANSLATE_NOOP("Report", "{name} (first reader)"),
    Role.SECOND: QT_TRANSLATE_NOOP("Report", "{name} (second reader)"),
    Role.ARBITRATOR: QT_TRANSLATE_NOOP("Report", "{name} (arbitrator)"),
}
_ARBITRATED = {
    Laterality.RIGHT: QT_TRANSLATE_NOOP("Report", "Arbitration, right"),
    Laterality.LEFT: QT_TRANSLATE_NOOP("Report", "Arbitration, left"),
}
_OUTCOMES = {
    AnalysisOutcome.DONE: QT_TRANSLATE_NOOP("Report", "done"),
    AnalysisOutcome.FAILED: QT_TRANSLATE_NOOP("Report", "failed"),
    AnalysisOutcome.NOT_RUN: QT_TRANSLATE_NOOP("Report", "not run"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One table.

    Attributes
    ----------
    title : str
        Its heading.
    widths : tuple of float
        Shares of the page's width, one a column.
    rows : tuple of Row
        What stands in it.
    head : Row
        Names of the columns; empty: none.
    otherwise : str
        What is said where there is no row.
    names : tuple of int
        Columns that name what stands beside them.
    """

    title: str
    widths: tuple[float, ...]
    rows: tuple[Row, ...]
    head: Row = ()
    otherwise: str = ""
    names: tuple[int, ...] = (0,)


def blocks_of(report: ReadReport) -> tuple[Block, ...]:
    """Return the tables of a report, in their order."""
    return (
        _exam(report),
        _read(report),
        _opinions(report),
        _findings(report),
        _marks(report),
        _computer(report),
        _computer_more(report),
        _record(report),
    )


def _exam(report: ReadReport) -> Block:
    image = report.images[0]
    who, made = image.identity, image.technique
    views = ", ".join(image_label(report, i.sop_instance_uid) for i in report.images)
    missing = ", ".join(report.missing)
    reason = f" ({report.missing_reason})" if report.missing_reason else ""
    none = translate("Report", "none", "of missing views")
    rows = [
        (
            translate("Report", "Patient"),
            patient_name(image) or "–",
            translate("Report", "Patient ID"),
            patient_number(image) or "–",
        ),
        (
            translate("Report", "Born"),
            display_date(who.birth_date) or "–",
            translate("Report", "Examined"),
            display_date(image.study_date) or "–",
        ),
        (
            translate("Report", "Accession"),
            made.accession or "–",
            translate("Report", "Institution"),
            made.institution or "–",
        ),
        (
            translate("Report", "Views"),
            views,
            translate("Report", "Missing"),
            f"{missing}{reason}" if missing else none,
        ),
    ]
    return Block(
        title=translate("Report", "Examination"), widths=_PAIRS, rows=tuple(rows), names=(0, 2)
    )


def _read(report: ReadReport) -> Block:
    reader = translate("Report", _ROLES[report.role]).format(name=report.reader)
    signed = (
        f"{report.signed_by}, {time_text(report.signed_at)}"
        if report.signed_at
        else translate("Report", "not yet")
    )
    rows = (
        (
            translate("Report", "Reader"),
            reader,
            translate("Report", "Mode"),
            translate("Report", _MODES[report.mode]),
        ),
        (
            translate("Report", "Opened"),
            time_text(report.opened_at),
            translate("Report", "Locked"),
            time_text(report.locked_at),
        ),
        (
            translate("Report", "Signed"),
            signed,
            translate("Report", "Scheme"),
            translate("Assessment", report.scheme.title),
        ),
    )
    return Block(title=translate("Report", "Read"), widths=_PAIRS, rows=rows, names=(0, 2))


def _opinions(report: ReadReport) -> Block:
    rows = (
        *(_breast_row(report, side) for side in sides(report)),
        _density_row(report),
        *(_decided_row(report, who, said) for who, said in report.decisions),
    )
    return Block(
        title=translate("Report", "Opinion"),
        widths=(0.15, 0.24, 0.24, 0.1, 0.27),
        head=(
            "",
            translate("Report", "Unaided"),
            translate("Report", "Final"),
            "",
            translate("Report", "Reason"),
        ),
        rows=rows,
    )


def _breast_row(report: ReadReport, side: Laterality) -> Row:
    unaided, now = report.unaided or NOTHING_SAID, report.final.opinion(side)
    return (
        breast_title(side),
        category_text(report.scheme, unaided.opinion(side)),
        category_text(report.scheme, now),
        _change_text(unaided.answer(side) != report.final.answer(side)),
        now.reason if now else "",
    )


def _density_row(report: ReadReport) -> Row:
    before, now = (report.unaided or NOTHING_SAID).density, report.final.density
    return (
        translate("Report", "Density"),
        density_text(report.scheme, before),
        density_text(report.scheme, now),
        _change_text(before != now),
        "",
    )


def _decided_row(report: ReadReport, who: str, said: Decision) -> Row:
    opinion = Opinion(laterality=said.laterality, category=said.category)
    return (
        translate("Report", _ARBITRATED[said.laterality]),
        "",
        category_text(report.scheme, opinion),
        translate("Report", "decided"),
        f"{said.reason} ({who})",
    )


def _change_text(is_changed: bool) -> str:
    return translate("Report", "changed") if is_changed else translate("Report", "same")


def _findings(report: ReadReport) -> Block:
    rows = [
        (
            str(number),
            *_what(finding),
            size_text((finding.size_mm,) if finding.size_mm else ()) or "–",
            position_text(finding) or "–",
            ", ".join(image_label(report, view.sop_instance_uid) for view in finding.views),
            "; ".join(filter(None, (history_text(report, finding), finding.comment))),
        )
        for number, finding in enumerate(report.final.findings, start=1)
    ]
    gone = translate("Report", "withdrawn after the reveal")
    rows += [("–", *_what(finding), "", "", "", gone) for finding in withdrawn(report)]
    return Block(
        title=translate("Report", "Findings of the reader"),
        widths=(0.04, 0.06, 0.13, 0.2, 0.09, 0.17, 0.11, 0.2),
        head=(
            "",
            translate("Report", "Side"),
            translate("Report", "Kind"),
            translate("Report", "Description"),
            translate("Report", "Size"),
            translate("Report", "Position"),
            translate("Report", "Views"),
            translate("Report", "Note"),
        ),
        rows=tuple(rows),
        otherwise=translate("Report", "None."),
    )


def _what(finding: Finding) -> Row:
    side, kind = side_text(finding.laterality), finding_kind_text(finding.kind)
    return side, kind, descriptors_text(finding) or "–"


def _marks(report: ReadReport) -> Block:
    rows = tuple(
        (
            f"C{number}",
            image_label(report, mark.sop_instance_uid),
            kind_text(mark.kind),
            f"{mark.score:.2f}" if mark.scored else translate("Report", "none", "no score"),
            size_text(mark.size_mm) or "–",
            answer_text(report, report.answer_to(mark.id)),
        )
        for number, mark in enumerate(report.shown, start=1)
    )
    return Block(
        title=translate("Report", "Marks of the computer"),
        widths=(0.06, 0.16, 0.17, 0.08, 0.18, 0.35),
        head=(
            "",
            translate("Report", "Image"),
            translate("Report", "Kind"),
            translate("Report", "Score"),
            translate("Report", "Size of the mark"),
            translate("Report", "Reader's answer"),
        ),
        rows=rows,
        otherwise=_no_marks(report),
    )


def _no_marks(report: ReadReport) -> str:
    """Say why there is no mark: found nothing, failed and not run read differently."""
    cad = report.cad
    if cad is None:
        return translate("Report", "Not revealed.")
    if cad.outcome is AnalysisOutcome.DONE:
        read = sum(view.status is AnalysisStatus.ANALYZED for view in cad.views)
        said = translate("Report", "The computer marked nothing in {read} of {count} images.")
        return said.format(read=read, count=len(report.images))
    said = translate("Report", "No result of the computer ({outcome}): {reason}.")
    return said.format(outcome=translate("Report", _OUTCOMES[cad.outcome]), reason=cad.reason)


def _computer(report: ReadReport) -> Block:
    cad = report.cad
    if cad is None:
        return Block(
            title=translate("Report", "Computer"),
            widths=(1.0,),
            rows=(),
            otherwise=translate("Report", "Not revealed."),
        )
    outcome = ": ".join(filter(None, (translate("Report", _OUTCOMES[cad.outcome]), cad.reason)))
    model = f"{cad.model.name} {cad.model.version}".strip() or translate(
        "Report", "none", "no model"
    )
    rows = [
        (translate("Report", "Analysis"), outcome, translate("Report", "Model"), model),
        (
            translate("Report", "Operating point"),
            cad.operating_point or "–",
            translate("Report", "Ran on"),
            cad.device or "–",
        ),
    ]
    return Block(
        title=translate("Report", "Computer"), widths=_PAIRS, rows=tuple(rows), names=(0, 2)
    )


def _computer_more(report: ReadReport) -> Block:
    """Return what needs the whole width."""
    cad = report.cad
    rows: list[Row] = []
    if cad is not None:
        rows = [
            (translate("Report", "Digest"), cad.model.sha256 or "–"),
            (translate("Report", "Images"), "; ".join(_image_states(report))),
            (
                translate("Report", "Score"),
                translate(
                    "Report",
                    "how certain a finding of that kind is there, never how probable a cancer is",
                ),
            ),
            *((translate("Report", "Caveat"), logged_caveat(said)) for said in cad.caveats),
        ]
    return Block(title="", widths=(0.15, 0.85), rows=tuple(rows))


def _image_states(report: ReadReport) -> Iterator[str]:
    assert report.cad is not None
    views = {view.sop_instance_uid: view for view in report.cad.views}
    for image in report.images:
        view = views.get(image.sop_instance_uid)
        label = image_label(report, image.sop_instance_uid)
        if view is None:
            yield f"{label} {translate('Report', _STATUS[AnalysisStatus.NOT_SUPPORTED])}"
            continue
        notes = ", ".join(filter(None, (view.reason, *view.notes)))
        status = translate("Report", _STATUS[view.status])
        yield f"{label} {status}" + (f" ({notes})" if notes else "")


def _record(report: ReadReport) -> Block:
    return Block(
        title=translate("Report", "Record"),
        widths=(0.16, 0.84),
        rows=(
            (translate("Report", "Read"), report.read_id),
            (translate("Report", "Last log entry"), report.event_sha256 or "–"),
            (translate("Report", "Entered at"), time_text(report.event_at)),
            (translate("Report", "Software"), f"mammoview {report.software}"),
        ),
    )
