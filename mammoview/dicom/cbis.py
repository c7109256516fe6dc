"""CBIS-DDSM's own way of writing headers: the patient ID is the view.

Every view and every abnormality of that data set is a DICOM patient and study of its own.
Source: reference "CBIS-DDSM as it really is".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mammoview.dicom.header import Header
from mammoview.domain.views import Laterality, Projection
from mammoview.words import translate

_PATIENT_ID = re.compile(
    r"(Mass|Calc)-(Training|Test)_(P_\d{5})_(LEFT|RIGHT)_(CC|MLO)(?:_(\d+))?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CbisName:
    """What a PatientID of CBIS-DDSM tells: ``abnormality`` is None for a full mammogram.

    ``official`` is the official set: mass-train, mass-test, calc-train or calc-test.
    """

    official: str
    person: str
    laterality: Laterality
    projection: Projection
    abnormality: int | None

    @property
    def patient_id(self) -> str:
        """The patient ID, spelled as the collection does."""
        kind, part = self.official.split("-")
        side = {Laterality.LEFT: "LEFT", Laterality.RIGHT: "RIGHT"}[self.laterality]
        number = "" if self.abnormality is None else f"_{self.abnormality}"
        return (
            f"{kind.title()}-{'Training' if part == 'train' else 'Test'}"
            f"_{self.person}_{side}_{self.projection}{number}"
        )


def parse_cbis(patient_id: str) -> CbisName | None:
    """Return what a CBIS-DDSM patient ID tells, or None for any other ID."""
    match = _PATIENT_ID.fullmatch(patient_id)
    if match is None:
        return None
    kind, part, person, side, view, abnormality = match.groups()
    return CbisName(
        official=f"{kind.lower()}-{'train' if part.lower() == 'training' else 'test'}",
        person=person.upper(),
        laterality=Laterality(side[0].upper()),
        projection=Projection(view.upper()),
        abnormality=None if abnormality is None else int(abnormality),
    )


def cbis_extract(header: Header, name: CbisName | None) -> str | None:
    """Return what a file is when it is an ROI mask or a crop, else None.

    SeriesDescription tells where it is there (a crop and a mask may share one series named "ROI
    mask images", so 16 bits there mean a crop); else a file of a CBIS-DDSM patient is told by its
    bits: full mammograms have 16.
    """
    eight_bit = header.integer("BitsAllocated") == 8
    series = header.text("SeriesDescription").lower()
    named = "roi mask" in series or "cropped image" in series
    of_cbis = name is not None and (name.abnormality is not None or eight_bit)
    if not named and not of_cbis:
        return None
    return (
        translate("Files", "an ROI mask")
        if eight_bit
        else translate("Files", "a crop around an abnormality")
    )
