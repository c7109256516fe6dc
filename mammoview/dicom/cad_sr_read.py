"""CAD reports of other makers, read tolerantly: what is missing is done without, and said.

Reads TID 4000 of any year: coded in SNOMED RT or CT, images referred to by relationship or named in
place, an outline without a centre, no list of detections, no library.  What cannot be drawn is
counted in the report's notes and never moved to a place that it might have meant.

Source: PS3.16 TID 4000 to 4023, PS3.3 C.18.6 (spatial coordinates), PS3.4 O.2.2.1 (what is drawn).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from mammoview.dicom.codes import LATERALITIES
from mammoview.dicom.header import Header, quiet_pydicom
from mammoview.dicom.source import DicomFile, open_dicom
from mammoview.domain.cad_report import (
    Algorithm,
    CadReport,
    CadReportFile,
    ReportedImage,
    ReportedMark,
)
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.prediction import AnalysisStatus
from mammoview.errors import DicomError
from mammoview.imaging.measure import ellipse_outline
from mammoview.words import translate

CAD_SR_CLASS = "1.2.840.10008.5.1.4.1.1.88.50"

_KINDS = {
    "129793001": "mass",
    "F-01796": "mass",
    "129788004": "mass",
    "F-01791": "mass",
    "129769006": "calcification",
    "F-01775": "calcification",
    "129770007": "calcification",
    "F-01776": "calcification",
    "129792006": "architectural-distortion",
    "F-01795": "architectural-distortion",
}
# Told of the image or the breast, not of a place that somebody should look at.
_NO_LESIONS = {
    "129715009",
    "F-01710",
    "24142002",
    "T-04100",
    "111099",
    "111100",
    "111101",
    "111102",
}
_DEEPEST = 40
_REQUIRED, _OPTIONAL, _NOT_SHOWN = "111150", "111151", "111152"
_LISTS = {"111063": AnalysisStatus.ANALYZED, "111025": AnalysisStatus.FAILED}


def is_cad_report(file: DicomFile) -> bool:
    """Tell whether an open file is a Mammography CAD SR."""
    return file.header.text("SOPClassUID") == CAD_SR_CLASS


def read_cad_report(path: Path, file: DicomFile, *, archive: Path | None = None) -> CadReport:
    """Read a Mammography CAD SR.

    Parameters
    ----------
    path : Path
        Where the file is.
    file : DicomFile
        The open file.
    archive : Path, optional
        The zip archive that holds it.

    Raises
    ------
    DicomError
        If it has no identifiers or no content.
    """
    header = file.header
    uid, study = header.text("SOPInstanceUID"), header.text("StudyInstanceUID")
    if not uid or not study or not header.items("ContentSequence"):
        raise DicomError(
            translate("Files", "a CAD report without identifiers or content"),
            expected=translate("Files", "a Mammography CAD SR"),
            todo=translate("Files", "have it sent again from its source"),
        )
    tree = _Tree(header)
    marks = tuple(tree.marks())
    images = tree.images(marks)
    maker = " ".join(filter(None, map(header.text, ("Manufacturer", "ManufacturerModelName"))))
    source = CadReportFile(
        file=path,
        archive=archive,
        sop_instance_uid=uid,
        study_key=study,
        maker=maker or "unknown maker",
        made=_digits(header.text("ContentDate")) + _digits(header.text("ContentTime")),
        algorithms=tree.algorithms(_PERFORMED) or _by_equipment(header, maker),
        found_by=tree.algorithms(_PERFORMED, _FINDING),
        images=tuple(image.sop_instance_uid for image in images),
    )
    return CadReport(
        source=source,
        images=images,
        marks=marks,
        highest=tree.highest,
        recommended=tree.recommended,
        notes=tree.notes(),
    )


def load_cad_report(source: CadReportFile) -> CadReport:
    """Read what a report found; for whoever may see it (see ``review.blinding``).

    Raises
    ------
    DicomError
        If the file is gone, or is another one by now.
    """
    with quiet_pydicom(), open_dicom(source.file, source.archive) as file:
        found = read_cad_report(source.file, file, archive=source.archive)
    if found.source != source:
        raise DicomError(
            translate("Files", "another CAD report than was there when the study was opened"),
            expected=translate("Files", "the same file"),
            todo=translate("Files", "open the study again"),
        )
    return found


_PERFORMED, _FINDING = "111022", "111059"  # a detection that ran; a finding in a single image


class _Tree:
    """The content of one report; counts what it leaves out."""

    def __init__(self, root: Header) -> None:
        self._root = root
        self._uid = root.text("SOPInstanceUID")
        self._all_items = [(item, _concept(item)) for item in self._walk(root)]
        self._left_out: Counter[str] = Counter()
        self._found = 0
        points = [_number(item) for item in self._all("111072")]
        seen = [_number(item) for item in self._all("111071")]
        optional = any(_value(item)[0] == _OPTIONAL for item in self._all("111056"))
        self.highest = int(max([*points, *seen, int(optional)], default=0))
        advised = [_number(item) for item in self._all("111092")]
        self.recommended = int(max(advised, default=0))

    def marks(self) -> Iterator[ReportedMark]:
        """Give the marks that may be drawn at some operating point."""
        yield from self._marks_below(self._root, 0, 0)

    def algorithms(self, *concepts: str) -> tuple[Algorithm, ...]:
        """Return the algorithms of some kinds of item, without what made a summary of them."""
        found = {}
        for concept in concepts:
            for item in self._all(concept):
                name = _first_text(item, "111001")
                if name:
                    version = _first_text(item, "111003")
                    found[name, version] = Algorithm(name=name, version=version)
        return tuple(found.values())

    def images(self, marks: Sequence[ReportedMark]) -> tuple[ReportedImage, ...]:
        """Return the images of the library, and those that are only named elsewhere."""
        found: dict[str, ReportedImage] = {}
        for item, _ in self._all_items:
            if item.text("ValueType") == "IMAGE":
                image = _reported(item)
                if image.sop_instance_uid and image.sop_instance_uid not in found:
                    found[image.sop_instance_uid] = image
        statuses = self._statuses()
        if not statuses and self._says_all_ran():
            statuses = dict.fromkeys(found, AnalysisStatus.ANALYZED)
        marked = {mark.sop_instance_uid: AnalysisStatus.ANALYZED for mark in marks}
        statuses = {**marked, **statuses}
        return tuple(
            replace(image, status=statuses.get(uid, image.status)) for uid, image in found.items()
        )

    def notes(self) -> tuple[str, ...]:
        """Return what was left out, counted."""
        return tuple(f"{count} {what}" for what, count in self._left_out.items())

    # -- walking -----------------------------------------------------------------------------

    def _walk(self, item: Header, depth: int = 0) -> Iterator[Header]:
        yield item
        if depth < _DEEPEST:
            for child in item.items("ContentSequence"):
                yield from self._walk(child, depth + 1)

    def _all(self, concept: str) -> list[Header]:
        return [item for item, name in self._all_items if name == concept]

    def _followed(self, item: Header) -> Header | None:
        """Return what an item refers to, or itself; None where the path leads nowhere."""
        path = [int(number) for number in item.numbers("ReferencedContentItemIdentifier")]
        if not path:
            return item
        found = self._root
        for number in path[1:]:
            children = found.items("ContentSequence")
            if not 1 <= number <= len(children):
                return None
            found = children[number - 1]
        return found

    def _images_of(self, item: Header) -> Iterator[Header]:
        """Give the images that an item is of, named in place or by relationship."""
        for child in item.items("ContentSequence"):
            target = self._followed(child)
            if target is not None and target.text("ValueType") == "IMAGE":
                yield target

    def _statuses(self) -> dict[str, AnalysisStatus]:
        """Return where algorithms ran; one that failed counts more than one that ran."""
        found: dict[str, AnalysisStatus] = {}
        for concept, status in _LISTS.items():
            for held in self._all(concept):
                for performed in held.items("ContentSequence"):
                    for image in self._images_of(performed):
                        found[_image_uid(image)] = status
        return found

    def _says_all_ran(self) -> bool:
        said = [_value(item)[0] for item in (*self._all("111064"), *self._all("111017"))]
        return any(value in ("111222", "111241", "111242") for value in said)

    # -- findings ----------------------------------------------------------------------------

    def _marks_below(self, item: Header, level: int, depth: int) -> Iterator[ReportedMark]:
        """Give the marks below an item, which is itself drawn from ``level`` on."""
        if depth >= _DEEPEST:
            return
        for child in item.items("ContentSequence"):
            from_level = self._level(child, level)
            if from_level is None:  # not for presentation: nothing below it is, either
                continue
            if _concept(child) == "111059":
                yield from self._mark(child, from_level)
            elif _concept(child) not in ("111028", "111064", "111065"):
                yield from self._marks_below(child, from_level, depth + 1)

    def _level(self, item: Header, above: int) -> int | None:
        """Return from which operating point on an item is drawn; None: never."""
        intents = [c for c in item.items("ContentSequence") if _concept(c) == "111056"]
        said = _value(intents[0])[0] if intents else ""
        if said == _NOT_SHOWN:
            return None
        if said != _OPTIONAL:
            return above
        stated = [
            _number(n) for n in intents[0].items("ContentSequence") if _concept(n) == "111071"
        ]
        # One without a level is the last to come; what only holds others opens at once.
        unsaid = self.highest if _concept(item) == "111059" else 1
        return max(above, int(stated[0]) if stated else unsaid, 1)

    def _mark(self, item: Header, level: int) -> Iterator[ReportedMark]:
        """Give the mark of a finding.  Parts of it, as single calcifications, are no marks."""
        value, meaning = _value(item)
        if value in _NO_LESIONS:
            self._left_out[
                translate("Files", "finding(s) that are no lesion, not drawn ({value})").format(
                    value=meaning or value
                )
            ] += 1
            return
        centre, outline = self._drawn(item, "111010"), self._drawn(item, "111041")
        image = next((image for _, image in (centre, outline) if image is not None), None)
        image = image or next(self._images_of(item), None)
        if image is None or not (centre[0] or outline[0]):
            self._left_out[
                translate("Files", "finding(s) without a place or an image, not drawn")
            ] += 1
            return
        certainty = [_number(n) for n in _children(item, "111012")]
        self._found += 1
        yield ReportedMark(
            id=f"{self._uid}#{self._found}",  # tracking ids may be those of a pair
            kind=_KINDS.get(value, meaning.lower() or "finding"),
            sop_instance_uid=_image_uid(image),
            frame=_frame(image),
            centre=centre[0][0] if centre[0] else _middle(outline[0]),
            outline=outline[0],
            certainty=min(max(certainty[0] / 100, 0.0), 1.0) if certainty else None,
            level=level,
        )

    def _drawn(self, item: Header, concept: str) -> tuple[tuple[ImagePoint, ...], Header | None]:
        """Return the points of a finding's centre or outline, and their image."""
        for child in _children(item, concept):
            points = _points(child)
            if points:
                return points, next(self._images_of(child), None)
        return (), None


