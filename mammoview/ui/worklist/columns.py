"""Which columns a table of studies has room for, and how wide they are.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mammoview.app.worklist.arrange import Column

# Who, when and how far the reading is: without these no study can be chosen.
_ALWAYS: MappingProxyType[Column, int] = MappingProxyType(
    {Column.PATIENT: 110, Column.DATE: 86, Column.STATE: 110}
)
_BY_WORTH = (
    Column.VIEWS, Column.ID, Column.MISSING, Column.BIRTH, Column.IMAGES, Column.ACCESSION,
    Column.SOURCE,
)  # fmt: skip


def widths_within(wishes: Mapping[Column, int], room: int) -> dict[Column, int]:
    """Return the columns that are shown, and their widths; what is not named is hidden.

    Patient, date and state are always shown, narrower where there is no room for what the reader
    wished; of the others those that there is room for, the most useful first.

    Parameters
    ----------
    wishes : mapping
        For every column the width that the reader gave it, pixels.
    room : int
        Width of the table, pixels.
    """
    shown = {column: wishes[column] for column in _ALWAYS}
    lacking = sum(shown.values()) - room
    if lacking > 0:
        spare = {column: max(0, shown[column] - least) for column, least in _ALWAYS.items()}
        share = min(1.0, lacking / max(1, sum(spare.values())))
        return {column: width - round(spare[column] * share) for column, width in shown.items()}
    left = -lacking
    for column in _BY_WORTH:
        if wishes[column] <= left:
            shown[column] = wishes[column]
            left -= wishes[column]
    return shown
