"""What runs a network: ONNX Runtime, in float32."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_inference_collection import InferenceSession

from mammoview.errors import InferenceError, ModelError
from mammoview.words import translate

CUDA = "CUDAExecutionProvider"
CPU = "CPUExecutionProvider"
INSTALL_CUDA = 'install a CUDA driver and run: pip install "mammoview[cuda]"'

_ort: Any = onnxruntime  # built at run time: its names are not declared
_ort.disable_telemetry_events()
_FATAL_ONLY = 4

Outputs = tuple[NDArray[np.float32], NDArray[np.float32]]
_Shapes = dict[str, tuple[int | None, ...]]


class Stop:
    """Ends the runs of a network that are given it, from any thread and for good.

    The run in progress breaks off before its next layer (``OrtApi::RunOptionsSetTerminate``), and
    the network stays as it was.
    """

    def __init__(self) -> None:
        self.options = _ort.RunOptions()
        self.options.log_severity_level = _FATAL_ONLY  # a stop is no error to tell of

    def now(self) -> None:
        """End them."""
        self.options.terminate = True

    @property
    def stopped(self) -> bool:
        """Whether they were told to end."""
        return bool(self.options.terminate)


class Engine(Protocol):
    """A loaded network.

    ``run`` takes images (n, 1, h, w) and returns raw maps (n, classes, h', w') and their spatial
    means (n, classes), arrays that no later call changes; it is called from one thread at a time.
    It raises, whatever it likes, where it was stopped.
    """

    def run(self, images: NDArray[np.float32], stop: Stop | None = None) -> Outputs:
        """Return the outputs ``cam`` and ``logits``."""
        ...


class OnnxRuntime:
    """A network in float32 on providers of ONNX Runtime.

    Parameters
    ----------
    content : bytes
        ``model.onnx``.
    classes : int
        Channels that the manifest names.
    providers : list
        Execution providers, best first, each a name or a name with its options.
    threads : int
        Of the CPU; 0 for as many as ONNX Runtime likes.

    Raises
    ------
    ModelError
        If the network does not load on the CPU, or its inputs and outputs are not the contract's.
    InferenceError
        If the GPU does not start.
    """

    def __init__(self, content: bytes, *, classes: int, providers: list[Any], threads: int) -> None:
        options = _ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = _FATAL_ONLY
        options.enable_mem_pattern = False  # every breast has another size; patterns would pile up
        try:
            network = InferenceSession(content, options, providers=providers, enable_fallback=0)
        except Exception as error:  # ONNX Runtime has no public root of its errors
            kind = ModelError if providers == [CPU] else InferenceError
            raise kind(
                translate("Network", "model.onnx does not load ({kind}: {error})").format(
                    kind=type(error).__name__, error=str(error)[:200]
                ),
                expected=translate("Network", "an ONNX network that this ONNX Runtime understands"),
                todo=translate("Network", "export or install the model again"),
            ) from error
        if len(providers) > 1 and CUDA not in network.get_providers():
            raise InferenceError(
                translate("Network", "CUDA did not start"),
                expected=translate("Network", "the CUDA provider"),
                todo=INSTALL_CUDA,
            )
        _check_graph(network, classes)
        self._network = network

    def run(self, images: NDArray[np.float32], stop: Stop | None = None) -> Outputs:
        """Return the outputs ``cam`` and ``logits``."""
        options = None if stop is None else stop.options
        outputs: Any = self._network.run(["cam", "logits"], {"image": images}, options)
        return outputs[0], outputs[1]


def _check_graph(network: InferenceSession, classes: int) -> None:
    """Refuse a graph whose inputs or outputs are not those of the contract."""
    inputs: _Shapes = {"image": (None, 1, None, None)}
    outputs: _Shapes = {"cam": (None, classes, None, None), "logits": (None, classes)}
    for side, nodes, shapes in (
        ("inputs", network.get_inputs(), inputs),
        ("outputs", network.get_outputs(), outputs),
    ):
        met = {node.name: (node.type, tuple(node.shape)) for node in nodes}
        fits = met.keys() == shapes.keys() and all(
            kind == "tensor(float)" and _fits(shape, shapes[name])
            for name, (kind, shape) in met.items()
        )
        if not fits:
            raise ModelError(
                translate("Network", "model.onnx has {side} {met}").format(side=side, met=met),
                expected=translate("Network", "float tensors {shapes} (None: any size)").format(
                    shapes=shapes
                ),
                todo=translate("Network", "export or install the model again"),
            )


def _fits(shape: tuple[object, ...], wanted: tuple[int | None, ...]) -> bool:
    """Tell whether a graph's shape says the same; free sizes must be free, fixed ones fixed."""
    return len(shape) == len(wanted) and all(
        met == size if size is not None else (i == 0 or not isinstance(met, int))
        for i, (met, size) in enumerate(zip(shape, wanted, strict=True))
    )
