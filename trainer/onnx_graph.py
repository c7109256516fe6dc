"""A trained network as an ONNX graph whose weights are kept in half precision.

The graph computes in float32: each stored float16 weight is cast when the session loads it, so
every ONNX Runtime device runs it, and the file is half the size.
"""

from __future__ import annotations

import copy
import tempfile
import warnings
from itertools import pairwise
from pathlib import Path

import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from trainer.backbones import CamNet

OPSET = 18
_SMALLEST_HALVED = 4096


def fold_and_round(net: CamNet) -> CamNet:
    """Return a copy with batch normalisation folded in and the weights rounded to float16.

    What is exported, and what the reference vectors are made with: float32 arithmetic on weights
    that float16 holds exactly.

    Raises
    ------
    ValueError
        If a batch normalisation has no convolution before it to be folded into.
    """
    folded = copy.deepcopy(net).eval()
    _fold(folded.trunk)
    left = [n for n, m in folded.named_modules() if isinstance(m, nn.BatchNorm2d)]
    if left:
        raise ValueError(f"no convolution stands before {', '.join(left)}")
    with torch.no_grad():
        for weight in folded.parameters():
            if weight.numel() >= _SMALLEST_HALVED:
                weight.copy_(weight.half().float())
    return folded


def to_onnx(net: CamNet) -> bytes:
    """Return the ONNX file of a network from :func:`fold_and_round`.

    Input ``image`` (n, 1, h, w) float32 in 0..1; outputs ``cam`` (n, classes, h', w') and
    ``logits`` (n, classes).
    """
    example = torch.rand(2, 1, 128, 96)
    size = {0: "n", 2: "h", 3: "w"}
    with (
        tempfile.TemporaryDirectory() as place,
        warnings.catch_warnings(),
        torch.no_grad(),
    ):
        warnings.simplefilter("ignore")  # the exporter's own notices
        file = Path(place) / "model.onnx"
        torch.onnx.export(
            net.to(memory_format=torch.contiguous_format),
            (example,),
            file,
            dynamo=False,
            opset_version=OPSET,
            input_names=["image"],
            output_names=["cam", "logits"],
            dynamic_axes={
                "image": size,
                "cam": {0: "n", 2: "map_h", 3: "map_w"},
                "logits": {0: "n"},
            },
        )
        model = onnx.load(file)
    _halve(model.graph)
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString()  # type: ignore[no-untyped-call]
    return content


def _fold(parent: nn.Module) -> None:
    """Fold each batch normalisation into the convolution that is defined right before it.

    That order is the order of running in torchvision's ResNet (``conv1, bn1``) and GoogLeNet
    (``conv, bn``); that nothing else was folded is proven on every export by the comparison of
    the graph with the network as it was trained.
    """
    children = list(parent.named_children())
    for (name, child), (norm_name, norm) in pairwise(children):
        if isinstance(child, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            setattr(parent, name, fuse_conv_bn_eval(child, norm))
            setattr(parent, norm_name, nn.Identity())
    for _, child in parent.named_children():
        _fold(child)


def _halve(graph: onnx.GraphProto) -> None:
    """Store large float32 weights as float16 and cast them back inside the graph."""
    casts = []
    for weight in graph.initializer:
        values = numpy_helper.to_array(weight)
        if weight.data_type != TensorProto.FLOAT or values.size < _SMALLEST_HALVED:
            continue
        name = weight.name
        half = numpy_helper.from_array(values.astype("float16"), name + ".half")
        weight.CopyFrom(half)  # type: ignore[no-untyped-call]
        casts.append(helper.make_node("Cast", [name + ".half"], [name], to=TensorProto.FLOAT))
    for node in reversed(casts):
        graph.node.insert(0, node)
