"""The image library of a CAD report: each image with what places and scales the marks on it.

What the header does not tell is left out and never guessed: a view or modifier without a code, an
orientation that CBIS-DDSM writes something else into, a spacing that nothing states.

Source: PS3.16 TID 4020 (CAD Image Library Entry), CID 4014, 4015, 6022.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, time

from mammoview.dicom.export import codes
from mammoview.dicom.export.headers import SourceImage, reference
from mammoview.dicom.export.sr_items import (
    Item,
    Relation,
    code,
    day,
    image,
    number,
    text,
    time_of_day,
)
from mammoview.dicom.header import Header
from mammoview.dicom.side_and_view import patient_orientation

_CONTEXT = Relation.HAS_ACQ_CONTEXT
_SPACINGS = ("ImagerPixelSpacing", "PixelSpacing", "NominalScannedPixelSpacing")
_TIME = re.compile(r"(\d\d)(\d\d)(\d\d)?(\.\d+)?")


def library_entry(source: SourceImage, frame: int = 0) -> Item:
    """Return the entry of an image, or of one frame of it (from 1)."""
    entry = image(Relation.CONTAINS, reference(source, frame))
    entry.add(*_side_and_view(source), *_orientation(source.header), *_times(source.header))
    return entry.add(*_spacing(source.header), *_size(source))


def _side_and_view(source: SourceImage) -> Iterator[Item]:
    side, view = source.image.laterality.value, source.image.view
    if side is not None:
        yield code(_CONTEXT, codes.IMAGE_LATERALITY, codes.SIDES[side])
    if view.value is not None and view.value in codes.VIEWS:
        yield code(_CONTEXT, codes.IMAGE_VIEW, codes.VIEWS[view.value]).add(
            *(
                code(
                    Relation.HAS_CONCEPT_MOD,
                    codes.IMAGE_VIEW_MODIFIER,
                    codes.VIEW_MODIFIERS[modifier],
                )
                for modifier in view.modifiers
                if modifier in codes.VIEW_MODIFIERS
            )
        )


def _orientation(header: Header) -> Iterator[Item]:
    directions = patient_orientation(header)
    if directions is not None:
        yield text(_CONTEXT, codes.ROW_ORIENTATION, directions[0])
        yield text(_CONTEXT, codes.COLUMN_ORIENTATION, directions[1])


def _times(header: Header) -> Iterator[Item]:
    for kind, dated, timed in (
        ("Study", codes.STUDY_DATE, codes.STUDY_TIME),
        ("Content", codes.CONTENT_DATE, codes.CONTENT_TIME),
    ):
        on, at = _date(header.text(f"{kind}Date")), _time(header.text(f"{kind}Time"))
        if on is not None:
            yield day(_CONTEXT, dated, on)
        if at is not None:
            yield time_of_day(_CONTEXT, timed, at)


def _spacing(header: Header) -> Iterator[Item]:
    pairs = [header.numbers(keyword) for keyword in _SPACINGS]
    pairs += [m.numbers("PixelSpacing") for m in header.functional_groups("PixelMeasuresSequence")]
    for pair in pairs:
        if len(pair) == 2 and min(pair) > 0:  # row spacing first (PS3.3 10.7.1.3)
            yield number(_CONTEXT, codes.HORIZONTAL_SPACING, pair[1], codes.MM)
            yield number(_CONTEXT, codes.VERTICAL_SPACING, pair[0], codes.MM)
            return


def _size(source: SourceImage) -> Iterator[Item]:
    yield number(_CONTEXT, codes.PIXEL_ROWS, source.image.rows, codes.PIXELS)
    yield number(_CONTEXT, codes.PIXEL_COLUMNS, source.image.cols, codes.PIXELS)


def _date(said: str) -> date | None:
    try:
        return date(int(said[:4]), int(said[4:6]), int(said[6:])) if len(said) == 8 else None
    except ValueError:
        return None


def _time(said: str) -> time | None:
    found = _TIME.fullmatch(said)
    try:
        return found and time(int(found[1]), int(found[2]), int(found[3] or 0))
    except ValueError:
        return None
