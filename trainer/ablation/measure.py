"""What each step of the method is worth: networks of several runs on the same held-out pictures.

Each row is a run.  Its network reads the run's validation pictures through the viewer's own grid,
map and regions.  Scores are calibrated on those same pictures, as export does it: that orders no
two marks of a class anew, so that sensitivity at a rate of false marks is not touched by it; it
decides how far a region reaches.  A network that cannot be calibrated keeps its raw map, on a scale
on which no mark saturates, and its row says so.

What a row's network found is kept in the folder ``rows``, under the hashes of its checkpoint and of
the pictures, so that a row is read once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import PixelSpacing
from mammoview.errors import DataError
from mammoview.inference.passes import Passes
from mammoview.inference.predictor import raw_maps, read_maps, thresholds
from mammoview.inference.session import Session
from mammoview.inference.views import breast_frame
from mammoview.modelkit.manifest import Calibration, Manifest
from mammoview.modelkit.preprocess import Grid, assumed_spacing, network_input, to_grid
from trainer.ablation.kept import KeptRow, kept_row, pictures_sha256, read_kept, write_kept
from trainer.calibrate import calibrate
from trainer.classifier import LAST, load_checkpoint
from trainer.detect import DetectedImage
from trainer.documents import file_sha256
from trainer.export import ExportOptions, draft_of, open_draft, read_run, validation_images
from trainer.labelled import LabelledImage
from trainer.pictures import Picture, each_picture
from trainer.recipe import recipe_from_values
from trainer.views import cross_validated

# The highest margin of an uncalibrated map is brought down to this log-odds: a float32 score tells
# log-odds up to about 16 apart.
_TOP_ODDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRun:
    """A row of the table: its name and the folder of its run."""

    name: str
    run: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class HardFacts:
    """Hard negatives of a run: whose, on how many pictures, for what share of the background."""

    checkpoint_sha256: str
    pictures: int
    places: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AblationRow:
    """One row as measured.

    Attributes
    ----------
    run : str
        Name of the run's folder; empty for a row that rescores the marks of another.
    recipe, start, start_sha256 : str
        Names of the recipe and of the weights that the run started from, and their hash.  Of a row
        that rescores another, ``start`` is that one's name.
    hard : HardFacts or None
        The hard negatives of the training, if any.
    steps, samples : int
        Steps of the training, and patches or pictures seen in them.
    minutes : float or None
        What the training took; None where the run does not say.
    manifest : Manifest
        Of the network, with the scores as calibrated here.
    uncalibrated : tuple of str
        Classes whose map could not be calibrated, each with the reason.
    detected : tuple of DetectedImage
        In the order of the pictures.
    """

    name: str
    run: str
    recipe: str
    start: str
    start_sha256: str
    checkpoint_sha256: str
    hard: HardFacts | None
    steps: int
    samples: int
    minutes: float | None
    manifest: Manifest
    uncalibrated: tuple[str, ...]
    detected: tuple[DetectedImage, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Raw:
    """A picture with its raw class maps."""

    image: LabelledImage
    grid: Grid
    cam: NDArray[np.float32]
    shape: tuple[int, int]
    spacing: PixelSpacing


def measure_rows(
    rows: Sequence[RowRun], images: Sequence[LabelledImage], out: Path, *, most: int | None = None
) -> tuple[AblationRow, ...]:
    """Read the validation pictures with the network of each row.

    Parameters
    ----------
    images : sequence of LabelledImage
        Pictures that hold the runs' lesions; only those of validation are read.
    out : Path
        Folder of the ablation; what is found is kept in ``rows`` below it.
    most : int or None
        At most so many pictures, to try things out.

    Raises
    ------
    DataError
        If a run is broken, or two rows have other validation pictures.
    ModelError
        If a network has no map.
    """
    pictures = [validation_images(read_run(row.run), images)[:most] for row in rows]
    for row, own in zip(rows, pictures, strict=True):
        if pictures_sha256(own) != pictures_sha256(pictures[0]):
            raise DataError(
                f"{row.run} has other validation pictures than {rows[0].run}",
                expected="rows that are judged on the same pictures",
                todo="train them with the same split, or share and seed of validation people",
            )
    return tuple(_measured(row, own, out) for row, own in zip(rows, pictures, strict=True))


def views_row(row: AblationRow, name: str) -> AblationRow:
    """Return a row whose marks are rescored by the other views, fitted on other people."""
    found = cross_validated(row.detected, row.manifest, Passes.ONE)
    return replace(row, name=name, run="", start=row.name, start_sha256="", detected=found)


def _measured(row: RowRun, images: Sequence[LabelledImage], out: Path) -> AblationRow:
    described = read_run(row.run)
    checkpoint = file_sha256(row.run / LAST)
    pictures = pictures_sha256(images)
    file = out / "rows" / f"{checkpoint[:16]}-{pictures[:16]}.json"
    kept = read_kept(file, checkpoint_sha256=checkpoint, pictures=pictures)
    if kept is None:
        kept = _read(row, described, images, checkpoint)
        write_kept(kept, file)
    finished = described.get("finished") or {}
    hard = described.get("hard_negatives")
    recipe = recipe_from_values(described["recipe"])
    steps, seconds = int(finished.get("steps", 0)), finished.get("seconds")
    return AblationRow(
        name=row.name,
        run=row.run.resolve().name,
        recipe=recipe.name,
        start=str(described["weights"]),
        start_sha256=str(described.get("weights_sha256", "")),
        checkpoint_sha256=checkpoint,
        hard=None if hard is None else HardFacts(**{n: hard[n] for n in HardFacts.__slots__}),
        steps=steps,
        samples=steps * recipe.training.batch_size,
        minutes=None if seconds is None else float(seconds) / 60.0,
        manifest=kept.manifest,
        uncalibrated=kept.uncalibrated,
        detected=kept.detected(images),
    )


def _read(
    row: RowRun, described: dict[str, Any], images: Sequence[LabelledImage], checkpoint: str
) -> KeptRow:
    """Read every picture with a run's network."""
    module = load_checkpoint(row.run / LAST)
    options = ExportOptions(out=row.run, name="ablation", version="0", overwrite=False)
    draft = draft_of(module, str(described["data"]), options)
    with tempfile.TemporaryDirectory() as place:
        session = open_draft(draft, Path(place))
        raw = [
            _raw(session, image, picture)
            for image, picture in each_picture(images, module.recipe.data, said=row.name)
        ]
        manifest = _unsaturated(session.manifest, raw)
    detected = _detected(raw, manifest)
    manifest, uncalibrated = _calibrated(manifest, detected)
    return kept_row(
        _detected(raw, manifest),
        manifest=manifest,
        uncalibrated=uncalibrated,
        checkpoint_sha256=checkpoint,
    )


