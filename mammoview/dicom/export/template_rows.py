"""What TID 4000 allows and demands of a Mammography CAD SR, as data.

Those rows that this program writes: the template is not extensible, so what stands in no row is a
fault, and an optional row of the standard that is missing here is one that we never write.
111047 "Probability of cancer" is one of these on purpose.

Source: PS3.16 TID 1204, 4000, 4001 to 4006, 4015, 4017, 4019 to 4023, 4108.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from pydicom.sr.coding import Code

from mammoview.dicom.export import codes
from mammoview.dicom.export.sr_items import Relation


class Need(StrEnum):
    """Requirement of a row: mandatory, or free; conditions are `Condition`."""

    MANDATORY = "M"
    FREE = "U"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """When a row must be there, and that otherwise it must not.

    ``value_of_parent`` are code values of the parent, one of which demands the row.
    ``without_sibling`` is the code value of a concept whose absence beside the row demands it; the
    row may then be there all the same.
    """

    value_of_parent: tuple[str, ...] = ()
    without_sibling: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a template with the rows below it.

    Attributes
    ----------
    concept : Code or None
        The concept name; None for an IMAGE item, which has none.
    value_type, relation : str, Relation
        Of the item.
    need : Need or Condition
        Whether it must be there.
    many : bool
        Whether it may be there more than once.
    group : str
        Context group of the value: ``CID6014``.
    unit : Code or None
        Of a NUM.
    range : (float, float) or None
        Inclusive, of a NUM.
    graphic, points : str, int
        Graphic type of an SCOORD, and its fewest points.
    reference : bool
        A relationship by reference to an entry of the image library.
    rows : tuple of Row
        What may stand below.
    """

    concept: Code | None
    value_type: str
    relation: Relation
    need: Need | Condition = Need.FREE
    many: bool = False
    group: str = ""
    unit: Code | None = None
    range: tuple[float, float] | None = None
    graphic: str = ""
    points: int = 0
    reference: bool = False
    rows: tuple[Row, ...] = ()


_HAS, _CONTAINS = Relation.HAS_PROPERTIES, Relation.CONTAINS
_FROM, _CONTEXT = Relation.INFERRED_FROM, Relation.HAS_ACQ_CONTEXT
_MUST = Need.MANDATORY


def _text(concept: Code, relation: Relation, need: Need = Need.FREE, *, many: bool = False) -> Row:
    return Row(concept=concept, value_type="TEXT", relation=relation, need=need, many=many)


def _number(
    concept: Code, unit: Code, relation: Relation = _HAS, *, most: float = 1e9, least: float = 0.0
) -> Row:
    return Row(concept=concept, value_type="NUM", relation=relation, unit=unit, range=(least, most))


def _library_reference(relation: Relation, *, many: bool = False) -> Row:
    return Row(
        concept=None,
        value_type="IMAGE",
        relation=relation,
        need=_MUST,
        many=many,
        reference=True,
    )


def _drawn(concept: Code, graphic: str, points: int, need: Need) -> Row:
    return Row(
        concept=concept,
        value_type="SCOORD",
        relation=_HAS,
        need=need,
        graphic=graphic,
        points=points,
        rows=(_library_reference(Relation.SELECTED_FROM),),
    )


_ALGORITHM = (  # TID 4019
    _text(codes.ALGORITHM_NAME, _HAS, _MUST),
    _text(codes.ALGORITHM_VERSION, _HAS, _MUST),
    _text(codes.ALGORITHM_PARAMETERS, _HAS, many=True),
)
_INTENT = Row(
    concept=codes.RENDERING_INTENT,
    value_type="CODE",
    relation=Relation.HAS_CONCEPT_MOD,
    need=_MUST,
    group="CID6034",
)
_INTENT_OF_FINDING = Row(  # TID 4006, rows 2 and 3
    concept=codes.RENDERING_INTENT,
    value_type="CODE",
    relation=Relation.HAS_CONCEPT_MOD,
    need=_MUST,
    group="CID6034",
    rows=(
        Row(
            concept=codes.OPERATING_POINT,
            value_type="NUM",
            relation=_HAS,
            need=Condition(value_of_parent=(codes.OPTIONAL.value,)),
            unit=codes.FROM_ONE,
            range=(1, 1e9),
        ),
    ),
)
_IMAGE_ENTRY = Row(  # TID 4020
    concept=None,
    value_type="IMAGE",
    relation=_CONTAINS,
    need=_MUST,
    many=True,
    rows=(
        Row(concept=codes.IMAGE_LATERALITY, value_type="CODE", relation=_CONTEXT, group="CID6022"),
        Row(
            concept=codes.IMAGE_VIEW,
            value_type="CODE",
            relation=_CONTEXT,
            group="CID4014",
            rows=(
                Row(
                    concept=codes.IMAGE_VIEW_MODIFIER,
                    value_type="CODE",
                    relation=Relation.HAS_CONCEPT_MOD,
                    many=True,
                    group="CID4015",
                ),
            ),
        ),
        _text(codes.ROW_ORIENTATION, _CONTEXT),
        _text(codes.COLUMN_ORIENTATION, _CONTEXT),
        Row(concept=codes.STUDY_DATE, value_type="DATE", relation=_CONTEXT),
        Row(concept=codes.STUDY_TIME, value_type="TIME", relation=_CONTEXT),
        Row(concept=codes.CONTENT_DATE, value_type="DATE", relation=_CONTEXT),
        Row(concept=codes.CONTENT_TIME, value_type="TIME", relation=_CONTEXT),
        _number(codes.HORIZONTAL_SPACING, codes.MM, _CONTEXT, least=1e-6),
        _number(codes.VERTICAL_SPACING, codes.MM, _CONTEXT, least=1e-6),
        _number(codes.PIXEL_ROWS, codes.PIXELS, _CONTEXT, least=1),
        _number(codes.PIXEL_COLUMNS, codes.PIXELS, _CONTEXT, least=1),
    ),
)


