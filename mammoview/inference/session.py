"""One opened model on one device, proven on its golden arrays."""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import threading
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mammoview.errors import (
    InferenceError,
    MammoviewError,
    MissingPartError,
    ModelError,
    StoppedError,
)
from mammoview.inference.devices import cuda_device_name, physical_cores
from mammoview.inference.engines import CPU, CUDA, INSTALL_CUDA, Engine, OnnxRuntime, Outputs, Stop
from mammoview.modelkit.bundle import Bundle
from mammoview.modelkit.golden import compare_outputs, compare_preprocessing
from mammoview.modelkit.manifest import Manifest
from mammoview.words import COUNTED, translate

logger = logging.getLogger(__name__)

_ort: Any = onnxruntime  # built at run time: its names are not declared

DEVICES = ("auto", "cpu", "cuda")

# TF32 would round the products of every convolution to ten bits: enough to move golden values.
# The other two keep a changed image size from costing a new search or memory for good.
_CUDA_OPTIONS = {
    "cudnn_conv_algo_search": "HEURISTIC",
    "arena_extend_strategy": "kSameAsRequested",
    "use_tf32": "0",
}


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

    def __init__(self, bundle: Bundle, engine: Engine, *, device: str, on_cpu: bool) -> None:
        self.manifest: Manifest = bundle.manifest
        self.identity = bundle.identity
        self.device = device
        self.on_cpu = on_cpu
        self._engine = engine
        self._lock = threading.Lock()
        self._stop: Stop | None = None

    @classmethod
    def open(cls, bundle: Bundle, *, device: str = "auto", threads: int | None = None) -> Session:
        """Load the network and prove it on the golden arrays before anybody uses it.

        Parameters
        ----------
        bundle : Bundle
            An opened bundle.
        device : {"auto", "cpu", "cuda"}
            ``auto`` takes CUDA where a device is usable, and says so where it is not; else the
            CPU.  Both compute in float32.
        threads : int or None
            CPU threads; None for one a physical core.

        Raises
        ------
        ModelError
            If the network does not fit its manifest or its golden outputs.
        MissingPartError
            If CUDA was asked for and cannot be had.
        InferenceError
            If the device is unknown or the network cannot be run on it.
        """
        if device not in DEVICES:
            raise InferenceError(
                translate("Network", "device {device!r}").format(device=device),
                expected=" or ".join(DEVICES),
                todo=translate("Network", "choose one of them"),
            )
        compare_preprocessing(bundle.golden, bundle.manifest)
        return _open_on(cls, bundle, device, physical_cores() if threads is None else threads)

    def until(self, stop: Stop) -> Session:
        """Return the same network, not a second one, whose runs end once it is told to stop."""
        stoppable = copy.copy(self)
        stoppable._stop = stop
        return stoppable

    def run(self, image: NDArray[np.float32]) -> Outputs:
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
        StoppedError
            If it was told to stop, see :meth:`until`.
        InferenceError
            If the network fails or gives numbers that are not finite.
        """
        cam, logits = self.run_batch(image)
        return cam[0], logits[0]

    def run_batch(self, images: NDArray[np.float32]) -> Outputs:
        """Run the network on images of one size: (n, 1, h, w), as :meth:`run` otherwise."""
        with self._lock:  # one call at a time keeps the peak of memory known
            return _answer(self._engine, images, self._stop)


def _answer(engine: Engine, images: NDArray[np.float32], stop: Stop | None = None) -> Outputs:
    """Run an engine and refuse what is no answer."""
    try:
        cam, logits = engine.run(images, stop)
    except Exception as error:  # the runtimes have no public root of their errors
        if stop is not None and stop.stopped:
            raise _stopped() from error
        raise InferenceError(
            translate("Network", "the network failed on an image of {shape} ({kind})").format(
                shape=images.shape, kind=type(error).__name__
            ),
            expected=translate("Network", "float32 (1, 1, rows, cols) and enough memory"),
            todo=translate("Network", "close other programs, or choose the CPU"),
        ) from error
    if not (np.isfinite(cam).all() and np.isfinite(logits).all()):
        raise InferenceError(
            translate("Network", "the network gave numbers that are not finite"),
            expected=translate("Network", "finite scores"),
            todo=translate("Network", "choose the CPU, or install the model again"),
        )
    return cam, logits


def _stopped() -> StoppedError:
    return StoppedError(
        translate("Network", "the network was stopped"),
        expected=translate("Network", "somebody who waits for its answer"),
        todo=translate("Network", "start the analysis again"),
    )


def _prove(engine: Engine, bundle: Bundle) -> None:
    """Compare an engine with the golden outputs."""
    cam, logits = _answer(engine, bundle.golden.image)
    compare_outputs(bundle.golden, cam=cam[0], logits=logits[0])


def _open_on(kind: type[Session], bundle: Bundle, device: str, threads: int) -> Session:
    """Open on the wished device; ``auto`` falls back to the CPU and says why."""
    notes = [translate("Network", "%n thread(s)", "", COUNTED, threads)] if threads else []
    if device in ("auto", "cuda"):
        try:
            return _on_cuda(kind, bundle, threads)
        except (MissingPartError, InferenceError, ModelError) as error:
            if device == "cuda":
                raise
            notes.append(_lacking(error))
    engine = _load(bundle, [CPU], threads)
    _prove(engine, bundle)
    return kind(bundle, engine, device=_text("CPU", notes), on_cpu=True)


def _text(engine: str, notes: list[str]) -> str:
    return f"{engine} ({', '.join(notes)})" if notes else engine


def _lacking(error: MammoviewError) -> str:
    """Return in a few words why the GPU is not used; the log has the whole."""
    if isinstance(error, MissingPartError):
        return error.met
    logger.warning("the GPU failed the model's golden outputs: %s", error.met)
    return translate("Network", "the GPU failed the model's self-test")


def _on_cuda(kind: type[Session], bundle: Bundle, threads: int) -> Session:
    """Return a session on the GPU; its golden outputs warm it up besides proving it."""
    name = _cuda_device()
    try:
        engine = _load(bundle, [(CUDA, _CUDA_OPTIONS), CPU], threads)
    except InferenceError as error:
        logger.warning("CUDA does not start: %s", error.met)
        raise _no_cuda(translate("Network", "CUDA does not start")) from error
    _prove(engine, bundle)
    return kind(bundle, engine, device=f"{name} (CUDA)", on_cpu=False)


def _cuda_device() -> str:
    """Return the CUDA device's name, its libraries loaded; MissingPartError says what is lacking.

    The libraries are those of the nvidia packages, which torch brings too, else the system's.
    """
    name = cuda_device_name()
    if name is None:
        raise _no_cuda(translate("Network", "no CUDA device"))
    if CUDA not in _ort.get_available_providers():
        raise _no_cuda(translate("Network", "ONNX Runtime without CUDA"))
    preload = getattr(_ort, "preload_dlls", None)
    if preload is not None:
        with contextlib.redirect_stdout(io.StringIO()) as missed, contextlib.suppress(OSError):
            preload()  # prints what it misses; whether CUDA starts decides
        if missed.getvalue():
            logger.info("CUDA libraries: %s", missed.getvalue().strip())
    return name


def _no_cuda(met: str) -> MissingPartError:
    return MissingPartError(
        met, expected=translate("Network", "a usable CUDA device"), todo=INSTALL_CUDA
    )


def _load(bundle: Bundle, providers: list[Any], threads: int) -> OnnxRuntime:
    return OnnxRuntime(
        bundle.network,
        classes=len(bundle.manifest.classes),
        providers=providers,
        threads=threads,
    )
