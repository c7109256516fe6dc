"""Whether an image is an acquired 2D view, made from others, or tomosynthesis, and its frames.

Source: PS3.3 C.8.11.7.1.4 (Image Type of mammograms), C.8.21.6.1.1 (of tomosynthesis),
C.7.6.16.2 (pixel measures, plane position and orientation of a frame), C.7.6.16.2.2.4
(concatenations).
"""

from __future__ import annotations

import itertools
import math
import re

import numpy as np

from mammoview.dicom.header import Header
from mammoview.domain.study import FrameStack, ImageKind
from mammoview.words import translate

TOMOSYNTHESIS = "1.2.840.10008.5.1.4.1.1.13.1.3"
PROJECTIONS = frozenset({"1.2.840.10008.5.1.4.1.1.13.1.4", "1.2.840.10008.5.1.4.1.1.13.1.5"})
TOMOSYNTHESIS_CLASSES = PROJECTIONS | {TOMOSYNTHESIS}
# What makers call their synthetic views: Hologic, GE, Siemens, Fujifilm.
_SYNTHETIC = re.compile(
    r"\b(C[- ]?VIEW|S[- ]?VIEW|V[- ]?PREVIEW|INSIGHT ?2D|INTELLIGENT ?2D|SYNTHETIC ?2D)\b"
)
# What makers write into ImageType of contrast-enhanced mammography: GE LOW_ENERGY, HIGH_ENERGY and
# RECOMBINED, others what they did (subtraction) or see (iodine).
_ENERGIES = (
    ("LOW_ENERGY", ImageKind.LOW_ENERGY),
    ("HIGH_ENERGY", ImageKind.HIGH_ENERGY),
    ("RECOMBINED", ImageKind.RECOMBINED),
    ("SUBTRACT", ImageKind.RECOMBINED),
    ("IODINE", ImageKind.RECOMBINED),
)
_RECOMBINED = re.compile(r"\b(RECOMBINED|SUBTRACT(ED|ION))\b")
_THICKEST_BREAST_MM = 300.0


def read_kind(header: Header, frames: int, warnings: list[str]) -> ImageKind:
    """Return what an image is.

    A synthetic view says ``GENERATED_2D``, an image of contrast-enhanced mammography which of the
    two energies it is of; older ones only by their description, which is used where the image is
    not an original one, with a warning.  An image of several frames is a
    volume, whatever its SOP class: some archives keep volumes as mammograms.

    Parameters
    ----------
    header : Header
        The image's header.
    frames : int
        Its number of frames.
    warnings : list of str
        Grows by what the user should know.
    """
    said = [value.upper() for value in header.texts("ImageType")]
    is_projection = header.text("SOPClassUID") in PROJECTIONS or "TOMO_PROJ" in said
    if frames > 1:
        return ImageKind.PROJECTION if is_projection else ImageKind.VOLUME
    if "GENERATED_2D" in said:
        return ImageKind.SYNTHETIC
    if is_projection:
        return ImageKind.PROJECTION
    if header.text("SOPClassUID") == TOMOSYNTHESIS or "TOMOSYNTHESIS" in said:
        return ImageKind.VOLUME
    for word, kind in _ENERGIES:
        if any(word in value for value in said):
            return kind
    return ImageKind.PLAIN if said[:1] == ["ORIGINAL"] else _described_kind(header, warnings)


def _described_kind(header: Header, warnings: list[str]) -> ImageKind:
    """Return what a description calls an image that is made from others."""
    described = f"{header.text('SeriesDescription')}\n{header.text('ProtocolName')}".upper()
    if _SYNTHETIC.search(described):
        warnings.append(
            translate("Files", "synthetic 2D image by its description, which is free text")
        )
        return ImageKind.SYNTHETIC
    if _RECOMBINED.search(described):
        warnings.append(
            translate("Files", "recombined image by its description, which is free text")
        )
        return ImageKind.RECOMBINED
    return ImageKind.PLAIN


def read_stack(header: Header, frames: int, warnings: list[str]) -> FrameStack | None:
    """Return the frames of a multi-frame image, with their heights where the header tells.

    They are kept in the order of the file, which is that of the numbers in reports.

    Parameters
    ----------
    header : Header
        The image's header.
    frames : int
        Its number of frames.
    warnings : list of str
        Grows by what the user should know.
    """
    if frames < 2:
        return None
    _check_same_grey(header, warnings)
    if header.has("ConcatenationUID"):
        part = header.integer("InConcatenationNumber") or "?"
        total = header.integer("InConcatenationTotalNumber") or "?"
        warnings.append(
            translate(
                "Files", "part {part} of {total} of a volume in several files: shown by itself"
            ).format(part=part, total=total)
        )
    heights = _heights_by_position(header, frames) or _heights_by_thickness(header, frames)
    if not heights:
        warnings.append(
            translate("Files", "no slice positions in the header: slices by number, not by mm")
        )
    elif not all(low < high for low, high in itertools.pairwise(heights)):
        warnings.append(
            translate(
                "Files", "slices that are not stored in order of height: by number, not by mm"
            )
        )
        heights = ()
    elif heights[-1] > _THICKEST_BREAST_MM:
        warnings.append(
            translate("Files", "slice positions that no breast has: slices by number, not by mm")
        )
        heights = ()
    return FrameStack(count=frames, heights_mm=heights)


def _heights_by_position(header: Header, frames: int) -> tuple[float, ...]:
    """Return how far each frame lies from the first one, across the slices."""
    groups = header.items("PerFrameFunctionalGroupsSequence")
    held = [group.items("PlanePositionSequence")[:1] for group in groups[:frames]]
    points = [item.numbers("ImagePositionPatient") for items in held for item in items]
    if len(points) != frames or not all(len(p) == 3 and all(map(math.isfinite, p)) for p in points):
        return ()
    ways = np.array(points) - points[0]
    normal = _normal(header)
    if normal is None:
        normal = ways[-1] / max(float(np.linalg.norm(ways[-1])), 1e-9)
    heights = ways @ normal
    return tuple(float(h) for h in (heights if heights[-1] >= 0 else -heights))


def _normal(header: Header) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]] | None:
    for item in header.functional_groups("PlaneOrientationSequence"):
        values = item.numbers("ImageOrientationPatient")
        if len(values) == 6:
            normal = np.cross(values[:3], values[3:])
            length = float(np.linalg.norm(normal))
            if math.isfinite(length) and length > 0.5:
                return np.asarray(normal / length, np.float64)
    return None


def _heights_by_thickness(header: Header, frames: int) -> tuple[float, ...]:
    """Return heights from the distance between slices, else from their thickness."""
    for item in header.functional_groups("PixelMeasuresSequence"):
        for keyword in ("SpacingBetweenSlices", "SliceThickness"):
            step = item.number(keyword)
            if step is not None and math.isfinite(step) and step > 0:
                return tuple(step * frame for frame in range(frames))
    return ()


def _check_same_grey(header: Header, warnings: list[str]) -> None:
    """Say where frames have grey values of their own: those of the first one are used for all."""
    groups = header.items("PerFrameFunctionalGroupsSequence")
    kinds = {
        tuple(
            item.numbers(keyword)
            for sequence, keywords in (
                ("PixelValueTransformationSequence", ("RescaleSlope", "RescaleIntercept")),
                ("FrameVOILUTSequence", ("WindowCenter", "WindowWidth")),
            )
            for item in group.items(sequence)
            for keyword in keywords
        )
        for group in groups
    }
    if len(kinds) > 1:
        warnings.append(
            translate(
                "Files", "frames with windows or rescaling of their own: those of frame 1 are used"
            )
        )
