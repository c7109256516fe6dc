"""Where the cells of a network's map lie, derived from its layers.

Every value on the way through a network answers for a field of input pixels.  Fields are followed
layer by layer through the traced graph (Araujo, Norris and Sim 2019, "Computing receptive fields
of convolutional neural networks"): a window of ``kernel`` values with ``dilation`` between them,
``stride`` from one to the next and ``padding`` before the first.  Nothing is typed in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import fx, nn
from torch.func import functional_call

from trainer.backbones.nets import CamNet, MapSmoothing

_WINDOWS = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)
_POINTWISE = (nn.BatchNorm2d, nn.ReLU, nn.Identity, nn.Dropout, nn.Dropout2d)


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """Where the cells of the map lie on the grid.

    The centre of cell ``(i, j)`` is at ``stride_px * (j, i) + offset_px`` in continuous grid
    coordinates (origin at the outer corner of the first pixel).  ``halo_px``, in whole cells, is
    what a cell sees beyond its own stride on either side, at most.
    """

    stride_px: int
    offset_px: float
    halo_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """Value ``i`` sees the pixels ``first + jump * i`` to ``last + jump * i``, both included."""

    jump: int
    first: int
    last: int

    def through(self, layer: nn.Module) -> _Field:
        """Return the field of a layer's output."""
        kernel, stride, padding, dilation = (
            _side(getattr(layer, key, 1))
            for key in ("kernel_size", "stride", "padding", "dilation")
        )
        return _Field(
            jump=self.jump * stride,
            first=self.first - self.jump * padding,
            last=self.last + self.jump * (dilation * (kernel - 1) - padding),
        )


def geometry(net: CamNet) -> Geometry:
    """Return stride, offset and halo of a network's map.

    Raises
    ------
    ValueError
        If branches that meet are not aligned, or a layer is of an unknown kind.
    """
    field = _field(net.trunk)
    halo = max(-field.first, field.last - field.jump + 1, 0)
    if isinstance(net.smoothing, MapSmoothing):
        halo += field.jump * net.smoothing.reach
    return Geometry(
        stride_px=field.jump,
        offset_px=(field.first + field.last + 1) / 2,
        halo_px=field.jump * math.ceil(halo / field.jump),
    )


def map_side(net: CamNet, size_px: int) -> int:
    """Return how many cells the map of a square patch has along a side."""
    state = {n: torch.empty_like(v, device="meta") for n, v in net.trunk.state_dict().items()}
    image = torch.empty(2, 3, size_px, size_px, device="meta")  # shapes alone; nothing is computed
    return int(functional_call(net.trunk, state, (image,)).shape[-1])


def _field(trunk: nn.Sequential) -> _Field:
    """Follow the field of one value through the graph of the layers."""
    graph = fx.symbolic_trace(trunk).graph
    fields: dict[fx.Node, _Field] = {}
    for node in graph.nodes:
        sources = [fields[source] for source in node.all_input_nodes]
        if node.op == "placeholder":
            fields[node] = _Field(jump=1, first=0, last=0)
        elif node.op == "call_module":
            layer = trunk.get_submodule(str(node.target))
            if isinstance(layer, _WINDOWS):
                fields[node] = sources[0].through(layer)
            elif isinstance(layer, _POINTWISE):
                fields[node] = sources[0]
            else:
                raise ValueError(f"no rule for the field of {type(layer).__name__}")
        else:  # values added, joined or rectified in place; the output itself
            fields[node] = _met(sources)
    return fields[node]


def _met(fields: list[_Field]) -> _Field:
    """Return the field of values that come from several branches, aligned with each other."""
    if len({(f.jump, f.first + f.last) for f in fields}) != 1:
        raise ValueError(f"branches that meet are not aligned: {fields}")
    return max(fields, key=lambda f: f.last - f.first)


def _side(value: object) -> int:
    """Return one number of a layer's pair; the networks here are as wide as they are high."""
    sides = set(value) if isinstance(value, tuple) else {value}
    if len(sides) != 1:
        raise ValueError(f"a window of {value}")
    return int(str(sides.pop()))
