"""Pictures with COCO boxes: a folder with ``_annotations.coco.json``, names person_SIDE_VIEW."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from mammoview.domain.geometry import ImageBox
from mammoview.errors import DataError
from trainer.labelled import (
    ANNOTATIONS,
    SIDES,
    LabelledBox,
    LabelledImage,
    SimulatedCluster,
    lesion_id,
)

_NAME = re.compile(r"^(?P<person>\d{5})_(?P<side>LEFT|RIGHT)_(?P<view>CC|MLO)$")

_Lesion = tuple[str, ImageBox, SimulatedCluster | None]


def read_coco(folder: Path) -> tuple[LabelledImage, ...]:
    """Read a folder of pictures with COCO boxes, sorted by file name.

    Raises
    ------
    DataError
        If the annotations are missing or broken, name a picture that is not there, or a picture's
        name does not tell person, side and view.
    """
    source = folder / ANNOTATIONS
    try:
        document = json.loads(source.read_text(encoding="utf-8"))
        kinds = {c["id"]: str(c["name"]).lower() for c in document["categories"]}
        names = {image["id"]: str(image["file_name"]) for image in document["images"]}
        boxes: dict[int, list[_Lesion]] = {key: [] for key in names}
        for annotation in document["annotations"]:
            boxes[annotation["image_id"]].append(_box(annotation, kinds))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"annotations {source.name} cannot be read ({type(error).__name__}: {error})",
            expected="COCO JSON with images, annotations and categories",
            todo="point to the folder that holds the pictures and their annotations",
        ) from error
    images = [_image(folder / names[key], boxes[key]) for key in names]
    return tuple(sorted(images, key=lambda image: image.file.name))


def _box(annotation: dict[str, Any], kinds: dict[int, str]) -> _Lesion:
    left, top, width, height = (float(v) for v in annotation["bbox"])
    box = ImageBox(col0=left, row0=top, col1=left + width, row1=top + height)
    kind = kinds[int(str(annotation["category_id"]))]
    return kind, box, _cluster(annotation.get("attributes") or {})


def _cluster(attributes: dict[str, Any]) -> SimulatedCluster | None:
    """Return what ``trainer.simulated`` wrote of a cluster; None of a lesion that is not its."""
    if not attributes.get("simulated"):
        return None
    height, width = attributes["extent_mm"]
    return SimulatedCluster(
        count=int(attributes["count"]),
        extent_mm=(float(height), float(width)),
        mean_diameter_mm=float(attributes["mean_diameter_mm"]),
        mean_contrast_od=float(attributes["mean_contrast_od"]),
        peak_grey=float(attributes["peak_grey"]),
        leading_type=str(attributes["leading_type"]),
    )


def _image(file: Path, boxes: list[_Lesion]) -> LabelledImage:
    match = _NAME.match(file.stem)
    if match is None:
        raise DataError(
            f"picture {file.name}",
            expected="a name like 00016_LEFT_CC.jpg that tells person, side and view",
            todo="rename the picture: splits by person need it",
        )
    if not file.is_file():
        raise DataError(
            f"picture {file.name} is annotated but not there",
            expected="every annotated picture in the folder",
            todo="complete the copy",
        )
    laterality = match["side"][0]
    mammogram = f"{match['person']}_{SIDES[laterality]}_{match['view']}"
    seen: Counter[str] = Counter()
    lesions = []
    for kind, box, cluster in boxes:
        seen[kind] += 1
        name = lesion_id(mammogram, kind, seen[kind])
        lesions.append(LabelledBox(kind=kind, box=box, lesion_id=name, simulated=cluster))
    return LabelledImage(
        file=file,
        person=match["person"],
        laterality=laterality,
        view=match["view"],
        lesions=tuple(lesions),
    )
