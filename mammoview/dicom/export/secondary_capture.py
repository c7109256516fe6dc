"""A picture of an image with its marks burned in, for what reads pictures and nothing else.

It says that it is derived, from which image, and that something is burned in; it carries no pixel
spacing, so that nobody measures on a picture (PS3.3 A.8.1, C.8.6, C.7.6.1).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from mammoview.dicom.export.adopted import number, strictly
from mammoview.dicom.export.codes import dcm
from mammoview.dicom.export.headers import (
    ResultKind,
    SourceImage,
    new_result,
    reference,
    to_bytes,
)
from mammoview.dicom.export.sr_items import code_item
from mammoview.domain.reading import ReadReport

KIND = ResultKind(
    name="sc",
    sop_class="1.2.840.10008.5.1.4.1.1.7",
    # Not MG: no workstation may hang a picture with burned-in marks as a mammogram.
    modality="OT",
    series_number=9006,
    description="Pictures with marks, research use only",
)
_PURPOSE = dcm("121322", "Source image for image processing operation")


@strictly()
def secondary_capture(
    report: ReadReport, source: SourceImage, picture: NDArray[np.uint8], place: int
) -> bytes:
    """Return the picture of one image of a read.

    Parameters
    ----------
    report : ReadReport
        The read.
    source : SourceImage
        The image that the picture was made from.
    picture : ndarray of uint8, (rows, cols, 3)
        Red, green, blue.
    place : int
        Number of the image in the read, from 1.

    Raises
    ------
    DicomError
        If it cannot be written.
    """
    made = new_result(report, [source], KIND)
    number(made, report, KIND, place, source.image.sop_instance_uid)
    made.ConversionType = "WSD"
    made.ImageType = ["DERIVED", "SECONDARY"]
    made.BurnedInAnnotation = "YES"
    made.DerivationDescription = "window, pose and marks burned in; research use only"
    made.SourceImageSequence = [_source(source)]
    side = source.image.laterality.value
    made.Laterality = side.value if side else ""
    made.PatientOrientation = ""
    made.ImageComments = "PRELIMINARY, not signed" if report.preliminary else "research use only"
    _set_pixels(made, picture)
    return to_bytes(made)


def _source(source: SourceImage) -> Dataset:
    item = reference(source)
    item.PurposeOfReferenceCodeSequence = [code_item(_PURPOSE)]
    return item


def _set_pixels(made: Dataset, picture: NDArray[np.uint8]) -> None:
    made.SamplesPerPixel, made.PlanarConfiguration = 3, 0
    made.PhotometricInterpretation = "RGB"
    made.Rows, made.Columns = picture.shape[:2]
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation = 7, 0
    data = np.ascontiguousarray(picture).tobytes()
    made.PixelData = data + b"\0" * (len(data) % 2)
    made["PixelData"].VR = "OB"
