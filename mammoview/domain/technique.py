"""How a mammogram was made: what its header says of examination, machine, exposure and dose."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Technique:
    """Values for the screen; None or empty where the header has none that can be believed.

    Attributes
    ----------
    accession, institution, maker, model : str
        As the header writes them.
    kvp : float or None
        Peak voltage, kV.
    exposure_mas : float or None
        Exposure, mAs.
    target, filters : str
        Materials by chemical symbol (``W``, ``Rh``); several filters joined by ``+``.
    force_n, thickness_mm, angle_degrees : float or None
        Compression force, thickness under compression, angle of the beam from vertical.
    dose_mgy : float or None
        Mean glandular dose.
    magnification : float or None
        Where the header states one other than 1.
    implant : bool or None
        Whether a breast implant is present.
    partial_description : str
        Which part of the breast a partial view shows.
    """

    accession: str = ""
    institution: str = ""
    maker: str = ""
    model: str = ""
    kvp: float | None = None
    exposure_mas: float | None = None
    target: str = ""
    filters: str = ""
    force_n: float | None = None
    thickness_mm: float | None = None
    angle_degrees: float | None = None
    dose_mgy: float | None = None
    magnification: float | None = None
    implant: bool | None = None
    partial_description: str = ""


NOT_STATED = Technique()
