"""``mammoview inspect``: how images would be hung, and why."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from mammoview.app.pixels.resolve import load_image
from mammoview.cli.arguments import add_json, add_paths
from mammoview.cli.output import emit, note_refused, on_one_line
from mammoview.cli.reading import read_index
from mammoview.domain.cad_report import CadReportFile
from mammoview.domain.study import Examination, ExamIndex, ImageKind, Mammogram, Refusal
from mammoview.errors import ExitCode, MammoviewError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare ``PATH…`` and ``--json``."""
    add_paths(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> ExitCode:
    """Print side, view, orientation and spacing of each image, each with its source."""
    index = settle(read_index(args.paths))
    if args.json:
        emit(args, inspect_document(index))
    else:
        _print_table(index)
    note_refused(index.refused)
    return ExitCode.REFUSED if index.refused else ExitCode.DONE


def settle(index: ExamIndex) -> ExamIndex:
    """Look into the pixels of the images whose header cannot tell how they lie.

    An image whose pixels cannot be decoded is moved to the refused ones.
    """
    refused = list(index.refused)
    exams = []
    for exam in index.examinations:
        settled = []
        for mammogram in exam.mammograms:
            try:
                needs = mammogram.pose_needs_pixels
                settled.append(load_image(mammogram)[0] if needs else mammogram)
            except MammoviewError as error:
                refused.append(
                    Refusal(file=mammogram.file, archive=mammogram.archive, reason=str(error))
                )
        if settled:
            present = {mammogram.slot for mammogram in settled}
            lost = {m.slot for m in exam.mammograms if m.slot is not None} - present
            missing = tuple(dict.fromkeys((*exam.missing_slots, *sorted(filter(None, lost)))))
            exams.append(replace(exam, mammograms=tuple(settled), missing_slots=missing))
    return ExamIndex(examinations=tuple(exams), refused=tuple(refused))


def inspect_document(index: ExamIndex) -> dict[str, Any]:
    """Return the document of ``inspect --json`` (see the contract)."""
    return {
        "studies": [
            {
                "key": exam.key,
                "images": [_image(mammogram) for mammogram in exam.mammograms],
                "missing_slots": list(exam.missing_slots),
                "cad_reports": [_report(report) for report in exam.cad_reports],
            }
            for exam in index.examinations
        ],
        "refused": refused_items(index.refused),
    }


def refused_items(refused: tuple[Refusal, ...]) -> list[dict[str, str | None]]:
    """Return the list of refused files of a document; ``archive`` is null for a plain file."""
    return [
        {"file": str(r.file), "archive": str(r.archive) if r.archive else None, "reason": r.reason}
        for r in refused
    ]


def _image(mammogram: Mammogram) -> dict[str, Any]:
    pose, spacing = mammogram.pose, mammogram.spacing
    return {
        "file": str(mammogram.file),
        "archive": mammogram.archive and str(mammogram.archive),
        "sop_instance_uid": mammogram.sop_instance_uid,
        "laterality": {
            "value": mammogram.laterality.value,
            "source": mammogram.laterality.source,
        },
        "view": {
            "value": mammogram.view.value,
            "modifiers": list(mammogram.view.modifiers),
            "source": mammogram.view.source,
        },
        "orientation": pose
        and {
            "flip_horizontal": pose.flip_horizontal,
            "rotate_degrees": pose.rotate_degrees,
            "source": pose.source,
        },
        "spacing_mm_per_px": spacing
        and {"row": spacing.row_mm, "col": spacing.col_mm, "source": spacing.source},
        "kind": mammogram.kind,
        "frames": mammogram.frames and mammogram.frames.count,
        "slot": mammogram.slot,
        "place": mammogram.place and mammogram.place.key,
        "left_out": mammogram.left_out or None,
        "warnings": list(mammogram.warnings),
    }


def _report(report: CadReportFile) -> dict[str, Any]:
    """Return that there is a CAD report; what it found is not told before a read may know it."""
    return {
        "file": str(report.file),
        "archive": report.archive and str(report.archive),
        "sop_instance_uid": report.sop_instance_uid,
        "maker": report.maker,
        "algorithms": [{"name": a.name, "version": a.version} for a in report.algorithms],
    }


def _print_table(index: ExamIndex) -> None:
    for exam in index.examinations:
        print(f"study {exam.key}")
        for mammogram in exam.mammograms:
            _print_image(mammogram)
        for report in exam.cad_reports:
            print(f"  CAD report of {report.title} ({report.maker})  {on_one_line(report.file)}")
        _print_missing(exam)


def _print_image(mammogram: Mammogram) -> None:
    pose, spacing = mammogram.pose, mammogram.spacing
    other = "left out" if mammogram.left_out else "extra"
    place = mammogram.place.key if mammogram.place else other
    print(f"  {place:8} {mammogram.label}  {on_one_line(mammogram.file)}")
    if mammogram.kind is not ImageKind.PLAIN:
        count = f", {mammogram.frames.count} frames" if mammogram.frames else ""
        print(f"        kind         {mammogram.kind}{count}")
    print(
        f"        side         {mammogram.laterality.value or '?'} ({mammogram.laterality.source})"
    )
    print(f"        view         {mammogram.view.value or '?'} ({mammogram.view.source})")
    if pose is not None:
        flip = "flip left-right, " if pose.flip_horizontal else ""
        print(f"        orientation  {flip}rotate {pose.rotate_degrees}° ({pose.source})")
    if spacing is not None:
        size = f"{spacing.row_mm:g} x {spacing.col_mm:g} mm"
        print(f"        spacing      {size} ({spacing.source})")
    for warning in mammogram.warnings:
        print(f"        warning      {warning}")


def _print_missing(exam: Examination) -> None:
    if exam.missing_slots:
        print(f"  missing: {', '.join(slot.label for slot in exam.missing_slots)}")
