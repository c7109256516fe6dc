"""What is said of a study of calibration: its document, section of the card and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainer.bootstrap import Estimate, estimate_document
from trainer.calibration.study import SHIPPED, CalibrationStudy, ClassStudy, WayResult
from trainer.card.sections import SectionName, section_of, write_section
from trainer.documents import markdown_table, write_json
from trainer.reliability import SHOWN_FROM, curve_document, figures_document

DOCUMENT = "calibration.json"
_HEADER = (
    *("way", "log loss", "more than shipped"),
    *(f"ECE, score >= {SHOWN_FROM:g}, equal width", "equal mass", "expected / found hits"),
    "ECE, all",
)


def write_study(study: CalibrationStudy, folder: Path, *, again: str) -> None:
    """Write ``calibration.json``, ``section.md`` and a picture of each class.

    ``again`` is the command that makes them, without its first word.
    """
    from trainer.charts import draw_reliability
    from trainer.curves import Reliability

    write_json(study_document(study), folder / DOCUMENT)
    text = "\n".join(study_lines(study))
    section = section_of(
        SectionName.CALIBRATION,
        study.manifest,
        text=text,
        commands=[f"mammoview-train {again}"],
    )
    write_section(section, folder)
    for item in study.classes:
        if item.ways:
            draw_reliability(
                [
                    Reliability(name=w.way, bins=w.bins, error=w.all_marks.error.value)
                    for w in item.ways
                ],
                title=f"{item.kind}: ways to calibrate, each on people it was not fitted on",
                file=folder / f"reliability-{item.kind}.png",
                given="score of a mark",
                came="share of such marks that hit a lesion",
            )


def study_document(study: CalibrationStudy) -> dict[str, Any]:
    """Return the figures as plain values."""
    return {
        "model": {"name": study.manifest.name, "version": study.manifest.version},
        "images": study.images,
        "people": study.people,
        "shipped": SHIPPED.value,
        "per_class": {
            item.kind: {
                "marks": item.marks,
                "hits": item.hits,
                "better_than_shipped": [way.value for way in item.better],
                "ways": {result.way.value: _way_document(result) for result in item.ways},
            }
            for item in study.classes
        },
    }


def study_lines(study: CalibrationStudy) -> list[str]:
    """Return the study in Markdown."""
    lines = [
        "### Scores: ways to calibrate",
        "",
        f"{study.images} validation pictures of {study.people} people; each way is fitted on four "
        "fifths of the people and judged on the others. Intervals: 95 %, bootstrap over people.",
    ]
    for item in study.classes:
        lines += ["", f"#### {item.kind}: {item.marks} marks, {item.hits} of them hits", ""]
        if not item.ways:
            lines.append("Too few hits or false marks to tell ways apart.")
            continue
        lines += [markdown_table(_HEADER, [_row(w) for w in item.ways]), "", _verdict(item)]
        lines += ["", f"Picture: `reliability-{item.kind}.png` of the evaluation's folder."]
    return lines


def _verdict(item: ClassStudy) -> str:
    if item.better:
        names = ", ".join(item.better)
        return f"Better than the shipped way ({SHIPPED}) beyond the interval: {names}."
    return (
        f"No way has a lower log loss than the shipped one ({SHIPPED}: slope and intercept) beyond "
        "the interval."
    )


def _row(result: WayResult) -> list[str]:
    name = f"{result.way} (shipped)" if result.way is SHIPPED else result.way.value
    differs = "–" if result.way is SHIPPED else _words(result.worse_by, 4)
    return [
        name,
        _words(result.log_loss, 4),
        differs,
        _words(result.shown.error, 3),
        _words(result.shown.error_equal_mass, 3),
        _words(result.shown.expected_over_found, 2),
        _words(result.all_marks.error, 4),
    ]


def _words(estimate: Estimate, digits: int) -> str:
    value, low, high = (f"{v:.{digits}f}" for v in (estimate.value, estimate.low, estimate.high))
    return f"{value} ({low} to {high})"


def _way_document(result: WayResult) -> dict[str, Any]:
    return {
        "log_loss": estimate_document(result.log_loss),
        "log_loss_minus_shipped": estimate_document(result.worse_by),
        "error": estimate_document(result.all_marks.error),
        "shown_marks": figures_document(result.shown),
        "reliability": curve_document(result.bins),
    }
