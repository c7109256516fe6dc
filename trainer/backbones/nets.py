"""A trunk, value scaling before it and the new last layer after it."""

from __future__ import annotations

import math
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from mammoview.errors import SettingsError
from trainer.backbones.trunks import PATCH_PX, Trunk, cam_trunk, patch_trunk
from trainer.recipe import NetworkRecipe

_ALL = "all"


class ValueScaling(nn.Module):
    """Scale grey values in 0..1 as the weights expect; part of the exported graph."""

    def __init__(self, mean: float, std: float) -> None:
        super().__init__()
        self.mean = mean
        self.std = std

    def forward(self, image: Tensor) -> Tensor:
        """Return ``(image - mean) / std``, any shape."""
        return (image - self.mean) / self.std


class MapSmoothing(nn.Module):
    """Gaussian mean over the neighbours of each cell of a map; beyond its edge the edge goes on.

    A peak that takes turns with its neighbour, as an image is moved by a pixel, stays in between.

    Parameters
    ----------
    cells : float
        Standard deviation in cells, above 0; cells beyond two of them do not count.
    classes : int
        Channels of the map, each smoothed by itself.
    """

    def __init__(self, cells: float, classes: int) -> None:
        super().__init__()
        self.reach = math.ceil(2.0 * cells)
        at = torch.arange(-self.reach, self.reach + 1)
        line = torch.exp(-0.5 * (at / cells) ** 2)
        square = torch.outer(line, line) / line.sum() ** 2
        self.register_buffer(
            "kernel", square.expand(classes, 1, -1, -1).contiguous(), persistent=False
        )

    def forward(self, cam: Tensor) -> Tensor:
        """Return the smoothed map (n, classes, h, w)."""
        padded = functional.pad(cam, [self.reach] * 4, mode="replicate")
        return functional.conv2d(padded, self.get_buffer("kernel"), groups=cam.shape[1])


class GreyNet(nn.Module):
    """What both kinds of network share; see :class:`CamNet` and :class:`PatchNet`.

    Attributes
    ----------
    recipe : NetworkRecipe
        What it was built from.
    trunk : Sequential
        Everything before the new last layer, under torchvision's names.
    head : Conv2d or Linear
        The new last layer, which learns faster.
    frozen : tuple of str
        Parts of the trunk that stay as they are, or ``("all",)``.
    """

    def __init__(self, recipe: NetworkRecipe, trunk: Trunk, head: nn.Conv2d | nn.Linear) -> None:
        super().__init__()
        self.recipe = recipe
        self.scaling = ValueScaling(recipe.mean, recipe.std)
        self.trunk = trunk.layers
        self.head = head
        nn.init.normal_(self.head.weight, std=0.005)
        if self.head.bias is not None:
            nn.init.zeros_(self.head.bias)
        self.left_out = trunk.left_out
        self.frozen = recipe.frozen
        for part in self._frozen_parts():
            part.requires_grad_(requires_grad=False)

    def head_parameters(self) -> tuple[nn.Parameter, ...]:
        """Return what the new last layer learns."""
        return tuple(self.head.parameters())

    def trunk_parameters(self) -> tuple[nn.Parameter, ...]:
        """Return what the rest learns; nothing of the frozen parts."""
        return tuple(p for p in self.trunk.parameters() if p.requires_grad)

    def features(self, image: Tensor) -> Tensor:
        """Return what the trunk makes of grey images; without gradient where all is frozen."""
        colour = self.scaling(image).expand(-1, 3, -1, -1)
        learns = torch.is_grad_enabled() and self.frozen != (_ALL,)
        with torch.set_grad_enabled(learns):
            features: Tensor = self.trunk(colour.contiguous(memory_format=torch.channels_last))
        return features.to(self.head.weight.dtype)

    def train(self, mode: bool = True) -> Self:
        """Switch the mode; batch normalisation that is frozen keeps the statistics it has."""
        super().train(mode)
        parts = [self.trunk] if self.recipe.batch_norm == "frozen" else self._frozen_parts()
        for part in parts:
            for module in part.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        return self

    def _frozen_parts(self) -> list[nn.Module]:
        if self.frozen == (_ALL,):
            return [self.trunk]
        try:
            return [self.trunk.get_submodule(name) for name in self.frozen]
        except AttributeError as error:
            raise SettingsError(
                f"frozen = {list(self.frozen)} for {self.recipe.backbone} ({error})",
                expected=f"some of {', '.join(n for n, _ in self.trunk.named_children())}; or all",
                todo="correct [network] frozen in the recipe",
            ) from error


class CamNet(GreyNet):
    """Grey mammogram to class activation map.

    ``forward`` takes (n, 1, h, w) float32 in 0..1 and returns the map (n, classes, h', w') of raw
    scores and the logits (n, classes), its spatial mean.  GoogLeNet's dropout before the last
    layer drops whole maps: the same as dropping averaged features.
    """

    def __init__(self, recipe: NetworkRecipe) -> None:
        trunk = cam_trunk(recipe.backbone)
        super().__init__(recipe, trunk, nn.Conv2d(trunk.width, len(recipe.classes), 1))
        self.dropout = nn.Dropout2d(trunk.dropout)
        cells = recipe.smoothing_cells
        self.smoothing = MapSmoothing(cells, len(recipe.classes)) if cells else nn.Identity()

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return map and logits; the map is smoothed when a picture is read, not in training."""
        cam = self.head(self.dropout(self.features(image)))
        if not self.training:
            cam = self.smoothing(cam)
        return cam, cam.mean(dim=(2, 3))

    def logits(self, image: Tensor) -> Tensor:
        """Return the spatial means of the map, (n, classes)."""
        logits: Tensor = self(image)[1]
        return logits


class PatchNet(GreyNet):
    """AlexNet or VGG with fc6 and fc7: a grey patch to class scores, without a map.

    ``forward`` takes (n, 1, 224, 224) float32 in 0..1 and returns the logits (n, classes).
    """

    def __init__(self, recipe: NetworkRecipe) -> None:
        trunk = patch_trunk(recipe.backbone)
        super().__init__(recipe, trunk, nn.Linear(trunk.width, len(recipe.classes)))
        self.size_px = PATCH_PX

    def forward(self, image: Tensor) -> Tensor:
        """Return the logits.

        Raises
        ------
        SettingsError
            If the patches have another size than fc6 is made for.
        """
        if tuple(image.shape[2:]) != (self.size_px, self.size_px):
            raise SettingsError(
                f"patches of {image.shape[2]}x{image.shape[3]} for {self.recipe.backbone} with "
                "fc6 and fc7",
                expected=f"[patches] size_px = {self.size_px}",
                todo="correct the recipe, or set [network] cam = true, which takes any size",
            )
        logits: Tensor = self.head(self.features(image))
        return logits

    def logits(self, image: Tensor) -> Tensor:
        """Return the scores (n, classes)."""
        logits: Tensor = self(image)
        return logits


def build_network(recipe: NetworkRecipe) -> CamNet | PatchNet:
    """Return the network of a recipe, its last layer drawn from torch's global seed.

    Raises
    ------
    SettingsError
        If the recipe names no network that there is.
    """
    return CamNet(recipe) if recipe.cam else PatchNet(recipe)
