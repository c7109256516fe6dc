"""Code values of laterality, view and view modifier, in every coding scheme met in real files.

Source: PS3.16 CID 244, 4014, 4015; the retired SNOMED-RT values are still what GE and older
Hologic systems write.  A code value is unique over the schemes here, so the designator only has
to be one of those met.
"""

from __future__ import annotations

from mammoview.domain.views import Laterality, Projection, ViewModifier

DESIGNATORS = frozenset({"SCT", "SRT", "SNM3", "99SDM"})

LATERALITIES: dict[str, Laterality] = {
    "80248007": Laterality.LEFT,
    "T-04030": Laterality.LEFT,
    "73056007": Laterality.RIGHT,
    "T-04020": Laterality.RIGHT,
}

PROJECTIONS: dict[str, Projection] = {
    "399162004": Projection.CC,
    "R-10242": Projection.CC,
    "399368009": Projection.MLO,
    "R-10226": Projection.MLO,
    "399260004": Projection.ML,
    "R-10224": Projection.ML,
    "399352003": Projection.LM,
    "R-10228": Projection.LM,
    "399099002": Projection.LMO,
    "R-10230": Projection.LMO,
    "399196006": Projection.FB,
    "R-10244": Projection.FB,
    "399188001": Projection.SIO,
    "R-102D0": Projection.SIO,
    "441555000": Projection.ISO,
    "R-40AAA": Projection.ISO,
    "399192008": Projection.XCCL,
    "R-1024A": Projection.XCCL,
    "Y-X1770": Projection.XCCL,
    "399101009": Projection.XCCM,
    "R-1024B": Projection.XCCM,
    "Y-X1771": Projection.XCCM,
    "R-102CF": Projection.XCC,
}

MODIFIERS: dict[str, ViewModifier] = {
    "399161006": ViewModifier.CLEAVAGE,
    "R-102D2": ViewModifier.CLEAVAGE,
    "399011000": ViewModifier.AXILLARY_TAIL,
    "R-102D1": ViewModifier.AXILLARY_TAIL,
    "399197002": ViewModifier.ROLLED_LATERAL,
    "R-102D3": ViewModifier.ROLLED_LATERAL,
    "399226006": ViewModifier.ROLLED_MEDIAL,
    "R-102D4": ViewModifier.ROLLED_MEDIAL,
    "414493004": ViewModifier.ROLLED_INFERIOR,
    "R-102CA": ViewModifier.ROLLED_INFERIOR,
    "415670009": ViewModifier.ROLLED_SUPERIOR,
    "R-102C9": ViewModifier.ROLLED_SUPERIOR,
    "399209000": ViewModifier.IMPLANT_DISPLACED,
    "R-102D5": ViewModifier.IMPLANT_DISPLACED,
    "399163009": ViewModifier.MAGNIFICATION,
    "R-102D6": ViewModifier.MAGNIFICATION,
    "399055006": ViewModifier.SPOT_COMPRESSION,
    "R-102D7": ViewModifier.SPOT_COMPRESSION,
    "399110001": ViewModifier.TANGENTIAL,
    "R-102C2": ViewModifier.TANGENTIAL,
    "442581004": ViewModifier.NIPPLE_IN_PROFILE,
    "R-40AB3": ViewModifier.NIPPLE_IN_PROFILE,
    "441752004": ViewModifier.ANTERIOR_COMPRESSION,
    "P2-00161": ViewModifier.ANTERIOR_COMPRESSION,
    "442593008": ViewModifier.INFRAMAMMARY_FOLD,
    "R-40ABE": ViewModifier.INFRAMAMMARY_FOLD,
    "442580003": ViewModifier.AXILLARY_TISSUE,
    "R-40AB2": ViewModifier.AXILLARY_TISSUE,
}
