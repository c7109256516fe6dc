"""The baselines of ``mammoview bench analyze``: eager torch on the same grids, in float32.

On two threads of the CPU, or on a GPU with the ways to it and back.  Twice on what the viewer cuts
out for the network: as torch lays images out by default, and channels last, which is faster on a
CPU.  On the CPU once more on whole views, as a program reads them that cuts nothing out.  The
weights are random: they change no timing.  Run as ``python -m trainer.bench``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mammoview.dicom.decode import decode_pixels
from mammoview.dicom.index import index_paths
from mammoview.domain.geometry import ImageBox
from mammoview.domain.study import Mammogram
from mammoview.errors import MammoviewError
from mammoview.imaging.grayscale import unit_values
from mammoview.imaging.resample import resample
from mammoview.modelkit.bundle import open_bundle
from mammoview.modelkit.manifest import Manifest, Preprocessing
from mammoview.modelkit.preprocess import assumed_spacing, network_input, to_grid
from trainer.backbones import CamNet
from trainer.recipe import NetworkRecipe

_THREADS = 2
# The shipped kind of network, with a map cell every 32 pixels or every 16.
_COARSE = "resnet50-original-strides"
_FINE = "resnet50-original-strides-fine"
_CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _View:
    """A view as inputs of the network, (1, 1, h, w): what the viewer cuts out, and all of it."""

    uid: str
    cut: NDArray[np.float32]
    whole: NDArray[np.float32]


def main(argv: Sequence[str] | None = None) -> int:
    """Print ``{"views": [{"sop_instance_uid", "seconds", "channels_last_seconds", …}]}``.

    A CPU's views have ``whole_view_seconds`` and ``whole_view_share`` too: what eager torch takes
    for the view with nothing cut off, and the share of it that the viewer cuts out.
    """
    parser = argparse.ArgumentParser(prog="python -m trainer.bench", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="bundle whose grids are used")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("paths", nargs="+", type=Path)
    arguments = parser.parse_args(argv)
    try:
        manifest = open_bundle(arguments.model).manifest
        views = _views(arguments.paths, manifest)
        net = _network(manifest)
    except MammoviewError as error:
        print(f"trainer.bench: {error}", file=sys.stderr)
        return 3
    device = torch.device(arguments.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print("trainer.bench: torch sees no CUDA device", file=sys.stderr)
        return 4
    net = net.to(device)
    cut = [view.cut for view in views]
    plain = eager_seconds(partial(_default_layout, net), cut, device)
    channels_last = eager_seconds(partial(_channels_last, net), cut, device)
    found: list[dict[str, Any]] = [
        {"sop_instance_uid": view.uid, "seconds": seconds, "channels_last_seconds": faster}
        for view, seconds, faster in zip(views, plain, channels_last, strict=True)
    ]
    if device == _CPU:
        whole = eager_seconds(partial(_default_layout, net), [view.whole for view in views])
        for answer, view, seconds in zip(found, views, whole, strict=True):
            answer["whole_view_seconds"] = seconds
            answer["whole_view_share"] = view.cut.size / view.whole.size
    print(json.dumps({"views": found}))
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


def _views(paths: Sequence[Path], manifest: Manifest) -> list[_View]:
    """Return every view that can be analysed as inputs of the network."""
    return [
        _view(view, manifest.preprocessing)
        for exam in index_paths(paths).examinations
        for view in exam.mammograms
        if view.unsupported is None
    ]


def _view(view: Mammogram, spec: Preprocessing) -> _View:
    values = unit_values(decode_pixels(view), view.pixel_format)
    rows, cols = values.shape
    spacing = view.spacing or assumed_spacing(spec, rows=rows, cols=cols)
    height = round(rows * spacing.row_mm / spec.mm_per_px)
    width = round(cols * spacing.col_mm / spec.mm_per_px)
    everything = ImageBox(col0=0.0, row0=0.0, col1=float(cols), row1=float(rows))
    grid = to_grid(values, spacing=view.spacing, spec=spec)
    whole, _ = resample(values, box=everything, out_shape=(height, width))
    return _View(uid=view.sop_instance_uid, cut=network_input(grid.pixels), whole=whole[None, None])


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
