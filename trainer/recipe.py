"""A training recipe: frozen values read from strict TOML, nothing assumed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mammoview.errors import SettingsError
from mammoview.modelkit.codec import CodecError, decode, encode
from mammoview.modelkit.manifest import Preprocessing


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
    """The network: ``classes`` in channel order, ``frozen`` the trunk's children that stay."""

    backbone: str
    classes: tuple[str, ...]
    background: str
    mean: float
    std: float
    frozen: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchRecipe:
    """How patches are cut and augmented.

    Attributes
    ----------
    size_px : int
        Side of a patch on the grid.
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
    rotation_degrees : float
        Rotations are drawn from minus to plus this.
    """

    size_px: int
    supervision: Literal["patch", "cells"]
    lesion_share: float
    centre_jitter_px: float
    ignore_ring: float
    scale_jitter: float
    aspect_jitter: float
    gain_jitter: float
    rotation_degrees: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecipe:
    """The optimiser and its schedule; the head learns ``head_factor`` times faster."""

    optimizer: Literal["adamw", "sgd"]
    learning_rate: float
    head_factor: float
    weight_decay: float
    momentum: float
    lesion_weight: float
    batch_size: int
    patches_per_lesion: int
    epochs: int
    warmup_steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that a training run depends on besides data and weights."""

    name: str
    seed: int
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
    if recipe.network.background not in recipe.network.classes:
        raise SettingsError(
            f"recipe {file.name}: background {recipe.network.background!r} is not a class",
            expected="one of [network] classes",
            todo="add it to classes",
        )
    return recipe


def recipe_from_values(values: dict[str, Any]) -> Recipe:
    """Rebuild a recipe from :meth:`Recipe.as_dict` values, as stored in a checkpoint."""
    return decode(Recipe, values)
