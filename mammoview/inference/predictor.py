"""One view through the model: grid, network, heatmaps, regions."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D, PixelSpacing
from mammoview.domain.prediction import (
    AnalysisStatus,
    Heatmap,
    Region,
    StageSeconds,
    ViewPrediction,
)
from mammoview.domain.study import Mammogram
from mammoview.errors import InferenceError, MammoviewError, StoppedError, UsageError
from mammoview.imaging.grayscale import unit_values
from mammoview.imaging.tiling import Tile, plan_tiles
from mammoview.inference.cam import heatmaps
from mammoview.inference.passes import Passes, averaged_maps
from mammoview.inference.regions import find_regions
from mammoview.inference.session import Session
from mammoview.inference.views import breast_frame
from mammoview.modelkit.input_range import outside_range
from mammoview.modelkit.manifest import Manifest
from mammoview.modelkit.preprocess import Grid, to_grid
from mammoview.words import translate

logger = logging.getLogger(__name__)

# A grid beyond this goes through the network in tiles: a whole native view would need gigabytes.
ONE_PASS_PX = 2_000_000
TILE_PX = 1024
CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """Heatmaps, regions and notes of one image, and the wall seconds of each step.

    ``outside_range`` and ``to_breast_mm`` are those of ``domain.prediction.ViewPrediction``.
    """

    heatmaps: tuple[Heatmap, ...]
    regions: tuple[Region, ...]
    notes: tuple[str, ...]
    outside_range: tuple[str, ...] | None
    to_breast_mm: Affine2D | None
    prepare_seconds: float
    network_seconds: float
    regions_seconds: float


_NO_TIME = StageSeconds(decode=0.0, prepare=0.0, network=0.0, regions=0.0)


def thresholds(manifest: Manifest, operating_point: str | None) -> dict[str, float]:
    """Return the threshold of each finding at an operating point (None: the default one).

    Raises
    ------
    UsageError
        If the model has no operating point of that name.
    """
    name = operating_point or manifest.default_operating_point
    found = {p.kind: p.threshold for p in manifest.operating_points if p.name == name}
    if not found:
        names = sorted({point.name for point in manifest.operating_points})
        raise UsageError(
            translate("Network", "the model has no operating point {name!r}").format(name=name),
            expected=" or ".join(names),
            todo=translate("Network", "choose one of them"),
        )
    return found


def predict_view(
    session: Session,
    mammogram: Mammogram,
    stored: NDArray[np.generic],
    *,
    operating_point: str | None,
    decode_seconds: float,
    passes: Passes = Passes.ONE,
) -> ViewPrediction:
    """Analyse one view; whatever goes wrong with it becomes its status and reason.

    Parameters
    ----------
    session : Session
        The model.
    mammogram : Mammogram
        The view's header.
    stored : ndarray of integer, (rows, cols)
        Its stored values.
    operating_point : str or None
        Which thresholds flag a region; None for the manifest's default.
    decode_seconds : float
        What decoding took, for the record.
    passes : Passes
        How often the view goes through the network.

    Raises
    ------
    UsageError
        If the model has no such operating point.
    """
    thresholds(session.manifest, operating_point)
    if mammogram.unsupported is not None:
        return not_analysed(mammogram, AnalysisStatus.NOT_SUPPORTED, mammogram.unsupported)
    try:
        return _analysed(session, mammogram, stored, operating_point, decode_seconds, passes)
    except StoppedError:
        return not_analysed(mammogram, AnalysisStatus.FAILED, CANCELLED)
    except MammoviewError as error:
        logger.warning("a view was not analysed: %s", error.met)
        return not_analysed(mammogram, AnalysisStatus.FAILED, str(error))
    except Exception as error:  # the other views of the examination have to go on
        return not_analysed(mammogram, AnalysisStatus.FAILED, unforeseen(error))


def not_analysed(mammogram: Mammogram, status: AnalysisStatus, reason: str) -> ViewPrediction:
    """Return the prediction of a view that was not analysed, with the reason."""
    return ViewPrediction(
        sop_instance_uid=mammogram.sop_instance_uid,
        status=status,
        reason=reason,
        scores=(),
        heatmaps=(),
        regions=(),
        seconds=_NO_TIME,
        notes=(),
    )


def best_scores(regions: Sequence[Region], kinds: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """Return the score of the best region of each class, 0 where there is none."""
    return tuple(
        (kind, max((region.score for region in regions if region.kind == kind), default=0.0))
        for kind in kinds
    )


def unforeseen(error: Exception) -> str:
    """Log where a fault of the program arose, and return the reason for the screen.

    The error's own text stays out of both: it may quote a patient's data.
    """
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}, line {last.lineno}"
    logger.error("a view was not analysed: %s in %s", type(error).__name__, where)
    return translate(
        "Network", "the analysis broke off ({kind} in {where}): please report it"
    ).format(kind=type(error).__name__, where=where)


def run_tiled(
    session: Session, image: NDArray[np.float32], tile_px: int = TILE_PX
) -> NDArray[np.float32]:
    """Run the network tile by tile and return the whole map.

    On the CPU in float32 the map equals that of one pass bit for bit, since every kept cell sees
    the same pixels and the same padding, and ONNX Runtime's CPU kernels sum each cell in the same
    order whatever the size of the image.

    Parameters
    ----------
    session : Session
        The model; its manifest names stride and halo.
    image : ndarray of float32, (1, 1, h, w)
        Values in 0..1.
    tile_px : int
        Side of the part of each tile that is kept.

    Returns
    -------
    ndarray of float32, (classes, h', w')

    Raises
    ------
    InferenceError
        If the network fails on a tile.
    """
    geometry = session.manifest.map_geometry
    stride = geometry.stride_px
    shape = (image.shape[2], image.shape[3])
    tiles = plan_tiles(shape, tile_px=tile_px, halo_px=geometry.halo_px, stride_px=stride)
    kept: dict[Tile, NDArray[np.float32]] = {}
    for tile in tiles:
        r, c = tile.rows, tile.cols
        part = image[:, :, r.start_px : r.stop_px, c.start_px : c.stop_px]
        cam, _ = session.run(np.ascontiguousarray(part))
        top, left = r.start_px // stride, c.start_px // stride
        cells = cam[:, r.cell0 - top : r.cell1 - top, c.cell0 - left : c.cell1 - left]
        if cells.size:  # pools without padding leave out a rest: a last tile may have no cell
            kept[tile] = cells
    # The last tile's map ends where the whole one does.
    rows = max(tile.rows.cell0 + cam.shape[1] for tile, cam in kept.items())
    cols = max(tile.cols.cell0 + cam.shape[2] for tile, cam in kept.items())
    whole = np.empty((len(session.manifest.classes), rows, cols), np.float32)
    for tile, cam in kept.items():
        row, col = tile.rows.cell0, tile.cols.cell0
        whole[:, row : row + cam.shape[1], col : col + cam.shape[2]] = cam
    return whole


def read_values(
    session: Session,
    values: NDArray[np.float32],
    *,
    spacing: PixelSpacing | None,
    operating_point: str | None,
    passes: Passes = Passes.ONE,
) -> Reading:
    """Take grey values through grid, network, heatmaps and regions.

    The viewer's views and the trainer's labelled pictures both come this way.

    Parameters
    ----------
    session : Session
        The model.
    values : ndarray of float32, (rows, cols)
        Grey values 0..1 with tissue bright and padding 0, in the stored orientation.
    spacing : PixelSpacing or None
        Of the stored image.
    operating_point : str or None
        Which thresholds flag a region; None for the manifest's default.
    passes : Passes
        How often the image goes through the network; thresholds hold for what they were set on.

    Raises
    ------
    UsageError
        If the model has no such operating point.
    InferenceError
        If the network fails.
    """
    manifest = session.manifest
    limits = thresholds(manifest, operating_point)
    started = perf_counter()
    grid = to_grid(values, spacing=spacing, spec=manifest.preprocessing)
    outside = outside_range(grid, manifest)
    prepared = perf_counter()
    cam = averaged_maps(
        partial(raw_maps, session),
        grid,
        values,
        spacing=spacing,
        manifest=manifest,
        passes=passes,
    )
    answered = perf_counter()
    shape = (values.shape[0], values.shape[1])
    maps, regions = read_maps(cam, grid, manifest, limits=limits, shape=shape, spacing=spacing)
    return Reading(
        heatmaps=maps,
        regions=regions,
        notes=grid.notes if passes is Passes.ONE else (*grid.notes, _passes_note(passes)),
        outside_range=outside,
        to_breast_mm=breast_frame(grid, manifest.preprocessing.mm_per_px),
        prepare_seconds=prepared - started,
        network_seconds=answered - prepared,
        regions_seconds=perf_counter() - answered,
    )


def _analysed(
    session: Session,
    mammogram: Mammogram,
    stored: NDArray[np.generic],
    operating_point: str | None,
    decode_seconds: float,
    passes: Passes,
) -> ViewPrediction:
    if stored.shape != (mammogram.rows, mammogram.cols):
        raise InferenceError(
            translate("Network", "pixels of {shape}").format(shape=stored.shape),
            expected=translate("Network", "{size} as the header says").format(
                size=(mammogram.rows, mammogram.cols)
            ),
            todo=translate("Network", "check the file"),
        )
    started = perf_counter()
    values = unit_values(stored, mammogram.pixel_format)
    looked_up = perf_counter() - started
    reading = read_values(
        session,
        values,
        spacing=mammogram.spacing,
        operating_point=operating_point,
        passes=passes,
    )
    return ViewPrediction(
        sop_instance_uid=mammogram.sop_instance_uid,
        status=AnalysisStatus.ANALYZED,
        reason="",
        scores=best_scores(reading.regions, session.manifest.findings),
        heatmaps=reading.heatmaps,
        regions=reading.regions,
        seconds=StageSeconds(
            decode=decode_seconds,
            prepare=looked_up + reading.prepare_seconds,
            network=reading.network_seconds,
            regions=reading.regions_seconds,
        ),
        notes=reading.notes,
        outside_range=reading.outside_range,
        to_breast_mm=reading.to_breast_mm,
    )


def _passes_note(passes: Passes) -> str:
    return translate("Network", "{text}; the thresholds were set on one pass").format(
        text=passes.text
    )


def raw_maps(session: Session, image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Run the network on an image (1, 1, h, w), in tiles where it is large: (classes, h', w')."""
    if image.size > ONE_PASS_PX:
        return run_tiled(session, image)
    cam, _ = session.run(image)
    return cam


