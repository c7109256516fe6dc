"""The model card that travels in the bundle: what it is, made of, and measured on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mammoview.errors import DataError, UsageError
from mammoview.modelkit.bundle import CARD, NETWORK, Bundle, open_bundle, write_bundle
from mammoview.modelkit.codec import CodecError
from mammoview.modelkit.manifest import Manifest
from trainer.card.measured import (
    comparison_text,
    exams_text,
    is_of_floors,
    measured_text,
)
from trainer.card.sections import Section, SectionName, refit_sections, section_in_card
from trainer.card.speed import speed_text
from trainer.documents import markdown_table
from trainer.labelled import digests, people_of
from trainer.recipe import WHOLE, Recipe, recipe_from_values

# They have classifiers of their own; the others end in global average pooling anyway.
_CUT = ("alexnet", "vgg")
_SIMULATED = "simulated"
_DOCUMENTS = {
    "images": ("images", "lesions", "froc", "per_class"),
    "exams": ("views",),
    "speed": ("bench",),
}
_MADE_BY = {
    "images": "mammoview-train evaluate images with --out",
    "exams": "mammoview-train evaluate exams with --out",
    "speed": "mammoview bench analyze --json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured of a model beside its validation pictures; all of it may be missing.

    Attributes
    ----------
    test : dict or None
        Document of ``evaluate images`` on test pictures.
    exams : dict or None
        Document of ``evaluate exams`` on native examinations.
    speed : dict or None
        Document of ``mammoview bench analyze --json``.
    sections : tuple of Section
        What other evaluations wrote, one of a name.
    """

    test: dict[str, Any] | None = None
    exams: dict[str, Any] | None = None
    speed: dict[str, Any] | None = None
    sections: tuple[Section, ...] = ()


NOTHING = Measured()


