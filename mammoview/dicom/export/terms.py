"""What the program's words are called in DICOM: codes of the standard, else of its own scheme.

A word that the standard has no code for gets one of the scheme ``99MAMMOVIEW``, never the code of
something similar.  Source: PS3.16 CID 6000, 6004 to 6024 (mammography), PS3.16 D.
"""

from __future__ import annotations

import re

from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr.coding import CodedConcept
from pydicom.sr.codedict import codes

from mammoview.domain.assessment import Scheme
from mammoview.domain.finding import Depth, Finding, FindingKind, Quadrant
from mammoview.domain.views import Laterality

OWN_SCHEME = "99MAMMOVIEW"
_MEANING = 64


def _code(value: str, scheme: str, meaning: str) -> CodedConcept:
    return CodedConcept(value=value, scheme_designator=scheme, meaning=meaning)


def own(value: str, meaning: str) -> CodedConcept:
    """Return a concept of the program's own scheme; its meaning is cut to what DICOM allows."""
    return _code(re.sub(r"[^A-Za-z0-9.+-]", "-", value), OWN_SCHEME, meaning[:_MEANING])


def own_scheme() -> CodingSchemeIdentificationItem:
    """Return what a document says of the program's own codes (PS3.3 C.12.1, 0008,0110)."""
    return CodingSchemeIdentificationItem(
        designator=OWN_SCHEME,
        name="Terms of mammoview that DICOM has no code for",
        responsible_organization="mammoview (research use only)",
    )


_MASS = _code("129788004", "SCT", "Mammographic breast mass")
_CALCIFICATION = _code("129769006", "SCT", "Calcification Cluster")
_KINDS: dict[FindingKind, CodedConcept] = {
    FindingKind.MASS: _MASS,
    FindingKind.CALCIFICATION: _CALCIFICATION,
    FindingKind.ARCHITECTURAL_DISTORTION: _code(
        "129792006", "SCT", "Architectural distortion of breast"
    ),
    FindingKind.ASYMMETRY: _code("129790003", "SCT", "Asymmetric breast tissue"),
    FindingKind.INTRAMAMMARY_LYMPH_NODE: _code("443808008", "SCT", "Intramammary lymph node"),
    FindingKind.SKIN_LESION: _code("95324001", "SCT", "Skin lesion"),
    FindingKind.SOLITARY_DILATED_DUCT: _code("129794007", "SCT", "Tubular density"),
}
_CAD_KINDS = {"mass": _MASS, "calcification": _CALCIFICATION}
_QUADRANTS = {
    Quadrant.UPPER_OUTER: _code("76365002", "SCT", "Upper outer quadrant of breast"),
    Quadrant.UPPER_INNER: _code("77831004", "SCT", "Upper inner quadrant of breast"),
    Quadrant.LOWER_OUTER: _code("33564002", "SCT", "Lower outer quadrant of breast"),
    Quadrant.LOWER_INNER: _code("19100000", "SCT", "Lower inner quadrant of breast"),
    Quadrant.CENTRAL: _code("129786000", "SCT", "Central region of breast"),
    Quadrant.RETROAREOLAR: _code("129784002", "SCT", "Subareolar region"),
    Quadrant.AXILLARY_TAIL: _code("129785001", "SCT", "Axillary tail region"),
}
_CLOCK = (
    "129772004", "129773009", "129774003", "129775002", "129776001", "129777005",
    "129778000", "129779008", "129780006", "129781005", "129782003", "129783008",
)  # fmt: skip
_DEPTHS = {
    Depth.ANTERIOR: _code("255549009", "SCT", "Anterior"),
    Depth.MIDDLE: _code("C25569", "NCIt", "Middle"),
    Depth.POSTERIOR: _code("255551008", "SCT", "Posterior"),
}
_SIDES = {
    Laterality.RIGHT: _code("24028007", "SCT", "Right"),
    Laterality.LEFT: _code("7771000", "SCT", "Left"),
}
_DENSITIES = {
    "a": _code("129716005", "SCT", "Almost entirely fat"),
    "b": _code("129717001", "SCT", "Scattered fibroglandular densities"),
    "c": _code("129718006", "SCT", "Heterogeneously dense"),
    "d": _code("129719003", "SCT", "Extremely dense"),
}
# Axes and terms of ``resources/assessment/lexicon.toml``.
_AXES = {
    "shape": _code("300842002", "SCT", "Shape"),
    "margin": _code("111037", "DCM", "Margins"),
    "density": _code("111035", "DCM", "Lesion Density"),
    "morphology": _code("111009", "DCM", "Calcification Type"),
    "distribution": _code("111008", "DCM", "Calcification Distribution"),
}
_TERMS = {
    ("shape", "oval"): _code("84360004", "SCT", "Ovoid shape (Oval)"),
    ("shape", "round"): _code("42700002", "SCT", "Round shape"),
    ("shape", "irregular"): _code("49608001", "SCT", "Irregular"),
    ("margin", "circumscribed"): _code("129738007", "SCT", "Circumscribed lesion"),
    ("margin", "obscured"): _code("129740002", "SCT", "Obscured lesion"),
    ("margin", "microlobulated"): _code("129739004", "SCT", "Microlobulated lesion"),
    ("margin", "indistinct"): _code("129741003", "SCT", "Indistinct lesion"),
    ("margin", "spiculated"): _code("129742005", "SCT", "Spiculated lesion"),
    ("density", "high"): _code("129744006", "SCT", "High density lesion"),
    ("density", "equal"): _code("129745007", "SCT", "Equal density (isodense) lesion"),
    ("density", "low"): _code("129746008", "SCT", "Low density (not containing fat) lesion"),
    ("density", "fat-containing"): _code("129747004", "SCT", "Fat containing (radiolucent) lesion"),
    ("morphology", "skin"): _code("129757003", "SCT", "Calcified skin of breast"),
    ("morphology", "vascular"): _code(
        "129759000", "SCT", "Vascular calcification (radiographic finding)"
    ),
    ("morphology", "coarse"): _code("129749001", "SCT", "Coarse (popcorn-like) calcification"),
    ("morphology", "large-rod-like"): _code("129752009", "SCT", "Large rod-like calcification"),
    ("morphology", "round"): _code("129756007", "SCT", "Round shaped calcification"),
    ("morphology", "dystrophic"): _code("129750001", "SCT", "Dystrophic calcification"),
    ("morphology", "milk-of-calcium"): _code("129753004", "SCT", "Milk of calcium calcification"),
    ("morphology", "suture"): _code("129758008", "SCT", "Calcified suture material"),
    ("morphology", "amorphous"): _code("129760005", "SCT", "Amorphous calcification"),
    ("morphology", "coarse-heterogeneous"): _code(
        "129763007", "SCT", "Heterogeneous calcification"
    ),
    ("morphology", "fine-pleomorphic"): _code("111344", "DCM", "Fine pleomorphic calcification"),
    ("morphology", "fine-linear-branching"): _code(
        "129762002", "SCT", "Fine linear, branching (casting) calcification"
    ),
    ("distribution", "diffuse"): _code("129764001", "SCT", "Diffuse calcification distribution"),
    ("distribution", "regional"): _code("129767008", "SCT", "Regional calcification distribution"),
    ("distribution", "grouped"): _code("129766004", "SCT", "Grouped calcification distribution"),
    ("distribution", "linear"): _code("129765000", "SCT", "Linear calcification distribution"),
    ("distribution", "segmental"): _code(
        "129768003", "SCT", "Segmental calcification distribution"
    ),
}
BREAST = _code("76752008", "SCT", "Breast")
DEPTH = _code("111020", "DCM", "Depth")
CERTAINTY = _code("111012", "DCM", "Certainty of Finding")
ASSESSMENT = _code("111005", "DCM", "Assessment Category")
COMPOSITION = _code("129715009", "SCT", "Breast composition")
MAMMOGRAPHY = _code("71651007", "SCT", "Mammography")
LONGEST = _code("103339001", "SCT", "Long Axis")
SHORTEST = _code("103340004", "SCT", "Short Axis")
PERCENT = codes.UCUM.Percent
ANSWER = own("ANSWER", "Answer of the reader to the mark")


