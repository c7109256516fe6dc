"""A finished run -> a model bundle that the viewer opens."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mammoview.domain.geometry import PixelSpacing
from mammoview.errors import DataError
from mammoview.inference.session import Session
from mammoview.modelkit.bundle import Bundle, write_bundle
from mammoview.modelkit.golden import Golden, record_golden
from mammoview.modelkit.manifest import (
    SCHEMA,
    Manifest,
    MapGeometry,
    OperatingPoint,
    ValueScale,
)
from trainer.backbones import STRIDE_PX, CamNet, halo_px
from trainer.calibrate import DEFAULT, calibrate, neutral, recalibrated
from trainer.card import render_card
from trainer.coco import LabelledImage
from trainer.detect import DetectedImage, detect
from trainer.evaluate import evaluate, write_evaluation
from trainer.fit import LAST, RUN, load_checkpoint
from trainer.onnx_graph import fold_and_round, to_onnx
from trainer.recipe import Recipe

INTENDED_USE = (
    "Research use only. Marks kinds of finding for a radiologist's second look; it does not "
    "diagnose, and a score is no probability of cancer."
)
TRAINED_ON = (
    "CBIS-DDSM (Lee et al. 2017, CC BY 3.0), official training split of the mass set, 800x800 "
    "pictures; trunk from ImageNet"
)
LICENCE = "Apache-2.0; trained on CBIS-DDSM (CC BY 3.0), attribution required"
_GOLDEN_SPACING = PixelSpacing(row_mm=0.25, col_mm=0.2, source="golden picture")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """Name and version of the new model, and where its bundle goes."""

    out: Path
    name: str
    version: str
    overwrite: bool


def export(run: Path, images: Sequence[LabelledImage], options: ExportOptions) -> Bundle:
    """Write the bundle of a run, calibrated on the run's validation pictures.

    Parameters
    ----------
    run : Path
        Folder of the run.
    images : sequence of LabelledImage
        Pictures that hold the run's validation pictures; the others are not read.
    options : ExportOptions
        Name, version, place.

    Raises
    ------
    ModelError
        If ONNX Runtime does not give what torch gives, or the bundle would not open.
    DataError
        If validation pictures are missing.
    """
    module = load_checkpoint(run / LAST)
    validation = validation_images(run, images)
    net = fold_and_round(module.net)
    network = to_onnx(net)
    draft = _draft(module.recipe, net, options)
    golden = record_golden(
        draft, values=golden_picture(), spacing=_GOLDEN_SPACING, run=torch_network(net)
    )
    detected = _detect_uncalibrated(draft, network, golden, validation, module.recipe)
    manifest = _calibrated(draft, detected)
    measured = evaluate(recalibrated(detected, manifest.calibration), manifest)
    write_evaluation(measured, run / "validation.json")
    card = render_card(manifest, recipe=module.recipe, validation=measured)
    return write_bundle(
        options.out,
        manifest=manifest,
        onnx_bytes=network,
        golden=golden,
        card=card,
        overwrite=options.overwrite,
    )


def validation_images(run: Path, images: Sequence[LabelledImage]) -> tuple[LabelledImage, ...]:
    """Return the pictures that the run kept for validation.

    Raises
    ------
    DataError
        If one of them is not among ``images``.
    """
    kept: list[str] = read_run(run)["validation"]
    by_name = {image.file.name: image for image in images}
    missing = [name for name in kept if name not in by_name]
    if missing:
        raise DataError(
            f"{len(missing)} validation pictures of the run are not in the data folder",
            expected=f"the folder that the run was prepared from ({missing[0]}, ...)",
            todo="give it with --data",
        )
    return tuple(by_name[name] for name in kept)


def read_run(run: Path) -> dict[str, Any]:
    """Return the description that ``fit`` wrote.

    Raises
    ------
    DataError
        If the folder holds no run.
    """
    try:
        return dict(json.loads((run / RUN).read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise DataError(
            f"no run in {run} ({type(error).__name__})",
            expected=f"{RUN} and {LAST}",
            todo="make one with mammoview-train fit",
        ) from error


def torch_network(net: CamNet) -> Any:
    """Return a network as a function of arrays: (1, 1, h, w) -> cam (classes, h', w'), logits."""

    def run(image: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        with torch.no_grad():
            cam, logits = net(torch.from_numpy(image))
        return cam[0].numpy(), logits[0].numpy()

    return run


def golden_picture() -> NDArray[np.uint16]:
    """Return a made picture: half an ellipse of textured tissue with blobs, chest wall left."""
    rows, cols = 256, 200
    rng = np.random.default_rng(20181006)
    r, c = np.mgrid[0:rows, 0:cols].astype(np.float64) + 0.5
    tissue = np.hypot((r - rows / 2) / (0.45 * rows), c / (0.8 * cols)) < 1.0
    coarse = rng.random((rows // 16, cols // 8))
    texture = np.kron(coarse, np.ones((16, 8)))
    values = 0.35 + 0.15 * texture
    for row, col, size in ((100.0, 60.0, 12.0), (160.0, 110.0, 7.0)):
        values += 0.4 * np.exp(-((r - row) ** 2 + (c - col) ** 2) / (2 * size**2))
    grey = np.clip(np.where(tissue, values, 0.02), 0, 1)
    return np.asarray(np.rint(grey * 65535), np.uint16)


def _draft(recipe: Recipe, net: CamNet, options: ExportOptions) -> Manifest:
    # Cells trained on a grid of labels stand in the middle of their stride; through a label a
    # patch they stand where the layers' strides put them, on the pixel at stride * i.
    is_cells = recipe.patches.supervision == "cells"
    network = recipe.network
    kinds = tuple(kind for kind in network.classes if kind != network.background)
    return Manifest(
        schema=SCHEMA,
        name=options.name,
        version=options.version,
        intended_use=INTENDED_USE,
        classes=network.classes,
        background=network.background,
        preprocessing=recipe.preprocessing,
        value_scale=ValueScale(mean=network.mean, std=network.std),
        map_geometry=MapGeometry(
            stride_px=STRIDE_PX, offset_px=STRIDE_PX / 2 if is_cells else 0.5, halo_px=halo_px(net)
        ),
        calibration=tuple(neutral(kind) for kind in kinds),
        operating_points=tuple(
            OperatingPoint(name=DEFAULT, kind=kind, threshold=0.5, false_marks_per_image=0.0)
            for kind in kinds
        ),
        default_operating_point=DEFAULT,
        trained_on=TRAINED_ON,
        licence=LICENCE,
        hashes=(),
    )


def _detect_uncalibrated(
    draft: Manifest,
    network: bytes,
    golden: Golden,
    images: Sequence[LabelledImage],
    recipe: Recipe,
) -> tuple[DetectedImage, ...]:
    with tempfile.TemporaryDirectory() as place:
        bundle = write_bundle(
            Path(place) / draft.name,
            manifest=draft,
            onnx_bytes=network,
            golden=golden,
            card="uncalibrated",
        )
        return detect(Session.open(bundle, device="cpu"), images, recipe.data)


def _calibrated(draft: Manifest, detected: Sequence[DetectedImage]) -> Manifest:
    fitted = [calibrate(detected, kind) for kind in draft.findings]
    return replace(
        draft,
        calibration=tuple(calibration for calibration, _ in fitted),
        operating_points=tuple(point for _, points in fitted for point in points),
    )
