"""Which breast and which view: ordered rules, each decision with its source.

Source: PS3.3 C.8.11.7 (Mammography Image), PS3.16 CID 4014 and 4015, reference "Which side, which
view".  The first rule that tells wins; a later one that disagrees makes a warning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from mammoview.dicom.cbis import CbisName
from mammoview.dicom.codes import DESIGNATORS, LATERALITIES, MODIFIERS, PROJECTIONS
from mammoview.dicom.header import Header
from mammoview.domain.views import (
    Laterality,
    Projection,
    SourcedLaterality,
    SourcedView,
    ViewModifier,
)
from mammoview.words import translate

_Value = TypeVar("_Value", Laterality, Projection)
_Candidate = tuple[_Value, str]

_TEXT_KEYWORDS = ("SeriesDescription", "ProtocolName", "ImageComments")
_TEXT_SIDE = re.compile(r"(?<![A-Z])(R|RT|RIGHT|L|LT|LEFT)(?![A-Z])")
_TEXT_VIEW = re.compile(r"(?<![A-Z])(R|L)?[ _-]?(CC|MLO|ML|LM|LMO|XCCL|XCCM)(?![A-Z])")
# What a description calls the modifiers of the view that it names.
_TEXT_MODIFIERS = (
    (re.compile(r"\bSPOT\b"), ViewModifier.SPOT_COMPRESSION),
    (re.compile(r"\bMAG(N|NIFICATION|NIFIED)?\b"), ViewModifier.MAGNIFICATION),
    (re.compile(r"\b(ID|DISPLACED|EKLUND)\b"), ViewModifier.IMPLANT_DISPLACED),
    (re.compile(r"\bTAN(GENTIAL)?\b"), ViewModifier.TANGENTIAL),
    (re.compile(r"\b(CV|CLEAVAGE)\b"), ViewModifier.CLEAVAGE),
    (re.compile(r"\bRL\b"), ViewModifier.ROLLED_LATERAL),
    (re.compile(r"\bRM\b"), ViewModifier.ROLLED_MEDIAL),
)
_SIDE_WORDS = {
    **dict.fromkeys(("R", "RT", "RIGHT"), Laterality.RIGHT),
    **dict.fromkeys(("L", "LT", "LEFT"), Laterality.LEFT),
}
# ViewPosition as some devices fill it: with the side before or after it, or in words.
_SPELLED_VIEW = re.compile(
    rf"(?P<before>R|L)?[ _-]?(?P<view>{'|'.join(Projection)})([ _-](?P<after>R|L))?"
)
_VIEW_WORDS = {
    "CRANIOCAUDAL": Projection.CC,
    "MEDIOLATERALOBLIQUE": Projection.MLO,
    "MEDIOLATERAL": Projection.ML,
    "LATEROMEDIAL": Projection.LM,
    "LATEROMEDIALOBLIQUE": Projection.LMO,
}
# In oblique pictures foot goes with the medial side; the letters then tell the breast.
_OBLIQUE_SIDE = {
    frozenset("FL"): Laterality.RIGHT,
    frozenset("HR"): Laterality.RIGHT,
    frozenset("FR"): Laterality.LEFT,
    frozenset("HL"): Laterality.LEFT,
}


def read_laterality(
    header: Header, cbis: CbisName | None, projection: Projection | None, warnings: list[str]
) -> SourcedLaterality:
    """Return the side of the breast; disagreements are added to ``warnings``.

    Parameters
    ----------
    header : Header
        The image's header.
    cbis : CbisName or None
        What the PatientID tells, for CBIS-DDSM.
    projection : Projection or None
        The view, already read: in oblique views PatientOrientation tells the side.
    warnings : list of str
        Grows by what the user should know.
    """
    found = [
        *_spelled_side(header, warnings),
        *_coded_side(header),
        *([(cbis.laterality, "PatientID")] if cbis else []),
        *_oblique_side(header, projection),
        *_side_in_view_position(header),
    ]
    if not found:
        found = _side_in_text(header)
        warnings.extend(
            translate("Files", "side read from {source}, which is free text").format(source=source)
            for _, source in found[:1]
        )
    value, source = _first(found, translate("Files", "side"), warnings)
    conflicts = _conflicts(found, translate("Files", "side"))
    warnings.extend(conflicts)
    return SourcedLaterality(value=value, source=source, conflicts=conflicts)


def read_view(header: Header, cbis: CbisName | None, warnings: list[str]) -> SourcedView:
    """Return projection and modifiers; disagreements are added to ``warnings``.

    Parameters
    ----------
    header : Header
        The image's header.
    cbis : CbisName or None
        What the PatientID tells, for CBIS-DDSM.
    warnings : list of str
        Grows by what the user should know.
    """
    codes = header.items("ViewCodeSequence")
    found = [
        *_coded_view(codes, warnings),
        *_spelled_view(header, warnings),
        *_view_in_orientation(header),
        *([(cbis.projection, "PatientID")] if cbis else []),
    ]
    if not found:
        found = _view_in_text(header)
        warnings.extend(
            translate("Files", "view read from {source}, which is free text").format(source=source)
            for _, source in found[:1]
        )
    value, source = _first(found, translate("Files", "view"), warnings)
    conflicts = _conflicts(found, translate("Files", "view"))
    warnings.extend(conflicts)
    items = [item for code in codes for item in code.items("ViewModifierCodeSequence")]
    items += header.items("ViewModifierCodeSequence")
    modifiers = _modifiers(items, warnings)
    if not items and source in _TEXT_KEYWORDS:
        modifiers = _modifiers_in_text(header.text(source))
    return SourcedView(value=value, modifiers=modifiers, source=source, conflicts=conflicts)


def patient_orientation(header: Header) -> tuple[str, str] | None:
    """Return the directions of rows and columns in capitals, or None if they are not there.

    CBIS-DDSM writes the view into this attribute; that is no orientation.
    """
    holders = (*header.functional_groups("PatientOrientationInFrameSequence"), header)
    for holder in holders:
        values = [value.upper() for value in holder.texts("PatientOrientation")]
        if len(values) == 2 and all(v and set(v) <= set("APRLHF") for v in values):
            return values[0], values[1]
    return None


def code_of(item: Header) -> tuple[str, str]:
    """Return designator and code value of a code item, in capitals (PS3.3 8.1)."""
    return item.text("CodingSchemeDesignator").upper(), item.text("CodeValue").upper()


def _first(
    found: Sequence[_Candidate[_Value]], what: str, warnings: list[str]
) -> tuple[_Value | None, str]:
    if not found:
        warnings.append(translate("Files", "{what} not found in the header").format(what=what))
        return None, translate("Files", "not in the header")
    return found[0]


def _conflicts(found: Sequence[_Candidate[_Value]], what: str) -> tuple[str, ...]:
    """Return words on each other place that says something else than the first."""
    said = translate("Files", "{what} conflict: {source} says {value}, {other_source} says {other}")
    return tuple(
        said.format(what=what, source=source, value=value, other_source=other_source, other=other)
        for value, source in found[:1]
        for other, other_source in found[1:]
        if other != value
    )


def _spelled_side(header: Header, warnings: list[str]) -> list[_Candidate[Laterality]]:
    holders = [("ImageLaterality", header)]
    holders += [
        ("FrameLaterality", item) for item in header.functional_groups("FrameAnatomySequence")
    ]
    holders += [("Laterality", header)]
    found = []
    for keyword, holder in holders:
        texts = {text.upper() for text in holder.texts(keyword)} - {""}
        sides = {_SIDE_WORDS[text] for text in texts if text in _SIDE_WORDS}
        if len(sides) == 1 and texts <= _SIDE_WORDS.keys():
            found.append((sides.pop(), keyword))
        elif len(sides) > 1 or "B" in texts:
            warnings.append(
                translate("Files", "{keyword} says both breasts").format(keyword=keyword)
            )
        elif texts:
            warnings.append(
                translate("Files", "{keyword} holds a value that is not a known side").format(
                    keyword=keyword
                )
            )
    return found


def _coded_side(header: Header) -> list[_Candidate[Laterality]]:
    regions = list(header.items("AnatomicRegionSequence"))
    for frame in header.functional_groups("FrameAnatomySequence"):
        regions += frame.items("AnatomicRegionSequence")
    modifiers = [m for region in regions for m in region.items("AnatomicRegionModifierSequence")]
    found = []
    for designator, value in map(code_of, [*regions, *modifiers]):
        if designator in DESIGNATORS and value in LATERALITIES:
            found.append((LATERALITIES[value], f"AnatomicRegionSequence ({designator} {value})"))
    return found


def _oblique_side(header: Header, projection: Projection | None) -> list[_Candidate[Laterality]]:
    directions = patient_orientation(header)
    if projection not in (Projection.MLO, Projection.LMO) or directions is None:
        return []
    for direction in directions:
        side = _OBLIQUE_SIDE.get(frozenset(direction))
        if side is not None:
            return [(side, "PatientOrientation")]
    return []


def _coded_view(codes: Sequence[Header], warnings: list[str]) -> list[_Candidate[Projection]]:
    found = []
    for designator, value in map(code_of, codes):
        if designator in DESIGNATORS and value in PROJECTIONS:
            found.append((PROJECTIONS[value], f"ViewCodeSequence ({designator} {value})"))
        else:
            warnings.append(
                translate("Files", "ViewCodeSequence holds a code that is not a known view")
            )
    return found


def _spelled_view(header: Header, warnings: list[str]) -> list[_Candidate[Projection]]:
    said = _view_position(header)
    if said is not None:
        return [(said[0], "ViewPosition")]
    if header.text("ViewPosition"):
        warnings.append(
            translate("Files", "{keyword} holds a value that is not a known view").format(
                keyword="ViewPosition"
            )
        )
    return []


def _side_in_view_position(header: Header) -> list[_Candidate[Laterality]]:
    said = _view_position(header)
    return [(said[1], "ViewPosition")] if said and said[1] else []


def _view_position(header: Header) -> tuple[Projection, Laterality | None] | None:
    """Return view, and side where it is with it; None where it is no view that is known."""
    texts = {text.upper() for text in header.texts("ViewPosition")}
    text = texts.pop() if len(texts) == 1 else ""
    if text in Projection.__members__:  # LMO is a view, and no left MO
        return Projection(text), None
    match = _SPELLED_VIEW.fullmatch(text)
    if match is not None:
        side = match["before"] or match["after"]
        return Projection(match["view"]), Laterality(side) if side else None
    worded = _VIEW_WORDS.get("".join(filter(str.isalpha, text)))
    return None if worded is None else (worded, None)


def _view_in_orientation(header: Header) -> list[_Candidate[Projection]]:
    text = header.text("PatientOrientation").upper()
    return [(Projection(text), "PatientOrientation")] if text in ("CC", "MLO") else []


def _modifiers(items: Sequence[Header], warnings: list[str]) -> tuple[ViewModifier, ...]:
    found: dict[ViewModifier, None] = {}
    for designator, value in map(code_of, items):
        if designator in DESIGNATORS and value in MODIFIERS:
            found[MODIFIERS[value]] = None
        else:
            warnings.append(
                translate(
                    "Files", "ViewModifierCodeSequence holds a code that is not a known modifier"
                )
            )
    return tuple(found)


def _side_in_text(header: Header) -> list[_Candidate[Laterality]]:
    """Return the side that a description names, where it names only one."""
    for keyword in _TEXT_KEYWORDS:
        text = header.text(keyword).upper()
        sides = {match[0] for match in _TEXT_SIDE.findall(text)}
        sides |= {side for side, _ in _TEXT_VIEW.findall(text) if side}
        if len(sides) == 1:
            return [(Laterality(sides.pop()), keyword)]
    return []


def _view_in_text(header: Header) -> list[_Candidate[Projection]]:
    """Return the view that a description names, where it names only one."""
    for keyword in _TEXT_KEYWORDS:
        views = {view for _, view in _TEXT_VIEW.findall(header.text(keyword).upper())}
        if len(views) == 1:
            return [(Projection(views.pop()), keyword)]
    return []


def _modifiers_in_text(text: str) -> tuple[ViewModifier, ...]:
    """Return the modifiers that a description names: a spot view must not pass for a whole one."""
    return tuple(modifier for word, modifier in _TEXT_MODIFIERS if word.search(text.upper()))
