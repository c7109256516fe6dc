"""The computer's heatmaps as a Segmentation: FRACTIONAL, PROBABILITY, 8 bits, a segment a class.

The maps lie on the grid of their image, pixel for pixel: a 2D mammogram has no frame of reference
that another grid could be placed in (PS3.3 C.8.20, A.51.3.1).  The value is how certain a finding
of that kind is there, never how probable a cancer is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.seg import (
    SegmentAlgorithmTypeValues,
    Segmentation,
    SegmentationFractionalTypeValues,
    SegmentationTypeValues,
    SegmentDescription,
)
from numpy.typing import NDArray
from pydicom.sr.codedict import codes
from pydicom.uid import RLELossless

from mammoview.dicom.export import terms
from mammoview.dicom.export.adopted import adopt, head, image_dataset, number, strictly
from mammoview.dicom.export.headers import ResultKind, SourceImage, to_bytes
from mammoview.dicom.export.identity import derived_uid
from mammoview.domain.prediction import ModelIdentity
from mammoview.domain.reading import ReadReport

KIND = ResultKind(
    name="seg",
    sop_class="1.2.840.10008.5.1.4.1.1.66.4",
    modality="SEG",
    series_number=9003,
    description="CAD heatmaps, research use only",
)

_DIRECTIONS = 2


@strictly()
def heatmap_segmentation(
    report: ReadReport,
    source: SourceImage,
    maps: Sequence[tuple[str, NDArray[np.float32]]],
    place: int,
) -> bytes:
    """Return the heatmaps of one image of a read.

    Parameters
    ----------
    report : ReadReport
        The read, with the computer's result.
    source : SourceImage
        The image.
    maps : sequence of (str, ndarray of float32, (rows, cols))
        For each class the scores 0..1 of the image's pixels.
    place : int
        Number of the image in the read, from 1.

    Raises
    ------
    DicomError
        If it cannot be written.
    """
    assert report.cad is not None  # there are no heatmaps without a result
    built = Segmentation(
        source_images=[image_dataset(source)],
        pixel_array=np.stack([scores for _, scores in maps], axis=-1)[np.newaxis],
        segmentation_type=SegmentationTypeValues.FRACTIONAL,
        fractional_type=SegmentationFractionalTypeValues.PROBABILITY,
        max_fractional_value=255,
        segment_descriptions=[
            _segment(report.cad.model, kind, at) for at, (kind, _) in enumerate(maps, start=1)
        ],
        **head(report, KIND),
        content_label="CAD_HEATMAP",
        content_description="Certainty of finding, research use only",
        transfer_syntax_uid=RLELossless,
        omit_empty_frames=False,
    )
    made = adopt(report, [source], KIND, built)
    number(made, report, KIND, place, source.image.sop_instance_uid)
    for item in (*made.DimensionOrganizationSequence, *made.DimensionIndexSequence):
        item.DimensionOrganizationUID = derived_uid("dimensions", made.SOPInstanceUID)
    # On the grid of the image, so as it lies; CBIS-DDSM writes the view's name there.
    lies = source.header.texts("PatientOrientation")
    made.PatientOrientation = list(lies) if len(lies) == _DIRECTIONS else ""
    return to_bytes(made)


def _segment(model: ModelIdentity, kind: str, number: int) -> SegmentDescription:
    return SegmentDescription(
        segment_number=number,
        segment_label=kind[:64],
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=terms.cad_code(kind),
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=AlgorithmIdentificationSequence(
            name=model.name[:64] or "unknown",
            version=model.version[:64] or "unknown",
            family=codes.DCM.ArtificialIntelligence,
            parameters={"sha256": model.sha256},
        ),
        anatomic_regions=[terms.BREAST],
    )
