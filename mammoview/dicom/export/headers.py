"""What every result shares with the images that it is of: patient, study, and who made it.

Source: PS3.3 C.7.1.1 (Patient), C.7.2.1 (General Study), C.7.2.2 (Patient Study), C.7.5.1 and
C.7.5.2 (Equipment), C.12.1 (SOP Common).
"""

from __future__ import annotations

import copy
import io
from collections.abc import Sequence
from dataclasses import dataclass

from pydicom.config import RAISE
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.multival import MultiValue
from pydicom.uid import UID, ExplicitVRLittleEndian
from pydicom.valuerep import validate_value

from mammoview.dicom.export.identity import moment, result_uid, series_uid
from mammoview.dicom.header import Header, quiet_pydicom
from mammoview.dicom.source import open_dicom
from mammoview.domain.reading import ReadReport
from mammoview.domain.study import Mammogram
from mammoview.errors import DicomError

MANUFACTURER = "mammoview (research use only)"
MODEL_NAME = "mammoview"
# A program has none, and the attribute may not be empty (PS3.3 C.7.5.2).
SERIAL_NUMBER = "none"
# May be empty, and must be there (type 2).
_PATIENT_TYPE_2 = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")
_STUDY_TYPE_2 = ("StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "StudyID")
# Only where the images have them.
_OPTIONAL = (
    "IssuerOfPatientID",
    "PatientAge",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "StudyDescription",
    "TimezoneOffsetFromUTC",
)
# Those that pydicom only warns of; of the others it takes none that is wrong.
_TEXT_VRS = frozenset(
    ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UI", "UR")
)
_OPTIONAL_SEQUENCES = ("DeidentificationMethodCodeSequence", "ProcedureCodeSequence")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SourceImage:
    """An image that a result is of, with its header: all elements before the pixels."""

    image: Mammogram
    header: Header

    @property
    def sop_class(self) -> str:
        """SOPClassUID (0008,0016)."""
        return self.header.text("SOPClassUID")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultKind:
    """One kind of result.

    Attributes
    ----------
    name : str
        What it is called on the command line: ``cad-sr``; part of its UIDs.
    sop_class, modality : str
        Of the object.
    series_number : int
        Its own for each kind, high enough not to meet that of an acquired series.
    description : str
        SeriesDescription.
    """

    name: str
    sop_class: str
    modality: str
    series_number: int
    description: str


def read_sources(images: Sequence[Mammogram]) -> tuple[SourceImage, ...]:
    """Read the headers of the images of a read, in their order.

    Raises
    ------
    DicomError
        If a file is gone, holds another image by now, names another patient than the others, or
        belongs to no study: a result must not be filed under somebody else.
    """
    sources = tuple(SourceImage(image=image, header=_read_header(image)) for image in images)
    if not sources:
        raise DicomError("a read of no images", expected="at least one", todo="open the study")
    _check_one_patient(sources)
    return sources


def new_result(report: ReadReport, sources: Sequence[SourceImage], kind: ResultKind) -> FileDataset:
    """Return a new object with all that any result of a read has, ready for its own modules.

    Text is UTF-8 whatever the images use.  Dates and times are those of the read, not of the
    export, so that the same read gives the same bytes.
    """
    meta = FileMetaDataset()
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID = meta.MediaStorageSOPClassUID = UID(kind.sop_class)
    made.SOPInstanceUID = meta.MediaStorageSOPInstanceUID = result_uid(report, kind.name)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    copy_patient_and_study(made, sources[0].header)
    made.Modality = kind.modality
    made.SeriesInstanceUID = series_uid(report, kind.name)
    made.SeriesNumber = kind.series_number
    made.SeriesDescription = kind.description
    made.InstanceNumber = 1
    at = moment(report, sources[0].header.text("TimezoneOffsetFromUTC"))
    made.SeriesDate = made.ContentDate = made.InstanceCreationDate = at.strftime("%Y%m%d")
    made.SeriesTime = made.ContentTime = made.InstanceCreationTime = at.strftime("%H%M%S")
    made.Manufacturer = MANUFACTURER
    made.ManufacturerModelName = MODEL_NAME
    made.DeviceSerialNumber = SERIAL_NUMBER
    made.SoftwareVersions = report.software
    return made


def copy_patient_and_study(made: Dataset, header: Header) -> None:
    """Copy who was examined and in which study; what is no valid value stays empty.

    Raises
    ------
    DicomError
        If name or id of the patient cannot be written: a result without them could be anybody's.
    """
    made.StudyInstanceUID = UID(header.text("StudyInstanceUID"))
    for keyword in (*_PATIENT_TYPE_2, *_STUDY_TYPE_2, *_OPTIONAL):
        value = header.unsplit_text(keyword)
        if not _is_allowed(dictionary_VR(keyword), value):
            if keyword in ("PatientName", "PatientID"):
                raise DicomError(
                    f"a {keyword} that DICOM does not allow",
                    expected="a value that a result can be filed under",
                    todo="have the images' header corrected at their source",
                )
            value = ""
        if value or keyword not in _OPTIONAL:
            setattr(made, keyword, value)
    for keyword in _OPTIONAL_SEQUENCES:
        if header.items(keyword):
            setattr(made, keyword, copy.deepcopy(header.dataset[keyword].value))


def reference(source: SourceImage, frame: int = 0) -> Dataset:
    """Return the reference to an image, or to one frame of it (PS3.3 10.8; counted from 1)."""
    item = Dataset()
    item.ReferencedSOPClassUID = source.sop_class
    item.ReferencedSOPInstanceUID = source.image.sop_instance_uid
    if frame:
        item.ReferencedFrameNumber = frame
    return item


def evidence(sources: Sequence[SourceImage]) -> list[Dataset]:
    """Return the images by study and series: Current Requested Procedure Evidence (C.17.2)."""
    studies: dict[str, dict[str, list[Dataset]]] = {}
    for source in sources:
        series = studies.setdefault(source.header.text("StudyInstanceUID"), {})
        series.setdefault(source.header.text("SeriesInstanceUID"), []).append(reference(source))
    found = []
    for study, series in studies.items():
        item = Dataset()
        item.StudyInstanceUID = study
        item.ReferencedSeriesSequence = []
        for uid, references in series.items():
            inner = Dataset()
            inner.SeriesInstanceUID = uid
            inner.ReferencedSOPSequence = references
            item.ReferencedSeriesSequence.append(inner)
        found.append(item)
    return found


def to_bytes(made: FileDataset) -> bytes:
    """Return the bytes of the file: always the same ones for the same object.

    Raises
    ------
    DicomError
        If a value in it is not allowed; its attribute is named, the value is not.
    """
    for element in made.iterall():
        values = element.value if isinstance(element.value, MultiValue) else [element.value]
        if not all(_is_allowed(element.VR, str(v)) for v in values if element.VR in _TEXT_VRS):
            raise DicomError(
                f"a {element.keyword} that DICOM does not allow, in a result",
                expected="values that any archive takes",
                todo="correct it where it was entered; nothing was written",
            )
    stream = io.BytesIO()
    made.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def _is_allowed(vr: str, value: str) -> bool:
    """Tell whether a text is a value of a value representation (PS3.5 6.2)."""
    try:
        validate_value(vr, value, RAISE)
    except ValueError:
        return False
    return True


def _read_header(image: Mammogram) -> Header:
    with quiet_pydicom(), open_dicom(image.file, image.archive) as file:
        header = file.header
    if header.text("SOPInstanceUID") != image.sop_instance_uid:
        raise DicomError(
            f"another image than {image.label}, which was read, in its file",
            expected="the files as they were read",
            todo="bring the images back, and export again",
        )
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID"):
        if not UID(header.text(keyword)).is_valid:
            raise DicomError(
                f"an image ({image.label}) without a valid {keyword}",
                expected="the identifiers that a result is filed by",
                todo="have the image exported again from its source",
            )
    return header


def _check_one_patient(sources: Sequence[SourceImage]) -> None:
    # CBIS-DDSM names each view as a patient of its own; its parts are joined by their person.
    real = [source for source in sources if not source.image.is_cbis_ddsm]
    for keyword in ("PatientID", "StudyInstanceUID"):
        if len({source.header.texts(keyword) for source in real}) > 1:
            raise DicomError(
                f"images with more than one {keyword}",
                expected="one patient and one study to file the result under",
                todo="have the images' headers corrected at their source",
            )