def read_maps(
    cam: NDArray[np.float32],
    grid: Grid,
    manifest: Manifest,
    *,
    limits: dict[str, float],
    shape: tuple[int, int],
    spacing: PixelSpacing | None = None,
) -> tuple[tuple[Heatmap, ...], tuple[Region, ...]]:
    """Return heatmaps and regions, best first, of raw class maps.

    Parameters
    ----------
    cam : ndarray of float32, (classes, h', w')
        Raw scores on the cells of the grid.
    limits : dict of str to float
        Score of each finding from which a region is flagged, see :func:`thresholds`.
    shape : tuple of int
        Rows and columns of the stored image.
    spacing : PixelSpacing or None
        Of the stored image; without it regions have no size in mm.
    """
    maps = heatmaps(cam, manifest=manifest, grid_to_image=grid.to_image)
    cell_mm = manifest.map_geometry.stride_px * manifest.preprocessing.mm_per_px
    regions = [
        region
        for heatmap in maps
        for region in find_regions(
            heatmap,
            breast=grid.breast,
            threshold=limits[heatmap.kind],
            cell_mm=cell_mm,
            rows=shape[0],
            cols=shape[1],
            spacing=spacing,
        )
    ]
    return maps, tuple(sorted(regions, key=lambda region: -region.score))
