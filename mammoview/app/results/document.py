"""``results.json``: everything that a read says, as one JSON document for other programs.

Version 1.  Fields may be added within a version; a field that changes its meaning or goes makes the
next one.  Coordinates are ``[column, row]`` in pixels of the stored image, the origin at the outer
corner of its first pixel; times are UTC, ISO 8601; sizes are millimetres.  Images are named by
SOPInstanceUID: no path and no pixel is in it.  Its words are English in every language of the
window, but for what a reader typed and for reasons and notes of the computer as the log has them.

=================== ===============================================================================
format, version     ``"mammoview-results"``, 1
notice              that it is for research use only
preliminary         true until somebody has signed the read
software            version of the program that the read was made with
read                id, mode, reader, role, opened_at, locked_at, signed_at, signed_by;
                    ``last_event``: sha256 and time of the entry of the read log that it goes up to
scheme              id and title; categories (code, name, consequence); densities (code, name)
patient             name, id, birth_date (YYYY-MM-DD or as the header has it)
study               key, date, accession, institution
images              sop_instance_uid, laterality, view, modifiers, rows, cols, spacing_mm_per_px
                    (row, col, basis) or null, cad: status, reason, notes; or null
missing_views       views and reason
unaided, final      what was said before the reveal, and now: findings (id, laterality, kind,
                    descriptors, size_mm or null, quadrant, clock or null, depth, comment, views:
                    sop_instance_uid, frame of a volume from 1 or null, outline), opinions
                    (laterality, category, reason, views to be taken anew), density or null.
                    ``unaided`` is null where nothing was locked
decisions           of an arbitrator: laterality, category, reason, by
cad                 outcome, reason, model (name, version, sha256), operating_point, device,
                    caveats, heatmaps_sha256 or null; marks: id, sop_instance_uid, frame or null,
                    kind, score 0..1 or null (how certain a finding of that kind is there, never
                    how probable a cancer is; null where another maker's report gives none), peak,
                    box [col0, row0, col1, row1], outline, size_mm, and its answer: disposition,
                    reason, finding_id; or null.  ``cad`` is null where nothing of the computer
                    was revealed
measurements        id, sop_instance_uid, frame or null, kind, points, label
=================== ===============================================================================
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from mammoview.app.patient_words import patient_number
from mammoview.app.priors import display_date
from mammoview.app.results.words import RESEARCH_ONLY
from mammoview.domain.assessment import Statement
from mammoview.domain.finding import Finding
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.reading import CadMark, CadView, MarkAnswer, ReadReport
from mammoview.domain.study import Mammogram

FORMAT, VERSION = "mammoview-results", 1


def results_document(report: ReadReport) -> dict[str, Any]:
    """Return the document of a read; see the module."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "notice": RESEARCH_ONLY,
        "preliminary": report.preliminary,
        "software": report.software,
        "read": _read(report),
        "scheme": _scheme(report),
        "patient": _patient(report.images[0]),
        "study": _study(report.images[0]),
        "images": [_image(report, image) for image in report.images],
        "missing_views": {"views": list(report.missing), "reason": report.missing_reason or None},
        "unaided": _statement(report.unaided) if report.unaided else None,
        "final": _statement(report.final),
        "decisions": [
            {
                "laterality": said.laterality,
                "category": said.category,
                "reason": said.reason,
                "by": who,
            }
            for who, said in report.decisions
        ],
        "cad": _cad(report),
        "measurements": [
            {
                "id": mark.id,
                "sop_instance_uid": mark.sop_instance_uid,
                "frame": mark.frame,
                "kind": mark.kind,
                "points": _points(mark.points),
                "label": mark.label or None,
            }
            for mark in report.annotations
        ],
    }


def _read(report: ReadReport) -> dict[str, Any]:
    return {
        "id": report.read_id,
        "mode": report.mode,
        "reader": report.reader,
        "role": report.role,
        "opened_at": report.opened_at,
        "locked_at": report.locked_at or None,
        "signed_at": report.signed_at or None,
        "signed_by": report.signed_by or None,
        "last_event": {"sha256": report.event_sha256 or None, "at": report.event_at or None},
    }


