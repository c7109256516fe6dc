"""Pictures with COCO boxes: a folder with ``_annotations.coco.json``, names person_SIDE_VIEW."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

from mammoview.domain.geometry import ImageBox
from mammoview.errors import DataError
from trainer.labelled import ANNOTATIONS, SIDES, LabelledBox, LabelledImage, lesion_id

_NAME = re.compile(r"^(?P<person>\d{5})_(?P<side>LEFT|RIGHT)_(?P<view>CC|MLO)$")


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
        boxes: dict[int, list[tuple[str, ImageBox]]] = {key: [] for key in names}
        for annotation in document["annotations"]:
            boxes[annotation["image_id"]].append(_box(annotation, kinds))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"annotations {source.name} cannot be read ({type(error).__name__}: {error})",
            expected="COCO JSON with images, annotations and categories",
            todo="point to the folder that holds the pictures and their annotations",
        ) from error
    images = [_image(folder / names[key], boxes[key]) for key in names]
    return tuple(sorted(images, key=lambda image: image.file.name))


def _box(annotation: dict[str, object], kinds: dict[int, str]) -> tuple[str, ImageBox]:
    left, top, width, height = (float(v) for v in annotation["bbox"])  # type: ignore[attr-defined]
    box = ImageBox(col0=left, row0=top, col1=left + width, row1=top + height)
    return kinds[int(str(annotation["category_id"]))], box


def _image(file: Path, boxes: list[tuple[str, ImageBox]]) -> LabelledImage:
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
    for kind, box in boxes:
        seen[kind] += 1
        name = lesion_id(mammogram, kind, seen[kind])
        lesions.append(LabelledBox(kind=kind, box=box, lesion_id=name))
    return LabelledImage(
        file=file,
        person=match["person"],
        laterality=laterality,
        view=match["view"],
        lesions=tuple(lesions),
    )