def _reported(item: Header) -> ReportedImage:
    """Return an image with what its library entry says (TID 4020)."""
    row, column = _first_text(item, "111044").upper(), _first_text(item, "111043").upper()
    row_mm, col_mm = _millimetres(item, "111066"), _millimetres(item, "111026")
    rows, cols = (int(_first_number(item, concept)) for concept in ("110910", "110911"))
    return ReportedImage(
        sop_instance_uid=_image_uid(item),
        rows=rows,
        cols=cols,
        directions=(row, column) if row and column else None,
        spacing_mm=(row_mm, col_mm) if row_mm > 0 and col_mm > 0 else None,
        side=next((LATERALITIES.get(_value(c)[0]) for c in _children(item, "111027")), None),
    )


def _points(item: Header) -> tuple[ImagePoint, ...]:
    """Return the points of an SCOORD; circles and ellipses as polygons (PS3.3 C.18.6.1.2)."""
    data = item.numbers("GraphicData")
    if len(data) < 2 or len(data) % 2 or not all(map(math.isfinite, data)):
        return ()
    points = tuple(ImagePoint(col=c, row=r) for c, r in zip(data[::2], data[1::2], strict=True))
    kind = item.text("GraphicType").upper()
    if kind == "CIRCLE":
        return _circle(points)
    if kind == "ELLIPSE":  # the ends of its major axis, then of its minor one
        return ellipse_outline(points) if len(points) == 4 else ()
    if len(points) > 2 and points[0] == points[-1]:
        return points[:-1]
    return points


