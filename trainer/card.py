"""The model card that travels in the bundle: what it is, made of, and measured on."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from mammoview.errors import DataError
from mammoview.modelkit.bundle import Bundle, open_bundle, write_bundle
from mammoview.modelkit.manifest import Manifest
from trainer.card_tables import figure, overlap_lines, subgroup_lines, with_interval
from trainer.recipe import Recipe

# Test pictures of CBIS-DDSM's mass set, 800x800: how many, and how many masses.  Other data get no
# comparison.
_FLOORS_ON = (361, 378)
# Sensitivity at 0.25, 0.5, 1, 2 and 4 false marks an image of two simple methods on the test
# pictures of CBIS-DDSM's mass set, same hit rule, each within 0.05.
FLOORS = (
    ("frozen ImageNet ResNet-50, linear map on its cells", (0.38, 0.48, 0.55, 0.62, 0.70)),
    (
        "crude fine-tune of layers 2-4 on whole images, cell labels from the boxes",
        (0.56, 0.66, 0.74, 0.80, 0.82),
    ),
)
# They have classifiers of their own; the others end in global average pooling anyway.
_CUT = ("alexnet", "vgg")
_SIMULATED = "simulated"
_DOCUMENTS = {"images": ("images", "lesions", "froc", "per_class"), "exams": ("views",)}
_STEPS = ("native", "assumed width", "800x800", "picture")
_RATES = ("0.25", "0.5", "1", "2", "4")


def render_card(
    manifest: Manifest,
    *,
    recipe: Recipe,
    validation: dict[str, Any],
    test: dict[str, Any] | None = None,
    exams: dict[str, Any] | None = None,
    trained_on: Collection[str] = (),
) -> str:
    """Return the card as Markdown.

    Parameters
    ----------
    manifest, recipe
        Of the model.
    validation, test
        Documents of ``evaluate images`` on validation and test pictures; without ``test`` the
        card says that the model has not been tested.
    exams
        Document of ``evaluate exams`` on native examinations.
    trained_on
        People that the network was trained or its thresholds were set on.
    """
    parts = [
        f"# {manifest.name} {manifest.version}",
        manifest.intended_use,
        _what(manifest, recipe),
        _training(manifest, recipe),
        "## Measured",
        _measured("Validation pictures (people never trained on)", validation),
        _measured(f"Test pictures ({_how_independent(test, trained_on)})", test)
        if test
        else "Not yet measured on test pictures.",
        _floors(test) if test and _is_of_floors(test) else "",
        _exams(exams) if exams else "",
        _limits(manifest),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def rewrite_card(
    folder: Path,
    *,
    recipe: Recipe,
    validation: dict[str, Any],
    test: dict[str, Any] | None,
    exams: dict[str, Any] | None,
    trained_on: Collection[str] = (),
) -> Bundle:
    """Give a bundle a new card and nothing else."""
    bundle = open_bundle(folder)
    card = render_card(
        bundle.manifest,
        recipe=recipe,
        validation=validation,
        test=test,
        exams=exams,
        trained_on=trained_on,
    )
    return write_bundle(
        folder,
        manifest=bundle.manifest,
        onnx_bytes=bundle.read_network(),
        golden=bundle.golden,
        card=card,
        overwrite=True,
    )


def read_document(file: Path, *, of: str) -> dict[str, Any]:
    """Return a JSON document written by ``evaluate``; of a folder, its ``metrics.json``.

    Parameters
    ----------
    of : str
        ``images`` or ``exams``: what was evaluated.

    Raises
    ------
    DataError
        If the file is none, or the document of another evaluation.
    """
    source = file / "metrics.json" if file.is_dir() else file
    try:
        document = dict(json.loads(source.read_text(encoding="utf-8")))
        if missing := [key for key in _DOCUMENTS[of] if key not in document]:
            raise ValueError(f"without {', '.join(missing)}")
    except (OSError, ValueError, TypeError) as error:
        raise DataError(
            f"{source} cannot be used ({type(error).__name__}: {error})",
            expected=f"the JSON file that mammoview-train evaluate {of} wrote",
            todo=f"run mammoview-train evaluate {of} with --out",
        ) from error
    return document


def people_of(described: dict[str, Any]) -> frozenset[str]:
    """Return the people whom a run was trained or tuned on, from the names of its lesions."""
    lesions = [*described["training"], *described["validation"]]
    return frozenset(str(name).rsplit("_", 4)[0] for name in lesions)


def _how_independent(test: dict[str, Any], trained_on: Collection[str]) -> str:
    """Return in words how many people of the test pictures the model knows."""
    people = {str(name).rsplit("_", 2)[0] for name in test.get("mammograms", ())}
    if not people:
        return "whether people in them were trained on is not told"
    if known := len(people & set(trained_on)):
        return f"{known} of {len(people)} people were trained on, or set its thresholds: no test"
    return "people never trained or tuned on"


def _what(manifest: Manifest, recipe: Recipe) -> str:
    grid, geometry = manifest.preprocessing, manifest.map_geometry
    cut = (
        "cut after its last convolution, with global average pooling and one linear layer in place "
        "of its own classifier (cut and GAP); "
        if recipe.network.backbone.startswith(_CUT)
        else ""
    )
    lines = [
        "## What it is",
        f"- Network: {recipe.network.backbone}, {cut}map = output weights on the last "
        "convolution's features (CAM); one forward pass over the breast.",
        f"- Classes: {', '.join(manifest.classes)}.",
        f"- Grid: {grid.mm_per_px:g} mm per pixel; a map cell every {geometry.stride_px} "
        f"pixels ({geometry.stride_px * grid.mm_per_px:g} mm), the first centred on pixel "
        f"{geometry.offset_px:g}; halo {geometry.halo_px} pixels.",
        "- Images without a pixel spacing are taken as "
        f"{grid.assumed_height_mm:g} mm high, and the result says so.",
        f"- Licence: {manifest.licence}.",
    ]
    if not recipe.network.background:
        lines.insert(
            3,
            f"- It was trained on {' against '.join(recipe.network.classes)} and never saw healthy "
            f"tissue as a class: the channel `{manifest.background}` was appended at export and is "
            "zero everywhere, so a score rests on the raw map of its class and on the calibration.",
        )
    return "\n".join(lines)


def _training(manifest: Manifest, recipe: Recipe) -> str:
    patches, training = recipe.patches, recipe.training
    how = (
        "each cell of a patch's map is told whether it lies in a lesion's ellipse (the paper gives "
        "a patch one label)"
        if patches.supervision == "cells"
        else "one label a patch through the spatial mean of the map, as in the paper"
    )
    stays = f"; {', '.join(recipe.network.frozen)} stay as they were" * bool(recipe.network.frozen)
    stops = (
        f", stopped once the mean accuracy of {training.stop_batches} batches reaches "
        f"{training.stop_accuracy:.1%}"
        if training.stop_accuracy <= 1
        else ""
    )
    lines = [
        "## How it was trained",
        f"- Data: {manifest.trained_on}.",
        f"- Recipe `{recipe.name}`: {_patches(recipe)}; {how}.",
        f"- Augmentation: rotation ±{patches.rotation_degrees:g} degrees, reflection, scale "
        f"±{patches.scale_jitter:.0%}, aspect ±{patches.aspect_jitter:.0%}, gain "
        f"±{patches.gain_jitter:.0%}.",
        f"- {'At most ' if stops else ''}{training.epochs} epochs of "
        f"{training.patches_per_lesion} patch a lesion{stops}; batch "
        f"{training.batch_size}, {training.optimizer}, learning rate "
        f"{training.learning_rate:g} ({training.schedule}), head x{training.head_factor:g}{stays}.",
    ]
    if _is_simulated(manifest):
        lines.insert(
            2,
            "- It was trained on simulated calcifications: clusters drawn into real mammograms. "
            "Figures of calcification below hold for such clusters alone; what it does on real "
            "calcifications has not been measured.",
        )
    return "\n".join([*lines, *(f"- Assumed: {text.rstrip('.')}." for text in recipe.assumptions)])


def _patches(recipe: Recipe) -> str:
    patches = recipe.patches
    if patches.sampling == "roi":
        return (
            f"a square around each lesion, {patches.context:g} times the longer side of its box, "
            f"brought to {patches.size_px} pixels"
        )
    return (
        f"patches of {patches.size_px} pixels on the grid, {patches.lesion_share:.0%} around a "
        "lesion and the rest anywhere in the breast"
    )


def _is_simulated(manifest: Manifest) -> bool:
    return "calcification" in manifest.findings and _SIMULATED in manifest.trained_on.lower()


def _measured(title: str, document: dict[str, Any]) -> str:
    lines = [
        f"### {title}",
        f"{document['images']} pictures, {document['lesions']} lesions. "
        f"Hit: {document['froc']['hit_rule']}. Intervals: 95 %, bootstrap over people.",
        "",
        "| class | " + " | ".join(f"at {r}" for r in _RATES) + " | pointing game | ECE |",
        "|---" * (len(_RATES) + 3) + "|",
    ]
    for kind, values in document["per_class"].items():
        cells = [*_rates(values["froc"]), figure(values["pointing_game"])]
        cells.append(figure(values["expected_calibration_error"], digits=3))
        lines.append(f"| {kind} | " + " | ".join(cells) + " |")
    for kind, values in document["per_class"].items():
        if "froc_iou" in values:
            cells = [*_rates(values["froc_iou"]), "", ""]
            rule = values["froc_iou"]["hit_rule"]
            lines.append(f"| {kind}, hit: {rule} | " + " | ".join(cells) + " |")
    lines += ["", "Columns: sensitivity at so many false marks an image.", ""]
    for kind, values in document["per_class"].items():
        for name, point in values["operating_points"].items():
            lines.append(
                f"- {kind}, operating point `{name}` (score >= {point['threshold']:.3f}): "
                f"sensitivity {figure(point['sensitivity'])}, "
                f"{point['false_marks_per_image']:.2f} false marks an image."
            )
    for kind, values in document["per_class"].items():
        lines += overlap_lines(kind, values.get("overlap", {}))
        lines += subgroup_lines(kind, values.get("subgroups", []), document.get("spacing", {}))
    return "\n".join(lines)


def _rates(froc: dict[str, Any]) -> list[str]:
    return [
        with_interval({"mean": froc["sensitivity_at"][r], "ci95": froc["ci95"][r]}) for r in _RATES
    ]


def _is_of_floors(document: dict[str, Any]) -> bool:
    lesions = {kind: values["lesions"] for kind, values in document["per_class"].items()}
    others = document.get("other_lesions", {})
    found = (document["images"], lesions.pop("mass", 0))
    return found == _FLOORS_ON and not any(lesions.values()) and not others


def _floors(document: dict[str, Any]) -> str:
    lines = [
        "### Beside two simple methods on the same pictures and rule (each ±0.05)",
        "| method | " + " | ".join(f"at {r}" for r in _RATES) + " |",
        "|---" * (len(_RATES) + 1) + "|",
    ]
    lines += [f"| {name} | " + " | ".join(f"{v:.2f}" for v in row) + " |" for name, row in FLOORS]
    ours = document["per_class"]["mass"]["froc"]["sensitivity_at"]
    lines.append("| this model | " + " | ".join(f"{ours[r]:.2f}" for r in _RATES) + " |")
    return "\n".join(lines)


def _exams(document: dict[str, Any]) -> str:
    lines = [
        "### Native examinations (in the test split too)",
        "| examination | view | annotated boxes | flagged marks | boxes hit |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {view['exam']} | {view['view']} | {len(view['boxes'])} | {len(view['flagged'])} | "
        f"{sum(view['hit'])} |"
        for view in document["views"]
    ]
    lines += ["", "Where a native view is flagged otherwise than its own 800-pixel picture:", ""]
    for view in document["views"]:
        for difference in view["differences"]:
            lines.append(f"- {view['exam']} {view['view']}: {difference}")
    if not any(view["differences"] for view in document["views"]):
        lines.append("- nowhere.")
    return "\n".join([*lines, "", *_why(document)])


def _why(document: dict[str, Any]) -> list[str]:
    """Return the table of box scores as a native view turns into its picture step by step."""
    lines = [
        "Why: the best score in each box as the native view turns into its picture by steps; the "
        "step that moves a score is the reason.",
        "",
        "| examination | view | native | + the picture's assumed width | + 800x800 pixels | "
        "the picture itself (own maximum, JPEG) |",
        "|---|---|---|---|---|---|",
    ]
    for view in document["views"]:
        cells = [", ".join(f"{score:.2f}" for score in view["probes"][step]) for step in _STEPS]
        lines.append(f"| {view['exam']} | {view['view']} | " + " | ".join(cells) + " |")
    return lines


def _limits(manifest: Manifest) -> str:
    lines = [
        "## Limits",
        "- Trained and measured on digitised film alone; every picture in the test set has a "
        f"{' or a '.join(manifest.findings)}, so false marks on normal examinations are not known.",
        "- Spacing of the training pictures is assumed, not known.",
        "- Standard CC and MLO views only; magnification, spot, implant and tomosynthesis "
        "images are refused.",
        f"- It knows {', '.join(manifest.findings)} and nothing else; a dark map is no "
        "normal breast.",
    ]
    if _is_simulated(manifest):
        lines.append("- Its calcifications are simulated: no figure here is one of real ones.")
    return "\n".join(lines)
