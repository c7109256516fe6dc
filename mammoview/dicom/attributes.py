"""From a header to a `Mammogram`: side, view, pose, spacing and grey values, each sourced."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from mammoview.dicom.cbis import CbisName, parse_cbis
from mammoview.dicom.coarse import holds_coarse
from mammoview.dicom.eligibility import (
    check_mammogram,
    is_capture,
    is_for_processing,
    is_magnified,
    is_specimen,
    unsupported_reason,
)
from mammoview.dicom.frames import frame_spans
from mammoview.dicom.grey_values import read_pixel_format
from mammoview.dicom.header import Header
from mammoview.dicom.image_kind import read_kind, read_stack
from mammoview.dicom.layout import PixelLayout, check_pixels, read_layout
from mammoview.dicom.side_and_view import patient_orientation, read_laterality, read_view
from mammoview.dicom.source import DicomFile, seal_of
from mammoview.dicom.spacing import read_magnification, read_spacing
from mammoview.dicom.syntaxes import find_syntax
from mammoview.dicom.technique import read_technique
from mammoview.domain.geometry import PixelSpacing, Pose
from mammoview.domain.study import (
    FrameStack,
    ImageKind,
    ImageOrigin,
    Mammogram,
    PatientIdentity,
    Preserved,
)
from mammoview.domain.views import (
    Slot,
    SourcedLaterality,
    SourcedView,
    displaced_slot,
    standard_slot,
)
from mammoview.errors import DicomError
from mammoview.imaging.orientation import pose_from_patient_orientation
from mammoview.words import translate

# Year, month and day; of a date that was made anonymous the last parts may be missing.
_DATE = re.compile(r"(18|19|20)\d\d((0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])?)?")
_JOINERS = "\u200c\u200d"  # letters of several scripts need them
_ZONE = re.compile(r"[+-]\d{4}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadHeader:
    """A mammogram, and what only its relation to others of the study decides."""

    mammogram: Mammogram
    for_processing: bool


def read_mammogram(path: Path, file: DicomFile, *, archive: Path | None = None) -> ReadHeader:
    """Read everything the viewer needs from a header.

    Parameters
    ----------
    path : Path
        Where the file is.
    file : DicomFile
        The open file.
    archive : Path, optional
        The zip archive that holds it; ``path`` then starts with the archive's.

    Raises
    ------
    DicomError
        If the file is not a mammogram that can be shown, or is cut short.
    """
    header = file.header
    cbis = parse_cbis(header.text("PatientID"))
    check_mammogram(header, cbis)
    warnings: list[str] = []
    layout = _checked_layout(file, warnings)
    mammogram = _described(file, layout, cbis, warnings, path=path, archive=archive)
    return ReadHeader(mammogram=mammogram, for_processing=is_for_processing(header))


def _described(
    file: DicomFile,
    layout: PixelLayout,
    cbis: CbisName | None,
    warnings: list[str],
    *,
    path: Path,
    archive: Path | None,
) -> Mammogram:
    """Return what a header that was found sound says, and what had to be assumed."""
    header = file.header
    kind = read_kind(header, layout.frames, warnings)
    view = read_view(header, cbis, warnings)
    laterality = read_laterality(header, cbis, view.value, warnings)
    spacing = read_spacing(header, warnings)
    magnification, _ = read_magnification(header, [])
    stack = read_stack(header, layout.frames, warnings)
    extra = is_magnified(magnification) or is_specimen(header)
    places = _Places() if extra else _places(laterality, view, kind, stack)
    pixel_format = read_pixel_format(header, layout, warnings)
    captured = cbis is None and is_capture(header)
    lost = _lost(header, file.transfer_syntax)
    warnings += [*lost, *_other_warnings(header, captured=captured, spacing=spacing)]
    return Mammogram(
        file=path,
        archive=archive,
        sop_instance_uid=_sop_instance_uid(header),
        study_key=_study_key(header, cbis, warnings),
        identity=_identity(header),
        study_date=_study_date(header, warnings),
        acquired=_acquired(header),
        rows=layout.rows,
        cols=layout.cols,
        laterality=laterality,
        view=view,
        pose=_pose(header, laterality, view),
        spacing=spacing,
        slot=places.slot,
        pixel_format=pixel_format,
        unsupported=unsupported_reason(header, view, kind, magnification),
        is_cbis_ddsm=cbis is not None,
        warnings=tuple(dict.fromkeys([*warnings, *_unreadable(header)])),
        displaced_slot=places.displaced,
        partial=_is_partial(header),
        technique=read_technique(header),
        kind=kind,
        frames=stack,
        volume_slot=places.volume,
        holds_coarse=stack is None and holds_coarse(layout.codec),
        origins=_origins(header),
        is_copy=captured or bool(lost),
        doubts=(*laterality.conflicts, *view.conflicts),
        seal=seal_of(header),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    """Where an image stands in an examination: at most one; an extra view has none."""

    slot: Slot | None = None
    displaced: Slot | None = None
    volume: Slot | None = None


def _places(
    laterality: SourcedLaterality, view: SourcedView, kind: ImageKind, stack: FrameStack | None
) -> _Places:
    described = (laterality.value, view.value, view.modifiers)
    slot = standard_slot(*described)
    if kind in (ImageKind.PLAIN, ImageKind.LOW_ENERGY, ImageKind.SYNTHETIC):
        return _Places(slot=slot, displaced=displaced_slot(*described))
    return _Places(volume=slot if kind is ImageKind.VOLUME and stack is not None else None)


def _checked_layout(file: DicomFile, warnings: list[str]) -> PixelLayout:
    """Return the layout of the pixels, of which all bytes are there."""
    layout = read_layout(file.header, file.transfer_syntax)
    pixels = file.find_pixels()
    check_pixels(layout, pixels)
    frame_spans(file, layout, pixels)
    if not pixels.is_closed:
        warnings.append(translate("Files", "pixel data without its end mark: the file ends there"))
    return layout


def _origins(header: Header) -> tuple[ImageOrigin, ...]:
    found = []
    for item in header.items("SourceImageSequence"):
        uid, said = item.text("ReferencedSOPInstanceUID"), item.text("SpatialLocationsPreserved")
        known = said.upper() in set(Preserved)
        # What is not understood must not move a mark: it counts as not said.
        preserved = Preserved(said.upper()) if known else Preserved.NOT_SAID
        if uid:
            found.append(ImageOrigin(sop_instance_uid=uid, preserved=preserved))
    return tuple(found)


def _sop_instance_uid(header: Header) -> str:
    uid = header.text("SOPInstanceUID")
    if not uid:
        raise DicomError(
            translate("Files", "an image without SOPInstanceUID"),
            expected=translate("Files", "a DICOM image with its identifiers"),
            todo=translate("Files", "export the image again from its source"),
        )
    return uid


def _study_key(header: Header, cbis: CbisName | None, warnings: list[str]) -> str:
    if cbis is not None:
        return cbis.person
    study = header.text("StudyInstanceUID")
    if study:
        return study
    warnings.append(translate("Files", "no StudyInstanceUID: grouped by series"))
    return header.text("SeriesInstanceUID") or header.text("SOPInstanceUID")


def _identity(header: Header) -> PatientIdentity:
    return PatientIdentity(
        name=_printable(header.unsplit_text("PatientName")),
        patient_id=_printable(header.unsplit_text("PatientID")),
        birth_date=header.text("PatientBirthDate"),
        age=header.text("PatientAge"),
    )


def _printable(text: str) -> str:
    """Return a text without what would move other texts on the screen."""
    return "".join(c if c.isprintable() or c in _JOINERS else " " for c in text).strip()


def _acquired(header: Header) -> str:
    """Return when the image was made as sortable digits, from the first of three attributes."""
    joined = _digits(header.text("AcquisitionDateTime"))
    if _DATE.fullmatch(joined[:8]):
        return joined
    for kind in ("Acquisition", "Content", "Study"):
        date = _date(header, f"{kind}Date")
        if date:
            return date + _digits(header.text(f"{kind}Time"))
    return ""


def _study_date(header: Header, warnings: list[str]) -> str:
    """Return when the study was; a date that cannot be one is none, for priors go by it."""
    date = _date(header, "StudyDate")
    if not date and header.text("StudyDate"):
        warnings.append(
            translate("Files", "{keyword} holds a value that is not a date").format(
                keyword="StudyDate"
            )
        )
    return date


def _date(header: Header, keyword: str) -> str:
    """Return the digits of a date, or of its first parts where the rest was taken away."""
    digits = "".join(filter(str.isdigit, header.text(keyword)))
    return digits if _DATE.fullmatch(digits) else ""


def _digits(text: str) -> str:
    """Return the digits before any zone offset."""
    return "".join(c for c in _ZONE.sub("", text) if c.isdigit())


def _pose(header: Header, laterality: SourcedLaterality, view: SourcedView) -> Pose | None:
    directions = patient_orientation(header)
    if directions is None:
        return None
    return pose_from_patient_orientation(*directions, laterality.value, view.value)


def _other_warnings(header: Header, *, captured: bool, spacing: PixelSpacing | None) -> list[str]:
    found = []
    if captured:
        found.append(
            translate(
                "Files", "secondary capture: pixels that another program wrote than the device's"
            )
        )
    if len(set(header.texts("PixelAspectRatio"))) > 1 and spacing is None:
        found.append(
            translate(
                "Files", "pixels that are not square (PixelAspectRatio): shown as if they were"
            )
        )
    if header.text("BurnedInAnnotation").upper() == "YES":
        found.append(
            translate(
                "Files", "burned-in annotations: text in the pixels, which may name the patient"
            )
        )
    if is_for_processing(header):
        found.append(translate("Files", "For Processing image: raw grey values"))
    if _is_partial(header):
        found.append(translate("Files", "partial view of the breast"))
    return found


def _is_partial(header: Header) -> bool:
    return header.text("PartialView").upper() == "YES"


def _lost(header: Header, transfer_syntax: str) -> list[str]:
    """Say where compression changed the pixels, once or now (PS3.3 C.7.6.1.1.5)."""
    syntax = find_syntax(transfer_syntax)
    said = header.text("LossyImageCompression")
    if said == "01":
        return [translate("Files", "lossy compression: the pixels are not those of the detector")]
    if syntax.may_lose and said != "00":
        return [
            translate(
                "Files", "{codec}, which may have lost detail, and the header does not say"
            ).format(codec=syntax.codec)
        ]
    return []


def _unreadable(header: Header) -> list[str]:
    return [
        translate("Files", "{keyword} cannot be read").format(keyword=keyword)
        for keyword in header.unreadable
    ]
