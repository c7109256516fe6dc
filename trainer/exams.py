"""Native examinations: which boxes a flag hits, and where the picture's own JPEG disagrees."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mammoview.dicom.decode import decode_pixels
from mammoview.dicom.index import index_paths
from mammoview.domain.geometry import ImageBox, ImagePoint, PixelSpacing
from mammoview.domain.prediction import AnalysisStatus, Region
from mammoview.domain.study import Mammogram
from mammoview.errors import DataError
from mammoview.imaging.grayscale import unit_values
from mammoview.imaging.resample import resample
from mammoview.inference.predictor import predict_view, read_values
from mammoview.inference.session import Session
from trainer.detect import detect
from trainer.labelled import LabelledImage
from trainer.pictures import assumed_spacing
from trainer.recipe import DataRecipe

# A flag of the native view and one of the JPEG are the same mark when this near, as a share of
# the image's height (2 % of 213 mm is about 4 mm, less than a map cell).
_SAME = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeBoxes:
    """Boxes of one native file, stored pixels, and the name of its 800-pixel picture."""

    file_name: str
    picture: str
    boxes: tuple[ImageBox, ...]


def read_native_boxes(file: Path) -> tuple[NativeBoxes, ...]:
    """Read ``native-exam-boxes.json``.

    Raises
    ------
    DataError
        If the file is not of that shape.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        return tuple(_native(name, entry) for name, entry in document.items())
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise DataError(
            f"{file.name} cannot be read ({type(error).__name__})",
            expected='{"FOLDER/FILE.dcm": {"cbis", "W", "H", "boxes_xywh"}}',
            todo="give the file of native boxes with --boxes",
        ) from error


def evaluate_exams(
    session: Session,
    paths: Sequence[Path],
    *,
    natives: Sequence[NativeBoxes],
    pictures: Sequence[LabelledImage],
    data: DataRecipe,
) -> dict[str, Any]:
    """Return for each native view its boxes, flags and hits, and how its JPEG differs."""
    by_name = {native.file_name: native for native in natives}
    by_picture = {image.file.name: image for image in pictures}
    views = []
    for examination in index_paths(paths).examinations:
        for mammogram in examination.mammograms:
            native = by_name.get(f"{mammogram.file.parent.name}/{mammogram.file.name}")
            if native is None:
                continue
            if native.picture not in by_picture:
                raise DataError(
                    f"picture {native.picture} is not in the data folder",
                    expected="the 800-pixel pictures of the same examinations",
                    todo="give their folder with --data",
                )
            jpeg = detect(session, [by_picture[native.picture]], data)[0].regions
            views.append(_view(session, examination.key, mammogram, native, jpeg, data))
    return {"hit_rule": "peak of a flagged region inside the box", "views": views}


def _native(name: str, entry: dict[str, Any]) -> NativeBoxes:
    _, _, person, side, view = str(entry["cbis"]).split("_")
    boxes = tuple(
        ImageBox(col0=x, row0=y, col1=x + w, row1=y + h) for x, y, w, h in entry["boxes_xywh"]
    )
    return NativeBoxes(file_name=name, picture=f"{person}_{side}_{view}.jpg", boxes=boxes)


def _view(
    session: Session,
    exam: str,
    mammogram: Mammogram,
    native: NativeBoxes,
    jpeg: Sequence[Region],
    data: DataRecipe,
) -> dict[str, Any]:
    stored = decode_pixels(mammogram)
    prediction = predict_view(session, mammogram, stored, operating_point=None, decode_seconds=0.0)
    if prediction.status is not AnalysisStatus.ANALYZED:
        raise DataError(
            f"{native.file_name} was not analysed ({prediction.reason})",
            expected="views that the model reads: one without marks would pass for a normal one",
            todo="take it out of the file of boxes, or mend what is the matter",
        )
    size = np.array([mammogram.cols, mammogram.rows], np.float64)
    flagged = [r for r in prediction.regions if r.flagged]
    return {
        "exam": exam,
        "view": mammogram.label,
        "boxes": [[b.col0, b.row0, b.col1, b.row1] for b in native.boxes],
        "flagged": [{"peak": [r.peak.col, r.peak.row], "score": r.score} for r in flagged],
        "hit": [any(box.contains(r.peak) for r in flagged) for box in native.boxes],
        "differences": _differences(prediction.regions, jpeg, size),
        "probes": _probes(
            session,
            unit_values(stored, mammogram.pixel_format),
            native.boxes,
            prediction.regions,
            jpeg,
            data,
        ),
    }


def _probes(
    session: Session,
    values: NDArray[np.float32],
    boxes: Sequence[ImageBox],
    found: Sequence[Region],
    jpeg: Sequence[Region],
    data: DataRecipe,
) -> dict[str, list[float]]:
    """Return the best score in each box as the native view turns into its picture by steps.

    The width that is assumed of the picture, then its 800 rows and columns, then the picture
    itself (grey stretched to its own maximum, JPEG): the step that moves a score is why.
    """
    spacing = assumed_spacing(values.shape, data)
    whole = ImageBox(col0=0, row0=0, col1=values.shape[1], row1=values.shape[0])
    squeezed, to_native = resample(values, box=whole, out_shape=(800, 800))
    to_squeezed = to_native.inverse()
    squeezed_boxes = tuple(to_squeezed.apply_box(box) for box in boxes)

    def read(image: NDArray[np.float32], given: PixelSpacing) -> tuple[Region, ...]:
        return read_values(session, image, spacing=given, operating_point=None).regions

    return {
        "native": _best(found, boxes),
        "assumed width": _best(read(values, spacing), boxes),
        "800x800": _best(read(squeezed, assumed_spacing((800, 800), data)), squeezed_boxes),
        "picture": _best(jpeg, squeezed_boxes),
    }


def _best(regions: Sequence[Region], boxes: Sequence[ImageBox]) -> list[float]:
    return [max((r.score for r in regions if b.contains(r.peak)), default=0.0) for b in boxes]


def _differences(
    native: Sequence[Region], jpeg: Sequence[Region], size: NDArray[np.float64]
) -> list[str]:
    """Name each flag of one that the other does not flag, with the other's score there."""
    ours = [(_share(r.peak, size), r) for r in native]
    theirs = [(_share(r.peak, np.array([800.0, 800.0])), r) for r in jpeg]
    found = []
    for name, mine, others in (("native", ours, theirs), ("800-pixel picture", theirs, ours)):
        for at, region in mine:
            near = [o.score for where, o in others if np.hypot(*(where - at)) <= _SAME]
            is_flagged = [
                o.flagged for where, o in others if np.hypot(*(where - at)) <= _SAME and o.flagged
            ]
            if region.flagged and not is_flagged:
                other = f"{max(near):.2f} there" if near else "no peak there"
                found.append(
                    f"flagged in the {name} alone at ({at[0]:.2f}, {at[1]:.2f}) of the image, "
                    f"score {region.score:.2f}; the other has {other}"
                )
    return found


def _share(point: ImagePoint, size: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([point.col, point.row]) / size