def _raw(session: Session, image: LabelledImage, picture: Picture) -> _Raw:
    grid = to_grid(picture.values, spacing=picture.spacing, spec=session.manifest.preprocessing)
    rows, cols = picture.values.shape
    return _Raw(
        image=image,
        grid=grid,
        cam=raw_maps(session, network_input(grid.pixels)),
        shape=(rows, cols),
        spacing=picture.spacing
        or assumed_spacing(session.manifest.preprocessing, rows=rows, cols=cols),
    )


def _unsaturated(manifest: Manifest, raw: Sequence[_Raw]) -> Manifest:
    """Return a manifest whose scores tell all margins of the maps apart."""
    background = manifest.classes.index(manifest.background)
    scaled = []
    for kind in manifest.findings:
        channel = manifest.classes.index(kind)
        top = max(float(np.abs(r.cam[channel] - r.cam[background]).max()) for r in raw)
        slope = min(1.0, _TOP_ODDS / top) if top > 0 else 1.0
        scaled.append(Calibration(kind=kind, slope=slope, intercept=0.0))
    return replace(manifest, calibration=tuple(scaled))


def _detected(raw: Sequence[_Raw], manifest: Manifest) -> tuple[DetectedImage, ...]:
    limits = thresholds(manifest, None)
    return tuple(
        DetectedImage(
            image=r.image,
            regions=read_maps(r.cam, r.grid, manifest, limits=limits, shape=r.shape)[1],
            rows=r.shape[0],
            cols=r.shape[1],
            spacing=r.spacing,
            to_breast_mm=breast_frame(r.grid, manifest.preprocessing.mm_per_px),
        )
        for r in raw
    )


def _calibrated(
    manifest: Manifest, detected: Sequence[DetectedImage]
) -> tuple[Manifest, tuple[str, ...]]:
    """Return the manifest with fitted scores, and the classes that could not be fitted."""
    fitted, failed = [], []
    for scale in manifest.calibration:
        try:
            found = calibrate(detected, scale.kind)
        except DataError as error:
            failed.append(f"{scale.kind}: {error.met}")
            fitted.append(scale)
            continue
        # Fitted on log-odds that were scaled before.
        fitted.append(replace(found, slope=found.slope * scale.slope))
    return replace(manifest, calibration=tuple(fitted)), tuple(failed)
