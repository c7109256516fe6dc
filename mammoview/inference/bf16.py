"""A network on a processor that multiplies in bfloat16: OpenVINO, first layers in float32.

Bfloat16 keeps eight bits of a number, so it doubles the speed and rounds.  What is lost early is
what counts: a mass differs from the tissue around it by little, and that difference has to come
through the first layers.  Measured on the margins (mass against background) of lesions of the
validation pictures: the whole network in bfloat16 is off by 0.05 (standard deviation), and by
0.01 where the first residual block and what stands before it stay in float32, which costs a tenth
of the time.  So the graph is cut in two there.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mammoview.errors import InferenceError
from mammoview.inference.engines import Outputs

# The stem of a ResNet and its first block, with the convolution on its shortcut.
EXACT_CONVOLUTIONS = 5
_CONVOLUTIONS = ("Convolution", "GroupConvolution")


class OpenVino:
    """A network whose first layers run in float32 and the others in bfloat16.

    Parameters
    ----------
    content : bytes
        ``model.onnx``.
    threads : int
        Of the CPU; 0 for as many as OpenVINO likes.

    Raises
    ------
    InferenceError
        If OpenVINO does not take the network, or it has no place to be cut.
    """

    def __init__(self, content: bytes, *, threads: int) -> None:
        try:
            first, rest = _cut(content)
            self._first = _compiled(first, "f32", threads)
            self._rest = _compiled(rest, "bf16", threads)
        except RuntimeError as error:  # the root of OpenVINO's errors
            raise InferenceError(
                f"OpenVINO does not take the network ({str(error)[:200]})",
                expected="a network that it can compile",
                todo="choose --device cpu",
            ) from error

    def run(self, images: NDArray[np.float32]) -> Outputs:
        """Return the outputs ``cam`` and ``logits``."""
        self._first.infer({"image": images})
        self._rest.set_input_tensor(self._first.get_output_tensor())
        self._rest.infer()
        cam, logits = (self._rest.get_tensor(name).data.copy() for name in ("cam", "logits"))
        return cam, logits


@cache
def lacking() -> str:
    """Return why networks do not run in bfloat16 here; empty where they do."""
    if find_spec("openvino") is None:
        return "no OpenVINO"
    try:
        abilities = _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    except (ImportError, RuntimeError) as error:
        return f"OpenVINO does not start ({type(error).__name__})"
    return "" if "BF16" in abilities else "no bf16 arithmetic"


def version() -> str:
    """Return OpenVINO's version; empty where it is not installed."""
    if find_spec("openvino") is None:
        return ""
    return str(_openvino().__version__).partition("-")[0]


def _openvino() -> Any:
    """Import OpenVINO without its telemetry, which would tell of its use on the network."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


@cache
def _core() -> Any:
    return _openvino().Core()


def _compiled(model: Any, precision: str, threads: int) -> Any:
    """Return an inference request of a part of the network."""
    settings = {
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
        "ENABLE_CPU_PINNING": sys.platform.startswith("linux") and threads == 1,
    }
    return _core().compile_model(model, "CPU", settings).create_infer_request()


def _cut(content: bytes) -> tuple[Any, Any]:
    """Return the first layers and the others, as two models."""
    openvino = _openvino()
    whole = _core().read_model(content)
    place = _narrow_place(whole)
    first = openvino.Model([place], whole.get_parameters(), "first")
    other = _core().read_model(content)  # one graph cannot stand in two models
    place = _narrow_place(other)
    features = import_module("openvino.opset13").parameter(
        place.get_partial_shape(), openvino.Type.f32, name="features"
    )
    for target in list(place.get_target_inputs()):
        target.replace_source_output(features.output(0))
    return first, openvino.Model(other.get_results(), [features], "rest")


def _narrow_place(model: Any) -> Any:
    """Return the first output after the exact convolutions that alone leads on.

    An output whose only consumer works cell by cell (a ReLU behind a sum) is passed over: the
    two are computed as one.

    Raises
    ------
    InferenceError
        If there is none before the last convolution.
    """
    operations = _depending_on_input(model)
    convolutions = sum(op.get_type_name() in _CONVOLUTIONS for op in operations)
    done = 0
    waiting: dict[tuple[str, int], int] = {}  # outputs so far, with the inputs yet to take them
    for op in operations:
        for key in map(_key, op.input_values()):
            if key in waiting:
                waiting[key] -= 1
                if waiting[key] == 0:
                    del waiting[key]
        taken = {_key(output): len(output.get_target_inputs()) for output in op.outputs()}
        waiting.update({key: count for key, count in taken.items() if count})
        done += op.get_type_name() in _CONVOLUTIONS
        if EXACT_CONVOLUTIONS <= done < convolutions and len(waiting) == 1:
            consumers = [target.get_node() for target in op.output(0).get_target_inputs()]
            if len(consumers) > 1 or consumers[0].get_type_name() in _CONVOLUTIONS:
                return op.output(0)
    raise InferenceError(
        "the network has no place to be cut",
        expected=f"more than {EXACT_CONVOLUTIONS} convolutions, one after another or in blocks",
        todo="choose --device cpu",
    )


def _key(output: Any) -> tuple[str, int]:
    return output.get_node().get_name(), output.get_index()


def _depending_on_input(model: Any) -> list[Any]:
    """Return the operations that an input of the network leads to, in the order of running."""
    names: set[str] = set()
    found = []
    for op in model.get_ordered_ops():
        sources = {source.get_node().get_name() for source in op.input_values()}
        if op.get_type_name() == "Parameter" or sources & names:
            names.add(op.get_name())
            found.append(op)
    return found
