"""Labelled mammograms: what every source of training data becomes.

A source is a folder of pictures with COCO boxes (``trainer.coco``) or an index of CBIS-DDSM as it
is downloaded (``trainer.cbis``).  Boxes are in pixels of the stored picture, origin at the outer
corner of the first pixel.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from mammoview.domain.geometry import ImageBox, PixelSpacing
from mammoview.errors import DataError

ANNOTATIONS = "_annotations.coco.json"
SIDES = {"L": "LEFT", "R": "RIGHT"}
_FROM_SIDE_ON = re.compile(r"_(?:LEFT|RIGHT)_.*")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedCluster:
    """What is known of a simulated cluster of calcifications (see ``trainer.simulated``).

    Attributes
    ----------
    count : int
        Calcifications in it.
    extent_mm : tuple of float
        Height and width of what was drawn, smaller than the box.
    mean_diameter_mm : float
        Of its calcifications.
    mean_contrast_od : float
        Mean optical density of its calcifications, before blur, resampling and JPEG.
    peak_grey : float
        What the brightest pixel of the picture gained, of the grey range 0..1.
    leading_type : str
        Commonest morphology, in the words of BI-RADS.
    """

    count: int
    extent_mm: tuple[float, float]
    mean_diameter_mm: float
    mean_contrast_od: float
    peak_grey: float
    leading_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledBox:
    """A lesion with its box.

    Attributes
    ----------
    kind : str
        ``mass`` or ``calcification``.
    box : ImageBox
        In pixels of the stored picture.
    lesion_id : str
        See :func:`lesion_id`: the same lesion has the same name in index, cache and split.
    pathology : str
        ``MALIGNANT``, ``BENIGN``, ``BENIGN_WITHOUT_CALLBACK``, or empty where it is not known.
    subtlety : int
        1 (subtle) to 5 (obvious); 0 where it is not known.
    mask : Path or None
        File with the lesion's outline filled, where there is one.
    simulated : SimulatedCluster or None
        What was drawn, if the lesion is simulated; None of a real one.
    """

    kind: str
    box: ImageBox
    lesion_id: str
    pathology: str = ""
    subtlety: int = 0
    mask: Path | None = None
    simulated: SimulatedCluster | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledImage:
    """One mammogram with its lesions; ``person`` groups pictures that must stay together.

    Attributes
    ----------
    laterality, view : str
        ``L`` or ``R``; ``CC`` or ``MLO``.
    density : int
        BI-RADS density 1 to 4; 0 where it is not known.
    official : tuple of str
        Official sets that hold the mammogram (``mass-train``, ``calc-test``, ...); empty where
        that is not known.
    spacing : PixelSpacing or None
        Of the stored picture, where its source knows it; else it is read as the recipe says.
    """

    file: Path
    person: str
    laterality: str
    view: str
    lesions: tuple[LabelledBox, ...]
    density: int = 0
    official: tuple[str, ...] = ()
    spacing: PixelSpacing | None = None

    @property
    def mammogram(self) -> str:
        """Name of the mammogram: ``P_00001_LEFT_CC``."""
        return f"{self.person}_{SIDES[self.laterality]}_{self.view}"


def lesion_id(mammogram: str, kind: str, number: int) -> str:
    """Return the name of a lesion, the same wherever it appears.

    Parameters
    ----------
    number : int
        The abnormality id of CBIS-DDSM; elsewhere the place among its kind, from 1.
    """
    return f"{mammogram}_{kind}_{number}"


def require_kinds(images: Iterable[LabelledImage], kinds: Collection[str]) -> None:
    """Refuse pictures with lesions of other kinds than those that are meant.

    Raises
    ------
    DataError
        If there is one; names them.
    """
    found = {lesion.kind for image in images for lesion in image.lesions}
    if others := sorted(found - set(kinds)):
        raise DataError(
            f"lesions of {', '.join(others)}",
            expected=f"{' and '.join(kinds)} alone",
            todo="rename those categories in the annotations, or take their boxes out",
        )


def people_of(names: Iterable[str]) -> frozenset[str]:
    """Return the people, by :func:`plain_name`, whose mammograms or lesions have these names."""
    return frozenset(plain_name(_FROM_SIDE_ON.sub("", name)) for name in names)


def plain_name(name: str) -> str:
    """Return a name of a person, mammogram or lesion as pictures have it.

    Pictures call 00016 whom the tables of CBIS-DDSM, and an index made with them, call P_00016: she
    is one person, and whatever asks whether a network knows her must ask by one name.
    """
    return name.removeprefix("P_")


def digests(people: Iterable[str]) -> frozenset[str]:
    """Return a digest of each person's name, the same by either of her names.

    The names are the hospital's: what is kept of them beside a network tells none.
    """
    return frozenset(sha256(plain_name(person).encode()).hexdigest() for person in people)
