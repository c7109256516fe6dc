"""A finished run -> a model bundle that the viewer opens.

Two things are decided here.  A network whose classes have no word for healthy tissue (the paper's
two) gets a ``background`` channel of zeros, so that the margin of a class is its raw map and the
calibration on whole pictures learns where healthy tissue lies.  And the map's offset: cells that
were trained on a grid of labels stand in the middle of their stride; through one label a patch
they stand where the layers put them.
"""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mammoview.domain.geometry import PixelSpacing
from mammoview.errors import DataError, ModelError
from mammoview.inference.session import Session
from mammoview.modelkit.bundle import Bundle, require_place, write_bundle
from mammoview.modelkit.golden import Golden, record_golden
from mammoview.modelkit.manifest import (
    SCHEMA,
    Caveat,
    Manifest,
    MapGeometry,
    OperatingPoint,
    ValueScale,
)
from trainer.backbones import CamNet, geometry
from trainer.calibrate import DEFAULT, calibrate, neutral, operating_points, recalibrated
from trainer.card.model_card import render_card
from trainer.classifier import LAST, RUN, PatchClassifier, load_checkpoint
from trainer.detect import DetectedImage, detect
from trainer.documents import write_json
from trainer.evaluate import evaluate
from trainer.input_range import training_ranges
from trainer.labelled import LabelledImage, people_of, plain_name
from trainer.onnx_graph import fold_and_round, to_onnx
from trainer.parity import Comparison, compare, torch_network
from trainer.recipe import Recipe

INTENDED_USE = (
    "Research use only. Marks kinds of finding for a radiologist's second look; it does not "
    "diagnose, and a score is no probability of cancer."
)
LICENCE = "Apache-2.0; trained on CBIS-DDSM (CC BY 3.0), attribution required"
BACKGROUND = "background"
_GOLDEN_SPACING = PixelSpacing(row_mm=0.25, col_mm=0.2, source="golden picture")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """Name and version of the new model, and where its bundle goes."""

    out: Path
    name: str
    version: str
    overwrite: bool
    licence: str = LICENCE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Draft:
    """A model before its calibration: all that goes into the bundle but the card."""

    manifest: Manifest
    onnx: bytes
    golden: Golden
    trained: CamNet
    exported: CamNet


def export(run: Path, images: Sequence[LabelledImage], options: ExportOptions) -> Bundle:
    """Write the bundle of a run, calibrated on the run's validation pictures.

    Parameters
    ----------
    run : Path
        Folder of the run.
    images : sequence of LabelledImage
        Pictures that hold the run's lesions; only those of validation are read.
    options : ExportOptions
        Name, version, place.

    Raises
    ------
    ModelError
        If a bundle stands in that place, the network has no map or its classes are no kinds of
        finding, ONNX Runtime does not give what torch gives, or the bundle would not open.
    DataError
        If validation pictures are missing.
    """
    require_place(options.out, overwrite=options.overwrite)
    described = read_run(run)
    module = load_checkpoint(run / LAST)
    draft = draft_of(module, trained_on(described, module.recipe), options)
    validation = validation_images(described, images)
    with tempfile.TemporaryDirectory() as place:
        detected = detect(open_draft(draft, Path(place)), validation, module.recipe.data)
    manifest = replace(
        _calibrated(draft.manifest, detected),
        caveats=caveats(images),
        input_range=training_ranges(
            described, images, module.recipe.data, draft.manifest.preprocessing
        ),
    )
    measured = evaluate(recalibrated(detected, manifest.calibration), manifest)
    write_json(measured, run / "validation.json")
    return write_bundle(
        options.out,
        manifest=manifest,
        onnx_bytes=draft.onnx,
        golden=draft.golden,
        card=render_card(manifest, recipe=module.recipe, validation=measured),
        overwrite=options.overwrite,
    )


