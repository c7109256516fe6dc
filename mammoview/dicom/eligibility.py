"""What is not opened as a mammogram, and what is opened but not analysed, each with its reason."""

from __future__ import annotations

import re
from types import MappingProxyType

from mammoview.dicom.cbis import CbisName, cbis_extract
from mammoview.dicom.header import Header
from mammoview.dicom.image_kind import TOMOSYNTHESIS_CLASSES
from mammoview.domain.study import ImageKind
from mammoview.domain.views import Projection, SourcedView, ViewModifier
from mammoview.errors import DicomError
from mammoview.words import QT_TRANSLATE_NOOP, translate

_MG_CLASSES = frozenset({"1.2.840.10008.5.1.4.1.1.1.2", "1.2.840.10008.5.1.4.1.1.1.2.1"})
_CT, _SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.7"
# Where Hologic's own format keeps its compressed slices.
_HOLOGIC_PIXELS = "7E010010"
_FOR_PROCESSING_CLASSES = frozenset(
    {"1.2.840.10008.5.1.4.1.1.1.2.1", "1.2.840.10008.5.1.4.1.1.13.1.5"}
)
_KINDS = MappingProxyType(
    {
        ImageKind.SYNTHETIC: QT_TRANSLATE_NOOP(
            "Files", "synthetic 2D image, made from tomosynthesis"
        ),
        ImageKind.HIGH_ENERGY: QT_TRANSLATE_NOOP(
            "Files", "high-energy image of contrast-enhanced mammography"
        ),
        ImageKind.RECOMBINED: QT_TRANSLATE_NOOP(
            "Files", "recombined image of contrast-enhanced mammography"
        ),
        ImageKind.VOLUME: QT_TRANSLATE_NOOP("Files", "tomosynthesis"),
        ImageKind.PROJECTION: QT_TRANSLATE_NOOP("Files", "tomosynthesis projection"),
    }
)
# Only what looks like a modality is quoted: a broken header may hold a name there.
_MODALITY = re.compile(r"[A-Z]{2,4}|RT[A-Z]+")
# Contact views have a factor near 1.05; a magnification stand starts at about 1.5.
_MAGNIFIED = 1.4


def check_mammogram(header: Header, cbis: CbisName | None) -> None:
    """Refuse what is not a mammogram to read.

    Raises
    ------
    DicomError
        For another modality, an ROI mask or crop of CBIS-DDSM, or a quality control image.
    """
    _check_no_private_volume(header)
    modality = header.text("Modality").upper()
    if modality != "MG" and header.text("SOPClassUID") not in (_MG_CLASSES | TOMOSYNTHESIS_CLASSES):
        met = (
            translate("Files", "modality {modality}").format(modality=modality)
            if _MODALITY.fullmatch(modality)
            else translate("Files", "another modality")
        )
        met = met if modality else translate("Files", "a data set without Modality")
        raise DicomError(
            met,
            expected=translate("Files", "a mammogram (modality MG)"),
            todo=translate("Files", "leave this file out"),
        )
    extract = cbis_extract(header, cbis)
    if extract is not None:
        raise DicomError(
            translate("Files", "{extract} of CBIS-DDSM").format(extract=extract),
            expected=translate("Files", "a full mammogram"),
            todo=translate("Files", "leave this file out"),
        )
    if header.text("QualityControlImage").upper() == "YES":
        raise DicomError(
            translate("Files", "a quality control image (QualityControlImage YES)"),
            expected=translate("Files", "a mammogram of a patient"),
            todo=translate("Files", "leave this file out"),
        )


def _check_no_private_volume(header: Header) -> None:
    """Refuse by name the two ways in which volumes were kept before there was a class for them."""
    sop_class = header.text("SOPClassUID")
    met = ""
    if sop_class == _SECONDARY_CAPTURE and header.has(_HOLOGIC_PIXELS):
        met = translate(
            "Files", "tomosynthesis in Hologic's own format (Secondary Capture with private pixels)"
        )
    elif sop_class == _CT and header.text("BodyPartExamined").upper() == "BREAST":
        met = translate(
            "Files", "a slice of the breast kept as CT image (older tomosynthesis, or breast CT)"
        )
    if met:
        raise DicomError(
            met,
            expected=translate("Files", "Breast Tomosynthesis Image Storage, a volume in one file"),
            todo=translate(
                "Files", "have the device or archive send it as Breast Tomosynthesis Image"
            ),
        )


def is_for_processing(header: Header) -> bool:
    """Tell whether the pixels are raw: PresentationIntentType, else the SOP class."""
    intent = header.text("PresentationIntentType").upper()
    if intent:
        return intent == "FOR PROCESSING"
    return header.text("SOPClassUID") in _FOR_PROCESSING_CLASSES


def is_capture(header: Header) -> bool:
    """Tell whether another program than the device's wrote the pixels (PS3.3 A.8)."""
    sop_class = header.text("SOPClassUID")
    return sop_class == _SECONDARY_CAPTURE or sop_class.startswith(f"{_SECONDARY_CAPTURE}.")


def is_magnified(factor: float) -> bool:
    """Tell whether a geometric magnification is that of a magnification view."""
    return factor >= _MAGNIFIED


def unsupported_reason(
    header: Header, view: SourcedView, kind: ImageKind, magnification: float
) -> str | None:
    """Return why the CAD does not analyse an image, all reasons together; None if it does.

    Parameters
    ----------
    header : Header
        The image's header.
    view : SourcedView
        Projection and modifiers.
    kind : ImageKind
        How the image came to be.
    magnification : float
        Geometric magnification.
    """
    reasons = [translate("Files", _KINDS[kind])] if kind in _KINDS else []
    reasons += [reason for reason, met in _image_reasons(header, view, magnification) if met]
    if view.value is None:
        reasons.append(translate("Files", "the view is not known"))
    elif view.value not in (Projection.CC, Projection.MLO):
        reasons.append(
            translate("Files", "{value} view: only CC and MLO are analysed").format(
                value=view.value
            )
        )
    return "; ".join(reasons) or None


def _image_reasons(
    header: Header, view: SourcedView, magnification: float
) -> tuple[tuple[str, bool], ...]:
    return (
        (translate("Files", "specimen radiograph"), is_specimen(header)),
        (
            translate("Files", "breast with an implant"),
            header.text("BreastImplantPresent").upper() == "YES",
        ),
        (
            translate("Files", "implant-displaced view"),
            ViewModifier.IMPLANT_DISPLACED in view.modifiers,
        ),
        (
            translate("Files", "magnification view"),
            ViewModifier.MAGNIFICATION in view.modifiers or is_magnified(magnification),
        ),
        (
            translate("Files", "spot compression view"),
            ViewModifier.SPOT_COMPRESSION in view.modifiers,
        ),
    )


def is_specimen(header: Header) -> bool:
    """Tell whether it shows tissue taken out, and no breast."""
    if header.items("SpecimenDescriptionSequence"):
        return True
    said = (*header.texts("ImageType"), header.text("BodyPartExamined"))
    described = (header.text("SeriesDescription"), header.text("ProtocolName"))
    return any("SPECIMEN" in text.upper() for text in (*said, *described))
