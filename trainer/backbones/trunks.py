"""torchvision's networks without their last layer, under torchvision's own names.

A trunk is a plain sequence whose children keep the names that they have in torchvision, so that
the keys of a weights file are those of the trunk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn
from torchvision.models.alexnet import AlexNet, AlexNet_Weights, alexnet
from torchvision.models.googlenet import GoogLeNet, GoogLeNet_Weights, googlenet
from torchvision.models.resnet import (
    ResNet,
    ResNet18_Weights,
    ResNet34_Weights,
    ResNet50_Weights,
    ResNet101_Weights,
    ResNet152_Weights,
    resnet18,
    resnet34,
    resnet50,
    resnet101,
    resnet152,
)
from torchvision.models.vgg import VGG, VGG16_Weights, VGG19_Weights, vgg16, vgg19

from mammoview.errors import SettingsError

_AFTER_THE_MAP = ("avgpool", "dropout", "fc")
_GOOGLENET = "googlenet"
_ORIGINAL_STRIDES = "resnet50-original-strides"
_FINE = "resnet50-original-strides-fine"
_WITH_FC6: dict[str, Callable[..., AlexNet | VGG]] = {
    "alexnet": alexnet,
    "vgg16": vgg16,
    "vgg19": vgg19,
}
_RESNETS: dict[str, Callable[..., ResNet]] = {
    "resnet18": resnet18,
    "resnet34": resnet34,
    "resnet50": resnet50,
    "resnet101": resnet101,
    "resnet152": resnet152,
    _ORIGINAL_STRIDES: resnet50,
    _FINE: resnet50,
}
_IMAGENET = {
    "alexnet": AlexNet_Weights.IMAGENET1K_V1,
    "vgg16": VGG16_Weights.IMAGENET1K_V1,
    "vgg19": VGG19_Weights.IMAGENET1K_V1,
    _GOOGLENET: GoogLeNet_Weights.IMAGENET1K_V1,
    "resnet18": ResNet18_Weights.IMAGENET1K_V1,
    "resnet34": ResNet34_Weights.IMAGENET1K_V1,
    "resnet50": ResNet50_Weights.IMAGENET1K_V1,
    "resnet101": ResNet101_Weights.IMAGENET1K_V1,
    "resnet152": ResNet152_Weights.IMAGENET1K_V1,
}
BACKBONES = (*_WITH_FC6, _GOOGLENET, *_RESNETS)

PATCH_PX = 224  # what fc6 of torchvision's AlexNet and VGG is made for


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trunk:
    """All layers before the new last one.

    Attributes
    ----------
    layers : Sequential
        Colour image (n, 3, h, w) to features (n, width, h', w'), or (n, width) through fc7.
    width : int
        Features a cell, or a patch.
    dropout : float
        Share of the features that the last layer does without in training.
    left_out : tuple of str
        Starts of the keys of a classifier's weights file that are not of the trunk.
    """

    layers: nn.Sequential
    width: int
    dropout: float
    left_out: tuple[str, ...]


def cam_trunk(backbone: str) -> Trunk:
    """Return the layers up to the last convolution's features.

    AlexNet and VGG are cut after the last convolution and its ReLU, without the last max pool
    (Xi, Shu and Goubran 2018, section on localisation); the others have that shape.

    Raises
    ------
    SettingsError
        If there is no such backbone.
    """
    _require(backbone in BACKBONES, f"backbone {backbone!r}", ", ".join(BACKBONES))
    if backbone in _WITH_FC6:
        return _convolutions(_WITH_FC6[backbone](weights=None))
    dropout = 0.0
    net: GoogLeNet | ResNet
    if backbone == _GOOGLENET:
        net = googlenet(weights=None, aux_logits=False, init_weights=True)
        (dropout,) = (child.p for child in net.children() if isinstance(child, nn.Dropout))
    else:
        net = _RESNETS[backbone](weights=None)
        if backbone in (_ORIGINAL_STRIDES, _FINE):
            _stride_in_first_convolution(net)
        if backbone == _FINE:
            _twice_as_fine(net.layer4)
    children = {n: child for n, child in net.named_children() if n not in _AFTER_THE_MAP}
    return Trunk(
        layers=_sequence(**children),
        width=net.fc.in_features,
        dropout=dropout,
        left_out=("fc.", "aux1.", "aux2."),
    )


def patch_trunk(backbone: str) -> Trunk:
    """Return AlexNet or VGG up to fc7, for patches of ``PATCH_PX``.

    The adaptive average pool is left out: for such patches it changes nothing.

    Raises
    ------
    SettingsError
        If there is no such backbone, or it has no fc6 and fc7.
    """
    _require(backbone in BACKBONES, f"backbone {backbone!r}", ", ".join(BACKBONES))
    _require(
        backbone in _WITH_FC6,
        f"cam = false for {backbone}, which already has that shape: global average pooling and "
        "one fully connected layer",
        "cam = true",
    )
    net = _WITH_FC6[backbone](weights=None)
    classifier = net.classifier[:-1]
    linear = [layer for layer in classifier if isinstance(layer, nn.Linear)]
    return Trunk(
        layers=_sequence(features=net.features, flatten=nn.Flatten(), classifier=classifier),
        width=linear[-1].out_features,
        dropout=0.0,
        left_out=(f"classifier.{len(classifier)}.",),
    )


def imagenet_url(backbone: str) -> str:
    """Return where torchvision keeps its first ImageNet weights of a backbone.

    Raises
    ------
    SettingsError
        If torchvision has none.
    """
    if backbone not in _IMAGENET:
        raise SettingsError(
            f"torchvision has no weights for {backbone}",
            expected="backbone resnet50, which torchvision trained",
            todo="change [network] backbone, or give a file with --weights FILE",
        )
    return str(_IMAGENET[backbone].value.url)


def _require(holds: bool, met: str, expected: str) -> None:
    if not holds:
        raise SettingsError(met, expected=expected, todo="correct [network] in the recipe")


def _sequence(**children: nn.Module) -> nn.Sequential:
    layers = nn.Sequential()
    for name, child in children.items():
        layers.add_module(name, child)
    return layers


def _convolutions(net: AlexNet | VGG) -> Trunk:
    features = nn.Sequential(*list(net.features.children())[:-1])
    convolutions = [layer for layer in features if isinstance(layer, nn.Conv2d)]
    return Trunk(
        layers=_sequence(features=features),
        width=convolutions[-1].out_channels,
        dropout=0.0,
        left_out=("classifier.",),
    )


def _stride_in_first_convolution(net: ResNet) -> None:
    """Put the stride of a stage where He et al. (2016) have it: in the block's first 1x1."""
    for stage in (net.layer2, net.layer3, net.layer4):
        block = next(stage.children())
        for name, stride in (("conv1", 2), ("conv2", 1)):
            convolution = block.get_submodule(name)
            if isinstance(convolution, nn.Conv2d):
                convolution.stride = (stride, stride)


def _twice_as_fine(stage: nn.Sequential) -> None:
    """Let a stage keep the spacing of its input: dilated instead of strided (Yu et al. 2017)."""
    for layer in stage.modules():
        if isinstance(layer, nn.Conv2d):
            layer.stride = (1, 1)
            if layer.kernel_size == (3, 3):
                layer.dilation = layer.padding = (2, 2)
