"""A network in torch beside the same network in ONNX Runtime, on made images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mammoview.errors import ModelError
from mammoview.inference.session import Session
from trainer.backbones import CamNet

# Of the map's range.  Rounding weights to float16 moves the map itself; another arithmetic order
# moves it much less.
ROUNDING_TOLERANCE = 0.02
ARITHMETIC_TOLERANCE = 1e-4
# Odd ones too: there a pool's last window lies partly outside.
_SIZES = ((160, 128), (257, 190), (301, 225))

ArrayNetwork = Callable[[NDArray[np.float32]], tuple[NDArray[np.float32], NDArray[np.float32]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Largest difference of the maps as a share of their range; and of mean map to logits.

    Attributes
    ----------
    rounding : float
        The network as trained against the one that was exported: batch normalisation folded in,
        weights in half precision.
    arithmetic : float
        The exported network in torch against ONNX Runtime.
    mean_to_logits : float
        Spatial mean of the map against the logits, both of ONNX Runtime.
    """

    rounding: float
    arithmetic: float
    mean_to_logits: float

    @property
    def passed(self) -> bool:
        """True when all differences are within tolerance."""
        return (
            self.rounding <= ROUNDING_TOLERANCE
            and self.arithmetic <= ARITHMETIC_TOLERANCE
            and self.mean_to_logits <= ARITHMETIC_TOLERANCE
        )


def compare(session: Session, *, trained: CamNet, exported: CamNet) -> Comparison:
    """Compare a session with a network as it was trained and as it was exported.

    Raises
    ------
    ModelError
        If the session's maps have another shape than torch's.
    """
    found = [_compare_on(session, trained, exported, size) for size in _SIZES]
    return Comparison(
        rounding=max(c.rounding for c in found),
        arithmetic=max(c.arithmetic for c in found),
        mean_to_logits=max(c.mean_to_logits for c in found),
    )


def torch_network(net: CamNet) -> ArrayNetwork:
    """Return a network as a function of arrays: (1, 1, h, w) -> cam (classes, h', w'), logits."""

    def run(image: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        with torch.no_grad():
            cam, logits = net(torch.from_numpy(np.ascontiguousarray(image)))
        return cam[0].numpy(), logits[0].numpy()

    return run


def _compare_on(
    session: Session, trained: CamNet, exported: CamNet, size: tuple[int, int]
) -> Comparison:
    image = _made_image(size)
    cam, logits = session.run(image)
    exact, _ = torch_network(exported)(image)
    original, _ = torch_network(trained)(image)
    if not cam.shape == exact.shape == original.shape:
        raise ModelError(
            f"the bundle gives maps of {cam.shape} on an image of {size}",
            expected=f"{original.shape}, as the trained network gives",
            todo="name the run that the bundle was exported from",
        )
    scale = float(np.ptp(original))
    return Comparison(
        rounding=float(np.abs(original - exact).max()) / scale,
        arithmetic=float(np.abs(exact - cam).max()) / scale,
        mean_to_logits=float(np.abs(cam.mean(axis=(1, 2)) - logits).max()) / scale,
    )


def _made_image(size: tuple[int, int]) -> NDArray[np.float32]:
    """Return blocks of grey with noise over them, (1, 1, rows, cols)."""
    rng = np.random.default_rng(size[0])
    coarse = rng.random((size[0] // 32 + 1, size[1] // 32 + 1))
    smooth = np.kron(coarse, np.ones((32, 32)))[: size[0], : size[1]]
    return np.asarray(0.7 * smooth + 0.3 * rng.random(size), np.float32)[None, None]
