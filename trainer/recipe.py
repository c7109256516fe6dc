"""A training recipe: frozen values read from strict TOML, nothing assumed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mammoview.errors import SettingsError
from mammoview.modelkit.codec import CodecError, decode, encode
from mammoview.modelkit.manifest import Preprocessing

# Ways of sampling that take whole pictures.
WHOLE = ("whole", "laid")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRecipe:
    """What is assumed of pictures without a scale, and how much is kept for validation.

    ``assumed_height_mm`` and ``assumed_width_mm`` are the size of the whole picture;
    ``validation_share`` is the share of people, not of images.
    """

    assumed_height_mm: float
    assumed_width_mm: float
    validation_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkRecipe:
    """The network.

    Attributes
    ----------
    backbone : str
        ``alexnet``, ``vgg16``, ``vgg19``, ``googlenet``, ``resnet18`` to ``resnet152``,
        ``resnet50-original-strides`` or, with a map twice as fine,
        ``resnet50-original-strides-fine``.
    cam : bool
        AlexNet and VGG: False keeps fc6 and fc7 as in the paper, True cuts after the last
        convolution and averages its maps.  The others have that shape: True.
    classes : tuple of str
        In channel order.
    background : str
        The class of healthy tissue; empty where there is none, as in the paper.
    mean, std : float
        Scaling of grey values in 0..1.
    frozen : tuple of str
        Children of the trunk that stay as they are, or ``all``.
    batch_norm : str
        ``frozen``: batch normalisation keeps the statistics of its weights; ``trained``.
    smoothing_cells : float
        Standard deviation of the Gaussian that smooths the map when a picture is read, in cells; 0:
        the map as it is.  Not in training.
    """

    backbone: str
    cam: bool
    classes: tuple[str, ...]
    background: str
    mean: float
    std: float
    frozen: tuple[str, ...]
    batch_norm: Literal["frozen", "trained"]
    smoothing_cells: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchRecipe:
    """How patches are cut and augmented.

    Attributes
    ----------
    sampling : str
        ``grid``: from whole mammograms on the grid of ``[preprocessing]``; ``whole``: the whole
        mammogram on that grid, mirrored at random; ``laid``: the same, never mirrored, as the
        viewer shows it to the network (``breast-grid-2`` lays all pictures one way); ``roi``: the
        paper's patch, a square around each lesion, shrunk or blown up to ``size_px``, and where
        there is a background class one of the same size in mm clear of all lesions for each.
    context : float
        With ``roi``: side of the square over the longer side of the lesion's box.
    labels : str
        ``kind``: mass, calcification; ``kind-pathology``: benign-mass, malignant-mass, ...
    size_px : int
        Side of a patch as the network sees it; with whole pictures no frame is longer or wider.
    supervision : str
        ``patch``: one label a patch, through the spatial mean of the map (Xi, Shu and Goubran
        2018); ``cells``: one label a map cell, from the boxes.
    lesion_share : float
        Share of patches cut around a lesion; the rest is cut anywhere in the breast.
    centre_jitter_px : float
        A lesion lies up to this far from the middle of its patch, each axis.
    ignore_ring : float
        Cells outside a lesion's ellipse but within ``1 + ignore_ring`` of it are not judged.
    scale_jitter, aspect_jitter, gain_jitter : float
        Factors are drawn from ``1 - jitter`` to ``1 + jitter``.
    gamma_jitter : float
        Exponents of the grey values are drawn from ``exp(-jitter)`` to ``exp(jitter)``.
    rotation_degrees : float
        Rotations are drawn from minus to plus this; reflections as well, but for ``laid``.
    transplant_share : float
        Of whole pictures, so many get a place of another picture set in: a lesion into half of
        them, a healthy place into the others (``trainer.transplant``).
    """

    sampling: Literal["grid", "whole", "laid", "roi"]
    context: float
    labels: Literal["kind", "kind-pathology"]
    size_px: int
    supervision: Literal["patch", "cells"]
    lesion_share: float
    centre_jitter_px: float
    ignore_ring: float
    scale_jitter: float
    aspect_jitter: float
    gain_jitter: float
    gamma_jitter: float
    rotation_degrees: float
    transplant_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecipe:
    """The optimiser and its schedule.

    Attributes
    ----------
    head_factor : float
        The new last layer learns so many times faster.
    schedule : str
        ``cosine`` down to nothing over all epochs, or ``constant``.
    average : float
        What is kept is a running mean of the weights over the steps: it keeps this share of itself
        at each (Polyak and Juditsky 1992); 0: the last weights themselves.
    lesion_weight : float
        Weight of a finding in the loss against background.
    batch_size : int
        Over all GPUs and machines together.
    epochs : int
        At most so many.
    stop_accuracy, stop_batches : float, int
        Stop once the mean accuracy of the last ``stop_batches`` batches reaches this; an accuracy
        above 1 never stops.
    """

    optimizer: Literal["adamw", "sgd"]
    learning_rate: float
    head_factor: float
    weight_decay: float
    momentum: float
    schedule: Literal["cosine", "constant"]
    average: float
    lesion_weight: float
    batch_size: int
    patches_per_lesion: int
    epochs: int
    warmup_steps: int
    stop_accuracy: float
    stop_batches: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that a training run depends on besides data and weights.

    ``assumptions`` are sentences: what was assumed where the source of the method is silent.
    """

    name: str
    seed: int
    assumptions: tuple[str, ...]
    data: DataRecipe
    preprocessing: Preprocessing
    network: NetworkRecipe
    patches: PatchRecipe
    training: TrainingRecipe

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for a report or a checkpoint."""
        values: dict[str, Any] = encode(self)
        return values


def read_recipe(file: Path) -> Recipe:
    """Read a recipe.

    Raises
    ------
    SettingsError
        If the file cannot be read, or a key is unknown, missing or of the wrong kind.
    """
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
        recipe = decode(Recipe, values)
    except (OSError, tomllib.TOMLDecodeError, CodecError) as error:
        raise SettingsError(
            f"recipe {file.name}: {error}",
            expected="a TOML file with every key of resources/recipes/review.toml",
            todo="correct the file",
        ) from error
    for holds, met, expected in _rules(recipe):
        if not holds:
            raise SettingsError(
                f"recipe {file.name}: {met}", expected=expected, todo="correct the file"
            )
    return recipe


def _rules(recipe: Recipe) -> Iterator[tuple[bool, str, str]]:
    """Yield what must hold between values: whether it does, what was met, what is expected."""
    network, patches, training = recipe.network, recipe.patches, recipe.training
    classes, background = network.classes, network.background
    yield len(classes) > 1, f"classes {classes}", "at least two"
    yield len(set(classes)) == len(classes), f"classes {classes}", "every class once"
    yield (
        background in ("", *classes),
        f"background {background!r} is not a class",
        "one of [network] classes, or an empty text where there is none",
    )
    yield (
        bool(background) or patches.lesion_share == 1.0,
        f"lesion_share {patches.lesion_share:g} and no background class",
        "lesion_share 1.0: a patch without a lesion needs a class",
    )
    yield (
        patches.sampling != "roi"
        or (patches.supervision == "patch" and patches.lesion_share == 1.0),
        f"roi patches with {patches.supervision} supervision and lesion_share "
        f"{patches.lesion_share:g}",
        'supervision "patch" and lesion_share 1.0: a patch around a lesion has one label, and '
        "squares of a background class are cut beforehand, one a lesion",
    )
    yield (
        patches.sampling != "roi" or not background or patches.labels == "kind",
        f"roi patches with background {background!r} and labels {patches.labels}",
        'labels "kind": a background square has no pathology',
    )
    yield (
        patches.sampling not in WHOLE or (patches.supervision == "cells" and bool(background)),
        f"whole pictures with {patches.supervision} supervision and background {background!r}",
        'supervision "cells" and a background: a whole picture has no one label',
    )
    yield (
        patches.transplant_share == 0.0 or patches.sampling in WHOLE,
        f"transplant_share {patches.transplant_share:g} with {patches.sampling} patches",
        "whole pictures (sampling whole or laid), or transplant_share 0",
    )
    for name, share in (
        ("transplant_share", patches.transplant_share),
        ("average", training.average),
    ):
        yield (
            0.0 <= share <= 1.0 and (name, share) != ("average", 1.0),
            f"{name} {share:g}",
            "0 to 1",
        )
    smoothing = network.smoothing_cells
    yield 0.0 <= smoothing <= 4.0, f"smoothing_cells {smoothing:g}", "0 to 4"
    for name, value in (
        ("size_px", patches.size_px),
        ("context", patches.context),
        ("batch_size", training.batch_size),
        ("epochs", training.epochs),
        ("patches_per_lesion", training.patches_per_lesion),
        ("stop_batches", training.stop_batches),
        ("learning_rate", training.learning_rate),
    ):
        yield value > 0, f"{name} {value}", "a number above 0"


def recipe_from_values(values: dict[str, Any]) -> Recipe:
    """Rebuild a recipe from :meth:`Recipe.as_dict` values, as stored in a checkpoint."""
    return decode(Recipe, values)