def _scheme(report: ReadReport) -> dict[str, Any]:
    scheme = report.scheme
    return {
        "id": scheme.id,
        "title": scheme.title,
        "categories": [asdict(category) for category in scheme.categories],
        "densities": [{"code": code, "name": name} for code, name in scheme.densities],
    }


def _patient(image: Mammogram) -> dict[str, Any]:
    who = image.identity
    return {
        "name": None if image.is_cbis_ddsm else who.name or None,
        "id": patient_number(image) or None,
        "birth_date": display_date(who.birth_date) or None,
    }


def _study(image: Mammogram) -> dict[str, Any]:
    return {
        "key": image.study_key,
        "date": display_date(image.study_date) or None,
        "accession": image.technique.accession or None,
        "institution": image.technique.institution or None,
    }


def _image(report: ReadReport, image: Mammogram) -> dict[str, Any]:
    spacing = image.spacing
    views = report.cad.views if report.cad else ()
    cad = next((v for v in views if v.sop_instance_uid == image.sop_instance_uid), None)
    return {
        "sop_instance_uid": image.sop_instance_uid,
        "laterality": image.laterality.value,
        "view": image.view.value,
        "modifiers": list(image.view.modifiers),
        "rows": image.rows,
        "cols": image.cols,
        "spacing_mm_per_px": spacing
        and {"row": spacing.row_mm, "col": spacing.col_mm, "basis": spacing.basis_in_english},
        "cad": cad and _cad_view(cad),
    }


def _cad_view(view: CadView) -> dict[str, Any]:
    return {"status": view.status, "reason": view.reason or None, "notes": list(view.notes)}


def _statement(said: Statement) -> dict[str, Any]:
    return {
        "findings": [_finding(finding) for finding in said.findings],
        "opinions": [
            {
                "laterality": opinion.laterality,
                "category": opinion.category,
                "reason": opinion.reason or None,
                "views": list(opinion.views),
            }
            for opinion in said.opinions
        ],
        "density": said.density or None,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "laterality": finding.laterality,
        "kind": finding.kind,
        "descriptors": [{"axis": axis, "term": term} for axis, term in finding.descriptors],
        "size_mm": finding.size_mm or None,
        "quadrant": finding.quadrant.value or None,
        "clock": finding.clock or None,
        "depth": finding.depth.value or None,
        "comment": finding.comment or None,
        "views": [
            {
                "sop_instance_uid": view.sop_instance_uid,
                "frame": view.frame or None,
                "outline": _points(view.outline),
            }
            for view in finding.views
        ],
    }


def _cad(report: ReadReport) -> dict[str, Any] | None:
    cad = report.cad
    if cad is None:
        return None
    return {
        "outcome": cad.outcome,
        "reason": cad.reason or None,
        "model": asdict(cad.model),
        "operating_point": cad.operating_point,
        "device": cad.device,
        "caveats": list(cad.caveats),
        "heatmaps_sha256": cad.heatmaps_sha256 or None,
        "marks": [_mark(mark, report.answer_to(mark.id)) for mark in report.shown],
    }


def _mark(mark: CadMark, answer: MarkAnswer | None) -> dict[str, Any]:
    box = mark.box
    return {
        "id": mark.id,
        "sop_instance_uid": mark.sop_instance_uid,
        "kind": mark.kind,
        "frame": mark.frame or None,
        "score": mark.score if mark.scored else None,
        "peak": [mark.peak.col, mark.peak.row],
        "box": [box.col0, box.row0, box.col1, box.row1],
        "outline": _points(mark.outline),
        "size_mm": list(mark.size_mm),
        "answer": answer
        and {
            "disposition": answer.disposition,
            "reason": answer.reason or None,
            "finding_id": answer.finding_id or None,
        },
    }


def _points(points: Iterable[ImagePoint]) -> list[list[float]]:
    return [[point.col, point.row] for point in points]
