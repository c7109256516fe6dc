"""Laterality, projection and modifiers of a mammographic view, and the places where it hangs.

Source: DICOM PS3.16 CID 4014 (views), CID 4015 (view modifiers); PS3.3 C.8.11.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Laterality(StrEnum):
    """Side of the breast, spelled as in ImageLaterality (0020,0062)."""

    RIGHT = "R"
    LEFT = "L"


class Projection(StrEnum):
    """Mammographic view, spelled as in ViewPosition (0018,5101)."""

    CC = "CC"
    MLO = "MLO"
    ML = "ML"
    LM = "LM"
    LMO = "LMO"
    FB = "FB"
    SIO = "SIO"
    ISO = "ISO"
    XCCL = "XCCL"
    XCCM = "XCCM"
    XCC = "XCC"


class ViewModifier(StrEnum):
    """View modifier, spelled as its usual mark on the film."""

    CLEAVAGE = "CV"
    AXILLARY_TAIL = "AT"
    ROLLED_LATERAL = "RL"
    ROLLED_MEDIAL = "RM"
    ROLLED_INFERIOR = "RI"
    ROLLED_SUPERIOR = "RS"
    IMPLANT_DISPLACED = "ID"
    MAGNIFICATION = "M"
    SPOT_COMPRESSION = "S"
    TANGENTIAL = "TAN"
    NIPPLE_IN_PROFILE = "NP"
    ANTERIOR_COMPRESSION = "AC"
    INFRAMAMMARY_FOLD = "IMF"
    AXILLARY_TISSUE = "AX"


class Slot(StrEnum):
    """One of the four places of a screening examination."""

    RCC = "RCC"
    LCC = "LCC"
    RMLO = "RMLO"
    LMLO = "LMLO"

    @property
    def laterality(self) -> Laterality:
        """Side of the breast that belongs here."""
        return Laterality(self.value[0])

    @property
    def projection(self) -> Projection:
        """View that belongs here."""
        return Projection(self.value[1:])

    @property
    def label(self) -> str:
        """Side and view with a space between, as written on a film: ``R MLO``."""
        return f"{self.value[0]} {self.value[1:]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What belongs in one pane.

    Attributes
    ----------
    slot : Slot or None
        Side and view; None for a view that has no slot.
    displaced : bool
        Whether it is the implant-displaced view of that slot (PS3.16 CID 4015).
    volume : bool
        Whether it is the tomosynthesis volume of that view, which never stands for the 2D image.
    prior : bool
        Whether it comes from an earlier examination.
    image : str
        SOPInstanceUID where the place belongs to one image and no other; else empty.
    """

    slot: Slot | None
    displaced: bool = False
    prior: bool = False
    image: str = ""
    volume: bool = False

    @property
    def key(self) -> str:
        """What a protocol calls it: ``RCC``, ``RCC ID``, ``RCC TOMO``, ``RCC prior``."""
        if self.image:
            return self.image
        marks = (
            "ID" if self.displaced else "",
            "TOMO" if self.volume else "",
            "prior" if self.prior else "",
        )
        return " ".join(filter(None, (self.slot or "", *marks)))

    @property
    def label(self) -> str:
        """Side, view and mark as a reader says them: ``R CC``, ``R CC ID``."""
        marks = (
            self.slot.label if self.slot else "",
            ViewModifier.IMPLANT_DISPLACED if self.displaced else "",
            "tomosynthesis" if self.volume else "",
        )
        return " ".join(filter(None, marks))


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcedLaterality:
    """Side of the breast and where it was read; ``value`` is None when nothing tells.

    ``conflicts`` are words on what else the header says.
    """

    value: Laterality | None
    source: str
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcedView:
    """Projection with modifiers and where it was read; ``value`` is None when nothing tells.

    ``conflicts`` are words on what else the header says.
    """

    value: Projection | None
    modifiers: tuple[ViewModifier, ...]
    source: str
    conflicts: tuple[str, ...] = ()


# Views taken for a standard slot may carry these modifiers; any other makes an extra view.
_SLOT_MODIFIERS = frozenset({ViewModifier.NIPPLE_IN_PROFILE})


def standard_slot(
    laterality: Laterality | None,
    projection: Projection | None,
    modifiers: tuple[ViewModifier, ...],
) -> Slot | None:
    """Return the hanging slot of a view, or None for an extra, modified or unknown view."""
    if laterality is None or projection not in (Projection.CC, Projection.MLO):
        return None
    if set(modifiers) - _SLOT_MODIFIERS:
        return None
    return Slot(f"{laterality}{projection}")


def displaced_slot(
    laterality: Laterality | None,
    projection: Projection | None,
    modifiers: tuple[ViewModifier, ...],
) -> Slot | None:
    """Return the slot among the implant-displaced views, or None for any other view."""
    if ViewModifier.IMPLANT_DISPLACED not in modifiers:
        return None
    others = tuple(m for m in modifiers if m is not ViewModifier.IMPLANT_DISPLACED)
    return standard_slot(laterality, projection, others)
