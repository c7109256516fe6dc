"""The baseline of ``mammoview bench analyze``: eager torch on the same grids, in float32.

On two threads of the CPU, or on a GPU with the ways to it and back.  Twice: as torch lays images
out by default, and channels last, which is faster on a CPU.  The weights are random: they change
no timing.  Run as ``python -m trainer.bench``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mammoview.dicom.decode import decode_pixels
from mammoview.dicom.index import index_paths
from mammoview.errors import MammoviewError
from mammoview.imaging.grayscale import unit_values
from mammoview.modelkit.bundle import open_bundle
from mammoview.modelkit.manifest import Manifest
from mammoview.modelkit.preprocess import network_input, to_grid
from trainer.backbones import CamNet
from trainer.recipe import NetworkRecipe

_THREADS = 2
# The shipped kind of network, with a map cell every 32 pixels or every 16.
_COARSE = "resnet50-original-strides"
_FINE = "resnet50-original-strides-fine"
_CPU = torch.device("cpu")


def main(argv: Sequence[str] | None = None) -> int:
    """Print ``{"views": [{"sop_instance_uid", "seconds", "channels_last_seconds"}]}``."""
    parser = argparse.ArgumentParser(prog="python -m trainer.bench", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="bundle whose grids are used")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("paths", nargs="+", type=Path)
    arguments = parser.parse_args(argv)
    try:
        manifest = open_bundle(arguments.model).manifest
        images = _images(arguments.paths, manifest)
        net = _network(manifest)
    except MammoviewError as error:
        print(f"trainer.bench: {error}", file=sys.stderr)
        return 3
    device = torch.device(arguments.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print("trainer.bench: torch sees no CUDA device", file=sys.stderr)
        return 4
    net = net.to(device)
    plain = eager_seconds(partial(_default_layout, net), list(images.values()), device)
    channels_last = eager_seconds(partial(_channels_last, net), list(images.values()), device)
    views = [
        {"sop_instance_uid": uid, "seconds": seconds, "channels_last_seconds": faster}
        for uid, seconds, faster in zip(images, plain, channels_last, strict=True)
    ]
    print(json.dumps({"views": views}))
    return 0


def eager_seconds(
    forward: Callable[[Tensor], Tensor],
    images: Sequence[NDArray[np.float32]],
    device: torch.device = _CPU,
) -> list[float]:
    """Return the wall seconds of a forward pass over each image, from and to plain memory.

    One small image warms a CPU up; a GPU sees each image before, since it plans each size anew.
    """
    torch.set_num_threads(_THREADS)
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    small = [np.zeros((1, 1, 256, 256), np.float32)]
    found = []
    with torch.inference_mode():
        for image in small if device == _CPU else images:
            forward(torch.from_numpy(image).to(device))
        for image in images:
            start = time.perf_counter()
            forward(torch.from_numpy(image).to(device)).cpu()
            found.append(time.perf_counter() - start)
    return found


def _default_layout(net: CamNet, image: Tensor) -> Tensor:
    """Return the map; :class:`CamNet` itself turns to channels last."""
    cam: Tensor = net.head(net.trunk(net.scaling(image).expand(-1, 3, -1, -1).contiguous()))
    return cam


def _channels_last(net: CamNet, image: Tensor) -> Tensor:
    cam: Tensor = net(image)[0]
    return cam


def _images(paths: Sequence[Path], manifest: Manifest) -> dict[str, NDArray[np.float32]]:
    """Return the network's input of each view, by its SOP instance UID."""
    images = {}
    for exam in index_paths(paths).examinations:
        for view in exam.mammograms:
            if view.unsupported is None:
                values = unit_values(decode_pixels(view), view.pixel_format)
                grid = to_grid(values, spacing=view.spacing, spec=manifest.preprocessing)
                images[view.sop_instance_uid] = network_input(grid.pixels)
    return images


def _network(manifest: Manifest) -> CamNet:
    net = CamNet(
        NetworkRecipe(
            backbone=_FINE if manifest.map_geometry.stride_px == 16 else _COARSE,
            cam=True,
            classes=manifest.classes,
            background=manifest.background,
            mean=manifest.value_scale.mean,
            std=manifest.value_scale.std,
            frozen=(),
            batch_norm="frozen",
            smoothing_cells=0.0,
        )
    )
    return net.eval()


if __name__ == "__main__":
    sys.exit(main())
