"""A tiny model bundle whose map really follows bright blobs, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from mammoview.modelkit.bundle import write_bundle
from mammoview.modelkit.golden import record_golden
from mammoview.modelkit.manifest import (
    SCHEMA,
    Calibration,
    Manifest,
    MapGeometry,
    OperatingPoint,
    Preprocessing,
    ValueScale,
)
from mammoview.modelkit.preprocess import PIPELINE

MEAN, STD = 0.25, 0.25
_GAIN = 4.0


def build_manifest(
    *,
    findings: tuple[str, ...] = ("mass",),
    stride: int = 32,
    mm_per_px: float = 0.4,
    background: str = "background",
) -> Manifest:
    """Return a sound manifest; the background comes first, the findings follow."""
    return Manifest(
        schema=SCHEMA,
        name="tiny",
        version="1",
        intended_use="Test network, research use only",
        classes=(background, *findings),
        background=background,
        preprocessing=Preprocessing(
            pipeline=PIPELINE, mm_per_px=mm_per_px, crop_margin_mm=5.0, assumed_height_mm=213.0
        ),
        value_scale=ValueScale(mean=MEAN, std=STD),
        map_geometry=MapGeometry(stride_px=stride, offset_px=stride / 2, halo_px=2 * stride),
        calibration=tuple(Calibration(kind=k, slope=2.0, intercept=-1.0) for k in findings),
        operating_points=tuple(
            OperatingPoint(name=name, kind=kind, threshold=threshold, false_marks_per_image=marks)
            for name, threshold, marks in (("default", 0.5, 1.0), ("strict", 0.9, 0.25))
            for kind in findings
        ),
        default_operating_point="default",
        caveats=(),
        input_range=(),
        trained_on="nothing: made by hand",
        licence="Apache-2.0",
        hashes=(),
    )


def build_network(*, channels: int = 2, stride: int = 32) -> bytes:
    """Return an ONNX network whose cells see bright blobs centred on them.

    The image is scaled, averaged in blocks of an eighth of the stride, then weighted with a
    Gaussian that reaches one stride beyond the cell.  Channel 0 (background) is flat; channel
    1 answers to bright blobs, channel 2, if any, to narrower ones.
    """
    block = stride // 8
    pad = stride
    size = (stride + 2 * pad) // block
    at = (np.arange(size) - (size - 1) / 2) * block / stride
    kernels = [np.zeros((size, size))]
    for sigma in (0.5, 0.25)[: channels - 1]:
        bell = np.exp(-(at**2) / (2 * sigma**2))
        kernels.append(_GAIN * np.outer(bell, bell) / bell.sum() ** 2)
    weight = np.stack(kernels)[:, None].astype(np.float32)
    nodes = [
        helper.make_node("Sub", ["image", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "std"], ["scaled"]),
        helper.make_node(
            "AveragePool",
            ["scaled"],
            ["small"],
            kernel_shape=[block, block],
            strides=[block, block],
            ceil_mode=1,
        ),
        helper.make_node("Conv", ["small", "weight"], ["cam"], strides=[8, 8], pads=[8, 8, 15, 15]),
        helper.make_node("ReduceMean", ["cam", "axes"], ["logits"], keepdims=0),
    ]
    constants: dict[str, NDArray[Any]] = {
        "mean": np.array(MEAN, np.float32),
        "std": np.array(STD, np.float32),
        "weight": weight,
        "axes": np.array([2, 3], np.int64),
    }
    return _serialise(nodes, constants, channels)


def _serialise(
    nodes: list[onnx.NodeProto], constants: dict[str, NDArray[Any]], channels: int
) -> bytes:
    kind = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", kind, ["n", 1, "h", "w"])],
        [
            helper.make_tensor_value_info("cam", kind, ["n", channels, "mh", "mw"]),
            helper.make_tensor_value_info("logits", kind, ["n", channels]),
        ],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()  # type: ignore[no-untyped-call]
    return content


def run_bytes(
    network: bytes, image: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Run a network outside the program's own session: the builder's second opinion."""
    runtime: Any = onnxruntime
    session = runtime.InferenceSession(network, providers=["CPUExecutionProvider"])
    cam, logits = session.run(["cam", "logits"], {"image": image})
    return cam[0], logits[0]


def breast_values(rows: int = 480, cols: int = 320) -> NDArray[np.uint16]:
    """Return a picture of a half-disc breast on the left edge with one bright mass in it."""
    row, col = np.mgrid[0:rows, 0:cols] + 0.5
    breast = ((row - rows / 2) / (0.45 * rows)) ** 2 + (col / (0.8 * cols)) ** 2 < 1
    mass = (row - 0.4 * rows) ** 2 + (col - 0.3 * cols) ** 2 < (0.05 * rows) ** 2
    return np.asarray(20000 * breast + 40000 * (mass & breast), np.uint16)


def build_bundle(
    folder: Path,
    *,
    findings: tuple[str, ...] = ("mass",),
    stride: int = 32,
    mm_per_px: float = 0.4,
    manifest: Manifest | None = None,
    network: bytes | None = None,
) -> Path:
    """Write a bundle that opens, and return its folder.

    ``manifest`` and ``network`` replace the sound ones; the golden arrays are recorded from the
    sound network always, so that a planted fault shows.
    """
    sound = build_manifest(findings=findings, stride=stride, mm_per_px=mm_per_px)
    sound_network = build_network(channels=1 + len(findings), stride=stride)
    golden = record_golden(
        sound,
        values=breast_values(),
        spacing=None,
        run=lambda image: run_bytes(sound_network, image),
    )
    write_bundle(
        folder,
        manifest=manifest or sound,
        onnx_bytes=network or sound_network,
        golden=golden,
        card="# Tiny\n\nResearch use only.\n",
    )
    return folder
