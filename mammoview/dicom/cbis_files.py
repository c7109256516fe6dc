"""What one file of CBIS-DDSM is: full mammogram, ROI mask or crop, told by its own content.

The collection puts a crop and a mask into one series that is named after one of them, and numbers
them in either order, so neither path nor series tells.  About 7 % of its headers lack a field.
Source: reference "CBIS-DDSM as it really is".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mammoview.dicom.cbis import CbisName, parse_cbis
from mammoview.dicom.decode import decode_open
from mammoview.dicom.header import Header
from mammoview.dicom.layout import check_pixels, read_layout
from mammoview.dicom.source import DicomFile, open_dicom
from mammoview.domain.geometry import ImageBox
from mammoview.words import translate


class CbisKind(StrEnum):
    """What a file is."""

    FULL = "full mammogram"
    MASK = "mask"
    CROP = "crop"
    UNKNOWN = "unknown"


_DESCRIPTIONS = {
    "full mammogram": CbisKind.FULL,
    "roi mask": CbisKind.MASK,
    "cropped image": CbisKind.CROP,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CbisFile:
    """One file, as its header (and for 8 bits its pixels) tell.

    Attributes
    ----------
    series_uid, sop_uid : str
        SeriesInstanceUID and SOPInstanceUID; empty where the header lacks them.
    has_patient_id : bool
        Whether there is a PatientID; the ID itself is kept only as far as it is CBIS-DDSM's.
    name : CbisName or None
        What that PatientID tells; None when there is none or it is not of CBIS-DDSM.
    described : CbisKind
        What SeriesDescription says; UNKNOWN where it says nothing known.
    bits : int
        BitsAllocated, 8 or 16.
    rows, cols : int
        Size, pixels.
    kind : CbisKind
        What the file is.
    reason : str
        Why the kind is unknown; else empty.
    box : ImageBox or None
        Of a mask, around everything that is set: pixels of the mask, origin at the outer corner
        of its first pixel, end exclusive.  None for an empty mask and for every other kind.
    area_px : int
        Of a mask, how many pixels are set.
    """

    series_uid: str
    sop_uid: str
    has_patient_id: bool
    name: CbisName | None
    described: CbisKind
    bits: int
    rows: int
    cols: int
    kind: CbisKind
    reason: str
    box: ImageBox | None
    area_px: int


def read_cbis_file(path: Path) -> CbisFile:
    """Read what a file is.  Pixels are decoded only where 8 bits promise a mask.

    Raises
    ------
    DicomError
        If the file cannot be read, is no grey DICOM image, or is cut short.
    """
    with open_dicom(path) as file:
        header = file.header
        layout = read_layout(header, file.transfer_syntax)
        check_pixels(layout, file.find_pixels())
        pixels = decode_open(file) if layout.bits_allocated == 8 else None
        name = parse_cbis(header.text("PatientID"))
        kind, reason = _kind(file, name, pixels)
        is_mask = kind is CbisKind.MASK and pixels is not None
        return CbisFile(
            series_uid=header.text("SeriesInstanceUID"),
            sop_uid=header.text("SOPInstanceUID"),
            has_patient_id=bool(header.text("PatientID")),
            name=name,
            described=_described(header),
            bits=layout.bits_allocated,
            rows=layout.rows,
            cols=layout.cols,
            kind=kind,
            reason=reason,
            box=bounding_box(pixels) if is_mask and pixels is not None else None,
            area_px=int(np.count_nonzero(pixels)) if is_mask and pixels is not None else 0,
        )


def bounding_box(mask: NDArray[np.generic]) -> ImageBox | None:
    """Return the box around all pixels that are not 0, end exclusive; None when there are none.

    Parameters
    ----------
    mask : ndarray (rows, cols)
        Any integer type.
    """
    is_set = mask != 0
    rows, cols = np.flatnonzero(is_set.any(axis=1)), np.flatnonzero(is_set.any(axis=0))
    if not len(rows):
        return None
    return ImageBox(
        col0=float(cols[0]), row0=float(rows[0]), col1=float(cols[-1] + 1), row1=float(rows[-1] + 1)
    )


def _described(header: Header) -> CbisKind:
    text = header.text("SeriesDescription").lower()
    return next((k for part, k in _DESCRIPTIONS.items() if part in text), CbisKind.UNKNOWN)


def _kind(
    file: DicomFile, name: CbisName | None, pixels: NDArray[np.generic] | None
) -> tuple[CbisKind, str]:
    """Return the kind and, where it is unknown, why.

    A mask has 8 bits and no value but 0 and 255.  16 bits are a crop under either of the two
    descriptions that crop and mask share, and else what SeriesDescription or PatientID say.
    """
    described = _described(file.header)
    if pixels is not None:
        if described is CbisKind.FULL:
            return CbisKind.UNKNOWN, translate("Files", "8 bits, but described as a full mammogram")
        if np.any((pixels != 0) & (pixels != 255)):
            return CbisKind.UNKNOWN, translate(
                "Files", "8 bits, but with other values than 0 and 255"
            )
        return CbisKind.MASK, ""
    if described is not CbisKind.UNKNOWN:
        return (CbisKind.FULL if described is CbisKind.FULL else CbisKind.CROP), ""
    if name is not None:
        return (CbisKind.FULL if name.abnormality is None else CbisKind.CROP), ""
    return CbisKind.UNKNOWN, translate(
        "Files", "16 bits, and neither SeriesDescription nor PatientID tell what it is"
    )
