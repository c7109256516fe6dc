"""A bundle in the viewer's session against the trained network in torch."""

from __future__ import annotations

from pathlib import Path

from mammoview.inference.session import Session
from mammoview.modelkit.bundle import open_bundle
from trainer.classifier import LAST, load_checkpoint
from trainer.export import mapping_network
from trainer.onnx_graph import fold_and_round
from trainer.parity import Comparison, compare


def verify(folder: Path, run: Path) -> Comparison:
    """Compare a bundle with the checkpoint that it was exported from.

    The bundle is opened with the viewer's own session class (so hashes and golden vectors are
    checked first), and run on the CPU on made images of several sizes, odd ones too.

    Raises
    ------
    ModelError
        If the bundle does not open, or is of another kind of network.
    """
    session = Session.open(open_bundle(folder), device="cpu")
    trained = mapping_network(load_checkpoint(run / LAST))
    return compare(session, trained=trained, exported=fold_and_round(trained))
