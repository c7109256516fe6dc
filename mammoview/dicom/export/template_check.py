"""A check of our own of every CAD report before it is written: nothing faulty leaves the program.

It reads what was built as a stranger would, item by item against the rows of `template_rows`, and
uses nothing of what built it.  Others' validators find less: dciodvfy none of the template's
faults, and none of them that a mark lies outside of its image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from pydicom.dataset import Dataset
from pydicom.sr.codedict import Collection
from pydicom.sr.coding import Code

from mammoview.dicom.export import codes
from mammoview.dicom.export.template_rows import ROOT_ROWS, SAYS_FINDINGS, Condition, Need, Row
from mammoview.errors import DicomError

_MOST_NAMED = 5


def check_template(document: Dataset) -> None:
    """Refuse a CAD report that breaks TID 4000.

    Raises
    ------
    DicomError
        If there is a fault; the first few are named.
    """
    found = template_faults(document)
    if found:
        more = len(found) - _MOST_NAMED
        named = "; ".join(found[:_MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")
        raise DicomError(
            f"a CAD report that breaks its template: {named}",
            expected="TID 4000 of DICOM PS3.16",
            todo="report it; nothing was written",
        )


def template_faults(document: Dataset) -> tuple[str, ...]:
    """Return what is wrong with a Mammography CAD SR, each fault with the path of its item.

    Parameters
    ----------
    document : Dataset
        The whole object.
    """
    return tuple(_Check(document).faults())


class _Check:
    """Walks one document; knows its image library and its evidence."""

    def __init__(self, document: Dataset) -> None:
        self._document = document
        self._evidence = set(_evidence(document))

    def faults(self) -> Iterator[str]:
        root = self._document
        template = [
            (item.get("MappingResource"), item.get("TemplateIdentifier"))
            for item in root.get("ContentTemplateSequence", [])
        ]
        if template != [("DCMR", "4000")]:
            yield "the root names no template 4000 of DCMR"
        if root.get("ValueType") != "CONTAINER" or _concept(root) != codes.REPORT:
            yield "the root is no container (111036, DCM)"
        yield from self._below(root, ROOT_ROWS, (1,))
        yield from self._summary()

    def _below(self, parent: Dataset, rows: Sequence[Row], path: tuple[int, ...]) -> Iterator[str]:
        """Check the children of an item: each against its row, each row for its children."""
        if parent.get("ValueType") == "CONTAINER" and parent.get("ContinuityOfContent") is None:
            yield f"{_named(path, parent)}: no ContinuityOfContent"
        met: dict[int, int] = {}
        last = 0
        for place, child in enumerate(_children(parent), start=1):
            where = (*path, place)
            at = next((at for at, row in enumerate(rows) if self._fits(child, row)), None)
            if at is None:
                yield f"{_named(where, child)}: {self._why_unknown(child, rows)}"
                continue
            if at < last:
                yield f"{_named(where, child)}: out of the template's order"
            last = max(last, at)
            met[at] = met.get(at, 0) + 1
            yield from self._item(child, rows[at], where)
        for at, row in enumerate(rows):
            yield from _counted(parent, row, met.get(at, 0), path)

    def _fits(self, child: Dataset, row: Row) -> bool:
        if child.get("RelationshipType") != row.relation.value:
            return False
        if "ReferencedContentItemIdentifier" in child:
            return row.reference
        if row.reference or child.get("ValueType") != row.value_type:
            return False
        return _concept(child) == row.concept if row.concept else _concept(child) is None

    def _why_unknown(self, child: Dataset, rows: Sequence[Row]) -> str:
        concept = _concept(child)
        if concept == codes.PROBABILITY_OF_CANCER:
            return "a probability of cancer, which this program never writes"
        for row in rows:
            if concept is not None and concept == row.concept:
                if child.get("RelationshipType") != row.relation.value:
                    met = child.get("RelationshipType")
                    return f"relationship {met}, expected {row.relation.value}"
                return f"value type {child.get('ValueType')}, expected {row.value_type}"
        return "an item that the template does not have here"

    def _item(self, child: Dataset, row: Row, path: tuple[int, ...]) -> Iterator[str]:
        name = _named(path, child)
        said = [
            *self._reference(child, row),
            *self._image(child),
            *_value(child, row),
            *_measured(child, row),
            *self._drawn(child, row),
        ]
        yield from (f"{name}: {fault}" for fault in said)
        if not row.reference:
            yield from self._below(child, row.rows, path)

    def _reference(self, child: Dataset, row: Row) -> Iterator[str]:
        if row.reference and self._entry(child) is None:
            yield "a reference that leads to no image of the library"

    def _entry(self, child: Dataset) -> Dataset | None:
        """Return the entry of the image library that a reference leads to."""
        path = _numbers(child.get("ReferencedContentItemIdentifier"))
        if len(path) != 3 or path[0] != 1:
            return None
        item = self._document
        for number in path[1:]:
            children = _children(item)
            if not 1 <= number <= len(children):
                return None
            item = children[int(number) - 1]
        holder = _children(self._document)[int(path[1]) - 1]
        in_library = _concept(holder) == codes.IMAGE_LIBRARY
        return item if in_library and item.get("ValueType") == "IMAGE" else None

    def _image(self, child: Dataset) -> Iterator[str]:
        if child.get("ValueType") != "IMAGE":
            return
        references = child.get("ReferencedSOPSequence", [])
        if len(references) != 1:
            yield f"{len(references)} images, expected one"
        for reference in references:
            named = (
                reference.get("ReferencedSOPClassUID"),
                reference.get("ReferencedSOPInstanceUID"),
            )
            if named not in self._evidence:
                yield "an image that is not among the evidence"

    def _drawn(self, child: Dataset, row: Row) -> Iterator[str]:
        if row.value_type != "SCOORD":
            return
        values = _numbers(child.get("GraphicData"))
        if child.get("GraphicType") != row.graphic:
            yield f"graphic type {child.get('GraphicType')}, expected {row.graphic}"
        fits = len(values) == 2 if row.graphic == "POINT" else len(values) >= 2 * row.points
        if len(values) % 2 or not fits:
            yield f"{len(values)} numbers, expected pairs of column and row"
            return
        entries = [self._entry(c) for c in _children(child)]
        for size in map(_size, filter(None, entries)):
            inside = all(
                0 <= v <= most
                for most, part in zip(size, (0, 1), strict=True)
                for v in values[part::2]
            )
            if not inside:
                yield f"coordinates outside of an image of {size[0]:g} columns, {size[1]:g} rows"

    def _summary(self) -> Iterator[str]:
        """Check that the summary says of findings what there is."""
        for summary in _children(self._document):
            if _concept(summary) == codes.SUMMARY:
                value = _code(summary.get("ConceptCodeSequence"))
                said = SAYS_FINDINGS.get(value.value if value else "")
                there = any(_concept(child) == codes.IMPRESSION for child in _children(summary))
                if said is not None and said != there:
                    yield f"the summary says {'' if said else 'no '}findings, which is not so"


def _counted(parent: Dataset, row: Row, count: int, path: tuple[int, ...]) -> Iterator[str]:
    what = f"({row.concept.value}) {row.concept.meaning}" if row.concept else row.value_type
    where = _named(path, parent)
    if count > 1 and not row.many:
        yield f"{where}: {count} times {what}, expected once"
    if count == 0 and _is_needed(parent, row):
        yield f"{where}: no {what}"
    tied = isinstance(row.need, Condition) and bool(row.need.value_of_parent)
    if tied and count and not _is_needed(parent, row):
        yield f"{where}: {what}, which its value excludes"


def _is_needed(parent: Dataset, row: Row) -> bool:
    if isinstance(row.need, Need):
        return row.need is Need.MANDATORY
    if row.need.value_of_parent:
        value = _code(parent.get("ConceptCodeSequence"))
        return value is not None and value.value in row.need.value_of_parent
    beside = {concept.value for child in _children(parent) if (concept := _concept(child))}
    return row.need.without_sibling not in beside


def _value(child: Dataset, row: Row) -> Iterator[str]:
    """Check the value of a CODE, TEXT, DATE, TIME or UIDREF."""
    if row.value_type == "CODE":
        value = _code(child.get("ConceptCodeSequence"))
        if value is None or not value.meaning:
            yield "no code value with a meaning"
        elif row.group and value not in _group(row.group):
            yield f"code {value.value} ({value.scheme_designator}) outside of {row.group}"
    keyword = {"TEXT": "TextValue", "DATE": "Date", "TIME": "Time", "UIDREF": "UID"}
    if row.value_type in keyword and not child.get(keyword[row.value_type]):
        yield "no value"


def _measured(child: Dataset, row: Row) -> Iterator[str]:
    if row.value_type != "NUM":
        return
    measured = child.get("MeasuredValueSequence", [])
    if len(measured) != 1 or measured[0].get("NumericValue") is None:
        yield "no number"
        return
    unit = _code(measured[0].get("MeasurementUnitsCodeSequence"))
    if unit != row.unit:
        yield f"unit {unit.value if unit else 'missing'}, expected {row.unit and row.unit.value}"
    least, most = row.range or (float("-inf"), float("inf"))
    if not least <= float(measured[0].NumericValue) <= most:
        yield f"a number outside of {least:g} to {most:g}"


def _size(entry: Dataset) -> tuple[float, float]:
    """Return columns and rows that an entry of the library states; unbounded where it does not."""
    found = {}
    for child in _children(entry):
        concept = _concept(child)
        if concept in (codes.PIXEL_COLUMNS, codes.PIXEL_ROWS):
            found[concept.value] = float(child.MeasuredValueSequence[0].NumericValue)
    unbounded = float("inf")
    return (
        found.get(codes.PIXEL_COLUMNS.value, unbounded),
        found.get(codes.PIXEL_ROWS.value, unbounded),
    )


def _evidence(document: Dataset) -> Iterator[tuple[str, str]]:
    for study in document.get("CurrentRequestedProcedureEvidenceSequence", []):
        for series in study.get("ReferencedSeriesSequence", []):
            for item in series.get("ReferencedSOPSequence", []):
                yield item.get("ReferencedSOPClassUID"), item.get("ReferencedSOPInstanceUID")


def _children(item: Dataset) -> Sequence[Dataset]:
    children: Sequence[Dataset] = item.get("ContentSequence", None) or []
    return children


def _concept(item: Dataset) -> Code | None:
    return _code(item.get("ConceptNameCodeSequence"))


def _code(sequence: Sequence[Dataset] | None) -> Code | None:
    if not sequence or "CodeValue" not in sequence[0]:
        return None
    item = sequence[0]
    return Code(
        str(item.CodeValue), str(item.get("CodingSchemeDesignator")), str(item.get("CodeMeaning"))
    )


@cache
def _group(name: str) -> Collection:
    return Collection(name)


def _numbers(value: object) -> list[float]:
    if value is None:
        return []
    try:
        return [float(v) for v in value]  # type: ignore[attr-defined]
    except TypeError:
        return [float(value)]  # type: ignore[arg-type]


def _named(path: tuple[int, ...], item: Dataset) -> str:
    concept = _concept(item)
    name = concept.meaning if concept else item.get("ValueType", "reference")
    return f"{'.'.join(map(str, path))} {name}"
