"""Pictures with masses -> the same pictures with a simulated calcification cluster each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from mammoview.domain.geometry import ImageBox
from mammoview.domain.study import Refusal
from mammoview.errors import DataError
from trainer.documents import write_text
from trainer.labelled import ANNOTATIONS, LabelledImage, require_kinds
from trainer.pictures import assumed_spacing
from trainer.pool import process_pool
from trainer.recipe import DataRecipe
from trainer.simulated.clusters import PITCH_MM, Cluster, Morphology, draw_cluster
from trainer.simulated.film import (
    LARGEST_GAIN,
    REACH_CELLS,
    Jpeg,
    encode_jpeg,
    expose,
    grey_of,
    read_jpeg,
)
from trainer.simulated.places import Model, Terrain, choose_place, surroundings, survey

DESCRIPTION = "mammograms with masses and simulated calcifications"
MARGIN_MM = 6.0
_SMALLEST_BOX_MM = 3.0
_ALIKE = 150
_CATEGORY_OF = {"mass": 0, "calcification": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationOptions:
    """How the pictures are made.

    Attributes
    ----------
    out : Path
        Folder of the new set.
    seed : int
        Another seed draws other clusters at other places.
    contrast : float
        Factor on every cluster's density; 0 is the sham that changes nothing but the encoding.
    workers : int or None
        Processes; as many as cores when None.
    remark : str
        Written into the set: what was left out of it.
    """

    out: Path
    seed: int = 1
    contrast: float = 1.0
    workers: int | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What came of it.

    Attributes
    ----------
    pictures : int
        Pictures written.
    without_room : tuple of str
        Names of those left out because no box of a like mass fits into the breast.
    refused : tuple of Refusal
        Files that could not be read, or are no grey JPEG.
    """

    pictures: int
    without_room: tuple[str, ...]
    refused: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Surveyed:
    """A picture that can be read: its (rows, cols), and its masses."""

    shape: tuple[int, int]
    models: tuple[Model, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """One picture's cluster: its box and the values of its annotation."""

    box: ImageBox
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Stock:
    """The masses of all people and the spread of their surroundings."""

    models: tuple[Model, ...]
    scale: NDArray[np.float64]


def simulate(
    images: Sequence[LabelledImage], *, data: DataRecipe, options: SimulationOptions
) -> Simulated:
    """Write every picture once more with one simulated cluster in it, as a COCO folder.

    The cluster's box has the size of a mass of another person with a breast of like area, and
    goes where the surroundings are most like that mass's (see :mod:`trainer.simulated.places`).
    All chance comes from the seed and the picture's name: with the same masses to take after, a
    picture gets the same cluster whatever the others are, and however many processes work.  A
    picture that cannot be read lends no mass, gets no cluster and is reported; the others are made.
    The annotations are written last: without them the folder is not complete, and the command is
    simply started again.

    Raises
    ------
    DataError
        If there are no masses to learn sizes from, or lesions of another kind than mass and
        calcification, two pictures share a name, no picture gets a cluster, or a complete set
        stands in ``options.out``.
    """
    _check(images, options.out)
    with process_pool(options.workers, items=len(images)) as each:
        survey_one = partial(_survey_one, data=data)
        answers = list(tqdm(each(survey_one, images), "survey", total=len(images)))
        refused = tuple(a for a in answers if isinstance(a, Refusal))
        read = [(i, a) for i, a in zip(images, answers, strict=True) if isinstance(a, _Surveyed)]
        stock = _stock([model for _, surveyed in read for model in surveyed.models])
        options.out.mkdir(parents=True, exist_ok=True)
        work = partial(_simulate_one, data=data, stock=stock, options=options)
        placed = list(tqdm(each(work, [i for i, _ in read]), "simulate", total=len(read)))
    made = [(i, a.shape, p) for (i, a), p in zip(read, placed, strict=True) if p is not None]
    if not made:
        raise _none_made(len(images), refused)
    _write_annotations(made, options, refused=len(refused))
    without_room = (i.file.stem for (i, _), p in zip(read, placed, strict=True) if p is None)
    return Simulated(pictures=len(made), without_room=tuple(without_room), refused=refused)


def picture_rng(seed: int, name: str) -> np.random.Generator:
    """Return the source of chance of one picture."""
    digest = hashlib.sha256(f"simulated-calcifications:{seed}:{name}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16]))


def _check(images: Sequence[LabelledImage], out: Path) -> None:
    names = [image.file.name for image in images]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            f"{len(twice)} pictures stand in two source folders, for one {twice[0]}",
            expected="every picture once",
            todo="leave one of the folders out",
        )
    require_kinds(images, _CATEGORY_OF)
    if not any(lesion.kind == "mass" for image in images for lesion in image.lesions):
        raise DataError(
            "no masses in the pictures",
            expected="boxes of masses: clusters take their sizes from them",
            todo="check the source folders",
        )
    if (out / ANNOTATIONS).exists():
        raise DataError(
            f"a complete set stands in {out} already",
            expected="a new folder",
            todo="delete it or choose another --out",
        )


def _none_made(pictures: int, refused: Sequence[Refusal]) -> DataError:
    why = f", {len(refused)} refused, the first: {refused[0].reason}" if refused else ""
    return DataError(
        f"none of {pictures} pictures got a cluster{why}",
        expected=f"grey JPEGs of at least two people, with masses of {_SMALLEST_BOX_MM:g} mm or "
        "more: a cluster takes its size from a mass of another person",
        todo="give more pictures, or copy them again from their source",
    )


def _survey_one(image: LabelledImage, *, data: DataRecipe) -> _Surveyed | Refusal:
    """Return the masses of a picture with their sizes and surroundings."""
    try:
        jpeg = read_jpeg(image.file)
    except DataError as error:
        return Refusal(file=image.file, reason=error.met)
    terrain = _terrain(jpeg, data)
    models = tuple(
        Model(
            person=image.person,
            height_mm=(lesion.box.row1 - lesion.box.row0) * terrain.spacing.row_mm,
            width_mm=(lesion.box.col1 - lesion.box.col0) * terrain.spacing.col_mm,
            breast_mm2=terrain.area_mm2,
            around=surroundings(terrain, lesion.box),
        )
        for lesion in image.lesions
        if lesion.kind == "mass"
    )
    return _Surveyed(shape=(jpeg.pixels.shape[0], jpeg.pixels.shape[1]), models=models)


def _stock(models: list[Model]) -> _Stock:
    usable = [m for m in models if min(m.height_mm, m.width_mm) >= _SMALLEST_BOX_MM]
    spread = np.std([m.around.as_vector() for m in usable], axis=0) if usable else 0.0
    return _Stock(models=tuple(usable), scale=np.maximum(spread, 1e-3))


def _terrain(jpeg: Jpeg, data: DataRecipe) -> Terrain:
    values = jpeg.pixels.astype(np.float32) / np.float32(255.0)
    return survey(values, assumed_spacing(values.shape, data))


def _simulate_one(
    image: LabelledImage, *, data: DataRecipe, stock: _Stock, options: SimulationOptions
) -> _Placed | None:
    rng = picture_rng(options.seed, image.file.stem)
    jpeg = read_jpeg(image.file)
    terrain = _terrain(jpeg, data)
    chosen = _choose(image, terrain, stock, rng)
    if chosen is None:
        return None
    model, (row, col) = chosen
    edge_mm = REACH_CELLS * PITCH_MM  # the blur's reach stays inside the model's box
    cluster = draw_cluster(
        rng, height_mm=model.height_mm - 2 * edge_mm, width_mm=model.width_mm - 2 * edge_mm
    )
    gain = float(rng.uniform(1.0, LARGEST_GAIN))
    grey, box = grey_of(
        cluster.density,
        at=(row + edge_mm / terrain.spacing.row_mm, col + edge_mm / terrain.spacing.col_mm),
        shape=(jpeg.pixels.shape[0], jpeg.pixels.shape[1]),
        spacing=terrain.spacing,
        gain=gain,
    )
    grey *= np.float32(options.contrast)
    changed = Jpeg(pixels=expose(jpeg.pixels, grey), table=jpeg.table)
    (options.out / image.file.name).write_bytes(encode_jpeg(changed))
    return _Placed(box=box, attributes=_attributes(cluster, grey, gain, options))


def _choose(
    image: LabelledImage, terrain: Terrain, stock: _Stock, rng: np.random.Generator
) -> tuple[Model, tuple[float, float]] | None:
    """Return a mass of another person to take after, and the place for a box of its size."""
    others = [m for m in stock.models if m.person != image.person]
    others.sort(key=lambda m: abs(np.log(m.breast_mm2 / max(terrain.area_mm2, 1.0))))
    alike = others[:_ALIKE]
    taken = tuple(lesion.box for lesion in image.lesions)
    for index in rng.permutation(len(alike)):
        place = choose_place(
            terrain, alike[index], taken=taken, margin_mm=MARGIN_MM, scale=stock.scale, rng=rng
        )
        if place is not None:
            return alike[index], place
    return None


def _attributes(
    cluster: Cluster, grey: NDArray[np.float32], gain: float, options: SimulationOptions
) -> dict[str, Any]:
    """Return what is known of a cluster, for results by size, number and contrast."""
    height, width = cluster.extent_mm
    return {
        "simulated": True,
        "count": cluster.count,
        "extent_mm": [round(height, 2), round(width, 2)],
        "leading_type": str(cluster.leading),
        "types": {str(m): round(cluster.share_of(m), 3) for m in Morphology},
        "mean_diameter_mm": round(cluster.mean_diameter_mm, 4),
        "mean_contrast_od": round(options.contrast * cluster.mean_contrast, 4),
        "peak_grey": round(float(grey.max()), 4),
        "gain": round(gain, 4),
    }


def _write_annotations(
    made: Sequence[tuple[LabelledImage, tuple[int, int], _Placed]],
    options: SimulationOptions,
    *,
    refused: int,
) -> None:
    """Write the set's COCO file; a picture with its (rows, cols) and its cluster each."""
    entries: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for key, (image, (rows, cols), item) in enumerate(made):
        entries.append({"id": key, "file_name": image.file.name, "height": rows, "width": cols})
        for lesion in image.lesions:
            category = _CATEGORY_OF[lesion.kind]
            annotations.append(_annotation(len(annotations), key, category, lesion.box, None))
        annotations.append(_annotation(len(annotations), key, 1, item.box, item.attributes))
    document = {
        "info": {
            "description": DESCRIPTION,
            "simulated": True,
            "seed": options.seed,
            "contrast": options.contrast,
            "remark": options.remark,
            "refused": refused,
        },
        "categories": [{"id": key, "name": name} for name, key in _CATEGORY_OF.items()],
        "images": entries,
        "annotations": annotations,
    }
    write_text(json.dumps(document, indent=1), options.out / ANNOTATIONS)


def _annotation(
    key: int, image: int, category: int, box: ImageBox, attributes: dict[str, Any] | None
) -> dict[str, Any]:
    width, height = box.col1 - box.col0, box.row1 - box.row0
    values: dict[str, Any] = {
        "id": key,
        "image_id": image,
        "category_id": category,
        "bbox": [round(v, 2) for v in (box.col0, box.row0, width, height)],
        "area": round(width * height, 2),
        "iscrowd": 0,
    }
    return values if attributes is None else values | {"attributes": attributes}
