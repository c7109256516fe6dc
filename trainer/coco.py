"""Labelled pictures: a folder with ``_annotations.coco.json``, file names person_SIDE_VIEW."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from mammoview.domain.geometry import ImageBox
from mammoview.errors import DataError

ANNOTATIONS = "_annotations.coco.json"
_NAME = re.compile(r"^(?P<person>\d{5})_(?P<side>LEFT|RIGHT)_(?P<view>CC|MLO)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledBox:
    """A lesion: its class and its box in pixels of the stored picture."""

    kind: str
    box: ImageBox


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledImage:
    """One picture with its lesions; ``person`` groups pictures that must stay together."""

    file: Path
    person: str
    laterality: str
    view: str
    lesions: tuple[LabelledBox, ...]


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
        lesions: dict[int, list[LabelledBox]] = {image["id"]: [] for image in document["images"]}
        for annotation in document["annotations"]:
            lesions[annotation["image_id"]].append(_lesion(annotation, kinds))
        names = {image["id"]: str(image["file_name"]) for image in document["images"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"annotations {source.name} cannot be read ({type(error).__name__}: {error})",
            expected="COCO JSON with images, annotations and categories",
            todo="point to the folder that holds the pictures and their annotations",
        ) from error
    images = [_image(folder / names[key], tuple(lesions[key])) for key in names]
    return tuple(sorted(images, key=lambda image: image.file.name))


def _lesion(annotation: dict[str, object], kinds: dict[int, str]) -> LabelledBox:
    left, top, width, height = (float(v) for v in annotation["bbox"])  # type: ignore[attr-defined]
    box = ImageBox(col0=left, row0=top, col1=left + width, row1=top + height)
    return LabelledBox(kind=kinds[int(str(annotation["category_id"]))], box=box)


def _image(file: Path, lesions: tuple[LabelledBox, ...]) -> LabelledImage:
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
    return LabelledImage(
        file=file,
        person=match["person"],
        laterality=match["side"][0],
        view=match["view"],
        lesions=lesions,
    )
