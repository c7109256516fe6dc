"""What a reader found: a region in one view or linked in two, described in the terms of BI-RADS.

Source: ACR BI-RADS Atlas, 5th edition (2013), mammography lexicon.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mammoview.domain.geometry import ImagePoint
from mammoview.domain.views import Laterality


class FindingKind(StrEnum):
    """Kinds of finding of the mammography lexicon."""

    MASS = "mass"
    CALCIFICATION = "calcification"
    ARCHITECTURAL_DISTORTION = "architectural-distortion"
    ASYMMETRY = "asymmetry"
    INTRAMAMMARY_LYMPH_NODE = "intramammary-lymph-node"
    SKIN_LESION = "skin-lesion"
    SOLITARY_DILATED_DUCT = "solitary-dilated-duct"
    ASSOCIATED_FEATURE = "associated-feature"


class Quadrant(StrEnum):
    """Where in the breast, as seen from the front."""

    UPPER_OUTER = "upper-outer"
    UPPER_INNER = "upper-inner"
    LOWER_OUTER = "lower-outer"
    LOWER_INNER = "lower-inner"
    CENTRAL = "central"
    RETROAREOLAR = "retroareolar"
    AXILLARY_TAIL = "axillary-tail"
    UNKNOWN = ""


class Depth(StrEnum):
    """Third of the breast from the nipple to the chest wall."""

    ANTERIOR = "anterior"
    MIDDLE = "middle"
    POSTERIOR = "posterior"
    UNKNOWN = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """A finding's region in one image: ``outline`` in stored pixels; one point for a spot.

    ``frame`` is the slice of a tomosynthesis volume, from 1; 0 for an image of one frame.
    """

    sop_instance_uid: str
    outline: tuple[ImagePoint, ...]
    frame: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding of a reader, linked over the views that show it.

    ``descriptors`` are ``(axis, term)`` pairs of the lexicon ("margin", "spiculated"); of some axes
    more than one term holds.  ``size_mm`` is the longest diameter, 0 where it was not measured;
    ``clock`` the hour 1 to 12 on the breast as seen from the front, 0 where not given.
    """

    id: str
    laterality: Laterality
    kind: FindingKind
    views: tuple[FindingView, ...]
    descriptors: tuple[tuple[str, str], ...] = field(default=(), metadata={"repeats": True})
    size_mm: float = 0.0
    quadrant: Quadrant = Quadrant.UNKNOWN
    clock: int = 0
    depth: Depth = Depth.UNKNOWN
    comment: str = ""
