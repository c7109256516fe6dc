"""A bundle in the viewer's session against the trained network in torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mammoview.inference.session import Session
from mammoview.modelkit.bundle import open_bundle
from trainer.backbones import CamNet
from trainer.export import torch_network
from trainer.fit import LAST, load_checkpoint
from trainer.onnx_graph import fold_and_round

# Of the map's range.  Rounding weights to float16 moves the map itself; another arithmetic order
# moves it much less.
ROUNDING_TOLERANCE = 0.02
ARITHMETIC_TOLERANCE = 1e-4
_SIZES = ((256, 224), (480, 352), (513, 301))


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Largest difference of the maps as a share of their range; and of mean map to logits."""

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


def verify(folder: Path, run: Path) -> Comparison:
    """Compare a bundle with the checkpoint that it was exported from.

    The bundle is opened with the viewer's own session class (so hashes and golden vectors are
    checked first), and run on the CPU on made images of several sizes, odd ones too.

    Raises
    ------
    ModelError
        If the bundle does not open.
    """
    session = Session.open(open_bundle(folder), device="cpu")
    trained = load_checkpoint(run / LAST).net.eval()
    exported = fold_and_round(trained)
    found = [_compare(session, trained, exported, size) for size in _SIZES]
    return Comparison(
        rounding=max(c.rounding for c in found),
        arithmetic=max(c.arithmetic for c in found),
        mean_to_logits=max(c.mean_to_logits for c in found),
    )


def _compare(
    session: Session, trained: CamNet, exported: CamNet, size: tuple[int, int]
) -> Comparison:
    rng = np.random.default_rng(size[0])
    coarse = rng.random((size[0] // 32 + 1, size[1] // 32 + 1))
    smooth = np.kron(coarse, np.ones((32, 32)))[: size[0], : size[1]]
    image = (0.7 * smooth + 0.3 * rng.random(size)).astype(np.float32)[None, None]
    cam, logits = session.run(image)
    exact, _ = torch_network(exported)(image)
    original, _ = torch_network(trained)(image)
    scale = float(np.ptp(original))
    return Comparison(
        rounding=float(np.abs(original - exact).max()) / scale,
        arithmetic=float(np.abs(exact - cam).max()) / scale,
        mean_to_logits=float(np.abs(cam.mean(axis=(1, 2)) - logits).max()) / scale,
    )
