"""What the header says of how an image was made, for the texts on it.

Absent and impossible values are left out: a wrong number on a mammogram is worse than none.
Source: PS3.3 C.8.7.2 (X-Ray Acquisition Dose), C.8.11.7 (Mammography Image), C.8.7.10 (DX
positioning); materials are defined terms of (0018,1191) and (0018,7050).
"""

from __future__ import annotations

import math

from mammoview.dicom.header import Header
from mammoview.domain.technique import Technique

_SYMBOLS = {
    "TUNGSTEN": "W",
    "MOLYBDENUM": "Mo",
    "RHODIUM": "Rh",
    "SILVER": "Ag",
    "ALUMINUM": "Al",
    "ALUMINIUM": "Al",
    "COPPER": "Cu",
    "TIN": "Sn",
    "NIOBIUM": "Nb",
    "BERYLLIUM": "Be",
    "TITANIUM": "Ti",
}
# A stated organ dose is in dGy (0040,0316); the screen says mGy.
_MGY_PER_DGY = 100.0
# What a mammography unit can do, generously: outside it the value is of another unit, or a slip.
_KVP = (10.0, 150.0)
_MAS = (0.0, 5000.0)
_FORCE_N = (0.0, 500.0)
_THICKNESS_MM = (1.0, 250.0)
_ANGLE = (-180.0, 180.0)
_DOSE_MGY = (0.0, 50.0)
_MAGNIFICATION = (0.05, 5.0)
_LONGEST = 64  # an LO has no more


def read_technique(header: Header) -> Technique:
    """Return how an image was made; never raises for what a header says.

    Parameters
    ----------
    header : Header
        The image's header.
    """
    dose = header.number("OrganDose")
    magnification = _within(
        header.number("EstimatedRadiographicMagnificationFactor"), _MAGNIFICATION
    )
    return Technique(
        accession=_text(header, "AccessionNumber"),
        institution=_text(header, "InstitutionName"),
        maker=_text(header, "Manufacturer"),
        model=_text(header, "ManufacturerModelName"),
        kvp=_within(header.number("KVP"), _KVP),
        exposure_mas=_exposure_mas(header),
        target=_material(_text(header, "AnodeTargetMaterial")),
        filters="+".join(filter(None, map(_material, header.texts("FilterMaterial")))),
        force_n=_within(header.number("CompressionForce"), _FORCE_N),
        thickness_mm=_within(header.number("BodyPartThickness"), _THICKNESS_MM),
        angle_degrees=_within(header.number("PositionerPrimaryAngle"), _ANGLE, zero=True),
        dose_mgy=_within(None if dose is None else dose * _MGY_PER_DGY, _DOSE_MGY),
        magnification=None if magnification == 1.0 else magnification,
        implant={"YES": True, "NO": False}.get(header.text("BreastImplantPresent").upper()),
        partial_description=_text(header, "PartialViewDescription"),
    )


def _exposure_mas(header: Header) -> float | None:
    """Return mAs from the finer attribute where it is there, (0018,1153) in µAs."""
    fine = header.number("ExposureInuAs")
    exact = _within(None if fine is None else fine / 1000.0, _MAS)
    return exact if exact is not None else _within(header.number("Exposure"), _MAS)


def _within(
    value: float | None, limits: tuple[float, float], *, zero: bool = False
) -> float | None:
    """Return a value within its limits; 0 stands for "not known" where it is no measurement."""
    if value is None or not math.isfinite(value) or (value == 0 and not zero):
        return None
    return value if limits[0] <= value <= limits[1] else None


def _material(text: str) -> str:
    """Return the chemical symbol of a material; another word as it is written."""
    return _SYMBOLS.get(text.upper(), text.capitalize())


def _text(header: Header, keyword: str) -> str:
    """Return a text on one line and without control characters."""
    printable = "".join(c if c.isprintable() else " " for c in header.text(keyword))
    return " ".join(printable.split())[:_LONGEST]
