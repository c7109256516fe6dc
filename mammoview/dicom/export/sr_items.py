"""A content tree while it is built: its references name items, and become paths at the end.

A reference by relationship is the path of child numbers, from 1, of the item that it means; any
item put in before it changes the path.  So an item is first what it refers to, and `content_of`
writes the numbers when nothing moves any more.

Source: PS3.3 C.17.3 (SR Document Content), C.18 (content macros).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.valuerep import format_number_as_ds

from mammoview.domain.geometry import ImagePoint


class Relation(StrEnum):
    """Relationship Type (0040,A010), PS3.3 C.17.3.2.4."""

    CONTAINS = "CONTAINS"
    HAS_PROPERTIES = "HAS PROPERTIES"
    HAS_CONCEPT_MOD = "HAS CONCEPT MOD"
    HAS_OBS_CONTEXT = "HAS OBS CONTEXT"
    HAS_ACQ_CONTEXT = "HAS ACQ CONTEXT"
    INFERRED_FROM = "INFERRED FROM"
    SELECTED_FROM = "SELECTED FROM"


@dataclass(slots=True, eq=False)
class Item:
    """One content item: its elements, what lies below it, or the item that it refers to."""

    elements: Dataset
    children: list[Item] = field(default_factory=list)
    target: Item | None = None

    def add(self, *items: Item) -> Item:
        """Put items below this one, in their order; return this one."""
        self.children.extend(items)
        return self


def content_of(root: Item) -> Dataset:
    """Return the elements of a whole tree, its references as paths.

    Raises
    ------
    ValueError
        If a reference is to an item that is not in the tree.
    """
    return _with_children(root, _paths(root, (1,)))


def container(relation: Relation | None, concept: Code) -> Item:
    """Return a CONTAINER whose parts stand by themselves (SEPARATE); None for the root."""
    item = _item(relation, "CONTAINER", concept)
    item.elements.ContinuityOfContent = "SEPARATE"
    return item


def code(relation: Relation, concept: Code, value: Code) -> Item:
    """Return a CODE item."""
    item = _item(relation, "CODE", concept)
    item.elements.ConceptCodeSequence = [code_item(value)]
    return item


def text(relation: Relation, concept: Code, value: str) -> Item:
    """Return a TEXT item."""
    item = _item(relation, "TEXT", concept)
    item.elements.TextValue = value
    return item


def number(relation: Relation, concept: Code, value: float, unit: Code) -> Item:
    """Return a NUM item; the value keeps as many digits as 16 characters hold."""
    item = _item(relation, "NUM", concept)
    measured = Dataset()
    whole = float(value).is_integer()
    measured.NumericValue = f"{value:.0f}" if whole else format_number_as_ds(float(value))
    measured.MeasurementUnitsCodeSequence = [code_item(unit)]
    item.elements.MeasuredValueSequence = [measured]
    return item


def day(relation: Relation, concept: Code, value: date) -> Item:
    """Return a DATE item."""
    item = _item(relation, "DATE", concept)
    item.elements.Date = value.strftime("%Y%m%d")
    return item


def time_of_day(relation: Relation, concept: Code, value: time) -> Item:
    """Return a TIME item."""
    item = _item(relation, "TIME", concept)
    item.elements.Time = value.strftime("%H%M%S")
    return item


def uid(relation: Relation, concept: Code, value: str) -> Item:
    """Return a UIDREF item."""
    item = _item(relation, "UIDREF", concept)
    item.elements.UID = value
    return item


def image(relation: Relation, reference: Dataset) -> Item:
    """Return an IMAGE item of a reference (see `headers.reference`)."""
    item = _item(relation, "IMAGE", None)
    item.elements.ReferencedSOPSequence = [reference]
    return item


def coordinates(
    relation: Relation, concept: Code, graphic_type: str, points: Iterable[ImagePoint]
) -> Item:
    """Return an SCOORD item: column and row of each point (PS3.3 C.18.6.1.1).

    Our points have the same origin as DICOM's, the outer corner of the first pixel, so they are
    written as they are.
    """
    item = _item(relation, "SCOORD", concept)
    item.elements.GraphicType = graphic_type
    item.elements.GraphicData = [float(v) for point in points for v in (point.col, point.row)]
    return item


def referring_to(relation: Relation, target: Item) -> Item:
    """Return a relationship by reference to another item of the tree."""
    elements = Dataset()
    elements.RelationshipType = relation.value
    return Item(elements, target=target)


def code_item(value: Code) -> Dataset:
    """Return a code as an item of a code sequence (PS3.3 8.8)."""
    item = Dataset()
    item.CodeValue = value.value
    item.CodingSchemeDesignator = value.scheme_designator
    item.CodeMeaning = value.meaning
    return item


def _item(relation: Relation | None, value_type: str, concept: Code | None) -> Item:
    elements = Dataset()
    if relation is not None:
        elements.RelationshipType = relation.value
    elements.ValueType = value_type
    if concept is not None:
        elements.ConceptNameCodeSequence = [code_item(concept)]
    return Item(elements)


def _paths(item: Item, path: Sequence[int]) -> dict[Item, list[int]]:
    found = {item: list(path)}
    for place, child in enumerate(item.children, start=1):
        found.update(_paths(child, (*path, place)))
    return found


def _with_children(item: Item, paths: dict[Item, list[int]]) -> Dataset:
    if item.target is not None:
        if item.target not in paths:
            raise ValueError("a reference to an item that is not in the tree")
        item.elements.ReferencedContentItemIdentifier = paths[item.target]
    if item.children:
        item.elements.ContentSequence = [_with_children(child, paths) for child in item.children]
    return item.elements
