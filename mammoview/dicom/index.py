"""Find mammograms under files and folders, by content, and group them into examinations."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from mammoview.dicom.attributes import ReadHeader
from mammoview.dicom.cad_reports import with_reports
from mammoview.dicom.files import list_files
from mammoview.dicom.source import same_bytes
from mammoview.dicom.walk import Walk
from mammoview.domain.study import Examination, ExamIndex, ImageKind, Mammogram
from mammoview.domain.views import Laterality, Projection, Slot, ViewModifier
from mammoview.errors import DicomError
from mammoview.words import QT_TRANSLATE_NOOP, translate

_log = logging.getLogger(__name__)

_NO_TWIN = QT_TRANSLATE_NOOP(
    "Files", "For Processing twin of a For Presentation image: kept out of the reading slots"
)

# What makes two images of a study the same view.
_ViewKind = tuple[Laterality, Projection, frozenset[ViewModifier], Slot | None, ImageKind]


def index_paths(
    paths: Sequence[Path],
    *,
    on_progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ExamIndex:
    """Read the headers of every file under some paths and group the mammograms by study.

    Files are known by content, not by name.  A file that cannot be shown is refused with its
    reason, and the others still open.  A zip archive is read from its members, in memory; a
    DICOMDIR stands for the files that it lists, and those that are missing are refused by name.
    CBIS-DDSM's one-view studies are joined by their person.  A synthetic 2D image has a slot only
    where the study has no acquired one of that view.

    Parameters
    ----------
    paths : sequence of Path
        Files, folders, DICOMDIRs and zip archives; folders are walked.
    on_progress : callable, optional
        Called with files done and files known of, after each file; archives and DICOMDIRs make
        more of them known.
    cancelled : callable, optional
        Asked before each file; True ends the reading, and what was read so far is returned.

    Returns
    -------
    ExamIndex
        Examinations in the order met; within one, slots in hanging order, then extra views.
    """
    stop = cancelled or (lambda: False)
    files, unlisted = list_files(paths, stop)
    read: dict[str, ReadHeader] = {}
    walk = Walk(
        on_header=partial(_add, read),
        on_progress=on_progress or (lambda _done, _total: None),
        stop=stop,
    )
    walk.read_files(files)
    examinations, strays = with_reports(_grouped(list(read.values())), walk.cad_reports)
    refused = (*unlisted, *walk.refused, *strays)
    _log.info(
        "indexed %d files: %d examinations, %d refused",
        walk.total,
        len(examinations),
        len(refused),
    )
    return ExamIndex(examinations=examinations, refused=refused)


def index_images(
    images: Sequence[tuple[Path, Path | None]], *, cancelled: Callable[[], bool]
) -> ExamIndex:
    """Read the headers of images whose places are known, and group them as `index_paths` does.

    Parameters
    ----------
    images : sequence of (Path, Path or None)
        File and archive of each, as in `Mammogram`; of an archive no other member is read.
    cancelled : callable
        Asked before each file; True ends the reading.
    """
    read: dict[str, ReadHeader] = {}
    walk = Walk(
        on_header=partial(_add, read), on_progress=lambda _done, _total: None, stop=cancelled
    )
    walk.read_files([file for file, archive in images if archive is None])
    members: dict[Path, list[str]] = {}
    for file, archive in images:
        if archive is not None:
            members.setdefault(archive, []).append(file.relative_to(archive).as_posix())
    for archive, names in members.items():
        walk.read_members(archive, names)
    examinations, strays = with_reports(_grouped(list(read.values())), walk.cad_reports)
    return ExamIndex(examinations=examinations, refused=(*walk.refused, *strays))


def _add(read: dict[str, ReadHeader], header: ReadHeader) -> None:
    """Take a header into the collection, keyed by SOPInstanceUID."""
    uid = header.mammogram.sop_instance_uid
    if uid in read and _differ(read[uid].mammogram, header.mammogram):
        raise DicomError(
            translate("Files", "another image under the SOPInstanceUID of one already opened"),
            expected=translate("Files", "an identifier of its own for each image"),
            todo=translate(
                "Files",
                "open it alone, and have its source send both under identifiers of their own",
            ),
        )
    if uid in read and not same_bytes(read[uid].mammogram, header.mammogram):
        read[uid] = _doubted(read[uid])
        raise DicomError(
            translate("Files", "another version of an image already opened (same SOPInstanceUID)"),
            expected=translate("Files", "each image once"),
            todo=translate("Files", "ask its source which of the two is right"),
        )
    if uid in read:
        raise DicomError(
            translate("Files", "a second copy of an image already opened (same SOPInstanceUID)"),
            expected=translate("Files", "each image once"),
            todo=translate("Files", "leave the copy out"),
        )
    read[uid] = header


def _doubted(header: ReadHeader) -> ReadHeader:
    """Return a header that warns of another file under its identifier."""
    said = translate("Files", "another file has the SOPInstanceUID of this image and other content")
    return replace(header, mammogram=_with_doubts(header.mammogram, (said,)))


def _with_doubts(view: Mammogram, said: tuple[str, ...]) -> Mammogram:
    return replace(
        view,
        warnings=tuple(dict.fromkeys((*view.warnings, *said))),
        doubts=tuple(dict.fromkeys((*view.doubts, *said))),
    )


def _differ(one: Mammogram, other: Mammogram) -> bool:
    """Tell whether headers under one identifier cannot be those of one image."""
    return any(
        getattr(one, name) != getattr(other, name)
        for name in ("study_key", "label", "rows", "cols", "acquired", "kind", "frames")
    )


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
    notes = _disagreements([m for m in mammograms if not m.is_cbis_ddsm])
    mammograms = [_with_doubts(m, notes) for m in mammograms]
    acquired = {m.place for m in mammograms if m.kind in (ImageKind.PLAIN, ImageKind.LOW_ENERGY)}
    mammograms = [
        replace(m, slot=None, displaced_slot=None)
        if m.kind is ImageKind.SYNTHETIC and m.place in acquired
        else m
        for m in mammograms
    ]
    filled = {m.slot for m in mammograms}
    return Examination(
        key=key,
        mammograms=tuple(sorted(mammograms, key=_hanging_order)),
        missing_slots=tuple(slot for slot in Slot if slot not in filled),
    )


def _disagreements(mammograms: Sequence[Mammogram]) -> tuple[str, ...]:
    """Return what the images of a study disagree in and should not: some archives merge studies."""
    births = {m.identity.birth_date for m in mammograms} - {""}
    patients = {m.identity.patient_id for m in mammograms}
    days = {m.study_date for m in mammograms} - {""}
    found = (
        (
            len(patients) > 1 or len(births) > 1,
            translate("Files", "the images of this study name different patients"),
        ),
        (len(days) > 1, translate("Files", "the images of this study are of different days")),
    )
    return tuple(note for met, note in found if met)


def _kind(mammogram: Mammogram) -> _ViewKind | None:
    """Return what its twin shares; None where side or view is unknown: it has no known twin."""
    side, view = mammogram.laterality.value, mammogram.view
    if side is None or view.value is None:
        return None
    slot = mammogram.slot or mammogram.volume_slot
    return side, view.value, frozenset(view.modifiers), slot, mammogram.kind


def _without_slot(mammogram: Mammogram) -> Mammogram:
    return replace(
        mammogram,
        slot=None,
        displaced_slot=None,
        volume_slot=None,
        left_out=translate("Files", _NO_TWIN),
        unsupported=mammogram.unsupported
        or translate("Files", "For Processing twin: its presentation is analysed"),
        warnings=(*mammogram.warnings, translate("Files", _NO_TWIN)),
    )


def _hanging_order(mammogram: Mammogram) -> tuple[int, str, str]:
    order = list(Slot)
    place = order.index(mammogram.slot) if mammogram.slot else len(order)
    return place, mammogram.acquired, mammogram.sop_instance_uid
