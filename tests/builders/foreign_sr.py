"""CAD reports as other makers write them, built by hand: nothing of the program's writer is used.

Three styles: a recent one (SNOMED CT, all optional items, references by relationship), one from
before 2018 (SNOMED RT, outlines alone, images named in place, no lists of detections), and one that
is of the For Processing images, with operating points and much that is not to be drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID

from tests.builders.dicom import EXPLICIT_LITTLE, IMPLICIT_LITTLE, code, data_set, override

CAD_SR = "1.2.840.10008.5.1.4.1.1.88.50"
_MG_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.2.1"
_CLUSTER, _DENSITY = ("SCT", "129769006"), ("SCT", "129793001")
_OLD_CLUSTER, _OLD_DENSITY = ("SRT", "F-01775"), ("SRT", "F-01796")
REQUIRED, OPTIONAL, HIDDEN = "111150", "111151", "111152"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A finding for the builder: its image by number, its shape, and how it is to be drawn."""

    image: int
    kind: tuple[str, str] = _DENSITY
    centre: tuple[float, float] | None = (40.0, 60.0)
    outline: tuple[float, ...] = ()
    graphic: str = "POLYLINE"
    intent: str = REQUIRED
    level: int | None = None
    certainty: float | None = None
    frame: int = 0
    inside: tuple[Seen, ...] = ()
    algorithm: tuple[str, str] | None = ("Finder", "7.2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image of the report's library."""

    uid: str
    sop_class: str = _MG_PROCESSING
    told: Mapping[str, object] = field(default_factory=dict)  # concept -> text, number or code


def node(
    relation: str, value_type: str, concept: tuple[str, str] | None = None, **more: object
) -> Dataset:
    """Return one content item; keywords are its elements, ``below`` its children."""
    made = Dataset()
    if relation:
        made.RelationshipType = relation
    made.ValueType = value_type
    if concept:
        made.ConceptNameCodeSequence = [code(*concept)]
    below = more.pop("below", None)
    for keyword, value in more.items():
        setattr(made, keyword, value)
    if below:
        made.ContentSequence = below
    return made


def number(relation: str, concept: str, value: float, unit: str = "1") -> Dataset:
    """Return a NUM."""
    measured = Dataset()
    measured.NumericValue = str(value)
    measured.MeasurementUnitsCodeSequence = [code("UCUM", unit)]
    return node(relation, "NUM", ("DCM", concept), MeasuredValueSequence=[measured])


def text(relation: str, concept: str, value: str) -> Dataset:
    """Return a TEXT."""
    return node(relation, "TEXT", ("DCM", concept), TextValue=value)


def coded(relation: str, concept: str, value: tuple[str, str], **more: object) -> Dataset:
    """Return a CODE."""
    return node(relation, "CODE", ("DCM", concept), ConceptCodeSequence=[code(*value)], **more)


def build_report(
    path: Path,
    beside: Path,
    images: Sequence[Image],
    findings: Sequence[Seen],
    *,
    old: bool = False,
    highest: int | None = None,
    recommended: int | None = None,
    failed: Sequence[int] = (),
    optional_impressions: bool = False,
    elements: Mapping[str, object] | None = None,
) -> Path:
    """Write a CAD report.

    Parameters
    ----------
    path : Path
        File to write.
    beside : Path
        An image of the study, for patient and study.
    images, findings : sequence
        The library and what was found.
    old : bool
        In the way of before 2018: images named in place, no library entries' context, no lists.
    highest, recommended : int, optional
        CAD operating points.
    failed : sequence of int
        Images whose detection failed.
    optional_impressions : bool
        Whether the findings stand in impressions that are optional themselves.
    """
    like = pydicom.dcmread(beside, stop_before_pixels=True)
    made = data_set(path, CAD_SR, person=str(like.PatientID), study="1")
    made.StudyInstanceUID = like.StudyInstanceUID
    made.Modality = "SR"
    made.Manufacturer, made.ManufacturerModelName = "Other Maker", "Second Look"
    made.SoftwareVersions = "7.2"
    made.ValueType, made.ContinuityOfContent = "CONTAINER", "SEPARATE"
    made.ConceptNameCodeSequence = [code("DCM", "111036")]
    intent = OPTIONAL if optional_impressions else REQUIRED
    impressions = [
        node(
            "INFERRED FROM",
            "CONTAINER",
            ("DCM", "111034"),
            below=[
                coded("HAS CONCEPT MOD", "111056", ("DCM", intent)),
                _finding(seen, images, old=old, relation="CONTAINS"),
            ],
        )
        for seen in findings
    ]
    summary = coded("CONTAINS", "111017", ("DCM", "111242"), below=impressions)
    library = node(
        "CONTAINS", "CONTAINER", ("DCM", "111028"), below=[_entry(i, old=old) for i in images]
    )
    lists = [] if old else _detections(images, failed, highest, recommended)
    made.ContentSequence = [
        coded("HAS CONCEPT MOD", "121049", ("RFC3066", "en-US")),
        library,
        summary,
        coded("CONTAINS", "111064", ("DCM", "111222"), below=lists),
        coded("CONTAINS", "111065", ("DCM", "111225")),
    ]
    override(made, elements)
    syntax = IMPLICIT_LITTLE if old else EXPLICIT_LITTLE
    made.file_meta.TransferSyntaxUID = UID(syntax)
    made.file_meta.MediaStorageSOPClassUID = UID(CAD_SR)
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    dcmwrite(path, made, enforce_file_format=True)
    return path


def _reference(image: Image, frame: int = 0) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = image.sop_class, image.uid
    if frame:
        item.ReferencedFrameNumber = frame
    return item


def _entry(image: Image, *, old: bool) -> Dataset:
    told = []
    for concept, value in image.told.items():
        if isinstance(value, tuple):
            told.append(coded("HAS ACQ CONTEXT", concept, value))
        elif isinstance(value, str):
            told.append(text("HAS ACQ CONTEXT", concept, value))
        else:
            assert isinstance(value, int | float)
            told.append(number("HAS ACQ CONTEXT", concept, value, "mm"))
    below = [] if old else told
    return node("CONTAINS", "IMAGE", ReferencedSOPSequence=[_reference(image)], below=below)


def _selected(seen: Seen, images: Sequence[Image], *, old: bool) -> Dataset:
    if old or seen.frame:
        reference = _reference(images[seen.image], seen.frame)
        return node("SELECTED FROM", "IMAGE", ReferencedSOPSequence=[reference])
    made = Dataset()
    made.RelationshipType = "SELECTED FROM"
    made.ReferencedContentItemIdentifier = [1, 2, seen.image + 1]
    return made


def _finding(seen: Seen, images: Sequence[Image], *, old: bool, relation: str) -> Dataset:
    intent = coded("HAS CONCEPT MOD", "111056", ("DCM", seen.intent))
    if seen.level is not None:
        intent.ContentSequence = [number("HAS PROPERTIES", "111071", seen.level)]
    below = [intent]
    if seen.algorithm:
        below.append(text("HAS PROPERTIES", "111001", seen.algorithm[0]))
        below.append(text("HAS PROPERTIES", "111003", seen.algorithm[1]))
    if seen.certainty is not None:
        below.append(number("HAS PROPERTIES", "111012", seen.certainty, "%"))
    drawn = [("111010", "POINT", seen.centre), ("111041", seen.graphic, seen.outline)]
    for concept, graphic, data in drawn:
        if data:
            below.append(
                node(
                    "HAS PROPERTIES",
                    "SCOORD",
                    ("DCM", concept),
                    GraphicType=graphic,
                    GraphicData=list(data),
                    below=[_selected(seen, images, old=old)],
                )
            )
    inner = [_finding(part, images, old=old, relation="INFERRED FROM") for part in seen.inside]
    kind = seen.kind
    if old:
        kind = {_DENSITY: _OLD_DENSITY, _CLUSTER: _OLD_CLUSTER}.get(kind, kind)
    return coded(relation, "111059", kind, below=[*below, *inner])


def _detections(
    images: Sequence[Image],
    failed: Sequence[int],
    highest: int | None,
    recommended: int | None,
) -> list[Dataset]:
    lists = []
    for concept, numbers in (
        ("111063", [n for n in range(len(images)) if n not in failed]),
        ("111025", list(failed)),
    ):
        if not numbers:
            continue
        below = [text("HAS PROPERTIES", "111001", "Finder")]
        below.append(text("HAS PROPERTIES", "111003", "7.2"))
        for at in numbers:
            reference = Dataset()
            reference.RelationshipType = "HAS PROPERTIES"
            reference.ReferencedContentItemIdentifier = [1, 2, at + 1]
            below.append(reference)
        if highest is not None:
            below.append(number("HAS PROPERTIES", "111072", highest))
        if recommended is not None:
            below.append(number("HAS PROPERTIES", "111092", recommended))
        performed = coded("CONTAINS", "111022", _DENSITY, below=below)
        lists.append(node("INFERRED FROM", "CONTAINER", ("DCM", concept), below=[performed]))
    return lists
