"""The images of a read that show something: Key Object Selection, TID 2010.

A key image shows a finding of the reader, or a mark of the computer that the reader agreed with.
One document a study: a selection over several studies would need identical copies in each (PS3.3
C.17.6.2.1), and CBIS-DDSM files every view as a study of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from highdicom.ko import KeyObjectSelection, KeyObjectSelectionDocument
from pydicom.sr.codedict import codes

from mammoview.dicom.export.adopted import adopt, head, image_dataset, number, strictly
from mammoview.dicom.export.headers import ResultKind, SourceImage, to_bytes
from mammoview.dicom.export.names import observer
from mammoview.domain.reading import Disposition, ReadReport

KIND = ResultKind(
    name="ko",
    sop_class="1.2.840.10008.5.1.4.1.1.88.59",
    modality="KO",
    series_number=9005,
    description="Key images, research use only",
)


def key_images(report: ReadReport) -> frozenset[str]:
    """Return the SOPInstanceUIDs of the images that show a finding or an agreed mark."""
    agreed = {a.mark_id for a in report.answers if a.disposition is not Disposition.DISMISS}
    return frozenset(
        [view.sop_instance_uid for finding in report.final.findings for view in finding.views]
        + [mark.sop_instance_uid for mark in report.shown if mark.id in agreed]
    )


def key_object_documents(report: ReadReport, sources: Sequence[SourceImage]) -> tuple[bytes, ...]:
    """Return a document of the key images of each study that has one; none where nothing is shown.

    Raises
    ------
    DicomError
        If one cannot be written.
    """
    keys = key_images(report)
    studies: dict[str, list[SourceImage]] = {}
    for source in sources:
        if source.image.sop_instance_uid in keys:
            studies.setdefault(source.header.text("StudyInstanceUID"), []).append(source)
    return tuple(
        _document(report, shown, place, study)
        for place, (study, shown) in enumerate(studies.items(), start=1)
    )


@strictly()
def _document(report: ReadReport, shown: Sequence[SourceImage], place: int, study: str) -> bytes:
    images = [image_dataset(source) for source in shown]
    content = KeyObjectSelection(
        document_title=codes.DCM.OfInterest,
        referenced_objects=images,
        observer_person_context=observer(report.reader),
        description=_description(report),
    )
    built = KeyObjectSelectionDocument(
        evidence=images,
        content=content,
        **head(report, KIND),
    )
    made = adopt(report, shown, KIND, built)
    number(made, report, KIND, place, study)
    return to_bytes(made)


def _description(report: ReadReport) -> str:
    """Say what was chosen, and that nobody has signed it where that is so."""
    state = "PRELIMINARY, not signed. " if report.preliminary else ""
    return f"{state}Images with a finding of the reader or an agreed CAD mark. Research use only."