def render_card(
    manifest: Manifest,
    *,
    recipe: Recipe,
    validation: dict[str, Any],
    measured: Measured = NOTHING,
    trained_on: Collection[str] = (),
    refits: str = "",
) -> str:
    """Return the card as Markdown.

    Parameters
    ----------
    manifest, recipe
        Of the model.
    validation
        Document of ``evaluate images`` on validation pictures.
    measured
        What else there is; without test pictures the card says so.
    trained_on
        Digests of the people that the network, or one whose weights it started from, was trained
        on, or its thresholds were set on (``trainer.labelled.digests``).
    refits
        Sections that refits on a site's own images have left.
    """
    test, exams, speed = measured.test, measured.exams, measured.speed
    parts = [
        f"# {manifest.name} {manifest.version}",
        manifest.intended_use,
        refits,
        _what(manifest, recipe),
        _training(manifest, recipe),
        _use(manifest, is_refitted=bool(refits)),
        "## Measured",
        measured_text(
            "Validation pictures (people never trained on)",
            validation,
            again="mammoview-train export RUN --data LABELLED --out NEW",
        ),
        measured_text(f"Test pictures ({_how_independent(test, trained_on)})", test)
        if test
        else "Not yet measured on test pictures.",
        comparison_text(test) if test and is_of_floors(test) else "",
        exams_text(exams) if exams else "",
        *_section_texts(measured.sections),
        speed_text(speed) if speed else "",
        _limits(manifest, measured),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def rewrite_card(
    folder: Path,
    *,
    recipe: Recipe,
    validation: dict[str, Any],
    measured: Measured = NOTHING,
    trained_on: Collection[str] = (),
) -> Bundle:
    """Give a bundle a new card and nothing else; what a refit has written into the old one stays.

    Raises
    ------
    UsageError
        If a document or section was measured on another network, or two sections are of one name.
    """
    bundle = open_bundle(folder)
    require_same_network(bundle.manifest, measured)
    card = render_card(
        bundle.manifest,
        recipe=recipe,
        validation=validation,
        measured=measured,
        trained_on=trained_on,
        refits=refit_sections((bundle.folder / CARD).read_text("utf-8")),
    )
    return with_card(bundle, card)


def with_card(bundle: Bundle, card: str) -> Bundle:
    """Write an open bundle anew with another card and nothing else."""
    return write_bundle(
        bundle.folder,
        manifest=bundle.manifest,
        onnx_bytes=bundle.network,
        golden=bundle.golden,
        card=card,
        overwrite=True,
    )


def require_same_network(manifest: Manifest, measured: Measured) -> None:
    """Refuse figures of another network, and two sections of one name.

    Raises
    ------
    UsageError
        If there are any.
    """
    own = dict(manifest.hashes)[NETWORK]
    of_test = (measured.test or {}).get("model", {}).get("network_sha256")
    networks = [(f"section {s.name}", s.network_sha256) for s in measured.sections]
    for what, network in [("the test document", of_test), *networks]:
        if network and network != own:
            raise UsageError(
                f"{what} was measured on another network ({network[:12]})",
                expected=f"figures of {manifest.name} {manifest.version} ({own[:12]})",
                todo="run that evaluation again with this bundle",
            )
    for name, count in Counter(s.name for s in measured.sections).items():
        if count > 1:
            raise UsageError(
                f"{count} sections named {name}",
                expected="one section of a name",
                todo="give the folder of one evaluation of each kind",
            )


def read_document(file: Path, *, of: str) -> dict[str, Any]:
    """Return a JSON document that a command has written; of a folder, its ``metrics.json``.

    Parameters
    ----------
    of : str
        ``images``, ``exams`` or ``speed``: what was measured.

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
            expected=f"the JSON document of {_MADE_BY[of]}",
            todo="make it again",
        ) from error
    return document


def recipe_of(run: Path, described: dict[str, Any]) -> Recipe:
    """Return the recipe in the description of a run.

    Raises
    ------
    DataError
        If it is one of another version of the trainer.
    """
    try:
        return recipe_from_values(described["recipe"])
    except (CodecError, KeyError) as error:
        raise DataError(
            f"the recipe of the run in {run} cannot be read ({error})",
            expected="a run of this version of the trainer",
            todo="train again, or write the card with the version that trained",
        ) from error


def _how_independent(test: dict[str, Any], trained_on: Collection[str]) -> str:
    """Return in words how many people of the test pictures the model knows."""
    people = people_of(test.get("mammograms", ()))
    if not people:
        return "whether people in them were trained on is not told"
    if known := len(digests(people) & set(trained_on)):
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
        "each cell of the map is told whether it lies in a lesion's ellipse (the paper gives "
        "a patch one label)"
        if patches.supervision == "cells"
        else "one label a patch through the spatial mean of the map, as in the paper"
    )
    what = "picture" if patches.sampling in WHOLE else "patch"
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
        f"{training.patches_per_lesion} {what} a lesion{stops}; batch "
        f"{training.batch_size}, {training.optimizer}, learning rate "
        f"{training.learning_rate:g} ({training.schedule}), head x{training.head_factor:g}{stays}.",
    ]
    if _is_simulated(manifest):
        lines.insert(
            2,
            "- It was trained on simulated calcifications: clusters drawn into real mammograms. "
            "Figures of calcification on annotated pictures below hold for such clusters alone.",
        )
    return "\n".join([*lines, *(f"- Assumed: {text.rstrip('.')}." for text in recipe.assumptions)])


def _patches(recipe: Recipe) -> str:
    patches = recipe.patches
    if patches.sampling == "roi":
        healthy = ", and one as large clear of all lesions" * bool(recipe.network.background)
        return (
            f"a square around each lesion, {patches.context:g} times the longer side of its box, "
            f"brought to {patches.size_px} pixels{healthy}"
        )
    if patches.sampling in WHOLE:
        return (
            "whole mammograms on the grid, as the viewer shows them to the network, of "
            f"{patches.size_px} pixels a side at most"
        )
    return (
        f"patches of {patches.size_px} pixels on the grid, {patches.lesion_share:.0%} around a "
        "lesion and the rest anywhere in the breast"
    )


def _is_simulated(manifest: Manifest) -> bool:
    said = [manifest.trained_on, *(c.text for c in manifest.caveats if c.kind == "calcification")]
    return "calcification" in manifest.findings and any(_SIMULATED in s.lower() for s in said)


def _use(manifest: Manifest, *, is_refitted: bool) -> str:
    """Return thresholds, and what stands beside results."""
    rows = [
        [point.name, point.kind, f"{point.threshold:.3f}", f"{point.false_marks_per_image:g}"]
        for point in manifest.operating_points
    ]
    header = ("operating point", "class", "score from", "set for false marks an image")
    lines = [
        "## Operating points",
        "",
        markdown_table(header, rows),
        "",
        f"Default: `{manifest.default_operating_point}`. Rates of all classes together, set on "
        f"{'the images of the refit above' if is_refitted else 'digitised film'}; to be set on a "
        "site's own normal examinations, without labels: `mammoview-train calibrate BUNDLE "
        "--normals PATH --out NEW`.",
    ]
    if manifest.caveats:
        lines += ["", "Said beside every result, on the screen and in JSON:", ""]
        lines += [f"- {caveat.kind}: {caveat.text}" for caveat in manifest.caveats]
    if manifest.input_range:
        ranges = ", ".join(f"{r.feature} {r.low:.3g} to {r.high:.3g}" for r in manifest.input_range)
        lines += [
            "",
            f"Training range of the input: {ranges}. An image outside is analysed all the same, "
            "and the result says so.",
        ]
    return "\n".join(lines)


def _section_texts(sections: Sequence[Section]) -> list[str]:
    order = list(SectionName)
    kept = sorted(sections, key=lambda section: order.index(section.name))
    return [section_in_card(section) for section in kept]


def _limits(manifest: Manifest, measured: Measured) -> str:
    names = {section.name for section in measured.sections}
    digital = SectionName.DIGITAL in names
    lines = [
        "## Limits",
        f"- Trained {'' if digital else 'and measured '}on digitised film alone; every picture in "
        f"the test set has a {' or a '.join(manifest.findings)}, so false marks on normal film "
        f"examinations are not known{'; on digital normals they stand above' if digital else ''}.",
        "- Spacing of the training pictures is assumed, not known.",
        "- Standard CC and MLO views only; magnification, spot, implant and tomosynthesis "
        "images are refused.",
        f"- It knows {', '.join(manifest.findings)} and nothing else; a dark map is no "
        "normal breast.",
    ]
    if _is_simulated(manifest):
        real = (
            "apart from those that are named real, no figure here is one of real ones"
            if SectionName.CALCIFICATIONS in names
            else "no figure here is one of real ones"
        )
        lines.append(f"- Its calcifications are simulated: {real}.")
    return "\n".join(lines)
