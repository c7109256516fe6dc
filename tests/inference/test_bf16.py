"""The engine that rounds: where it is cut, that it is proven, and that doubts are settled."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from mammoview.domain.geometry import ImageBox, ImagePoint
from mammoview.domain.prediction import Region
from mammoview.errors import InferenceError, MissingPartError
from mammoview.inference import bf16
from mammoview.inference import predictor as predictor_module
from mammoview.inference.engines import Engine, Outputs
from mammoview.inference.predictor import read_values
from mammoview.inference.rounding import in_doubt
from mammoview.inference.session import Session
from mammoview.modelkit.bundle import Bundle, open_bundle
from mammoview.modelkit.golden import CAM_TOLERANCE
from tests.builders.models import breast_values, build_bundle, build_manifest

needs_bf16 = pytest.mark.skipif(bool(bf16.lacking()), reason=f"bf16 here: {bf16.lacking()}")


class Rounded:
    """An engine that adds a constant to the finding's map, as rounding might."""

    def __init__(self, engine: Engine, error: float) -> None:
        self.engine = engine
        self.error = error

    def run(self, images: NDArray[np.float32]) -> Outputs:
        cam, logits = self.engine.run(images)
        error = np.array([0, self.error], np.float32)
        return cam + error[:, None, None], logits + error


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return open_bundle(build_bundle(tmp_path / "tiny"))


def rounded_session(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, *, share: float
) -> tuple[Session, float]:
    """Open in "bf16" with an engine that is off by a share of the golden tolerance."""
    tolerance = CAM_TOLERANCE * float(np.ptp(bundle.golden.cam))
    exact = Session.open(bundle, device="cpu", threads=1)
    monkeypatch.setattr(bf16, "lacking", lambda: "")
    monkeypatch.setattr(
        bf16, "OpenVino", lambda content, threads: Rounded(exact._engine, share * tolerance)
    )
    return Session.open(bundle, device="cpu-bf16", threads=1), tolerance


def chain(convolutions: int) -> bytes:
    """Return a network of convolutions one after another, the fourth and fifth side by side."""
    rng = np.random.default_rng(0)
    nodes, constants = [], {}
    last = before = "image"
    for i in range(convolutions):
        shape = (4, 1 if i == 0 else 4, 3, 3)
        constants[f"w{i}"] = rng.normal(0, 0.3, shape).astype(np.float32)
        if i == 4:  # beside the one before: their sum goes on
            nodes.append(helper.make_node("Conv", [before, f"w{i}"], ["side"], pads=[1, 1, 1, 1]))
            nodes.append(helper.make_node("Add", [last, "side"], ["sum"]))
            nodes.append(helper.make_node("Relu", ["sum"], ["joined"]))
            last = "joined"
            continue
        before = last
        nodes.append(helper.make_node("Conv", [last, f"w{i}"], [f"c{i}"], pads=[1, 1, 1, 1]))
        last = f"c{i}"
        if i != 3:
            nodes.append(helper.make_node("Relu", [last], [f"r{i}"]))
            last = f"r{i}"
    constants["head"] = rng.normal(0, 0.3, (2, 4, 1, 1)).astype(np.float32)
    constants["axes"] = np.array([2, 3], np.int64)
    nodes.append(helper.make_node("Conv", [last, "head"], ["cam"]))
    nodes.append(helper.make_node("ReduceMean", ["cam", "axes"], ["logits"], keepdims=0))
    graph = helper.make_graph(
        nodes,
        "chain",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 1, "h", "w"])],
        [
            helper.make_tensor_value_info("cam", TensorProto.FLOAT, ["n", 2, "mh", "mw"]),
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 2]),
        ],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    content: bytes = model.SerializeToString()  # type: ignore[no-untyped-call]
    return content


@needs_bf16
def test_the_first_layers_are_exact_and_the_others_round() -> None:
    from tests.builders.models import run_bytes

    image = np.random.default_rng(1).random((1, 1, 40, 30), dtype=np.float32)
    content = chain(8)
    wanted, means = run_bytes(content, image)
    cam, logits = bf16.OpenVino(content, threads=1).run(image)
    scale = float(np.ptp(wanted))
    off = np.abs(cam[0] - wanted).max() / scale
    assert 1e-5 < off < 0.02, "three layers of eight-bit products: rounded, and not much"
    np.testing.assert_allclose(logits[0], means, atol=0.02 * scale)
    first, rest = bf16._cut(content)
    kinds = [op.get_type_name() for op in first.get_ordered_ops()]
    assert kinds.count("Convolution") == bf16.EXACT_CONVOLUTIONS
    assert kinds[-2] == "Relu", "the sum and the ReLU behind it stay together"
    assert sum(op.get_type_name() == "Convolution" for op in rest.get_ordered_ops()) == 4


