"""Labelled mammograms -> patch cache, through the same ``modelkit.preprocess`` as the viewer."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from mammoview.domain.geometry import ImageBox, ImagePoint
from mammoview.errors import DataError, MammoviewError
from mammoview.imaging.breast import find_breast
from mammoview.modelkit.preprocess import Grid, to_grid, to_square
from trainer.cache import (
    BREAST_STEP,
    INDEX,
    GridLesion,
    GridRecord,
    PreparedGrid,
    Shard,
    read_shard,
    shard_name,
    write_index,
    write_shard,
)
from trainer.documents import write_json
from trainer.draw import cache_settings, cut_size
from trainer.labelled import LabelledBox, LabelledImage
from trainer.pictures import Picture, read_labelled_picture
from trainer.pool import process_pool
from trainer.recipe import Recipe

_PLAN = "plan.json"
_IMAGES_PER_SHARD = 64
# So many places are tried for a square of background.
_PLACES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareReport:
    """How many records the cache holds, and which pictures were refused, with the reason."""

    records: int
    refused: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refused:
    name: str
    reason: str


def prepare(
    images: Sequence[LabelledImage],
    *,
    recipe: Recipe,
    out: Path,
    source: str,
    workers: int | None = None,
) -> PrepareReport:
    """Write the cache of some pictures; a killed run goes on where it was.

    A picture that cannot be read is left out and reported; the others are prepared.

    Parameters
    ----------
    source : str
        What the pictures are, in words for the model card.

    Raises
    ------
    DataError
        If there is nothing to prepare, somebody stands there under two names, a complete cache
        stands there already, or the folder was begun from other pictures or another recipe.
    """
    if not images:
        raise DataError("no pictures", expected="at least one", todo="check the data folder")
    _check_names({image.person for image in images})
    _begin(out, images, recipe)
    shards: list[Shard] = []
    with (
        process_pool(workers, items=len(images)) as each,
        tqdm(total=len(images), desc="prepare", unit="picture") as progress,
    ):
        for start in range(0, len(images), _IMAGES_PER_SHARD):
            group = images[start : start + _IMAGES_PER_SHARD]
            number = len(shards)
            if (out / shard_name(number)).with_suffix(".json").exists():
                shards.append(read_shard(out, number))
                progress.update(len(group))
                continue
            made = each(partial(_prepare_one, recipe=recipe), group)
            shards.append(_write_shard(out, number, made, progress.update))
    report = PrepareReport(
        records=sum(len(shard.records) for shard in shards),
        refused=tuple(pair for shard in shards for pair in shard.refused),
    )
    if not report.records:
        raise DataError(
            f"none of {len(images)} pictures could be prepared {report.refused[:1]}",
            expected="readable pictures with lesions",
            todo="check the data folder",
        )
    hashes = [shard.sha256 for shard in shards]
    write_index(out, hashes=hashes, settings=cache_settings(recipe), source=source)
    return report


def _check_names(people: Collection[str]) -> None:
    """Refuse a person under two names: she would train under the one and validate the other."""
    if twice := sorted(name for name in people if f"P_{name}" in people):
        raise DataError(
            f"{len(twice)} people stand there under two names, such as {twice[0]} and P_{twice[0]}",
            expected="every person under one name, so that nobody trains and validates",
            todo="prepare from folders of pictures or from an index of CBIS-DDSM, not from both",
        )


def _write_shard(
    out: Path,
    number: int,
    made: Iterable[Sequence[PreparedGrid] | _Refused],
    advance: Callable[[], object],
) -> Shard:
    """Write the grids of some pictures as they come, and which of them were refused."""
    grids: list[PreparedGrid] = []
    refused: list[tuple[str, str]] = []
    for one in made:
        advance()
        if isinstance(one, _Refused):
            refused.append((one.name, one.reason))
        else:
            grids += one
    return write_shard(out, number, grids, refused)


def breast_cells(grid: Grid, step: int) -> NDArray[np.bool_]:
    """Return the breast mask sampled at the middle of each ``step`` x ``step`` grid block."""
    rows, cols = grid.pixels.shape
    to_mask = grid.to_image.then(grid.breast.to_image.inverse())
    mask = grid.breast.mask
    at = [
        to_mask.apply(ImagePoint(col=c, row=r))
        for r, c in (
            (step * (i + 0.5), step * (j + 0.5))
            for i in range(-(-rows // step))
            for j in range(-(-cols // step))
        )
    ]
    r = np.clip([int(p.row) for p in at], 0, mask.shape[0] - 1)
    c = np.clip([int(p.col) for p in at], 0, mask.shape[1] - 1)
    return np.asarray(mask[r, c]).reshape(-(-rows // step), -(-cols // step))


def background_box(
    image: LabelledImage, lesion: LabelledBox, picture: Picture, *, context: float
) -> ImageBox | None:
    """Return a box as large as a lesion's, somewhere in the breast and clear of all lesions.

    The square around it touches no lesion's box however it is turned.  The place depends on the
    lesion's name alone; None where no such place is found.

    Parameters
    ----------
    context : float
        Side of the square over the longer side of the box.
    """
    row_mm, col_mm = (
        (picture.spacing.row_mm, picture.spacing.col_mm) if picture.spacing else (1.0, 1.0)
    )
    box = lesion.box
    half_width, half_height = (box.col1 - box.col0) / 2.0, (box.row1 - box.row0) / 2.0
    longer_mm = 2.0 * max(half_width * col_mm, half_height * row_mm)
    reach_mm = longer_mm * context / math.sqrt(2.0)
    breast = find_breast(picture.values)
    cells = np.argwhere(breast.mask)
    seed = sha256(f"background of {lesion.lesion_id}".encode()).digest()[:8]
    rng = np.random.default_rng(int.from_bytes(seed))
    for row, col in cells[rng.integers(len(cells), size=_PLACES)]:
        middle = breast.to_image.apply(ImagePoint(col=col + 0.5, row=row + 0.5))
        if all(_distance_mm(x.box, middle, row_mm, col_mm) > reach_mm for x in image.lesions):
            return ImageBox(
                col0=middle.col - half_width,
                row0=middle.row - half_height,
                col1=middle.col + half_width,
                row1=middle.row + half_height,
            )
    return None


def _distance_mm(box: ImageBox, point: ImagePoint, row_mm: float, col_mm: float) -> float:
    """Return the distance of a place from a box, 0 inside."""
    across = max(box.col0 - point.col, point.col - box.col1, 0.0) * col_mm
    down = max(box.row0 - point.row, point.row - box.row1, 0.0) * row_mm
    return math.hypot(across, down)


def _begin(out: Path, images: Sequence[LabelledImage], recipe: Recipe) -> None:
    """Make the folder, or check that it was begun for the same cache."""
    if (out / INDEX).exists():
        raise DataError(
            f"a patch cache stands in {out} already",
            expected="a new folder",
            todo="delete it or choose another --out",
        )
    out.mkdir(parents=True, exist_ok=True)
    pictures = [repr(_identity(image)) for image in images]
    plan = {
        "settings": cache_settings(recipe),
        "data": asdict(recipe.data),
        "pictures": sha256("\n".join(pictures).encode()).hexdigest(),
    }
    file = out / _PLAN
    if file.exists() and _read_plan(file) != plan:
        raise DataError(
            f"{out} was begun from other pictures or another recipe",
            expected="the same pictures and recipe to go on with it",
            todo="delete it or choose another --out",
        )
    write_json(plan, file)


def _read_plan(file: Path) -> object:
    """Return what a folder was begun for; nothing that any plan equals if that is not readable."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _identity(image: LabelledImage) -> tuple[str, str, tuple[tuple[str, ImageBox], ...]]:
    """Return what of a picture makes it the same picture when its folder is moved."""
    return image.file.name, image.mammogram, tuple((x.lesion_id, x.box) for x in image.lesions)


