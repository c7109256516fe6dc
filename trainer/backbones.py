"""Networks that can have a class activation map: trunk, 1x1 head, spatial mean.

The only importer of torchvision's models.  The head is the fully connected layer of the paper
written as a 1x1 convolution, so the map of output weights on the last convolution's features
(CAM: Zhou et al. 2016; Xi, Shu and Goubran 2018) is the network's own output, and the logits are
its spatial mean.
"""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.models.resnet import ResNet, resnet50

from mammoview.errors import ModelError, SettingsError
from trainer.recipe import NetworkRecipe

STRIDE_PX = 32
_TRUNK = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4")


class ValueScaling(nn.Module):
    """Scale grey values in 0..1 as the weights expect; part of the exported graph."""

    def __init__(self, mean: float, std: float) -> None:
        super().__init__()
        self.mean = mean
        self.std = std

    def forward(self, image: Tensor) -> Tensor:
        """Return ``(image - mean) / std``, any shape."""
        return (image - self.mean) / self.std


class CamNet(nn.Module):
    """Grey mammogram to class activation map.

    ``forward`` takes (n, 1, h, w) float32 in 0..1 and returns the map (n, classes, h', w') of raw
    scores and the logits (n, classes), its spatial mean.
    """

    def __init__(self, recipe: NetworkRecipe) -> None:
        super().__init__()
        self.scaling = ValueScaling(recipe.mean, recipe.std)
        self.trunk, width = _trunk(recipe.backbone)
        self.head = nn.Conv2d(width, len(recipe.classes), 1)
        nn.init.normal_(self.head.weight, std=0.005)
        if self.head.bias is not None:
            nn.init.zeros_(self.head.bias)
        self.frozen = recipe.frozen
        for name in recipe.frozen:
            self.trunk.get_submodule(name).requires_grad_(requires_grad=False)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return map and logits."""
        colour = self.scaling(image).expand(-1, 3, -1, -1)
        features = self.trunk(colour.contiguous(memory_format=torch.channels_last))
        cam = self.head(features.to(self.head.weight.dtype))
        return cam, cam.mean(dim=(2, 3))

    def train(self, mode: bool = True) -> CamNet:
        """Switch the mode; batch normalisation always keeps its ImageNet statistics."""
        super().train(mode)
        for module in self.trunk.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self


def load_trunk_weights(net: CamNet, file: Path) -> str:
    """Load ImageNet weights strictly into the trunk and return the file's SHA-256.

    The classifier (``fc``) of the file is left out: the head is new.

    Raises
    ------
    ModelError
        If a weight is missing, unknown or of another shape.
    """
    from safetensors.torch import load_file

    try:
        weights = {
            name: value.float() if value.is_floating_point() else value
            for name, value in load_file(file).items()
            if not name.startswith("fc.")
        }
        net.trunk.load_state_dict(weights, strict=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise ModelError(
            f"weights {file.name} do not fit ({str(error).splitlines()[0]})",
            expected="a safetensors file with torchvision's names for this backbone",
            todo="give the right file with --weights",
        ) from error
    return hashlib.sha256(file.read_bytes()).hexdigest()


def halo_px(net: CamNet) -> int:
    """Return the context that a map cell sees on each side, rounded up to whole cells.

    Half the receptive field, derived from the layers (Araujo, Norris and Sim 2019): the largest
    ``sum((kernel - 1) * jump)`` along any path.
    """
    trunk = net.trunk
    span, jump = _walk([trunk.get_submodule("conv1"), trunk.get_submodule("maxpool")], 0, 1)
    for name in ("layer1", "layer2", "layer3", "layer4"):
        for block in trunk.get_submodule(name).children():
            convs = [m for n, m in block.named_children() if n.startswith("conv")]
            span, jump = _walk(convs, span, jump)
    return STRIDE_PX * math.ceil(span / 2 / STRIDE_PX)


def _walk(layers: list[nn.Module], span: int, jump: int) -> tuple[int, int]:
    for layer in layers:
        kernel, stride = (_side(getattr(layer, key)) for key in ("kernel_size", "stride"))
        span += (kernel - 1) * jump
        jump *= stride
    return span, jump


def _side(value: object) -> int:
    return int(value[0]) if isinstance(value, tuple) else int(str(value))


def _trunk(backbone: str) -> tuple[nn.Sequential, int]:
    if backbone not in ("resnet50", "resnet50-original-strides"):
        raise SettingsError(
            f"backbone {backbone!r}",
            expected="resnet50 or resnet50-original-strides",
            todo="correct [network] backbone in the recipe",
        )
    net = resnet50(weights=None)
    if backbone.endswith("original-strides"):
        _stride_in_first_convolution(net)
    children = dict(net.named_children())
    trunk = nn.Sequential()
    for name in _TRUNK:
        trunk.add_module(name, children[name])
    return trunk, int(net.fc.in_features)


def _stride_in_first_convolution(net: ResNet) -> None:
    """Put the stride of a stage where He et al. (2016) have it: in the block's first 1x1."""
    for stage in (net.layer2, net.layer3, net.layer4):
        for name, stride in (("conv1", 2), ("conv2", 1)):
            convolution = stage[0].get_submodule(name)
            if isinstance(convolution, nn.Conv2d):
                convolution.stride = (stride, stride)