def _finding(relation: Relation, need: Need | Condition) -> Row:
    """Return TID 4006 with TID 4108 and 4021."""
    return Row(
        concept=codes.SINGLE_FINDING,
        value_type="CODE",
        relation=relation,
        need=need,
        many=True,
        group="CID6014",
        rows=(
            _INTENT_OF_FINDING,
            _text(codes.TRACKING_TEXT, Relation.HAS_OBS_CONTEXT),
            Row(concept=codes.TRACKING_UID, value_type="UIDREF", relation=Relation.HAS_OBS_CONTEXT),
            *_ALGORITHM,
            _number(codes.CERTAINTY, codes.PERCENT, most=100),
            _drawn(codes.CENTRE, "POINT", 1, _MUST),
            _drawn(codes.OUTLINE, "POLYLINE", 2, Need.FREE),
        ),
    )


_COMPOSITE = Row(  # TID 4004 and 4005
    concept=codes.COMPOSITE,
    value_type="CODE",
    relation=_CONTAINS,
    need=Condition(without_sibling=codes.SINGLE_FINDING.value),
    many=True,
    group="CID6016",
    rows=(
        _INTENT,
        Row(
            concept=codes.COMPOSITE_TYPE,
            value_type="CODE",
            relation=_HAS,
            need=_MUST,
            group="CID6035",
        ),
        Row(concept=codes.SCOPE, value_type="CODE", relation=_HAS, need=_MUST, group="CID6036"),
        *_ALGORITHM,
        _number(codes.COMPOSITE_CERTAINTY, codes.PERCENT, most=100),
        _finding(_FROM, _MUST),
    ),
)
_IMPRESSION = Row(  # TID 4003
    concept=codes.IMPRESSION,
    value_type="CONTAINER",
    relation=_FROM,
    many=True,
    rows=(
        _INTENT,
        _COMPOSITE,
        _finding(_CONTAINS, Condition(without_sibling=codes.COMPOSITE.value)),
    ),
)
_DETECTION = Row(  # TID 4017 and 4023
    concept=codes.DETECTION,
    value_type="CODE",
    relation=_CONTAINS,
    need=_MUST,
    many=True,
    group="CID6014",
    rows=(
        *_ALGORITHM,
        _library_reference(_HAS, many=True),
        _number(codes.MAXIMUM_OPERATING_POINT, codes.ARBITRARY),
        _number(codes.RECOMMENDED_OPERATING_POINT, codes.FROM_ZERO),
    ),
)


def _detections(concept: Code, said: Code) -> Row:
    return Row(  # TID 4015
        concept=concept,
        value_type="CONTAINER",
        relation=_FROM,
        need=Condition(value_of_parent=(said.value, codes.PARTLY_SUCCEEDED.value)),
        rows=(_DETECTION,),
    )


ROOT_ROWS: tuple[Row, ...] = (
    Row(
        concept=codes.LANGUAGE,
        value_type="CODE",
        relation=Relation.HAS_CONCEPT_MOD,
        need=_MUST,
    ),
    Row(
        concept=codes.IMAGE_LIBRARY,
        value_type="CONTAINER",
        relation=_CONTAINS,
        need=_MUST,
        rows=(_IMAGE_ENTRY,),
    ),
    Row(
        concept=codes.SUMMARY,
        value_type="CODE",
        relation=_CONTAINS,
        need=_MUST,
        group="CID6047",
        rows=(
            _text(codes.IMPRESSION_TEXT, _HAS),
            *_ALGORITHM,
            _IMPRESSION,
        ),
    ),
    Row(
        concept=codes.DETECTIONS,
        value_type="CODE",
        relation=_CONTAINS,
        need=_MUST,
        group="CID6042",
        rows=(
            _detections(codes.SUCCESSFUL_DETECTIONS, codes.SUCCEEDED),
            _detections(codes.FAILED_DETECTIONS, codes.FAILED),
        ),
    ),
    Row(
        concept=codes.ANALYSES,
        value_type="CODE",
        relation=_CONTAINS,
        need=_MUST,
        group="CID6042",
    ),
)
# What the summary must say of findings below it.
SAYS_FINDINGS: Mapping[str, bool] = MappingProxyType(
    {
        codes.ALL_WITH.value: True,
        codes.SOME_WITH.value: True,
        codes.ALL_WITHOUT.value: False,
        codes.SOME_WITHOUT.value: False,
        codes.NONE_WITHOUT.value: False,
    }
)
