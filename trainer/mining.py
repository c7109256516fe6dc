"""Hard negatives: what a trained network marks on its training pictures outside all lesions.

The network goes over the whole pictures of a patch cache through the viewer's own session, map and
regions.  A mark within 10 mm of a lesion's box is left out: the viewer takes two peaks that near
for one lesion.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from mammoview.domain.geometry import Affine2D, ImageBox
from mammoview.domain.prediction import Region
from mammoview.errors import DataError
from mammoview.imaging.breast import Breast
from mammoview.inference.predictor import raw_maps, read_maps, thresholds
from mammoview.inference.regions import APART_MM
from mammoview.inference.session import Session
from mammoview.modelkit.codec import encode
from mammoview.modelkit.preprocess import Grid, network_input
from trainer.cache import BREAST_STEP, GridCache, GridRecord
from trainer.classifier import LAST, load_checkpoint
from trainer.documents import file_sha256
from trainer.draw import sample_seed
from trainer.export import ExportOptions, draft_of, open_draft, read_run
from trainer.hard_negatives import (
    HardNegatives,
    HardPlace,
    best_first,
    is_clear,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MiningOptions:
    """How much is looked through and kept.

    Attributes
    ----------
    pictures : int or None
        At most so many training pictures, chosen by hash; all where None.
    most : int
        At most so many places are kept, the best first.
    """

    pictures: int | None
    most: int


def mine(run: Path, cache: GridCache, options: MiningOptions) -> HardNegatives:
    """Return the hard negatives of a run on the pictures that it trained on.

    Raises
    ------
    ModelError
        If the run's network has no map, or its classes are no kinds of finding.
    DataError
        If the cache holds other grids than the run's network reads, or none of its lesions.
    """
    described = read_run(run)
    module = load_checkpoint(run / LAST)
    _check_grid(cache, encode(module.recipe.preprocessing))
    training = set(described["training"])
    numbers = chosen(
        [n for n, r in enumerate(cache.records) if any(x.lesion_id in training for x in r.lesions)],
        options.pictures,
    )
    if not numbers:
        raise DataError(
            f"no picture in {cache.folder} that {run} trained on",
            expected="the cache that the run was trained from",
            todo="name it with --cache",
        )
    draft = draft_of(
        module, "mining", ExportOptions(out=run, name="mining", version="0", overwrite=False)
    )
    with tempfile.TemporaryDirectory() as place:
        found = false_marks(open_draft(draft, Path(place)), cache, numbers)
    return HardNegatives(
        cache_sha256=cache.sha256,
        checkpoint_sha256=file_sha256(run / LAST),
        pictures=len(numbers),
        places=best_first(found, options.most),
    )


def chosen(numbers: Sequence[int], most: int | None) -> list[int]:
    """Return at most so many records, the same whenever they are asked for."""
    if most is None or most >= len(numbers):
        return list(numbers)
    return sorted(sorted(numbers, key=lambda number: sample_seed(0, 0, number))[:most])


def false_marks(session: Session, cache: GridCache, numbers: Sequence[int]) -> list[HardPlace]:
    """Return the marks of a model on whole grids, but for those on or near a lesion."""
    apart_px = APART_MM / session.manifest.preprocessing.mm_per_px
    return [
        place
        for number in tqdm(numbers, "mine", unit="picture")
        for place in _places(session, cache, number)
        if is_clear(cache.records[number], place.point, apart_px)
    ]


def grid_regions(session: Session, cache: GridCache, record: GridRecord) -> tuple[Region, ...]:
    """Return the regions that the viewer would find, in coordinates of the record's grid."""
    grid = Grid(
        pixels=cache.grid(record),
        to_image=Affine2D.identity(),
        breast=_breast(cache, record),
        notes=(),
    )
    manifest = session.manifest
    _, regions = read_maps(
        raw_maps(session, network_input(grid.pixels)),
        grid,
        manifest,
        limits=thresholds(manifest, None),
        shape=(record.rows, record.cols),
    )
    return regions


def _places(session: Session, cache: GridCache, number: int) -> Iterator[HardPlace]:
    record = cache.records[number]
    for region in grid_regions(session, cache, record):
        yield HardPlace(
            record=number,
            mammogram=record.mammogram,
            kind=region.kind,
            score=region.score,
            col=region.peak.col,
            row=region.peak.row,
        )


def _breast(cache: GridCache, record: GridRecord) -> Breast:
    """Return the breast of a record as the cache keeps it, on the record's grid."""
    step = float(BREAST_STEP)
    return Breast(
        mask=cache.breast(record),
        to_image=Affine2D.scale_translate(col_scale=step, row_scale=step, col0=0.0, row0=0.0),
        box=ImageBox(col0=0.0, row0=0.0, col1=float(record.cols), row1=float(record.rows)),
        found=True,
    )


def _check_grid(cache: GridCache, wanted: object) -> None:
    """Refuse grids of another spacing or pipeline than the network reads."""
    if cache.settings.get("preprocessing") != wanted:
        raise DataError(
            f"the patch cache {cache.folder} was prepared with {cache.settings}",
            expected=f"whole grids made with {wanted}, as the run's network reads them",
            todo="give the cache of a grid recipe with the same [preprocessing]",
        )
