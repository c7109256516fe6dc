"""One opened model on one device: ONNX Runtime behind it, and nowhere else in the house."""

from __future__ import annotations

import contextlib
import io
import logging
import threading
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_inference_collection import InferenceSession

from mammoview.domain.prediction import ModelIdentity
from mammoview.errors import InferenceError, MissingPartError, ModelError
from mammoview.inference.devices import cuda_device_name, physical_cores
from mammoview.modelkit.bundle import Bundle
from mammoview.modelkit.golden import compare_outputs, compare_preprocessing
from mammoview.modelkit.manifest import Manifest

logger = logging.getLogger(__name__)

_ort: Any = onnxruntime  # built at run time: its names are not declared

CUDA = "CUDAExecutionProvider"
CPU = "CPUExecutionProvider"
DEVICES = ("auto", "cpu", "cuda")

_INSTALL_CUDA = 'install a CUDA driver and run: pip install "mammoview[cuda]"'
# TF32 would round the products of every convolution to ten bits: enough to move golden values.
# The other two keep a changed image size from costing a new search or memory for good.
_CUDA_OPTIONS = {
    "cudnn_conv_algo_search": "HEURISTIC",
    "arena_extend_strategy": "kSameAsRequested",
    "use_tf32": "0",
}
_FATAL_ONLY = 4

_Shapes = dict[str, tuple[int | None, ...]]


class Session:
    """A network that has proven its golden outputs.  ``run`` may be called from any thread.

    Attributes
    ----------
    manifest : Manifest
        The model's description.
    identity : ModelIdentity
        Name, version and hash, for results.
    device : str
        What it runs on, for the screen; a fallback is said here.
    on_cpu : bool
        True when no GPU is used.
    """

    def __init__(
        self, bundle: Bundle, network: InferenceSession, *, device: str, on_cpu: bool
    ) -> None:
        self.manifest: Manifest = bundle.manifest
        self.identity: ModelIdentity = bundle.identity
        self.device = device
        self.on_cpu = on_cpu
        self._network = network
        self._lock = threading.Lock()

    @classmethod
    def open(cls, bundle: Bundle, *, device: str = "auto", threads: int | None = None) -> Session:
        """Load the network and prove it on the golden arrays before anybody uses it.

        Parameters
        ----------
        bundle : Bundle
            An opened bundle.
        device : {"auto", "cpu", "cuda"}
            ``auto`` takes CUDA where a device is usable, and says so where it is not.
        threads : int or None
            CPU threads; None for one a physical core.

        Raises
        ------
        ModelError
            If the network does not fit its manifest or its golden outputs.
        MissingPartError
            If CUDA was asked for and cannot be had.
        InferenceError
            If the device is unknown or the network cannot be run.
        """
        if device not in DEVICES:
            raise InferenceError(
                f"device {device!r}", expected=" or ".join(DEVICES), todo="choose one of them"
            )
        compare_preprocessing(bundle.golden, bundle.manifest)
        session = _open_on(cls, bundle, device, physical_cores() if threads is None else threads)
        cam, logits = session.run(bundle.golden.image)
        compare_outputs(bundle.golden, cam=cam, logits=logits)
        return session

    def run(self, image: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Run the network on one image.

        Parameters
        ----------
        image : ndarray of float32, (1, 1, h, w)
            Values in 0..1.

        Returns
        -------
        cam : ndarray of float32, (classes, h', w')
            Raw scores of each cell.
        logits : ndarray of float32, (classes,)
            Their spatial means.

        Raises
        ------
        InferenceError
            If the network fails or gives numbers that are not finite.
        """
        with self._lock:  # one image at a time keeps the peak of memory known
            try:
                outputs: Any = self._network.run(["cam", "logits"], {"image": image})
            except Exception as error:  # ONNX Runtime has no public root of its errors
                raise InferenceError(
                    f"the network failed on an image of {image.shape} ({type(error).__name__})",
                    expected="float32 (1, 1, rows, cols) and enough memory",
                    todo="close other programs, or choose the CPU",
                ) from error
        cam, logits = outputs[0][0], outputs[1][0]
        if not (np.isfinite(cam).all() and np.isfinite(logits).all()):
            raise InferenceError(
                "the network gave numbers that are not finite",
                expected="finite scores",
                todo="choose the CPU, or install the model again",
            )
        return cam, logits


def _open_on(kind: type[Session], bundle: Bundle, device: str, threads: int) -> Session:
    """Open on the wished device; ``auto`` falls back to the CPU and says so."""
    lacking = ""
    if device != "cpu":
        name, lacking = _try_cuda()
        if name is not None:
            try:
                network = _load(bundle, [(CUDA, _CUDA_OPTIONS), CPU], threads)
                return kind(bundle, network, device=f"{name} (CUDA)", on_cpu=False)
            except InferenceError as error:
                logger.warning("CUDA does not start: %s", error.met)
                lacking = "CUDA does not start"
        if device == "cuda":
            raise MissingPartError(lacking, expected="a usable CUDA device", todo=_INSTALL_CUDA)
    notes = [f"{threads} thread{'s' if threads != 1 else ''}"] if threads else []
    text = f"CPU ({', '.join([*notes, *([lacking] if lacking else [])])})".replace(" ()", "")
    return kind(bundle, _load(bundle, [CPU], threads), device=text, on_cpu=True)


def _try_cuda() -> tuple[str | None, str]:
    """Return the CUDA device's name, or None and what is lacking."""
    name = cuda_device_name()
    if name is None:
        return None, "no CUDA device"
    if CUDA not in _ort.get_available_providers():
        return None, "ONNX Runtime without CUDA"
    preload = getattr(_ort, "preload_dlls", None)
    if preload is not None:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(OSError):
            preload()  # prints what it misses; whether CUDA starts decides
    return name, ""


def _load(bundle: Bundle, providers: list[Any], threads: int) -> InferenceSession:
    """Load the network and check its inputs and outputs against the manifest."""
    options = _ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = _FATAL_ONLY
    options.enable_mem_pattern = False  # every breast has another size; patterns would pile up
    content = bundle.read_network()
    try:
        network = InferenceSession(content, options, providers=providers, enable_fallback=0)
    except Exception as error:  # ONNX Runtime has no public root of its errors
        kind = ModelError if providers == [CPU] else InferenceError
        raise kind(
            f"model.onnx does not load ({type(error).__name__}: {str(error)[:200]})",
            expected="an ONNX network that this ONNX Runtime understands",
            todo="export or install the model again",
        ) from error
    if len(providers) > 1 and CUDA not in network.get_providers():
        raise InferenceError("CUDA did not start", expected="the CUDA provider", todo=_INSTALL_CUDA)
    _check_graph(network, len(bundle.manifest.classes))
    return network


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
                f"model.onnx has {side} {met}",
                expected=f"float tensors {shapes} (None: any size)",
                todo="export or install the model again",
            )


def _fits(shape: tuple[object, ...], wanted: tuple[int | None, ...]) -> bool:
    """Tell whether a graph's shape says the same; free sizes must be free, fixed ones fixed."""
    return len(shape) == len(wanted) and all(
        met == size if size is not None else (i == 0 or not isinstance(met, int))
        for i, (met, size) in enumerate(zip(shape, wanted, strict=True))
    )
