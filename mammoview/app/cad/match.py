"""Marks of a CAD report on the images that are shown: on the same image, or moved, or not at all.

A report often names the For Processing image, and the reader sees the one for presentation.  Where
that says that it was made from the other with its places kept, the marks are drawn as they are;
where it was only turned, or does not say, orientation, spacing and size of both must tell the way.
Anything that does not agree is a reason not to draw, which the screen says.

Source: PS3.3 C.7.6.1.1.4 (Spatial Locations Preserved), reference "Reading other people's CAD SR".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mammoview.domain.cad_report import CadReport, ReportedImage, ReportedMark
from mammoview.domain.geometry import Affine2D, ImageBox, ImagePoint
from mammoview.domain.prediction import (
    AnalysisStatus,
    ExamPrediction,
    ModelIdentity,
    Region,
    StageSeconds,
    ViewPrediction,
)
from mammoview.domain.study import Mammogram, Preserved
from mammoview.imaging.orientation import pose_affine, pose_from_patient_orientation, posed_shape
from mammoview.words import translate

# Header values are rounded: sizes in millimetres agree to half a percent.
_SAME = 0.005
_NO_TIME = StageSeconds(decode=0.0, prepare=0.0, network=0.0, regions=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How an image of a report lies in one that is shown; ``reason`` why it cannot be told."""

    to_shown: Affine2D | None
    reason: str = ""


def result_of(report: CadReport, mammograms: Sequence[Mammogram], *, level: int) -> ExamPrediction:
    """Return what a report says of some images, as if the computer here had found it.

    Parameters
    ----------
    report : CadReport
        The report.
    mammograms : sequence of Mammogram
        The images of the examination.
    level : int
        CAD operating point: marks above it are kept, not flagged.

    Returns
    -------
    ExamPrediction
        Without heatmaps.  An image that the report does not name, or whose marks cannot be placed,
        is "not supported", with the reason.
    """
    views = tuple(
        _view(report, mammogram, mammograms, level)
        for mammogram in mammograms
        if not mammogram.left_out
    )
    versions = " + ".join(a.version for a in report.source.named if a.version)
    names = " + ".join(a.name for a in report.source.named) or report.source.maker
    return ExamPrediction(
        model=ModelIdentity(name=names, version=versions, sha256=""),
        device=translate("CAD report", "CAD report of {maker}").format(maker=report.source.maker),
        operating_point=str(level),
        views=views,
    )


def match(image: ReportedImage, shown: Mammogram, mammograms: Sequence[Mammogram]) -> Match | None:
    """Return how an image of a report lies in a shown one; None where they are not related.

    Parameters
    ----------
    image : ReportedImage
        As the report's library describes it.
    shown : Mammogram
        An image of the examination.
    mammograms : sequence of Mammogram
        All of them: the image itself may be there and say what the library does not.
    """
    origin = next((o for o in shown.origins if o.sop_instance_uid == image.sop_instance_uid), None)
    same = image.sop_instance_uid == shown.sop_instance_uid
    if not same and origin is None:
        return None
    if None not in (image.side, shown.laterality.value) and image.side != shown.laterality.value:
        said = translate("CAD report", "the report names the other breast for this image")
        return Match(to_shown=None, reason=said)
    if same or (origin is not None and origin.preserved is Preserved.YES):
        return _in_place(image, shown)
    if origin is not None and origin.preserved is Preserved.NO:
        said = translate("CAD report", "the report is of another image, whose places were not kept")
        return Match(to_shown=None, reason=said)
    itself = next((m for m in mammograms if m.sop_instance_uid == image.sop_instance_uid), None)
    return _moved(image, itself, shown)


def _in_place(image: ReportedImage, shown: Mammogram) -> Match:
    stated = image.rows, image.cols
    if 0 not in stated and stated != (shown.rows, shown.cols):
        said = translate("CAD report", "the report is of an image of another size")
        return Match(to_shown=None, reason=said)
    return Match(to_shown=Affine2D.identity())


def _moved(image: ReportedImage, itself: Mammogram | None, shown: Mammogram) -> Match:
    """Lay both images upright, where one millimetre must lie on the other."""
    unknown = translate(
        "CAD report", "the report is of another image, and its headers do not tell how it lies"
    )
    rows, cols = (
        image.rows or (itself.rows if itself else 0),
        image.cols or (itself.cols if itself else 0),
    )
    from_pose = itself.pose if itself is not None else None
    if image.directions is not None:
        side, view = shown.laterality.value, shown.view.value
        from_pose = pose_from_patient_orientation(*image.directions, side, view)
    if from_pose is None or shown.pose is None or not rows or not cols:
        return Match(to_shown=None, reason=unknown)
    upright = posed_shape(from_pose, rows, cols)
    wanted = posed_shape(shown.pose, shown.rows, shown.cols)
    scales = wanted[0] / upright[0], wanted[1] / upright[1]
    if not _scale_is_told(image, itself, shown, scales):
        said = translate("CAD report", "the report is of another image, of another size in mm")
        return Match(to_shown=None, reason=said)
    scaled = Affine2D.scale_translate(col_scale=scales[1], row_scale=scales[0], col0=0.0, row0=0.0)
    back = pose_affine(shown.pose, shown.rows, shown.cols).inverse()
    return Match(to_shown=pose_affine(from_pose, rows, cols).then(scaled).then(back))