def caveats(images: Sequence[LabelledImage]) -> tuple[Caveat, ...]:
    """Return what has to be said of classes whose lesions are simulated, all or in part."""
    drawn: dict[str, list[bool]] = {}
    for lesion in (lesion for image in images for lesion in image.lesions):
        drawn.setdefault(lesion.kind, []).append(lesion.simulated is not None)
    return tuple(
        Caveat(kind=kind, text=f"trained on {'' if all(of) else 'real and '}simulated {kind}s")
        for kind, of in sorted(drawn.items())
        if any(of)
    )


def mapping_network(module: PatchClassifier) -> CamNet:
    """Return the network of a run as the viewer can use it, ready to run.

    A network without a class for healthy tissue gets one: a last channel of zeros.

    Raises
    ------
    ModelError
        If the network has no map, or its classes are no kinds of finding.
    """
    if module.recipe.patches.labels != "kind":
        raise ModelError(
            f"the run's classes are {', '.join(module.recipe.network.classes)}",
            expected="kinds of finding: a map of malignancy would be read as a probability of "
            "cancer, which it is not",
            todo="export a run whose recipe has [patches] labels = kind; judge this one with "
            "mammoview-train evaluate patches",
        )
    net = module.net
    if not isinstance(net, CamNet):
        raise ModelError(
            f"{module.recipe.network.backbone} with fc6 and fc7 has no map",
            expected="a network that ends with global average pooling",
            todo="set [network] cam = true in the recipe and train again",
        )
    return net.eval() if module.recipe.network.background else _with_background(net).eval()


def trained_on(described: dict[str, Any], recipe: Recipe) -> str:
    """Return what a model was trained on, for its manifest and card."""
    weights = described["weights"]
    start = "from random weights" if weights == "none" else f"from the weights {weights}"
    text = f"{described['data']}; {recipe.network.backbone} {start}"
    if recipe.network.background:
        return text
    return (
        f"{text}; no patches of healthy tissue: its background channel is zero, and where healthy "
        "tissue lies is learnt by the calibration on whole pictures alone"
    )


def validation_images(
    described: dict[str, Any], images: Sequence[LabelledImage]
) -> tuple[LabelledImage, ...]:
    """Return the pictures with validation lesions, of people whom the run never trained on.

    Raises
    ------
    DataError
        If a validation lesion is not among ``images``, or every such person was trained on too
        (a split without regard to people).
    """
    validation, training = set(described["validation"]), set(described["training"])
    held = {lesion.lesion_id for image in images for lesion in image.lesions}
    if missing := sorted(validation - held):
        raise DataError(
            f"{len(missing)} validation lesions of the run are not in the data ({missing[0]}, ...)",
            expected="the data that the run's cache was prepared from",
            todo="give it with --data",
        )
    # By name, for training pictures that are not among these; by lesion, for names without a side.
    known = people_of(training) | {
        plain_name(i.person) for i in images if any(x.lesion_id in training for x in i.lesions)
    }
    kept = tuple(
        image
        for image in images
        if plain_name(image.person) not in known
        and any(x.lesion_id in validation for x in image.lesions)
    )
    if not kept:
        raise DataError(
            "every person in the run's validation part was trained on too",
            expected="validation pictures of people never trained on, to set thresholds by",
            todo="train on a split by person: mammoview-train splits --protocol grouped",
        )
    return kept


def read_run(run: Path) -> dict[str, Any]:
    """Return the description that ``fit`` wrote.

    Raises
    ------
    DataError
        If the folder holds no run, or one of an older trainer.
    """
    try:
        described = dict(json.loads((run / RUN).read_text(encoding="utf-8")))
        missing = [
            key for key in ("data", "weights", "training", "validation") if key not in described
        ]
        if missing:
            raise ValueError(f"without {', '.join(missing)}")
    except (OSError, ValueError, TypeError) as error:
        raise DataError(
            f"no run in {run} ({type(error).__name__}: {error})",
            expected=f"{RUN} and {LAST}",
            todo="make one with mammoview-train fit",
        ) from error
    return described


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


