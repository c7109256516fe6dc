"""The report as a PDF inside a DICOM object, so that it is filed with the images.

Source: PS3.3 A.45.1 (Encapsulated PDF), C.24.2 (Encapsulated Document).
"""

from __future__ import annotations

from collections.abc import Sequence

from pydicom.sr.coding import Code

from mammoview.dicom.export.adopted import strictly
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
    name="pdf",
    sop_class="1.2.840.10008.5.1.4.1.1.104.1",
    modality="DOC",
    series_number=9007,
    description="Report, research use only",
)
_TITLE = Code("18748-4", "LN", "Diagnostic imaging study")


@strictly()
def encapsulated_pdf(report: ReadReport, sources: Sequence[SourceImage], pdf: bytes) -> bytes:
    """Return the object that holds a PDF.

    Parameters
    ----------
    report : ReadReport
        The read.
    sources : sequence of SourceImage
        Its images.
    pdf : bytes
        The document.

    Raises
    ------
    DicomError
        If it cannot be written.
    """
    made = new_result(report, sources, KIND)
    made.ConversionType = "WSD"
    made.BurnedInAnnotation = "YES"  # it names the patient
    made.AcquisitionDateTime = ""
    made.DocumentTitle = "Preliminary reading report" if report.preliminary else "Reading report"
    made.ConceptNameCodeSequence = [code_item(_TITLE)]
    made.SourceInstanceSequence = [reference(source) for source in sources]
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    made.EncapsulatedDocumentLength = len(pdf)
    made.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    return to_bytes(made)