def _scale_is_told(
    image: ReportedImage,
    itself: Mammogram | None,
    shown: Mammogram,
    scales: tuple[float, float],
) -> bool:
    """Tell whether the spacings explain the sizes: the same field, neither cut nor widened."""
    own = image.spacing_mm or (_at_detector(itself) if itself else None)
    theirs = _at_detector(shown)
    if own is None or theirs is None:
        return scales == (1.0, 1.0)
    ratios = own[0] / theirs[0], own[1] / theirs[1]
    if not math.isclose(ratios[0], ratios[1], rel_tol=_SAME):
        return False
    return all(math.isclose(scale, ratios[0], rel_tol=_SAME) for scale in scales)


def _at_detector(image: Mammogram) -> tuple[float, float] | None:
    """Return the spacing as the header has it, which is what a report's library repeats."""
    if image.spacing is None:
        return None
    factor = image.spacing.magnification
    return image.spacing.row_mm * factor, image.spacing.col_mm * factor


def _view(
    report: CadReport, shown: Mammogram, mammograms: Sequence[Mammogram], level: int
) -> ViewPrediction:
    found = [(image, match(image, shown, mammograms)) for image in report.images]
    related = [(image, how) for image, how in found if how is not None]
    if not related:
        said = translate("CAD report", "this image is not in the CAD report")
        return _without(shown, AnalysisStatus.NOT_SUPPORTED, said)
    reasons = [how.reason for _, how in related if how.to_shown is None]
    if reasons:
        cannot = translate("CAD report", "its marks cannot be drawn: {reason}")
        return _without(shown, AnalysisStatus.NOT_SUPPORTED, cannot.format(reason=reasons[0]))
    statuses = {image.status for image, _ in related}
    if AnalysisStatus.ANALYZED not in statuses:
        failed = AnalysisStatus.FAILED in statuses
        said = translate("CAD report", "the CAD report does not say that it was read")
        if failed:
            said = translate("CAD report", "the CAD report says that its algorithm failed")
        status = AnalysisStatus.FAILED if failed else AnalysisStatus.NOT_SUPPORTED
        return _without(shown, status, said)
    regions, outside = _regions(report, shown, related, level)
    notes = tuple(report.notes)
    if outside:
        said = translate("CAD report", "{count} mark(s) outside of the image, not drawn")
        notes = (*notes, said.format(count=outside))
    return _result(shown, AnalysisStatus.ANALYZED, "", regions, notes)


def _regions(
    report: CadReport,
    shown: Mammogram,
    related: Sequence[tuple[ReportedImage, Match]],
    level: int,
) -> tuple[tuple[Region, ...], int]:
    maps = {image.sop_instance_uid: how.to_shown for image, how in related}
    regions, outside = [], 0
    for mark in report.marks:
        to_shown = maps.get(mark.sop_instance_uid)
        if to_shown is None:
            continue
        region = _region(mark, to_shown, flagged=mark.level <= level)
        if 0 <= region.peak.col <= shown.cols and 0 <= region.peak.row <= shown.rows:
            regions.append(region)
        else:
            outside += 1
    return tuple(sorted(regions, key=lambda region: -region.score)), outside


def _region(mark: ReportedMark, to_shown: Affine2D, *, flagged: bool) -> Region:
    outline = tuple(to_shown.apply(point) for point in mark.outline)
    centre = to_shown.apply(mark.centre)
    return Region(
        kind=mark.kind,
        score=mark.certainty or 0.0,
        peak=centre,
        box=_box(outline or (centre,)),
        outline=outline,
        flagged=flagged,
        scored=mark.certainty is not None,
        frame=mark.frame,
    )


def _box(points: Sequence[ImagePoint]) -> ImageBox:
    cols, rows = [p.col for p in points], [p.row for p in points]
    return ImageBox(col0=min(cols), row0=min(rows), col1=max(cols), row1=max(rows))


def _without(shown: Mammogram, status: AnalysisStatus, reason: str) -> ViewPrediction:
    return _result(shown, status, reason, (), ())


def _result(
    shown: Mammogram,
    status: AnalysisStatus,
    reason: str,
    regions: tuple[Region, ...],
    notes: tuple[str, ...],
) -> ViewPrediction:
    best: dict[str, float] = {}
    for region in regions:
        best[region.kind] = max(best.get(region.kind, 0.0), region.score)
    return ViewPrediction(
        sop_instance_uid=shown.sop_instance_uid,
        status=status,
        reason=reason,
        scores=tuple(best.items()),
        heatmaps=(),
        regions=regions,
        seconds=_NO_TIME,
        notes=notes,
    )
