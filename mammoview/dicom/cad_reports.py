"""CAD reports beside the images that they are of: which study, and which of several reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mammoview.domain.cad_report import CadReportFile
from mammoview.domain.study import Examination, Refusal
from mammoview.errors import DicomError
from mammoview.words import translate


def with_reports(
    examinations: Sequence[Examination], reports: Sequence[CadReportFile]
) -> tuple[tuple[Examination, ...], tuple[Refusal, ...]]:
    """Give each examination the CAD reports of its images; refuse those of images not here.

    A report belongs where its images are, or what was made from them; the study that it names
    counts only where it names none of them.  Of several by the same algorithms on the same images
    the newest counts.

    Parameters
    ----------
    examinations : sequence of Examination
        All that were found.
    reports : sequence of CadReportFile
        All that were found.
    """
    given: dict[str, list[CadReportFile]] = {}
    strays = []
    for report in reports:
        home = next((e for e in examinations if _shows(e, report)), None)
        home = home or next((e for e in examinations if e.key == report.study_key), None)
        if home is None:
            strays.append(_stray(report))
        else:
            given.setdefault(home.key, []).append(report)
    found = tuple(
        replace(e, cad_reports=_newest(given[e.key])) if e.key in given else e for e in examinations
    )
    return found, tuple(strays)


def _shows(examination: Examination, report: CadReportFile) -> bool:
    named = set(report.images)
    return any(
        not named.isdisjoint(
            {m.sop_instance_uid, *(origin.sop_instance_uid for origin in m.origins)}
        )
        for m in examination.mammograms
    )


def _newest(reports: Sequence[CadReportFile]) -> tuple[CadReportFile, ...]:
    """Return the newest of each algorithm and image set, in the order of their titles."""
    found: dict[object, CadReportFile] = {}
    for report in sorted(reports, key=lambda r: (r.made, r.sop_instance_uid)):
        found[report.key] = report
    return tuple(sorted(found.values(), key=lambda r: (r.title, r.sop_instance_uid)))


def _stray(report: CadReportFile) -> Refusal:
    error = DicomError(
        translate("Files", "a CAD report of images that are not here"),
        expected=translate("Files", "the images of its study beside it"),
        todo=translate("Files", "open it together with the images"),
    )
    return Refusal(file=report.file, archive=report.archive, reason=str(error))
