"""What highdicom builds, put under the header that all results of a read share.

highdicom checks the content of an object; who was examined, the UIDs and the times come from
`export.headers`, so that every result of a read is filed alike and comes out the same again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydicom.dataset import Dataset, FileDataset

from mammoview.dicom.export.headers import (
    MANUFACTURER,
    MODEL_NAME,
    SERIAL_NUMBER,
    ResultKind,
    SourceImage,
    new_result,
)
from mammoview.dicom.export.identity import result_uid
from mammoview.domain.reading import ReadReport
from mammoview.errors import DicomError

_LOG = logging.getLogger(__name__)
_NOT_TOLD = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
)


def image_dataset(source: SourceImage) -> Dataset:
    """Return what highdicom needs to know of an image: how it is filed, and how its pixels lie.

    Whose it is stays out: highdicom's warnings quote names, and `adopt` writes it all the same.
    """
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    for keyword in _NOT_TOLD:
        setattr(made, keyword, "")
    made.StudyInstanceUID = source.header.text("StudyInstanceUID")
    made.SOPClassUID = source.sop_class
    made.SOPInstanceUID = source.image.sop_instance_uid
    made.SeriesInstanceUID = source.header.text("SeriesInstanceUID")
    made.Modality = source.header.text("Modality")
    made.Rows, made.Columns = source.image.rows, source.image.cols
    made.SamplesPerPixel = 1
    made.PhotometricInterpretation = source.image.pixel_format.photometric_interpretation
    if source.image.frames is not None:
        count = source.image.frames.count
        made.NumberOfFrames = count
        # Windows and rescale, which it would look for there, are written by `gsps` itself.
        made.SharedFunctionalGroupsSequence = [Dataset()]
        made.PerFrameFunctionalGroupsSequence = [Dataset() for _ in range(count)]
    return made


def head(report: ReadReport, kind: ResultKind) -> dict[str, Any]:
    """Return the header that each class of highdicom asks for; `adopt` replaces it."""
    return {
        "series_instance_uid": "1.2",
        "series_number": kind.series_number,
        "sop_instance_uid": "1.3",
        "instance_number": 1,
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": MODEL_NAME,
        "software_versions": report.software,
        "device_serial_number": SERIAL_NUMBER,
    }


@contextmanager
def strictly() -> Iterator[None]:
    """Translate what a strict writer refuses, without the value that it names.

    Raises
    ------
    DicomError
        For whatever it refuses.
    """
    try:
        yield
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        _LOG.warning("a result was refused by its writer: %s", type(error).__name__)
        raise DicomError(
            f"a result that DICOM does not allow ({type(error).__name__})",
            expected="values that fit the kind of object",
            todo="export it in another format, and report it",
        ) from error


def adopt(
    report: ReadReport, sources: Sequence[SourceImage], kind: ResultKind, built: Dataset
) -> FileDataset:
    """Return the common header of a result with the content that highdicom built."""
    made = new_result(report, sources, kind)
    made.file_meta.TransferSyntaxUID = built.file_meta.TransferSyntaxUID
    for element in built:
        if element.tag not in made:
            made.add(element)
    for tool in made.get("ContributingEquipmentSequence", []):
        # When the read was made, as all times here, so that the same read gives the same bytes.
        tool.ContributionDateTime = made.ContentDate + made.ContentTime
    return made


def number(made: FileDataset, report: ReadReport, kind: ResultKind, place: int, of: str) -> None:
    """Make an object one of several in its series: its ``place`` from 1, and what it is ``of``."""
    uid = result_uid(report, f"{kind.name} {of}")
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = uid
    made.InstanceNumber = place
