"""Networks of the paper and of the viewer: AlexNet, VGG, GoogLeNet and ResNet on grey patches.

The only importer of torchvision's models.  A network that can have a class activation map (CAM:
Zhou et al. 2016; Xi, Shu and Goubran 2018) is a :class:`CamNet`: the fully connected layer of the
paper is written as a 1x1 convolution, so that the map of output weights on the last convolution's
features is the network's own output, and the logits are its spatial mean.  AlexNet and VGG with
their fc6 and fc7, as the paper trains them, are a :class:`PatchNet`: one answer a patch, no map.
"""

from trainer.backbones.geometry import Geometry, geometry, map_side
from trainer.backbones.nets import CamNet, PatchNet, build_network
from trainer.backbones.trunks import BACKBONES
from trainer.backbones.weights import load_imagenet, load_weights

__all__ = [
    "BACKBONES",
    "CamNet",
    "Geometry",
    "PatchNet",
    "build_network",
    "geometry",
    "load_imagenet",
    "load_weights",
    "map_side",
]
