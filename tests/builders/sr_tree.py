"""A content tree read as a stranger would: by concept, nothing of the program used."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.dataset import Dataset


def walk(item: Dataset) -> Iterator[Dataset]:
    """Give an item and all below it."""
    yield item
    for child in item.get("ContentSequence", []):
        yield from walk(child)


def concept_of(item: Dataset) -> str:
    """Return the code value of an item's name."""
    names = item.get("ConceptNameCodeSequence", [])
    return str(names[0].CodeValue) if names else ""


def items(root: Dataset, concept: str) -> list[Dataset]:
    """Return every item of a concept at or below one."""
    return [item for item in walk(root) if concept_of(item) == concept]


def item(root: Dataset, concept: str) -> Dataset:
    """Return the only item of a concept."""
    (found,) = items(root, concept)
    return found


def value(item: Dataset) -> str:
    """Return the code value, text or number of an item, as text."""
    if item.ValueType == "CODE":
        return str(item.ConceptCodeSequence[0].CodeValue)
    if item.ValueType == "NUM":
        return str(item.MeasuredValueSequence[0].NumericValue)
    return str(item.get("TextValue") or item.get("UID"))


def child_values(item: Dataset, concept: str) -> list[str]:
    """Return the values of the children of a concept."""
    return [value(c) for c in item.get("ContentSequence", []) if concept_of(c) == concept]


def followed(root: Dataset, reference: Dataset) -> Dataset:
    """Return what a relationship by reference leads to."""
    first, *rest = reference.ReferencedContentItemIdentifier
    assert first == 1
    found = root
    for number in rest:
        found = found.ContentSequence[number - 1]
    return found


def points(item: Dataset) -> list[tuple[float, float]]:
    """Return column and row of each point of an SCOORD."""
    data = [float(v) for v in item.GraphicData]
    return list(zip(data[::2], data[1::2], strict=True))


def image_of(root: Dataset, drawn: Dataset) -> Dataset:
    """Return the reference to the image that an SCOORD is selected from."""
    (reference,) = drawn.ContentSequence
    assert reference.RelationshipType == "SELECTED FROM"
    entry: Dataset = followed(root, reference)
    assert entry.ValueType == "IMAGE"
    found: Dataset = entry.ReferencedSOPSequence[0]
    return found
