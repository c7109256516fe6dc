"""Find mammograms under files and folders, by content, and group them into examinations."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mammoview.dicom.attributes import ReadHeader, read_mammogram
from mammoview.dicom.files import list_files
from mammoview.dicom.source import open_dicom
from mammoview.domain.study import Examination, ExamIndex, Mammogram, Refusal
from mammoview.domain.views import Laterality, Projection, Slot, ViewModifier
from mammoview.errors import DicomError

_log = logging.getLogger(__name__)

_NO_TWIN = "For Processing twin of a For Presentation image: kept out of the reading slots"

# What makes two images of a study the same view: side, projection, modifiers, slot.
_ViewKind = tuple[Laterality, Projection, frozenset[ViewModifier], Slot | None]


def index_paths(
    paths: Sequence[Path],
    *,
    on_progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ExamIndex:
    """Read the headers of every file under some paths and group the mammograms by study.

    Files are known by content, not by name.  A file that cannot be shown is refused with its
    reason, and the others still open.  CBIS-DDSM's one-view studies are joined by their person.

    Parameters
    ----------
    paths : sequence of Path
        Files and folders; folders are walked.
    on_progress : callable, optional
        Called with files done and files in all, after each file.
    cancelled : callable, optional
        Asked before each file; True ends the reading, and what was read so far is returned.

    Returns
    -------
    ExamIndex
        Examinations in the order met; within one, slots in hanging order, then extra views.
    """
    stop = cancelled or (lambda: False)
    files, refused = list_files(paths, stop)
    read: dict[str, ReadHeader] = {}
    for done, path in enumerate(files, start=1):
        if stop():
            break
        try:
            _add(read, path)
        except DicomError as error:
            refused.append(Refusal(file=path, reason=str(error)))
        if on_progress is not None:
            on_progress(done, len(files))
    examinations = _grouped(list(read.values()))
    _log.info(
        "indexed %d files: %d examinations, %d refused",
        len(files),
        len(examinations),
        len(refused),
    )
    return ExamIndex(examinations=examinations, refused=tuple(refused))


def _add(read: dict[str, ReadHeader], path: Path) -> None:
    """Read one header into the collection, keyed by SOPInstanceUID."""
    with open_dicom(path) as file:
        header = read_mammogram(path, file)
    uid = header.mammogram.sop_instance_uid
    if uid in read:
        raise DicomError(
            "a second copy of an image already opened (same SOPInstanceUID)",
            expected="each image once",
            todo="leave the copy out",
        )
    read[uid] = header


def _grouped(read: Sequence[ReadHeader]) -> tuple[Examination, ...]:
    studies: dict[str, list[ReadHeader]] = {}
    for header in read:
        studies.setdefault(header.mammogram.study_key, []).append(header)
    return tuple(_examination(key, headers) for key, headers in studies.items())


def _examination(key: str, headers: Sequence[ReadHeader]) -> Examination:
    presented = {_kind(h.mammogram) for h in headers if not h.for_processing} - {None}
    mammograms = [
        _without_slot(h.mammogram)
        if h.for_processing and _kind(h.mammogram) in presented
        else h.mammogram
        for h in headers
    ]
    if len({m.identity.patient_id for m in mammograms if not m.is_cbis_ddsm}) > 1:
        note = "the images of this study name different patients"
        mammograms = [replace(m, warnings=(*m.warnings, note)) for m in mammograms]
    filled = {m.slot for m in mammograms}
    return Examination(
        key=key,
        mammograms=tuple(sorted(mammograms, key=_hanging_order)),
        missing_slots=tuple(slot for slot in Slot if slot not in filled),
    )


def _kind(mammogram: Mammogram) -> _ViewKind | None:
    """Return what its twin shares; None where side or view is unknown: it has no known twin."""
    side, view = mammogram.laterality.value, mammogram.view
    if side is None or view.value is None:
        return None
    return side, view.value, frozenset(view.modifiers), mammogram.slot


def _without_slot(mammogram: Mammogram) -> Mammogram:
    return replace(
        mammogram,
        slot=None,
        displaced_slot=None,
        left_out=_NO_TWIN,
        unsupported=mammogram.unsupported or "For Processing twin: its presentation is analysed",
        warnings=(*mammogram.warnings, _NO_TWIN),
    )


def _hanging_order(mammogram: Mammogram) -> tuple[int, str, str]:
    order = list(Slot)
    place = order.index(mammogram.slot) if mammogram.slot else len(order)
    return place, mammogram.acquired, mammogram.sop_instance_uid