@needs_bf16
def test_a_network_that_cannot_be_cut_stays_in_float32(bundle: Bundle) -> None:
    session = Session.open(bundle, device="auto", threads=1)
    assert "not in bf16: the network has no place to be cut" in session.device
    assert session.rounding == 0.0
    with pytest.raises(MissingPartError, match="no place to be cut"):
        Session.open(bundle, device="cpu-bf16")
    with pytest.raises(InferenceError, match="OpenVINO does not take"):
        bf16.OpenVino(b"no network", threads=1)


def test_an_engine_that_strays_from_the_golden_maps_is_not_used(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(MissingPartError, match="not in bf16: the network's cam is off"):
        rounded_session(bundle, monkeypatch, share=1.1)


def test_a_doubt_is_settled_in_float32(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rounded engine lifts a region over the threshold; float32 says that it is below."""
    session, tolerance = rounded_session(bundle, monkeypatch, share=0.8)
    assert session.rounding == pytest.approx(tolerance)
    assert session.exact().rounding == 0.0
    assert session.exact() is session.exact()
    values = breast_values().astype(np.float32) / np.float32(65535)
    kwargs = {"spacing": None, "operating_point": None}
    wanted = read_values(session.exact(), values, **kwargs)  # type: ignore[arg-type]
    best = wanted.regions[0].score
    (item,) = bundle.manifest.calibration
    odds = np.log(best / (1 - best)) + 0.4 * tolerance * item.slope
    limit = 1 / (1 + np.exp(-odds))
    monkeypatch.setattr(predictor_module, "thresholds", lambda manifest, name: {"mass": limit})
    assert not read_values(session.exact(), values, **kwargs).regions[0].flagged  # type: ignore[arg-type]
    monkeypatch.setattr(predictor_module, "in_doubt", lambda *_: False)
    assert read_values(session, values, **kwargs).regions[0].flagged  # type: ignore[arg-type]
    monkeypatch.setattr(predictor_module, "in_doubt", lambda *_: True)
    settled = read_values(session, values, **kwargs)  # type: ignore[arg-type]
    assert not settled.regions[0].flagged
    assert settled.regions[0].score == best


@pytest.fixture
def region() -> Callable[[float], Region]:
    def make(score: float) -> Region:
        box = ImageBox(col0=0.0, row0=0.0, col1=1.0, row1=1.0)
        peak = ImagePoint(col=0.5, row=0.5)
        corners = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))
        outline = tuple(ImagePoint(col=c, row=r) for c, r in corners)
        return Region(
            kind="mass", score=score, peak=peak, box=box, outline=outline, flagged=score >= 0.5
        )

    return make


def test_a_region_near_any_threshold_is_in_doubt(region: Callable[[float], Region]) -> None:
    manifest = build_manifest()  # thresholds 0.5 and 0.9, slope 2
    assert not in_doubt([], manifest, 0.1)
    for odds, expected in ((0.19, True), (-0.19, True), (0.21, False), (-0.21, False)):
        score = 1 / (1 + np.exp(-odds))
        assert in_doubt([region(0.1), region(float(score))], manifest, 0.1) is expected
    assert in_doubt([region(0.905)], manifest, 0.1), "an operating point that was not chosen"
    assert not in_doubt([region(0.5)], manifest, 0.0), "float32 leaves no doubt"
    assert not in_doubt([region(0.0), region(1.0)], manifest, 0.1)


@needs_bf16
def test_openvino_tells_nobody_of_its_use() -> None:
    """Its telemetry starts a thread that sends events over the network."""
    code = (
        "import sys, threading; from mammoview.inference import bf16; bf16.lacking(); "
        "bf16.version(); print('openvino' in sys.modules, "
        "sys.modules.get('openvino_telemetry'), threading.active_count())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "None", "1"]