def finding_code(kind: FindingKind) -> CodedConcept:
    """Return what a reader's finding is called; a kind without a code says so by its own."""
    return _KINDS.get(kind) or own(f"FINDING-{kind}", kind.replace("-", " "))


def cad_code(kind: str) -> CodedConcept:
    """Return what a class of the model is called."""
    return _CAD_KINDS.get(kind) or own(f"CAD-{kind}", kind)


def side_code(side: Laterality) -> CodedConcept:
    """Return left or right."""
    return _SIDES[side]


def place_code(finding: Finding) -> CodedConcept | None:
    """Return where in the breast a finding is, the hour before the quadrant; None: not said."""
    if 1 <= finding.clock <= len(_CLOCK):
        return _code(_CLOCK[finding.clock - 1], "SCT", f"{finding.clock} o'clock position")
    return _QUADRANTS.get(finding.quadrant)


def depth_code(depth: Depth) -> CodedConcept | None:
    """Return the third of the breast; None where it was not said."""
    return _DEPTHS.get(depth)


def descriptor_codes(axis: str, term: str) -> tuple[CodedConcept, CodedConcept]:
    """Return a descriptor of the lexicon as the concept's name and its value."""
    name = _AXES.get(axis) or own(f"AXIS-{axis}", axis.replace("-", " "))
    value = _TERMS.get((axis, term)) or own(f"{axis}-{term}", term.replace("-", " "))
    return name, value


def category_code(scheme: Scheme, code: str) -> CodedConcept:
    """Return a category of a scheme, with its name as its meaning."""
    found = scheme.category(code)
    return own(f"{scheme.id}-{code}", f"{code}: {found.name}" if found else code)


def density_code(scheme: Scheme, code: str) -> CodedConcept:
    """Return a breast composition (CID 6000), in the scheme's words where the letters are other."""
    return _DENSITIES.get(code) or own(
        f"{scheme.id}-density-{code}", dict(scheme.densities).get(code, code)
    )
