"""The tables of the report: what stands in which row, and nothing of how it looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mammoview.app.results.words import (
    SIDES,
    answer_text,
    category_text,
    changed,
    date_text,
    density_text,
    descriptors_text,
    history_text,
    image_label,
    plain,
    position_text,
    sides,
    size_text,
    time_text,
    withdrawn,
)
from mammoview.domain.assessment import Opinion
from mammoview.domain.prediction import AnalysisStatus
from mammoview.domain.reading import AnalysisOutcome, ReadingMode, ReadReport

Row = tuple[str, ...]

_PAIRS = (0.14, 0.38, 0.12, 0.36)

_MODES = {
    ReadingMode.SECOND_READ: "second read: unaided opinion locked before the computer's marks",
    ReadingMode.CONCURRENT: "concurrent: the computer's marks were on the screen from the start",
    ReadingMode.ASK_SPOT: "ask about a spot: the computer answered for asked spots before the lock",
}
_STATUS = {
    AnalysisStatus.ANALYZED: "analysed",
    AnalysisStatus.NOT_SUPPORTED: "not analysed",
    AnalysisStatus.FAILED: "failed",
}
_OUTCOMES = {
    AnalysisOutcome.DONE: "done",
    AnalysisOutcome.FAILED: "failed",
    AnalysisOutcome.NOT_RUN: "not run",
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
    name = "" if image.is_cbis_ddsm else who.name.replace("^", " ").strip()
    number = image.study_key if image.is_cbis_ddsm else who.patient_id
    views = ", ".join(image_label(report, i.sop_instance_uid) for i in report.images)
    missing = ", ".join(report.missing)
    reason = f" ({report.missing_reason})" if report.missing_reason else ""
    rows = [
        ("Patient", name or "–", "Patient ID", number or "–"),
        ("Born", date_text(who.birth_date) or "–", "Examined", date_text(image.study_date) or "–"),
        ("Accession", made.accession or "–", "Institution", made.institution or "–"),
        ("Views", views, "Missing", f"{missing}{reason}" if missing else "none"),
    ]
    return Block(title="Examination", widths=_PAIRS, rows=tuple(rows), names=(0, 2))


def _read(report: ReadReport) -> Block:
    signed = f"{report.signed_by}, {time_text(report.signed_at)}" if report.signed_at else "not yet"
    rows = (
        ("Reader", f"{report.reader} ({report.role} reader)", "Mode", _MODES[report.mode]),
        ("Opened", time_text(report.opened_at), "Locked", time_text(report.locked_at)),
        ("Signed", signed, "Scheme", report.scheme.title),
    )
    return Block(title="Read", widths=_PAIRS, rows=rows, names=(0, 2))


def _opinions(report: ReadReport) -> Block:
    rows = []
    for side in sides(report):
        before = report.unaided.opinion(side) if report.unaided else None
        now = report.final.opinion(side)
        rows.append(
            (
                f"{SIDES[side].capitalize()} breast",
                category_text(report.scheme, before),
                category_text(report.scheme, now),
                "changed" if changed(report, side) else "same",
                now.reason if now else "",
            )
        )
    before_density = report.unaided.density if report.unaided else ""
    now_density = report.final.density
    rows.append(
        (
            "Density",
            density_text(report.scheme, before_density),
            density_text(report.scheme, now_density),
            "changed" if before_density != now_density else "same",
            "",
        )
    )
    for who, said in report.decisions:
        opinion = Opinion(laterality=said.laterality, category=said.category)
        rows.append(
            (
                f"Arbitration, {SIDES[said.laterality]}",
                "",
                category_text(report.scheme, opinion),
                "decided",
                f"{said.reason} ({who})",
            )
        )
    return Block(
        title="Opinion",
        widths=(0.15, 0.24, 0.24, 0.1, 0.27),
        head=("", "Unaided", "Final", "", "Reason"),
        rows=tuple(rows),
    )


def _findings(report: ReadReport) -> Block:
    rows = [
        (
            str(number),
            SIDES[finding.laterality],
            plain(finding.kind),
            descriptors_text(finding) or "–",
            size_text((finding.size_mm,) if finding.size_mm else ()) or "–",
            position_text(finding) or "–",
            ", ".join(image_label(report, view.sop_instance_uid) for view in finding.views),
            "; ".join(filter(None, (history_text(report, finding), finding.comment))),
        )
        for number, finding in enumerate(report.final.findings, start=1)
    ]
    rows += [
        ("–", SIDES[f.laterality], plain(f.kind), descriptors_text(f) or "–", "", "", "",
         "withdrawn after the reveal")
        for f in withdrawn(report)
    ]  # fmt: skip
    return Block(
        title="Findings of the reader",
        widths=(0.04, 0.06, 0.13, 0.2, 0.09, 0.17, 0.11, 0.2),
        head=("", "Side", "Kind", "Description", "Size", "Position", "Views", "Note"),
        rows=tuple(rows),
        otherwise="None.",
    )


def _marks(report: ReadReport) -> Block:
    answers = {answer.mark_id: answer for answer in report.answers}
    rows = tuple(
        (
            f"C{number}",
            image_label(report, mark.sop_instance_uid),
            mark.kind,
            f"{mark.score:.2f}" if mark.scored else "none",
            size_text(mark.size_mm) or "–",
            answer_text(report, answers.get(mark.id)),
        )
        for number, mark in enumerate(report.shown, start=1)
    )
    return Block(
        title="Marks of the computer",
        widths=(0.06, 0.16, 0.17, 0.08, 0.18, 0.35),
        head=("", "Image", "Kind", "Score", "Size of the mark", "Reader's answer"),
        rows=rows,
        otherwise=_no_marks(report),
    )


def _no_marks(report: ReadReport) -> str:
    """Say why there is no mark: found nothing, failed and not run read differently."""
    cad = report.cad
    if cad is None:
        return "Not revealed."
    if cad.outcome is AnalysisOutcome.DONE:
        read = sum(view.status is AnalysisStatus.ANALYZED for view in cad.views)
        return f"The computer marked nothing in {read} of {len(report.images)} images."
    return f"No result of the computer ({_OUTCOMES[cad.outcome]}): {cad.reason}."


def _computer(report: ReadReport) -> Block:
    cad = report.cad
    if cad is None:
        return Block(title="Computer", widths=(1.0,), rows=(), otherwise="Not revealed.")
    outcome = _OUTCOMES[cad.outcome] + (f": {cad.reason}" if cad.reason else "")
    model = f"{cad.model.name} {cad.model.version}".strip() or "none"
    rows = [
        ("Analysis", outcome, "Model", model),
        ("Operating point", cad.operating_point or "–", "Ran on", cad.device or "–"),
    ]
    return Block(title="Computer", widths=_PAIRS, rows=tuple(rows), names=(0, 2))


def _computer_more(report: ReadReport) -> Block:
    """Return what needs the whole width."""
    cad = report.cad
    rows: list[Row] = []
    if cad is not None:
        rows = [
            ("Digest", cad.model.sha256 or "–"),
            ("Images", "; ".join(_image_states(report))),
            (
                "Score",
                "how certain a finding of that kind is there, never how probable a cancer is",
            ),
            *(("Caveat", caveat) for caveat in cad.caveats),
        ]
    return Block(title="", widths=(0.14, 0.86), rows=tuple(rows))


def _image_states(report: ReadReport) -> Iterator[str]:
    assert report.cad is not None
    views = {view.sop_instance_uid: view for view in report.cad.views}
    for image in report.images:
        view = views.get(image.sop_instance_uid)
        label = image_label(report, image.sop_instance_uid)
        if view is None:
            yield f"{label} not analysed"
            continue
        notes = ", ".join(filter(None, (view.reason, *view.notes)))
        yield f"{label} {_STATUS[view.status]}" + (f" ({notes})" if notes else "")


def _record(report: ReadReport) -> Block:
    return Block(
        title="Record",
        widths=(0.16, 0.84),
        rows=(
            ("Read", report.read_id),
            ("Last log entry", report.event_sha256 or "–"),
            ("Entered at", time_text(report.event_at)),
            ("Software", f"mammoview {report.software}"),
        ),
    )
