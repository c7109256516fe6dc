"""Faults put into a good Mammography CAD SR, each as another maker's bug would."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

from pydicom.dataset import Dataset

from tests.builders.dicom import code
from tests.builders.sr_tree import concept_of, item, items


def without(root: Dataset, parent: str, concept: str) -> None:
    """Take the children of a concept away from the last item of another; empty: the root."""
    holder = items(root, parent)[-1] if parent else root
    kept = [c for c in holder.ContentSequence if concept_of(c) != concept]
    assert len(kept) < len(holder.ContentSequence)
    holder.ContentSequence = kept


def _other_value(root: Dataset, concept: str, designator: str, value: str) -> None:
    items(root, concept)[0].ConceptCodeSequence = [code(designator, value)]


def _other_relation(root: Dataset, concept: str, relation: str) -> None:
    items(root, concept)[0].RelationshipType = relation


def _selected(root: Dataset, path: list[int]) -> None:
    reference = items(root, "111010")[0].ContentSequence[0]
    reference.ReferencedContentItemIdentifier = path


def _number(root: Dataset, concept: str, value: str) -> None:
    items(root, concept)[0].MeasuredValueSequence[0].NumericValue = value


def _cancer(root: Dataset) -> None:
    added = deepcopy(items(root, "111012")[0])
    added.ConceptNameCodeSequence = [code("DCM", "111047")]
    items(root, "111059")[0].ContentSequence.append(added)


def _swapped(root: Dataset) -> None:
    finding = items(root, "111059")[0].ContentSequence
    at = [concept_of(child) for child in finding].index("111001")
    finding[at], finding[at + 1] = finding[at + 1], finding[at]


def _twice(root: Dataset) -> None:
    finding = items(root, "111059")[0].ContentSequence
    finding.insert(1, deepcopy(finding[0]))


def _not_evident(root: Dataset) -> None:
    entry = item(root, "111028").ContentSequence[0]
    entry.ReferencedSOPSequence[0].ReferencedSOPInstanceUID = "1.2.3"


def _moved(root: Dataset, col: float, row: float) -> None:
    items(root, "111010")[0].GraphicData = [col, row]


def _optional_finding(root: Dataset) -> None:
    (intent,) = items(items(root, "111059")[0], "111056")
    intent.ConceptCodeSequence = [code("DCM", "111151")]


# Each with what the message must name.
FAULTS: dict[str, tuple[Callable[[Dataset], None], str]] = {
    "no intent": (lambda r: without(r, "111059", "111056"), "111056"),
    "no centre": (lambda r: without(r, "111059", "111010"), "111010"),
    "no algorithm version": (lambda r: without(r, "111059", "111003"), "111003"),
    "no summary of detections": (lambda r: without(r, "", "111064"), "111064"),
    "no summary of analyses": (lambda r: without(r, "", "111065"), "111065"),
    "no findings summary": (lambda r: without(r, "", "111017"), "111017"),
    "no image library": (lambda r: without(r, "", "111028"), "111028"),
    "no language": (lambda r: without(r, "", "121049"), "121049"),
    "no list of detections": (lambda r: without(r, "111064", "111063"), "111063"),
    "an empty impression": (lambda r: without(r, "111034", "111059"), "Single Image Finding"),
    "findings, the summary says none": (
        lambda r: _other_value(r, "111017", "DCM", "111241"),
        "no findings",
    ),
    "detections that failed, listed as done": (
        lambda r: _other_value(r, "111064", "DCM", "111224"),
        "111063",
    ),
    "wrong relationship": (
        lambda r: _other_relation(r, "111010", "CONTAINS"),
        "relationship CONTAINS",
    ),
    "wrong relationship of an intent": (
        lambda r: _other_relation(r, "111056", "HAS PROPERTIES"),
        "relationship HAS PROPERTIES",
    ),
    "code outside of its group": (
        lambda r: _other_value(r, "111059", "SCT", "73211009"),
        "CID6014",
    ),
    "code of another scheme": (
        lambda r: _other_value(r, "111059", "99LOCAL", "129793001"),
        "CID6014",
    ),
    "view outside of its group": (lambda r: _other_value(r, "111031", "SCT", "1"), "CID4014"),
    "dangling reference": (lambda r: _selected(r, [1, 2, 99]), "leads to no image"),
    "reference to an item that is no image": (lambda r: _selected(r, [1, 3, 1]), "no image"),
    "stale reference, one off": (lambda r: _selected(r, [1, 3]), "no image"),
    "reference to nothing": (lambda r: _selected(r, [1, 2, 0]), "no image"),
    "optional without operating point": (_optional_finding, "111071"),
    "certainty above all": (lambda r: _number(r, "111012", "140"), "outside of 0 to 100"),
    "probability of cancer": (_cancer, "cancer"),
    "out of order": (_swapped, "order"),
    "twice what may be there once": (_twice, "2 times"),
    "an image that is no evidence": (_not_evident, "evidence"),
    "beside the image": (lambda r: _moved(r, 90.5, 20.0), "outside of an image"),
    "above the image": (lambda r: _moved(r, 20.0, -0.5), "outside of an image"),
    "a point of three numbers": (
        lambda r: setattr(items(r, "111010")[0], "GraphicData", [1.0, 2.0, 3.0]),
        "pairs",
    ),
    "a circle where a point belongs": (
        lambda r: setattr(items(r, "111010")[0], "GraphicType", "CIRCLE"),
        "graphic type",
    ),
    "an empty algorithm name": (
        lambda r: setattr(items(r, "111001")[0], "TextValue", ""),
        "no value",
    ),
    "no template named": (lambda r: delattr(r, "ContentTemplateSequence"), "template 4000"),
    "no continuity": (
        lambda r: delattr(item(r, "111028"), "ContinuityOfContent"),
        "ContinuityOfContent",
    ),
}
