"""IoU and Dice of the regions found against what was drawn: masks, or ellipses in boxes.

Both shapes are sampled at ``RASTER`` x ``RASTER`` points, spread evenly over the box around the
two of them, so that a cluster of 2 mm and a mass of 60 mm are measured equally well.  A mask takes
the pixel that a point lies in (nearest neighbour).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from mammoview.domain.geometry import ImageBox, ImagePoint
from mammoview.domain.prediction import Region
from mammoview.errors import DicomError
from trainer.bootstrap import Estimate, ratio
from trainer.detect import DetectedImage, best_hit, lesions_of
from trainer.labelled import LabelledBox
from trainer.pictures import decode_file

RASTER = 128
RASTER_TEXT = f"{RASTER} x {RASTER} points over the box around lesion and region"
# A box without width is no reason to divide by nothing.
_LEAST_PX = 1e-9
_PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")

_Floats = NDArray[np.float64]
_Inside = Callable[[_Floats, _Floats], NDArray[np.bool_]]


class Reference(StrEnum):
    """What a region was compared with."""

    MASK = "mask"
    ELLIPSE = "ellipse in the box"
    NONE = "set aside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Shared over covered area, and twice the shared over the sum of both: each 0..1."""

    iou: float
    dice: float


NO_OVERLAP = Overlap(iou=0.0, dice=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionOverlap:
    """How well the regions of its class cover one lesion.

    Attributes
    ----------
    picture : str
        Name of the mammogram: file names tell none apart in CBIS-DDSM.
    set_aside : str
        Why the lesion's mask cannot be used; else empty.
    hit_score : float
        Score of the best region whose peak lies in the lesion's box; minus infinity for none.
    hit : Overlap
        Of that region.
    best : Overlap
        The highest that any region of the class reaches, whatever its score.
    """

    lesion_id: str
    picture: str
    person: str
    kind: str
    reference: Reference
    set_aside: str
    hit_score: float
    hit: Overlap
    best: Overlap


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapMeans:
    """Means over the hit lesions, and over all with 0 for a missed one."""

    hits: int
    iou_hit: Estimate
    iou_all: Estimate
    dice_hit: Estimate
    dice_all: Estimate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Shape:
    """Where something is: a box around it, and a test of points ``(cols, rows)``."""

    box: ImageBox
    inside: _Inside


class _UnusableMaskError(Exception):
    """A mask that cannot be used, with the reason for the report."""


def measure_overlaps(detected: Iterable[DetectedImage], kind: str) -> tuple[LesionOverlap, ...]:
    """Measure every lesion of one class, in the order of pictures and lesions.

    With progress where there are masks: a mask of a whole mammogram is read for each.
    """
    pairs = [(item, lesion) for item in detected for lesion in lesions_of(item, kind)]
    bare = all(lesion.mask is None for _, lesion in pairs)
    progress = tqdm(pairs, "overlap", unit="lesion", disable=bare)
    return tuple(_measure(item, lesion, kind) for item, lesion in progress)


def overlap_means(overlaps: Sequence[LesionOverlap], threshold: float) -> OverlapMeans:
    """Return the means where regions count from a score on, with intervals by person."""
    people = [item.person for item in overlaps]
    is_hit = np.array([item.hit_score >= threshold for item in overlaps], np.float64)
    iou = is_hit * np.array([item.hit.iou for item in overlaps])
    dice = is_hit * np.array([item.hit.dice for item in overlaps])
    everyone = np.ones(len(overlaps))
    return OverlapMeans(
        hits=int(is_hit.sum()),
        iou_hit=ratio(people, iou, is_hit),
        iou_all=ratio(people, iou, everyone),
        dice_hit=ratio(people, dice, is_hit),
        dice_all=ratio(people, dice, everyone),
    )


def best_means(overlaps: Sequence[LesionOverlap]) -> tuple[Estimate, Estimate]:
    """Return the mean over all lesions of the best achievable IoU, and Dice."""
    people = [item.person for item in overlaps]
    everyone = np.ones(len(overlaps))
    iou, dice = ([getattr(item.best, name) for item in overlaps] for name in ("iou", "dice"))
    return ratio(people, iou, everyone), ratio(people, dice, everyone)


def _measure(item: DetectedImage, lesion: LabelledBox, kind: str) -> LesionOverlap:
    regions = [region for region in item.regions if region.kind == kind]
    hit = best_hit(item, lesion, kind)
    reference, reason = Reference.ELLIPSE, ""
    shape: _Shape | None = _ellipse(lesion.box)
    if lesion.mask is not None:
        reference = Reference.MASK
        try:
            shape = _mask_shape(read_mask(lesion.mask), item.rows, item.cols)
        except _UnusableMaskError as error:
            shape, reference = None, Reference.NONE
            reason = f"mask {lesion.mask.name}: {error}"
    found = {id(region): _overlap(shape, region) for region in regions if shape is not None}
    return LesionOverlap(
        lesion_id=lesion.lesion_id,
        picture=item.image.mammogram,
        person=item.image.person,
        kind=kind,
        reference=reference,
        set_aside=reason,
        hit_score=hit.score if hit is not None else -np.inf,
        hit=found.get(id(hit), NO_OVERLAP),
        best=max(found.values(), key=lambda overlap: overlap.iou, default=NO_OVERLAP),
    )


def _overlap(shape: _Shape, region: Region) -> Overlap:
    """Sample a lesion and a region; an outline of less than three points covers nothing."""
    if len(region.outline) < 3 or not _boxes_meet(shape.box, region.box):
        return NO_OVERLAP
    cols, rows = _sample_points(shape.box, region.box)
    lesion, found = shape.inside(cols, rows), _in_polygon(region.outline, cols, rows)
    shared, both = int((lesion & found).sum()), int(lesion.sum() + found.sum())
    if not shared:
        return NO_OVERLAP
    return Overlap(iou=shared / (both - shared), dice=2 * shared / both)


def _boxes_meet(a: ImageBox, b: ImageBox) -> bool:
    return a.col0 < b.col1 and b.col0 < a.col1 and a.row0 < b.row1 and b.row0 < a.row1


def _sample_points(a: ImageBox, b: ImageBox) -> tuple[_Floats, _Floats]:
    """Return cols and rows of the raster's points, each flat."""
    at = (np.arange(RASTER) + 0.5) / RASTER
    col0, row0 = min(a.col0, b.col0), min(a.row0, b.row0)
    cols = col0 + (max(a.col1, b.col1) - col0) * at
    rows = row0 + (max(a.row1, b.row1) - row0) * at
    grid_cols, grid_rows = np.meshgrid(cols, rows)
    return grid_cols.ravel(), grid_rows.ravel()


def _in_polygon(outline: Sequence[ImagePoint], cols: _Floats, rows: _Floats) -> NDArray[np.bool_]:
    from matplotlib.path import Path as Outline

    corners = [(point.col, point.row) for point in (*outline, outline[0])]
    closed = Outline(np.array(corners), closed=True)
    return np.asarray(closed.contains_points(np.stack([cols, rows], axis=1)))


def _ellipse(box: ImageBox) -> _Shape:
    middle = box.centre()
    across = max((box.col1 - box.col0) / 2, _LEAST_PX)
    down = max((box.row1 - box.row0) / 2, _LEAST_PX)
    return _Shape(
        box=box,
        inside=lambda cols, rows: (
            ((cols - middle.col) / across) ** 2 + ((rows - middle.row) / down) ** 2 <= 1.0
        ),
    )


def _mask_shape(mask: NDArray[np.bool_], rows: int, cols: int) -> _Shape:
    """Lay a mask over its mammogram of (rows, cols)."""
    if not _fits(mask.shape, (rows, cols)):
        raise _UnusableMaskError(
            f"{mask.shape[1]} x {mask.shape[0]} pixels for a mammogram of {cols} x {rows}"
        )
    set_rows, set_cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(set_rows):
        raise _UnusableMaskError("no pixel is set")
    down, across = rows / mask.shape[0], cols / mask.shape[1]

    def inside(at_cols: _Floats, at_rows: _Floats) -> NDArray[np.bool_]:
        r = np.clip((at_rows / down).astype(np.intp), 0, mask.shape[0] - 1)
        c = np.clip((at_cols / across).astype(np.intp), 0, mask.shape[1] - 1)
        return np.asarray(mask[r, c])

    box = ImageBox(
        col0=set_cols[0] * across,
        row0=set_rows[0] * down,
        col1=(set_cols[-1] + 1) * across,
        row1=(set_rows[-1] + 1) * down,
    )
    return _Shape(box=box, inside=inside)


def _fits(mask: tuple[int, ...], image: tuple[int, int]) -> bool:
    """Tell whether a mask has its mammogram's size, or that at the scanner's other pitch."""
    from trainer.cbis.join import is_other_pitch

    return mask == image or is_other_pitch(mask[0] / image[0], mask[1] / image[1])


def read_mask(file: Path) -> NDArray[np.bool_]:
    """Read a mask of 0 and 255: an 8-bit picture or a DICOM image, (rows, cols).

    What lies above the middle is inside, so that a JPEG's ripples do not count.
    """
    pixels = _read_picture(file) if file.suffix.lower() in _PICTURES else _read_dicom(file)
    if pixels.dtype != np.uint8 or pixels.ndim != 2:
        raise _UnusableMaskError(f"{pixels.dtype} of shape {pixels.shape}, not 8-bit grey")
    return np.asarray(pixels.astype(np.uint8, copy=False) > 127)


def _read_picture(file: Path) -> NDArray[np.generic]:
    try:
        return decode_file(file)
    except ValueError as error:
        raise _UnusableMaskError(f"cannot be decoded ({error})") from error


def _read_dicom(file: Path) -> NDArray[np.generic]:
    from mammoview.dicom.decode import decode_open
    from mammoview.dicom.source import open_dicom

    try:
        with open_dicom(file) as opened:
            return decode_open(opened)
    except DicomError as error:
        raise _UnusableMaskError(error.met) from error