def _with_background(net: CamNet) -> CamNet:
    """Return a copy with one class more, whose map is zero everywhere."""
    wider = copy.deepcopy(net)
    old = net.head
    classes, width = old.weight.shape[:2]
    head = nn.Conv2d(width, classes + 1, 1)
    with torch.no_grad():
        for new, given in ((head.weight, old.weight), (head.bias, old.bias)):
            if new is not None and given is not None:
                new.zero_()
                new[:classes] = given
    wider.head = head
    return wider


def draft_of(module: PatchClassifier, source: str, options: ExportOptions) -> Draft:
    """Return the model of a trained network before its calibration.

    Parameters
    ----------
    source : str
        What it was trained on.

    Raises
    ------
    ModelError
        If the network has no map, or its classes are no kinds of finding.
    """
    trained = mapping_network(module)
    exported = fold_and_round(trained)
    manifest = _manifest(module.recipe, trained, source, options)
    golden = record_golden(
        manifest, values=golden_picture(), spacing=_GOLDEN_SPACING, run=torch_network(exported)
    )
    return Draft(
        manifest=manifest,
        onnx=to_onnx(exported),
        golden=golden,
        trained=trained,
        exported=exported,
    )


def _manifest(recipe: Recipe, net: CamNet, source: str, options: ExportOptions) -> Manifest:
    network = recipe.network
    kinds = tuple(kind for kind in network.classes if kind != network.background)
    return Manifest(
        schema=SCHEMA,
        name=options.name,
        version=options.version,
        intended_use=INTENDED_USE,
        classes=network.classes if network.background else (*network.classes, BACKGROUND),
        background=network.background or BACKGROUND,
        preprocessing=recipe.preprocessing,
        value_scale=ValueScale(mean=network.mean, std=network.std),
        map_geometry=map_geometry(recipe, net),
        calibration=tuple(neutral(kind) for kind in kinds),
        operating_points=tuple(
            OperatingPoint(name=DEFAULT, kind=kind, threshold=0.5, false_marks_per_image=0.0)
            for kind in kinds
        ),
        default_operating_point=DEFAULT,
        caveats=(),
        input_range=(),
        trained_on=source,
        licence=options.licence,
        hashes=(),
    )


def map_geometry(recipe: Recipe, net: CamNet) -> MapGeometry:
    """Return where the cells of a trained network's map lie."""
    layers = geometry(net)
    is_cells = recipe.patches.supervision == "cells"
    return MapGeometry(
        stride_px=layers.stride_px,
        offset_px=layers.stride_px / 2 if is_cells else layers.offset_px,
        halo_px=layers.halo_px,
    )


def open_draft(draft: Draft, folder: Path) -> Session:
    """Write a draft as a bundle with neutral calibration, and open it as the viewer does.

    Raises
    ------
    ModelError
        If ONNX Runtime does not give what torch gives.
    """
    bundle = write_bundle(
        folder / draft.manifest.name,
        manifest=draft.manifest,
        onnx_bytes=draft.onnx,
        golden=draft.golden,
        card="uncalibrated",
    )
    session = Session.open(bundle, device="cpu")
    _require_parity(compare(session, trained=draft.trained, exported=draft.exported))
    return session


def _require_parity(found: Comparison) -> None:
    if not found.passed:
        raise ModelError(
            f"ONNX Runtime and torch part: {found.arithmetic:.1e} of the map's range, rounded "
            f"weights {found.rounding:.1e}, mean map against logits {found.mean_to_logits:.1e}",
            expected="the same map from both",
            todo="nothing was written; report this with the versions of torch and onnxruntime",
        )


def _calibrated(draft: Manifest, detected: Sequence[DetectedImage]) -> Manifest:
    calibration = tuple(calibrate(detected, kind) for kind in draft.findings)
    points = operating_points(recalibrated(detected, calibration), draft.findings)
    return replace(draft, calibration=calibration, operating_points=points)
