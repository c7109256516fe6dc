"""The coded concepts of CAD results, and which code stands for which of our values.

Source: PS3.16 annex D (DCM), CID 4014, 4015, 6014, 6016, 6022, 6034, 6042 and 6047.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pydicom.sr.codedict import Collection
from pydicom.sr.coding import Code

from mammoview.dicom.codes import LATERALITIES, MODIFIERS, PROJECTIONS
from mammoview.domain.views import Laterality, Projection, ViewModifier


def dcm(value: str, meaning: str) -> Code:
    """Return a code of DICOM's own dictionary."""
    return Code(value, "DCM", meaning)


REPORT = dcm("111036", "Mammography CAD Report")
LANGUAGE = dcm("121049", "Language of Content Item and Descendants")
ENGLISH = Code("en", "RFC5646", "English")

IMAGE_LIBRARY = dcm("111028", "Image Library")
IMAGE_LATERALITY = dcm("111027", "Image Laterality")
IMAGE_VIEW = dcm("111031", "Image View")
IMAGE_VIEW_MODIFIER = dcm("111032", "Image View Modifier")
ROW_ORIENTATION = dcm("111044", "Patient Orientation Row")
COLUMN_ORIENTATION = dcm("111043", "Patient Orientation Column")
STUDY_DATE = dcm("111060", "Study Date")
STUDY_TIME = dcm("111061", "Study Time")
CONTENT_DATE = dcm("111018", "Content Date")
CONTENT_TIME = dcm("111019", "Content Time")
HORIZONTAL_SPACING = dcm("111026", "Horizontal Pixel Spacing")
VERTICAL_SPACING = dcm("111066", "Vertical Pixel Spacing")
PIXEL_ROWS = dcm("110910", "Pixel Data Rows")
PIXEL_COLUMNS = dcm("110911", "Pixel Data Columns")

SUMMARY = dcm("111017", "CAD Processing and Findings Summary")
ALL_WITHOUT = dcm("111241", "All algorithms succeeded; without findings")
ALL_WITH = dcm("111242", "All algorithms succeeded; with findings")
SOME_WITHOUT = dcm("111243", "Not all algorithms succeeded; without findings")
SOME_WITH = dcm("111244", "Not all algorithms succeeded; with findings")
NONE_WITHOUT = dcm("111245", "No algorithms succeeded; without findings")
IMPRESSION_TEXT = dcm("111033", "Impression Description")
IMPRESSION = dcm("111034", "Individual Impression/Recommendation")

RENDERING_INTENT = dcm("111056", "Rendering Intent")
REQUIRED = dcm("111150", "Presentation Required: Rendering device is expected to present")
OPTIONAL = dcm("111151", "Presentation Optional: Rendering device may present")
OPERATING_POINT = dcm("111071", "CAD Operating Point")
MAXIMUM_OPERATING_POINT = dcm("111072", "Maximum CAD Operating Point")
RECOMMENDED_OPERATING_POINT = dcm("111092", "Recommended CAD Operating Point")

COMPOSITE = dcm("111015", "Composite Feature")
COMPOSITE_TYPE = dcm("111016", "Composite Type")
RELATED_SPATIALLY = dcm("111154", "Target Content Items are related spatially")
SCOPE = dcm("111057", "Scope of Feature")
ON_MULTIPLE_IMAGES = dcm("111158", "Feature detected on multiple images")
COMPOSITE_CERTAINTY = dcm("111011", "Certainty of Feature")

SINGLE_FINDING = dcm("111059", "Single Image Finding")
CERTAINTY = dcm("111012", "Certainty of Finding")
CENTRE = dcm("111010", "Center")
OUTLINE = dcm("111041", "Outline")
TRACKING_TEXT = dcm("112039", "Tracking Identifier")
TRACKING_UID = dcm("112040", "Tracking Unique Identifier")
ALGORITHM_NAME = dcm("111001", "Algorithm Name")
ALGORITHM_VERSION = dcm("111003", "Algorithm Version")
ALGORITHM_PARAMETERS = dcm("111002", "Algorithm Parameters")
# Never written: our classes are kinds of finding.
PROBABILITY_OF_CANCER = dcm("111047", "Probability of cancer")

DETECTIONS = dcm("111064", "Summary of Detections")
SUCCESSFUL_DETECTIONS = dcm("111063", "Successful Detections")
FAILED_DETECTIONS = dcm("111025", "Failed Detections")
DETECTION = dcm("111022", "Detection Performed")
ANALYSES = dcm("111065", "Summary of Analyses")
SUCCEEDED = dcm("111222", "Succeeded")
PARTLY_SUCCEEDED = dcm("111223", "Partially Succeeded")
FAILED = dcm("111224", "Failed")
NOT_ATTEMPTED = dcm("111225", "Not Attempted")

MM = Code("mm", "UCUM", "millimeter")
PERCENT = Code("%", "UCUM", "Percent")
PIXELS = Code("{pixels}", "UCUM", "pixels")
FROM_ONE = Code("{1:n}", "UCUM", "range: 1:n")
FROM_ZERO = Code("{0:n}", "UCUM", "range: 0:n")
ARBITRARY = Code("[arb'U]", "UCUM", "arbitrary unit")

# What is seen in one image is a density; it is called a mass where two views show it (BI-RADS).
FINDINGS: Mapping[str, Code] = MappingProxyType(
    {
        "mass": Code("129793001", "SCT", "Mammography breast density"),
        "calcification": Code("129769006", "SCT", "Calcification Cluster"),
        "architectural-distortion": Code("129792006", "SCT", "Architectural distortion of breast"),
    }
)
COMPOSITES: Mapping[str, Code] = MappingProxyType(
    {
        **FINDINGS,
        "mass": Code("129788004", "SCT", "Mammographic breast mass"),
    }
)
MASS_WITH_CALCIFICATIONS = dcm("111459", "Mass with calcifications")


def _of_group(group: str) -> tuple[Code, ...]:
    return tuple(Collection(group).concepts.values())


SIDES: Mapping[Laterality, Code] = MappingProxyType(
    {LATERALITIES[c.value]: c for c in _of_group("CID6022") if c.value in LATERALITIES}
)
# A view or modifier that is missing here has no code in its context group: it is not written.
VIEWS: Mapping[Projection, Code] = MappingProxyType(
    {PROJECTIONS[c.value]: c for c in _of_group("CID4014") if c.value in PROJECTIONS}
)
VIEW_MODIFIERS: Mapping[ViewModifier, Code] = MappingProxyType(
    {MODIFIERS[c.value]: c for c in _of_group("CID4015") if c.value in MODIFIERS}
)
