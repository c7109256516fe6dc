"""CDD-CESM: digital mammograms with outlined findings, for a model that was trained on film.

The folder holds ``images`` (8-bit JPEG of low-energy CC views, cut to the breast, about 0.1 mm per
pixel) and ``annotations.json``: for each picture its findings in words and outlines without a
class, which mix masses with skin thickening, oedema and calcifications; or nothing, for a normal
breast.  What an outline is of is told as far as the words allow (:func:`region_kinds`).

Source: Khaled et al. (2022), "Categorized contrast enhanced mammography dataset for diagnostic and
artificial intelligence research", Sci Data 9:122; TCIA collection CDD-CESM, CC BY 4.0.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from mammoview.domain.geometry import ImageBox, ImagePoint, PixelSpacing
from mammoview.errors import DataError
from trainer.labelled import LabelledBox, LabelledImage, lesion_id

CESM_ANNOTATIONS = "annotations.json"
_IMAGES = "images"
_SPACING = PixelSpacing(row_mm=0.1, col_mm=0.1, source="CDD-CESM: about 0.1 mm per pixel")
_CIRCLE, _ELLIPSE = "circle", "ellipse"


class RegionKind(StrEnum):
    """What an outline is of, as far as the findings tell."""

    MASS = "mass"
    MASS_OR_OTHER = "mass-or-other"
    CALCIFICATION = "calcification"
    LYMPH_NODE = "lymph-node"
    OTHER = "other"


# What the findings name, by words that stand in them (spelling as in the data set).
_NAMED = {
    "mass": re.compile(r"\bmass(es)?\b|\bnodules?\b", re.IGNORECASE),
    "lymph node": re.compile(r"\bIMLN\b"),
    "macrocalcification": re.compile(r"\bmacrocalcifications?\b", re.IGNORECASE),
    "calcification": re.compile(r"\b(micro)?calcifications?\b|\bcalcific\b", re.IGNORECASE),
    "asymmetry": re.compile(r"\bass?ymm?etrical\b", re.IGNORECASE),
    "distortion": re.compile(r"\bdistortion\b", re.IGNORECASE),
    "oedema or skin": re.compile(r"\bo?edema(tous)?\b|\bskin\b", re.IGNORECASE),
    "ductal extension": re.compile(r"\bductal\b", re.IGNORECASE),
    "scar": re.compile(r"\bscar\b", re.IGNORECASE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CesmImage:
    """A digital mammogram with what is said of it.

    Attributes
    ----------
    image : LabelledImage
        One lesion an outline: its box, and as ``kind`` a :class:`RegionKind`.  Without outlines:
        a normal breast.
    findings : str
        In the words of the data set; empty for a normal breast.
    named : tuple of str
        What the findings name: ``mass``, ``calcification``, ``oedema or skin``, ...
    """

    image: LabelledImage
    findings: str
    named: tuple[str, ...]

    @property
    def is_normal(self) -> bool:
        """True where nothing is outlined and nothing found."""
        return not self.image.lesions and not self.findings


def read_cesm(folder: Path) -> tuple[CesmImage, ...]:
    """Read the digital mammograms of a folder, sorted by file name.

    A normal picture names no person and stands for one of its own.

    Raises
    ------
    DataError
        If the annotations are missing or broken, or name a picture that is not there.
    """
    source = folder / CESM_ANNOTATIONS
    try:
        entries = json.loads(source.read_text(encoding="utf-8"))
        images = [_image(folder, entry) for entry in entries]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"annotations {source} cannot be read ({type(error).__name__}: {error})",
            expected="a list of file, side, source_image, findings and regions, as CDD-CESM's",
            todo=f"point to the folder that holds {_IMAGES} and {CESM_ANNOTATIONS}",
        ) from error
    if missing := [i.image.file.name for i in images if not i.image.file.is_file()]:
        raise DataError(
            f"{len(missing)} annotated pictures are not in {folder / _IMAGES} ({missing[0]}, ...)",
            expected="every annotated picture",
            todo="complete the copy",
        )
    return tuple(sorted(images, key=lambda item: item.image.file.name))


def region_kinds(shapes: tuple[str, ...], named: tuple[str, ...]) -> tuple[RegionKind, ...]:
    """Tell what each outline of a picture is of, from its shape and what the findings name.

    Round outlines are macrocalcifications where the findings name them (circles; where there is no
    circle, ellipses), and ellipses lymph nodes where they name those.  Of the others, each is a
    mass where masses are all that is left of the findings, ``mass-or-other`` where something else
    is named too, and ``other`` where no mass is.
    """
    apart = {"macrocalcification", "lymph node"}
    left = [name for name in named if name not in apart]
    plain = RegionKind.OTHER
    if "mass" in left:
        plain = RegionKind.MASS if left == ["mass"] else RegionKind.MASS_OR_OTHER
    round_shape = _CIRCLE if _CIRCLE in shapes else _ELLIPSE

    def kind(shape: str) -> RegionKind:
        if "macrocalcification" in named and shape == round_shape:
            return RegionKind.CALCIFICATION
        if "lymph node" in named and shape == _ELLIPSE:
            return RegionKind.LYMPH_NODE
        return plain

    return tuple(kind(shape) for shape in shapes)


def named_in(findings: str) -> tuple[str, ...]:
    """Return what findings name, in a fixed order."""
    return tuple(name for name, words in _NAMED.items() if words.search(findings))


def _image(folder: Path, entry: dict[str, Any]) -> CesmImage:
    file = folder / _IMAGES / str(entry["file"])
    findings = str(entry["findings"] or "").strip()
    named = named_in(findings)
    regions = entry["regions"] or []
    kinds = region_kinds(tuple(str(region["name"]) for region in regions), named)
    source = str(entry["source_image"] or "")
    person = source.partition("_")[0] or file.stem
    side = str(entry["side"])
    if side not in ("L", "R"):
        raise ValueError(f"side {side!r} of {file.name}")
    seen: Counter[str] = Counter()
    lesions = []
    for kind, region in zip(kinds, regions, strict=True):
        seen[kind] += 1
        name = lesion_id(file.stem, kind, seen[kind])
        lesions.append(LabelledBox(kind=kind.value, box=_box(region), lesion_id=name))
    image = LabelledImage(
        file=file,
        person=person,
        laterality=side,
        view="CC",
        lesions=tuple(lesions),
        spacing=_SPACING,
    )
    return CesmImage(image=image, findings=findings, named=named)


def _box(region: dict[str, Any]) -> ImageBox:
    """Return the box round an outline; a named pixel is inside with its whole area."""
    points = _corners(region)
    return ImageBox(
        col0=min(p.col for p in points),
        row0=min(p.row for p in points),
        col1=max(p.col for p in points) + 1.0,
        row1=max(p.row for p in points) + 1.0,
    )


def _corners(region: dict[str, Any]) -> tuple[ImagePoint, ...]:
    """Return the outline's points, or the opposite corners of the box of a circle or ellipse."""
    if region["name"] in (_CIRCLE, _ELLIPSE):
        across, down = (float(region[k] if k in region else region["r"]) for k in ("rx", "ry"))
        col, row = float(region["cx"]), float(region["cy"])
        return (
            ImagePoint(col=col - across, row=row - down),
            ImagePoint(col=col + across, row=row + down),
        )
    pairs = zip(region["all_points_x"], region["all_points_y"], strict=True)
    return tuple(ImagePoint(col=float(col), row=float(row)) for col, row in pairs)