def _circle(points: tuple[ImagePoint, ...]) -> tuple[ImagePoint, ...]:
    """Return the polygon of a circle: its centre, and a point on it."""
    if len(points) != 2:
        return ()
    centre, edge = points
    radius = math.hypot(edge.col - centre.col, edge.row - centre.row)
    ways = ((-radius, 0.0), (radius, 0.0), (0.0, -radius), (0.0, radius))
    return ellipse_outline([ImagePoint(col=centre.col + x, row=centre.row + y) for x, y in ways])


def _middle(points: Sequence[ImagePoint]) -> ImagePoint:
    """Return the middle of the box around an outline."""
    cols, rows = [p.col for p in points], [p.row for p in points]
    return ImagePoint(col=(min(cols) + max(cols)) / 2, row=(min(rows) + max(rows)) / 2)


def _by_equipment(header: Header, maker: str) -> tuple[Algorithm, ...]:
    version = " ".join(header.texts("SoftwareVersions"))
    return (Algorithm(name=maker, version=version),) if maker else ()


def _children(item: Header, concept: str) -> list[Header]:
    return [child for child in item.items("ContentSequence") if _concept(child) == concept]


def _concept(item: Header) -> str:
    return next((c.text("CodeValue") for c in item.items("ConceptNameCodeSequence")), "")


