"""The baseline of ``mammoview bench analyze``: eager torch on the same grids, two threads.

The weights are random: they change no timing.  Run as ``python -m trainer.bench``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

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


def main(argv: Sequence[str] | None = None) -> int:
    """Print ``{"views", "network_seconds"}`` for the views under some paths."""
    parser = argparse.ArgumentParser(prog="python -m trainer.bench", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="bundle whose grids are used")
    parser.add_argument("paths", nargs="+", type=Path)
    arguments = parser.parse_args(argv)
    try:
        manifest = open_bundle(arguments.model).manifest
        images = _images(arguments.paths, manifest)
    except MammoviewError as error:
        print(f"trainer.bench: {error}", file=sys.stderr)
        return 3
    seconds = eager_seconds(_network(manifest), images)
    print(json.dumps({"views": len(images), "network_seconds": seconds}))
    return 0


def eager_seconds(net: CamNet, images: Sequence[NDArray[np.float32]]) -> float:
    """Return the wall seconds of one forward pass over each image, after one to warm up."""
    torch.set_num_threads(_THREADS)
    net.eval()
    with torch.inference_mode():
        net(torch.zeros(1, 1, 256, 256))
        start = time.perf_counter()
        for image in images:
            net(torch.from_numpy(image))
        return time.perf_counter() - start


def _images(paths: Sequence[Path], manifest: Manifest) -> list[NDArray[np.float32]]:
    images = []
    for exam in index_paths(paths).examinations:
        for view in exam.mammograms:
            if view.unsupported is None:
                values = unit_values(decode_pixels(view), view.pixel_format)
                grid = to_grid(values, spacing=view.spacing, spec=manifest.preprocessing)
                images.append(network_input(grid.pixels))
    return images


def _network(manifest: Manifest) -> CamNet:
    return CamNet(
        NetworkRecipe(
            backbone="resnet50-original-strides",
            cam=True,
            classes=manifest.classes,
            background=manifest.background,
            mean=manifest.value_scale.mean,
            std=manifest.value_scale.std,
            frozen=(),
            batch_norm="frozen",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
