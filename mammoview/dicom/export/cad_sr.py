"""The computer's marks as Mammography CAD SR, TID 4000 whole.

A mark that the result's operating point flags is to be presented; one that was seen only at another
operating point is optional, from CAD operating point 1 on.  What the reader answered to a mark is
no part of it: this is what the computer said.

Source: PS3.3 A.35.5 (Mammography CAD SR IOD), PS3.16 TID 4000 to 4006, 4015 to 4023, PS3.17 E.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset, FileDataset
from pydicom.sr.coding import Code

from mammoview.dicom.export import codes
from mammoview.dicom.export.headers import (
    MODEL_NAME,
    ResultKind,
    SourceImage,
    evidence,
    new_result,
)
from mammoview.dicom.export.identity import mark_uid
from mammoview.dicom.export.image_library import library_entry
from mammoview.dicom.export.sr_items import (
    Item,
    Relation,
    code,
    container,
    content_of,
    coordinates,
    number,
    referring_to,
    text,
    uid,
)
from mammoview.dicom.export.template_check import check_template
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.prediction import AnalysisStatus
from mammoview.domain.reading import AnalysisOutcome, CadMark, CadResult, ReadReport
from mammoview.errors import DicomError

CAD_SR = ResultKind(
    name="cad-sr",
    sop_class="1.2.840.10008.5.1.4.1.1.88.50",
    modality="SR",
    series_number=9001,
    description="Mammography CAD, research use only",
)
# What models looked for before a result said so itself.
_USUAL_KINDS = ("mass", "calcification")
_NOTICE = "Research use only: not a medical device, not for diagnosis."


def build_cad_sr(report: ReadReport, sources: Sequence[SourceImage]) -> FileDataset:
    """Return the Mammography CAD SR of a read.

    Parameters
    ----------
    report : ReadReport
        A read whose result was revealed; one that failed or was not run gives a report that says
        so.
    sources : sequence of SourceImage
        Its images (see `headers.read_sources`).

    Raises
    ------
    DicomError
        If the result was not revealed yet, a mark is of a kind without a code or lies in no image
        of the read, or what was built breaks its template.
    """
    if report.cad is None:
        raise DicomError(
            "a read before its computer's result was revealed",
            expected="a read that has come to the reveal",
            todo="export it after the reveal",
        )
    made = new_result(report, sources, CAD_SR)
    made.CompletionFlag = "COMPLETE"
    made.VerificationFlag = "UNVERIFIED"
    made.ReferencedPerformedProcedureStepSequence = []
    made.PerformedProcedureCodeSequence = []
    made.CurrentRequestedProcedureEvidenceSequence = evidence(sources)
    template = Dataset()
    template.MappingResource, template.TemplateIdentifier = "DCMR", "4000"
    content = content_of(_Writer(report, report.cad, sources).document())
    content.ContentTemplateSequence = [template]
    made.update(content)
    check_template(made)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class _Algorithm:
    """What is said of what made a result; ``parameters`` are whole texts."""

    name: str
    version: str
    parameters: tuple[str, ...] = ()

    def items(self) -> list[Item]:
        """Return the items of TID 4019."""
        has = Relation.HAS_PROPERTIES
        return [
            text(has, codes.ALGORITHM_NAME, self.name),
            text(has, codes.ALGORITHM_VERSION, self.version),
            *(text(has, codes.ALGORITHM_PARAMETERS, said) for said in self.parameters),
        ]


class _Writer:
    """Builds the tree of one report; ``_library`` are the entries that its findings refer to."""

    def __init__(self, report: ReadReport, cad: CadResult, sources: Sequence[SourceImage]) -> None:
        self._report = report
        self._cad = cad
        self._sources = {source.image.sop_instance_uid: source for source in sources}
        self._flagged = {mark.id for mark in cad.marks}
        self._marks = tuple({mark.id: mark for mark in (*cad.marks, *report.shown)}.values())
        self._status = dict(_statuses(cad, tuple(self._sources)))
        self._library: dict[tuple[str, int], Item] = {}

    def document(self) -> Item:
        """Return the root of the document."""
        root = container(None, codes.REPORT)
        library = container(Relation.CONTAINS, codes.IMAGE_LIBRARY).add(*self._entries())
        return root.add(
            code(Relation.HAS_CONCEPT_MOD, codes.LANGUAGE, codes.ENGLISH),
            library,
            self._summary(),
            self._detections(),
            # The model detects and analyses nothing; what links two marks is the reader.
            code(Relation.CONTAINS, codes.ANALYSES, codes.NOT_ATTEMPTED),
        )

    # -- images ------------------------------------------------------------------------------

    def _entries(self) -> Iterable[Item]:
        for name, source in self._sources.items():
            self._library[name, 0] = library_entry(source)
        for mark in self._marks:
            place = mark.sop_instance_uid, mark.frame
            if mark.sop_instance_uid not in self._sources:
                raise DicomError(
                    f"a mark ({mark.id}) on an image that is no part of the read",
                    expected="marks on the images of the read",
                    todo="export the read with all its images",
                )
            if place not in self._library:
                source = self._sources[mark.sop_instance_uid]
                self._library[place] = library_entry(source, mark.frame)
        return self._library.values()

    def _with_status(self, status: AnalysisStatus) -> list[str]:
        return [name for name, met in self._status.items() if met is status]

    # -- findings ----------------------------------------------------------------------------

    def _summary(self) -> Item:
        """Return TID 4001; "all succeeded" only where every image of the read was read."""
        read = len(self._with_status(AnalysisStatus.ANALYZED))
        if read == 0:
            said = codes.NONE_WITHOUT
        elif read < len(self._status):
            said = codes.SOME_WITH if self._marks else codes.SOME_WITHOUT
        else:
            said = codes.ALL_WITH if self._marks else codes.ALL_WITHOUT
        summary = code(Relation.CONTAINS, codes.SUMMARY, said)
        summary.add(text(Relation.HAS_PROPERTIES, codes.IMPRESSION_TEXT, self._in_words()))
        summary.add(*_Algorithm(name=MODEL_NAME, version=self._report.software).items())
        paired = self._pairs()
        in_pairs = {mark.id for pair in paired for mark in pair}
        for pair in paired:
            summary.add(self._impression(pair, [self._composite(pair)]))
        for mark in self._marks:
            if mark.id not in in_pairs:
                finding = self._finding(mark, Relation.CONTAINS)
                summary.add(self._impression([mark], [finding]))
        return summary

    def _in_words(self) -> str:
        """Return what the codes cannot say: why images were not read, and the model's caveats."""
        labels = {name: source.image.label for name, source in self._sources.items()}
        said = [_NOTICE, *self._cad.caveats]
        if self._cad.outcome is not AnalysisOutcome.DONE:
            said.append(f"Analysis {self._cad.outcome.value}: {self._cad.reason or 'no reason'}.")
        for view in self._cad.views:
            name = labels.get(view.sop_instance_uid, "an image")
            if view.status is not AnalysisStatus.ANALYZED:
                said.append(f"{name} {view.status.value}: {view.reason or 'no reason'}.")
            said += [f"{name}: {note}." for note in view.notes]
        return "\n".join(said)

    def _impression(self, marks: Sequence[CadMark], items: Iterable[Item]) -> Item:
        found = container(Relation.INFERRED_FROM, codes.IMPRESSION)
        return found.add(self._intent(marks), *items)

    def _composite(self, pair: Sequence[CadMark]) -> Item:
        """Return TID 4004: marks that the reader took for one finding seen in several views."""
        kinds = {mark.kind for mark in pair}
        value = codes.MASS_WITH_CALCIFICATIONS
        if len(kinds) == 1 or "architectural-distortion" in kinds:
            value = _coded(codes.COMPOSITES, min(kinds))
        linked = _Algorithm(name="linked by the reader", version=self._report.software)
        has = Relation.HAS_PROPERTIES
        return code(Relation.CONTAINS, codes.COMPOSITE, value).add(
            self._intent(pair),
            code(has, codes.COMPOSITE_TYPE, codes.RELATED_SPATIALLY),
            code(has, codes.SCOPE, codes.ON_MULTIPLE_IMAGES),
            *linked.items(),
            *(self._finding(mark, Relation.INFERRED_FROM) for mark in pair),
        )

    def _finding(self, mark: CadMark, relation: Relation) -> Item:
        """Return TID 4006: the peak is the centre, since the outline's may lie outside of it."""
        has = Relation.HAS_PROPERTIES
        finding = code(relation, codes.SINGLE_FINDING, _coded(codes.FINDINGS, mark.kind))
        intent = self._intent([mark])
        if mark.id not in self._flagged:
            intent.add(number(has, codes.OPERATING_POINT, 1, codes.FROM_ONE))
        finding.add(
            intent,
            text(Relation.HAS_OBS_CONTEXT, codes.TRACKING_TEXT, mark.id),
            uid(Relation.HAS_OBS_CONTEXT, codes.TRACKING_UID, mark_uid(self._report, mark.id)),
            *self._algorithm().items(),
            *self._certainty(mark),
            self._placed(mark, codes.CENTRE, "POINT", [mark.peak]),
        )
        if len(mark.outline) > 2:
            closed = [*mark.outline, mark.outline[0]]
            finding.add(self._placed(mark, codes.OUTLINE, "POLYLINE", closed))
        return finding

    def _certainty(self, mark: CadMark) -> Iterator[Item]:
        if mark.scored:
            percent = round(100 * mark.score, 4)
            yield number(Relation.HAS_PROPERTIES, codes.CERTAINTY, percent, codes.PERCENT)

    def _placed(
        self, mark: CadMark, concept: Code, graphic_type: str, points: Iterable[ImagePoint]
    ) -> Item:
        entry = self._library[mark.sop_instance_uid, mark.frame]
        drawn = coordinates(Relation.HAS_PROPERTIES, concept, graphic_type, points)
        return drawn.add(referring_to(Relation.SELECTED_FROM, entry))

    def _intent(self, marks: Iterable[CadMark]) -> Item:
        """Return the rendering intent: what holds a mark to be presented is to be, too."""
        required = any(mark.id in self._flagged for mark in marks)
        said = codes.REQUIRED if required else codes.OPTIONAL
        return code(Relation.HAS_CONCEPT_MOD, codes.RENDERING_INTENT, said)

    def _pairs(self) -> list[list[CadMark]]:
        """Return the marks of several images of a breast that the reader gave to one finding."""
        sides = {name: s.image.laterality.value for name, s in self._sources.items()}
        given = {a.mark_id: a.finding_id for a in self._report.answers if a.finding_id}
        groups: dict[object, list[CadMark]] = {}
        for mark in self._marks:
            side = sides[mark.sop_instance_uid]
            if mark.id in given and side is not None:
                groups.setdefault((given[mark.id], side), []).append(mark)
        return [g for g in groups.values() if len({m.sop_instance_uid for m in g}) > 1]

    # -- what was run ------------------------------------------------------------------------

    def _detections(self) -> Item:
        """Return the summary of detections, TID 4015; what was not attempted is not mentioned."""
        read = self._with_status(AnalysisStatus.ANALYZED)
        failed = self._with_status(AnalysisStatus.FAILED)
        said = codes.PARTLY_SUCCEEDED if read and failed else codes.SUCCEEDED
        if not read:
            said = codes.FAILED if failed else codes.NOT_ATTEMPTED
        detections = code(Relation.CONTAINS, codes.DETECTIONS, said)
        for concept, names in (
            (codes.SUCCESSFUL_DETECTIONS, read),
            (codes.FAILED_DETECTIONS, failed),
        ):
            if names:
                held = container(Relation.INFERRED_FROM, concept)
                detections.add(held.add(*(self._detection(kind, names) for kind in self._kinds())))
        return detections

    def _detection(self, kind: str, names: Iterable[str]) -> Item:
        """Return TID 4017, with the operating points that the findings use (TID 4023)."""
        has = Relation.HAS_PROPERTIES
        detection = code(Relation.CONTAINS, codes.DETECTION, _coded(codes.FINDINGS, kind))
        detection.add(*self._algorithm().items())
        detection.add(*(referring_to(has, self._library[name, 0]) for name in names))
        highest = int(any(mark.id not in self._flagged for mark in self._marks))
        return detection.add(
            number(has, codes.MAXIMUM_OPERATING_POINT, highest, codes.ARBITRARY),
            number(has, codes.RECOMMENDED_OPERATING_POINT, 0, codes.FROM_ZERO),
        )

    def _kinds(self) -> list[str]:
        seen = [mark.kind for mark in self._marks]
        seen += [heat.kind for _, maps in self._report.heatmaps for heat in maps]
        return list(dict.fromkeys([*(self._cad.kinds or _USUAL_KINDS), *seen]))

    def _algorithm(self) -> _Algorithm:
        model = self._cad.model
        said = {
            "bundle SHA-256": model.sha256,
            "operating point": self._cad.operating_point,
            "device": self._cad.device,
        }
        return _Algorithm(
            name=model.name or f"{MODEL_NAME}: no model was open",
            version=model.version or self._report.software,
            parameters=tuple(f"{name}: {value}" for name, value in said.items() if value),
        )


def _coded(group: Mapping[str, Code], kind: str) -> Code:
    found = group.get(kind)
    if found is None:
        raise DicomError(
            f"a finding of kind {kind!r}, which has no code in a CAD report",
            expected=", ".join(codes.FINDINGS),
            todo="export the read in another format",
        )
    return found


def _statuses(cad: CadResult, names: Sequence[str]) -> Iterator[tuple[str, AnalysisStatus]]:
    """Say of each image whether it was read; of one that the result leaves out, what it implies."""
    otherwise = (
        AnalysisStatus.FAILED
        if cad.outcome is AnalysisOutcome.FAILED
        else AnalysisStatus.NOT_SUPPORTED
    )
    said = {view.sop_instance_uid: view.status for view in cad.views}
    for name in names:
        yield name, said.get(name, otherwise)