def _value(item: Header) -> tuple[str, str]:
    """Return code value and meaning of a CODE."""
    for found in item.items("ConceptCodeSequence"):
        return found.text("CodeValue"), found.text("CodeMeaning")
    return "", ""


def _number(item: Header) -> float:
    for measured in item.items("MeasuredValueSequence"):
        number = measured.number("NumericValue")
        if number is not None and math.isfinite(number):
            return number
    return 0.0


def _first_number(item: Header, concept: str) -> float:
    return next((_number(child) for child in _children(item, concept)), 0.0)


def _millimetres(item: Header, concept: str) -> float:
    """Return a spacing; the template allows micrometres, too."""
    for child in _children(item, concept):
        for measured in child.items("MeasuredValueSequence"):
            units = [u.text("CodeValue") for u in measured.items("MeasurementUnitsCodeSequence")]
            return _number(child) / (1000 if units == ["um"] else 1)
    return 0.0


def _first_text(item: Header, concept: str) -> str:
    """Return a TEXT, or the meaning of a CODE, which some makers write in its place."""
    return next(
        (child.text("TextValue") or _value(child)[1] for child in _children(item, concept)), ""
    )


def _image_uid(item: Header) -> str:
    references = item.items("ReferencedSOPSequence")
    return next((r.text("ReferencedSOPInstanceUID") for r in references), "")


def _frame(item: Header) -> int:
    for reference in item.items("ReferencedSOPSequence"):
        return reference.integer("ReferencedFrameNumber") or 0
    return 0


def _digits(text: str) -> str:
    return "".join(c for c in text.partition(".")[0] if c.isdigit())