def _prepare_one(image: LabelledImage, *, recipe: Recipe) -> tuple[PreparedGrid, ...] | _Refused:
    try:
        picture = read_labelled_picture(image, recipe.data)
    except MammoviewError as error:
        return _Refused(name=image.file.name, reason=str(error))
    if recipe.patches.sampling == "roi":
        return tuple(_squares(image, picture, recipe))
    return (_whole(image, picture, recipe),)


def _whole(image: LabelledImage, picture: Picture, recipe: Recipe) -> PreparedGrid:
    """Return the mammogram on the recipe's grid."""
    grid = to_grid(picture.values, spacing=picture.spacing, spec=recipe.preprocessing)
    to_grid_px = grid.to_image.inverse()
    lesions = tuple(
        _lesion(lesion, to_grid_px.apply_box(lesion.box), picture) for lesion in image.lesions
    )
    return PreparedGrid(
        record=_record(image, grid.pixels, lesions),
        pixels=grid.pixels,
        breast=breast_cells(grid, BREAST_STEP),
    )


def _squares(image: LabelledImage, picture: Picture, recipe: Recipe) -> Iterator[PreparedGrid]:
    """Yield the square around each lesion, and its square of background where there is one."""
    background = recipe.network.background
    for lesion in image.lesions:
        yield _square(image, lesion, picture, recipe)
        if background and lesion.kind in recipe.network.classes:
            box = background_box(image, lesion, picture, context=recipe.patches.context)
            if box is not None:
                # Under the lesion's name, so that it trains or validates where the lesion does.
                free = LabelledBox(kind=background, box=box, lesion_id=lesion.lesion_id)
                yield _square(image, free, picture, recipe)


def _square(
    image: LabelledImage, lesion: LabelledBox, picture: Picture, recipe: Recipe
) -> PreparedGrid:
    """Return the square around one lesion, large enough for any rotation of its patch."""
    pixels, to_image = to_square(
        picture.values,
        box=lesion.box,
        spacing=picture.spacing,
        inner_px=recipe.patches.size_px / recipe.patches.context,
        side_px=cut_size(recipe.patches),
    )
    kept = _lesion(lesion, to_image.inverse().apply_box(lesion.box), picture)
    return PreparedGrid(record=_record(image, pixels, (kept,)), pixels=pixels, breast=None)


def _lesion(lesion: LabelledBox, box: ImageBox, picture: Picture) -> GridLesion:
    stored = lesion.box
    rows = slice(max(0, int(stored.row0)), max(1, int(np.ceil(stored.row1))))
    cols = slice(max(0, int(stored.col0)), max(1, int(np.ceil(stored.col1))))
    inside = picture.values[rows, cols]
    return GridLesion(
        kind=lesion.kind,
        box=box,
        lesion_id=lesion.lesion_id,
        pathology=lesion.pathology,
        subtlety=lesion.subtlety,
        width_px=stored.col1 - stored.col0,
        height_px=stored.row1 - stored.row0,
        mean_grey=float(inside.mean()) if inside.size else 0.0,
    )


def _record(
    image: LabelledImage, pixels: NDArray[np.uint8], lesions: tuple[GridLesion, ...]
) -> GridRecord:
    rows, cols = pixels.shape
    return GridRecord(
        name=image.file.name,
        mammogram=image.mammogram,
        person=image.person,
        laterality=image.laterality,
        view=image.view,
        density=image.density,
        rows=rows,
        cols=cols,
        shard=0,
        grid_at=0,
        breast_at=0,
        lesions=lesions,
    )
